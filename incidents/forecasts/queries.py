"""Reads of forecasts and of what they rest on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, select, text
from sqlalchemy.orm import Session

from core.models import JobRun
from geo.areas.models import Area
from incidents.forecasts.models import ForecastBand


def bands_of_run(
    session: Session, run_id: int
) -> Sequence[Row[int, float, float, float, datetime, datetime, datetime]]:
    """Return the bands a run stored, the riskiest first, expired or not.

    Columns: id, share, expected, area_m2, starts_at, ends_at, expires_at.
    """
    return session.execute(
        select(
            ForecastBand.id,
            ForecastBand.share,
            ForecastBand.expected,
            ForecastBand.area_m2,
            ForecastBand.starts_at,
            ForecastBand.ends_at,
            ForecastBand.expires_at,
        )
        .where(ForecastBand.run_id == run_id)
        .order_by(ForecastBand.share)
    ).all()


def forecast_stands(session: Session, run: JobRun, *, at: datetime) -> bool:
    """Tell whether a run's answer holds: its bands have not expired, or there was too little for any."""
    if (run.result or {})["outcome"] == "too_few":
        return True
    found = select(exists().where(ForecastBand.run_id == run.id, ForecastBand.expires_at > at))
    return bool(session.scalar(found))


def register_size(session: Session, area: Area, types: Sequence[str]) -> Row[Any]:
    """Return (n, oldest, newest) of the incidents of these types in `area`; None where there are none."""
    return session.execute(
        text(
            "SELECT count(*) AS n, min(occurred_at) AS oldest, max(occurred_at) AS newest FROM incident "
            "WHERE county_id = :county AND area_path <@ CAST(:path AS ltree) AND source <> 'patrol' "
            "AND type_code = ANY (:types)"
        ),
        {"county": area.county_id, "path": area.path, "types": list(types)},
    ).one()
