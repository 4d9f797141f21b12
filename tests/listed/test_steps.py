"""The life of a listed area as data: no way round the second person, no state without a way on."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.listed.steps import (
    BIRTH,
    DECIDE,
    FINAL,
    NEVER_LISTED,
    STEPS,
    SYSTEM,
    UNDECIDED,
    Act,
    Actor,
    State,
    Who,
    open_steps,
    refusal,
)

EVERYTHING = frozenset(step.permission for step in STEPS.values() if step.permission)


def reached(*, without: Act | None = None, start: State = BIRTH) -> set[State]:
    """Return the states that steps lead to from `start`, leaving one act out."""
    seen, ahead = {start}, deque([start])
    while ahead:
        here = ahead.popleft()
        for act, step in STEPS.items():
            if act is not without and here in step.before and step.after not in seen:
                seen.add(step.after)
                ahead.append(step.after)
    return seen


def test_every_state_is_reached() -> None:
    assert reached() == set(State)


def test_nothing_is_listed_or_later_without_a_confirmation() -> None:
    assert reached(without=Act.CONFIRM) == set(NEVER_LISTED)


def test_nothing_is_closed_or_renewed_without_evaluation_and_re_check() -> None:
    for act in (Act.EVALUATE, Act.RECHECK):
        assert not reached(without=act) & {State.CLOSED, State.RENEWED}


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_from_every_state_that_is_not_final_persons_alone_reach_a_final_one(state: State) -> None:
    def by_persons(start: State) -> set[State]:
        seen, ahead = {start}, deque([start])
        while ahead:
            here = ahead.popleft()
            for step in STEPS.values():
                if step.who is not Who.SYSTEM and here in step.before and step.after not in seen:
                    seen.add(step.after)
                    ahead.append(step.after)
        return seen

    assert by_persons(state) & FINAL


def test_final_states_are_those_of_the_book() -> None:
    assert {State.DECLINED, State.WITHDRAWN, State.LAPSED, State.CLOSED, State.RENEWED} == FINAL


actors = st.builds(
    Actor,
    st.none() | st.integers(1, 3),
    st.frozensets(st.sampled_from(sorted(EVERYTHING))),
)


@given(
    act=st.sampled_from(Act),
    state=st.sampled_from(State),
    proposer=st.none() | st.integers(1, 3),
    actor=actors,
)
def test_only_allowed_persons_take_a_step(act: Act, state: State, proposer: int | None, actor: Actor) -> None:
    if refusal(act, state, proposer, actor):
        return
    step = STEPS[act]
    assert state in step.before
    assert (actor.id is None) == (step.who is Who.SYSTEM)
    assert not step.permission or step.permission in actor.permissions
    if act in (Act.CONFIRM, Act.DECLINE):
        assert actor.id is not None
        assert actor.id != proposer
    if act is Act.WITHDRAW:
        assert actor.id == proposer


@given(
    proposer=st.none() | st.integers(1, 3),
    tries=st.lists(st.tuples(st.sampled_from(Act), actors), max_size=40),
)
def test_whatever_is_tried_in_whatever_order_a_second_person_has_decided(
    proposer: int | None, tries: list[tuple[Act, Actor]]
) -> None:
    state, decided_by = BIRTH, None
    for act, actor in tries:
        if refusal(act, state, proposer, actor):
            continue
        state = STEPS[act].after
        if act in (Act.CONFIRM, Act.DECLINE):
            decided_by = actor.id
        assert (state in UNDECIDED) == (decided_by is None)
        assert decided_by is None or decided_by != proposer


def test_the_system_alone_ends_and_lapses_and_does_nothing_else() -> None:
    taken = {act for state in State for act in open_steps(state, None, SYSTEM)}
    assert taken == {Act.EXPIRE, Act.LAPSE}


def test_who_holds_no_right_sees_no_step() -> None:
    assert all(not open_steps(state, 1, Actor(2)) for state in State)


def test_who_confirms_must_hold_the_right_to_decide() -> None:
    others = EVERYTHING - {DECIDE}
    assert refusal(Act.CONFIRM, State.PROPOSED, 1, Actor(2, others)) == "permission_missing"


def test_reasons_are_asked_for_wherever_a_person_judges() -> None:
    judged = {
        Act.CONFIRM,
        Act.DECLINE,
        Act.WITHDRAW,
        Act.MOVE_END,
        Act.END,
        Act.RECHECK,
        Act.CLOSE,
        Act.RENEW,
    }
    assert {act for act, step in STEPS.items() if step.needs_reason} == judged
