"""The life of a listed area as data: its states, its steps, and who may take each. Pure.

::

    proposed ─ confirm → listed ─ expire, end → ended ─ evaluate → evaluated ─ recheck → rechecked
        ├ decline → declined                                                          ├ close → closed
        ├ withdraw → withdrawn                                                        └ renew → renewed
        └ lapse → lapsed (what nobody answered, of the hotspot job)

Nothing is listed without `confirm`, and nobody confirms what he proposed. The database repeats both
(constraints of ``listed_area``).
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a listed area stands."""

    PROPOSED = "proposed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    LISTED = "listed"
    ENDED = "ended"
    EVALUATED = "evaluated"
    RECHECKED = "rechecked"
    CLOSED = "closed"
    RENEWED = "renewed"


class Act(StrEnum):
    """What can be done to a listed area."""

    PROPOSE = "propose"
    CONFIRM = "confirm"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    PLAN = "plan"
    MOVE_END = "move_end"
    END = "end"
    EXPIRE = "expire"
    EVALUATE = "evaluate"
    RECHECK = "recheck"
    CLOSE = "close"
    RENEW = "renew"


class Who(StrEnum):
    """Which person may take a step, beside holding its permission."""

    ANYBODY = "anybody"
    ANOTHER = "another"
    PROPOSER = "proposer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: from which states it leads where, the permission it needs, and who may take it."""

    before: tuple[State, ...]
    after: State
    permission: str
    who: Who = Who.ANYBODY
    needs_reason: bool = True


#: Acts that begin a life: from no state at all.
BIRTH = State.PROPOSED
PROPOSE, PLAN, DECIDE = "listed.propose", "listed.plan", "listed.confirm"
STEPS: dict[Act, Step] = {
    Act.CONFIRM: Step((State.PROPOSED,), State.LISTED, DECIDE, Who.ANOTHER),
    Act.DECLINE: Step((State.PROPOSED,), State.DECLINED, DECIDE, Who.ANOTHER),
    Act.WITHDRAW: Step((State.PROPOSED,), State.WITHDRAWN, PROPOSE, Who.PROPOSER),
    Act.LAPSE: Step((State.PROPOSED,), State.LAPSED, "", Who.SYSTEM, needs_reason=False),
    Act.PLAN: Step((State.LISTED,), State.LISTED, PLAN, needs_reason=False),
    Act.MOVE_END: Step((State.LISTED,), State.LISTED, DECIDE),
    Act.END: Step((State.LISTED,), State.ENDED, DECIDE),
    Act.EXPIRE: Step((State.LISTED,), State.ENDED, "", Who.SYSTEM, needs_reason=False),
    # Once more while nobody has looked again: later incidents may have been entered meanwhile.
    Act.EVALUATE: Step((State.ENDED, State.EVALUATED), State.EVALUATED, PLAN, needs_reason=False),
    Act.RECHECK: Step((State.EVALUATED,), State.RECHECKED, PLAN),
    Act.CLOSE: Step((State.RECHECKED,), State.CLOSED, DECIDE),
    Act.RENEW: Step((State.RECHECKED,), State.RENEWED, PROPOSE),
}
FINAL = frozenset(State) - {state for step in STEPS.values() for state in step.before}
#: States before anybody has decided, and those in which an area is or was listed.
UNDECIDED = (State.PROPOSED, State.WITHDRAWN, State.LAPSED)
NEVER_LISTED = (*UNDECIDED, State.DECLINED)
#: States in which the ground is taken: a second listing of it would make both effects untellable.
HOLDING = (State.PROPOSED, State.LISTED, State.ENDED, State.EVALUATED, State.RECHECKED)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account with its permissions, or the system (`id` None)."""

    id: int | None
    permissions: AbstractSet[str] = frozenset()


SYSTEM = Actor(None)


def refusal(act: Act, state: State, proposer_id: int | None, actor: Actor) -> str:
    """Return why `actor` may not take the step `act` from `state`, as a code; "" when he may.

    `proposer_id` is None where the hotspot job proposed.

    >>> refusal(Act.CONFIRM, State.PROPOSED, 7, Actor(7, {DECIDE}))
    'listed_own_proposal'
    >>> refusal(Act.CONFIRM, State.PROPOSED, 7, Actor(8, {DECIDE}))
    ''
    """
    step = STEPS.get(act)
    if step is None or state not in step.before:
        return "listed_state_forbids"
    if (step.who is Who.SYSTEM) != (actor.id is None):
        return "listed_act_of_another"
    if step.permission and step.permission not in actor.permissions:
        return "permission_missing"
    if step.who is Who.ANOTHER and actor.id == proposer_id:
        return "listed_own_proposal"
    if step.who is Who.PROPOSER and actor.id != proposer_id:
        return "listed_not_proposer"
    return ""


def open_steps(state: State, proposer_id: int | None, actor: Actor) -> frozenset[Act]:
    """Return the steps that `actor` may take from `state`."""
    return frozenset(act for act in STEPS if not refusal(act, state, proposer_id, actor))
