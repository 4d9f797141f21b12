"""Importing patrol districts: a vector file of codes, names, forces and ground becomes a layer of the map."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import shapely
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy import select

from core import audit
from core.clock import today
from core.errors import InvalidInput
from core.intake.bulk import Loaded, expect_many_rows
from core.intake.report import ImportReport, Refusal
from geo.areas.county import county_for
from geo.areas.feature import Feature, FeatureOptions, read_features
from geo.areas.overlays import Holders, reown_overlays
from geo.areas.queries import boundary_shape, hold_partition
from geo.areas.service import as_multipolygon
from patrols.districts.fit import Misfit, misfits
from patrols.models import FORCE_KINDS, Force, PatrolDistrict
from patrols.queries import present_districts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from geo.areas.county import CountyWish
    from geo.areas.models import Area

# A file with more misfits than this is not mended from a list; the first ones, by size, are enough.
_MISFITS_TOLD = 20


@dataclass(frozen=True, slots=True)
class DistrictOptions(FeatureOptions):
    """How to read the file, and what to do with what is new or other than here.

    `force_kind` is the kind of forces that are made when the file names some that are not there; empty, such
    rows are refused. With `replace` a district that is here with other values ends and the file's begins.
    """

    force_kind: str = ""
    replace: bool = False


def import_districts(
    session: Session, path: Path, wish: CountyWish, options: DistrictOptions
) -> ImportReport:
    """Read and store a file of patrol districts; a file that does not fit is refused as a whole.

    Raises
    ------
    InvalidInput
        What `read_features`, `county_for` and `store_districts` raise; ``nothing_usable`` when no feature
        could be read; ``force_kind_unknown`` (fields `kind`, `kinds`).
    """
    if options.force_kind and options.force_kind not in FORCE_KINDS:
        raise InvalidInput("force_kind_unknown", kind=options.force_kind, kinds=list(FORCE_KINDS))
    report = ImportReport("districts", path.name)
    records = list(read_features(path, options, report, more=("force",), own="district"))
    if not records:
        raise InvalidInput("nothing_usable", **report.why_nothing())
    west, south, east, north = shapely.total_bounds([record.shape for record in records])
    county = county_for(session, (west, south, east, north), wish, report)
    store_districts(session, records, county, report=report, options=options)
    audit.record(
        session, "district.import", subject=county, file=path.name, loaded=dict(report.loaded),
        sha256=report.origin.get("sha256"), datum=report.origin.get("datum"),
    )  # fmt: skip
    return report


def store_districts(
    session: Session,
    records: Sequence[Feature],
    county: Area,
    *,
    report: ImportReport,
    options: DistrictOptions,
) -> None:
    """Store the districts that are not here, and give all of the county to the areas that hold them now.

    Flushed, not committed.

    Raises
    ------
    InvalidInput
        ``districts_do_not_fit`` (fields `count`, `flaws`): two of those that would be here would overlap, or
        a new one leaves the county.
    """
    # Of two files read at once the second must be checked against what the first one brought.
    hold_partition(session, county.id)
    forces = _forces(session, county, records, report=report, kind=options.force_kind)
    usable = [record for record in records if not record.cells["force"] or record.cells["force"] in forces]
    here = {row.code: row for row in present_districts(session, county.id)}
    verdicts = [
        _verdict(here.get(record.code), record, forces.get(record.cells["force"]), replace=options.replace)
        for record in usable
    ]
    fresh = [record for record, verdict in zip(usable, verdicts, strict=True) if verdict in _STORED]
    _refuse_misfits(session, fresh, here, county)
    _end(session, [here[record.code] for record in fresh if record.code in here], report)
    holders = Holders.of(session, county)
    _add(session, fresh, holders, forces)
    unchanged, kept = verdicts.count(_Verdict.UNCHANGED), verdicts.count(_Verdict.KEPT)
    report.count("patrol_district", Loaded(len(fresh), unchanged, kept))
    _give(session, holders, report)


def _forces(
    session: Session, county: Area, records: Sequence[Feature], *, report: ImportReport, kind: str
) -> dict[str, int]:
    """Return the ids of the county's forces by name; those the file names are made, or their rows refused."""
    known = {
        force.name: force.id for force in session.scalars(select(Force).where(Force.county_id == county.id))
    }
    missing = [record for record in records if record.cells["force"] and record.cells["force"] not in known]
    if kind:
        made = [
            Force(name=name, kind=kind, **_owner(county))
            for name in sorted({r.cells["force"] for r in missing})
        ]
        session.add_all(made)
        session.flush()
        report.loaded["force"] += len(made)
        return known | {force.name: force.id for force in made}
    report.refuse(
        Refusal(
            record.line,
            "force_unknown",
            {"code": record.code, "force": record.cells["force"], "known": sorted(known)},
            record.row,
        )
        for record in missing
    )
    return known


def _owner(area: Area) -> dict[str, int | str]:
    return {"county_id": area.county_id, "area_id": area.id, "area_path": area.path}


class _Verdict(Enum):
    """What becomes of a record beside the district of its code that is here."""

    NEW = auto()
    UNCHANGED = auto()
    KEPT = auto()
    REPLACED = auto()


_STORED = frozenset({_Verdict.NEW, _Verdict.REPLACED})


def _verdict(row: PatrolDistrict | None, record: Feature, force_id: int | None, *, replace: bool) -> _Verdict:
    if row is None:
        return _Verdict.NEW
    same = (row.name, row.force_id) == (record.name, force_id)
    if same and shapely.equals(to_shape(row.geom), record.shape):
        return _Verdict.UNCHANGED
    return _Verdict.REPLACED if replace else _Verdict.KEPT


def _refuse_misfits(
    session: Session,
    fresh: Sequence[Feature],
    here: Mapping[str, PatrolDistrict],
    county: Area,
) -> None:
    new = {record.code: record.shape for record in fresh}
    beside = {code: to_shape(row.geom) for code, row in here.items() if code not in new}
    found = misfits(new, beside, boundary_shape(session, county.id))
    names = {code: row.name for code, row in here.items()} | {record.code: record.name for record in fresh}
    if found:
        told = [_told(misfit, names, county) for misfit in found[:_MISFITS_TOLD]]
        raise InvalidInput("districts_do_not_fit", count=len(found), flaws=told)


def _told(misfit: Misfit, names: Mapping[str, str], county: Area) -> dict[str, object]:
    return {
        "code": misfit.code,
        "first": names[misfit.first],
        "second": names.get(misfit.second, county.name),
        "at": list(misfit.at),
        "size_m2": misfit.size_m2,
    }


def _end(session: Session, replaced: Sequence[PatrolDistrict], report: ImportReport) -> None:
    for row in replaced:
        row.valid_to = today()
    # Before their codes are given again.
    session.flush()
    if replaced:
        report.notice("districts_ended", codes=[row.code for row in replaced])


def _add(session: Session, fresh: Sequence[Feature], holders: Holders, forces: Mapping[str, int]) -> None:
    owners = holders.owners([record.shape for record in fresh])
    expect_many_rows(session)
    session.add_all(
        PatrolDistrict(
            code=record.code,
            name=record.name,
            force_id=forces.get(record.cells["force"]),
            valid_from=today(),
            geom=from_shape(as_multipolygon(record.shape), srid=4326),
            **_owner(owner),
        )
        for record, owner in zip(fresh, owners, strict=True)
    )
    session.flush()


def _give(session: Session, holders: Holders, report: ImportReport) -> None:
    """Correct the owners of districts that came before the areas they lie in."""
    moved = reown_overlays(session, holders)
    if moved:
        report.notice("rows_reowned", **moved)
        # The owners were written past the session.
        session.expire_all()
