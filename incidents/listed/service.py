"""The steps of a listed area: decided by `steps`, written with who, when and why. Flushes, never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now, today
from core.db import scope_of
from core.errors import Conflict, Forbidden, InvalidInput
from core.settings import settings
from core.text import visible
from geo.areas.models import Area
from geo.areas.overlays import Holders
from geo.areas.queries import area_by_id, boundary_shape
from geo.areas.service import as_multipolygon
from geo.shapes.crs import area_m2
from geo.shapes.snap import snap
from incidents import queries as incident_queries
from incidents.listed import queries
from incidents.listed.due import Dates, Due, due_of
from incidents.listed.models import ListedArea, ListedStep
from incidents.listed.plan import Plan
from incidents.listed.steps import STEPS, SYSTEM, Act, Actor, State, refusal
from incidents.service import boundary_of

REASON_MOST, NAME_MOST = 500, 80
#: A house lot; an hour's walk around [ours]. A drawing outside them is a slip of the hand or a whole town.
LEAST_M2, LARGEST_M2 = 1_000.0, 5_000_000.0
#: Of two areas that share more than this of the smaller one, neither effect could be told [ours].
SHARED_MOST = 0.1
#: What a person has looked at who draws an area without saying what showed it to him [ours].
LOOKED_AT = timedelta(days=28)
#: How long before a listing counts as "before" in a re-check [ours]: a year has every season once.
BEFORE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is proposed: a shape (EPSG:4326), its name (empty: what lies around), and where it comes from.

    `selected`: the period whose counts made somebody choose the place.
    """

    shape: BaseGeometry
    selected: tuple[datetime, datetime]
    name: str = ""
    hotspot_id: int | None = None
    renews_id: int | None = None


def propose_hotspot(session: Session, hotspot_id: int, actor: Actor, reason: str) -> ListedArea:
    """Propose the ground of a hotspot that is still on the map.

    Raises
    ------
    NotFound
        ``hotspot_unknown``.
    Conflict
        ``listed_hotspot_expired``, and those of `propose`.
    """
    found = incident_queries.hotspot(session, hotspot_id)
    if found.expires_at <= now():
        raise Conflict("listed_hotspot_expired", id=hotspot_id)
    ground = Ground(
        to_shape(found.geom),
        (found.window_from, found.window_to),
        name=found.name[:NAME_MOST],
        hotspot_id=found.id,
    )
    particulars = {
        "observed": found.observed, "expected": round(found.expected, 1), "q": found.q_value,
        "run": found.run_id,
    }  # fmt: skip
    return propose(
        session, area_by_id(session, found.area_id), ground, actor=actor, reason=reason, **particulars
    )


def propose_drawing(
    session: Session, area: Area, shape: BaseGeometry, *, name: str, actor: Actor, reason: str
) -> ListedArea:
    """Propose what somebody has drawn; `area` is his own.

    Raises
    ------
    InvalidInput
        ``listed_ground_unusable``, ``listed_ground_size`` (fields `least_m2`, `largest_ha`); as `propose`.
    Conflict
        Those of `propose`.
    """
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or not shape.is_valid or shape.is_empty:
        raise InvalidInput("listed_ground_unusable")
    _require_size(shape, LARGEST_M2)
    moment = now()
    ground = Ground(shape, (moment - LOOKED_AT, moment), name=name)
    return propose(session, area, ground, actor=actor, reason=reason)


def propose_area(session: Session, area_id: int, *, actor: Actor, reason: str) -> ListedArea:
    """Propose the ground of a grid (or a small community) as it is bounded today, under its name.

    Raises
    ------
    NotFound
        ``area_unknown``.
    NotEnough
        ``area_without_boundary`` (field `area`).
    InvalidInput, Conflict
        Those of `propose_drawing`.
    """
    area = area_by_id(session, area_id)
    return propose_drawing(
        session, area, boundary_of(session, area), name=area.name, actor=actor, reason=reason
    )


def propose(
    session: Session, area: Area, ground: Ground, *, actor: Actor, reason: str, **particulars: Any
) -> ListedArea:
    """Store a proposal for ground in the county of `area`; what lies outside the county is cut off.

    Raises
    ------
    InvalidInput
        ``listed_ground_size``, ``listed_reason_missing``, ``listed_reason_too_long`` (field `limit`),
        ``listed_name_too_long`` (field `limit`).
    Forbidden
        ``listed_outside_area``: no area of the actor's holds the ground whole.
    Conflict
        ``listed_overlaps`` (field `name`): the ground is proposed or listed already.
    """
    said = _reason(reason) if actor.id is not None else ""
    shape = _in_county(session, area, ground.shape)
    queries.hold_listing(session, area.county_id)
    _require_free(session, area.county_id, shape)
    owner = Holders.of(session, area_by_id(session, area.county_id)).owner(shape)
    if not scope_of(session).holds(owner.path):
        raise Forbidden("listed_outside_area", area=owner.name)
    row = ListedArea(
        name=_name(session, ground.name, shape, owner),
        state=State.PROPOSED.value,
        hotspot_id=ground.hotspot_id,
        renews_id=ground.renews_id,
        selected_from=ground.selected[0],
        selected_to=ground.selected[1],
        proposed_by=actor.id,
        proposed_at=now(),
        county_id=owner.county_id,
        area_id=owner.id,
        area_path=owner.path,
        geom=from_shape(shape, srid=4326),
    )
    session.add(row)
    session.flush()
    _write(session, row, Act.PROPOSE, actor=actor, reason=said, before=None, **particulars)
    return row


def confirm(
    session: Session, listed_id: int, actor: Actor, reason: str, *, ends_on: date | None
) -> ListedArea:
    """List a proposed area from today to `ends_on`; never by who proposed it.

    Raises
    ------
    Conflict, Forbidden, InvalidInput
        Those of `_begin`; ``listed_end_missing``, ``listed_end_unusable`` (fields `earliest`, `latest`).
    """
    row, said = _begin(session, listed_id, Act.CONFIRM, actor=actor, reason=reason)
    row.starts_on, row.ends_on = today(), _end(ends_on, today())
    row.decided_by = actor.id
    _write(session, row, Act.CONFIRM, actor=actor, reason=said, ends_on=row.ends_on.isoformat())
    return row


def decline(session: Session, listed_id: int, actor: Actor, reason: str) -> ListedArea:
    """Decline a proposal; never by who made it. Raises as `_begin`."""
    row, said = _begin(session, listed_id, Act.DECLINE, actor=actor, reason=reason)
    row.decided_by = actor.id
    _write(session, row, Act.DECLINE, actor=actor, reason=said)
    return row


def withdraw(session: Session, listed_id: int, actor: Actor, reason: str) -> ListedArea:
    """Take one's own proposal back. Raises as `_begin`."""
    row, said = _begin(session, listed_id, Act.WITHDRAW, actor=actor, reason=reason)
    _write(session, row, Act.WITHDRAW, actor=actor, reason=said)
    return row


def save_plan(session: Session, listed_id: int, actor: Actor, plan: Plan) -> ListedArea:
    """Put a plan in the place of the one there is; the step keeps it whole.

    Raises
    ------
    InvalidInput
        ``listed_owner_missing``: the owner's area does not meet the ground.
    Conflict, Forbidden
        Those of `_begin`.
    """
    row, said = _begin(session, listed_id, Act.PLAN, actor=actor, reason="")
    if plan.owner_area_id not in {area.id for area in queries.owner_areas(session, row.id)}:
        raise InvalidInput("listed_owner_missing")
    row.owner_area_id, row.owner_post = plan.owner_area_id, plan.owner_post
    row.measures = [measure.as_json() for measure in plan.measures]
    row.dose_minutes_week, row.budget_yuan = plan.dose_minutes_week, plan.budget_yuan
    _write(
        session, row, Act.PLAN, actor=actor, reason=said,
        owner_area=row.owner_area_id, owner_post=row.owner_post, measures=row.measures,
        dose_minutes_week=row.dose_minutes_week, budget_yuan=row.budget_yuan,
    )  # fmt: skip
    return row


def move_end(
    session: Session, listed_id: int, actor: Actor, reason: str, *, ends_on: date | None
) -> ListedArea:
    """Let a listing end on another day, at most the longest time after its first. Raises as `confirm`."""
    row, said = _begin(session, listed_id, Act.MOVE_END, actor=actor, reason=reason)
    before, row.ends_on = row.ends_on, _end(ends_on, row.starts_on or today())
    _write(
        session, row, Act.MOVE_END, actor=actor, reason=said,
        ends_on=row.ends_on.isoformat(), ended_on_before=before.isoformat() if before else None,
    )  # fmt: skip
    return row


def end(session: Session, listed_id: int, actor: Actor, reason: str) -> ListedArea:
    """End a listing today, before its day. Raises as `_begin`."""
    row, said = _begin(session, listed_id, Act.END, actor=actor, reason=reason)
    row.ends_on = today()
    _write(session, row, Act.END, actor=actor, reason=said, ends_on=row.ends_on.isoformat())
    return row


def recheck(session: Session, listed_id: int, actor: Actor, finding: str) -> ListedArea:
    """Write down what a look back found, with a fresh count; not before its day.

    Raises
    ------
    Conflict
        ``listed_recheck_early`` (field `day`), and those of `_begin`.
    Forbidden, InvalidInput
        Those of `_begin`.
    """
    row, said = _begin(session, listed_id, Act.RECHECK, actor=actor, reason=finding)
    if row.recheck_on is None or today() < row.recheck_on:
        raise Conflict("listed_recheck_early", day=row.recheck_on.isoformat() if row.recheck_on else "")
    row.recheck = {"on": today().isoformat(), "finding": said, "counts": counts(session, row)}
    _write(session, row, Act.RECHECK, actor=actor, reason=said, **row.recheck["counts"])
    return row


def close(session: Session, listed_id: int, actor: Actor, reason: str) -> ListedArea:
    """Take an area off the list for good. Raises as `_begin`."""
    row, said = _begin(session, listed_id, Act.CLOSE, actor=actor, reason=reason)
    _write(session, row, Act.CLOSE, actor=actor, reason=said)
    return row


def renew(session: Session, listed_id: int, actor: Actor, reason: str) -> ListedArea:
    """End this listing and propose its ground anew; the new one needs a second person's word as any other.

    Raises
    ------
    Conflict, Forbidden, InvalidInput
        Those of `_begin` and of `propose`.
    """
    row, said = _begin(session, listed_id, Act.RENEW, actor=actor, reason=reason)
    _write(session, row, Act.RENEW, actor=actor, reason=said)
    # What happened since it ended is why it is chosen again.
    ground = Ground(to_shape(row.geom), (_first(row), now()), name=row.name, renews_id=row.id)
    return propose(session, area_by_id(session, row.area_id), ground, actor=actor, reason=said)


def end_what_is_over(session: Session) -> int:
    """Let listings end whose last day is over, and proposals lapse that nobody answered; return how many."""
    waits = timedelta(days=settings().listed_lapse_days)
    rows = queries.over(session, today=today(), proposed_before=now() - waits)
    for row in rows:
        act = Act.EXPIRE if row.state == State.LISTED else Act.LAPSE
        require_step(row, act, SYSTEM)
        _write(session, row, act, actor=SYSTEM, reason="")
    return len(rows)


def counts(session: Session, row: ListedArea) -> dict[str, float | int]:
    """Return incidents inside before, during and since a listing, with the days each was counted over.

    Before is the year before the period that made somebody choose the place: to count that one too would
    show a fall whatever was done (regression to the mean). Since begins on the day after the last.
    """
    known = spans_of(row)
    spans = [known.before, known.after, (known.after[1], max(known.after[1], now()))]
    found = queries.incidents_inside(session, row.id, spans)
    told: dict[str, float | int] = {}
    for name, n, (first, last) in zip(("before", "during", "since"), found, spans, strict=True):
        told[f"n_{name}"], told[f"days_{name}"] = n, round((last - first) / timedelta(days=1), 1)
    return told


@dataclass(frozen=True, slots=True)
class Spans:
    """The periods of an evaluation, each from its first moment to the one after its last.

    `selection` made somebody choose the place and counts in neither of the others.
    """

    before: tuple[datetime, datetime]
    selection: tuple[datetime, datetime] | None
    after: tuple[datetime, datetime]


def spans_of(row: ListedArea) -> Spans:
    """Return the periods by which a listing that has ended is judged."""
    start = _midnight(row.starts_on or today())
    if row.selected_from is None or row.selected_to is None:
        return Spans((start - BEFORE, start), None, (start, _first(row)))
    # Whoever decides on the day of the proposal lists from that midnight on; what was looked at ends later.
    start = max(start, row.selected_to)
    chosen = row.selected_from
    return Spans((chosen - BEFORE, chosen), (chosen, row.selected_to), (start, max(start, _first(row))))


def store_evaluation(session: Session, listed_id: int, actor: Actor, told: dict[str, Any]) -> ListedArea:
    """Keep what an evaluation told, and set the day of the re-check if there is none. Raises as `_begin`."""
    row, said = _begin(session, listed_id, Act.EVALUATE, actor=actor, reason="")
    row.evaluation = told
    row.recheck_on = row.recheck_on or today() + timedelta(days=settings().listed_recheck_days)
    _write(
        session, row, Act.EVALUATE, actor=actor, reason=said,
        recheck_on=row.recheck_on.isoformat(), **told,
    )  # fmt: skip
    return row


def require_step(row: ListedArea, act: Act, actor: Actor) -> None:
    """Refuse a step that `actor` may not take now.

    Raises
    ------
    Conflict
        ``listed_state_forbids`` (field `state`).
    Forbidden
        ``permission_missing`` (field `permission`), ``listed_own_proposal``, ``listed_not_proposer``,
        ``listed_act_of_another``.
    """
    code = refusal(act, State(row.state), row.proposed_by, actor)
    if code == "listed_state_forbids":
        raise Conflict(code, state=row.state)
    if code == "permission_missing":
        raise Forbidden(code, permission=STEPS[act].permission)
    if code:
        raise Forbidden(code)


def due(row: ListedArea, on: date | None = None) -> Due | None:
    """Return what of a listed area waits for somebody on a day (today)."""
    recheck = row.recheck
    dates = Dates(
        proposed_on=row.proposed_at.astimezone(local_zone()).date(),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        planned=row.owner_post is not None,
        recheck_on=row.recheck_on,
        rechecked_on=date.fromisoformat(recheck["on"]) if recheck else None,
    )
    return due_of(State(row.state), dates, on or today(), settings().listed_remind_days)


def latest_end(starts_on: date) -> date:
    """Return the last day that a listing may have which begins on a day."""
    return starts_on + timedelta(days=settings().listed_days_most - 1)


def _begin(
    session: Session, listed_id: int, act: Act, *, actor: Actor, reason: str
) -> tuple[ListedArea, str]:
    """Return the row, locked, and what was said, when `actor` may take the step.

    Raises
    ------
    NotFound
        ``listed_unknown``.
    Conflict, Forbidden
        Those of `require_step`.
    InvalidInput
        ``listed_reason_missing``, ``listed_reason_too_long`` (field `limit`).
    """
    row = queries.listed_area(session, listed_id, lock=True)
    require_step(row, act, actor)
    return row, _reason(reason) if STEPS[act].needs_reason else ""


def _write(
    session: Session,
    row: ListedArea,
    act: Act,
    *,
    actor: Actor,
    reason: str,
    before: str | None = "",
    **particulars: Any,
) -> None:
    """Bring the row to the state the step leads to, and write step and audit beside it.

    `before` is the row's state unless the step is the first.
    """
    came_from = row.state if before == "" else before
    if act in STEPS:
        row.state = STEPS[act].after.value
    session.flush()
    session.add(
        ListedStep(
            listed_id=row.id,
            actor_id=actor.id,
            act=act.value,
            before=came_from,
            after=row.state,
            reason=reason,
            fields=particulars,
            county_id=row.county_id,
            area_id=row.area_id,
            area_path=row.area_path,
        )
    )
    audit.record(session, f"listed.{act.value}", subject=row)


def _reason(text: str) -> str:
    said = text.strip()
    if not said:
        raise InvalidInput("listed_reason_missing")
    if len(said) > REASON_MOST:
        raise InvalidInput("listed_reason_too_long", limit=REASON_MOST)
    return said


def _end(wanted: date | None, starts_on: date) -> date:
    if wanted is None:
        raise InvalidInput("listed_end_missing")
    earliest, latest = today() + timedelta(days=1), latest_end(starts_on)
    if not earliest <= wanted <= latest:
        raise InvalidInput("listed_end_unusable", earliest=earliest.isoformat(), latest=latest.isoformat())
    return wanted


def _in_county(session: Session, area: Area, shape: BaseGeometry) -> shapely.MultiPolygon:
    county = boundary_shape(session, area.county_id)
    inside = as_multipolygon(snap(shape if county is None else shape.intersection(county)))
    _require_size(inside, float("inf"))
    return inside


def _require_size(shape: BaseGeometry, most_m2: float) -> None:
    if not LEAST_M2 <= area_m2(shape) <= most_m2:
        raise InvalidInput(
            "listed_ground_size", least_m2=round(LEAST_M2), largest_ha=round(LARGEST_M2 / 10_000)
        )


def _require_free(session: Session, county_id: int, shape: BaseGeometry) -> None:
    held = holders_of(session, county_id, [shape])[0]
    if held is not None:
        raise Conflict("listed_overlaps", name=held.name)


def holders_of(
    session: Session, county_id: int, shapes: Sequence[BaseGeometry]
) -> list[queries.HeldGround | None]:
    """Return for each shape (EPSG:4326) what is proposed or listed on its ground already, or None."""
    if not shapes:
        return []
    west, south, east, north = (float(side) for side in shapely.total_bounds(list(shapes)))
    held = queries.held_ground(session, county_id, (west, south, east, north))
    return [next((one for one in held if shares_ground(shape, one.shape)), None) for shape in shapes]


def shares_ground(shape: BaseGeometry, other: BaseGeometry) -> bool:
    """Tell whether two shapes (one CRS) share more of the smaller one than two effects could be told of."""
    return bool(shape.intersection(other).area > SHARED_MOST * min(shape.area, other.area))


def _name(session: Session, wanted: str, shape: BaseGeometry, owner: Area) -> str:
    name = visible(wanted)
    if len(name) > NAME_MOST:
        raise InvalidInput("listed_name_too_long", limit=NAME_MOST)
    if name:
        return name
    inside = shape.representative_point()
    around = incident_queries.surroundings(
        session, [(inside.x, inside.y)], county_id=owner.county_id, on=today()
    )
    return around[0].name() or owner.name


def _first(row: ListedArea) -> datetime:
    """Return the first moment after a listing."""
    return _midnight((row.ends_on or today()) + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), local_zone())
