"""Publishing as a job: at once when a change set is approved for today, else on its day."""

from typing import Any

from sqlalchemy.orm import Session

from core.db import Scope, transaction
from core.jobs import RunningJob, job, request
from core.models import JobRun
from core.queries import UNFINISHED, runs_of
from geo.areas.models import ChangeSet
from geo.boundaries import proposing, queries
from geo.boundaries.publish import publish
from geo.boundaries.service import load
from geo.shapes.proposal.solve import propose

PUBLISH, PROPOSE = "area.publish", "area.propose"
#: Share of the run that is done when a step begins: moving rows is most of it.
STEPS = {"publish_checks": 0.05, "publish_boundaries": 0.3, "publish_rows": 0.5}


def request_publish(session: Session, row: ChangeSet) -> JobRun:
    """Record a run that publishes an approved change set and enqueue it after the commit."""
    return request(
        session, kind=PUBLISH, queue="interactive", owner=row, params={"change_set": row.id}, timeout_s=600
    )


@job(PUBLISH, outlives_asker=True)
def run_publish(running: RunningJob) -> None:
    """Publish the run's change set; everything or nothing, in one transaction.

    Its approval said who may, whatever became of the account since; the transaction sees the whole county,
    because neighbours outside the approver's areas get the corners that the edits put on their edges.
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


def request_proposals(session: Session, row: ChangeSet, wish: dict[str, Any]) -> JobRun:
    """Record a run that proposes grids; `wish` holds size, tolerance, seed and only (keys of grids)."""
    return request(
        session,
        kind=PROPOSE,
        queue="planning",
        owner=row,
        params={"change_set": row.id, **wish},
        timeout_s=900,
    )


@job(PROPOSE)
def run_proposals(running: RunningJob) -> None:
    """Propose grids for the run's change set and store them with their figures."""
    asked = running.params
    running.progress(0.05, "propose_loading")
    with running.transaction() as session:
        drafted = load(session, int(asked["change_set"]))
        ground = proposing.ground_of(session, drafted)
        wish = proposing.wish_of(
            drafted, size=asked["size"], tolerance=asked["tolerance"], seed=asked["seed"], only=asked["only"]
        )
    running.progress(0.2, "propose_computing", households=int(ground.counts.sum()))
    found = propose(ground, wish)
    running.progress(0.95, "propose_storing")
    with running.transaction() as session:
        rows = proposing.store_proposals(session, load(session, int(asked["change_set"])), running.id, found)
        running.finish(session, {"change_set": int(asked["change_set"]), "proposals": len(rows)})


def request_due(session: Session) -> list[JobRun]:
    """Request the publishing of every approved change set whose day has come, unless it is under way."""
    due = queries.due_change_sets(session)
    tried = {
        run.params["change_set"]: run.created_at
        for run in reversed(runs_of(session, PUBLISH, states=(*UNFINISHED, "failed"), most=1_000))
    }
    return [
        request_publish(session, row)
        for row in due
        # What has failed waits for a person to return it or approve it anew.
        if row.id not in tried or tried[row.id] < row.updated_at
    ]
