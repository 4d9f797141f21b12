"""SQL of the house's own tables: job runs, layer versions, the state of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, or_, select, text, update
from sqlalchemy.orm import Session

from core.db import actor_of
from core.models import JobRun

#: States of a run, in the order of its life.
STATES = ("queued", "running", "done", "failed", "cancelled")
UNFINISHED = ("queued", "running")


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


def runs_of(
    session: Session, kind: str, *, states: Sequence[str], most: int, area_id: int | None = None
) -> Sequence[JobRun]:
    """Return the newest runs of `kind` in the session's scope that are in one of `states`, newest first.

    With `area_id` only those that were asked for that very area.
    """
    found = select(JobRun).where(JobRun.kind == kind, JobRun.state.in_(states))
    if area_id is not None:
        found = found.where(JobRun.area_id == area_id)
    return session.scalars(found.order_by(JobRun.created_at.desc(), JobRun.id.desc()).limit(most)).all()


def lock_occasion(session: Session, *, area_id: int, kind: str, occasion: str) -> bool:
    """Tell whether a run of `kind` was asked for on an occasion; nobody else may ask until the commit."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"),
        {"what": f"job_run {area_id} {kind} {occasion}"},
    )
    return bool(
        session.scalar(
            select(
                exists().where(JobRun.area_id == area_id, JobRun.kind == kind, JobRun.occasion == occasion)
            )
        )
    )


def runs_in_tray(session: Session, *, most: int) -> Sequence[JobRun]:
    """Return unfinished runs of the session's scope and the actor's own of any state, newest first."""
    return session.scalars(
        select(JobRun)
        .where(or_(JobRun.state.in_(UNFINISHED), JobRun.actor_id == actor_of(session)))
        .order_by(JobRun.created_at.desc(), JobRun.id.desc())
        .limit(most)
    ).all()


def lock_asking(session: Session, *, actor_id: int, kind: str) -> None:
    """Let nobody else ask for runs of `kind` in the actor's name until the transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 0))"),
        {"who": f"job_run {actor_id} {kind}"},
    )


def unfinished_ids(session: Session, actor_id: int, kinds: Sequence[str]) -> Sequence[int]:
    """Return the ids of an account's unfinished runs of `kinds`, locked until the transaction ends."""
    return session.scalars(
        select(JobRun.id)
        .where(JobRun.actor_id == actor_id, JobRun.kind.in_(kinds), JobRun.state.in_(UNFINISHED))
        .order_by(JobRun.id)
        .with_for_update()
    ).all()


def unfinished_runs(session: Session, *, actor_id: int, kind: str) -> Sequence[JobRun]:
    """Return the actor's unfinished runs of `kind` that nobody asked to stop, oldest first."""
    return session.scalars(
        select(JobRun)
        .where(
            JobRun.actor_id == actor_id,
            JobRun.kind == kind,
            JobRun.state.in_(UNFINISHED),
            ~JobRun.cancel_requested,
        )
        .order_by(JobRun.id)
    ).all()


def queued_run(session: Session, run_id: int) -> JobRun | None:
    """Return the run, locked, when it waits to be claimed; None when it does not or somebody claims it."""
    return session.scalar(
        select(JobRun)
        .where(JobRun.id == run_id, JobRun.state == "queued", ~JobRun.cancel_requested)
        .with_for_update(skip_locked=True)
    )


def state_of_run(session: Session, run_id: int) -> str | None:
    """Return the state of a run, None when there is none of this id."""
    return session.scalar(select(JobRun.state).where(JobRun.id == run_id))


def note_progress(session: Session, run_id: int, attempt: int, values: dict[str, Any]) -> bool:
    """Write `values` and that the run lives; tell whether this attempt still holds it."""
    written = session.execute(
        update(JobRun).where(JobRun.id == run_id, *_held(attempt)).values(**values, heartbeat_at=func.now())
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]


def note_done(session: Session, run_id: int, attempt: int, result: dict[str, Any]) -> bool:
    """Mark the run done and lock its row until the commit; tell whether this attempt still held it."""
    written = session.execute(
        update(JobRun)
        .where(JobRun.id == run_id, *_held(attempt))
        .values(state="done", progress=1.0, result=result, error=None, finished_at=func.now())
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]


def note_end(
    session: Session, run_id: int, attempt: int, *, state: str, error: dict[str, Any] | None
) -> None:
    """Write down how an attempt ended, unless the run has ended already or is another's."""
    session.execute(
        update(JobRun)
        .where(JobRun.id == run_id, JobRun.attempt == attempt, JobRun.state.in_(UNFINISHED))
        .values(state=state, error=error, finished_at=func.now())
    )


def note_heartbeat(session: Session, run_id: int, attempt: int) -> None:
    """Write down that the worker of this attempt lives."""
    session.execute(
        update(JobRun).where(JobRun.id == run_id, JobRun.attempt == attempt).values(heartbeat_at=func.now())
    )


def silent_runs(session: Session, *, silent_since: datetime) -> Sequence[JobRun]:
    """Return the runs, locked, whose worker has not been heard of since then; none that others hold."""
    return session.scalars(
        select(JobRun)
        .where(JobRun.state == "running", JobRun.heartbeat_at < silent_since)
        .with_for_update(skip_locked=True)
    ).all()


def waiting_runs(session: Session, *, asked_before: datetime) -> Sequence[Row[int, str, int]]:
    """Return (id, queue, timeout_s) of the queued runs that were asked for before then."""
    return session.execute(
        select(JobRun.id, JobRun.queue, JobRun.timeout_s).where(
            JobRun.state == "queued", JobRun.created_at < asked_before
        )
    ).all()


def _held(attempt: int) -> tuple[ColumnElement[bool], ...]:
    return JobRun.attempt == attempt, JobRun.state == "running", ~JobRun.cancel_requested
