"""Visits, and the one way to a name and a phone number."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now
from core.db import actor_of, widened
from core.errors import Conflict, InvalidInput, NotFound
from geo.households.models import VISIT_OUTCOMES, Dwelling, Household, HouseholdContact, Visit
from geo.households.queries import gone_dwelling

#: Why a contact may be shown; stored in the audit trail and shown to the auditor.
PURPOSES = ("visit", "urgent", "service", "correction")
NOTE_LIMIT = 2000
#: How long an act done by mistake can be taken back with one press.
UNDO_TIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Contact:
    """A household head's name and phone number in clear. Never stored, logged or cached."""

    head_name: str
    phone: str


def reveal_contact(session: Session, household_id: int, *, purpose: str) -> Contact:
    """Return one household's contact, recording who asked and what for.

    The database shows this one row for the rest of the transaction and no other; the audit event
    is part of the same transaction, so a contact that was seen was logged.

    Raises
    ------
    InvalidInput
        ``purpose_missing`` (field `purposes`).
    NotFound
        ``household_unknown``: none such in the session's scope.
    """
    if purpose not in PURPOSES:
        raise InvalidInput("purpose_missing", purposes=list(PURPOSES))
    household = session.get(Household, household_id)
    if household is None:
        raise NotFound("household_unknown", id=household_id)
    audit.record(session, "household.reveal", subject=household, purpose=purpose)
    session.execute(text("SELECT set_config('gridpatrol.revealed', :id, true)"), {"id": str(household_id)})
    contact = session.scalar(select(HouseholdContact).where(HouseholdContact.household_id == household_id))
    session.execute(text("SELECT set_config('gridpatrol.revealed', '', true)"))
    if contact is None:
        raise NotFound("contact_missing", id=household_id)
    session.expunge(contact)
    return Contact(contact.head_name, contact.phone)


def record_visit(
    session: Session,
    dwelling_id: int,
    *,
    outcome: str,
    note: str = "",
    visited_at: datetime | None = None,
    client_ref: str | None = None,
) -> Visit:
    """Store a visit; one that met, phoned or wrote renews the dwelling's last visit.

    A repeated upload (same `client_ref`) returns the visit already stored.

    Raises
    ------
    InvalidInput
        ``visit_outcome_unknown``, ``note_too_long`` (field `limit`) or ``visit_in_future``.
    NotFound
        ``dwelling_unknown``.
    Conflict
        ``data_conflict``: the reference belongs to a visit of another dwelling.
    """
    moment = visited_at or now()
    _check_visit(outcome, note, moment)
    # Locked before looking for the reference: of two uploads of one visit the later finds the earlier.
    dwelling = session.get(Dwelling, dwelling_id, with_for_update=True)
    actor_id = actor_of(session)
    if dwelling is None or actor_id is None:
        raise NotFound("dwelling_unknown", id=dwelling_id)
    known = session.scalar(select(Visit).where(Visit.client_ref == client_ref)) if client_ref else None
    if known is not None and known.dwelling_id != dwelling.id:
        raise Conflict("data_conflict")  # another door's visit is no answer: this one would be lost unseen
    if known is not None:
        return known
    visit = Visit(
        dwelling_id=dwelling.id,
        county_id=dwelling.county_id,
        area_id=dwelling.area_id,
        area_path=dwelling.area_path,
        visited_at=moment,
        outcome=outcome,
        note=note.strip(),
        actor_id=actor_id,
        client_ref=client_ref,
        previous_on=dwelling.last_visit_on,
    )
    session.add(visit)
    dwelling.last_visit_on = _last_after(visit)
    session.flush()
    audit.record(session, "visit.record", subject=visit, outcome=outcome)
    return visit


def record_visit_of_gone(
    session: Session,
    dwelling_id: int,
    *,
    outcome: str,
    note: str = "",
    visited_at: datetime,
    client_ref: str | None = None,
) -> tuple[str, str]:
    """Store a visit made while the dwelling was in the session's scope, which it has left since.

    It is stored under the grid that owns the dwelling now. Returns that grid's (code, name).

    Raises
    ------
    NotFound
        ``dwelling_unknown``: it never was in the session's scope.
    Conflict
        ``dwelling_gone`` (fields `code`, `grid`): the visit was made after it had left.
    InvalidInput, Conflict
        What `record_visit` refuses.
    """
    gone = gone_dwelling(session, dwelling_id)
    if gone is None:
        raise NotFound("dwelling_unknown", id=dwelling_id)
    if visited_at >= gone.gone_at:
        raise Conflict("dwelling_gone", code=gone.code, grid=gone.name)
    with widened(session, gone.area_path):
        record_visit(
            session, dwelling_id, outcome=outcome, note=note, visited_at=visited_at, client_ref=client_ref
        )
    return gone.code, gone.name


def undo_visit(session: Session, visit_id: int) -> int:
    """Take back a visit of the acting account made in the last ten minutes; return its dwelling's id.

    The due date returns to what it would be had the visit never been stored.

    Raises
    ------
    NotFound
        ``visit_unknown``: none such, not the actor's own, or too old to take back.
    """
    visit = session.get(Visit, visit_id)
    if visit is None or visit.actor_id != actor_of(session) or now() - visit.created_at > UNDO_TIME:
        raise NotFound("visit_unknown", id=visit_id)
    dwelling = session.get_one(Dwelling, visit.dwelling_id, with_for_update=True)
    audit.record(session, "visit.undo", subject=visit, outcome=visit.outcome)
    last_on = visit.previous_on
    later = select(Visit).where(Visit.dwelling_id == dwelling.id, Visit.id > visit.id).order_by(Visit.id)
    for other in session.scalars(later).all():
        other.previous_on = last_on
        last_on = _last_after(other)
    dwelling.last_visit_on = last_on
    session.delete(visit)
    session.flush()
    return dwelling.id


def _last_after(visit: Visit) -> date | None:
    """Return the dwelling's last visit once `visit` counts: a door that stayed shut renews nothing."""
    if visit.outcome == "not_met":
        return visit.previous_on
    day = visit.visited_at.astimezone(local_zone()).date()
    return max(day, visit.previous_on) if visit.previous_on else day


def _check_visit(outcome: str, note: str, moment: datetime) -> None:
    if outcome not in VISIT_OUTCOMES:
        raise InvalidInput("visit_outcome_unknown", outcome=outcome)
    if len(note) > NOTE_LIMIT:
        raise InvalidInput("note_too_long", limit=NOTE_LIMIT)
    if moment > now():
        raise InvalidInput("visit_in_future", visited_at=moment.isoformat())
