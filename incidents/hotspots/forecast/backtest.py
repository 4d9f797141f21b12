"""A rolling-origin backtest: what each map would have hit, and which would have been chosen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from incidents.hotspots.forecast.choose import Choice, Trial, choose
from incidents.hotspots.forecast.ground import Ground
from incidents.hotspots.forecast.score import Score, hits, perfect_hits, pooled
from incidents.hotspots.forecast.walk import Past, Rhythm, Slate, walk
from incidents.hotspots.values import DAY_S, Floats, Incidents

#: Days whose incidents set the level of a forecast. [ours]
LEVEL_DAYS = 56.0

#: Called after each origin of a walk with the origins done and all of them; may raise to end the walk.
type OnOrigin = Callable[[int, int], None]


def unheard(_done: int, _of: int) -> None:
    """Let nobody know."""


@dataclass(frozen=True)
class BacktestParams:
    """One question to the backtest.

    Attributes
    ----------
    first_d, last_d : float
        Days since 1970-01-01: the first origin, and the end (exclusive) of the last outcome.
    area_shares : tuple of float
        Shares of the area that are flagged, ascending, in (0, 1].
    warm_up : int
        Origins before the first one whose outcomes decide the first choices.
    min_history, min_scored : int
        Incidents before and in the period without which the answer is `TooShort`.
    """

    first_d: float
    last_d: float
    area_shares: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2)
    rhythm: Rhythm = field(default_factory=Rhythm)
    warm_up: int = 26
    min_history: int = 100
    min_scored: int = 20

    def __post_init__(self) -> None:
        shares = self.area_shares
        if not shares or list(shares) != sorted(shares) or not all(0 < share <= 1 for share in shares):
            raise ValueError("shares of area must ascend within (0, 1]")


@dataclass(frozen=True)
class Backtest:
    """What came out.

    Attributes
    ----------
    origins_d : float64, shape (n,)
        Scored origins.
    scores : dict
        By method, one score for each share of area; only methods that could be drawn at every origin.
    chosen : tuple of Score
        Of the maps chosen origin by origin.
    choices : tuple of Choice
        One for each scored origin.
    """

    origins_d: Floats
    scores: dict[str, tuple[Score, ...]]
    chosen: tuple[Score, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class TooShort:
    """The answer when there are too few incidents to tell one map from another."""

    what: Literal["history", "scored"]
    found: int
    minimum: int


@dataclass(frozen=True)
class Forecast:
    """Expected incidents in the days after an origin.

    Attributes
    ----------
    choice : Choice
        The map used, and what it earned in the trials.
    expected : float64, shape (cells,)
        Incidents expected in each of `ground.used[grid]`.
    """

    origin_d: float
    grid: int
    choice: Choice
    expected: Floats


def past_of(incidents: Incidents, ground: Ground) -> Past:
    """Return the incidents by time, placed on the ground."""
    order = np.argsort(incidents.t_s, kind="stable")
    x_m, y_m = incidents.x_m[order], incidents.y_m[order]
    return Past(incidents.t_s[order] / DAY_S, ground.half_cell(x_m, y_m), x_m, y_m)


@dataclass(frozen=True)
class Outlook:
    """What a backtest found, and the forecast the same walk ends with."""

    backtest: Backtest
    forecast: Forecast


@dataclass
class _Record:
    """The walk so far: what every map hit at each origin, and the choices made from `first` on."""

    params: BacktestParams
    first: int
    trials: list[tuple[float, Trial, Floats]] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    def choice_at(self, origin_d: float) -> Choice:
        """Return the map to use at an origin, by the trials that were complete before it."""
        rhythm = self.params.rhythm
        return choose(
            [
                trial
                for earlier_d, trial, _ in self.trials
                if earlier_d + rhythm.horizon_d <= origin_d - rhythm.late_d
            ]
        )

    def take(self, slate: Slate) -> None:
        """Add an origin whose outcome is known."""
        trial, best = _trial(slate, self.params.area_shares)
        if len(self.trials) >= self.first:
            self.choices.append(self.choice_at(slate.origin_d))
        self.trials.append((slate.origin_d, trial, best))

    def scored(self, complete_d: float) -> Backtest:
        """Return the scores of the origins whose outcomes were complete by then."""
        scored = [
            one for one in self.trials[self.first :] if one[0] + self.params.rhythm.horizon_d <= complete_d
        ]
        choices = self.choices[: len(scored)]
        methods = set.intersection(*(set(trial.hits) for _, trial, _ in scored))
        shares = self.params.area_shares
        scores = {
            name: _scores(scored, [trial.hits[name] for _, trial, _ in scored], shares)
            for name in scored[-1][1].hits
            if name in methods
        }
        used = [trial.hits[choice.method] for (_, trial, _), choice in zip(scored, choices, strict=True)]
        origins_d = np.array([origin_d for origin_d, _, _ in scored])
        return Backtest(origins_d, scores, _scores(scored, used, shares), tuple(choices))


def backtest(
    past: Past, ground: Ground, params: BacktestParams, seed: int, *, on_origin: OnOrigin = unheard
) -> Backtest | TooShort:
    """Return the scores of all methods; the same seed gives the same answer.

    Every map, fit and choice at an origin rests on what was known before it.
    """
    short = _too_short(past, params)
    if short is not None:
        return short
    origins_d, first = _origins(past, params)
    record = _Record(params, first)
    for slate in _walked(past, ground, origins_d, record=record, seed=seed, on_origin=on_origin):
        record.take(slate)
    return record.scored(np.inf)


def outlook(
    past: Past, ground: Ground, params: BacktestParams, seed: int, *, on_origin: OnOrigin = unheard
) -> Outlook | TooShort:
    """Return the backtest of a period and, from the same walk, the forecast of the days after `last_d`.

    The period must hold a whole number of horizons. Origins whose outcome the late days leave incomplete
    are walked through and not scored.
    """
    short = _too_short(past, params)
    if short is not None:
        return short
    earlier_d, first = _origins(past, params)
    origins_d = np.append(earlier_d, params.last_d)
    record = _Record(params, first)
    *earlier, last = _walked(past, ground, origins_d, record=record, seed=seed, on_origin=on_origin)
    for slate in earlier:
        record.take(slate)
    made = _forecast(past, last, record.choice_at(params.last_d), params.rhythm)
    return Outlook(record.scored(params.last_d - params.rhythm.late_d), made)


def _walked(
    past: Past, ground: Ground, origins_d: Floats, *, record: _Record, seed: int, on_origin: OnOrigin
) -> Iterator[Slate]:
    params = record.params
    fit_from = max(record.first - params.warm_up, 0)
    slates = walk(past, ground, origins_d, rhythm=params.rhythm, fit_from=fit_from, seed=seed)
    for done, slate in enumerate(slates, start=1):
        on_origin(done, len(origins_d))
        yield slate


def _forecast(past: Past, last: Slate, choice: Choice, rhythm: Rhythm) -> Forecast:
    """Return the forecast at an origin: the last eight weeks say how many, the chosen map says where."""
    density = last.density[choice.method].astype(np.float64)
    total = _expected_total(past, last.origin_d, rhythm)
    return Forecast(last.origin_d, last.grid, choice, density / density.sum() * total)


def _expected_total(past: Past, origin_d: float, rhythm: Rhythm) -> float:
    """Return the incidents a horizon expects: those of the last `LEVEL_DAYS`, in proportion."""
    end_d = origin_d - rhythm.late_d
    start, end = np.searchsorted(past.t_d, [end_d - LEVEL_DAYS, end_d], side="left")
    days = min(LEVEL_DAYS, max(end_d - float(past.t_d[0]), 1.0))
    return float(end - start) / days * rhythm.horizon_d


def _too_short(past: Past, params: BacktestParams) -> TooShort | None:
    history, end = np.searchsorted(past.t_d, [params.first_d, params.last_d], side="left")
    if history < params.min_history:
        return TooShort("history", int(history), params.min_history)
    if end - history < params.min_scored:
        return TooShort("scored", int(end - history), params.min_scored)
    return None


def _origins(past: Past, params: BacktestParams) -> tuple[Floats, int]:
    """Return all origins of the walk, and the number of the first scored one."""
    step = params.rhythm.horizon_d
    count = int(np.floor((params.last_d - params.first_d) / step + 1e-9))
    if count < 1:
        raise ValueError("the period is shorter than one horizon")
    # A quarter of the history is only looked back on, never forecast.
    history_d = params.first_d - past.t_d[0]
    before = int(min(max(0.75 * history_d / step, 0), params.rhythm.training + params.warm_up))
    return params.first_d + step * np.arange(-before, count, dtype=np.float64), before


def _trial(slate: Slate, shares: tuple[float, ...]) -> tuple[Trial, Floats]:
    cells = np.array(shares) * len(slate.outcome)
    found = {name: hits(density, slate.outcome, cells) for name, density in slate.density.items()}
    return Trial(found, slate.incidents), perfect_hits(slate.outcome, cells)


def _scores(
    scored: list[tuple[float, Trial, Floats]], hit: list[Floats], shares: tuple[float, ...]
) -> tuple[Score, ...]:
    mine = np.array(hit)
    best = np.array([perfect for _, _, perfect in scored])
    incidents = np.array([trial.incidents for _, trial, _ in scored])
    return tuple(pooled(share, mine[:, i], best[:, i], incidents) for i, share in enumerate(shares))
