"""``gridpatrol hotspots``: find hotspots from a terminal, through the same job code as the pages."""

from functools import partial
from typing import Any

import click
from sqlalchemy.orm import Session

from core.jobs import JobRun
from incidents.jobs import FIND_TIMEOUT_S, request_find
from incidents.queries import hotspots_of_run
from incidents.service import HotspotQuestion
from webapp.cli.inline import Form, moment_of, run_here, tell_and_exit

DEFAULTS = HotspotQuestion()


@click.group()
def hotspots() -> None:
    """Find the places where incidents stand out from chance."""


@hotspots.command()
@click.option("--area", "code", help="Code of the area; needed when there are several counties.")
@click.option("--days", default=DEFAULTS.days, show_default=True, help="Length of the tested period.")
@click.option(
    "--history-days", default=DEFAULTS.history_days, show_default=True, help="What it is held against."
)
@click.option("--as-of", help="End of the tested period, e.g. 2017-12-31 or 2017-12-31T06:00.")
@click.option("--type", "types", multiple=True, help="Code of an incident type (repeatable); all by default.")
@click.option("--cell-m", default=DEFAULTS.cell_m, show_default=True, help="Side of a cell in metres.")
@click.option("--q", default=DEFAULTS.q, show_default=True, help="Largest false discovery rate.")
@click.option("--seed", default=DEFAULTS.seed, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def find(  # noqa: PLR0917 - click passes every option by name
    code: str | None,
    days: int,
    history_days: int,
    as_of: str | None,
    types: tuple[str, ...],
    cell_m: float,
    q: float,
    seed: int,
    as_json: bool,  # noqa: FBT001 - see above
) -> None:
    """Run a hotspot job in this process and print what it found; the map shows it too."""
    question = HotspotQuestion(
        days=days,
        history_days=history_days,
        as_of=moment_of(as_of, "as_of"),
        types=types,
        cell_m=cell_m,
        q=q,
        seed=seed,
    )
    answer = run_here(partial(request_find, question=question), code, FIND_TIMEOUT_S, _found)
    tell_and_exit(answer, _told, Form.asked(as_json=as_json))


def _found(session: Session, run: JobRun) -> dict[str, Any]:
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
    lines = [
        f"{p['rank']:>3}  {p['n']:>5} / {p['expected']:<8} ×{p['ratio']:<6} "
        f"[{p['ratio_interval'][0]}, {p['ratio_interval'][1]}]  q={p['q']:.2g}  {p['name']}"
        for p in answer["places"]
    ]
    return "\n".join([head, *(lines or ["没有显著热点 no significant place"])])
