"""What the default demo shows to the leader and the dispatcher on the first evening."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import numpy as np
import pytest
import shapely

from core.clock import local_zone, today
from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import counties
from geo.shapes.crs import metric_epsg, shape_to_metric
from incidents.jobs import request_find
from incidents.queries import hotspot_shapes, hotspots_of_run
from incidents.service import HotspotQuestion
from patrols import queries
from patrols.jobs import request_plan
from patrols.question import PlanQuestion, evening_shift
from tests.demo.conftest import REFERENCE
from webapp.demo.load import load_town
from webapp.demo.town import Town

type Make = Callable[[int, int], Town]


@pytest.fixture(scope="module")
def county(module_database: object, town_of: Make) -> Area:
    """The default town, loaded."""
    with transaction(Scope.everything(), statement_timeout_s=300) as session:
        load_town(session, town_of(7, 12_000))
    with transaction(Scope.everything()) as session:
        return counties(session)[0]


@pytest.fixture(scope="module")
def found(county: Area) -> int:
    """The leader's run, at the town's present."""
    with transaction(Scope.everything()) as session:
        run_id = request_find(session, county, HotspotQuestion(as_of=REFERENCE)).id
    execute(run_id)
    return run_id


def test_the_leader_finds_every_planted_place_that_is_still_hot(found: int, town_of: Make) -> None:
    hot = [row for row in town_of(7, 12_000).truth() if row["active"]]
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, found)
        assert run.state == "done", run.error
        names = [row.name for row in hotspots_of_run(session, found)]
        shapes = [shapely.geometry.shape(shape) for shape in hotspot_shapes(session, found).values()]
    epsg = metric_epsg(119.2)
    outlines = [shape_to_metric(shape, epsg) for shape in shapes]
    centres = [shape_to_metric(shapely.Point(row["lon"], row["lat"]), epsg) for row in hot]
    of = [int(np.argmin(shapely.distance(outlines, centre))) for centre in centres]
    assert max(outlines[one].distance(centre) for one, centre in zip(of, centres, strict=True)) < 150.0
    assert len(set(of)) == len(hot) == 5, "each in a place of its own"
    assert len(set(names)) == len(names)


def test_tonight_has_routes_for_the_teams_on_duty_and_tells_what_gave_way(found: int, county: Area) -> None:
    # A whole evening: of one under way only the rest is planned.
    begins, ends = evening_shift(datetime.combine(today() + timedelta(days=1), time(8), local_zone()))
    question = PlanQuestion(shift_from=begins, shift_to=ends, seed=1, time_limit_s=60, iteration_limit=60)
    with transaction(Scope.everything()) as session:
        run_id = request_plan(session, county, question).id
    execute(run_id)
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        assert run.state == "done", run.error
        routes = queries.routes(session, run.result["plan_id"])
        stops = queries.stops(session, run.result["plan_id"])
        on_duty = [team.name for team in queries.teams(session) if team.active]
    dropped = [stop for stop in stops if stop.dropped]
    assert len(on_duty) == 8
    assert {route.team for route in routes} == set(on_duty)
    assert {route.mode for route in routes} == {"car", "e_scooter", "bicycle", "foot"}
    assert {stop.kind for stop in stops} == {"hotspot", "place", "grid"}
    # Not everything can be done, yet most of the value is; what gave way is worth less and says why.
    assert 15 <= len(dropped) <= len(stops) / 2
    assert {stop.dropped for stop in dropped} == {"outranked"}
    assert run.result["value_share"] > 0.6
    assert "hotspot" not in {stop.kind for stop in dropped}, "hotspots are worth most"
