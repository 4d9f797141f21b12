"""A real town from its file to a plan: imported streets and places, teams, routes along the streets."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from sqlalchemy import func, select

from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.county import CountyWish
from geo.areas.queries import counties
from geo.places.models import Place
from geo.roads.intake import GroundOptions, import_ground
from geo.roads.models import RoadSection
from patrols import queries
from patrols.jobs import request_plan
from patrols.question import PlanQuestion
from patrols.teams import TeamDetails, create_team
from tests.conftest import Database

QUESTION = PlanQuestion(seed=2, time_limit_s=60, iteration_limit=200)


@pytest.mark.shared
def test_an_imported_town_is_planned_for_along_its_own_streets(database: Database, shared_data: Path) -> None:
    path = shared_data / "osm_small_towns" / "north-bayreuth.osm.gz"
    with transaction(Scope.everything()) as session:
        import_ground(session, path, CountyWish(), GroundOptions())
    with transaction(Scope.everything()) as session:
        (county,) = counties(session)
        middle = session.scalar(
            select(func.ST_AsText(func.ST_StartPoint(RoadSection.geom)))
            .where(RoadSection.road_class == "residential", RoadSection.car)
            .order_by(RoadSection.id)
            .limit(1)
        )
        station = shapely.from_wkt(middle)
        for name, mode in (("Streife 1", "car"), ("Streife 2", "bicycle")):
            create_team(session, county, TeamDetails(name=name, mode=mode, lon=station.x, lat=station.y))
        places = session.scalar(
            select(func.count()).select_from(Place).where(Place.kind.not_in(queries.NO_TARGETS))
        )
        run_id = request_plan(session, county, QUESTION).id
    execute(run_id)
    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        assert run.state == "done", run.error
        routes = queries.routes(session, run.result["plan_id"])
        roads = session.scalars(select(func.ST_AsText(RoadSection.geom))).all()
    assert run.result["stops_offered"] == min(places, 200) > 0
    assert run.result["stops_served"] > 0
    # A tenth of a metre in degrees: what rounding to 1e-7 degrees and the two projections leave.
    streets = shapely.buffer(shapely.union_all([shapely.from_wkt(road) for road in roads]), 1e-6)
    for route in routes:
        assert shapely.covers(streets, shapely.from_geojson(route.geometry))
