"""What of a listed area waits for somebody, and since when. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from incidents.listed.steps import State


class Task(StrEnum):
    """What is to be done next."""

    DECIDE = "decide"
    PLAN = "plan"
    END = "end"
    EVALUATE = "evaluate"
    RECHECK = "recheck"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Due:
    """A task, the day it should be done by, and whether that day is over."""

    task: Task
    on: date
    overdue: bool


@dataclass(frozen=True, slots=True)
class Dates:
    """The days that decide what is due: None where a listed area has not come so far."""

    proposed_on: date
    starts_on: date | None = None
    ends_on: date | None = None
    planned: bool = False
    recheck_on: date | None = None
    rechecked_on: date | None = None


def due_of(state: State, dates: Dates, today: date, remind_days: int) -> Due | None:
    """Return what is due or will be within `remind_days`, None where nothing waits for anybody.

    Whoever must decide, plan, evaluate or close has `remind_days` for it.

    >>> soon = due_of(State.LISTED, Dates(date(2026, 1, 1), date(2026, 1, 2), date(2026, 3, 1), planned=True),
    ...               date(2026, 2, 25), 7)
    >>> soon.task.value, soon.overdue
    ('end', False)
    """
    task, since, wait = _next(state, dates, remind_days)
    if task is None or since is None:
        return None
    on = since + timedelta(days=wait)
    if wait == 0 and today < on - timedelta(days=remind_days):
        return None  # a day that was set: it is spoken of when it comes near
    return Due(task, on, today > on)


def _next(state: State, dates: Dates, remind_days: int) -> tuple[Task | None, date | None, int]:
    if state is State.PROPOSED:
        return Task.DECIDE, dates.proposed_on, remind_days
    if state is State.LISTED:
        return (Task.END, dates.ends_on, 0) if dates.planned else (Task.PLAN, dates.starts_on, remind_days)
    if state is State.ENDED:
        return Task.EVALUATE, dates.ends_on, remind_days
    if state is State.EVALUATED:
        return Task.RECHECK, dates.recheck_on, 0
    if state is State.RECHECKED:
        return Task.CLOSE, dates.rechecked_on, remind_days
    return None, None, 0
