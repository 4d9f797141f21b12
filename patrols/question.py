"""What a person asks a patrol plan for, as values and as the JSON a job run keeps."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from core.clock import local_zone, now
from core.errors import InvalidInput
from patrols.planning.candidates import Weights

#: The evening shift a plan is made for unless asked otherwise, local time [ours].
EVENING_FROM, EVENING_TO = time(19), time(23)
#: A plan asked for during the evening covers what is left of it, if that is at least this long.
LEAST_REST = timedelta(hours=1)
#: Lowest and highest value a person may ask for.
LIMITS: dict[str, tuple[float, float]] = {
    "time_limit_s": (1, 120),
    "iteration_limit": (1, 10_000_000),
    "most_stops": (1, 600),
    "seed": (0, 2**31 - 1),
}
LONGEST_SHIFT = timedelta(hours=14)
#: At the ends of the calendar no hour can be added or told in another zone.
FIRST_YEAR, LAST_YEAR = 1970, 2200


@dataclass(frozen=True)
class PlanQuestion:
    """What to plan; everything has a default.

    Attributes
    ----------
    shift_from, shift_to
        Aware; together or not at all. Without them the coming evening shift.
    team_ids
        Teams to plan for; empty means all active teams that serve the area.
    time_limit_s
        How long the search may take.
    iteration_limit
        Ends the search after so many iterations: set it with a generous time limit to get the same plan
        again from the same seed.
    most_stops
        How many candidates, the most valuable ones, the search may choose from.
    seed
        Drawn when None; the run keeps the one used.
    """

    shift_from: datetime | None = None
    shift_to: datetime | None = None
    team_ids: tuple[int, ...] = ()
    time_limit_s: float = 15.0
    iteration_limit: int | None = None
    most_stops: int = 200
    seed: int | None = None
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            # Not-a-number fails the comparison.
            if value is not None and not low <= value <= high:
                raise InvalidInput("plan_setting_out_of_range", setting=name, low=low, high=high)
        if self.time_limit_s is None:
            raise InvalidInput("plan_setting_out_of_range", setting="time_limit_s", low=1, high=120)
        _check_shift(self.shift_from, self.shift_to)

    def settled(self) -> PlanQuestion:
        """Return the question with shift and seed filled in."""
        shift_from, shift_to = self.shift()
        seed = secrets.randbelow(2**31) if self.seed is None else self.seed
        return dataclasses.replace(self, shift_from=shift_from, shift_to=shift_to, seed=seed)

    def shift(self) -> tuple[datetime, datetime]:
        """Return start and end of the shift: as asked, or the evening shift."""
        if self.shift_from is not None and self.shift_to is not None:
            return self.shift_from, self.shift_to
        return evening_shift(now())

    def to_params(self) -> dict[str, Any]:
        """Return the question as JSON values."""
        return {
            "shift_from": self.shift_from.isoformat() if self.shift_from else None,
            "shift_to": self.shift_to.isoformat() if self.shift_to else None,
            "team_ids": list(self.team_ids),
            "time_limit_s": self.time_limit_s,
            "iteration_limit": self.iteration_limit,
            "most_stops": self.most_stops,
            "seed": self.seed,
            "weights": dataclasses.asdict(self.weights),
        }

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> PlanQuestion:
        """Return the question `to_params` wrote down; what it does not hold keeps its default.

        Raises
        ------
        InvalidInput
            ``plan_setting_unknown`` (`setting`), ``plan_setting_unreadable`` (`setting`),
            ``plan_setting_out_of_range`` (`setting`, `low`, `high`), ``plan_weights_unusable`` (`detail`),
            ``shift_unusable`` (`longest_h`) or ``time_without_zone`` (`setting`).
        """
        unknown = params.keys() - {one.name for one in dataclasses.fields(cls)}
        if unknown:
            raise InvalidInput("plan_setting_unknown", setting=min(unknown))
        readers: dict[str, Callable[[Any], Any]] = {
            "shift_from": _moment,
            "shift_to": _moment,
            "team_ids": lambda ids: tuple(int(one) for one in ids or ()),
            "time_limit_s": float,
            "iteration_limit": lambda limit: None if limit is None else int(limit),
            "most_stops": int,
            "seed": lambda seed: None if seed is None else int(seed),
            "weights": _weights,
        }
        values = {}
        for name, given in params.items():
            try:
                values[name] = readers[name](given)
            except (TypeError, ValueError, OverflowError) as error:
                raise InvalidInput("plan_setting_unreadable", setting=name) from error
        return cls(**values)


def evening_shift(moment: datetime) -> tuple[datetime, datetime]:
    """Return the evening shift under way with at least an hour left, or the next one (aware, local)."""
    local = moment.astimezone(local_zone())
    begins = datetime.combine(local.date(), EVENING_FROM, local.tzinfo)
    ends = datetime.combine(local.date(), EVENING_TO, local.tzinfo)
    if local > ends - LEAST_REST:
        tomorrow = local.date() + timedelta(days=1)
        return (
            datetime.combine(tomorrow, EVENING_FROM, local.tzinfo),
            datetime.combine(tomorrow, EVENING_TO, local.tzinfo),
        )
    if local > begins:
        quarter = timedelta(minutes=15)
        begins += -(-(local - begins) // quarter) * quarter
    return begins, ends


def hours_touched(shift_from: datetime, shift_to: datetime) -> tuple[int, ...]:
    """Return the local hours of the day (0-23) a shift touches, sorted."""
    first = shift_from.astimezone(local_zone()).replace(minute=0, second=0, microsecond=0)
    hours: set[int] = set()
    while first < shift_to and len(hours) < 24:
        hours.add(first.hour)
        first += timedelta(hours=1)
    return tuple(sorted(hours))


def _check_shift(shift_from: datetime | None, shift_to: datetime | None) -> None:
    for name, moment in (("shift_from", shift_from), ("shift_to", shift_to)):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInput("time_without_zone", setting=name)
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise InvalidInput("time_unreadable", setting=name)
    longest_h = LONGEST_SHIFT // timedelta(hours=1)
    if (shift_from is None) != (shift_to is None):
        raise InvalidInput("shift_unusable", longest_h=longest_h)
    if shift_from and shift_to and not timedelta(0) < shift_to - shift_from <= LONGEST_SHIFT:
        raise InvalidInput("shift_unusable", longest_h=longest_h)


def _moment(given: Any) -> datetime | None:
    return None if given is None else datetime.fromisoformat(given)


def _weights(given: Any) -> Weights:
    unknown = dict(given or {}).keys() - set(Weights.names())
    if unknown:
        raise InvalidInput("plan_setting_unknown", setting=f"weights.{min(unknown)}")
    try:
        return Weights(**dict(given or {}))
    except (TypeError, ValueError) as error:
        raise InvalidInput("plan_weights_unusable", detail=str(error)) from error
