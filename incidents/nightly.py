"""What the house asks by itself each night: hotspots of every county, forecasts of every county and town.

Towns get no hotspots of their own at night: those of a county and of its towns would take each other's
place on the map and in plans.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.clock import local_zone
from core.jobs import asked_on
from core.models import JobRun
from core.settings import settings
from geo.areas.models import Area
from incidents.forecasts.jobs import FORECAST, request_forecast
from incidents.forecasts.service import ForecastQuestion
from incidents.forecasts.tiles import HORIZONS
from incidents.jobs import FIND, request_find

#: A house that was off in the night does not begin by day, when people wait for its workers. [ours]
NIGHT_HOURS = 4


def night_at(moment: datetime) -> str | None:
    """Return the day of the night `moment` lies in (2026-11-30), None by day or without nights."""
    hour = settings().nightly_hour
    if hour < 0:
        return None
    begun = moment.astimezone(local_zone()) - timedelta(hours=hour)
    return begun.date().isoformat() if begun.hour < NIGHT_HOURS else None


def request_night(session: Session, area: Area, night: str) -> Sequence[JobRun]:
    """Ask what is to be asked about `area` tonight; what was asked already is not asked again."""
    runs = []
    if area.level == "county" and not asked_on(session, area, FIND, night):
        runs.append(request_find(session, area, occasion=night))
    for days in HORIZONS:
        occasion = f"{night} {days}"
        if not asked_on(session, area, FORECAST, occasion):
            runs.append(
                request_forecast(session, area, ForecastQuestion(horizon_days=days), occasion=occasion)
            )
    return runs
