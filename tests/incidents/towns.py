"""Made towns for the hotspot tests: a surface of expected incidents, and incidents drawn from it."""

import numpy as np
import numpy.typing as npt
import shapely

from incidents.hotspots import HotspotParams, Incidents
from incidents.hotspots.lattice import SquareLattice, lattice_over
from incidents.hotspots.values import DAY_S

CELL_M = 200.0
SIDE = 50
AREA = shapely.box(0, 0, SIDE * CELL_M, SIDE * CELL_M)
PARAMS = HotspotParams(as_of_s=1_000 * DAY_S)
LATTICE: SquareLattice = lattice_over(AREA, CELL_M)

type Surface = npt.NDArray[np.float64]


def flat() -> Surface:
    return np.ones((SIDE, SIDE))


def centred() -> Surface:
    """A town whose density falls to a tenth from its centre over six kilometres."""
    east, north = _km()
    return 0.3 + 3.0 * np.exp(-(east**2 + north**2) / (2 * 2.5**2))


def coastal() -> Surface:
    """Half land, half sea: the density ends abruptly."""
    east, _ = _km()
    return np.where(east < 0.6, 1.0, 0.0)


def sloping() -> Surface:
    """Dense in the east, nearly empty in the west, cut off by the boundary where it is densest."""
    east, _ = _km()
    return np.exp(east / 4)


TOWNS = {"flat": flat, "centred": centred, "coastal": coastal, "sloping": sloping}


def planted(surface: Surface, *, at: tuple[int, int], size: int, times: float) -> Surface:
    """Return the surface with a square of cells multiplied."""
    row, column = at
    changed = surface.copy()
    changed[row : row + size, column : column + size] *= times
    return changed


def incidents(recent: npt.NDArray[np.int64], history: npt.NDArray[np.int64], seed: int) -> Incidents:
    """Return incidents with these counts per cell, at random places in the cells and times in the periods."""
    rng = np.random.default_rng(seed)
    counts = np.concatenate([recent.ravel(), history.ravel()])
    cell = np.repeat(np.tile(np.arange(SIDE * SIDE), 2), counts)
    n, n_recent = int(counts.sum()), int(recent.sum())
    periods = (PARAMS.recent, PARAMS.history)
    t_s = np.concatenate(
        [
            rng.integers(period.start_s, period.end_s, count)
            for period, count in zip(periods, (n_recent, n - n_recent), strict=True)
        ]
    )
    return Incidents(
        x_m=(cell % SIDE + rng.uniform(0.01, 0.99, n)) * CELL_M,
        y_m=(cell // SIDE + rng.uniform(0.01, 0.99, n)) * CELL_M,
        t_s=t_s,
        hour_of_week=rng.integers(0, 168, n).astype(np.int16),
        type_id=rng.integers(1, 4, n).astype(np.int32),
    )


def _km() -> tuple[Surface, Surface]:
    """Return kilometres east and north of the middle of each cell."""
    north, east = np.mgrid[:SIDE, :SIDE] * CELL_M / 1_000 - (SIDE - 1) / 2 * CELL_M / 1_000
    return east, north
