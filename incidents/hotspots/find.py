"""The engine's front door: incidents and a study area in, significant places out."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.background import Background, long_run_background
from incidents.hotspots.cube import bin_incidents
from incidents.hotspots.lattice import Lattice, lattice_over
from incidents.hotspots.places import merge_places
from incidents.hotspots.significance import false_discovery, upper_tail
from incidents.hotspots.values import (
    CellMap,
    HotspotMap,
    HotspotParams,
    HotspotResult,
    Incidents,
    Ints,
    Tally,
    TooFew,
)


def find_hotspots(
    incidents: Incidents, study_area: BaseGeometry, params: HotspotParams, seed: int
) -> HotspotResult:
    """Return the places with more incidents in the tested period than their surroundings explain.

    Parameters
    ----------
    incidents : Incidents
        Coordinates in the CRS of `study_area`; those outside the area or the two periods are counted and
        left out.
    study_area : Polygon or MultiPolygon
        In a metric CRS.
    params : HotspotParams
        The question.
    seed : int
        Kept in the result. The exact test draws no random number: equal input gives equal output whatever
        the seed.

    Returns
    -------
    HotspotMap or TooFew
        `TooFew` when the tested period or the history holds fewer incidents than the stated minimum.

    Raises
    ------
    ValueError
        When the study area has no surface, is not valid or is too large for the cell.
    """
    lattice = lattice_over(study_area, params.cell_m)
    cube = bin_incidents(incidents, lattice)
    tally = cube.tally(params.recent, params.history)
    too_few = _too_few(tally, params, seed)
    if too_few is not None:
        return too_few
    cells = cell_map(cube.counts(params.recent), cube.counts(params.history), lattice, params)
    places = merge_places(cells, lattice, study_area=study_area, params=params, of=(incidents, cube))
    return HotspotMap(params, seed, tally, int(lattice.inside.sum()), places, lattice, cells)


def cell_map(recent: Ints, history: Ints, lattice: Lattice, params: HotspotParams) -> CellMap:
    """Return counts, background, test and flags of every cell.

    Every cell of the lattice is tested, with or without incidents: leaving out the empty ones after looking
    would make the false discovery rate wrong.
    """
    background = long_run_background(
        history, lattice, bandwidth_m=params.bandwidth_m, uniform_share=params.uniform_share
    )
    window = lattice.window(params.window_radius_m)
    expected = background.density * recent.sum()
    window_n, window_expected = _window_sum(recent, window), _window_sum(expected, window)
    p = np.full(lattice.shape, np.nan)
    q = p.copy()
    inside = lattice.inside
    weight = _history_weight(background, float(history.sum()))
    p[inside] = upper_tail(window_n[inside], window_expected[inside], weight[inside])
    q[inside] = false_discovery(p[inside])
    flagged = inside & (np.nan_to_num(q, nan=1.0) <= params.q) & (window_n >= params.min_window_count)
    return CellMap(recent, history, expected, window_n, window_expected, p, q, flagged)


def _too_few(tally: Tally, params: HotspotParams, seed: int) -> TooFew | None:
    if tally.recent < params.min_recent:
        return TooFew(params, seed, tally, "recent", tally.recent, params.min_recent)
    if tally.history < params.min_history:
        return TooFew(params, seed, tally, "history", tally.history, params.min_history)
    return None


def _window_sum[T: np.int64 | np.float64](
    values: npt.NDArray[T], window: npt.NDArray[np.bool_]
) -> npt.NDArray[T]:
    weights = window.astype(values.dtype)
    return np.asarray(ndimage.convolve(values, weights, mode="constant", cval=0), dtype=values.dtype)


def _history_weight(background: Background, history_count: float) -> npt.NDArray[np.float64]:
    """Return how many incidents of history the background is worth, at most all there are."""
    with np.errstate(divide="ignore"):
        return np.minimum(1.0 / background.relative_variance, history_count)
