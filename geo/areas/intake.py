"""Importing areas: a vector file of codes, names, levels and boundaries becomes part of the tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import select

from core import audit
from core.clock import today
from core.db import touch_layer
from core.errors import InvalidInput
from core.intake.bulk import expect_many_rows
from core.intake.report import ImportReport, Refusal
from geo.areas.code_scheme import SHIPPED, CodeScheme
from geo.areas.county import CountyWish, boundary_of, county_for, is_provisional, replace_boundary
from geo.areas.feature import FeatureOptions, read_features
from geo.areas.models import Area, AreaBoundary
from geo.areas.overlays import Holders, reown_overlays
from geo.areas.ownership import reown
from geo.areas.queries import code_scheme_of, counties, hold_partition
from geo.areas.service import NewArea, add_boundary, create_areas, name_area
from geo.areas.tree import AreaRecord, Flaw, by_depth, flaws, level_of, uncovered_m2, with_parents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy.orm import Session

# A file with more flaws than this is not mended from a list; the first ones, by size, are enough.
_FLAWS_TOLD = 20


@dataclass(frozen=True, slots=True)
class AreaOptions(FeatureOptions):
    """How to read the file, and the level where no column tells it.

    `scheme` is how codes are built in the county the file goes to; None leaves it to the import to find out.
    """

    level: str = ""
    scheme: CodeScheme | None = None


def read_areas(path: Path, options: AreaOptions, report: ImportReport) -> list[AreaRecord]:
    """Return the areas of a vector file; `report` is told the features that are none and columns left out.

    Raises
    ------
    InvalidInput
        What `read_features` raises.
    """
    records = []
    for feature in read_features(path, options, report, more=("level", "parent")):
        level = level_of(feature.cells["level"] or options.level, feature.code, options.scheme or SHIPPED)
        if level is None:
            told = {"code": feature.code, "level": feature.cells["level"]}
            report.refuse([Refusal(feature.line, "level_unknown", told, feature.row)])
        else:
            records.append(
                AreaRecord(
                    feature.line, feature.code, feature.name, level, feature.cells["parent"], feature.shape
                )
            )
    return records


def import_areas(session: Session, path: Path, wish: CountyWish, options: AreaOptions) -> ImportReport:
    """Read and store a file of areas; existing rows are then given to the areas they lie in.

    Raises
    ------
    InvalidInput
        What `read_areas` and `county_for` raise; ``areas_do_not_fit`` (field `flaws`) when siblings
        overlap or a child leaves its parent; ``nothing_usable`` when no feature could be read.
    """
    report = ImportReport("areas", path.name)
    scheme = options.scheme or _scheme_for(session, wish)
    records = read_areas(path, replace(options, scheme=scheme), report)
    if not records:
        raise InvalidInput("nothing_usable", **report.why_nothing())
    county = _county_of(session, records, wish, report)
    store_areas(session, records, county, report, scheme=scheme)
    return report


def _scheme_for(session: Session, wish: CountyWish) -> CodeScheme:
    """Return how codes are built in the county that is named, or is the only one; else as shipped.

    The file itself cannot be asked: its levels are told by its codes.
    """
    known = list(counties(session))
    named = [county for county in known if wish.code in {county.code, county.name}]
    chosen = named if wish.code is not None else known
    return code_scheme_of(session, chosen[0].id) if len(chosen) == 1 else SHIPPED


def _county_of(
    session: Session, records: list[AreaRecord], wish: CountyWish, report: ImportReport
) -> Area | None:
    """Return the county the areas lie in; None when the file brings a new one."""
    own = [record for record in records if record.level == "county"]
    if not own:
        west, south, east, north = shapely.total_bounds([record.shape for record in records])
        return county_for(session, (west, south, east, north), wish, report)
    if len(own) > 1:
        raise InvalidInput("counties_many", codes=[record.code for record in own])
    for county in counties(session):
        if county.code == own[0].code:
            return county
        boundary = boundary_of(session, county)
        if (
            is_provisional(boundary)
            and boundary is not None
            and to_shape(boundary.geom).intersects(own[0].shape)
        ):
            report.notice("county_adopted", old=county.name, name=own[0].name, code=own[0].code)
            name_area(session, county, code=own[0].code, name=own[0].name, day=today())
            replace_boundary(boundary, own[0].shape, kind="published")
            session.flush()
            return county
    return None


def store_areas(
    session: Session,
    records: list[AreaRecord],
    county: Area | None,
    report: ImportReport,
    *,
    scheme: CodeScheme = SHIPPED,
) -> None:
    """Check the areas against each other and the house, then store them from the county down."""
    if county is not None:
        # Before looking: what is checked here and whose rows move below must not change in between.
        hold_partition(session, county.id)
    present = _present(session, county)
    shapes = {
        code: (area.level, to_shape(row.geom)) for code, (area, row) in present.items() if row is not None
    }
    placed = with_parents(records, shapes, scheme)
    provisional = {code for code, (_, row) in present.items() if is_provisional(row)}
    names = {code: area.name for code, (area, _) in present.items()}
    # A provisional extent binds nobody.
    parents = {code: shape for code, (_, shape) in shapes.items() if code not in provisional}
    parents |= {record.code: record.shape for record in placed}
    named = names | {record.code: record.name for record in placed}
    _refuse_flaws(_with_neighbours(placed, shapes, scheme), parents, named)
    areas = {code: area for code, (area, _) in present.items()}
    if county is not None:
        areas[county.code] = county
    expect_many_rows(session)
    for _, alike in groupby(by_depth(placed), key=lambda record: record.level):
        _store(session, list(alike), areas, report)
    _tell_gaps(placed, report)
    _give_rows(session, areas, report)
    touch_layer(session, "areas")


def _present(session: Session, county: Area | None) -> dict[str, tuple[Area, AreaBoundary | None]]:
    if county is None:
        return {}
    rows = session.execute(
        select(Area, AreaBoundary)
        .outerjoin(AreaBoundary, (AreaBoundary.area_id == Area.id) & AreaBoundary.valid.contains(today()))
        .where(Area.county_id == county.id, Area.valid_to.is_(None))
    ).all()
    return {area.code: (area, boundary) for area, boundary in rows}


def _refuse_flaws(
    beside: Sequence[AreaRecord], parents: dict[str, BaseGeometry], names: Mapping[str, str]
) -> None:
    """Refuse the file when its areas do not fit each other, those already here, or their parents."""
    found = flaws(beside, parents)
    if found:
        raise InvalidInput(
            "areas_do_not_fit", count=len(found), flaws=[_told(flaw, names) for flaw in found[:_FLAWS_TOLD]]
        )


def _with_neighbours(
    records: Sequence[AreaRecord], known: dict[str, tuple[str, BaseGeometry]], scheme: CodeScheme
) -> list[AreaRecord]:
    """Add the areas already here as siblings of the new ones, so that an overlap with them is seen."""
    own = {record.code for record in records}
    old = [
        AreaRecord(0, code, code, level, "", shape)
        for code, (level, shape) in known.items()
        if code not in own and level != "county"
    ]
    everything = {**known, **{record.code: (record.level, record.shape) for record in records}}
    return [*records, *with_parents(old, everything, scheme)]


def _told(flaw: Flaw, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "code": flaw.code,
        "first": names.get(flaw.first, flaw.first),
        "second": names.get(flaw.second, flaw.second),
        "at": list(flaw.at),
        "size_m2": flaw.size_m2,
    }


def _store(
    session: Session, records: Sequence[AreaRecord], areas: dict[str, Area], report: ImportReport
) -> None:
    """Store records of one level, whose parents are stored."""
    new: list[tuple[AreaRecord, Area | None]] = []
    for record in records:
        parent = areas.get(record.parent_code)
        if record.code in areas:
            _compare(session, areas[record.code], record, report)
        elif parent is None and record.level != "county":
            report.refuse([Refusal(record.line, "parent_unknown", {"code": record.code}, _row_of(record))])
        else:
            new.append((record, parent))
    made = create_areas(session, [(_new(record), parent) for record, parent in new])
    areas |= {area.code: area for area in made}
    report.loaded["area"] += len(made)
    source = {
        "file": report.source,
        "sha256": report.origin.get("sha256"),
        "datum": report.origin.get("datum"),
    }
    audit.record_all(session, "area.import", [(area, {"code": area.code, **source}) for area in made])


def _new(record: AreaRecord) -> NewArea:
    return NewArea(level=record.level, code=record.code, name=record.name, boundary=record.shape)


def _row_of(record: AreaRecord) -> dict[str, object]:
    return {
        "code": record.code,
        "name": record.name,
        "level": record.level,
        "parent": record.parent_code,
        "geometry": record.shape.wkt,
    }


def _compare(session: Session, area: Area, record: AreaRecord, report: ImportReport) -> None:
    """Leave a published area as it is (its boundary changes through a change set), complete one without."""
    boundary = boundary_of(session, area)
    if boundary is None:
        add_boundary(session, area, record.shape)
        report.loaded["area_boundary"] += 1
    elif is_provisional(boundary):
        replace_boundary(boundary, record.shape, kind="published")
        report.loaded["area_boundary"] += 1
    elif area.name == record.name and shapely.equals(to_shape(boundary.geom), record.shape):
        report.unchanged["area"] += 1
    else:
        report.kept["area"] += 1


def _tell_gaps(records: Sequence[AreaRecord], report: ImportReport) -> None:
    names = {record.code: record.name for record in records}
    for code, left_m2 in uncovered_m2(records).items():
        report.notice("children_leave_gap", area=names[code], size_m2=left_m2)


def _give_rows(session: Session, areas: dict[str, Area], report: ImportReport) -> None:
    session.flush()
    for county in sorted(
        (area for area in areas.values() if area.level == "county"), key=lambda area: area.id
    ):
        moved = reown(session, county.id) | reown_overlays(session, Holders.of(session, county))
        if moved:
            report.notice("rows_reowned", **moved)
