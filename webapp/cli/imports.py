"""``gridpatrol import``: real files into the house; what was loaded, what was refused, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import sqlalchemy.exc
from sqlalchemy.orm import Session

from cameras.intake import import_cameras
from core.db import Scope, transaction
from core.errors import DomainError, InvalidInput
from core.intake.header import SYNONYMS
from core.intake.points import TableOptions
from core.intake.report import ImportReport, write_refused
from geo.areas.county import CountyWish
from geo.areas.intake import AreaOptions, import_areas
from geo.households.intake import import_households
from geo.roads.intake import GroundOptions, import_ground
from geo.roads.queries import lines_within
from geo.shapes.datum import Datum
from incidents.intake import IncidentOptions, import_incidents
from patrols.districts.intake import DistrictOptions, import_districts
from webapp.cli.import_words import ERRORS, KINDS, NOTICES, REASONS, SKIPPED, say
from webapp.cli.refusal import refuse

# One statement of a large import (half a million rows with their indexes) may take minutes.
_STATEMENT_TIMEOUT_S = 3600


class Wishes(NamedTuple):
    """The options all imports share."""

    file: Path
    county: CountyWish
    as_json: bool
    refused: Path | None


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """Add the file and the options all imports share; hand them over as one value."""

    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--county", help="县区代码 / Code of the county the file belongs to.")
    @click.option(
        "--new-county", "--county-name", help="新建县区的名称 / Make a county of this name for the file."
    )
    @click.option(
        "--json", "as_json", is_flag=True, help="以 JSON 输出完整报告 / Print the whole report as JSON."
    )
    @click.option(
        "--refused",
        type=click.Path(path_type=Path, dir_okay=False),
        help="把未导入的行连同原因写入此 CSV / Write refused rows with their reason to this CSV.",
    )
    @wraps(command)
    def taken(
        *,
        file: Path,
        county: str | None,
        new_county: str | None,
        as_json: bool,
        refused: Path | None,
        **rest: Any,
    ) -> None:
        wishes = Wishes(file, CountyWish(county, new_county), as_json, refused)
        command(wishes, **rest)

    return taken


def _table(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of tables, handed over as one value."""

    @click.option("--sheet", "--layer", "sheet", help="工作表或图层 / Sheet of a workbook, or layer.")
    @click.option("--crs", help="文件未写明时的坐标系 / Reference system where the file names none.")
    @click.option("--column", "columns", multiple=True, help="字段=列名 / FIELD=NAME, may be repeated.")
    @click.option("--lon", help="经度列 / Column of longitude.")
    @click.option("--lat", help="纬度列 / Column of latitude.")
    @click.option(
        "--drop-forbidden",
        is_flag=True,
        help="不导入个人属性列 / Load without columns that carry attributes of persons.",
    )
    @wraps(command)
    def taken(
        wishes: Wishes,
        *,
        sheet: str | None,
        crs: str | None,
        columns: tuple[str, ...],
        lon: str | None,
        lat: str | None,
        drop_forbidden: bool,
        **rest: Any,
    ) -> None:
        try:
            chosen = _columns(columns) | {name: to for name, to in (("lon", lon), ("lat", lat)) if to}
        except DomainError as error:
            refuse(error, ERRORS, as_json=wishes.as_json)
        options = TableOptions(sheet=sheet, crs=crs, columns=chosen, drop_forbidden=drop_forbidden)
        command(wishes, options, **rest)

    return taken


def _polygons(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of boundary files, handed over by name as `geo.areas.feature` takes them."""

    @click.option("--layer", help="图层 / Layer of a file that holds several.")
    @click.option("--crs", help="文件未写明时的坐标系 / Reference system where the file names none.")
    @click.option(
        "--datum",
        type=click.Choice([each.value for each in Datum]),
        help="坐标基准：gcj02（高德、腾讯）和 bd09（百度）转换一次 / "
        "Datum of the coordinates; gcj02 (Amap, Tencent) and bd09 (Baidu) are converted, once.",
    )
    @click.option("--column", "columns", multiple=True, help="字段=列名 / FIELD=NAME, may be repeated.")
    @click.option("--drop-forbidden", is_flag=True, help="不导入个人属性列 / Load without such columns.")
    @wraps(command)
    def taken(wishes: Wishes, *, datum: str | None, **rest: Any) -> None:
        command(wishes, datum=Datum(datum) if datum else None, **rest)

    return taken


def _columns(pairs: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        field, mark, name = pair.partition("=")
        if not mark or field not in SYNONYMS:
            raise InvalidInput("column_option_wrong", fields=sorted(SYNONYMS))
        chosen[field] = name
    return chosen


@click.group(name="import")
def imports() -> None:
    """导入真实数据 / Load real files; loading a file again changes nothing."""


@imports.command()
@_shared
@click.option("--layer", help="图层 / Layer of a file that holds several.")
@click.option("--crs", help="文件未写明时的坐标系 / Reference system where the file names none.")
def roads(wishes: Wishes, layer: str | None, crs: str | None) -> None:
    """道路、建筑、水系、场所 / Roads, buildings, water, places (.osm.pbf, .osm.gz, GeoJSON, GPKG, SHP)."""
    options = GroundOptions(layer=layer, crs=crs)
    _run(wishes, lambda session: import_ground(session, wishes.file, wishes.county, options))


@imports.command()
@_shared
@_polygons
@click.option("--level", default="", help="没有级别列时的级别 / Level where no column tells it.")
def areas(wishes: Wishes, *, columns: tuple[str, ...], **rest: Any) -> None:
    """行政区划与网格 / Areas and grids (GeoJSON, GPKG, SHP, KML): code, name, level, parent."""
    _run(
        wishes,
        lambda session: import_areas(
            session,
            wishes.file,
            wishes.county,
            AreaOptions(columns=_columns(columns), streets=partial(lines_within, session), **rest),
        ),
    )


@imports.command()
@_shared
@_polygons
@click.option(
    "--force-kind",
    default="",
    help="新建文件所列而系统中没有的队伍，并定为此类型 / Make forces that are not here, of this kind.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="终止内容不同的同代码巡区，改用文件中的 / End districts that are here with other values.",
)
def districts(wishes: Wishes, *, columns: tuple[str, ...], **rest: Any) -> None:
    """巡区 / Patrol districts (GeoJSON, GPKG, SHP, KML): code, name, force."""
    _run(
        wishes,
        lambda session: import_districts(
            session,
            wishes.file,
            wishes.county,
            DistrictOptions(columns=_columns(columns), streets=partial(lines_within, session), **rest),
        ),
    )


@imports.command()
@_shared
@_table
def households(wishes: Wishes, options: TableOptions) -> None:
    """房屋与住户 / Dwellings and households (CSV, xlsx, xls, ods)."""
    _run(wishes, lambda session: import_households(session, wishes.file, wishes.county, options))


@imports.command()
@_shared
@_table
def cameras(wishes: Wishes, options: TableOptions) -> None:
    """摄像机点位 / Camera points (CSV, xlsx, GeoJSON): register data only."""
    _run(wishes, lambda session: import_cameras(session, wishes.file, wishes.county, options))


@imports.command()
@_shared
@_table
@click.option("--time", "time_column", help="时间列 / Column of the time.")
@click.option("--type", "type_column", help="类型列 / Column of the type.")
@click.option("--tz", help="时间所属时区，如 Asia/Shanghai / Zone of times that name none.")
def incidents(
    wishes: Wishes, options: TableOptions, *, time_column: str | None, type_column: str | None, tz: str | None
) -> None:
    """警情与事件 / Incidents (CSV, xlsx, GeoJSON): time, type, lon, lat."""
    named = {name: to for name, to in (("occurred_at", time_column), ("type", type_column)) if to}
    table = TableOptions(
        sheet=options.sheet,
        crs=options.crs,
        columns={**(options.columns or {}), **named},
        drop_forbidden=options.drop_forbidden,
    )
    _run(
        wishes,
        lambda session: import_incidents(
            session, wishes.file, wishes.county, IncidentOptions(table=table, zone=_zone(tz))
        ),
    )


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput("zone_unknown", zone=name) from error


def _run(wishes: Wishes, work: Callable[[Session], ImportReport]) -> None:
    """Do one import in one transaction and tell its report; a refused file ends with exit code 2."""
    started = time.monotonic()
    try:
        with transaction(Scope.everything(), statement_timeout_s=_STATEMENT_TIMEOUT_S) as session:
            report = work(session)
        if wishes.refused is not None:
            _hand_back(wishes.refused, report)
    except DomainError as error:
        refuse(error, ERRORS, as_json=wishes.as_json, spoken=_spoken(error.fields))
    except sqlalchemy.exc.OperationalError:
        refuse(DomainError("database_unreachable"), ERRORS, as_json=wishes.as_json)
    seconds = round(time.monotonic() - started, 1)
    if wishes.as_json:
        click.echo(json.dumps({**report.as_json(), "duration_s": seconds}, ensure_ascii=False, indent=1))
    else:
        _tell(report, wishes, seconds)


def _spoken(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an error as its sentence takes them: reasons in words, with their first case."""
    first = fields.get("first", {})
    told = [
        f"{count} × {say(REASONS, code, first.get(code, {}))}"
        for code, count in fields.get("refused", {}).items()
    ]
    return {**fields, "refused": "; ".join(told)} if told else dict(fields)


def _hand_back(path: Path, report: ImportReport) -> None:
    try:
        write_refused(path, report.refusals, lambda each: say(REASONS, each.code, each.fields))
    except OSError as error:
        raise InvalidInput("output_unwritable", file=str(path), cause=error.strerror or "") from error


def _tell(report: ImportReport, wishes: Wishes, seconds: float) -> None:
    click.echo(f"{report.source} ({seconds} s)")
    for notice in report.notices:
        click.echo("  " + say(NOTICES, notice.code, notice.fields, join="\n  "))
    for kind in sorted({*report.loaded, *report.unchanged, *report.kept}):
        counts = (report.loaded[kind], report.unchanged[kind], report.kept[kind])
        if any(counts):
            click.echo(f"  {say(KINDS, kind, {})}: " + _counted(*counts))
    kept = [kind for kind, count in report.kept.items() if count]
    for note in dict.fromkeys(_KEPT_NOTES.get(kind, _KEPT_NOTE) for kind in kept):
        click.echo(note)
    for code, count in report.skipped.most_common():
        click.echo(f"  略过 skipped {count}: {say(SKIPPED, code, {})}")
    if report.refusals:
        _tell_refused(report, wishes)


# An import only adds; the reader of "left as they are" wants to know how to change them then.
_KEPT_NOTE = (
    "    导入只新增、从不修改已有记录；要修改请在相应页面操作，见 docs/imports.md“Importing again”\n"
    "    an import only adds and never changes what is here; change it in its room: "
    'docs/imports.md, "Importing again"'
)
_KEPT_NOTES = {
    "patrol_district": (
        "    要改用文件中的巡区，请加 --replace：原巡区今天终止，由文件中的接替\n"
        "    to take those of the file, add --replace: "
        "the districts that are here end today and the file's begin"
    ),
}


def _counted(new: int, unchanged: int, kept: int) -> str:
    parts = [f"导入 loaded {new}"]
    if unchanged:
        parts.append(f"未变 unchanged {unchanged}")
    if kept:
        parts.append(f"已有且内容不同、保持原样 already here with other values, left as they are {kept}")
    return ", ".join(parts)


def _tell_refused(report: ImportReport, wishes: Wishes) -> None:
    click.echo(f"  未导入 refused {len(report.refusals)}:")
    examples = report.examples()
    for code, count in report.refused.most_common():
        click.echo(f"    {count} × {say(REASONS, code, examples[code][0].fields)}")
        lines = ", ".join(str(each.line) for each in examples[code])
        click.echo(f"      行 line {lines}" + (" …" if count > len(examples[code]) else ""))
    if wishes.refused is not None:
        click.echo(f"  未导入的行已写入 refused rows are in {wishes.refused}")
    else:
        click.echo("  加 --refused 文件.csv 可取回这些行 / add --refused FILE.csv to get these rows back")
