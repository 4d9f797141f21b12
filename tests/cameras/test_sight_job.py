"""The job that stores what cameras see, on real PostGIS and Redis."""

import pytest
from shapely import box
from sqlalchemy import text

from cameras.jobs import request_sight
from core.db import Scope, transaction
from core.jobs import work
from core.models import JobRun
from geo.areas.queries import counties
from geo.areas.service import NewArea, create_area

STREET = "LINESTRING(119.2 30.1, 119.204 30.1)"


def scalar(sql, **binds):
    with transaction(Scope.everything()) as session:
        return session.execute(text(sql), binds).scalar()


def execute(sql, **binds):
    with transaction(Scope.everything()) as session:
        session.execute(text(sql), binds)


@pytest.fixture
def county(database):
    """One street, one camera on it looking all round, no building."""
    with transaction(Scope.everything()) as session:
        area = create_area(
            session, NewArea("county", "330199", "青溪县", box(119.19, 30.09, 119.21, 30.11)), None
        )
        binds = {"id": area.id, "path": area.path}
        session.execute(
            text(
                "INSERT INTO road_section (county_id, source_ref, from_node, to_node, "
                "road_class, length_m, geom) "
                f"VALUES (:id, 's1', 1, 2, 'residential', 385, ST_GeomFromText('{STREET}', 4326))"
            ),
            binds,
        )
        session.execute(
            text(
                "INSERT INTO camera (county_id, area_id, area_path, source_ref, name, range_m, geom) "
                "VALUES (:id, :id, CAST(:path AS ltree), 'c1', 'C1', 60, "
                "ST_GeomFromText('POINT(119.202 30.1)', 4326))"
            ),
            binds,
        )
        return area.id


def run():
    with transaction(Scope.everything()) as session:
        run_id = request_sight(session, counties(session)[0]).id
    work(["analysis"], burst=True)
    with transaction(Scope.everything()) as session:
        done = session.get_one(JobRun, run_id)
        assert done.state == "done", done.error
        return done.result


def test_a_free_camera_sees_twice_its_range_of_the_street(county):
    result = run()
    assert result["computed"] == 1
    assert result["seen_m"] == pytest.approx(120, abs=1)
    assert result["street_m"] == pytest.approx(385.8, abs=1)
    assert scalar("SELECT area_m2 FROM camera_view") == pytest.approx(11_310, rel=2e-3)


def test_only_what_changed_is_computed_again(county):
    run()
    assert run()["computed"] == 0
    # A house 20 m east of the camera hides the street behind it.
    execute(
        "INSERT INTO building (county_id, geom) "
        "VALUES (:id, ST_Multi(ST_MakeEnvelope(119.2022, 30.0999, 119.2023, 30.1001, 4326)))",
        id=county,
    )
    narrowed = run()
    assert narrowed["computed"] == 1
    assert narrowed["seen_m"] == pytest.approx(60 + 19.3, abs=1)


def test_an_offline_camera_opens_its_blind_spot_at_once(county):
    run()
    execute("UPDATE camera SET status = 'offline'")
    result = run()
    assert (result["computed"], result["working"], result["seen_m"]) == (0, 0, 0)


def test_the_bearing_counts_from_true_north(county):
    execute("UPDATE camera SET bearing_deg = 90, view_angle_deg = 40")
    assert run()["seen_m"] == pytest.approx(60, abs=1)
    middle = scalar(
        "SELECT degrees(ST_Azimuth(c.geom::geography, ST_Centroid(v.geom)::geography)) "
        "FROM camera_view v JOIN camera c ON c.id = v.camera_id"
    )
    assert middle == pytest.approx(90, abs=0.1)


def test_a_reader_of_another_area_sees_no_view(county):
    run()
    with transaction(Scope(("999",))) as session:
        assert session.execute(text("SELECT count(*) FROM camera_view")).scalar() == 0
