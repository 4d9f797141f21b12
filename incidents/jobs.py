"""Background jobs about incidents: both ends of ``hotspots.find``."""

from sqlalchemy.orm import Session

from core import audit
from core.clock import now
from core.jobs import RunningJob, job, request
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from incidents.hotspots import HotspotMap, find_hotspots
from incidents.listed.proposing import propose_found
from incidents.queries import answered_before, hotspots_stand
from incidents.service import HotspotQuestion, load_task, store_map, summary

FIND = "hotspots.find"
#: A county of a million incidents takes seconds; a run that takes longer than this has lost its database.
FIND_TIMEOUT_S = 300


def request_find(
    session: Session, area: Area, question: HotspotQuestion | None = None, *, occasion: str | None = None
) -> JobRun:
    """Record a run that looks for hotspots in `area`; it is enqueued when the session commits.

    The run sees what the session sees, and its record holds the whole question.
    """
    asked = question or HotspotQuestion()
    run = request(
        session,
        kind=FIND,
        queue="analysis",
        owner=area,
        params=asked.to_params(),
        timeout_s=FIND_TIMEOUT_S,
        occasion=occasion,
    )
    audit.record(session, "hotspots.requested", subject=run, days=asked.days, types=list(asked.types))
    return run


@job(FIND)
def run_find(run: RunningJob) -> None:
    """Load, analyse, store. Progress asks after each part whether a person cancelled the run.

    What the house asks by itself is not computed again while an earlier answer to it stands; a person who
    asks gets what he asked for.
    """
    question = HotspotQuestion.from_params(run.params)
    run.progress(0.05, "hotspots_loading")
    with run.transaction() as session:
        area = area_by_id(session, run.area_id)
        task = load_task(session, area, question)
        earlier = answered_before(session, FIND, area, task.fingerprint) if run.occasion else None
        if earlier is not None and hotspots_stand(session, earlier, at=now()):
            run.finish(session, (earlier.result or {}) | {"same_as": earlier.id})
            return
    run.progress(0.5, "hotspots_testing", incidents=len(task.incidents))
    found = find_hotspots(task.incidents, task.study_area, task.params, task.seed)
    run.progress(0.85, "hotspots_storing")
    with run.transaction() as session:
        result = summary(found, task)
        if isinstance(found, HotspotMap):
            area = area_by_id(session, run.area_id)
            rows = store_map(session, run.id, area, task=task, found=found)
            result["hotspot_ids"] = [row.id for row in rows]
            if question.is_usual and task.as_of_source == "now":
                result["proposed_ids"] = [one.id for one in propose_found(session, rows)]
        run.finish(session, result)
