"""The forecast job from request to stored bands, on a real database with row level security."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import func, select, text

from core.clock import now
from core.db import LayerVersion, Scope, transaction
from core.jobs import cancel, execute
from core.models import JobRun
from geo.areas.models import Area
from geo.tile_address import Tile
from incidents.forecasts.jobs import request_forecast
from incidents.forecasts.models import ForecastBand
from incidents.forecasts.queries import bands_of_run
from incidents.forecasts.service import ForecastQuestion, expected_s, load_task, summary
from incidents.forecasts.tiles import forecast_tile
from incidents.hotspots.forecast import Outlook, outlook
from tests.incidents.test_hotspot_job import HOT, SIDE_M, add_incidents, lonlat, make_town

END = datetime(2025, 6, 30, 16, tzinfo=UTC)
DAYS = 300
#: Cells of 400 m: fifteen by fifteen, so that a whole run takes seconds.
CELL_M = 400.0
EVERYTHING = Scope.everything()


def add_register(session, county: Area, *, even: int = 1_200, gathered: int = 1_600) -> None:
    """Store incidents of `DAYS` days before `END`: some anywhere, more around `HOT` and three corners."""
    rng = np.random.default_rng(3)
    centres = np.array([HOT, (1_000, 1_000), (5_000, 1_500), (2_000, 5_000)])
    around = centres[rng.integers(0, 4, gathered)] + rng.normal(0, 120, (gathered, 2))
    points = np.vstack([rng.uniform(0, SIDE_M, (even, 2)), around])
    ages_d = rng.uniform(0, DAYS, len(points))
    add_incidents(session, county, points, [END - timedelta(days=float(age), seconds=1) for age in ages_d])


@pytest.fixture
def county(database: object) -> Iterator[Area]:
    """A town whose incidents gather at four places, year in, year out."""
    with transaction(EVERYTHING) as session:
        county = make_town(session)
        add_register(session, county)
    return county


def run_of(area: Area, scope: Scope = EVERYTHING, **question: object) -> JobRun:
    with transaction(scope) as session:
        asked = ForecastQuestion(**{"cell_m": CELL_M} | question)
        run_id = request_forecast(session, session.get_one(Area, area.id), asked).id
    execute(run_id)
    with transaction(EVERYTHING) as session:
        return session.get_one(JobRun, run_id)


def stored(run: JobRun) -> list[ForecastBand]:
    with transaction(EVERYTHING) as session:
        found = select(ForecastBand).where(ForecastBand.run_id == run.id).order_by(ForecastBand.share)
        return list(session.scalars(found))


def test_the_forecast_finds_the_planted_places_and_beats_an_even_map(county: Area) -> None:
    run = run_of(county)
    assert (run.state, run.error) == ("done", None)
    result = run.result
    assert result["outcome"] == "forecast"
    # An even map would hit 5 %; four places of some hundred metres hold more than half of the incidents.
    assert result["chosen"]["hit_rate"]["5"] > 0.3
    low, high = result["chosen"]["hit_rate_interval"]["5"]
    assert low < result["chosen"]["hit_rate"]["5"] < high <= result["best_possible"]["5"] <= 1.0
    assert set(result["methods"]["count"]["pai"]) == {"1", "5", "10", "20"}
    bands = stored(run)
    assert [band.share for band in bands] == [0.01, 0.05, 0.1, 0.2]
    best = shapely.union_all([to_shape(band.geom) for band in bands[:2]])
    assert best.covers(shapely.Point(lonlat([HOT])[0]))


def test_bands_are_disjoint_and_lie_within_the_area(county: Area) -> None:
    shapes = [to_shape(band.geom) for band in stored(run_of(county))]
    ground = shapely.Polygon(lonlat([(0, 0), (SIDE_M, 0), (SIDE_M, SIDE_M), (0, SIDE_M)]))
    assert all(shape.is_valid for shape in shapes)
    # A square's sides bend by centimetres on the way to degrees and back.
    whole = shapely.union_all(shapes).area
    assert sum(shape.area for shape in shapes) == pytest.approx(whole, rel=1e-4)
    assert shapely.difference(shapely.union_all(shapes), ground).area < 1e-4 * whole
    assert whole / ground.area == pytest.approx(0.2, abs=0.02)


def test_the_run_can_be_repeated_from_its_record(county: Area) -> None:
    run = run_of(county, seed=7)
    question = ForecastQuestion.from_params(run.params | {"as_of": run.result["as_of"]})
    with transaction(EVERYTHING) as session:
        task = load_task(session, session.get_one(Area, county.id), question)
    found = outlook(task.past, task.ground, task.params, task.seed)
    assert isinstance(found, Outlook)
    again = summary(found, task)
    different = {"as_of_source", "fingerprint"}
    assert {name for name in again if again[name] != run.result[name]} <= different


def test_the_same_question_about_the_same_register_refers_to_the_earlier_answer(county: Area) -> None:
    first, second = run_of(county), run_of(county)
    assert second.result == first.result | {"same_as": first.id}
    assert stored(second) == []
    with transaction(EVERYTHING) as session:
        session.execute(
            text("UPDATE incident SET source = 'patrol' WHERE id = (SELECT min(id) FROM incident)")
        )
    third = run_of(county)
    assert "same_as" not in third.result
    assert third.result["known"] == first.result["known"] - 1


def test_a_forecast_expires_at_the_end_of_its_days_or_with_the_next_one(county: Area) -> None:
    week, month = run_of(county), run_of(county, horizon_days=30)
    (expires,) = {band.expires_at for band in stored(week)}
    # The register ended long ago: the map stays for as long as the forecast looks ahead.
    assert abs(expires - (now() + timedelta(days=7))) < timedelta(minutes=5)
    again = run_of(county, seed=2)
    assert all(band.expires_at <= now() for band in stored(week))
    assert all(band.expires_at > now() for band in (*stored(month), *stored(again)))
    with transaction(EVERYTHING) as session:
        assert session.scalar(select(LayerVersion.version).where(LayerVersion.layer == "forecast")) == 3


def test_a_register_up_to_date_is_forecast_from_midnight_until_the_end_of_its_days(county: Area) -> None:
    with transaction(EVERYTHING) as session:
        session.execute(
            text("UPDATE incident SET occurred_at = occurred_at + make_interval(secs => :late)"),
            {"late": (now() - END).total_seconds()},
        )
    run = run_of(county)
    assert run.result["as_of_source"] == "now"
    begins = datetime.fromisoformat(run.result["as_of"])
    assert begins <= now() < begins + timedelta(days=1)
    assert begins.astimezone().tzinfo is not None
    assert {band.expires_at for band in stored(run)} == {begins + timedelta(days=7)}


def test_a_run_cancelled_between_two_origins_leaves_nothing(county: Area) -> None:
    with transaction(EVERYTHING) as session:
        run_id = request_forecast(
            session, session.get_one(Area, county.id), ForecastQuestion(cell_m=100.0)
        ).id
    working = threading.Thread(target=execute, args=(run_id,))
    working.start()
    wait_until_walking(run_id, working)
    with transaction(EVERYTHING) as session:
        cancel(session, run_id)
    working.join(60)
    with transaction(EVERYTHING) as session:
        run = session.get_one(JobRun, run_id)
        assert (run.state, run.result) == ("cancelled", None)
        assert run.message["origin"] < run.message["origins"]
        assert session.scalar(select(func.count()).select_from(ForecastBand)) == 0


def wait_until_walking(run_id: int, working: threading.Thread) -> None:
    """Return when the run tells of its origins, or has ended without."""
    deadline = time.monotonic() + 60
    while working.is_alive() and time.monotonic() < deadline:
        with transaction(EVERYTHING) as session:
            if session.get_one(JobRun, run_id).message.get("code") == "forecast_origin":
                return
        time.sleep(0.05)


def test_too_few_incidents_are_a_normal_answer(county: Area) -> None:
    with transaction(EVERYTHING) as session:
        session.execute(text("DELETE FROM incident WHERE id > (SELECT min(id) + 60 FROM incident)"))
    run = run_of(county)
    assert run.state == "done"
    assert run.result["outcome"] == "too_few"
    assert run.result["too_few"]["minimum"] == 100
    assert stored(run) == []


def test_late_days_and_what_patrols_found_take_no_part(county: Area) -> None:
    with transaction(EVERYTHING) as session:
        session.execute(text("UPDATE incident SET source = 'patrol' WHERE id % 2 = 0"))
    result = run_of(county, late_days=3.0).result
    assert result["known"] == 1_400
    scored_until, begins = (datetime.fromisoformat(one) for one in (result["scored"]["to"], result["as_of"]))
    assert scored_until == begins - timedelta(days=3)


def test_a_reader_of_another_area_sees_no_band(county: Area) -> None:
    run = run_of(county)
    with transaction(EVERYTHING) as session:
        grid = session.scalars(select(Area).where(Area.level == "grid")).first()
    lon, lat = lonlat([HOT])[0]
    tile = tile_at(lon, lat, 12)
    with transaction(Scope((grid.path,))) as session:
        assert bands_of_run(session, run.id) == []
        assert forecast_tile(session, tile, horizon_days=7) == b""
    with transaction(Scope((county.path,))) as session:
        assert len(bands_of_run(session, run.id)) == 4
        assert forecast_tile(session, tile, horizon_days=7)
        assert forecast_tile(session, tile, horizon_days=30) == b""


def tile_at(lon: float, lat: float, z: int) -> Tile:
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**z)
    return Tile(z, x, y)


def test_the_time_it_takes_grows_with_the_ground(county: Area) -> None:
    with transaction(EVERYTHING) as session:
        area = session.get_one(Area, county.id)
        coarse, fine = (expected_s(session, area, ForecastQuestion(cell_m=m)) for m in (400.0, 100.0))
    assert 0 < coarse < fine
