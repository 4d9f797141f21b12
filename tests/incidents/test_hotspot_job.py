"""The hotspot job from request to stored places, on a real database with row level security."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.clock import now
from core.db import LayerVersion, Scope, transaction
from core.errors import InvalidInput, NotEnough, NotFound
from core.jobs import cancel, execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.roads.models import RoadSection
from geo.shapes.crs import to_lonlat, to_metric
from incidents.hotspots import find_hotspots
from incidents.jobs import request_find
from incidents.models import Hotspot, Incident, IncidentType
from incidents.queries import IncidentSelection, current_hotspots, load_incident_arrays
from incidents.service import HotspotQuestion, load_task, store_map
from webapp.cli import main
from webapp.cli.hotspots import hotspots as command

EPSG = 32650
ORIGIN = to_metric(np.array([[119.2, 30.1]]), EPSG)[0]
END = datetime(2025, 6, 30, 16, tzinfo=UTC)
#: Metres east and north of the origin; two grids side by side, four streets around (4100, 3100).
SIDE_M = 6_000.0
HOT = (4_100.0, 3_100.0)


def lonlat(points: list[tuple[float, float]]) -> np.ndarray:
    return to_lonlat(np.array(points) + ORIGIN, EPSG)


def area_of(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.Polygon(lonlat([(west, south), (east, south), (east, north), (west, north)]))


def make_town(session: Session) -> Area:
    """Return the county: one community, two grids, three named streets and a lane without a name."""
    county = create_area(session, NewArea("county", "990001", "试验县", area_of(0, 0, SIDE_M, SIDE_M)), None)
    town = create_area(session, NewArea("town", "990001001", "试验镇", area_of(0, 0, SIDE_M, SIDE_M)), county)
    community = create_area(
        session, NewArea("community", "990001001001", "桥东社区", area_of(0, 0, SIDE_M, SIDE_M)), town
    )
    for number, west in ((1, 0.0), (2, 3_000.0)):
        shape = area_of(west, 0, west + 3_000, SIDE_M)
        code = f"99000100100100{number}"
        create_area(session, NewArea("grid", code, f"桥东社区第{number}网格", shape), community)
    streets = [("桥东路", 3_050.0), ("解放街", 3_250.0), (None, 3_100.0), ("远山路", 5_500.0)]
    for number, (name, north) in enumerate(streets):
        session.add(
            RoadSection(
                county_id=county.id,
                from_node=2 * number,
                to_node=2 * number + 1,
                road_class="residential",
                name=name,
                length_m=SIDE_M,
                geom=from_shape(shapely.LineString(lonlat([(0, north), (SIDE_M, north)])), srid=4326),
            )
        )
    session.flush()
    return county


def add_incidents(
    session: Session,
    area: Area,
    points: np.ndarray,
    when: list[datetime],
    *,
    type_code: str = "noise",
    source: str = "resident",
) -> None:
    places = shapely.points(to_lonlat(points + ORIGIN, EPSG))
    session.add_all(
        Incident(
            county_id=area.county_id,
            area_id=area.id,
            area_path=area.path,
            type_code=type_code,
            occurred_at=moment,
            source=source,
            geom=from_shape(place, srid=4326),
        )
        for place, moment in zip(places, when, strict=True)
    )
    session.flush()


def spread(
    rng: np.random.Generator, n: int, first: datetime, last: datetime
) -> tuple[np.ndarray, list[datetime]]:
    seconds = rng.uniform(0, (last - first).total_seconds(), n)
    return rng.uniform(0, SIDE_M, (n, 2)), [first + timedelta(seconds=float(s)) for s in seconds]


def add_history(session: Session, county: Area, end: datetime) -> None:
    """Two even years, and in the last four weeks thirty more within 150 m of `HOT`, at night."""
    rng = np.random.default_rng(11)
    add_incidents(session, county, *spread(rng, 3_000, end - timedelta(days=758), end - timedelta(seconds=2)))
    around = np.array(HOT) + rng.uniform(-150, 150, (30, 2))
    nights = [end - timedelta(days=float(d), hours=-1) for d in rng.integers(1, 27, 30)]
    add_incidents(session, county, around, nights, type_code="e_scooter_theft")


@pytest.fixture
def county(database: object) -> Iterator[Area]:
    """A town with two years of incidents that end on `END`."""
    with transaction(Scope.everything()) as session:
        county = make_town(session)
        add_history(session, county, END)
        add_incidents(session, county, np.array([[10.0, 10.0]]), [END - timedelta(seconds=1)])
    return county


def find(area: Area, scope: Scope | None = None, **question: object) -> JobRun:
    with transaction(scope or Scope.everything()) as session:
        run_id = request_find(session, session.get_one(Area, area.id), HotspotQuestion(**question)).id
    execute(run_id)
    with transaction(Scope.everything()) as session:
        return session.get_one(JobRun, run_id)


def stored(run: JobRun) -> list[Hotspot]:
    with transaction(Scope.everything()) as session:
        return list(session.scalars(select(Hotspot).where(Hotspot.run_id == run.id).order_by(Hotspot.rank)))


def test_the_planted_place_is_found_named_and_stored(county: Area) -> None:
    run = find(county)
    assert (run.state, run.error) == ("done", None)
    (place,) = stored(run)
    shape = to_shape(place.geom)
    assert shape.covers(shapely.Point(lonlat([HOT])[0]))
    assert place.area_m2 < 500_000
    assert place.name == "解放街 / 桥东路 · 桥东社区第2网格"
    assert place.observed >= 30 > place.expected * 3
    assert 1 < place.ratio_low < place.ratio < place.ratio_high
    assert place.q_value <= 0.05
    assert place.profile["types"][0]["code"] == "e_scooter_theft"
    # END is midnight in Shanghai; the planted ones happened an hour later.
    assert place.profile["hours"][1] >= 30
    assert place.profile["peak_hours"] == [1, 2]
    assert sum(place.profile["weekdays"]) == place.observed
    assert now() + timedelta(days=27) < place.expires_at < now() + timedelta(days=29)


def test_a_register_that_ended_years_ago_is_read_as_of_its_newest_incident_and_says_so(county: Area) -> None:
    result = find(county).result
    assert result is not None
    assert result["as_of_source"] == "latest_incident"
    assert datetime.fromisoformat(result["as_of"]) == END
    assert datetime.fromisoformat(result["window"]["from"]) == END - timedelta(days=28)
    assert result["outcome"] == "found"
    assert result["place_count"] == len(result["hotspot_ids"]) == 1


def test_a_register_that_is_up_to_date_is_read_as_of_now(database: object) -> None:
    with transaction(Scope.everything()) as session:
        county = make_town(session)
        add_history(session, county, now() - timedelta(hours=3))
    result = find(county).result
    assert result is not None
    assert result["as_of_source"] == "now"
    assert abs(datetime.fromisoformat(result["as_of"]) - now()) < timedelta(minutes=2)


def test_the_same_question_gives_the_same_answer(county: Area) -> None:
    first, second = (stored(find(county, seed=5)) for _ in range(2))
    columns = ("rank", "name", "observed", "expected", "ratio_low", "p_value", "q_value", "profile", "geom")
    assert [[getattr(h, c) for c in columns] for h in first] == [
        [getattr(h, c) for c in columns] for h in second
    ]


def test_a_new_run_lets_the_areas_earlier_hotspots_expire_and_no_others(county: Area) -> None:
    with transaction(Scope.everything()) as session:
        grid = session.scalars(select(Area).where(Area.level == "grid").order_by(Area.code)).first()
        session.execute(
            text("UPDATE incident SET area_id = :id, area_path = CAST(:path AS ltree)"),
            {"id": grid.id, "path": grid.path},
        )
    of_grid, first, second = find(grid), find(county), find(county)
    with transaction(Scope.everything()) as session:
        runs = {row.run_id for row in current_hotspots(session, at=now())}
        assert session.scalar(select(LayerVersion.version).where(LayerVersion.layer == "hotspots")) >= 3
    assert len(stored(first)) == 1
    assert runs == {second.id} | ({of_grid.id} if stored(of_grid) else set())


def test_of_two_runs_that_end_at_once_only_the_laters_hotspots_stand(county: Area) -> None:
    with transaction(Scope.everything()) as session:
        run_id = request_find(session, session.get_one(Area, county.id), HotspotQuestion()).id
        task = load_task(session, session.get_one(Area, county.id), HotspotQuestion())
    found = find_hotspots(task.incidents, task.study_area, task.params, task.seed)
    others: list[JobRun] = []
    other = threading.Thread(target=lambda: others.append(find(county)))
    with transaction(Scope.everything()) as session:
        store_map(session, run_id, session.get_one(Area, county.id), task=task, found=found)
        other.start()
        wait_until_locked_out(other)
    other.join(30)
    with transaction(Scope.everything()) as session:
        assert {row.run_id for row in current_hotspots(session, at=now())} == {others[0].id}


def wait_until_locked_out(thread: threading.Thread) -> None:
    """Return when a transaction waits for a lock, or `thread` has ended without having to."""
    deadline = time.monotonic() + 30
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                   "AND datname = current_database()")  # fmt: skip
    while thread.is_alive() and time.monotonic() < deadline:
        with transaction(Scope.nothing()) as session:
            if session.scalar(waiting):
                return
        time.sleep(0.05)


def test_incidents_that_patrols_found_make_no_hotspot(county: Area) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(text("UPDATE incident SET source = 'patrol' WHERE type_code = 'e_scooter_theft'"))
    run = find(county)
    assert run.result["outcome"] == "none"
    assert run.result["incidents"]["recent"] + run.result["incidents"]["history"] == 3_001


def test_a_type_whose_hotspots_are_not_allowed_takes_no_part(county: Area, owner_engine) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            IncidentType.__table__.update()
            .where(IncidentType.code == "e_scooter_theft")
            .values(hotspot_allowed=False)
        )
    assert find(county).result["outcome"] == "none"
    with pytest.raises(NotFound, match="incident_type_unknown"):
        refused = find(county, types=("e_scooter_theft",))
        raise NotFound(refused.error["code"])


def test_a_type_can_be_asked_for_by_its_group(county: Area) -> None:
    run = find(county, types=("theft",), history_days=700)
    assert run.result["outcome"] == "too_few"
    assert run.result["incidents"]["recent"] == 30
    assert run.result["too_few"] == {"what": "history", "found": 0, "minimum": 100}
    assert stored(run) == []


def test_a_run_sees_only_the_incidents_of_its_scope(county: Area) -> None:
    with transaction(Scope.everything()) as session:
        grid = session.scalars(select(Area).where(Area.level == "grid").order_by(Area.code)).first()
    run = find(grid, Scope((grid.path,)))
    assert (run.state, run.error["code"]) == ("failed", "no_incidents")


def test_a_cancelled_run_stores_nothing(county: Area) -> None:
    with transaction(Scope.everything()) as session:
        run_id = request_find(session, session.get_one(Area, county.id)).id
    with transaction(Scope.everything()) as session:
        cancel(session, run_id)
    execute(run_id)
    with transaction(Scope.everything()) as session:
        assert session.get_one(JobRun, run_id).state == "cancelled"
        assert session.scalar(select(func.count()).select_from(Hotspot)) == 0


def test_an_area_without_a_boundary_is_told_so(county: Area) -> None:
    with transaction(Scope.everything()) as session:
        town = create_area(session, NewArea("town", "990001009", "新镇"), session.get_one(Area, county.id))
    run = find(town)
    assert (run.state, run.error["code"]) == ("failed", NotEnough("area_without_boundary").code)


def test_arrays_carry_place_moment_and_local_hour_of_the_week_of_each_incident(database: object) -> None:
    zone = ZoneInfo("America/Chicago")
    # Either side of the change to summer time, and a Sunday's last hour.
    local = [
        datetime(2017, 3, 12, 1, 59, 59, tzinfo=zone),
        datetime(2017, 3, 12, 3, 0, tzinfo=zone),
        datetime(2017, 12, 31, 23, 30, 0, 999_999, tzinfo=zone),
    ]
    with transaction(Scope.everything()) as session:
        county = make_town(session)
        add_incidents(session, county, np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]]), local)
        add_incidents(session, county, np.array([[1.0, 1.0]]), [local[0]], type_code="fraud")
        arrays = load_incident_arrays(
            session,
            IncidentSelection(
                county_id=county.id,
                area_path=county.path,
                type_codes=("burglary", "noise"),
                start=local[0],
                end=local[2] + timedelta(seconds=1),
                zone=zone.key,
            ),
        )
    order = np.argsort(arrays.t_s)
    assert arrays.t_s[order].tolist() == [int(moment.timestamp()) for moment in local]
    assert arrays.hour_of_week[order].tolist() == [6 * 24 + 1, 6 * 24 + 3, 6 * 24 + 23]
    assert set(arrays.type_id.tolist()) == {2}
    expected = lonlat([(10.0, 20.0), (30.0, 40.0), (50.0, 60.0)])
    np.testing.assert_allclose(np.column_stack([arrays.lon, arrays.lat])[order], expected, atol=1e-9)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"days": 0}, "hotspot_setting_out_of_range"),
        ({"q": float("nan")}, "hotspot_setting_out_of_range"),
        ({"days": 200, "history_days": 100}, "hotspot_history_too_short"),
        ({"bandwidth_m": 200.0, "window_radius_m": 300.0}, "hotspot_bandwidth_too_small"),
        ({"as_of": datetime(2025, 1, 1)}, "time_without_zone"),  # noqa: DTZ001 - the mistake under test
    ],
)
def test_a_question_that_would_mislead_is_refused(question: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        HotspotQuestion(**question)
    assert refused.value.code == code


def test_a_question_survives_its_record() -> None:
    question = HotspotQuestion(days=14, types=("noise",), as_of=END, cell_m=150.0)
    assert HotspotQuestion.from_params(json.loads(json.dumps(question.to_params()))) == question
    with pytest.raises(InvalidInput, match="hotspot_setting_unknown"):
        HotspotQuestion.from_params({"dais": 14})


def test_the_command_prints_what_the_run_stored(county: Area) -> None:
    done = CliRunner().invoke(command, ["find", "--days", "28", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["state"] == "done"
    assert [place["name"] for place in answer["places"]] == ["解放街 / 桥东路 · 桥东社区第2网格"]
    plain = CliRunner().invoke(command, ["find", "--as-of", "2025-06-30"])
    assert plain.exit_code == 0
    assert "桥东路" in plain.stdout


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        pytest.param([], "gridpatrol import", "Nothing has been loaded yet.", id="no county"),
        pytest.param(["--area", "nowhere"], "nowhere", "nowhere", id="unknown area"),
        pytest.param(["--days", "9999"], "days", "days must lie between 1 and 366.", id="out of range"),
        pytest.param(["--as-of", "yesterday"], "as_of", "The time in as_of cannot be read.", id="no time"),
    ],
)
def test_the_command_refuses_with_a_sentence_and_exit_code_two(
    database: object, capsys: pytest.CaptureFixture[str], arguments: list[str], zh: str, en: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["hotspots", "find", *arguments])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    chinese, english = said.err.strip().splitlines()[:2]
    assert zh in chinese
    assert en in english
