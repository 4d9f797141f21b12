"""What publishing mends on its way: codes that go round, neighbours' corners; what does not follow ground.

::

      30.02 ┌───────────────┐
            │  north        │   another community: one grid, or two that meet at 119.007
      30.01 ├──────┬────────┤
            │ west │  east  │
      30.00 └──────┴────────┘
         119.00  119.01   119.02
"""

from datetime import timedelta

import pytest
import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely import Point, box
from sqlalchemy import select

from core.clock import now, today
from core.db import Scope, transaction
from core.models import JobRun
from geo.areas.models import Area, AreaBoundary
from geo.areas.ownership import reown
from geo.areas.queries import area_by_code
from geo.boundaries import service
from geo.boundaries.impact import impact
from geo.boundaries.publish import publish
from patrols.models import PatrolPlan, PatrolRoute, PatrolStop, Team
from tests.boundaries.studio_town import SPLIT_WEST, approved, do, opened, published
from tests.small_town import SmallTown

NORTH_WEST, NORTH_EAST = box(119, 30.01, 119.007, 30.02), box(119.007, 30.01, 119.02, 30.02)
NORTH = box(119, 30.01, 119.02, 30.02)


def rename(town: SmallTown, set_id: int, key: int, code: str) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.rename(session, set_id, key, name=f"第{key}", code=code)


def boundaries(level: str) -> list:
    """Return the present boundaries of all areas of a level, by code."""
    with transaction(Scope.everything()) as session:
        rows = session.execute(
            select(AreaBoundary.geom)
            .join(Area, Area.id == AreaBoundary.area_id)
            .where(Area.level == level, Area.valid_to.is_(None), AreaBoundary.valid.contains(today()))
            .order_by(Area.code)
        ).scalars()
        return [to_shape(geom) for geom in rows]


def north_of(town: SmallTown) -> int:
    with transaction(Scope.everything()) as session:
        return area_by_code(session, "990001001002").id


def test_codes_that_go_round_in_a_circle_are_published(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    # 1 -> 2 -> 3 -> 1, by way of a code that nobody has.
    for key, code in ((1, "x"), (3, "990001001001001"), (2, "990001001001003"), (1, "990001001001002")):
        rename(town, set_id, key, code)

    published(town, set_id, reviewer)

    with transaction(Scope.everything()) as session:
        codes = {
            area.name: area.code[-1]
            for area in session.scalars(select(Area).where(Area.level == "grid", Area.valid_to.is_(None)))
        }
    assert codes == {"第1": "2", "第2": "3", "第3": "1"}


def test_corners_of_an_edit_are_put_into_the_neighbours_across_the_community(
    town: SmallTown, reviewer: int
) -> None:
    north = opened(town, north_of(town))
    do(town, north, {1: NORTH})
    published(town, north, reviewer)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    published(town, set_id, reviewer)

    # Grids of both communities share every corner of the border: a T-junction would be invalid.
    assert shapely.coverage_is_valid(boundaries("grid"))
    assert shapely.coverage_is_valid(boundaries("community"))
    corner = Point(119.005, 30.01)
    assert all(corner.coords[0] in shape.geoms[0].exterior.coords for shape in boundaries("community"))


def test_corners_that_a_neighbour_has_set_meanwhile_are_taken_over(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer)
    # While it waits, the north is divided: its junction lies in the middle of an edge of the draft.
    north = opened(town, north_of(town))
    do(town, north, {1: NORTH_WEST, 2: NORTH_EAST})
    published(town, north, reviewer)

    with transaction(Scope.everything(), actor_id=reviewer) as session:
        publish(session, set_id)

    assert len(boundaries("grid")) == 5
    assert shapely.coverage_is_valid(boundaries("grid"))


@pytest.fixture
def planned(town: SmallTown) -> tuple[int, int]:
    """A team stationed on ground that changes hands, owned by the community; a stop of its plan there."""
    spot = from_shape(Point(119.008, 30.005), srid=4326)
    owner = {"county_id": town.county.id, "area_id": town.community.id, "area_path": town.community.path}
    with transaction(Scope.everything()) as session:
        team = Team(name="一队", mode="foot", geom=spot, **owner)
        run = JobRun(kind="patrols.plan", queue="planning", scope=[town.county.path], **owner)
        session.add_all([team, run])
        session.flush()
        start, end = now(), now() + timedelta(hours=4)
        plan = PatrolPlan(run_id=run.id, shift_from=start, shift_to=end, **owner)
        session.add(plan)
        session.flush()
        line = from_shape(shapely.LineString([(119.006, 30.005), (119.009, 30.005)]), srid=4326)
        route = PatrolRoute(
            plan_id=plan.id, team_id=team.id, mode="foot", start_at=start, end_at=end, distance_m=300.0,
            travel_s=300.0, prize=1.0, geom=line, **owner,
        )  # fmt: skip
        session.add(route)
        session.flush()
        stop = PatrolStop(
            plan_id=plan.id, route_id=route.id, sequence=1, kind="place", name="校门", prize=1.0, dwell_s=600,
            arrive_at=start, leave_at=end, geom=spot, **owner,
        )  # fmt: skip
        session.add(stop)
        session.flush()
        return team.id, stop.id


def owners(team: int, stop: int) -> tuple[int, int]:
    with transaction(Scope.everything()) as session:
        return session.get_one(Team, team).area_id, session.get_one(PatrolStop, stop).area_id


def test_teams_and_planned_stops_do_not_follow_the_ground(
    town: SmallTown, reviewer: int, planned: tuple[int, int]
) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    moved = published(town, set_id, reviewer)

    assert moved["rows"] == {}
    assert owners(*planned) == (town.community.id, town.community.id)
    with transaction(Scope.everything()) as session:
        assert reown(session, town.county.id) == {}
    assert owners(*planned) == (town.community.id, town.community.id)


def test_the_impact_tells_of_planned_routes_and_stops_that_are_not_over(
    town: SmallTown, planned: tuple[int, int]
) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with transaction(Scope.everything()) as session:
        shown = impact(session, service.load(session, set_id))
        route = session.scalars(select(PatrolRoute)).one()
        route.end_at = now() - timedelta(minutes=1)
        session.flush()
        later = impact(session, service.load(session, set_id))

    assert (shown["routes"], shown["stops"]) == (1, 1)
    assert (later["routes"], later["stops"]) == (0, 1)
