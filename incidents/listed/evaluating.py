"""Whether the measures in a listed area worked: load, let the engine decide, tell it in JSON values."""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from core.clock import local_zone
from core.db import scope_of
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from geo.areas.service import as_multipolygon
from geo.shapes.crs import shape_to_metric
from incidents import queries as incident_queries
from incidents.effect import Effect, EffectParams, TooFew
from incidents.hotspots import Incidents
from incidents.hotspots.values import Period
from incidents.listed import queries
from incidents.listed.models import ListedArea
from incidents.listed.service import Spans, spans_of
from incidents.service import boundary_of, epsg_of, fingerprint, in_metres

#: The engine learns from earlier years what a bad month leads to [ours]: two, as the hotspot job looks back.
EARLIER = timedelta(days=730)


@dataclass(frozen=True)
class Question:
    """What the engine is given: incidents, listed ground and study area in a metric CRS, and parameters.

    `record`: what it was asked about, as JSON values; `fingerprint` names question, ground and register.
    """

    incidents: Incidents
    treated: shapely.MultiPolygon
    study_area: BaseGeometry
    params: EffectParams
    record: Mapping[str, Any]


def load_question(session: Session, row: ListedArea) -> Question:
    """Return what decides whether the measures in a listed area worked.

    Control places lie in the largest area that the session sees: elsewhere it would count nothing.

    Raises
    ------
    NotEnough
        ``area_without_boundary`` (field `area`).
    """
    study, ground = _study(session, row), to_shape(row.geom)
    boundary = boundary_of(session, study)
    epsg, spans = epsg_of(boundary), spans_of(row)
    selection = incident_queries.IncidentSelection(
        county_id=study.county_id,
        area_path=study.path,
        type_codes=incident_queries.hotspot_types(session),
        start=spans.before[0] - EARLIER,
        end=spans.after[1],
        zone=settings().time_zone,
    )
    first, last = (moment.astimezone(local_zone()).date() for moment in (spans.before[0], spans.after[1]))
    others = queries.listed_meanwhile(session, row, first, last)
    arrays = incident_queries.load_incident_arrays(session, selection)
    asked = {
        "study_id": study.id,
        "types": list(selection.type_codes),
        "ground": ground.wkb_hex,
        "others": [shape.wkb_hex for shape in others],
        "spans": [[moment.isoformat() for moment in span] if span else None for span in astuple(spans)],
    }
    return Question(
        incidents=in_metres(arrays, epsg),
        treated=as_multipolygon(shape_to_metric(ground, epsg)),
        study_area=shape_to_metric(boundary, epsg),
        params=EffectParams(
            before=_period(spans.before),
            after=_period(spans.after),
            selection=_period(spans.selection) if spans.selection else None,
            others=tuple(as_multipolygon(shape_to_metric(shape, epsg)) for shape in others),
        ),
        record={
            "study_id": study.id,
            "study": study.name,
            "types": list(selection.type_codes),
            "n_study": len(arrays.t_s),
            "n_others": len(others),
            "fingerprint": fingerprint(asked, boundary, arrays),
        },
    )


def planned_minutes(row: ListedArea) -> float | None:
    """Return the patrol minutes that the plan wanted over the whole listing, None without a plan."""
    if row.dose_minutes_week is None:
        return None
    return row.dose_minutes_week * _weeks(spans_of(row))


def told(question: Question, found: Effect | TooFew) -> dict[str, Any]:
    """Return question and answer as JSON values: the words of the page are made of them."""
    naive, params = found.naive, found.params
    plain: dict[str, Any] = {
        **question.record,
        "seed": found.seed,
        "confidence": params.confidence,
        "periods": {
            name: [_moment(span.start_s), _moment(span.end_s)] if span else None
            for name, span in (
                ("before", params.before),
                ("selection", params.selection),
                ("after", params.after),
            )
        },
        "n_before": naive.counts.before,
        "n_after": naive.counts.after,
        "n_selection": naive.counts.selection,
        "rate_ratio": naive.rate_ratio,
        "n_year_ago": naive.aligned.before if naive.aligned else None,
        "year_ratio": naive.aligned_ratio,
    }
    if isinstance(found, TooFew):
        lacks = {"what": found.what.value, "found": found.found, "minimum": found.minimum}
        return plain | {"verdict": "too_few", "lacks": lacks}
    return plain | _change(found)


def _change(found: Effect) -> dict[str, Any]:
    change, dose = found.change, found.dose
    return {
        "verdict": change.verdict.value,
        "ratio": change.ratio,
        "ratio_low": change.ratio_low,
        "ratio_high": change.ratio_high if math.isfinite(change.ratio_high) else None,
        "level": change.level,
        "expected": change.expected,
        "p": change.p,
        "p_placebo": change.p_placebo,
        "detectable_fall": change.detectable_fall,
        "controls": len(found.controls),
        "candidates": found.candidates,
        "controls_before": sum(control.counts.before for control in found.controls),
        "controls_after": sum(control.counts.after for control in found.controls),
        "rings": [
            {
                "inner_m": ring.inner_m, "outer_m": ring.outer_m,
                "n_before": ring.counts.before, "n_after": ring.counts.after,
                "quotient": ring.quotient, "low": ring.low, "high": ring.high,
                "why_not": ring.why_not.value if ring.why_not else None,
            }
            for ring in found.displacement
        ],
        "dose": {
            "planned": dose.planned_min_per_week, "delivered": dose.delivered_min_per_week,
            "share": dose.delivered_share,
        },
    }  # fmt: skip


def _study(session: Session, row: ListedArea) -> Area:
    scope = scope_of(session)
    if "" in scope.paths:
        return area_by_id(session, row.county_id)
    seen = min((path for path in scope.paths if _holds(path, row.area_path)), key=len, default=row.area_path)
    return area_by_id(session, int(seen.rpartition(".")[2]))


def _holds(path: str, below: str) -> bool:
    return below == path or below.startswith(f"{path}.")


def _period(span: tuple[datetime, datetime]) -> Period:
    return Period(math.floor(span[0].timestamp()), math.ceil(span[1].timestamp()))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _weeks(spans: Spans) -> float:
    return (spans.after[1] - spans.after[0]) / timedelta(weeks=1)
