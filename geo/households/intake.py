"""Importing households: a table of addresses becomes dwellings, households and their contacts."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from core import audit
from core.db import touch_layer
from core.errors import InvalidInput
from core.intake.bulk import load_new
from core.intake.cell import number_of, word_of
from core.intake.points import PointTable, TableOptions, read_points
from core.intake.report import ImportReport, Refusal
from geo.areas.placing import Placed, place_records
from geo.households.masking import mask_name, mask_phone
from geo.households.models import Dwelling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from geo.areas.county import CountyWish
    from geo.areas.locate import Owner

_WANTED = ("id", "address", "plate", "building", "unit", "room", "head_name", "phone", "occupants", "tenure")
_TENURE_WORDS = {
    "owner": ("owner", "owned", "自住", "自有", "自用", "产权", "自住房", "自有住房"),
    "rented": ("rented", "rent", "tenant", "let", "出租", "租赁", "承租", "出租屋", "出租房", "租房"),
    "vacant": ("vacant", "empty", "空置", "空房", "闲置", "无人居住"),
}
_COLUMNS = ("county_id", "area_id", "area_path", "source_ref", "address", "plate", "building_no", "unit_no",
            "room_no", "tenure", "geom")  # fmt: skip
_MOST_OCCUPANTS = 99
_PHONE = re.compile(r"\+?\d{7,15}")


@dataclass(frozen=True, slots=True)
class HouseholdRecord:
    """One row that can be loaded; `index` is its place in the table."""

    index: int
    source_ref: str
    address: str
    plate: str
    building_no: str
    unit_no: str
    room_no: str
    tenure: str
    head_name: str
    phone: str
    occupant_count: int | None

    @property
    def lived_in(self) -> bool:
        """Whether the row tells of a household, not only of a dwelling."""
        return self.tenure != "vacant" and bool(self.head_name or self.phone or self.occupant_count)


def read_households(
    path: Path, options: TableOptions
) -> tuple[PointTable, list[HouseholdRecord], list[Refusal]]:
    """Return the table, the rows that can be loaded, and the others with their reasons.

    A row's reference is its id column, else a digest of address, plate, building, unit and room; the
    second row with one reference is refused.
    """
    points = read_points(path, wanted=_WANTED, required=(), options=options)
    if not {"address", "plate"} & set(points.found):
        raise InvalidInput("columns_missing", missing=["address"], found=list(points.table.columns))
    records: list[HouseholdRecord] = []
    refusals: list[Refusal] = []
    seen: dict[str, int] = {}
    for index in range(len(points.table.rows)):
        outcome = _record(points, index)
        if isinstance(outcome, HouseholdRecord) and outcome.source_ref in seen:
            outcome = points.refusal(index, "row_twice", first_line=seen[outcome.source_ref])
        if isinstance(outcome, HouseholdRecord):
            seen[outcome.source_ref] = points.table.lines[index]
            records.append(outcome)
        else:
            refusals.append(outcome)
    return points, records, refusals


def _record(points: PointTable, index: int) -> HouseholdRecord | Refusal:
    address, plate = points.text(index, "address"), points.text(index, "plate")
    if not address and not plate:
        return points.refusal(index, "address_missing")
    phone = re.sub(r"[\s\-()（）]", "", unicodedata.normalize("NFKC", points.text(index, "phone")))
    if phone and not _PHONE.fullmatch(phone):
        return points.refusal(index, "phone_unreadable")
    occupants = _occupants(points, index)
    if isinstance(occupants, str):
        return points.refusal(index, "occupants_unreadable", found=occupants)
    parts = tuple(points.text(index, field) for field in ("building", "unit", "room"))
    identity = points.text(index, "id")
    return HouseholdRecord(
        index=index,
        source_ref=f"id:{identity}" if identity else _address_ref(address, plate, *parts),
        address=address or plate,
        plate=plate,
        building_no=parts[0],
        unit_no=parts[1],
        room_no=parts[2],
        tenure=tenure_of(points.text(index, "tenure")),
        head_name=points.text(index, "head_name")[:80],
        phone=phone,
        occupant_count=occupants,
    )


def _occupants(points: PointTable, index: int) -> int | str | None:
    """Return the number, None for an empty cell, the text itself when it is no sensible number."""
    cell = points.cell(index, "occupants")
    if cell is None or points.text(index, "occupants") == "":
        return None
    number = number_of(cell)
    if number is None or not number.is_integer() or not 0 <= number <= _MOST_OCCUPANTS:
        return points.text(index, "occupants")
    return int(number)


def tenure_of(word: str) -> str:
    """Return owner, rented, vacant or unknown for a Chinese or English word.

    >>> tenure_of("出租"), tenure_of("Owner"), tenure_of("?")
    ('rented', 'owner', 'unknown')
    """
    return word_of(word, _TENURE_WORDS, "unknown")


def _address_ref(*parts: str) -> str:
    flat = "\x1f".join(unicodedata.normalize("NFKC", part).replace(" ", "") for part in parts)
    return "address:" + hashlib.sha256(flat.encode()).hexdigest()[:24]


def import_households(session: Session, path: Path, wish: CountyWish, options: TableOptions) -> ImportReport:
    """Read and store a table of households; rows already here are left as they are.

    Names and phone numbers go to `household_contact` alone; the report names none of them.
    """
    points, records, refusals = read_households(path, options)
    report = points.report("households", path, refusals)
    county, placed = place_records(session, points, records, wish=wish, report=report)
    _load_dwellings(session, placed, county.id, report)
    _load_people(session, [each.record for each in placed], county.id, report)
    touch_layer(session, "dwellings")
    audit.record(session, "household.import", subject=county, loaded=dict(report.loaded))
    return report


def _load_dwellings(
    session: Session, placed: Sequence[Placed[HouseholdRecord]], county_id: int, report: ImportReport
) -> None:
    rows = (_dwelling_row(each.record, each.owner, each.geom) for each in placed)
    table: Any = Dwelling.__table__
    loaded = load_new(session, table, columns=_COLUMNS, rows=rows, compared=_COLUMNS[4:])
    report.count("dwelling", loaded)
    if loaded.new:
        _join_buildings(session, county_id)


def _dwelling_row(each: HouseholdRecord, owner: Owner, geom: str) -> tuple[Any, ...]:
    return (owner.county_id, owner.area_id, owner.area_path, each.source_ref, each.address, each.plate,
            each.building_no, each.unit_no, each.room_no, each.tenure, geom)  # fmt: skip


def _join_buildings(session: Session, county_id: int) -> None:
    session.execute(
        text(
            "UPDATE dwelling AS d SET building_id = b.id FROM building AS b "
            "WHERE d.county_id = :county AND d.building_id IS NULL AND b.county_id = :county "
            "AND b.geom && d.geom AND ST_Intersects(b.geom, d.geom)"
        ),
        {"county": county_id},
    )


def _load_people(
    session: Session, records: Sequence[HouseholdRecord], county_id: int, report: ImportReport
) -> None:
    """Store the household of each dwelling that has none now, its contact beside it."""
    connection = session.connection()
    connection.execute(
        text(
            "CREATE TEMP TABLE intake_people (source_ref text PRIMARY KEY, head_masked text, "
            "phone_masked text, occupant_count smallint, head_name text, phone text) ON COMMIT DROP"
        )
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY intake_people FROM STDIN") as copy:
        for each in records:
            if each.lived_in:
                count = 1 if each.occupant_count is None else each.occupant_count
                masked = (mask_name(each.head_name), mask_phone(each.phone))
                copy.write_row((each.source_ref, *masked, count, each.head_name, each.phone))
    connection.execute(text("ANALYZE intake_people"))
    same, other = session.execute(
        text(
            "SELECT count(*) FILTER (WHERE same), count(*) FILTER (WHERE NOT same) FROM ("
            "SELECT (h.head_masked, h.phone_masked, h.occupant_count) "
            "IS NOT DISTINCT FROM (p.head_masked, p.phone_masked, p.occupant_count) AS same "
            "FROM intake_people AS p JOIN dwelling AS d "
            "ON d.county_id = :county AND d.source_ref = p.source_ref "
            "JOIN household AS h ON h.dwelling_id = d.id AND h.moved_out_on IS NULL) AS present"
        ),
        {"county": county_id},
    ).one()
    report.unchanged["household"] += same
    report.kept["household"] += other
    inserted: Any = session.execute(
        text(
            "WITH come AS (INSERT INTO household (dwelling_id, county_id, area_id, area_path, head_masked, "
            "phone_masked, occupant_count) "
            "SELECT d.id, d.county_id, d.area_id, d.area_path, p.head_masked, p.phone_masked, "
            "p.occupant_count "
            "FROM intake_people AS p JOIN dwelling AS d "
            "ON d.county_id = :county AND d.source_ref = p.source_ref WHERE NOT EXISTS "
            "(SELECT 1 FROM household AS h WHERE h.dwelling_id = d.id AND h.moved_out_on IS NULL) "
            "RETURNING id, dwelling_id, county_id, area_id, area_path) "
            "INSERT INTO household_contact (household_id, county_id, area_id, area_path, head_name, phone) "
            "SELECT c.id, c.county_id, c.area_id, c.area_path, p.head_name, p.phone FROM come AS c "
            "JOIN dwelling AS d ON d.id = c.dwelling_id "
            "JOIN intake_people AS p ON p.source_ref = d.source_ref"
        ),
        {"county": county_id},
    )
    report.loaded["household"] += inserted.rowcount
