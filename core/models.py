"""Rows of the house itself: the runs of background jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Identity, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned


class JobRun(Owned, Base):
    """One requested run of a job. States: queued, running, done, failed, cancelled.

    `occasion` names what the house itself asked for it on, such as a night: there is one run of a kind for an
    area and an occasion, however many reconcilers ask.
    """

    __tablename__ = "job_run"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column()
    queue: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[float] = mapped_column(Float, server_default="0")
    message: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    params: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    result: Mapped[dict[str, Any] | None] = mapped_column()
    error: Mapped[dict[str, Any] | None] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column()
    scope: Mapped[list[str]] = mapped_column(ARRAY(Text))
    occasion: Mapped[str | None] = mapped_column()
    attempt: Mapped[int] = mapped_column(Integer, server_default="0")
    cancel_requested: Mapped[bool] = mapped_column(server_default="false")
    timeout_s: Mapped[int] = mapped_column(Integer, server_default="900")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column()
    heartbeat_at: Mapped[datetime | None] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes the tray and the reconciler read."""
        return (
            Index("ix_job_run_unfinished", "state", "heartbeat_at"),
            Index("ix_job_run_recent", "county_id", "kind", "created_at"),
            Index(
                "uq_job_run_occasion",
                "area_id",
                "kind",
                "occasion",
                unique=True,
                postgresql_where=text("occasion IS NOT NULL"),
            ),
        )
