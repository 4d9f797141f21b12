"""The background job about listed areas: both ends of ``listed.evaluate``."""

from sqlalchemy.orm import Session

from core import audit
from core.db import actor_of
from core.jobs import RunningJob, job, request
from core.models import JobRun
from incidents.effect import Dose, evaluate
from incidents.listed import evaluating, service
from incidents.listed.models import ListedArea
from incidents.listed.queries import listed_area
from incidents.listed.steps import PLAN, Act, Actor

EVALUATE = "listed.evaluate"
#: A county of a million incidents takes some seconds; a run that takes longer has lost its database.
EVALUATE_TIMEOUT_S = 300
#: Of the simulated intervals: the same question has the same answer.
SEED = 1


def request_evaluation(
    session: Session, row: ListedArea, actor: Actor, *, delivered_min: float | None
) -> JobRun:
    """Record a run that evaluates a listing which has ended; it is enqueued when the session commits.

    `delivered_min`: patrol minutes inside the ground while it was listed, None where nobody recorded any.

    Raises
    ------
    Conflict, Forbidden
        Those of `incidents.listed.service.require_step`.
    """
    service.require_step(row, Act.EVALUATE, actor)
    run = request(
        session,
        kind=EVALUATE,
        queue="analysis",
        owner=row,
        params={"listed_id": row.id, "delivered_min": delivered_min, "seed": SEED},
        timeout_s=EVALUATE_TIMEOUT_S,
    )
    audit.record(session, "listed.evaluation_requested", subject=row, run=run.id)
    return run


@job(EVALUATE)
def run_evaluation(run: RunningJob) -> None:
    """Load, evaluate, store."""
    run.progress(0.05, "listed_loading")
    with run.transaction() as session:
        row = listed_area(session, run.params["listed_id"])
        question = evaluating.load_question(session, row)
        dose = Dose(evaluating.planned_minutes(row), run.params["delivered_min"])
    run.progress(0.4, "listed_comparing", incidents=len(question.incidents))
    found = evaluate(
        question.incidents, question.treated, question.study_area, question.params,
        seed=run.params["seed"], dose=dose,
    )  # fmt: skip
    run.progress(0.9, "listed_storing")
    with run.transaction() as session:
        told = evaluating.told(question, found)
        # Whoever asked was allowed to; the state is looked at once more.
        service.store_evaluation(session, run.params["listed_id"], Actor(actor_of(session), {PLAN}), told)
        run.finish(session, {"listed_id": run.params["listed_id"], "verdict": told["verdict"]})
