"""Reads of the house's own tables: job runs, layer versions, the state of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, func, select, text
from sqlalchemy.orm import Session

from core.jobs import JobRun

#: States of a run, in the order of its life.
STATES = ("queued", "running", "done", "failed", "cancelled")


def answers(session: Session) -> bool:
    """Tell whether the database answers."""
    return bool(session.scalar(text("SELECT 1")) == 1)


def migration(session: Session) -> str | None:
    """Return the migration the database stands at, None before the first."""
    found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def layer_versions(session: Session) -> dict[str, int]:
    """Return the version of the data of every tile layer that was ever touched."""
    rows = session.execute(text("SELECT layer, version FROM layer_version")).all()
    return {row.layer: row.version for row in rows}


def rows_by_county(session: Session, table: Any) -> dict[int, int]:
    """Return how many rows of `table` (a model with a county_id) the session sees, by county id.

    Counties without rows are absent.
    """
    rows = session.execute(select(table.county_id, func.count()).group_by(table.county_id)).all()
    return {county: int(count) for county, count in rows}


def latest_runs(session: Session, *, state: str | None, most: int) -> Sequence[JobRun]:
    """Return the latest runs of all kinds in the session's scope, newest first; of one `state` if given."""
    query = select(JobRun).order_by(JobRun.created_at.desc(), JobRun.id.desc()).limit(most)
    return session.scalars(query if state is None else query.where(JobRun.state == state)).all()


def run_counts(session: Session) -> Sequence[Row[str, str, int]]:
    """Return (kind, state, number of runs) of the session's scope."""
    return session.execute(
        select(JobRun.kind, JobRun.state, func.count()).group_by(JobRun.kind, JobRun.state)
    ).all()


def left_behind(session: Session, *, silent_since: datetime) -> bool:
    """Tell whether a run still counts as running although its worker has been silent since then."""
    return bool(
        session.scalar(select(exists().where(JobRun.state == "running", JobRun.heartbeat_at < silent_since)))
    )
