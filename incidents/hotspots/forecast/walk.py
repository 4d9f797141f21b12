"""The walk through the origins, oldest first: learn from what is closed, draw every map, see what happened.

Nothing at an origin is taken from after it: maps know incidents up to `late_d` days before it (reports come
late), models and choices know origins whose outcome was complete by then.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from incidents.hotspots.forecast.boosting import Boosting, Example, exposure_weights, fit_boosting
from incidents.hotspots.forecast.candidates import candidate_maps, lag_features
from incidents.hotspots.forecast.choose import BOOSTING, STACK
from incidents.hotspots.forecast.ground import GRID_ORIGINS, Ground
from incidents.hotspots.forecast.kernels import Known
from incidents.hotspots.forecast.self_exciting import SelfExciting, fit_self_exciting
from incidents.hotspots.forecast.stack import mixture_weights
from incidents.hotspots.values import Floats, Ints

ALL = slice(None)


@dataclass(frozen=True)
class Past:
    """All incidents on the ground, by time; arrays of shape (n,).

    Attributes
    ----------
    t_d : float64
        Days since 1970-01-01, ascending.
    half_cell : int64
        Half cell of each, -1 outside the lattice.
    x_m, y_m : float64
        Metric CRS.
    """

    t_d: Floats
    half_cell: Ints
    x_m: Floats
    y_m: Floats


@dataclass(frozen=True)
class Rhythm:
    """How far the walk looks and how often it learns, in origins; defaults are [ours].

    Attributes
    ----------
    horizon_d, late_d : float
        Days a forecast covers; newest days nobody knows yet at an origin.
    training : int
        Newest closed origins models learn from.
    refit : int
        Origins between two fits.
    fewest : int
        Closed origins without which nothing is learnt.
    """

    horizon_d: float = 7.0
    late_d: float = 0.0
    training: int = 78
    refit: int = 13
    fewest: int = 8


@dataclass(frozen=True)
class Slate:
    """One origin: every map over the used cells of its grid origin, and what happened.

    `outcome` and `incidents` (those outside the cells included) are of the days after the origin.
    """

    origin_d: float
    grid: int
    density: dict[str, Floats]
    lags: Floats
    outcome: Ints
    incidents: int


@dataclass
class _Learnt:
    process: SelfExciting | None = None
    boosting: Boosting | None = None
    names: tuple[str, ...] = field(default_factory=tuple)


def walk(
    past: Past, ground: Ground, origins_d: Floats, *, rhythm: Rhythm, fit_from: int, seed: int
) -> Iterator[Slate]:
    """Yield the slate of each origin.

    Parameters
    ----------
    origins_d : float64, shape (n,)
        Ascending, a horizon or more apart.
    fit_from : int
        First origin boosting is fitted for; before it, it would be fitted for nobody.
    """
    learnt = _Learnt()
    slates: list[Slate] = []
    for number, origin_d in enumerate(origins_d):
        known, (x_m, y_m) = known_at(past, origin_d - rhythm.late_d)
        closed = [each for each in slates if each.origin_d + rhythm.horizon_d <= origin_d - rhythm.late_d]
        if number % rhythm.refit == fit_from % rhythm.refit or learnt.process is None:
            learnt.process = fit_self_exciting(x_m, y_m, known=known, ground=ground) or learnt.process
        slate = _slate(
            past, ground, float(origin_d), number=number, known=known, learnt=learnt, rhythm=rhythm
        )
        if number >= fit_from and (number - fit_from) % rhythm.refit == 0:
            _learn(learnt, closed[-rhythm.training :], tuple(slate.density), rhythm=rhythm, seed=seed)
        _add_boosting(slate, learnt)
        _add_stack(slate, closed[-rhythm.training :], rhythm)
        slates.append(slate)
        yield slate


def known_at(past: Past, moment_d: float) -> tuple[Known, tuple[Floats, Floats]]:
    """Return the incidents before a moment, and their coordinates in metres."""
    end = int(np.searchsorted(past.t_d, moment_d, side="left"))
    on = np.flatnonzero(past.half_cell[:end] >= 0)
    known = Known(past.half_cell[on], moment_d - past.t_d[on])
    return known, (past.x_m[on], past.y_m[on])


def _slate(
    past: Past, ground: Ground, origin_d: float, *, number: int, known: Known, learnt: _Learnt, rhythm: Rhythm
) -> Slate:
    grid = number % len(GRID_ORIGINS)
    density = candidate_maps(known, ground, grid, horizon_d=rhythm.horizon_d, process=learnt.process)
    lags = lag_features(known, ground, grid, origin_d=origin_d, horizon_d=rhythm.horizon_d)
    start, end = np.searchsorted(past.t_d, [origin_d, origin_d + rhythm.horizon_d], side="left")
    half_cell = past.half_cell[start:end]
    cell = ground.cell(half_cell[half_cell >= 0], grid)
    counts = np.bincount(cell[cell >= 0], minlength=ground.rows * ground.columns)
    return Slate(origin_d, grid, density, lags, counts[ground.used[grid]], int(end - start))


def _learn(
    learnt: _Learnt, closed: list[Slate], names: tuple[str, ...], *, rhythm: Rhythm, seed: int
) -> None:
    usable = [each for each in closed if all(name in each.density for name in names)]
    if len(usable) < rhythm.fewest:
        return
    learnt.boosting = fit_boosting([_example(each, names) for each in usable], seed) or learnt.boosting
    learnt.names = names


def _example(slate: Slate, names: tuple[str, ...], cells: Ints | slice = ALL) -> Example:
    density = np.column_stack([slate.density[name][cells] for name in names])
    return Example(density, slate.lags[cells], slate.outcome[cells])


def _add_boosting(slate: Slate, learnt: _Learnt) -> None:
    if learnt.boosting is not None:
        own = np.column_stack([slate.density[name] for name in learnt.names])
        slate.density[BOOSTING] = learnt.boosting.density(own, slate.lags).astype(np.float32)


def _add_stack(slate: Slate, closed: list[Slate], rhythm: Rhythm) -> None:
    if len(closed) < rhythm.fewest:
        return
    # Boosting and the self-exciting process begin late; until they have been tried the others are mixed.
    tried = Counter(name for each in closed for name in each.density)
    names = tuple(name for name in slate.density if tried[name] >= rhythm.fewest)
    usable = [each for each in closed if all(name in each.density for name in names)]
    weight = exposure_weights([_example(each, names, np.flatnonzero(each.outcome)) for each in usable])
    slate.density[STACK] = np.column_stack([slate.density[name] for name in names]) @ weight


__all__ = ["Past", "Rhythm", "Slate", "known_at", "mixture_weights", "walk"]
