"""``gridpatrol areas propose``: grids of a wished size from streets and households, without any server."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from core.errors import DomainError, InvalidInput
from core.intake.points import TableOptions
from geo.shapes.proposal import ProposalGround, Wish, check_wish, propose
from webapp.cli.areas import areas
from webapp.cli.import_words import say
from webapp.cli.propose_files import (
    Read,
    full_code,
    read_communities,
    read_ground,
    read_homes,
    read_today,
    refuse_place,
    write_proposals,
)
from webapp.cli.propose_words import ERRORS, FIGURES, SKIPPED, STYLES, WHY
from webapp.cli.refusal import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.shapes.proposal import Grid, Proposal, TodayGrid

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class _Files:
    roads: tuple[Path, ...]
    households: Path
    within: Path | None
    today: Path | None
    crs: str | None


@areas.command(name="propose")
@click.argument("out", type=_FILE)
@click.option(
    "--roads",
    type=_FILE,
    multiple=True,
    required=True,
    help="道路、建筑、水系文件，可重复 / Streets, buildings, water (OSM, GPKG, SHP); may be repeated.",
)
@click.option(
    "--households",
    type=_FILE,
    required=True,
    help="住户表：经度、纬度、（户数） / Table with lon, lat and, if present, a count.",
)
@click.option(
    "--size", type=int, help="每网格户数 / Households a grid should hold [300; --rebalance: as today]."
)
@click.option(
    "--tolerance", type=float, default=0.1, show_default=True, help="允许偏差 / Share it may deviate by."
)
@click.option(
    "--within", type=_FILE, help="社区边界，网格不跨越 / Borders of communities that no grid crosses."
)
@click.option("--today", type=_FILE, help="现有网格，用于比较 / Grids of today, to compare with.")
@click.option(
    "--rebalance",
    multiple=True,
    help="只重划这些现有网格（代码） / Re-divide only these grids of today (code).",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="随机种子 / Same seed, same proposals.",
)
@click.option("--crs", help="文件未写明时的坐标系 / Reference system where a file names none.")
@click.option("--lon", help="经度列 / Column of longitude.")
@click.option("--lat", help="纬度列 / Column of latitude.")
@click.option(
    "--drop-forbidden", is_flag=True, help="忽略个人属性列 / Ignore columns that carry attributes of persons."
)
@click.option("--force", is_flag=True, help="覆盖已有的 OUT / Replace an OUT that exists.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出全部指标 / Print all figures as JSON.")
def propose_grids(out: Path, *, as_json: bool, force: bool, **asked: Any) -> None:
    """按街道和住户提出网格方案，写入 OUT.gpkg / Propose grids and write them to OUT.gpkg, a layer for each.

    退出码 0 已写出，2 未写出。 Exit code 0: written, 2: nothing written.
    """
    try:
        refuse_place(out, force=force)
        answer = _answer(out, asked)
    except DomainError as error:
        refuse(error, ERRORS, as_json=as_json)
        return
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        _tell(answer)


def _answer(out: Path, asked: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    files = _Files(*(asked[name] for name in ("roads", "households", "within", "today", "crs")))
    chosen = {name: asked[name] for name in ("lon", "lat") if asked[name]}
    options = TableOptions(crs=files.crs, columns=chosen, drop_forbidden=asked["drop_forbidden"])
    _refuse_numbers(asked)
    read = Read()
    ground = _ground(files, options, read)
    only = _numbers_of(asked["rebalance"], ground)
    size = asked["size"] if asked["size"] is not None or only else 300
    wish = Wish(size=size, tolerance=asked["tolerance"], seed=asked["seed"], only=only)
    read_s = time.monotonic() - started
    with _stdout_kept_clean():
        proposals = propose(ground, wish)
    write_proposals(out, proposals)
    return {
        "out": str(out),
        "size": round(proposals[0].size, 2),
        "tolerance": wish.tolerance,
        "seed": wish.seed,
        "read": _amounts(ground),
        "skipped": {code: count for code, count in sorted(read.skipped.items()) if count},
        "read_s": round(read_s, 2),
        "duration_s": round(time.monotonic() - started, 2),
        "proposals": [_as_json(proposal) for proposal in proposals],
    }


def _refuse_numbers(asked: dict[str, Any]) -> None:
    """Refuse numbers that cannot be used before large files are read."""
    check_wish(Wish(size=asked["size"], tolerance=asked["tolerance"]))
    if asked["rebalance"] and asked["today"] is None:
        raise InvalidInput("proposal_rebalance_without_today")


def _ground(files: _Files, options: TableOptions, read: Read) -> ProposalGround:
    homes, counts = read_homes(files.households, options, read.skipped)
    communities = read_communities(files.within, files.crs) if files.within else []
    today: list[TodayGrid] = read_today(files.today, communities, files.crs) if files.today else []
    map_of = read_ground(files.roads, files.crs)
    streets = [section for section in map_of.sections if not section.tunnel]
    read.skipped["tunnel"] += len(map_of.sections) - len(streets)
    return ProposalGround(
        roads=[street.line for street in streets],
        road_classes=[street.road_class for street in streets],
        households=homes,
        counts=counts,
        water=[cover.shape for cover in map_of.covers if cover.kind == "water"],
        buildings=[footprint.shape for footprint in map_of.footprints],
        communities=communities,
        today=today,
    )


def _numbers_of(codes: tuple[str, ...], ground: ProposalGround) -> tuple[int, ...]:
    place = {grid.code: number for number, grid in enumerate(ground.today)}
    unknown = [code for code in codes if code not in place]
    if unknown:
        raise InvalidInput("proposal_grids_unknown", grids=unknown)
    return tuple(sorted({place[code] for code in codes}))


def _amounts(ground: ProposalGround) -> dict[str, int]:
    return {
        "roads": len(ground.roads),
        "buildings": len(ground.buildings),
        "water": len(ground.water),
        "households": int(np.sum(ground.counts)),
        "communities": len(ground.communities),
        "grids_today": len(ground.today),
    }


@contextlib.contextmanager
def _stdout_kept_clean() -> Iterator[None]:
    """Send what the C library METIS prints by itself to standard error: --json is one JSON object."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _as_json(proposal: Proposal) -> dict[str, Any]:
    figures = {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in proposal.comparison.as_json().items()
    }
    return {
        "layer": proposal.style.value,
        "rank": proposal.rank,
        "best_at": list(proposal.best_at),
        **figures,
        "grids_listed": [_grid_json(grid, proposal.size) for grid in proposal.grids],
    }


def _grid_json(grid: Grid, size: float) -> dict[str, Any]:
    return {
        "code": full_code(grid),
        "community": grid.community,
        "households": grid.households,
        "deviation": round(grid.households / size - 1, 4),
        "area_m2": round(grid.area_m2, 1),
        "compactness": round(grid.compactness, 4),
        "why_outside": grid.why.value or None,
    }


def _tell(answer: dict[str, Any]) -> None:
    read = answer["read"]
    click.echo(
        f"{read['households']} 户 households, {read['roads']} 路段 street sections, "
        f"{read['buildings']} 建筑 buildings ({answer['duration_s']} s)"
    )
    for code, count in answer["skipped"].items():
        click.echo(f"  略过 skipped {count}: {say(SKIPPED, code, {})}")
    for proposal in answer["proposals"]:
        _tell_proposal(proposal, answer)
    click.echo(f"已写入 written: {answer['out']}")


def _tell_proposal(proposal: dict[str, Any], answer: dict[str, Any]) -> None:
    wished = f"{answer['size']:g} ± {answer['tolerance']:.0%}"
    click.echo(f"\n{proposal['rank']}. {say(STYLES, proposal['layer'], {})}  [{proposal['layer']}]")
    click.echo(
        f"   网格 grids {proposal['grids']}, {wished}: {proposal['within_tolerance']:.1%} 达标 within, "
        f"最大偏差 worst {proposal['worst_deviation']:.1%}"
    )
    if proposal["indivisible"]:
        click.echo(
            f"   至多 at most {proposal['attainable']:.1%}: 不切断建筑 no building is cut, "
            f"{proposal['indivisible']} 处户数超过一个网格 places hold more households than a grid"
        )
    click.echo(
        f"   紧凑度 compactness {proposal['compactness']:.3f}, 沿街边界 edge on streets "
        f"{proposal['edge_on_street']:.1%}, 切断建筑 buildings cut {proposal['buildings_cut']}"
    )
    if proposal["moved"] is not None:
        click.echo(f"   比现状变动 moved against today {proposal['moved']} 户 households")
    if proposal["outside"]:
        click.echo(f"   范围外 outside {proposal['outside']} 户 households")
    if proposal["best_at"]:
        click.echo(
            "   优于其他 best at: " + "; ".join(say(FIGURES, name, {}) for name in proposal["best_at"])
        )
    outside = [grid["why_outside"] for grid in proposal["grids_listed"] if grid["why_outside"]]
    for why in sorted(set(outside)):
        click.echo(f"   未达标 outside the tolerance {outside.count(why)}: {say(WHY, why, {})}")
