"""One database from files to patrols by the commands: a real town's roads, incidents, hotspots, a plan.

Roads, buildings and places are those of the town. The incidents are real ones of Chicago moved onto it
(`tests.patrols.moved_incidents`): the town publishes none of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import func, select

from core.db import Scope, transaction
from geo.areas.queries import boundary_shape, counties
from geo.roads.models import RoadSection
from tests.conftest import Database
from tests.patrols.moved_incidents import write_moved_incidents
from webapp.cli.hotspots import hotspots
from webapp.cli.imports import imports
from webapp.cli.patrols import patrols

pytestmark = pytest.mark.shared

SHIFT = ["--from", "2026-11-22T19:00", "--to", "2026-11-22T23:00"]
PLAN = ["plan", "--iterations", "200", "--seed", "4", *SHIFT]


def said(command: object, *arguments: str, code: int = 0) -> str:
    told = CliRunner().invoke(command, [str(one) for one in arguments])
    assert told.exit_code == code, told.output
    return told.stdout


def a_street() -> tuple[float, float]:
    with transaction(Scope.everything()) as session:
        point = session.scalar(
            select(func.ST_AsText(func.ST_LineInterpolatePoint(RoadSection.geom, 0.5)))
            .where(RoadSection.road_class == "residential", RoadSection.car)
            .order_by(RoadSection.id)
            .limit(1)
        )
    place = shapely.from_wkt(point)
    return place.x, place.y


def test_roads_and_incidents_from_files_become_hotspots_and_patrols(
    database: Database, shared_data: Path, tmp_path: Path
) -> None:
    said(imports, "roads", shared_data / "osm_small_towns" / "north-bayreuth.osm.gz")
    with transaction(Scope.everything()) as session:
        (county,) = counties(session)
        ground = boundary_shape(session, county.id)
        roads = session.scalars(select(func.ST_AsText(RoadSection.geom))).all()
    file = tmp_path / "incidents.csv"
    streets = shapely.union_all(shapely.from_wkt(roads))
    written = write_moved_incidents(shared_data, file, streets)
    told = json.loads(said(imports, "incidents", file, "--json"))
    assert told["loaded"]["incident"] > 0.8 * written > 1000

    found = json.loads(said(hotspots, "find", "--json"))
    assert found["result"]["as_of_source"] == "latest_incident", "the incidents end in 2017"
    assert 1 <= len(found["places"]) <= 20
    assert all(ground.covers(shapely.Point(place["lon"], place["lat"])) for place in found["places"])
    assert len({place["name"] for place in found["places"]}) == len(found["places"])

    refused = said(patrols, *PLAN, code=1)
    assert "failed: no_teams" in refused
    assert "Add a team with its station" in refused

    lon, lat = a_street()
    for name, mode in (("Streife 1", "car"), ("Streife 2", "bicycle")):
        said(patrols, "team-add", name, "--mode", mode, "--lon", lon, "--lat", lat)
    plan = json.loads(said(patrols, *PLAN, "--json"))
    assert plan["state"] == "done"
    assert plan["off_road_teams"] == []
    check_plan(plan, {place["name"] for place in found["places"]})


def check_plan(plan: dict, places: set[str]) -> None:
    stops = [stop for route in plan["routes"] for stop in route["stops"]]
    assert {route["team"] for route in plan["routes"]} == {"Streife 1", "Streife 2"}
    offered = [stop for stop in (*stops, *plan["dropped"]) if stop["kind"] == "hotspot"]
    assert {stop["name"] for stop in offered} == places
    # Nothing else is known about this town's evenings: where most happens beyond the usual comes first.
    best = max(offered, key=lambda stop: stop["value"])
    assert best in stops
    assert all(stop["why"]["incidents"] > stop["why"]["expected"] for stop in offered)
    assert {stop["dropped"] for stop in plan["dropped"]} <= {"outranked", "unreachable"}
    for route in plan["routes"]:
        times = [moment for stop in route["stops"] for moment in (stop["arrive_at"], stop["leave_at"])]
        assert times == sorted(times)
        assert 0 < route["distance_m"] < 60_000
