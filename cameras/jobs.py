"""Background jobs about cameras: both ends of ``cameras.sight``."""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING, Any

from cameras.service import Sight, SightTask, compute, load_sight, stale, store, street_sight
from core import audit
from core.jobs import RunningJob, job, request
from core.models import JobRun
from geo.areas.queries import area_by_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geo.areas.models import Area

SIGHT = "cameras.sight"
# 221 cameras take half a second; a county of 20,000 stays below a minute.
SIGHT_TIMEOUT_S = 600
# Cameras between two looks at whether a person cancelled the run.
_BATCH = 500


def request_sight(session: Session, area: Area) -> JobRun:
    """Record a run that computes what the cameras of `area` see; enqueued when the session commits."""
    run = request(session, kind=SIGHT, queue="analysis", owner=area, params={}, timeout_s=SIGHT_TIMEOUT_S)
    audit.record(session, "cameras.sight_requested", subject=run)
    return run


@job(SIGHT)
def run_sight(run: RunningJob) -> None:
    """Load, compute what is stale, store. Unchanged cameras keep their view."""
    run.progress(0.02, "sight_loading")
    with run.transaction() as session:
        task = load_sight(session, area_by_id(session, run.area_id))
    wanted = stale(task)
    sights: list[Sight] = []
    for batch in batched(wanted.items(), _BATCH):
        run.progress(0.1 + 0.7 * len(sights) / len(wanted), "sight_computing", cameras=len(wanted))
        sights += compute(task, dict(batch))
    run.progress(0.85, "sight_storing")
    with run.transaction() as session:
        store(session, run.id, task, sights)
        run.finish(session, _result(session, run, task, sights))


def _result(session: Session, run: RunningJob, task: SightTask, sights: list[Sight]) -> dict[str, Any]:
    streets = street_sight(session, area_by_id(session, run.area_id), task.epsg)
    return {
        "cameras": len(task.register),
        "working": int(task.register.working.sum()),
        "computed": len(sights),
        "indoors": sum(sight.view is None for sight in sights),
        "buildings": len(task.buildings),
        "street_m": round(streets.street_m),
        "seen_m": round(streets.seen_m),
        "seen_share": round(streets.share, 4),
    }
