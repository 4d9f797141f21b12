"""Evaluations of places and dates where nothing was done: how often the test cries wolf.

Two kinds. *Random* places, drawn evenly among those with enough incidents; and places the hotspot job itself
would have *proposed* at that date: a bad month is how they were found, so that an evaluation that falls for
regression to the mean is caught here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import scipy
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from incidents.effect.evaluate import evaluate
from incidents.effect.values import Effect, EffectParams, TooFew, Verdict
from incidents.hotspots import HotspotMap, HotspotParams, Incidents, find_hotspots
from incidents.hotspots.lattice import lattice_over
from incidents.hotspots.values import DAY_S, Period

#: Draws without an evaluation after which there is no use in going on.
_VAIN = 2_000


class PlaceboKind(StrEnum):
    """How the places were chosen."""

    RANDOM = "random"
    PROPOSED = "proposed"


@dataclass(frozen=True)
class PlaceboParams:
    """What is evaluated.

    Attributes
    ----------
    count : int
        Evaluations of each kind.
    before_days, after_days : int
        Lengths of the spans; `days` of the hotspot job are between them for proposed places.
    sizes_m : tuple of float
        Sides of the squares that random places are, taken in turn.
    ratio : float
        What the incidents of the place after are thinned to: 1 is nothing done, 0.7 plants a fall of 30 %.
    hotspot_days, hotspot_history_days : int
        Of the job that proposes.
    """

    count: int = 500
    before_days: int = 365
    after_days: int = 182
    sizes_m: tuple[float, ...] = (400.0, 800.0)
    ratio: float = 1.0
    hotspot_days: int = 28
    hotspot_history_days: int = 730

    def __post_init__(self) -> None:
        days = (self.before_days, self.after_days, self.hotspot_days, self.hotspot_history_days)
        if self.count < 1 or min(days) < 1 or not 0 < self.ratio <= 1:
            raise ValueError("a count and days of at least 1 are needed, and a ratio above 0 and at most 1")
        if not self.sizes_m or min(self.sizes_m) <= 0:
            raise ValueError("a side of squares is needed, above 0")


@dataclass(frozen=True)
class Placebo:
    """What came of the evaluations of one kind.

    Attributes
    ----------
    evaluated, too_few : int
        Answers of either sort; fewer than asked were evaluated when no more places and dates were found.
    fell, rose : int
        Evaluations that said so: false alarms when nothing was planted.
    rejected_share, rejected_low, rejected_high : float
        (fell + rose) / evaluated with its exact binomial interval at 95 % (Clopper and Pearson 1934).
    covered_share, covered_low, covered_high : float
        Share of the intervals that hold the planted ratio.
    median_ratio : float
        NaN without evaluations, like all shares.
    """

    kind: PlaceboKind
    evaluated: int
    too_few: int
    fell: int
    rose: int
    rejected_share: float
    rejected_low: float
    rejected_high: float
    covered_share: float
    covered_low: float
    covered_high: float
    median_ratio: float
    median_before: float


@dataclass(frozen=True)
class Trial:
    """One place and question where nothing was done."""

    place: MultiPolygon
    params: EffectParams


def run_placebo(
    incidents: Incidents, study_area: BaseGeometry, params: PlaceboParams, *, kind: PlaceboKind, seed: int
) -> Placebo:
    """Return what `params.count` evaluations of one kind say; equal input and seed give equal output.

    Parameters
    ----------
    incidents : Incidents
        Coordinates in the metric CRS of `study_area`.
    """
    rng = np.random.default_rng([seed, len(kind)])
    drawn = random_trials if kind is PlaceboKind.RANDOM else proposed_trials
    effects: list[Effect] = []
    few = 0
    for trial in drawn(incidents, study_area, params, rng):
        given = incidents if params.ratio == 1 else thinned(incidents, trial, params.ratio, rng)
        answer = evaluate(given, trial.place, study_area, trial.params, seed=seed)
        if isinstance(answer, TooFew):
            few += 1
        else:
            effects.append(answer)
        if len(effects) == params.count:
            break
    return _summed(effects, few, kind, params)


def random_trials(
    incidents: Incidents, study_area: BaseGeometry, params: PlaceboParams, rng: np.random.Generator
) -> Iterator[Trial]:
    """Yield squares at even places and dates that held enough incidents before, until none is found."""
    west, south, east, north = study_area.bounds
    shapely.prepare(study_area)
    first_d, last_d = _days(incidents, params.before_days, params.after_days)
    vain = made = 0
    while vain < _VAIN and last_d >= first_d:
        side_m = params.sizes_m[made % len(params.sizes_m)]
        question = _question(int(rng.integers(first_d, last_d + 1)), params)
        x_m, y_m = rng.uniform(west, east), rng.uniform(south, north)
        square = shapely.box(x_m, y_m, x_m + side_m, y_m + side_m)
        vain += 1
        if not shapely.contains(study_area, square):
            continue
        if _inside(incidents, square, question.before).sum() < question.min_before:
            continue
        vain, made = 0, made + 1
        yield Trial(MultiPolygon([square]), question)


def proposed_trials(
    incidents: Incidents, study_area: BaseGeometry, params: PlaceboParams, rng: np.random.Generator
) -> Iterator[Trial]:
    """Yield every place the hotspot job finds, at weekly dates in random order and then at those between.

    A place is proposed at several dates running: such trials are alike, and an interval of their share that
    takes them for separate is too narrow.
    """
    known = max(params.before_days, params.hotspot_history_days) + params.hotspot_days
    first_d, last_d = _days(incidents, known, params.after_days)
    if last_d < first_d:
        return
    lattice = lattice_over(study_area, HotspotParams(0).cell_m)
    weeks = [rng.permutation(np.arange(first_d + weekday, last_d + 1, 7)) for weekday in range(7)]
    for day in np.concatenate(weeks).tolist():
        asked = HotspotParams(
            as_of_s=day * DAY_S, days=params.hotspot_days, history_days=params.hotspot_history_days
        )
        found = find_hotspots(incidents, study_area, asked, 0, lattice=lattice)
        for place in found.places if isinstance(found, HotspotMap) else ():
            yield Trial(place.geom_metric, _question(day, params, selection=asked.recent))


def thinned(incidents: Incidents, trial: Trial, ratio: float, rng: np.random.Generator) -> Incidents:
    """Return the incidents without a random part of those in the place after: a planted fall."""
    there = np.flatnonzero(_inside(incidents, trial.place, trial.params.after))
    kept = np.ones(len(incidents), dtype=bool)
    kept[there[rng.random(len(there)) >= ratio]] = False
    return Incidents(
        incidents.x_m[kept],
        incidents.y_m[kept],
        incidents.t_s[kept],
        incidents.hour_of_week[kept],
        incidents.type_id[kept],
    )


def _question(day: int, params: PlaceboParams, selection: Period | None = None) -> EffectParams:
    """Return the question for measures that began at midnight of a day."""
    end_s = day * DAY_S
    known_s = end_s if selection is None else selection.start_s
    return EffectParams(
        before=Period(known_s - params.before_days * DAY_S, known_s),
        after=Period(end_s, end_s + params.after_days * DAY_S),
        selection=selection,
    )


def _days(incidents: Incidents, before_days: int, after_days: int) -> tuple[int, int]:
    """Return the first and last day on which measures could have begun; empty when the last is earlier."""
    if not len(incidents):
        return 1, 0
    first, end = int(incidents.t_s.min()) // DAY_S, int(incidents.t_s.max()) // DAY_S + 1
    return first + before_days, end - after_days


def _inside(incidents: Incidents, shape: BaseGeometry, span: Period) -> npt.NDArray[np.bool_]:
    west, south, east, north = shape.bounds
    near = (incidents.t_s >= span.start_s) & (incidents.t_s < span.end_s)
    near &= (incidents.x_m >= west) & (incidents.x_m <= east)
    near &= (incidents.y_m >= south) & (incidents.y_m <= north)
    near[near] = shapely.contains_xy(shape, incidents.x_m[near], incidents.y_m[near])
    return np.asarray(near)


def _summed(effects: list[Effect], few: int, kind: PlaceboKind, params: PlaceboParams) -> Placebo:
    verdicts = [effect.change.verdict for effect in effects]
    fell, rose = verdicts.count(Verdict.FELL), verdicts.count(Verdict.ROSE)
    held = sum(e.change.ratio_low <= params.ratio <= e.change.ratio_high for e in effects)
    nothing = float("nan")
    return Placebo(
        kind,
        len(effects),
        few,
        fell,
        rose,
        *_share(fell + rose, len(effects)),
        *_share(held, len(effects)),
        float(np.median([e.change.ratio for e in effects])) if effects else nothing,
        float(np.median([e.naive.counts.before for e in effects])) if effects else nothing,
    )


def _share(count: int, of: int) -> tuple[float, float, float]:
    if of == 0:
        return (float("nan"),) * 3
    exact = scipy.stats.binomtest(count, of).proportion_ci(0.95)
    return count / of, float(exact.low), float(exact.high)
