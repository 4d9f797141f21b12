"""The audit trail: append-only, written in the same transaction as the act it tells of.

The application's role may insert and read, never change or delete (see the first migration).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, func, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, Ltree, actor_of, scope_of


class AuditEvent(Base):
    """One act: who, when, what, on which thing of which area."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor_id: Mapped[int | None] = mapped_column()
    action: Mapped[str] = mapped_column()
    subject_kind: Mapped[str] = mapped_column(server_default="")
    subject_id: Mapped[int | None] = mapped_column()
    county_id: Mapped[int | None] = mapped_column()
    area_path: Mapped[str | None] = mapped_column(Ltree())
    fields: Mapped[dict[str, Any]] = mapped_column(server_default="{}")

    __table_args__ = (
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_subject", "subject_kind", "subject_id"),
    )


def record(session: Session, action: str, *, subject: Any = None, **fields: Any) -> None:
    """Add one event about `subject` (a mapped row, or None) to the session's transaction.

    An event without a subject of an area belongs to the first area of the actor's scope, so that
    this area's auditor sees it. `fields` must never hold a name, a phone number or another person's
    datum in clear.
    """
    record_all(session, action, [(subject, fields)])


def record_all(session: Session, action: str, told: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    """Add an event for each (subject, fields), as `record` does for one, in one statement."""
    if told:
        # Without RETURNING (inline): an actor may write events he may not read.
        session.execute(
            insert(AuditEvent).inline(),
            [_event(session, action, subject, fields) for subject, fields in told],
        )


def _event(session: Session, action: str, subject: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    path = getattr(subject, "area_path", None) or getattr(subject, "path", None) or _own_path(session)
    return {
        "actor_id": actor_of(session),
        "action": action,
        "subject_kind": subject.__tablename__ if subject is not None else "",
        "subject_id": getattr(subject, "id", None),
        "county_id": int(path.split(".")[0]) if path else None,
        "area_path": path,
        "fields": dict(fields),
    }


def _own_path(session: Session) -> str | None:
    return next((path for path in scope_of(session).paths if path), None)
