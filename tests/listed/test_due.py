"""What waits for somebody: before its day it is spoken of, after it it is overdue."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.listed.due import Dates, Task, due_of
from incidents.listed.steps import FINAL, State

DAY = date(2026, 6, 1)
REMIND = 7


def dates(**known: object) -> Dates:
    return Dates(**{"proposed_on": DAY} | known)


@pytest.mark.parametrize(
    ("state", "known", "task", "on"),
    [
        (State.PROPOSED, {}, Task.DECIDE, DAY + timedelta(7)),
        (State.LISTED, {"starts_on": DAY, "ends_on": DAY + timedelta(90)}, Task.PLAN, DAY + timedelta(7)),
        (State.ENDED, {"ends_on": DAY}, Task.EVALUATE, DAY + timedelta(7)),
        (State.RECHECKED, {"rechecked_on": DAY}, Task.CLOSE, DAY + timedelta(7)),
    ],
    ids=str,
)
def test_what_somebody_must_do_is_due_at_once_and_overdue_after_a_week(
    state: State, known: dict, task: Task, on: date
) -> None:
    found = due_of(state, dates(**known), DAY, REMIND)
    assert (found.task, found.on, found.overdue) == (task, on, False)
    assert not due_of(state, dates(**known), on, REMIND).overdue
    assert due_of(state, dates(**known), on + timedelta(1), REMIND).overdue


@pytest.mark.parametrize(
    ("state", "known", "task"),
    [
        (State.LISTED, {"starts_on": DAY - timedelta(90), "ends_on": DAY, "planned": True}, Task.END),
        (State.EVALUATED, {"recheck_on": DAY}, Task.RECHECK),
    ],
    ids=["end", "re-check"],
)
def test_a_day_that_was_set_is_spoken_of_from_a_week_before(state: State, known: dict, task: Task) -> None:
    assert due_of(state, dates(**known), DAY - timedelta(8), REMIND) is None
    soon = due_of(state, dates(**known), DAY - timedelta(7), REMIND)
    assert (soon.task, soon.on, soon.overdue) == (task, DAY, False)
    assert not due_of(state, dates(**known), DAY, REMIND).overdue
    assert due_of(state, dates(**known), DAY + timedelta(1), REMIND).overdue


@given(state=st.sampled_from(sorted(FINAL)), days=st.integers(-400, 400))
def test_nothing_is_due_where_nothing_can_be_done(state: State, days: int) -> None:
    assert due_of(state, dates(starts_on=DAY, ends_on=DAY), DAY + timedelta(days), REMIND) is None
