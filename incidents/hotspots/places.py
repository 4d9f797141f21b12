"""Flagged cells made into places a person can name, list and go to."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.cube import Cube
from incidents.hotspots.lattice import Lattice
from incidents.hotspots.significance import poisson_interval
from incidents.hotspots.values import CellMap, HotPlace, HotspotParams, Incidents

type Mask = npt.NDArray[np.bool_]

# Cells that share an edge or a corner.
EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.int64)


def merge_places(
    cells: CellMap,
    lattice: Lattice,
    *,
    study_area: BaseGeometry,
    params: HotspotParams,
    of: tuple[Incidents, Cube],
) -> tuple[HotPlace, ...]:
    """Return the places the flagged cells make, by rank; nothing depends on the order of the incidents.

    Flagged cells that touch, at an edge or a corner, make one place. A window is flagged for what lies in
    it, which may be beside its centre: so of these cells, and of the strongest window among theirs, the place
    keeps those with more incidents of their own than expected, and flagged cells mostly surrounded by such.
    Without that a hotspot of one street corner would be drawn 600 m wide.

    Parameters
    ----------
    cells : CellMap
        Counts, expectations and flags.
    lattice : Lattice
        The cells' squares.
    study_area : Polygon or MultiPolygon
        In the lattice's CRS; places are cut to it.
    params : HotspotParams
        For the period, the window and the level of the intervals.
    of : (Incidents, Cube)
        The incidents and their cells, for the types and hours.
    """
    labels, strongest = _place_labels(cells, lattice, lattice.window(params.window_radius_m))
    cells_of = _by_label(labels.ravel())
    incidents, cube = of
    used = np.flatnonzero(cube.within(params.recent))
    incidents_of = _by_label(labels.ravel()[cube.cell[used]])
    places = [
        _with_profile(
            _place((cells_of[label], best), cells, lattice, study_area=study_area, params=params),
            incidents,
            used[incidents_of[label]],
        )
        for label, best in strongest.items()
    ]
    places.sort(key=_sure_excess_first)
    return tuple(replace(place, rank=rank) for rank, place in enumerate(places, start=1))


def peak_hours(hours: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the shortest run of hours that holds at least half of the incidents, None without any.

    Returns
    -------
    (start, end) : hours of the day, end exclusive and perhaps past midnight (22, 2); (0, 24) is all day.
        Of runs of one length the one with most incidents wins, then the earliest start.

    Examples
    --------
    >>> peak_hours((4,) + (0,) * 21 + (1, 4))
    (23, 1)
    """
    total = sum(hours)
    if total == 0:
        return None
    twice = np.concatenate([[0], np.cumsum(hours + hours)])
    for length in range(1, 25):
        held = twice[length : length + 24] - twice[:24]
        start = int(np.argmax(held))
        if 2 * held[start] >= total:
            return (start, (start + length) % 24) if length < 24 else (0, 24)
    raise AssertionError("a full day holds every incident")


def _place_labels(
    cells: CellMap, lattice: Lattice, window: Mask
) -> tuple[npt.NDArray[np.int64], dict[int, int]]:
    """Return the place each cell belongs to (0: none), and for each place its strongest flagged cell."""
    groups = np.asarray(ndimage.label(cells.flagged, structure=EIGHT_NEIGHBOURS)[0], dtype=np.int64)
    more = lattice.inside & (cells.recent > cells.expected)
    labels = np.where(cells.flagged & more, groups, 0)
    strongest = {}
    for label, members in _by_label(groups.ravel()).items():
        if label == 0:
            continue
        strongest[label] = best = _strongest(members, cells)
        near = _window_cells(best, window, lattice.shape)
        free = more.ravel()[near] & (labels.ravel()[near] == 0) & np.isin(groups.ravel()[near], (0, label))
        labels.ravel()[near[free]] = label
    neighbours = ndimage.convolve((labels > 0).astype(np.int64), EIGHT_NEIGHBOURS, mode="constant", cval=0)
    hole = cells.flagged & (labels == 0) & (neighbours >= 5)
    return np.where(hole, groups, labels), strongest


def _window_cells(centre: int, window: Mask, shape: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Return the positions in the lattice of the cells of the window around `centre`."""
    step_rows, step_columns = np.nonzero(window)
    reach = window.shape[0] // 2
    rows = centre // shape[1] + step_rows - reach
    columns = centre % shape[1] + step_columns - reach
    within = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return np.asarray(rows[within] * shape[1] + columns[within], dtype=np.intp)


def _with_profile(place: HotPlace, incidents: Incidents, mine: npt.NDArray[np.intp]) -> HotPlace:
    when = np.bincount(incidents.hour_of_week[mine], minlength=168).reshape(7, 24)
    return replace(
        place,
        types=_types(incidents.type_id[mine]),
        hours=tuple(int(n) for n in when.sum(axis=0)),
        weekdays=tuple(int(n) for n in when.sum(axis=1)),
    )


def _by_label(labels: npt.NDArray[np.integer]) -> dict[int, npt.NDArray[np.intp]]:
    """Return for each label the positions that carry it, ascending."""
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True))


def _place(
    members: tuple[npt.NDArray[np.intp], int],
    cells: CellMap,
    lattice: Lattice,
    *,
    study_area: BaseGeometry,
    params: HotspotParams,
) -> HotPlace:
    mine, best = members
    rows, columns = np.divmod(mine, lattice.shape[1])
    geom = _surface(shapely.intersection(shapely.union_all(lattice.boxes(rows, columns)), study_area))
    n, expected = int(cells.recent.ravel()[mine].sum()), float(cells.expected.ravel()[mine].sum())
    low, high = poisson_interval(n, params.confidence)
    return HotPlace(
        rank=0,
        geom_metric=geom,
        cell_count=len(mine),
        area_m2=float(geom.area),
        n=n,
        expected=expected,
        ratio=n / expected,
        ratio_low=low / expected,
        ratio_high=high / expected,
        p=float(cells.p.ravel()[best]),
        q=float(cells.q.ravel()[best]),
        window_n=int(cells.window_n.ravel()[best]),
        window_expected=float(cells.window_expected.ravel()[best]),
        peak_x_m=lattice.x0_m + (best % lattice.shape[1] + 0.5) * lattice.cell_m,
        peak_y_m=lattice.y0_m + (best // lattice.shape[1] + 0.5) * lattice.cell_m,
        types=(),
        hours=(),
        weekdays=(),
    )


def _strongest(flagged: npt.NDArray[np.intp], cells: CellMap) -> int:
    """Return the flagged cell of smallest p, then largest count, then the southernmost and westernmost."""
    order = np.lexsort((flagged, -cells.window_n.ravel()[flagged], cells.p.ravel()[flagged]))
    return int(flagged[order[0]])


def _surface(geom: BaseGeometry) -> shapely.MultiPolygon:
    # A square that only touches the boundary's edge leaves a line or a point behind.
    parts = shapely.get_parts(shapely.get_parts(geom))
    return shapely.MultiPolygon([part for part in parts if shapely.get_dimensions(part) == 2])


def _types(type_id: npt.NDArray[np.int32]) -> tuple[tuple[int, int], ...]:
    ids, counts = np.unique(type_id, return_counts=True)
    order = np.lexsort((ids, -counts))
    return tuple((int(ids[i]), int(counts[i])) for i in order)


def _sure_excess_first(place: HotPlace) -> tuple[float, float, float, float]:
    """Order by incidents above the background that even the lower bound leaves, then p, south and west."""
    west, south, _, _ = place.geom_metric.bounds
    return -(place.ratio_low - 1.0) * place.expected, place.p, south, west
