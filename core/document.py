"""Finished documents, such as PDFs a job has made: kept in PostgreSQL for some weeks, then deleted.

Workers run on any number of hosts, so a document is a row and no file. It is seen by those whose scope holds
its area (row level security) and, of these, handed to those who hold every permission in `needs`: the
permissions its contents were read with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, Integer, LargeBinary, Text, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.clock import now
from core.db import Base, Owned
from core.errors import NotFound
from core.jobs import RunningJob
from core.settings import settings


class Document(Owned, Base):
    """A document of an area. `kind` says what it is (``atlas``), `name` how the file is called."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("job_run.id", ondelete="SET NULL"), unique=True)
    actor_id: Mapped[int | None] = mapped_column()
    kind: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()
    media_type: Mapped[str] = mapped_column()
    needs: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    byte_count: Mapped[int] = mapped_column(Integer)
    # Only who wants the contents reads them: a list of documents does not.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the index the retention sweep reads."""
        return (Index("ix_document_expires_at", "expires_at"),)


@dataclass(frozen=True, slots=True)
class Made:
    """What a job has made: kind, file name, media type, contents, and the permissions it was read with."""

    kind: str
    name: str
    media_type: str
    content: bytes
    needs: Sequence[str] = ()


def store_document(session: Session, running: RunningJob, made: Made) -> Document:
    """Store what a run has made, in place of what an earlier attempt of it may have stored."""
    session.execute(delete(Document).where(Document.run_id == running.id))
    row = Document(
        run_id=running.id,
        actor_id=running.actor_id,
        kind=made.kind,
        name=made.name,
        media_type=made.media_type,
        needs=list(made.needs),
        byte_count=len(made.content),
        content=made.content,
        expires_at=now() + timedelta(days=settings().document_days),
        county_id=running.county_id,
        area_id=running.area_id,
        area_path=running.area_path,
    )
    session.add(row)
    session.flush()
    return row


def document_of_run(session: Session, run_id: int) -> Document:
    """Return the document a run has made, if it lies in the session's scope and has not expired.

    Raises
    ------
    NotFound
        ``document_unknown``.
    """
    row = session.scalar(select(Document).where(Document.run_id == run_id, Document.expires_at > func.now()))
    if row is None:
        raise NotFound("document_unknown")
    return row


def sweep_documents(session: Session) -> int:
    """Delete the documents whose time is over; return how many."""
    gone = session.execute(delete(Document).where(Document.expires_at <= func.now()))
    return int(gone.rowcount)  # type: ignore[attr-defined]
