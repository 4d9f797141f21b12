"""The one place that asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from core.settings import settings


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return datetime.now(UTC)


def local_zone() -> ZoneInfo:
    """Return the deployment's time zone (setting ``time_zone``)."""
    return ZoneInfo(settings().time_zone)


def today() -> date:
    """Return the current date in the deployment's time zone."""
    return now().astimezone(local_zone()).date()
