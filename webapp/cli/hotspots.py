"""``gridpatrol hotspots``: by the pages' job in the database, or in a file without a server."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webapp.cli.incident_file import reads_incidents
from webapp.cli.later import Later

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.models import JobRun


@click.group(
    cls=Later,
    elsewhere={
        "backtest": "webapp.cli.hotspots_backtest",
        "effect": "webapp.cli.hotspots_effect",
        "placebo": "webapp.cli.hotspots_effect",
    },
)
def hotspots() -> None:
    """Find the places where incidents stand out from chance, and test forecasts of them."""


@hotspots.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--area", "code", help="Code of the area; needed when there are several counties.")
@click.option("--days", default=28, show_default=True, help="Length of the tested period.")
@click.option("--history-days", default=730, show_default=True, help="What it is held against.")
@click.option("--as-of", help="End of the tested period, e.g. 2017-12-31 or 2017-12-31T06:00.")
@click.option("--type", "types", multiple=True, help="Code of an incident type (repeatable); all by default.")
@click.option("--cell-m", default=200.0, show_default=True, help="Side of a cell in metres.")
@click.option("--q", default=0.05, show_default=True, help="Largest false discovery rate.")
@click.option("--from", "from_", help="FILE: 首日 / First day of the tested period (instead of --days).")
@click.option("--to", help="FILE: 末日（含） / Last day of the tested period, inclusive.")
@click.option(
    "--cells",
    "cell_shape",
    default="square",
    show_default=True,
    type=click.Choice(["square", "hexagon", "street"]),
    help="FILE: 格的形状 / Shape of the cells; street needs --roads.",
)
@click.option(
    "--roads",
    multiple=True,
    type=click.Path(path_type=Path),
    help="FILE: 道路文件，用于命名 / Streets (OSM, GeoPackage, ...): they name the places.",
)
@click.option("--window-m", default=None, type=float, help="FILE: radius of the main window; 1.5 cells.")
@click.option(
    "--against",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "history", "surroundings"]),
    help="FILE: 与何相比 / What a window is held against.",
)
@click.option(
    "--exposure",
    type=click.Path(path_type=Path),
    help="FILE: 户数等 / Table of points with counts (households); expect incidents in proportion.",
)
@click.option("--near-repeat", is_flag=True, help="FILE: 近重复检验 / Knox test of near repeats, too.")
@reads_incidents
def find(*, file: Path | None, as_json: bool, **asked: Any) -> None:
    """Print the significant places of a period and what they are made of.

    Without FILE the job of the pages runs in this process, and the map shows what it finds. With FILE, a
    table of incidents, nothing but the file is needed: no server, no database.
    """
    if file is not None:
        from webapp.cli.hotspots_find import find_in_file  # noqa: PLC0415 - only with a file

        find_in_file(file, asked, as_json=as_json)
        return
    _find_in_database(asked, as_json=as_json)


def _find_in_database(asked: dict[str, Any], *, as_json: bool) -> None:
    # Loaded here so that a file can be analysed where neither database nor settings exist.
    from incidents.jobs import FIND_TIMEOUT_S, request_find  # noqa: PLC0415
    from incidents.service import HotspotQuestion  # noqa: PLC0415
    from webapp.cli.inline import Form, moment_of, run_here, tell_and_exit  # noqa: PLC0415

    question = HotspotQuestion(
        days=asked["days"],
        history_days=asked["history_days"],
        as_of=moment_of(asked["as_of"], "as_of"),
        types=asked["types"],
        cell_m=asked["cell_m"],
        q=asked["q"],
        seed=asked["seed"],
    )
    answer = run_here(partial(request_find, question=question), asked["code"], FIND_TIMEOUT_S, _found)
    tell_and_exit(answer, _told, Form.asked(as_json=as_json))


def _found(session: Session, run: JobRun) -> dict[str, Any]:
    from incidents.queries import hotspots_of_run  # noqa: PLC0415

    places = [
        {
            "id": row.id,
            "rank": row.rank,
            "name": row.name,
            "n": row.observed,
            "expected": round(row.expected, 2),
            "ratio": round(row.ratio, 3),
            "ratio_interval": [round(row.ratio_low, 3), round(row.ratio_high, 3)],
            "p": row.p_value,
            "q": row.q_value,
            "area_m2": round(row.area_m2),
            "lon": round(row.lon, 7),
            "lat": round(row.lat, 7),
            "profile": row.profile,
        }
        for row in hotspots_of_run(session, run.id)
    ]
    return {"places": places}


def _told(answer: dict[str, Any]) -> str:
    result = answer["result"]
    window = result["window"]
    head = f"{window['from'][:16]} – {window['to'][:16]} UTC ({result['as_of_source']}), "
    head += f"n = {result['incidents']['recent']}"
    if result["outcome"] == "too_few":
        few = result["too_few"]
        return f"{head}\n数据不足 not enough data: {few['what']} {few['found']} < {few['minimum']}"
    return "\n".join([head, *(place_lines(answer["places"]) or ["没有显著热点 no significant place"])])


def place_lines(places: list[dict[str, Any]]) -> list[str]:
    """Return one line a place for a terminal."""
    return [
        f"{p['rank']:>3}  {p['n']:>5} / {p['expected']:<8} ×{p['ratio']:<6} "
        f"[{p['ratio_interval'][0]}, {p['ratio_interval'][1]}]  q={p['q']:.2g}  {p['name']}"
        for p in places
    ]
