"""The pages of a hotspot report: the answer in words and on a map, then every place with its figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from shapely.geometry import shape
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.clock import local_zone, today
from core.models import JobRun
from geo.areas.queries import ancestors, area_by_id
from geo.atlas.area_map import area_map
from geo.shapes.sheet.drawing import Drawing
from geo.shapes.sheet.paper import Layout, Size, layout
from incidents.queries import hotspot_shapes, hotspots_of_run, incident_types
from webapp.print.atlas import Page, Place
from webapp.print.page import html_of
from webapp.print.panel import MEASURES
from webapp.print.pdf import page_pdf

#: Places beside the map, and on a page of the table.
LISTED, TABLE_ROWS = 14, 26
#: Types told of a place; the others stand in the register.
_TYPES_TOLD = 3


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place as the report tells it; counts are incidents, `types` names with their shares (0 to 1)."""

    rank: int
    name: str
    observed: int
    expected: float
    ratio: float
    low: float
    high: float
    q: float
    area_m2: float
    hours: str
    types: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says: `answer` is the sentence of the leader's page, days are those of the deployment."""

    name: str
    code: str
    above: tuple[str, ...]
    answer: str
    began: str
    ended: str
    history_days: int
    incidents: int
    tested_cells: int
    q: float
    expires: str
    places: tuple[FoundPlace, ...]
    drawing: Drawing
    osm: bool


def report_of(session: Session, run: JobRun, *, answer: str, size: Size, locale: str) -> Report:
    """Read the report of a finished run that tells its places.

    Raises
    ------
    NotFound
        ``boundary_missing`` (field `area`).
    """
    area, result = area_by_id(session, run.area_id), run.result or {}
    rows = hotspots_of_run(session, run.id)
    shapes = hotspot_shapes(session, run.id)
    names = {row.code: row.name_zh if locale == "zh" else row.name_en for row in incident_types(session)}
    drawn = area_map(session, area, [shape(shapes[row.id]) for row in rows], size)
    began, ended = (_day(result["window"][name]) for name in ("from", "to"))
    history = [datetime.fromisoformat(result["history"][name]) for name in ("from", "to")]
    return Report(
        name=area.name,
        code=area.code,
        above=tuple(each.name for each in ancestors(session, area.path)[:-1]),
        answer=answer,
        began=began,
        ended=ended,
        history_days=(history[1] - history[0]).days,
        incidents=result["incidents"]["recent"],
        tested_cells=result.get("tested_cells", 0),
        q=result["params"]["q"],
        expires=max((_day(row.expires_at.isoformat()) for row in rows), default=""),
        places=tuple(_place(row, names) for row in rows),
        drawing=drawn.drawing,
        osm=drawn.osm,
    )


def pages_of(report: Report, *, size: Size, locale: str) -> Iterator[Page]:
    """Yield the page with the map, and the pages of the table."""
    tables = [report.places[k : k + TABLE_ROWS] for k in range(0, len(report.places), TABLE_ROWS)]
    common = {"sheet": report, "day": today().isoformat(), "measures": MEASURES[size]}
    count = 1 + len(tables)
    shown = report.drawing.layout
    first = html_of(
        "findings.html",
        locale,
        drawing=report.drawing,
        layout=shown,
        place=Place(1, count, 1),
        lists=_lists(report, shown),
        more=max(0, len(report.places) - LISTED),
        **common,
    )
    yield Page(f"{report.name} {report.began} – {report.ended}", page_pdf(first))
    wide = layout(size, landscape=True)
    for k, rows in enumerate(tables):
        html = html_of(
            "findings_table.html",
            locale,
            drawing=report.drawing,
            layout=wide,
            place=Place(k + 2, count, 1),
            rows=rows,
            is_last=k + 1 == len(tables),
            **common,
        )
        yield Page(f"{report.name} {k + 2}", page_pdf(html))


def _lists(report: Report, shown: Layout) -> list[tuple[FoundPlace, ...]]:
    """Return the places listed beside the map, shared out to the columns that have room for them."""
    listed = report.places[:LISTED]
    parts = 1 if shown.landscape else 2
    share = ceil(len(listed) / parts)
    return [listed[k * share : (k + 1) * share] for k in range(parts)]


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(local_zone()).date().isoformat()


def _place(row: Row[Any], names: dict[str, str]) -> FoundPlace:
    peak = row.profile["peak_hours"]
    return FoundPlace(
        rank=row.rank,
        name=row.name,
        observed=row.observed,
        expected=row.expected,
        ratio=row.ratio,
        low=row.ratio_low,
        high=row.ratio_high,
        q=row.q_value,
        area_m2=row.area_m2,
        hours=f"{peak[0]:02d}:00–{peak[1]:02d}:00" if peak else "",
        types=tuple(
            (names.get(kind["code"], kind["code"]), kind["share"])
            for kind in row.profile["types"][:_TYPES_TOLD]
        ),
    )
