"""What the commands share that analyse a file of incidents without a server: options, dates, words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import shapely

from core.errors import DomainError, InvalidInput
from geo.areas.polygon_file import read_parent
from geo.shapes.crs import shape_to_metric
from incidents.register import Reading, Register, read_register
from webapp.cli.areas_words import ERRORS as FILE_ERRORS
from webapp.cli.refusal import refuse

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

#: What these commands refuse, beside what reading a file refuses.
ERRORS: dict[str, tuple[str, str]] = {
    **FILE_ERRORS,
    "where_unreadable": ("--where 应写成 列=值，实为“{found}”。", "--where takes COLUMN=VALUE, not {found}."),
    "where_matches_nothing": (
        "列“{column}”中没有“{value}”。现有：{found}。",
        "Column {column} never holds {value}. It holds: {found}.",
    ),
    "no_incidents_in_file": (
        "{file} 中没有可用的事件（{left_out}）。",
        "{file} holds no incident that can be used ({left_out}).",
    ),
    "date_unreadable": (
        "{setting} 的日期“{value}”无法识别，应为 2017-12-31。",
        "{setting} {value} is no date; write 2017-12-31.",
    ),
    "period_empty": ("开始日期 {start} 不早于结束日期 {end}。", "The period from {start} to {end} is empty."),
    "periods_overlap": (
        "{setting} 的末日 {end} 应早于 --after 的首日 {start}。",
        "{setting} ends on {end}, which is not before the first day of --after, {start}.",
    ),
    "register_too_short": (
        "{file} 只有 {days} 天的记录，至少需要 {minimum} 天。",
        "{file} holds {days} days; at least {minimum} are needed.",
    ),
    "numbers_unreadable": (
        "{setting} 应为用逗号分隔、由小到大的数，实为“{value}”。",
        "{setting} takes ascending numbers separated by commas, not {value}.",
    ),
    "roads_missing": (
        "按街道分析需要道路文件：--roads 文件。",
        "Streets as cells need a file of streets: --roads FILE.",
    ),
    "lattice_refused": ("无法划分网格：{cause}。", "No lattice can be laid: {cause}."),
}


def reads_incidents(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how the file is read; a refusal is one sentence and exit code 2."""

    @click.option("--lon", default="lon", show_default=True, help="经度列 / Column of longitudes.")
    @click.option("--lat", default="lat", show_default=True, help="纬度列 / Column of latitudes.")
    @click.option("--time", default="datetime", show_default=True, help="时间列 / Column of times.")
    @click.option(
        "--where",
        multiple=True,
        metavar="COLUMN=VALUE",
        help="只分析这些 / Only these; the same column twice: either.",
    )
    @click.option(
        "--with-patrol", is_flag=True, help="含巡防发现的 / Keep what patrols found (out by default)."
    )
    @click.option(
        "--boundary", type=click.Path(path_type=Path), help="研究区边界 / File with the study area."
    )
    @click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31 - 1))
    @click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / Print one JSON object.")
    @wraps(command)
    def taken(*, as_json: bool, **rest: Any) -> None:
        refusing(lambda: command(as_json=as_json, **rest), as_json=as_json)

    return taken


def refusing(work: Callable[[], None], *, as_json: bool) -> None:
    """Do `work`; a refusal is printed in both languages (as JSON when asked) and ends with exit code 2."""
    try:
        work()
    except DomainError as error:
        if error.code not in ERRORS:
            # Of the database and its jobs: `main` has words for it.
            raise
        refuse(error, ERRORS, as_json=as_json)


def register_of(file: Path, asked: dict[str, Any]) -> Register:
    """Return the incidents of the file, read as the options say."""
    reading = Reading(
        lon=asked["lon"],
        lat=asked["lat"],
        time=asked["time"],
        where=_where(asked["where"]),
        with_patrol=asked["with_patrol"],
    )
    return read_register(file, reading)


def boundary_of(path: Path | None, epsg: int) -> BaseGeometry | None:
    """Return the study area of a file of polygons in the metric CRS, None without a file."""
    return None if path is None else shape_to_metric(shapely.make_valid(read_parent(path)), epsg)


def day_of(words: str | None, setting: str) -> np.datetime64 | None:
    """Return a typed date.

    Raises
    ------
    InvalidInput
        ``date_unreadable`` (fields `setting`, `value`).
    """
    if words is None:
        return None
    try:
        return np.datetime64(words.strip(), "D")
    except ValueError as error:
        raise InvalidInput("date_unreadable", setting=setting, value=words) from error


def numbers_of(words: str, setting: str) -> tuple[float, ...]:
    """Return typed numbers, ascending.

    Raises
    ------
    InvalidInput
        ``numbers_unreadable`` (fields `setting`, `value`).
    """
    try:
        numbers = tuple(float(word) for word in words.split(","))
    except ValueError as error:
        raise InvalidInput("numbers_unreadable", setting=setting, value=words) from error
    if list(numbers) != sorted(set(numbers)):
        raise InvalidInput("numbers_unreadable", setting=setting, value=words)
    return numbers


def told_reading(register: Register, file: Path) -> dict[str, Any]:
    """Return what every answer says about the file it rests on."""
    return {
        "file": file.name,
        "rows": register.rows,
        "usable": len(register.incidents),
        "selected": int(register.asked.sum()),
        "left_out": register.left_out,
        "metric_epsg": register.epsg,
    }


def _where(conditions: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for condition in conditions:
        column, equals, value = condition.partition("=")
        if not equals or not column.strip():
            raise InvalidInput("where_unreadable", found=condition)
        found.setdefault(column.strip(), []).append(value.strip())
    return found
