"""Importing camera points: register data only, never a stream address or a login."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cameras.code import read_code
from cameras.models import Camera
from core import audit
from core.db import touch_layer
from core.errors import InvalidInput
from core.intake.bulk import load_new
from core.intake.cell import number_of, word_of
from core.intake.header import normalised
from core.intake.points import PointTable, TableOptions, read_points
from core.intake.report import ImportReport, Refusal
from geo.areas.placing import place_records

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from geo.areas.county import CountyWish
    from geo.areas.locate import Owner

_WANTED = ("id", "code", "name", "camera_type", "owner_kind", "status", "bearing_deg", "field_of_view_deg",
           "range_m", "height_m", "address")  # fmt: skip
_OWNER_WORDS = {
    "public": ("public", "公安", "政府", "公共", "一类", "1"),
    "department": ("department", "部门", "单位", "行业", "二类", "2"),
    "private": ("private", "社会", "个人", "企业", "自建", "三类", "3"),
}
_STATUS_WORDS = {
    "working": ("working", "online", "ok", "on", "在线", "正常", "在用"),
    "offline": ("offline", "off", "离线", "停用", "掉线"),
    "faulty": ("faulty", "fault", "broken", "故障", "损坏", "维修"),
    "planned": ("planned", "计划", "拟建", "在建", "未建"),
}
_KIND_WORDS = {
    "dome": ("dome", "ptz", "revolving", "球机", "球型", "云台"),
    "panoramic": ("panoramic", "fisheye", "全景", "鱼眼"),
    "fixed": ("fixed", "bullet", "box", "枪机", "固定", "筒机", "半球"),
}
# Directions written as words, clockwise from true north.
_COMPASS = {
    **{word: index * 22.5 for index, word in enumerate(
        ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw",
         "nnw"))},
    **{word: index * 45.0 for index, word in enumerate(
        ("北", "东北", "东", "东南", "南", "西南", "西", "西北"))},
}  # fmt: skip
# Columns that would turn a register into an access: never read, told when met.
_ACCESS_WORDS = frozenset({"rtsp", "url", "stream", "streamurl", "password", "username", "密码", "用户名",
                           "流地址",
                           "取流地址", "ip", "ip地址", "账号"})  # fmt: skip
_COLUMNS = ("county_id", "area_id", "area_path", "source_ref", "code", "name", "kind", "owner_kind", "status",
            "bearing_deg", "view_angle_deg", "range_m", "height_m", "geom")  # fmt: skip


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """One row that can be loaded; None where the file says nothing. `index` is its place in the table."""

    index: int
    source_ref: str
    code: str | None
    name: str
    kind: str
    owner_kind: str
    status: str
    bearing_deg: float | None
    view_angle_deg: float | None
    range_m: float | None
    height_m: float | None


class _RefusedError(Exception):
    """Unwinds from a cell to its row; carries the reason."""

    def __init__(self, code: str, /, **fields: object) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields


def read_cameras(path: Path, options: TableOptions) -> tuple[PointTable, list[CameraRecord], list[Refusal]]:
    """Return the table, the rows that can be loaded, and the others with their reasons.

    A row's reference is its GB/T 28181 code, else its id, else its place, numbered where several cameras
    hang on one pole.
    """
    points = read_points(path, wanted=_WANTED, required=(), options=options)
    flags = {normalised(name): place for place, name in enumerate(points.table.columns)}
    records: list[CameraRecord] = []
    refusals: list[Refusal] = []
    seen: dict[str, int] = {}
    for index in range(len(points.table.rows)):
        try:
            record = _record(points, index, seen, revolving=_flag(points, index, flags.get("revolving")))
        except _RefusedError as reason:
            refusals.append(points.refusal(index, reason.code, **reason.fields))
        else:
            seen[record.source_ref] = points.table.lines[index]
            records.append(record)
    return points, records, refusals


def _flag(points: PointTable, index: int, place: int | None) -> bool:
    row = points.table.rows[index]
    return place is not None and place < len(row) and str(row[place]).lower() in {"yes", "true", "1", "是"}


def _record(points: PointTable, index: int, seen: dict[str, int], *, revolving: bool) -> CameraRecord:
    line = points.table.lines[index]
    code = _code(points.text(index, "code"))
    reference = _reference(points, index, code, seen)
    angle_deg = _ranged(points, index, "field_of_view_deg", (0, 360))
    kind = word_of(points.text(index, "camera_type"), _KIND_WORDS, "dome" if revolving else "fixed")
    return CameraRecord(
        index=index,
        source_ref=reference,
        code=code,
        # A point without any name is called by its line: the register must be able to point at it.
        name=(points.text(index, "name") or points.text(index, "address") or code or f"C{line:04d}")[:120],
        kind=kind,
        owner_kind=word_of(points.text(index, "owner_kind"), _OWNER_WORDS, "public"),
        status=word_of(points.text(index, "status"), _STATUS_WORDS, "working"),
        bearing_deg=_bearing(points, index),
        view_angle_deg=angle_deg,
        range_m=_ranged(points, index, "range_m", (0, 5000)),
        height_m=_ranged(points, index, "height_m", (0, 300)),
    )


def _code(text: str) -> str | None:
    if not text:
        return None
    if read_code(text) is None:
        raise _RefusedError("camera_code_wrong", found=text[:40])
    return text


def _reference(points: PointTable, index: int, code: str | None, seen: dict[str, int]) -> str:
    identity = f"gb:{code}" if code else f"id:{points.text(index, 'id')}"
    if identity != "id:":
        if identity in seen:
            raise _RefusedError("row_twice", first_line=seen[identity])
        return identity
    place = f"{points.lon[index]:.7f},{points.lat[index]:.7f}"
    digest = hashlib.sha256(place.encode()).hexdigest()[:20]
    number = 1
    while f"point:{digest}:{number}" in seen:
        number += 1
    return f"point:{digest}:{number}"


def _bearing(points: PointTable, index: int) -> float | None:
    """Return the bearing in [0, 360), None when the cell is empty."""
    text = points.text(index, "bearing_deg")
    if not text:
        return None
    word = text.lower().strip().removeprefix("朝").removesuffix("向").removesuffix("方")
    value = _COMPASS.get(word, number_of(points.cell(index, "bearing_deg")))
    if value is None or not -360 <= value <= 360:
        raise _RefusedError("bearing_unreadable", found=text[:40])
    return value % 360.0


def _ranged(points: PointTable, index: int, field: str, limits: tuple[float, float]) -> float | None:
    text = points.text(index, field)
    if not text:
        return None
    value = number_of(points.cell(index, field))
    if value is None or not limits[0] < value <= limits[1]:
        raise _RefusedError("number_out_of_range", field=field, found=text[:40], most=limits[1])
    return value


def import_cameras(session: Session, path: Path, wish: CountyWish, options: TableOptions) -> ImportReport:
    """Read and store camera points; cameras already here are left as they are.

    Raises
    ------
    InvalidInput
        What `read_points` and `place_records` raise; ``nothing_usable`` when no row could be loaded.
    """
    points, records, refusals = read_cameras(path, options)
    report = points.report("cameras", path, refusals)
    access = [name for name in points.table.columns if normalised(name) in _ACCESS_WORDS]
    if access:
        report.notice("access_columns_ignored", columns=access)
    county, placed = place_records(session, points, records, wish=wish, report=report)
    taken = _codes_taken(session, county.id)
    rows = []
    for camera in placed:
        each = camera.record
        if each.code is not None and taken.get(each.code, each.source_ref) != each.source_ref:
            report.refuse([points.refusal(each.index, "camera_code_taken", found=each.code)])
        else:
            rows.append(_row(each, camera.owner, camera.geom))
    if not rows:
        raise InvalidInput("nothing_usable", **report.why_nothing())
    _store(session, rows, report)
    no_bearing = sum(each.bearing_deg is None for each in records)
    if no_bearing:
        report.notice("bearing_missing", count=no_bearing)
    audit.record(session, "camera.import", subject=county, loaded=dict(report.loaded))
    return report


def _row(each: CameraRecord, owner: Owner, geom: str) -> tuple[Any, ...]:
    return (owner.county_id, owner.area_id, owner.area_path, each.source_ref, each.code, each.name, each.kind,
            each.owner_kind, each.status, each.bearing_deg, each.view_angle_deg, each.range_m, each.height_m,
            geom)  # fmt: skip


def _codes_taken(session: Session, county_id: int) -> dict[str, str]:
    rows = session.query(Camera.code, Camera.source_ref).filter(
        Camera.county_id == county_id, Camera.code.is_not(None)
    )
    return {str(code): str(reference or "") for code, reference in rows}


def _store(session: Session, rows: list[tuple[Any, ...]], report: ImportReport) -> None:
    table: Any = Camera.__table__
    report.count("camera", load_new(session, table, columns=_COLUMNS, rows=rows, compared=_COLUMNS[4:]))
    touch_layer(session, "cameras")
