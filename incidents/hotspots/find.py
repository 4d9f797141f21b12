"""The engine's front door: incidents and a study area in, significant places out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.cube import Cube, bin_incidents
from incidents.hotspots.hexagon import hexagon_lattice_over, hexagons
from incidents.hotspots.lattice import (
    Lattice,
    SquareLattice,
    lattice_of_incidents,
    lattice_over,
    squares,
)
from incidents.hotspots.places import merge_places
from incidents.hotspots.scan import cell_map, surroundings_map
from incidents.hotspots.streets import Streets, street_lattice
from incidents.hotspots.values import (
    DAY_S,
    Floats,
    HotspotMap,
    HotspotParams,
    HotspotResult,
    Incidents,
    Ints,
    Tally,
    TooFew,
)

type CellShape = Literal["square", "hexagon", "street"]

#: Blocks of history that overdispersion is learnt from: a year of four weeks each.
MOST_BLOCKS = 13
#: Smallest square of the ground that streets are taken from where nobody gave a study area.
LEAST_GROUND_M = 200.0


@dataclass(frozen=True)
class Exposure:
    """What incidents are expected in proportion to, at points in the metric CRS of the call.

    Attributes
    ----------
    x_m, y_m, amount : float64, shape (n,)
        For instance households at dwellings; amounts >= 0.
    """

    x_m: Floats
    y_m: Floats
    amount: Floats


def find_hotspots(
    incidents: Incidents,
    study_area: BaseGeometry | None,
    params: HotspotParams,
    seed: int,
    *,
    cell_shape: CellShape = "square",
    exposure: Exposure | None = None,
    ground: tuple[Floats, Floats] | None = None,
    streets: Streets | None = None,
    lattice: Lattice | None = None,
) -> HotspotResult:
    """Return the places with more incidents in the tested period than their background explains.

    Parameters
    ----------
    incidents : Incidents
        Coordinates in the CRS of `study_area`; those outside the area or the two periods are counted and
        left out.
    study_area : Polygon or MultiPolygon, optional
        In a metric CRS. None: the ground all incidents mark out (`lattice_of_incidents`).
    params : HotspotParams
        The question.
    seed : int
        Kept in the result. The exact test draws no random number: equal input gives equal output whatever
        the seed.
    cell_shape : {"square", "hexagon", "street"}
    exposure : Exposure, optional
        Expect incidents in proportion to it instead of to area.
    ground : (x_m, y_m), optional
        Points that mark out the ground where there is no study area; the incidents themselves when left out.
    streets : Streets, optional
        Needed for cells that are pieces of streets, in the CRS of the call.
    lattice : Lattice, optional
        The cells of `lattice_for`, laid before by who asks about many periods of one area.

    Returns
    -------
    HotspotMap or TooFew
        `TooFew` when the tested period or the history holds fewer incidents than the stated minimum.

    Raises
    ------
    ValueError
        When the study area has no surface, is not valid or is too large for the cell; without one, when there
        is no incident; when cells are streets and there are none.
    """
    marks = ground or (incidents.x_m, incidents.y_m)
    lattice = lattice or lattice_for(marks, study_area, params.cell_m, cell_shape, streets=streets)
    cube = bin_incidents(incidents, lattice)
    tally = cube.tally(params.recent, params.history)
    source = _background_source(tally, params)
    too_few = _too_few(tally, params, seed, source)
    if too_few is not None:
        return too_few
    counts, history = cube.counts(params.recent), cube.counts(params.history)
    amounts = None if exposure is None else _per_cell(exposure, lattice)
    if source == "history":
        blocks = history_blocks(cube, params) if params.overdispersion else None
        cells = cell_map(counts, history, lattice, params, blocks=blocks, exposure=amounts)
    else:
        cells = surroundings_map(counts, history, lattice, params, exposure=amounts)
    places = merge_places(cells, lattice, study_area=study_area, params=params, of=(incidents, cube))
    return HotspotMap(
        params, seed, tally, int(lattice.inside.sum()), places, lattice, cells, background=source
    )


def lattice_for(
    marks: tuple[Floats, Floats],
    study_area: BaseGeometry | None,
    cell_m: float,
    cell_shape: CellShape,
    *,
    streets: Streets | None = None,
) -> Lattice:
    """Return the lattice of the study area, or of the ground that points (x_m, y_m) mark out."""
    if cell_shape == "street":
        if streets is None:
            raise ValueError("there are no streets")
        area = study_area if study_area is not None else _ground(marks, max(cell_m, LEAST_GROUND_M))
        return street_lattice(streets, cell_m, study_area=area)
    if study_area is not None:
        return (lattice_over if cell_shape == "square" else hexagon_lattice_over)(study_area, cell_m)
    return _marked(marks, cell_m, laid=squares if cell_shape == "square" else hexagons)


def _marked(
    marks: tuple[Floats, Floats], cell_m: float, *, laid: Callable[..., SquareLattice] = squares
) -> SquareLattice:
    x_m, y_m = marks
    placed = np.isfinite(x_m) & np.isfinite(y_m)
    if not placed.any():
        raise ValueError("without a study area at least one incident is needed")
    return lattice_of_incidents(x_m[placed], y_m[placed], cell_m, laid=laid)


def _ground(marks: tuple[Floats, Floats], cell_m: float) -> BaseGeometry:
    """Return the ground that points mark out, as a polygon."""
    marked = _marked(marks, cell_m)
    return shapely.union_all(marked.outlines(np.flatnonzero(marked.inside)))


def history_blocks(cube: Cube, params: HotspotParams) -> list[Ints]:
    """Return counts per cell in spans of the history as long as the tested period, newest first.

    Only whole spans since the oldest incident: an empty one before the register began is no quiet month.
    """
    seen = cube.t_s[cube.within(params.history)]
    span_s = params.days * DAY_S
    end_s = params.recent.start_s
    whole = (end_s - int(seen.min())) // span_s if len(seen) else 0
    count = min(whole, params.history_days // params.days, MOST_BLOCKS)
    return list(cube.slices(end_s, span_s, count)[::-1]) if count else []


def _per_cell(exposure: Exposure, lattice: Lattice) -> Floats:
    cell = lattice.cell_index(exposure.x_m, exposure.y_m)
    on = cell >= 0
    amounts = np.bincount(cell[on], exposure.amount[on], minlength=lattice.share.size)
    return np.asarray(amounts.reshape(lattice.shape))


def _background_source(tally: Tally, params: HotspotParams) -> Literal["history", "surroundings"]:
    if params.background != "auto":
        return params.background
    # A history shorter than the tested period knows less about a place than its neighbours do.
    enough = tally.history >= max(params.min_history, tally.recent)
    return "history" if enough else "surroundings"


def _too_few(
    tally: Tally, params: HotspotParams, seed: int, source: Literal["history", "surroundings"]
) -> TooFew | None:
    if tally.recent < params.min_recent:
        return TooFew(params, seed, tally, "recent", tally.recent, params.min_recent)
    if source == "history" and tally.history < params.min_history:
        return TooFew(params, seed, tally, "history", tally.history, params.min_history)
    return None


__all__ = ["CellShape", "Exposure", "cell_map", "find_hotspots", "history_blocks", "lattice_for"]
