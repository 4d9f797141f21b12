"""Hotspot runs: load the incidents, let the engine decide, store what it found."""

import dataclasses
import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import now, today
from core.db import touch_layer
from core.errors import InvalidInput, NotEnough
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import boundary_shape
from geo.shapes.crs import metric_epsg, shape_to_lonlat, shape_to_metric, to_lonlat, to_metric
from incidents import queries
from incidents.hotspots import HotPlace, HotspotMap, HotspotParams, Incidents, TooFew
from incidents.hotspots.profile import peak_hours
from incidents.models import Hotspot
from incidents.question import Question
from incidents.tiles import reference_moment


@dataclass(frozen=True, kw_only=True)
class HotspotQuestion(Question):
    """What a person asks a hotspot run; the defaults are [ours], see docs/hotspots.md.

    `as_of` ends the tested period (exclusive). `valid_days` is how long the found hotspots stay on the map.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {
        "days": (1, 366),
        "history_days": (30, 3660),
        "cell_m": (50, 2000),
        "window_radius_m": (0, 5000),
        "bandwidth_m": (200, 20000),
        "q": (0.001, 0.2),
        "min_window_count": (3, 1000),
        "seed": (0, 2**31 - 1),
        "valid_days": (1, 366),
    }

    days: int = 28
    history_days: int = 730
    cell_m: float = 200.0
    window_radius_m: float = 300.0
    bandwidth_m: float = 1000.0
    q: float = 0.05
    min_window_count: int = 5
    seed: int = 1
    valid_days: int = 28

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.history_days < self.days:
            raise InvalidInput("hotspot_history_too_short", days=self.days, history_days=self.history_days)
        if self.bandwidth_m < max(self.window_radius_m, self.cell_m):
            raise InvalidInput("hotspot_bandwidth_too_small", bandwidth_m=self.bandwidth_m)

    @property
    def is_usual(self) -> bool:
        """Tell whether it asks for all types as of now: of many special questions one finds something."""
        return not self.types and self.as_of is None


@dataclass(frozen=True)
class Task:
    """Everything the pure engine needs, and what is needed to store its answer.

    `incidents` and `study_area` are in the metric CRS `epsg`; `as_of_source` is requested, now or
    latest_incident; `type_codes[type_id - 1]` names a type.
    """

    incidents: Incidents
    study_area: BaseGeometry
    params: HotspotParams
    seed: int
    epsg: int
    type_codes: tuple[str, ...]
    as_of_source: str
    valid_days: int
    fingerprint: str


def load_task(session: Session, area: Area, question: HotspotQuestion) -> Task:
    """Return the incidents of `area` and the engine's parameters for `question`.

    Raises
    ------
    NotEnough
        ``area_without_boundary`` (field `area`) or ``no_incidents`` (field `area`).
    NotFound
        ``incident_type_unknown``.
    """
    boundary = boundary_of(session, area)
    types = queries.hotspot_types(session, question.types)
    as_of, as_of_source = latest_moment(session, area, question, types)
    params = HotspotParams(
        as_of_s=math.ceil(as_of.timestamp()),
        days=question.days,
        history_days=question.history_days,
        cell_m=question.cell_m,
        window_radius_m=question.window_radius_m,
        bandwidth_m=question.bandwidth_m,
        q=question.q,
        min_window_count=question.min_window_count,
    )
    selection = queries.IncidentSelection(
        county_id=area.county_id,
        area_path=area.path,
        type_codes=types,
        start=moment_of(params.history.start_s),
        end=moment_of(params.recent.end_s),
        zone=settings().time_zone,
    )
    epsg = epsg_of(boundary)
    arrays = queries.load_incident_arrays(session, selection)
    # Of a moving window not the moment counts but what lies in it.
    recent = int((arrays.t_s >= params.recent.start_s).sum())
    asked = question.to_params() | {"as_of": as_of.isoformat() if as_of_source != "now" else recent}
    return Task(
        incidents=in_metres(arrays, epsg),
        study_area=shape_to_metric(boundary, epsg),
        params=params,
        seed=question.seed,
        epsg=epsg,
        type_codes=types,
        as_of_source=as_of_source,
        valid_days=question.valid_days,
        fingerprint=fingerprint(asked, boundary, arrays),
    )


def boundary_of(session: Session, area: Area) -> BaseGeometry:
    """Return today's boundary of `area` (EPSG:4326).

    Raises
    ------
    NotEnough
        ``area_without_boundary`` (field `area`).
    """
    boundary = boundary_shape(session, area.id)
    if boundary is None:
        raise NotEnough("area_without_boundary", area=area.name)
    return boundary


def epsg_of(boundary: BaseGeometry) -> int:
    """Return the metric CRS an area (EPSG:4326) is measured in."""
    return settings().metric_epsg or metric_epsg(boundary.centroid.x, boundary.centroid.y)


def fingerprint(asked: Mapping[str, Any], boundary: BaseGeometry, arrays: queries.IncidentArrays) -> str:
    """Return what names a question (JSON values), its ground and register: equal ones, equal answers."""
    # Rows come in no order.
    order = np.lexsort((arrays.type_id, arrays.lat, arrays.lon, arrays.t_s))
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode() + boundary.wkb)
    for column in (arrays.lon, arrays.lat, arrays.t_s, arrays.type_id):
        digest.update(np.ascontiguousarray(column[order]).tobytes())
    return digest.hexdigest()


def store_map(session: Session, run_id: int, area: Area, *, task: Task, found: HotspotMap) -> list[Hotspot]:
    """Store the places found for `area`; earlier hotspots there and below expire. Flushed, not committed."""
    # Of two runs that end at once the later one must see, and let expire, what the earlier stored.
    session.execute(select(Area.id).where(Area.id == area.id).with_for_update(key_share=True))
    moment = now()
    session.execute(
        update(Hotspot)
        .where(Hotspot.area_path.op("<@")(area.path), Hotspot.expires_at > moment)
        .values(expires_at=moment)
        .execution_options(synchronize_session=False)
    )
    touch_layer(session, "hotspots")
    around = queries.surroundings(
        session,
        [_naming_point(place, task.epsg) for place in found.places],
        county_id=area.county_id,
        on=today(),
    )
    rows = [
        _row(place, task, area=area, around=near) for place, near in zip(found.places, around, strict=True)
    ]
    for row, name in zip(rows, _told_apart([row.name for row in rows]), strict=True):
        row.run_id, row.name = run_id, name
        row.expires_at = moment + timedelta(days=task.valid_days)
    session.add_all(rows)
    session.flush()
    return rows


def summary(found: HotspotMap | TooFew, task: Task) -> dict[str, Any]:
    """Return what a run's record keeps of its answer: enough to read it and to run it again."""
    params, tally = found.params, found.tally
    told: dict[str, Any] = {
        "outcome": "too_few" if isinstance(found, TooFew) else "found" if found.places else "none",
        "as_of": moment_of(params.as_of_s).isoformat(),
        "as_of_source": task.as_of_source,
        "window": span(params.recent.start_s, params.recent.end_s),
        "history": span(params.history.start_s, params.history.end_s),
        "incidents": dataclasses.asdict(tally),
        "params": {name: value for name, value in dataclasses.asdict(params).items() if name != "as_of_s"},
        "seed": found.seed,
        "metric_epsg": task.epsg,
        "fingerprint": task.fingerprint,
    }
    if isinstance(found, TooFew):
        return told | {"too_few": {"what": found.what, "found": found.found, "minimum": found.minimum}}
    return told | {
        "tested_cells": found.tested_cells,
        "flagged_cells": int(found.cells.flagged.sum()),
        "place_count": len(found.places),
        "places_area_m2": round(sum(place.area_m2 for place in found.places)),
        "incidents_in_places": sum(place.n for place in found.places),
    }


def latest_moment(
    session: Session, area: Area, question: Question, types: tuple[str, ...]
) -> tuple[datetime, str]:
    """Return the moment a question looks back from, and whether it is requested, now or latest_incident.

    Raises
    ------
    NotEnough
        ``no_incidents`` (field `area`).
    """
    if question.as_of is not None:
        return question.as_of, "requested"
    moment = now()
    latest = queries.latest_incident(session, area, types=types, before=moment)
    if latest is None:
        raise NotEnough("no_incidents", area=area.name)
    # The same rule as the map's: the found places and the incidents drawn are then of one period.
    until = reference_moment(latest, moment)
    # The period ends before its end: one second later keeps the newest incident itself.
    return (moment, "now") if until == moment else (until + timedelta(seconds=1), "latest_incident")


def moment_of(seconds: int) -> datetime:
    """Return the moment that many seconds after 1970-01-01 UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def span(start_s: int, end_s: int) -> dict[str, str]:
    """Return a period as JSON values."""
    return {"from": moment_of(start_s).isoformat(), "to": moment_of(end_s).isoformat()}


def in_metres(arrays: queries.IncidentArrays, epsg: int) -> Incidents:
    """Return incidents as the engines take them, in the metric CRS `epsg`."""
    xy = to_metric(np.column_stack([arrays.lon, arrays.lat]), epsg)
    return Incidents(xy[:, 0], xy[:, 1], arrays.t_s, arrays.hour_of_week, arrays.type_id)


def _naming_point(place: HotPlace, epsg: int) -> tuple[float, float]:
    """Return (lon, lat) of the strongest window's centre, or a point inside when that lies outside."""
    peak = shapely.Point(place.peak_x_m, place.peak_y_m)
    inside = peak if place.geom_metric.covers(peak) else place.geom_metric.representative_point()
    lon, lat = to_lonlat(np.array([[inside.x, inside.y]]), epsg)[0]
    return float(lon), float(lat)


def _row(place: HotPlace, task: Task, *, area: Area, around: queries.Surroundings) -> Hotspot:
    return Hotspot(
        county_id=area.county_id,
        area_id=area.id,
        area_path=area.path,
        rank=place.rank,
        name=around.name() or area.name,
        window_from=moment_of(task.params.recent.start_s),
        window_to=moment_of(task.params.recent.end_s),
        observed=place.n,
        expected=place.expected,
        ratio=place.ratio,
        ratio_low=place.ratio_low,
        ratio_high=place.ratio_high,
        p_value=place.p,
        q_value=place.q,
        area_m2=place.area_m2,
        profile=_profile(place, task, around),
        geom=from_shape(shape_to_lonlat(place.geom_metric, task.epsg), srid=4326),
    )


def _profile(place: HotPlace, task: Task, around: queries.Surroundings) -> dict[str, Any]:
    return {
        "types": [
            {"code": task.type_codes[type_id - 1], "n": n, "share": round(n / place.n, 4)}
            for type_id, n in place.types
        ],
        "hours": list(place.hours),
        "weekdays": list(place.weekdays),
        "peak_hours": peak_hours(place.hours),
        "cells": place.cell_count,
        "window_n": place.window_n,
        "window_expected": round(place.window_expected, 3),
        "streets": list(around.streets),
        "areas": list(around.areas),
    }


def _told_apart(names: list[str]) -> list[str]:
    """Return the names with a number after the second and further of the same."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told
