"""Flagged cells made into places a person can name, list and go to."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.cube import Cube
from incidents.hotspots.lattice import Lattice
from incidents.hotspots.profile import week_profile
from incidents.hotspots.significance import false_places, poisson_interval
from incidents.hotspots.values import CellMap, HotPlace, HotspotParams, Incidents


def merge_places(
    cells: CellMap,
    lattice: Lattice,
    *,
    study_area: BaseGeometry | None,
    params: HotspotParams,
    of: tuple[Incidents, Cube],
) -> tuple[HotPlace, ...]:
    """Return the places the flagged cells make, by rank; nothing depends on the order of the incidents.

    Flagged cells that touch, at an edge or a corner, make one place. A window is flagged for what lies in it,
    which may be beside its centre: so of these cells, and of the strongest window among theirs, the place
    keeps those with more incidents of their own than expected, and flagged cells mostly surrounded by such.
    Without that a hotspot of one street corner would be drawn 600 m wide.

    Parameters
    ----------
    cells : CellMap
        Counts, expectations and flags.
    lattice : Lattice
        The cells.
    study_area : Polygon or MultiPolygon, optional
        In the lattice's CRS; places are cut to it. None: the lattice is the area.
    params : HotspotParams
        For the period, the window and the level of the intervals.
    of : (Incidents, Cube)
        The incidents and their cells, for the types and hours.
    """
    labels, strongest = _place_labels(cells, lattice)
    adjusted = _adjusted(strongest, cells)
    cells_of = _by_label(labels.ravel())
    incidents, cube = of
    used = np.flatnonzero(cube.within(params.recent))
    incidents_of = _by_label(labels.ravel()[cube.cell[used]])
    places = [
        _with_profile(
            replace(
                _place((cells_of[label], best), cells, lattice, study_area=study_area, params=params),
                q=adjusted[label],
            ),
            incidents,
            used[incidents_of[label]],
        )
        for label, best in strongest.items()
    ]
    places.sort(key=_sure_excess_first)
    return tuple(replace(place, rank=rank) for rank, place in enumerate(places, start=1))


def _place_labels(cells: CellMap, lattice: Lattice) -> tuple[npt.NDArray[np.int64], dict[int, int]]:
    """Return the place each cell belongs to (0: none), and for each place its strongest flagged cell."""
    groups = lattice.groups(cells.flagged)
    more = lattice.inside & (cells.recent > cells.expected)
    labels = np.where(cells.flagged & more, groups, 0)
    strongest = {}
    for label, members in _by_label(groups.ravel()).items():
        if label == 0:
            continue
        strongest[label] = best = _strongest(members, cells)
        near = lattice.within(best, float(cells.radius_m.ravel()[best]))
        free = more.ravel()[near] & (labels.ravel()[near] == 0) & np.isin(groups.ravel()[near], (0, label))
        labels.ravel()[near[free]] = label
    hole = cells.flagged & (labels == 0) & lattice.mostly_among(labels > 0)
    return np.where(hole, groups, labels), strongest


def _adjusted(strongest: dict[int, int], cells: CellMap) -> dict[int, float]:
    """Return the adjusted value of each place when places, not cells, are counted."""
    p = np.array([cells.p.ravel()[best] for best in strongest.values()])
    return dict(zip(strongest, false_places(p, cells.tests).tolist(), strict=True))


def _with_profile(place: HotPlace, incidents: Incidents, mine: npt.NDArray[np.intp]) -> HotPlace:
    week = week_profile(incidents.hour_of_week[mine])
    return replace(place, types=_types(incidents.type_id[mine]), hours=week.hours, weekdays=week.weekdays)


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
    study_area: BaseGeometry | None,
    params: HotspotParams,
) -> HotPlace:
    mine, best = members
    whole = shapely.union_all(lattice.outlines(mine))
    geom = _surface(whole if study_area is None else shapely.intersection(whole, study_area))
    peak_x_m, peak_y_m = lattice.centres(np.array([best]))
    n, expected = int(cells.recent.ravel()[mine].sum()), float(cells.expected.ravel()[mine].sum())
    low, high = poisson_interval(n, params.confidence)
    return HotPlace(
        rank=0,
        geom_metric=geom,
        cells=tuple(mine.tolist()),
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
        window_radius_m=float(cells.radius_m.ravel()[best]),
        peak_x_m=float(peak_x_m[0]),
        peak_y_m=float(peak_y_m[0]),
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
