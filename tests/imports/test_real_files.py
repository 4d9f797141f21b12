"""Real files through the command, into real PostGIS, as the application's role."""

import json
import time

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from core.db import Scope, transaction
from webapp.cli.imports import imports

pytestmark = pytest.mark.shared


def run(*arguments, exit_code=0):
    result = CliRunner().invoke(imports, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result.output


def run_json(*arguments):
    return json.loads(run(*arguments, "--json"))


def scalar(sql, **binds):
    with transaction(Scope.everything()) as session:
        return session.execute(text(sql), binds).scalar()


def test_a_town_comes_in_whole_and_a_second_time_changes_nothing(database, shared_data):
    path = shared_data / "osm_small_towns" / "north-bayreuth.osm.gz"
    first = run_json("roads", path)
    assert first["loaded"]["road_section"] == scalar("SELECT count(*) FROM road_section") == 3704
    assert first["loaded"]["building"] == scalar("SELECT count(*) FROM building") == 4267
    assert [notice["code"] for notice in first["notices"]] == ["county_made"]
    assert scalar("SELECT kind FROM area_boundary") == "provisional"
    assert scalar("SELECT name FROM area") == "north-bayreuth"
    second = run_json("roads", path)
    assert sum(second["loaded"].values()) == 0
    assert second["unchanged"]["road_section"] == 3704
    assert sum(second["kept"].values()) == 0
    assert scalar("SELECT count(*) FROM area") == 1


def test_sections_meet_at_shared_nodes_and_are_as_long_as_they_are_drawn(database, shared_data):
    run("roads", shared_data / "osm_helsinki_center" / "Helsinki.osm.pbf")
    apart = scalar(
        "SELECT count(*) FROM road_section a JOIN road_section b ON a.to_node = b.from_node "
        "WHERE NOT ST_Equals(ST_EndPoint(a.geom), ST_StartPoint(b.geom))"
    )
    assert apart == 0
    worst = scalar("SELECT max(abs(length_m - ST_Length(geom::geography))) FROM road_section")
    assert worst < 0.01


def test_chinese_tiles_are_noded_into_one_network(database, shared_data):
    folder = shared_data / "osm_shanghai_lujiazui"
    roads = run_json("roads", folder / "roads.geojson", "--new-county", "陆家嘴")
    run_json("roads", folder / "buildings.geojson")
    places = run_json("roads", folder / "pois.geojson")
    assert roads["loaded"]["road_section"] > 3500
    assert places["loaded"]["place"] > 50
    assert scalar("SELECT count(*) FROM road_section WHERE name = '世纪大道'") > 0
    assert scalar("SELECT count(*) FROM area WHERE level = 'county'") == 1
    # No two sections cross between their ends, unless one runs on a bridge or in a tunnel.
    crossings = scalar(
        "SELECT count(*) FROM road_section a JOIN road_section b ON a.id < b.id AND a.geom && b.geom "
        "WHERE ST_Crosses(a.geom, b.geom) AND a.bridge = b.bridge AND a.tunnel = b.tunnel"
    )
    assert crossings == 0
    again = run_json("roads", folder / "roads.geojson")
    assert sum(again["loaded"].values()) == 0


def test_helsinki_cameras_keep_their_unknown_direction(database, shared_data):
    folder = shared_data / "osm_helsinki_center"
    run("roads", folder / "Helsinki.osm.pbf")
    report = run_json("cameras", folder / "surveillance_cameras.geojson")
    assert report["loaded"]["camera"] == 221
    assert scalar("SELECT count(*) FROM camera WHERE bearing_deg IS NULL") == 221
    assert scalar("SELECT count(*) FROM camera WHERE kind = 'dome'") == 34 + 6  # revolving, dome
    assert run_json("cameras", folder / "surveillance_cameras.geojson")["unchanged"]["camera"] == 221


def test_two_years_of_a_city_are_loaded_with_their_own_types(database, shared_data):
    path = shared_data / "chicago_crimes" / "chicago_all_2016_2017.csv.gz"
    started = time.monotonic()
    report = run_json("incidents", path, "--tz", "America/Chicago")
    seconds = time.monotonic() - started
    print(f"chicago: {seconds:.1f} s, {report['refused']}")
    assert report["loaded"]["incident"] + sum(report["refused"].values()) == 532_222
    assert report["loaded"]["incident"] > 532_000
    assert scalar("SELECT count(*) FROM incident WHERE type_code = 'burglary'") > 27_000
    assert scalar("SELECT parent_code FROM incident_type WHERE name_en = 'NARCOTICS'") == "imported"
    first = scalar("SELECT min(occurred_at AT TIME ZONE 'America/Chicago')::text FROM incident")
    assert first == "2016-01-01 00:00:00"


def test_a_file_of_another_town_is_refused_with_the_way_out(database, shared_data):
    run("roads", shared_data / "osm_helsinki_center" / "Helsinki.osm.pbf")
    before = scalar("SELECT count(*) FROM road_section")
    said = run("roads", shared_data / "osm_small_towns" / "north-bayreuth.osm.gz", exit_code=2)
    assert "--new-county" in said
    assert scalar("SELECT count(*) FROM road_section") == before
    run("roads", shared_data / "osm_small_towns" / "north-bayreuth.osm.gz", "--new-county", "Bayreuth")
    assert scalar("SELECT count(DISTINCT county_id) FROM road_section") == 2
