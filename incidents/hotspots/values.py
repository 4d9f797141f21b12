"""What the hotspot engine takes in and gives back: frozen values, no behaviour beyond their checks."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from shapely import MultiPolygon

from incidents.hotspots.lattice import Lattice

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]

DAY_S = 86_400


@dataclass(frozen=True)
class Incidents:
    """Incidents as parallel arrays of one length, in any order.

    Attributes
    ----------
    x_m, y_m : float64, shape (n,)
        Easting and northing in metres in the metric CRS of the study area.
    t_s : int64, shape (n,)
        Seconds since 1970-01-01 UTC.
    hour_of_week : int16, shape (n,)
        0..167 on the deployment's clocks, 0 being Monday from midnight to one. Given rather than derived:
        only the caller knows the time zone and its summer time.
    type_id : int32, shape (n,)
        Any whole number that names the type of incident.
    """

    x_m: Floats
    y_m: Floats
    t_s: npt.NDArray[np.int64]
    hour_of_week: npt.NDArray[np.int16]
    type_id: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        lengths = {len(a) for a in (self.x_m, self.y_m, self.t_s, self.hour_of_week, self.type_id)}
        if len(lengths) != 1:
            msg = f"the incident arrays differ in length: {sorted(lengths)}"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.t_s)


@dataclass(frozen=True)
class HotspotParams:
    """One question to the engine. Defaults are [ours]; docs/hotspots.md gives the reason for each.

    Attributes
    ----------
    as_of_s : int
        End (exclusive) of the tested period, seconds since 1970-01-01 UTC.
    days, history_days : int
        Length of the tested period, and of the history that ends where the tested period begins.
    cell_m, window_radius_m : float
        Side of a cell; a window holds the cells whose centres lie within the radius. 200 and 300 make
        the 3 x 3 window.
    scan : tuple of float
        Radii that are tested, in `window_radius_m`; the first must be 1. 0 is the cell alone.
    bandwidth_m : float
        Standard deviation of the Gaussian kernel that smooths the history into the background.
    uniform_share : float
        Share of the background spread evenly over the study area.
    q : float
        Largest false discovery rate of a flagged cell.
    min_window_count : int
        Fewer incidents than this in its window never flag a cell.
    min_recent, min_history : int
        Below either the answer is `TooFew`.
    confidence : float
        Level of the intervals.
    background : {"history", "surroundings", "auto"}
        What a window is held against: its long-run history; the ground around it in the same period; or the
        history where there is enough of it, else the surroundings.
    overdispersion : bool
        Whether counts that vary more than Poisson counts from block to block of the history are tested as
        negative binomial.
    """

    as_of_s: int
    days: int = 28
    history_days: int = 730
    cell_m: float = 200.0
    window_radius_m: float = 300.0
    scan: tuple[float, ...] = (1.0, 0.0, 2.0)
    bandwidth_m: float = 1000.0
    uniform_share: float = 0.01
    q: float = 0.05
    min_window_count: int = 5
    min_recent: int = 20
    min_history: int = 100
    confidence: float = 0.95
    background: Literal["history", "surroundings", "auto"] = "history"
    overdispersion: bool = True

    def __post_init__(self) -> None:
        checks = {
            "days": self.days >= 1,
            "history_days": self.history_days >= (self.days if self.background == "history" else 0),
            "scan": bool(self.scan) and self.scan[0] == 1 and all(factor >= 0 for factor in self.scan),
            "cell_m": self.cell_m > 0,
            "window_radius_m": self.window_radius_m >= 0,
            # A background narrower than the window would explain every hotspot away.
            "bandwidth_m": self.bandwidth_m >= max(self.window_radius_m, self.cell_m),
            "uniform_share": 0 < self.uniform_share < 1,
            "q": 0 < self.q < 1,
            "min_window_count": self.min_window_count >= 1,
            "min_recent": self.min_recent >= 1,
            "min_history": self.min_history >= 1,
            "confidence": 0 < self.confidence < 1,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong:
            msg = f"out of range: {', '.join(wrong)}"
            raise ValueError(msg)

    @property
    def radii_m(self) -> tuple[float, ...]:
        """Radii of the windows, `window_radius_m` first; none wider than the background can judge."""
        radii = (factor * self.window_radius_m for factor in self.scan)
        return tuple(dict.fromkeys(radius for radius in radii if radius <= self.bandwidth_m))

    @property
    def recent(self) -> "Period":
        """The tested period."""
        return Period(self.as_of_s - self.days * DAY_S, self.as_of_s)

    @property
    def history(self) -> "Period":
        """The period the background is learnt from; it touches the tested one and shares no second."""
        start_s = self.recent.start_s
        return Period(start_s - self.history_days * DAY_S, start_s)


@dataclass(frozen=True)
class Period:
    """Half-open span of time [start_s, end_s), seconds since 1970-01-01 UTC."""

    start_s: int
    end_s: int


@dataclass(frozen=True)
class HotPlace:
    """One significant place.

    Attributes
    ----------
    rank : int
        1 for the place with the most incidents that are surely above the background.
    geom_metric : MultiPolygon
        Union of its cells cut to the study area, in the metric CRS of the call.
    cells : tuple of int
        Its cells as row * columns + column, ascending.
    n, expected, ratio : int, float, float
        Incidents in its cells in the tested period, what the background expects there, n / expected.
    ratio_low, ratio_high : float
        Exact Poisson interval of the ratio.
    p, q : float
        Of its strongest window: probability under the background, and the adjusted value among places.
    window_n, window_expected, window_radius_m : int, float, float
        Count, expectation and radius of that strongest window.
    peak_x_m, peak_y_m : float
        Centre of that strongest window, in the metric CRS of the call.
    types : tuple of (type_id, n)
        Most frequent first, ties by type_id.
    hours, weekdays : tuple of 24 int, tuple of 7 int
        Incidents by hour of the day and by day of the week from Monday.
    """

    rank: int
    geom_metric: MultiPolygon
    cells: tuple[int, ...]
    cell_count: int
    area_m2: float
    n: int
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    p: float
    q: float
    window_n: int
    window_expected: float
    window_radius_m: float
    peak_x_m: float
    peak_y_m: float
    types: tuple[tuple[int, int], ...]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]


@dataclass(frozen=True)
class CellMap:
    """What was computed for every cell; arrays of shape (rows, columns), row 0 in the south.

    Attributes
    ----------
    recent, history : int64
        Incidents per cell.
    expected : float64
        Background per cell for the tested period; sums to the number of recent incidents.
    radius_m : float64
        Radius of the window of each cell that was least likely by chance; of the others nothing is kept.
    window_n, window_expected : int64, float64
        Sums over that window.
    p, q : float64
        Upper tail probability of that window, and its Benjamini-Hochberg value among the windows of all
        cells and radii; NaN off the lattice.
    flagged : bool
        A window of the cell has q <= params.q and holds params.min_window_count incidents, and the group of
        touching cells it is in stays significant with every group counted once; windows wider than
        params.window_radius_m only add places, they do not widen those a narrower window found.
    tests : int
        Windows that were tested: cells of the area times radii.
    dispersion : tuple of float
        phi of each of params.radii_m: the variance of a count is mu + phi mu^2.
    """

    recent: Ints
    history: Ints
    expected: Floats
    radius_m: Floats
    window_n: Ints
    window_expected: Floats
    p: Floats
    q: Floats
    flagged: npt.NDArray[np.bool_]
    tests: int
    dispersion: tuple[float, ...]


@dataclass(frozen=True)
class Tally:
    """How many incidents were used, and how many were not and why."""

    recent: int
    history: int
    outside_area: int
    outside_time: int


@dataclass(frozen=True)
class HotspotMap:
    """The answer when there were enough incidents: places by rank (perhaps none) and the cells."""

    params: HotspotParams
    seed: int
    tally: Tally
    tested_cells: int
    places: tuple[HotPlace, ...]
    lattice: Lattice
    cells: CellMap
    background: Literal["history", "surroundings"]


@dataclass(frozen=True)
class TooFew:
    """The answer when there were not enough incidents to tell a hotspot from chance."""

    params: HotspotParams
    seed: int
    tally: Tally
    what: Literal["recent", "history"]
    found: int
    minimum: int


type HotspotResult = HotspotMap | TooFew
