"""``gridpatrol patrols`` in a terminal."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from core.errors import InvalidInput, NotEnough
from tests.conftest import Database
from tests.patrols.street_town import build_street_town
from webapp.cli.patrols import patrols

SHIFT = ["--from", "2026-11-22T19:00", "--to", "2026-11-22T21:00"]
PLAN = ["plan", "--iterations", "200", "--seed", "4", *SHIFT]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(patrols, arguments)


def test_a_team_is_added_listed_and_planned_for(database: Database) -> None:
    build_street_town(teams=False)
    added = run("team-add", "北组", "--mode", "foot", "--lon", "119.0061", "--lat", "30.0061")
    assert added.exit_code == 0, added.output
    listed = json.loads(run("teams", "--json").stdout)
    assert [(team["id"], team["name"], team["mode"]) for team in listed] == [
        (int(added.stdout), "北组", "foot")
    ]
    assert "北组" in run("teams").stdout
    answer = json.loads(run(*PLAN, "--json").stdout)
    assert answer["state"] == "done"
    (route,) = answer["routes"]
    assert route["team"] == "北组"
    assert route["geometry"]["type"] == "LineString"
    assert [stop["sequence"] for stop in route["stops"]] == list(range(1, len(route["stops"]) + 1))
    assert len(route["stops"]) + len(answer["dropped"]) == answer["result"]["stops_offered"]
    assert all(stop["dropped"] and stop["why"] for stop in answer["dropped"])
    assert route["start_at"] == "2026-11-22T19:00:00+08:00"


def test_a_plan_reads_well_in_a_terminal(database: Database) -> None:
    build_street_town()
    told = run(*PLAN)
    assert told.exit_code == 0, told.output
    assert "一组 (car)  19:00–" in told.stdout
    assert "outranked" in told.stdout


def test_a_plan_that_cannot_be_made_says_why_and_ends_with_1(database: Database) -> None:
    build_street_town(teams=False)
    told = run(*PLAN)
    assert told.exit_code == 1
    assert "failed: no_teams" in told.stdout
    assert "No team of 试验县 can be planned. Add a team with its station" in told.stdout


def test_a_team_off_the_road_is_told_with_what_to_do_and_the_plan_is_made(database: Database) -> None:
    build_street_town()
    assert run("team-add", "远山组", "--mode", "car", "--lon", "119.05", "--lat", "30").exit_code == 0
    told = run(*PLAN)
    assert told.exit_code == 0, told.output
    assert "一组 (car)  19:00–" in told.stdout
    assert "远山组 (car)  未出勤 left out" in told.stdout
    assert "from the nearest street it may use. Move the station to within 500 m" in told.stdout
    (left_out,) = json.loads(run(*PLAN, "--json").stdout)["off_road_teams"]
    assert (left_out["team"], left_out["code"]) == ("远山组", "team_off_road")


def test_an_empty_database_and_an_unreadable_time_are_refused(database: Database) -> None:
    assert isinstance(run(*PLAN).exception, NotEnough)
    refused = run("plan", "--from", "tonight").exception
    assert isinstance(refused, InvalidInput)
    assert refused.fields == {"setting": "from", "value": "tonight"}


@pytest.mark.parametrize("command", ["plan", "team-add", "teams"])
def test_every_command_explains_itself(command: str) -> None:
    told = run(command, "--help")
    assert told.exit_code == 0
    assert "Options" in told.stdout
