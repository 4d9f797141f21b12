"""Forecasts: load the register, let the engine look back and ahead, store the riskiest ground as bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import local_zone, now
from core.db import touch_layer
from core.errors import InvalidInput, NotEnough
from core.settings import settings
from geo.areas.models import Area
from geo.shapes.crs import shape_to_lonlat, shape_to_metric
from incidents.forecasts.answer import told_backtest, told_too_short
from incidents.forecasts.models import ForecastBand
from incidents.forecasts.queries import register_size
from incidents.forecasts.tiles import HORIZONS
from incidents.hotspots.forecast import (
    BacktestParams,
    Forecast,
    Ground,
    Outlook,
    Past,
    Rhythm,
    TooShort,
    band_cells,
    ground_of_boundary,
    outline,
    past_of,
)
from incidents.hotspots.values import DAY_S
from incidents.queries import IncidentSelection, hotspot_types, load_incident_arrays
from incidents.question import Question
from incidents.service import boundary_of, epsg_of, fingerprint, in_metres, latest_moment, moment_of, span

#: Per cent of the area in each band and those before it. [ours]
PERCENTS = (1, 5, 10, 20)
#: The last year is scored, in whole horizons; of a shorter register its later half. [ours]
SCORED_DAYS = 365
#: Seconds an origin takes: so many at least, and so many for each cell (14,709 cells, 157 origins: 105 s).
_ORIGIN_S, _CELL_S = 0.05, 4.2e-5


@dataclass(frozen=True, kw_only=True)
class ForecastQuestion(Question):
    """What a person asks a forecast; the defaults are [ours], see docs/hotspots.md.

    `late_days`: the newest days whose reports may still come in; they are known to no map and not scored.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {
        "horizon_days": (min(HORIZONS), max(HORIZONS)),
        "cell_m": (100, 2000),
        "late_days": (0, 60),
        "seed": (0, 2**31 - 1),
    }

    horizon_days: int = 7
    cell_m: float = 200.0
    late_days: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class ForecastTask:
    """Everything the pure engine needs, and what is needed to store its answer.

    `study_area` is in the metric CRS `epsg`. The forecast begins at `origin`; `origin_source` is requested,
    now or latest_incident. `fingerprint` names question, ground and register: equal ones have equal answers.
    """

    past: Past
    ground: Ground
    study_area: BaseGeometry
    params: BacktestParams
    seed: int
    epsg: int
    origin: datetime
    origin_source: str
    fingerprint: str


def load_task(session: Session, area: Area, question: ForecastQuestion) -> ForecastTask:
    """Return the register of `area` before the forecast, and the engine's parameters for `question`.

    Raises
    ------
    NotEnough
        ``area_without_boundary`` or ``no_incidents`` (field `area`).
    NotFound
        ``incident_type_unknown``.
    InvalidInput
        ``forecast_ground_unusable`` (fields `area`, `cell_m`).
    """
    boundary = boundary_of(session, area)
    types = hotspot_types(session, question.types)
    origin, source = _origin(*latest_moment(session, area, question, types))
    arrays = load_incident_arrays(session, _before(origin, area, types))
    if not len(arrays.t_s):
        raise NotEnough("no_incidents", area=area.name)
    epsg = epsg_of(boundary)
    study_area = shape_to_metric(boundary, epsg)
    try:
        ground = ground_of_boundary(study_area, question.cell_m)
    except ValueError as error:
        raise InvalidInput(
            "forecast_ground_unusable", area=area.name, cell_m=f"{question.cell_m:g}"
        ) from error
    past = past_of(in_metres(arrays, epsg), ground)
    return ForecastTask(
        past=past,
        ground=ground,
        study_area=study_area,
        params=_params(origin.timestamp() / DAY_S, float(past.t_d[0]), question),
        seed=question.seed,
        epsg=epsg,
        origin=origin,
        origin_source=source,
        fingerprint=fingerprint(question.to_params() | {"as_of": origin.isoformat()}, boundary, arrays),
    )


def _origin(moment: datetime, source: str) -> tuple[datetime, str]:
    """Return where a forecast begins: a midnight on the deployment's clocks, unless a moment was requested.

    The running day is known only in part. The day of the newest incident of a register that ended is whole.
    """
    if source == "requested":
        return moment, source
    day = moment.astimezone(local_zone()).date()
    if source == "latest_incident":
        day += timedelta(days=1)
    return datetime.combine(day, time(), local_zone()), source


def _before(origin: datetime, area: Area, types: tuple[str, ...]) -> IncidentSelection:
    return IncidentSelection(
        county_id=area.county_id,
        area_path=area.path,
        type_codes=types,
        start=moment_of(0),
        end=origin,
        zone=settings().time_zone,
    )


def _params(origin_d: float, oldest_d: float, question: ForecastQuestion) -> BacktestParams:
    scored = scored_origins(origin_d - oldest_d, question.horizon_days)
    return BacktestParams(
        first_d=origin_d - scored * question.horizon_days,
        last_d=origin_d,
        area_shares=tuple(percent / 100 for percent in PERCENTS),
        rhythm=Rhythm(horizon_d=float(question.horizon_days), late_d=question.late_days),
    )


def scored_origins(known_days: float, horizon_days: int) -> int:
    """Return how many origins are scored of a register of so many days."""
    return max(int(min(SCORED_DAYS, known_days / 2) // horizon_days), 1)


def store_bands(session: Session, run_id: int, area: Area, *, task: ForecastTask, made: Forecast) -> None:
    """Store the bands of a forecast; the area's earlier ones of that horizon expire. Flushes only."""
    # Of two runs that end at once the later one must see, and let expire, what the earlier stored.
    session.execute(select(Area.id).where(Area.id == area.id).with_for_update(key_share=True))
    horizon_days = int(task.params.rhythm.horizon_d)
    moment = now()
    session.execute(
        update(ForecastBand)
        .where(
            ForecastBand.area_id == area.id,
            ForecastBand.horizon_days == horizon_days,
            ForecastBand.expires_at > moment,
        )
        .values(expires_at=moment)
        .execution_options(synchronize_session=False)
    )
    touch_layer(session, "forecast")
    ends_at = task.origin + timedelta(days=horizon_days)
    used = task.ground.used[made.grid]
    for share, cells in zip(
        task.params.area_shares, band_cells(made.expected, task.params.area_shares, task.seed), strict=True
    ):
        shape = outline(used[cells], task.ground, made.grid, study_area=task.study_area)
        if shape.is_empty:
            continue
        session.add(
            ForecastBand(
                run_id=run_id,
                county_id=area.county_id,
                area_id=area.id,
                area_path=area.path,
                horizon_days=horizon_days,
                share=share,
                expected=float(made.expected[cells].sum()),
                area_m2=float(shape.area),
                starts_at=task.origin,
                ends_at=ends_at,
                # A register that ended years ago is forecast too, and stays as long as it looks ahead.
                expires_at=ends_at if ends_at > moment else moment + timedelta(days=horizon_days),
                geom=from_shape(shape_to_lonlat(shape, task.epsg), srid=4326),
            )
        )
    session.flush()


def summary(found: Outlook | TooShort, task: ForecastTask) -> dict[str, Any]:
    """Return what a run's record keeps of its answer: enough to read it and to run it again."""
    params, cells = task.params, len(task.ground.used[0])
    horizon_s, origin_s = int(params.rhythm.horizon_d * DAY_S), int(task.origin.timestamp())
    told: dict[str, Any] = {
        "as_of": task.origin.isoformat(),
        "as_of_source": task.origin_source,
        "window": span(origin_s, origin_s + horizon_s),
        "scored": span(int(params.first_d * DAY_S), int((params.last_d - params.rhythm.late_d) * DAY_S)),
        "known_from": moment_of(int(task.past.t_d[0] * DAY_S)).isoformat(),
        "known": len(task.past.t_d),
        "horizon_days": int(params.rhythm.horizon_d),
        "late_days": params.rhythm.late_d,
        "cell_m": task.ground.cell_m,
        "cells": cells,
        "area_km2": round(task.study_area.area / 1e6, 2),
        "areas_percent": list(PERCENTS),
        "seed": task.seed,
        "metric_epsg": task.epsg,
        "fingerprint": task.fingerprint,
    }
    if isinstance(found, TooShort):
        return told | told_too_short(found)
    return (
        told
        | {"outcome": "forecast", "expected": round(float(found.forecast.expected.sum()), 2)}
        | told_backtest(found.backtest, PERCENTS)
        | {
            "method": found.forecast.choice.method,
            "advantage_over_count": round(max(found.forecast.choice.advantage, 0.0), 4),
        }
    )


def expected_s(session: Session, area: Area, question: ForecastQuestion) -> float:
    """Return how many seconds a forecast will about take, from the ground and the age of the register."""
    boundary = boundary_of(session, area)
    cells = shape_to_metric(boundary, epsg_of(boundary)).area / question.cell_m**2
    size = register_size(session, area, hotspot_types(session, question.types))
    if size.oldest is None:
        return 0.0
    known_days = (size.newest - size.oldest).total_seconds() / DAY_S
    scored = scored_origins(known_days, question.horizon_days)
    rhythm, warm_up = Rhythm(), BacktestParams(0.0, 1.0).warm_up
    before = min(0.75 * (known_days / question.horizon_days - scored), rhythm.training + warm_up)
    return float((scored + max(before, 0) + 1) * (_ORIGIN_S + _CELL_S * cells))
