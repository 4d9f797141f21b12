"""Publishing as a job: at once when a change set is approved for today, else on its day."""

from typing import Any

from sqlalchemy.orm import Session

from core.db import Scope, transaction
from core.jobs import JobRun, RunningJob, job, request
from geo.areas.models import ChangeSet
from geo.boundaries import queries
from geo.boundaries.publish import publish

PUBLISH = "area.publish"
#: Share of the run that is done when a step begins: moving rows is most of it.
STEPS = {"publish_checks": 0.05, "publish_boundaries": 0.3, "publish_rows": 0.5}


def request_publish(session: Session, row: ChangeSet) -> JobRun:
    """Record a run that publishes an approved change set and enqueue it after the commit."""
    return request(
        session, kind=PUBLISH, queue="interactive", owner=row, params={"change_set": row.id}, timeout_s=600
    )


@job(PUBLISH)
def run_publish(running: RunningJob) -> None:
    """Publish the run's change set; everything or nothing, in one transaction.

    Its approval said who may; the transaction sees the whole county, because neighbours outside the
    approver's areas get the corners that the edits put on their edges.
    """
    with transaction(Scope.everything(), actor_id=running.actor_id, statement_timeout_s=600) as session:
        moved = publish(
            session,
            int(running.params["change_set"]),
            step=lambda name: running.progress(STEPS[name], name),
        )
        running.finish(session, _result(int(running.params["change_set"]), moved))


def _result(set_id: int, moved: dict[str, Any]) -> dict[str, Any]:
    return {"change_set": set_id, "rows": moved["rows"], "grids": len(moved["grids"])}


def request_due(session: Session) -> list[JobRun]:
    """Request the publishing of every approved change set whose day has come; called daily and at start."""
    return [request_publish(session, row) for row in queries.due_change_sets(session)]
