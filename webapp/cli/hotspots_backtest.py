"""``gridpatrol hotspots backtest``: how well maps of the past would have told the next days."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from core.errors import InvalidInput
from incidents.forecasts.answer import day_words, told_backtest, told_too_short
from incidents.hotspots.forecast import (
    Backtest,
    BacktestParams,
    Past,
    Rhythm,
    TooShort,
    backtest,
    ground_of_boundary,
    ground_of_incidents,
    past_of,
)
from webapp.cli.hotspots import hotspots
from webapp.cli.incident_file import (
    boundary_of,
    day_of,
    numbers_of,
    reads_incidents,
    register_of,
    told_reading,
)

if TYPE_CHECKING:
    from incidents.hotspots.forecast import Ground
    from incidents.register import Register

_DEFAULTS = Rhythm()


@hotspots.command("backtest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--cell-m", default=200.0, show_default=True, type=click.FloatRange(50, 2000))
@click.option("--horizon-days", default=7, show_default=True, type=click.IntRange(1, 90))
@click.option("--from", "from_", help="首个预测日 / First day forecast; default: a year before the end.")
@click.option("--to", help="末日（含） / Last day scored, inclusive; default: the end of the file.")
@click.option(
    "--areas", default="1,5,10,20", show_default=True, help="面积百分比 / Per cent of the area flagged."
)
@click.option(
    "--late-days",
    default=_DEFAULTS.late_d,
    show_default=True,
    type=click.FloatRange(0, 60),
    help="末几天不用（迟报） / Newest days left out: reports come late.",
)
@reads_incidents
def run_backtest(*, file: Path, as_json: bool, **asked: Any) -> None:
    """回测：各种热点图能命中多少 / Score every forecast on FILE, week by week; needs no server."""
    register = register_of(file, asked)
    percents = numbers_of(asked["areas"], "--areas")
    shares = tuple(percent / 100 for percent in percents)
    params = _params(register, asked, shares)
    ground = _ground(register, params, asked)
    past = past_of(register.selected, ground)
    found = backtest(past, ground, params, asked["seed"])
    answer = told_reading(register, file) | _told(found, ground, params, percents) | {"seed": asked["seed"]}
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _words(answer))


def _params(register: Register, asked: dict[str, Any], shares: tuple[float, ...]) -> BacktestParams:
    t_s = register.selected.t_s
    newest = (int(t_s.max()) // 86_400 + 1) if len(t_s) else 0
    first, last = day_of(asked["from_"], "--from"), day_of(asked["to"], "--to")
    # The end is exclusive inside; days of the file that may still be incomplete are never scored.
    last_d = min(newest - asked["late_days"], np.inf if last is None else float(last.astype(int)) + 1)
    first_d = last_d - 364 if first is None else float(first.astype(int))
    if first_d + asked["horizon_days"] > last_d:
        raise InvalidInput("period_empty", start=day_words(first_d), end=day_words(last_d - 1))
    if not all(0 < share <= 1 for share in shares):
        raise InvalidInput("numbers_unreadable", setting="--areas", value=asked["areas"])
    rhythm = Rhythm(horizon_d=float(asked["horizon_days"]), late_d=asked["late_days"])
    return BacktestParams(first_d=first_d, last_d=float(last_d), area_shares=shares, rhythm=rhythm)


def _ground(register: Register, params: BacktestParams, asked: dict[str, Any]) -> Ground:
    try:
        boundary = boundary_of(asked["boundary"], register.epsg)
        if boundary is not None:
            return ground_of_boundary(boundary, asked["cell_m"])
        # Of all types, but only from before the first forecast: where things happen later is not known yet.
        known = register.incidents.t_s < params.first_d * 86_400
        if not known.any():
            known = np.ones(len(known), dtype=bool)
        x_m, y_m = register.incidents.x_m[known], register.incidents.y_m[known]
        return ground_of_incidents(x_m, y_m, asked["cell_m"])
    except ValueError as error:
        raise InvalidInput("lattice_refused", cause=str(error)) from error


def _told(
    found: Backtest | TooShort, ground: Ground, params: BacktestParams, percents: tuple[float, ...]
) -> dict[str, Any]:
    cells = len(ground.used[0])
    told: dict[str, Any] = {
        "period": {"from": day_words(params.first_d), "to": day_words(params.last_d - 1)},
        "horizon_days": int(params.rhythm.horizon_d),
        "late_days": params.rhythm.late_d,
        "cell_m": ground.cell_m,
        "cells": cells,
        "area_km2": round(cells * ground.cell_m**2 / 1e6, 2),
        "areas_percent": list(percents),
    }
    if isinstance(found, TooShort):
        return told | told_too_short(found)
    return told | {"outcome": "scored"} | told_backtest(found, percents)


def _words(answer: dict[str, Any]) -> str:
    head = (
        f"{answer['file']}: {answer['selected']} / {answer['rows']}, "
        f"{answer['period']['from']} – {answer['period']['to']}, {answer['cells']} 格 cells, "
        f"{answer['area_km2']} km²"
    )
    if answer["outcome"] == "too_few":
        few = answer["too_few"]
        return f"{head}\n数据不足 not enough data: {few['what']} {few['found']} < {few['minimum']}"
    areas = [f"{percent:g}" for percent in answer["areas_percent"]]
    lines = [head, f"n = {answer['incidents']}, {answer['origins']} 期 origins"]
    lines.append(f"{'':<18}" + "".join(f"{'≤' + area + '%':>8}" for area in areas) + "   PAI / PEI*")
    rows = answer["methods"] | {"→ chosen": answer["chosen"]}
    for name, row in rows.items():
        rates = "".join(f"{row['hit_rate'][area]:>8.3f}" for area in areas)
        middle = areas[min(1, len(areas) - 1)]
        lines.append(f"{name:<18}{rates}   {row['pai'][middle]:.2f} / {row['pei_star'][middle]:.3f}")
    lines.append(_verdict(answer["chosen"]))
    return "\n".join(lines)


def _verdict(chosen: dict[str, Any]) -> str:
    if chosen["counting_is_best"]:
        return "没有模型胜过简单计数，采用计数。 No model beats counting: counting is used."
    more = f"{chosen['advantage_over_count']:.1%}"
    return f"采用 used: {chosen['method']} (命中比计数多 more hits than counting: {more})"


__all__ = ["Past", "run_backtest"]
