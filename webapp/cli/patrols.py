"""``gridpatrol patrols``: teams and patrol plans from a terminal, through the same job code as the pages."""

import json
from datetime import datetime
from functools import partial
from typing import Any

import click
from sqlalchemy.orm import Session

from core.clock import local_zone
from core.db import Scope, transaction
from core.models import JobRun
from patrols import queries
from patrols.jobs import PLAN_TIMEOUT_S, request_plan
from patrols.models import MODES
from patrols.question import PlanQuestion
from patrols.teams import TeamDetails, create_team
from webapp.cli.inline import (
    Form,
    area_of,
    in_both_languages,
    moment_of,
    run_here,
    tell_and_exit,
)

DEFAULTS = PlanQuestion()


@click.group()
def patrols() -> None:
    """Keep teams and plan their patrols."""


@patrols.command()
@click.option("--area", "code", help="Code of the area; needed when there are several counties.")
@click.option("--from", "shift_from", help="Start of the shift, e.g. 2026-11-22T19:00; tonight by default.")
@click.option("--to", "shift_to", help="End of the shift.")
@click.option(
    "--team", "team_ids", multiple=True, type=int, help="Id of a team (repeatable); all by default."
)
@click.option(
    "--time-limit-s", default=DEFAULTS.time_limit_s, show_default=True, help="Seconds of searching."
)
@click.option("--iterations", type=int, help="End the search after so many iterations: repeatable.")
@click.option("--most-stops", default=DEFAULTS.most_stops, show_default=True, help="Most candidate stops.")
@click.option("--seed", type=int, help="Repeats a plan; drawn when not given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def plan(  # noqa: PLR0917 - click passes every option by name
    code: str | None,
    shift_from: str | None,
    shift_to: str | None,
    team_ids: tuple[int, ...],
    time_limit_s: float,
    iterations: int | None,
    most_stops: int,
    seed: int | None,
    as_json: bool,  # noqa: FBT001 - see above
) -> None:
    """Plan one shift in this process and print the routes; the map shows them too."""
    question = PlanQuestion(
        shift_from=moment_of(shift_from, "from"),
        shift_to=moment_of(shift_to, "to"),
        team_ids=team_ids,
        time_limit_s=time_limit_s,
        iteration_limit=iterations,
        most_stops=most_stops,
        seed=seed,
    )
    answer = run_here(partial(request_plan, question=question), code, PLAN_TIMEOUT_S, _found)
    tell_and_exit(answer, _told, Form.asked(as_json=as_json))


@patrols.command("team-add")
@click.argument("name")
@click.option("--mode", required=True, type=click.Choice(MODES))
@click.option("--lon", required=True, type=float, help="Station, EPSG:4326.")
@click.option("--lat", required=True, type=float)
@click.option("--size", default=2, show_default=True, help="Members.")
@click.option("--station", default="", help="Name of the station.")
@click.option("--area", "code", help="Code of the area the team serves; the only county by default.")
def team_add(  # noqa: PLR0917 - click passes every option by name
    name: str, mode: str, lon: float, lat: float, size: int, station: str, code: str | None
) -> None:
    """Add a team called NAME that starts and ends its shifts at a station."""
    details = TeamDetails(name=name, mode=mode, lon=lon, lat=lat, size=size, station_name=station)
    with transaction(Scope.everything()) as session:
        team_id = create_team(session, area_of(session, code), details).id
    click.echo(team_id)


@patrols.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def teams(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List the teams."""
    with transaction(Scope.everything()) as session:
        rows = [dict(row._mapping) for row in queries.teams(session)]  # noqa: SLF001 - SQLAlchemy's public name
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        resting = "" if row["active"] else "  停用 inactive"
        click.echo(
            f"{row['id']:>5}  {row['mode']:<9} {row['lon']:.5f} {row['lat']:.5f}  {row['name']}{resting}"
        )


def _found(session: Session, run: JobRun) -> dict[str, Any]:
    if run.result is None:
        return {"routes": [], "dropped": [], "off_road_teams": []}
    plan_id = run.result["plan_id"]
    stops = [_shown(row) for row in queries.stops(session, plan_id)]
    routes = [
        {
            "team": row.team,
            "mode": row.mode,
            "start_at": _local(row.start_at),
            "end_at": _local(row.end_at),
            "distance_m": round(row.distance_m),
            "travel_s": row.travel_s,
            "value": round(row.prize, 1),
            "geometry": json.loads(row.geometry),
            "stops": [stop for stop in stops if stop["route"] == row.id],
        }
        for row in queries.routes(session, plan_id)
    ]
    return {
        "routes": routes,
        "dropped": [stop for stop in stops if stop["dropped"]],
        "off_road_teams": run.result.get("off_road_teams", []),
    }


def _shown(row: Any) -> dict[str, Any]:
    return {
        "route": row.route_id,
        "sequence": row.sequence,
        "kind": row.kind,
        "name": row.name,
        "value": row.prize,
        "dwell_s": row.dwell_s,
        "arrive_at": _local(row.arrive_at),
        "leave_at": _local(row.leave_at),
        "dropped": row.dropped,
        "why": row.why,
        "lon": round(row.lon, 7),
        "lat": round(row.lat, 7),
    }


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(local_zone()).isoformat(timespec="seconds")


def _told(answer: dict[str, Any]) -> str:
    result = answer["result"]
    head = f"{result['shift_from'][:16]} – {result['shift_to'][11:16]}  "
    head += f"{result['stops_served']}/{result['stops_offered']} 停靠 stops, "
    lines = [f"{head}{result['value_share']:.1%} 价值 of the value, seed {result['seed']}"]
    for route in answer["routes"]:
        span = f"{route['start_at'][11:16]}–{route['end_at'][11:16]}"
        lines.append(f"\n{route['team']} ({route['mode']})  {span}  {route['distance_m'] / 1000:.1f} km")
        lines += [
            f"  {stop['sequence']:>2}. {stop['arrive_at'][11:16]}–{stop['leave_at'][11:16]}  "
            f"{stop['value']:>5.1f}  {stop['kind']:<7}  {stop['name']}"
            for stop in route["stops"]
        ]
    dropped = ", ".join(f"{reason} {count}" for reason, count in sorted(result["stops_dropped"].items()))
    lines += ["", f"未安排 not planned: {dropped or 0}"]
    for team in answer["off_road_teams"]:
        lines += ["", f"{team['team']} ({team['mode']})  未出勤 left out", *in_both_languages(team)]
    return "\n".join(lines)
