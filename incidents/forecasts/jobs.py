"""Background jobs about forecasts: both ends of ``hotspots.forecast``."""

from sqlalchemy.orm import Session

from core import audit
from core.clock import now
from core.jobs import RunningJob, job, request
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from incidents.forecasts.queries import forecast_stands
from incidents.forecasts.service import ForecastQuestion, load_task, store_bands, summary
from incidents.hotspots.forecast import Outlook, outlook
from incidents.queries import answered_before

FORECAST = "hotspots.forecast"
#: A year of a city of 15,000 cells takes two minutes; a large county on a busy machine an hour.
FORECAST_TIMEOUT_S = 7200


def request_forecast(
    session: Session, area: Area, question: ForecastQuestion | None = None, *, occasion: str | None = None
) -> JobRun:
    """Record a run that forecasts `area`; it is enqueued when the session commits.

    The run sees what the session sees, and its record holds the whole question.
    """
    asked = question or ForecastQuestion()
    run = request(
        session,
        kind=FORECAST,
        queue="analysis",
        owner=area,
        params=asked.to_params(),
        timeout_s=FORECAST_TIMEOUT_S,
        occasion=occasion,
    )
    audit.record(session, "forecast.requested", subject=run, days=asked.horizon_days, types=list(asked.types))
    return run


@job(FORECAST)
def run_forecast(run: RunningJob) -> None:
    """Load, look back origin by origin, look ahead, store; a person may cancel between two origins.

    Where question and register are those of an earlier run that still stands, its answer is the answer.
    """
    question = ForecastQuestion.from_params(run.params)
    run.progress(0.01, "hotspots_loading")
    with run.transaction() as session:
        area = area_by_id(session, run.area_id)
        task = load_task(session, area, question)
        earlier = answered_before(session, FORECAST, area, task.fingerprint)
        if earlier is not None and forecast_stands(session, earlier, at=now()):
            run.finish(session, (earlier.result or {}) | {"same_as": earlier.id})
            return

    def tell(done: int, of: int) -> None:
        run.progress(0.02 + 0.94 * done / of, "forecast_origin", origin=done, origins=of)

    found = outlook(task.past, task.ground, task.params, task.seed, on_origin=tell)
    run.progress(0.97, "forecast_storing")
    with run.transaction() as session:
        if isinstance(found, Outlook):
            store_bands(session, run.id, area_by_id(session, run.area_id), task=task, made=found.forecast)
        run.finish(session, summary(found, task))
