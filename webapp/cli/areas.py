"""``gridpatrol areas``: check and mend a file of boundaries; needs no server, database or settings."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import DomainError, InvalidInput
from geo.areas.polygon_file import PolygonFile, read_parent, read_polygons, refuse_output, write_polygons
from geo.shapes.mending import Finding, Kind, Limits, Move, Repaired, find_flaws, repair
from webapp.cli.areas_words import ERRORS, FINDINGS, NOTICES, OF, RULES
from webapp.cli.import_words import say
from webapp.cli.later import Later
from webapp.cli.refusal import refuse

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_FOUND = 1
# A terminal is no place for ten thousand lines; --json holds them all.
_TOLD = 200


@click.group(cls=Later, elsewhere={"propose": "webapp.cli.areas_propose"})
def areas() -> None:
    """检查、修补边界文件 / Check and mend files of boundaries; needs no server and no database."""


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for reading and judging; a refusal is one sentence and exit code 2."""

    @click.option("--layer", help="图层 / Layer of a file that holds several.")
    @click.option("--crs", help="文件未写明时的坐标系 / Reference system where the file names none.")
    @click.option(
        "--parent", type=click.Path(path_type=Path), help="上级区域文件 / File of the ground to tile."
    )
    @click.option(
        "--sliver-m",
        type=click.FloatRange(0.1, 100),
        default=3.0,
        show_default=True,
        help="窄于此为狭长碎片 / Narrower than this is a sliver.",
    )
    @click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / Print JSON.")
    @wraps(command)
    def taken(*, as_json: bool, **rest: Any) -> None:
        try:
            command(as_json=as_json, **rest)
        except DomainError as error:
            refuse(error, ERRORS, as_json=as_json, spoken=_spoken(error.fields))
        except OSError as error:
            # A name too long, a folder that may not be searched: the system's word for it is the cause.
            fields = {"file": str(error.filename or ""), "cause": error.strerror or type(error).__name__}
            refuse(InvalidInput("file_unreadable", **fields), ERRORS, as_json=as_json)
        except MemoryError:
            refuse(InvalidInput("memory_short"), ERRORS, as_json=as_json)

    return taken


def _spoken(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an error with the reference systems that would fit as words."""
    if "guesses" not in fields:
        return fields
    guesses = [
        f"EPSG:{guess['epsg']} {guess['name']}"
        + (" (经纬度颠倒 latitude first)" if guess["northing_first"] else "")
        for guess in fields["guesses"][:3]
    ]
    return {**fields, "guesses": "; ".join(guesses) or "-"}


@areas.command()
@click.argument("file", type=click.Path(path_type=Path))
@_reading
def check(file: Path, *, parent: Path | None, sliver_m: float, as_json: bool, **how: Any) -> None:
    """列出缝隙、重叠、碎片与错位节点 / List gaps, overlaps, slivers, vertices that do not meet.

    退出码 0 无误，1 有问题，2 无法读取。 Exit code 0: valid, 1: findings, 2: unreadable.
    """
    read = read_polygons(file, **how)
    whole = read_parent(parent, crs=how["crs"]) if parent else None
    found = _findings(read, whole, Limits(sliver_m=sliver_m))
    if as_json:
        click.echo(json.dumps(_report(file, read, found), ensure_ascii=False, default=float))
    else:
        _tell_head(file, read)
        _tell_findings(found, read)
    sys.exit(_FOUND if any(finding.wrong for finding in found) else 0)


@areas.command(name="repair")
@click.argument("file", metavar="IN", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@_reading
@click.option(
    "--gap-m", type=click.FloatRange(0.1), default=20.0, show_default=True,
    help="更宽的缝隙不填 / Gaps wider than this are left.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="覆盖已有的 OUT / Replace an OUT that exists.")
def mend(
    file: Path, out: Path, *, parent: Path | None, sliver_m: float, gap_m: float, force: bool, as_json: bool,
    **how: Any,
) -> None:  # fmt: skip
    """修补并说明移动了什么 / Mend a file and say what moved; IN is never changed.

    退出码 0 已无误，1 仍有问题，2 未写出。 Exit code 0: valid now, 1: something is left, 2: nothing written.
    """
    if out.exists() and file.exists() and out.samefile(file):
        raise InvalidInput("output_is_input", file=out.name)
    refuse_output(out, over=force)
    read = read_polygons(file, **how)
    whole = read_parent(parent, crs=how["crs"]) if parent else None
    done = _mended(read, whole, Limits(sliver_m=sliver_m, gap_m=gap_m))
    rows = [row for row in range(len(read.layer)) if row not in done.dropped]
    write_polygons(out, read, done.shapes, rows=rows, over=force)
    if as_json:
        click.echo(json.dumps(_account(file, out, read, done), ensure_ascii=False, default=float))
    else:
        _tell_head(file, read)
        _tell_moves(done, read)
        _tell_findings(done.remaining, read)
        click.echo(f"已写入 written: {out}")
    sys.exit(_FOUND if any(finding.wrong for finding in done.remaining) else 0)


def _findings(read: PolygonFile, parent: BaseGeometry | None, limits: Limits) -> list[Finding]:
    found = []
    for family in read.families:
        own = find_flaws(read.layer.geometries[list(family)], parent, limits=limits)
        found += [_renumbered(finding, family) for finding in own]
    return found


def _renumbered(finding: Finding, family: tuple[int, ...]) -> Finding:
    return replace(finding, parts=tuple(family[part] for part in finding.parts))


def _mended(read: PolygonFile, parent: BaseGeometry | None, limits: Limits) -> Repaired:
    """Return all families mended, each by itself."""
    whole = Repaired(list(read.layer.geometries))
    dropped: list[int] = []
    for family in read.families:
        done = repair(read.layer.geometries[list(family)], parent, limits=limits)
        for row, shape in zip(family, done.shapes, strict=True):
            whole.shapes[row] = shape
        whole.moves.extend(_move_renumbered(move, family) for move in done.moves)
        whole.remaining.extend(_renumbered(finding, family) for finding in done.remaining)
        dropped += [family[row] for row in done.dropped]
    return replace(whole, dropped=tuple(dropped))


def _move_renumbered(move: Move, family: tuple[int, ...]) -> Move:
    giver, taker = (None if part is None else family[part] for part in (move.giver, move.taker))
    return replace(move, finding=_renumbered(move.finding, family), giver=giver, taker=taker)


def _report(file: Path, read: PolygonFile, found: list[Finding]) -> dict[str, object]:
    counts = Counter(finding.code for finding in found)
    return {
        "file": file.name,
        "crs": read.layer.provenance.source_crs if read.layer.provenance else read.layer.crs,
        "encoding": read.layer.encoding,
        "grids": len(read.layer),
        "valid": not any(finding.wrong for finding in found),
        "counts": {kind.value: counts[kind.value] for kind in Kind},
        "slivers": dict(Counter(finding.of for finding in found if finding.of)),
        "notices": [{"code": notice.code, "fields": dict(notice.fields)} for notice in read.layer.notices],
        "findings": [_as_json(finding, read) for finding in found],
    }


def _as_json(finding: Finding, read: PolygonFile) -> dict[str, object]:
    place = None if finding.place.is_empty else finding.place.__geo_interface__
    return {
        "kind": finding.code,
        "of": finding.of,
        "wrong": finding.wrong,
        "grids": [read.names[part] for part in finding.parts],
        "rows": [part + 1 for part in finding.parts],
        "at": _at(finding),
        "size_m2": round(finding.size_m2, 2),
        "width_m": None if finding.width_m is None else round(float(finding.width_m), 2),
        "distance_m": None if finding.distance_m is None else round(float(finding.distance_m), 3),
        "place": place,
    }


def _at(finding: Finding) -> list[float] | None:
    return None if finding.at.is_empty else [round(finding.at.x, 7), round(finding.at.y, 7)]


def _account(file: Path, out: Path, read: PolygonFile, done: Repaired) -> dict[str, object]:
    return {
        "file": file.name,
        "out": str(out),
        "grids": len(read.layer) - len(done.dropped),
        "valid": not any(finding.wrong for finding in done.remaining),
        "moved_m2": round(_moved_m2(done), 2),
        "largest_shift_m": round(max((move.shift_m for move in done.moves), default=0.0), 3),
        "moves": [_move_as_json(move, read) for move in done.moves],
        "dropped": [read.names[row] for row in done.dropped],
        "remaining": [_as_json(finding, read) for finding in done.remaining],
    }


def _move_as_json(move: Move, read: PolygonFile) -> dict[str, object]:
    return {
        "kind": move.finding.code,
        "of": move.finding.of,
        "rule": move.rule.value,
        "grids": [read.names[part] for part in move.finding.parts],
        "from": None if move.giver is None else read.names[move.giver],
        "to": None if move.taker is None else read.names[move.taker],
        "at": _at(move.finding),
        "area_m2": round(move.area_m2, 2),
        "shift_m": round(float(move.shift_m), 3),
    }


def _moved_m2(done: Repaired) -> float:
    return sum(move.area_m2 for move in done.moves)


def _tell_head(file: Path, read: PolygonFile) -> None:
    crs = read.layer.provenance.source_crs if read.layer.provenance else read.layer.crs
    click.echo(f"{file.name}: {len(read.layer)} 个面 polygons, {crs.splitlines()[0][:60]}")
    for notice in read.layer.notices:
        click.echo("  " + say(NOTICES, notice.code, notice.fields))
    if len(read.families) > 1:
        click.echo("  " + say(NOTICES, "levels_apart", {"count": len(read.families)}))


def _tell_findings(found: list[Finding], read: PolygonFile) -> None:
    if not any(finding.wrong for finding in found):
        click.echo("  无缝隙、无重叠，边界一致。 No gap, no overlap, all boundaries meet.")
    counts = Counter((finding.kind, finding.of) for finding in found)
    for (kind, of), count in counts.items():
        click.echo(f"  {_kind_words(kind, of)}: {count}")
        own = [finding for finding in found if (finding.kind, finding.of) == (kind, of)]
        for finding in own[:_TOLD]:
            click.echo(f"    {_line(finding, read)}")
        if len(own) > _TOLD:
            click.echo(f"    … 另有 and {len(own) - _TOLD} more (--json)")


def _kind_words(kind: Kind, of: str) -> str:
    words = say(FINDINGS, kind.value, {})
    return f"{words} ({say(OF, of, {})})" if of else words


def _line(finding: Finding, read: PolygonFile) -> str:
    parts = [" + ".join(read.names[part] for part in finding.parts) or "-"]
    at = _at(finding)
    if at:
        parts.append(f"@ {at[0]:.7f}, {at[1]:.7f}")
    if finding.size_m2:
        parts.append(f"{finding.size_m2:.1f} m²")
    if finding.width_m is not None:
        parts.append(f"宽 width {finding.width_m:.2f} m")
    if finding.distance_m:
        parts.append(f"距离 distance {finding.distance_m:.2f} m")
    return "  ".join(parts)


def _tell_moves(done: Repaired, read: PolygonFile) -> None:
    for move in done.moves[:_TOLD]:
        giver, taker = ("-" if part is None else read.names[part] for part in (move.giver, move.taker))
        at = _at(move.finding)
        where = f"@ {at[0]:.7f}, {at[1]:.7f}" if at else ""
        kind = _kind_words(move.finding.kind, move.finding.of)
        sizes = f"{move.area_m2:.1f} m²  移动 moved ≤ {move.shift_m:.2f} m"
        click.echo(f"  {kind} {where}: {giver} → {taker}  {sizes}  [{say(RULES, move.rule.value, {})}]")
    if len(done.moves) > _TOLD:
        click.echo(f"  … 另有 and {len(done.moves) - _TOLD} more (--json)")
    shift = max((move.shift_m for move in done.moves), default=0.0)
    click.echo(
        f"  共 total {len(done.moves)} 处 moves, {_moved_m2(done):.1f} m², "
        f"边界最大移动 largest shift {shift:.2f} m"
    )
    for row in done.dropped:
        click.echo(f"  重复的面未写入 drawn twice, left out: {read.names[row]} (#{row + 1})")
