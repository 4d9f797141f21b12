"""Importing incidents: a table of what happened, when and where."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now
from core.db import touch_layer
from core.intake.bulk import load_new
from core.intake.cell import time_of, word_of
from core.intake.forbidden import never_incident_type
from core.intake.header import normalised
from core.intake.points import PointTable, TableOptions, read_points
from core.intake.report import ImportReport, Refusal
from geo.areas.placing import place_records
from incidents.models import Incident, IncidentType
from incidents.words import SOURCE_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo.areas.county import CountyWish
    from geo.areas.locate import Owner

#: Top-level group of the types that an import brought and nobody has sorted yet.
IMPORTED_GROUP = "imported"
_EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
_COLUMNS = ("county_id", "area_id", "area_path", "source_ref", "type_code", "occurred_at", "source", "state",
            "address", "geom")  # fmt: skip
_COMPARED = ("type_code", "occurred_at", "source", "address", "geom")
# Incidents of a file are history; the workflow of new ones must not fill with them.
_STATE = "archived"


@dataclass(frozen=True, slots=True)
class IncidentOptions:
    """How to read the table; `zone` is taken for times that name none (setting ``time_zone`` if absent)."""

    table: TableOptions = field(default_factory=TableOptions)
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One row that can be loaded; `index` is its place in the table, `type_name` as the file writes it."""

    index: int
    source_ref: str
    type_name: str
    occurred_at: datetime
    source: str
    address: str


def read_incidents(
    path: Path, options: IncidentOptions, *, zone: tzinfo, latest: datetime
) -> tuple[PointTable, list[IncidentRecord], list[Refusal]]:
    """Return the table, the rows that can be loaded, and the others with their reasons.

    Parameters
    ----------
    path, options
    zone : tzinfo
        Taken for times that name no zone.
    latest : datetime
        Rows after this moment are refused.

    Notes
    -----
    A row's reference is its id column. Without one it is a digest of time, type and place, numbered
    where a file holds the same three twice (two bicycles stolen at one place and minute are two rows).
    """
    wanted = ("id", "occurred_at", "type", "address", "source")
    points = read_points(path, wanted=wanted, required=("occurred_at", "type"), options=options.table)
    reader = _Reader(points, zone, latest)
    records: list[IncidentRecord] = []
    refusals: list[Refusal] = []
    for outcome in map(reader.read, range(len(points.table.rows))):
        if isinstance(outcome, IncidentRecord):
            records.append(outcome)
        else:
            refusals.append(outcome)
    return points, records, refusals


class _Reader:
    """Reads row after row, remembering references and the verdict on each type name."""

    def __init__(self, points: PointTable, zone: tzinfo, latest: datetime) -> None:
        self.points = points
        self.zone = zone
        self.latest = latest
        self.seen: dict[str, int] = {}
        self.repeats: Counter[str] = Counter()
        self.verdicts: dict[str, str | None] = {}

    def read(self, index: int) -> IncidentRecord | Refusal:
        points = self.points
        type_name = points.text(index, "type")
        if not type_name:
            return points.refusal(index, "type_missing")
        if type_name not in self.verdicts:
            self.verdicts[type_name] = never_incident_type(type_name)
        subject = self.verdicts[type_name]
        if subject is not None:
            return points.refusal(index, "incident_type_never", type=type_name, subject=subject)
        moment = time_of(points.cell(index, "occurred_at"), self.zone)
        if moment is None:
            return points.refusal(index, "time_unreadable", found=points.text(index, "occurred_at")[:40])
        if not _EARLIEST <= moment <= self.latest:
            return points.refusal(index, "time_impossible", found=moment.isoformat())
        reference = self._reference(index, moment, type_name)
        if reference in self.seen:
            return points.refusal(index, "row_twice", first_line=self.seen[reference])
        self.seen[reference] = points.table.lines[index]
        return IncidentRecord(
            index=index,
            source_ref=reference,
            type_name=type_name,
            occurred_at=moment,
            source=source_of(points.text(index, "source")),
            address=points.text(index, "address")[:300],
        )

    def _reference(self, index: int, moment: datetime, type_name: str) -> str:
        identity = self.points.text(index, "id")
        if identity:
            return f"id:{identity}"
        place = f"{self.points.lon[index]:.7f},{self.points.lat[index]:.7f}"
        content = f"{moment.astimezone(UTC).isoformat()}|{normalised(type_name)}|{place}"
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        self.repeats[digest] += 1
        return f"row:{digest}:{self.repeats[digest]}"


def source_of(word: str) -> str:
    """Return how an incident became known, ``import`` when the word tells nothing.

    >>> source_of("巡逻"), source_of("110"), source_of("")
    ('patrol', 'hotline', 'import')
    """
    return word_of(word, SOURCE_WORDS, "import")


def type_code_of(name: str) -> str:
    """Return a code for a type nobody has coded: the name in lower case with underscores.

    >>> type_code_of("MOTOR VEHICLE THEFT"), type_code_of("拦路 抢劫")
    ('motor_vehicle_theft', '拦路_抢劫')
    """
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_")[:60] or "unnamed"


def import_incidents(
    session: Session, path: Path, wish: CountyWish, options: IncidentOptions
) -> ImportReport:
    """Read and store a table of incidents; incidents already here are left as they are.

    Raises
    ------
    InvalidInput
        What `read_incidents` and `place_records` raise.
    """
    points, records, refusals = read_incidents(
        path, options, zone=options.zone or local_zone(), latest=now() + timedelta(days=1)
    )
    report = points.report("incidents", path, refusals)
    if points.unused():
        report.notice("columns_unused", columns=points.unused())
    county, placed = place_records(session, points, records, wish=wish, report=report)
    codes = _type_codes(session, [each.record for each in placed], report)
    rows = (_row(each.record, each.owner, codes[each.record.type_name], each.geom) for each in placed)
    table: Any = Incident.__table__
    report.count("incident", load_new(session, table, columns=_COLUMNS, rows=rows, compared=_COMPARED))
    touch_layer(session, "incidents")
    audit.record(session, "incident.import", subject=county, loaded=dict(report.loaded))
    return report


def _row(each: IncidentRecord, owner: Owner, type_code: str, geom: str) -> tuple[Any, ...]:
    return (owner.county_id, owner.area_id, owner.area_path, each.source_ref, type_code, each.occurred_at,
            each.source, _STATE, each.address, geom)  # fmt: skip


def _type_codes(session: Session, records: Sequence[IncidentRecord], report: ImportReport) -> dict[str, str]:
    """Return the type code of each type name; names nobody has coded become types of the imported group."""
    known: dict[str, str] = {}
    for code, zh, en in session.execute(
        select(IncidentType.code, IncidentType.name_zh, IncidentType.name_en).order_by(IncidentType.code)
    ):
        for name in (en, zh, code):
            known.setdefault(normalised(name), code)
    names = sorted({record.type_name for record in records})
    new = sorted({type_code_of(name): name for name in names if normalised(name) not in known}.items())
    taken = set(known.values())
    if new and IMPORTED_GROUP not in taken:
        session.add(IncidentType(code=IMPORTED_GROUP, name_zh="导入的类型", name_en="Imported types"))
        session.flush()
    for code, name in new:
        free = code if code not in taken else f"{IMPORTED_GROUP}_{code}"
        session.add(IncidentType(code=free, parent_code=IMPORTED_GROUP, name_zh=name, name_en=name))
        known[normalised(name)] = free
    session.flush()
    if new:
        report.loaded["incident_type"] += len(new)
        report.notice("types_added", names=[name for _, name in new])
    by_code = {type_code_of(name): known[normalised(name)] for _, name in new}
    return {name: known.get(normalised(name)) or by_code[type_code_of(name)] for name in names}
