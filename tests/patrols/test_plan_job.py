"""The plan job on real PostGIS: from teams, streets and spots to stored routes, or nothing at all."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest
import shapely
from sqlalchemy import func, select

from core import jobs
from core.audit import AuditEvent
from core.clock import now
from core.db import Scope, StoredSetting, transaction
from core.errors import InvalidInput, NotFound
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.roads.models import RoadSection
from geo.roads.queries import SPEED_SETTING, load_sections, speed_table
from geo.roads.speed import Mode
from geo.shapes.crs import metric_epsg, shape_to_metric
from incidents.models import Incident, IncidentType
from patrols import queries
from patrols.jobs import request_plan
from patrols.models import PatrolPlan, PatrolRoute, PatrolStop
from patrols.planning.candidates import SpotKind
from patrols.question import PlanQuestion
from patrols.service import load_task
from patrols.teams import TeamDetails, create_team, update_team
from tests.conftest import Database
from tests.patrols.street_town import (
    add_hotspot,
    add_place,
    add_spots,
    add_teams,
    build_street_town,
    owner_of,
    visit_dwelling,
)
from tests.small_town import SmallTown

EVENING = datetime.fromisoformat("2026-11-22T19:00+08:00")
REPEATABLE = PlanQuestion(
    shift_from=EVENING,
    shift_to=EVENING + timedelta(hours=2),
    seed=5,
    time_limit_s=60,
    iteration_limit=300,
)


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town with streets, teams and spots."""
    return build_street_town()


def ask(area: Area, question: PlanQuestion = REPEATABLE, *, scope: Scope | None = None) -> int:
    with transaction(scope or Scope.everything()) as session:
        return request_plan(session, area, question).id


def planned(area: Area, question: PlanQuestion = REPEATABLE, *, scope: Scope | None = None) -> JobRun:
    run_id = ask(area, question, scope=scope)
    execute(run_id)
    return run_of(run_id)


def run_of(run_id: int) -> JobRun:
    with transaction(Scope.everything()) as session:
        return session.get_one(JobRun, run_id)


def stored_counts() -> dict[str, int]:
    with transaction(Scope.everything()) as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table))
            for table in (PatrolPlan, PatrolRoute, PatrolStop)
        }


def test_a_plan_stores_timed_routes_and_accounts_for_every_candidate(town: SmallTown) -> None:
    run = planned(town.county)
    assert run.state == "done", run.error
    with transaction(Scope.everything()) as session:
        plan = queries.plan(session, run.result["plan_id"])
        routes = queries.routes(session, plan.id)
        stops = queries.stops(session, plan.id)
        acts = set(session.scalars(select(AuditEvent.action)))
    assert plan.weights["formula"] == "v1"
    assert plan.summary.items() <= run.result.items()
    # 24 places, one hotspot, two grids and the community without grids; the station is no target.
    assert Counter(stop.kind for stop in stops) == {"place": 24, "hotspot": 1, "grid": 3}
    served = [stop for stop in stops if stop.route_id is not None]
    dropped = [stop for stop in stops if stop.dropped]
    assert len(served) == run.result["stops_served"] > 10
    assert Counter(stop.dropped for stop in dropped) == run.result["stops_dropped"]
    assert len(served) + len(dropped) == len(stops) == run.result["stops_offered"]
    for route in routes:
        check_times(route, [stop for stop in served if stop.route_id == route.id])
    assert {"patrol_plan.requested", "patrol_plan.made"} <= acts


def check_times(route: object, stops: list[object]) -> None:
    assert route.start_at == EVENING
    assert route.end_at <= EVENING + timedelta(hours=2)
    assert [stop.sequence for stop in stops] == list(range(1, len(stops) + 1))
    clock = route.start_at
    for stop in stops:
        assert clock + timedelta(seconds=stop.why["travel_s"]) == stop.arrive_at
        assert stop.leave_at - stop.arrive_at == timedelta(seconds=stop.dwell_s)
        assert 600 <= stop.dwell_s <= 900
        clock = stop.leave_at
    assert clock <= route.end_at


def test_routes_follow_the_streets_open_to_their_mode_and_pass_their_stops(town: SmallTown) -> None:
    run = planned(town.county)
    epsg = metric_epsg(119.01)
    with transaction(Scope.everything()) as session:
        routes = queries.routes(session, run.result["plan_id"])
        stops = queries.stops(session, run.result["plan_id"])
        roads = session.execute(select(func.ST_AsText(RoadSection.geom), RoadSection.car)).all()
    assert {route.mode for route in routes} == {"car", "foot", "e_scooter"}
    for route in routes:
        open_roads = [shapely.from_wkt(wkt) for wkt, car in roads if car or route.mode == "foot"]
        streets = shapely.buffer(shape_to_metric(shapely.union_all(open_roads), epsg), 0.05)
        drawn = shape_to_metric(shapely.from_geojson(route.geometry), epsg)
        assert shapely.covers(streets, drawn)
        assert drawn.length == pytest.approx(route.distance_m, rel=1e-3, abs=2)
        along = [
            shape_to_metric(shapely.Point(stop.lon, stop.lat), epsg)
            for stop in stops
            if stop.route_id == route.id
        ]
        assert max(drawn.distance(point) for point in along) < 0.2
        assert shapely.Point(drawn.coords[0]).distance(shapely.Point(drawn.coords[-1])) < 0.2


def test_the_same_seed_and_iterations_give_the_same_plan_again(town: SmallTown) -> None:
    first, again = planned(town.county), planned(town.county)
    with transaction(Scope.everything()) as session:
        tours = [
            [(stop.sequence, stop.kind, stop.ref_id, stop.arrive_at, stop.dropped) for stop in found]
            for found in (queries.stops(session, run.result["plan_id"]) for run in (first, again))
        ]
    assert tours[0] == tours[1]


def test_the_run_keeps_the_curve_of_the_best_value_and_what_repeats_it(town: SmallTown) -> None:
    run = planned(town.county, PlanQuestion(time_limit_s=2))
    curve = run.detail["best"]
    values = [value for _, value in curve]
    assert values
    assert values == sorted(values)
    assert values[-1] <= run.result["value"] + 0.1
    assert run.result["value"] <= run.detail["offered_value"] + 0.1
    assert run.detail["sketch"] == [], "the plan itself has the routes"
    assert run.params["seed"] == run.result["seed"]
    assert run.params["shift_from"] is not None


def test_a_running_search_shows_its_routes_and_a_cancelled_one_stores_nothing(town: SmallTown) -> None:
    run_id = ask(town.county, PlanQuestion(time_limit_s=100))
    worker = threading.Thread(target=execute, args=(run_id,), daemon=True)
    worker.start()
    deadline = time.monotonic() + 30
    while not run_of(run_id).detail.get("sketch"):
        assert time.monotonic() < deadline, run_of(run_id).error
        time.sleep(0.1)
    assert run_of(run_id).message["code"] == "patrol_searching"
    with transaction(Scope.everything()) as session:
        starts = {team.id: team for team in queries.team_starts(session, town.county)}
    for route in run_of(run_id).detail["sketch"]:
        team = starts[route["team_id"]]
        assert (route["team"], route["mode"]) == (team.name, team.mode)
        assert route["line"][0] == route["line"][-1] == [round(team.lon, 6), round(team.lat, 6)]
        assert len(route["line"]) > 2
    with transaction(Scope.everything()) as session:
        jobs.cancel(session, run_id)
    worker.join(timeout=10)
    assert not worker.is_alive()
    assert run_of(run_id).state == "cancelled"
    assert stored_counts() == {"patrol_plan": 0, "patrol_route": 0, "patrol_stop": 0}


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        pytest.param({"teams": False}, "no_teams", id="no team"),
        pytest.param({"roads": False}, "no_roads", id="no road"),
    ],
)
def test_what_is_missing_is_named(database: Database, missing: dict[str, bool], code: str) -> None:
    run = planned(build_street_town(**missing).county)
    assert run.state == "failed"
    assert run.error == {"code": code, "area": "试验县"}
    assert sum(stored_counts().values()) == 0


def test_a_county_without_any_spot_is_told_so(database: Database) -> None:
    town = build_street_town(spots=False)
    with transaction(Scope.everything()) as session:
        lonely = Area(id=900, county_id=900, path="900", level="county", code="990002", name="空县")
        session.add(lonely)
        session.flush()
        for road in session.scalars(select(RoadSection).where(RoadSection.county_id == town.county.id)):
            road.county_id = 900
        add_teams(session, lonely)
    run = planned(lonely)
    assert run.error == {"code": "no_candidates", "area": "空县"}


def add_far_team(county: Area, name: str = "远山组", mode: str = "car") -> int:
    """Store a team 2.9 km east of the town's last street."""
    with transaction(Scope.everything()) as session:
        return create_team(session, county, TeamDetails(name=name, mode=mode, lon=119.05, lat=30.0)).id


def test_a_team_far_from_any_road_is_left_out_with_its_reason_and_the_others_are_planned(
    town: SmallTown,
) -> None:
    without = planned(town.county)
    far = add_far_team(town.county)
    run = planned(town.county)
    assert run.state == "done", run.error
    (told,) = run.result["off_road_teams"]
    assert (told["code"], told["team"], told["team_id"]) == ("team_off_road", "远山组", far)
    assert (told["mode"], told["reach_m"]) == ("car", 500)
    assert 2800 < told["distance_m"] < 2950
    # The nearest street's end: (119.02, 30.0).
    assert told["road"] == pytest.approx([119.02, 30.0], abs=1e-5)
    assert run.result["teams"] == 3
    assert run.result["stops_served"] == without.result["stops_served"]
    with transaction(Scope.everything()) as session:
        plan = queries.plan(session, run.result["plan_id"])
        assert plan.summary["off_road_teams"] == run.result["off_road_teams"]
        assert {row.team for row in queries.routes(session, plan.id)} == {"一组", "二组", "三组"}


def test_a_team_that_is_left_out_lends_its_mode_to_no_stop(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        (walkers,) = [row.id for row in queries.teams(session) if row.mode == "foot"]
    far = add_far_team(town.county)
    only = PlanQuestion.from_params(REPEATABLE.to_params() | {"team_ids": [walkers, far]})
    run = planned(town.county, only)
    assert run.state == "done", run.error
    with transaction(Scope.everything()) as session:
        assert {row.mode for row in queries.routes(session, run.result["plan_id"])} == {"foot"}


def test_a_plan_is_refused_when_its_only_team_cannot_start(town: SmallTown) -> None:
    far = add_far_team(town.county)
    only = PlanQuestion.from_params(REPEATABLE.to_params() | {"team_ids": [far]})
    run = planned(town.county, only)
    assert run.state == "failed"
    assert run.error["code"] == "team_off_road"
    assert (run.error["team"], run.error["mode"], run.error["reach_m"]) == ("远山组", "car", 500)
    assert 2800 < run.error["distance_m"] < 2950
    assert sum(stored_counts().values()) == 0


def test_a_plan_is_refused_when_none_of_several_teams_can_start(town: SmallTown) -> None:
    far = [add_far_team(town.county), add_far_team(town.county, "河口组", "foot")]
    both = PlanQuestion.from_params(REPEATABLE.to_params() | {"team_ids": far})
    run = planned(town.county, both)
    assert run.error == {"code": "no_team_on_road", "teams": "远山组, 河口组", "reach_m": 500}
    assert sum(stored_counts().values()) == 0


def close_to_cars() -> None:
    with transaction(Scope.everything()) as session:
        for road in session.scalars(select(RoadSection)):
            road.car = False


def test_a_team_without_any_road_for_its_mode_is_left_out_and_named(town: SmallTown) -> None:
    close_to_cars()
    run = planned(town.county)
    (told,) = run.result["off_road_teams"]
    assert (told["code"], told["team"], told["mode"], told["road"]) == (
        "no_roads_for_mode", "一组", "car", None,
    )  # fmt: skip
    assert run.result["teams"] == 2


def test_a_plan_for_one_team_without_any_road_for_its_mode_is_refused(town: SmallTown) -> None:
    close_to_cars()
    with transaction(Scope.everything()) as session:
        (car,) = [row.id for row in queries.teams(session) if row.mode == "car"]
    run = planned(town.county, PlanQuestion.from_params(REPEATABLE.to_params() | {"team_ids": [car]}))
    assert run.error == {"code": "no_roads_for_mode", "team": "一组", "mode": "car"}


def test_only_the_chosen_teams_are_planned_and_an_unknown_one_is_named(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        team_id = next(row.id for row in queries.teams(session) if row.mode == "foot")
    only = PlanQuestion.from_params(REPEATABLE.to_params() | {"team_ids": [team_id]})
    run = planned(town.county, only)
    with transaction(Scope.everything()) as session:
        assert [row.team_id for row in queries.routes(session, run.result["plan_id"])] == [team_id]
    missing = PlanQuestion.from_params(REPEATABLE.to_params() | {"team_ids": [team_id, 999_999]})
    assert planned(town.county, missing).error == {"code": "team_unknown", "id": 999_999}


def test_a_plan_of_one_grid_sees_and_stores_nothing_outside_it(town: SmallTown) -> None:
    scope = Scope((town.west.path,))
    with transaction(scope) as session:
        create_team(session, town.west, TeamDetails(name="西组", mode="foot", lon=119.005, lat=30.005))
    run = planned(town.west, scope=scope)
    assert run.state == "done", run.error
    with transaction(scope) as session:
        stops = queries.stops(session, run.result["plan_id"])
        assert {row.team for row in queries.routes(session, run.result["plan_id"])} == {"西组"}
    assert {stop.kind for stop in stops} == {"place", "grid"}, "the hotspot lies in the east"
    assert all(stop.lon < 119.0101 for stop in stops)
    with transaction(Scope((town.east.path,))) as session, pytest.raises(NotFound):
        queries.plan(session, run.result["plan_id"])


def spot_values(town: SmallTown, kind: SpotKind) -> dict[str, float]:
    with transaction(Scope.everything()) as session:
        found = load_task(session, town.county, REPEATABLE).found
    return {one.spot.name: one.value for one in found if one.spot.kind is kind}


def test_a_grid_visited_lately_is_worth_less_than_one_that_was_not(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        visit_dwelling(session, town.west_dwelling, days_ago=2)
        visit_dwelling(session, town.east_dwelling, days_ago=55)
    values = spot_values(town, SpotKind.GRID)
    assert values["西网格"] < values["东网格"] < values["北社区"], "nobody was ever in the north"


def test_incidents_that_patrols_found_raise_no_value_and_others_do(town: SmallTown) -> None:
    before = spot_values(town, SpotKind.GRID)
    add_incidents(town.west, "patrol")
    assert spot_values(town, SpotKind.GRID) == before
    add_incidents(town.west, "resident")
    after = spot_values(town, SpotKind.GRID)
    assert after["西网格"] > before["西网格"]
    assert after["东网格"] == before["东网格"]


def add_incidents(area: Area, source: str) -> None:
    with transaction(Scope.everything()) as session:
        code = session.scalar(select(IncidentType.code).where(IncidentType.hotspot_allowed).limit(1))
        for number in range(8):
            session.add(
                Incident(
                    type_code=code,
                    occurred_at=now() - timedelta(days=1 + number),
                    source=source,
                    geom="SRID=4326;POINT(119.005 30.005)",
                    **owner_of(area),
                )
            )


def test_a_working_camera_nearby_lowers_the_value_and_a_broken_one_does_not(town: SmallTown) -> None:
    from cameras.models import Camera

    before = spot_values(town, SpotKind.PLACE)["场所0"]

    def add_camera(status: str) -> None:
        with transaction(Scope.everything()) as session:
            point = "SRID=4326;POINT(119.0013 30.0009)"
            session.add(Camera(name=status, status=status, geom=point, **owner_of(town.west)))

    add_camera("offline")
    assert spot_values(town, SpotKind.PLACE)["场所0"] == before
    add_camera("working")
    assert spot_values(town, SpotKind.PLACE)["场所0"] < before


def test_only_hotspots_of_the_last_run_that_have_not_expired_become_stops(town: SmallTown) -> None:
    assert set(spot_values(town, SpotKind.HOTSPOT)) == {"桥东路"}
    with transaction(Scope.everything()) as session:
        add_hotspot(session, town.county, "新街", 119.005, 30.005, observed=30)
    assert set(spot_values(town, SpotKind.HOTSPOT)) == {"新街"}
    with transaction(Scope.everything()) as session:
        add_hotspot(session, town.county, "旧街", 119.005, 30.005, observed=30, days_left=-1)
    assert spot_values(town, SpotKind.HOTSPOT) == {}


def test_more_candidates_than_wanted_keeps_the_most_valuable(town: SmallTown) -> None:
    few = PlanQuestion.from_params(REPEATABLE.to_params() | {"most_stops": 5})
    with transaction(Scope.everything()) as session:
        everything = load_task(session, town.county, REPEATABLE).found
        found = load_task(session, town.county, few).found
    assert [one.spot for one in found] == [one.spot for one in everything[:5]]


def test_sections_are_read_as_arrays_with_metric_lengths(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        sections = load_sections(session, county_id=town.county.id, epsg=metric_epsg(119.01))
        ids = session.scalars(select(RoadSection.id).order_by(RoadSection.id)).all()
        missing = load_sections(session, county_id=town.county.id + 10_000, epsg=metric_epsg(119.01))
    assert sections.section_id.tolist() == list(ids)
    assert np.diff(sections.offsets).tolist() == [2] * len(ids)
    # 0.002 degrees are 192.9 m along the parallel and 221.7 m along the meridian here.
    assert set(np.round(sections.length_m()).astype(int)) <= {193, 222}
    assert (sections.oneway == 1).sum() == 10
    assert (~sections.car).sum() == 5
    assert len(missing.section_id) == 0
    assert missing.offsets.tolist() == [0]


def test_a_changed_speed_counts_at_once_and_nonsense_is_refused(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        setting = StoredSetting(key=SPEED_SETTING, value={"car": {"residential": 7.0}})
        session.add(setting)
        session.flush()
        assert speed_table(session).kmh[Mode.CAR]["residential"] == 7.0
        setting.value = {"rocket": {"residential": 7.0}}
        session.flush()
        with pytest.raises(InvalidInput, match="road_speeds_unusable"):
            speed_table(session)


def test_places_that_lie_off_every_road_are_dropped_as_unreachable(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        add_place(session, town.east, "湖心岛", "hazardous_store", 119.04, 30.005)
    run = planned(town.county)
    with transaction(Scope.everything()) as session:
        stops = queries.stops(session, run.result["plan_id"])
    island = next(stop for stop in stops if stop.name == "湖心岛")
    assert island.dropped == "unreachable"
    assert (island.lon, island.lat) == (119.04, 30.005)
    assert run.result["stops_dropped"]["unreachable"] == 1


def test_adding_a_second_set_of_spots_and_a_changed_team_show_in_the_next_plan(town: SmallTown) -> None:
    first = planned(town.county)
    with transaction(Scope.everything()) as session:
        add_spots(session, town)
        team = next(row for row in queries.teams(session) if row.mode == "car")
        details = TeamDetails(team.name, "bicycle", team.lon, team.lat)
        update_team(session, team.id, details)
    second = planned(town.county)
    assert second.result["stops_offered"] == first.result["stops_offered"] + 24
    with transaction(Scope.everything()) as session:
        modes = {row.team: row.mode for row in queries.routes(session, second.result["plan_id"])}
    assert modes["一组"] == "bicycle"
