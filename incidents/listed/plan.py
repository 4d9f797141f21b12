"""What a plan for a listed area says: who answers for it, what is done, how much patrol and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.errors import InvalidInput
from core.text import visible

#: Who may answer for a listed area: the office of an area, or a post on it. Never a person by name.
OWNER_POSTS = ("office", "police", "captain", "worker", "mediator", "partner")
MEASURES_MOST = 20
WORDS_MOST = 200
#: Two teams round the clock; ten million yuan [ours].
DOSE_MOST, BUDGET_MOST = 20_160, 10_000_000


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of a plan: what is done, by which unit or post, until when, and the day it was done."""

    what: str
    who: str
    until: date | None = None
    done_on: date | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return the line as JSON values."""
        return {
            "what": self.what,
            "who": self.who,
            "until": self.until.isoformat() if self.until else None,
            "done_on": self.done_on.isoformat() if self.done_on else None,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: the owner (a post on an area), measures, patrol minutes a week, and yuan."""

    owner_area_id: int
    owner_post: str
    measures: tuple[Measure, ...]
    dose_minutes_week: int
    budget_yuan: int


def read_plan(given: Mapping[str, Any]) -> Plan:
    """Return the plan that a form sent.

    Raises
    ------
    InvalidInput
        ``listed_owner_missing``, ``listed_measures_missing``, ``listed_measures_too_many`` (field `limit`),
        ``listed_measure_unusable`` (fields `line`, `limit`), ``listed_dose_unusable`` or
        ``listed_budget_unusable`` (field `high`).
    """
    owner_area, post = given.get("owner_area"), given.get("owner_post")
    if isinstance(owner_area, bool) or not isinstance(owner_area, int):
        raise InvalidInput("listed_owner_missing")
    if post not in OWNER_POSTS:
        raise InvalidInput("listed_owner_missing")
    return Plan(
        owner_area_id=owner_area,
        owner_post=str(post),
        measures=_measures(given.get("measures")),
        dose_minutes_week=_figure(given.get("dose_minutes_week"), DOSE_MOST, "listed_dose_unusable"),
        budget_yuan=_figure(given.get("budget_yuan"), BUDGET_MOST, "listed_budget_unusable"),
    )


def _measures(lines: Any) -> tuple[Measure, ...]:
    if not isinstance(lines, list) or not lines:
        raise InvalidInput("listed_measures_missing")
    if len(lines) > MEASURES_MOST:
        raise InvalidInput("listed_measures_too_many", limit=MEASURES_MOST)
    return tuple(_measure(line, number) for number, line in enumerate(lines, 1))


def _measure(line: Any, number: int) -> Measure:
    given = line if isinstance(line, dict) else {}
    what, who = (visible(str(given.get(name) or "")) for name in ("what", "who"))
    if not what or not who or max(len(what), len(who)) > WORDS_MOST:
        raise InvalidInput("listed_measure_unusable", line=number, limit=WORDS_MOST)
    return Measure(what, who, _day(given.get("until"), number), _day(given.get("done_on"), number))


def _day(value: Any, number: int) -> date | None:
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidInput("listed_measure_unusable", line=number, limit=WORDS_MOST) from error


def _figure(value: Any, high: int, code: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
        raise InvalidInput(code, high=high)
    return value


def done_share(measures: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many of the stored lines of a plan are done, and how many there are."""
    return sum(bool(line.get("done_on")) for line in measures), len(measures)
