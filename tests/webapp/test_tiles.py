"""Vector tiles: what is in them, who sees what, and what is cut anew."""

import gzip
import math
from collections.abc import Callable

import mapbox_vector_tile
import pytest
import shapely
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from sqlalchemy import text

import webapp.kept
from cameras.models import Camera
from core.clock import now
from core.db import Scope, transaction
from geo.households.models import Building
from geo.places.models import Place
from geo.roads.models import GroundCover, RoadSection
from geo.tile_address import Tile
from incidents.models import Incident
from incidents.tiles import MOST_POINTS
from tests.small_town import add_dwelling
from tests.webapp.conftest import World, count_statements
from webapp.tiles.layer import LAYERS

SignIn = Callable[..., FlaskClient]


def tile_at(lon: float, lat: float, z: int) -> Tile:
    """Return the tile of zoom `z` that holds a point."""
    side = 1 << z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side
    return Tile(z, int((lon + 180) / 360 * side), int(y))


def address(layer: str, tile: Tile) -> str:
    return f"/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}.mvt"


def features(client: FlaskClient, layer: str, tile: Tile, **arguments: str) -> dict[str, list[dict]]:
    """Return the properties of a tile's features by MVT layer."""
    answer = client.get(address(layer, tile), query_string=arguments)
    assert answer.status_code in (200, 204), answer.text
    content = mapbox_vector_tile.decode(answer.data) if answer.data else {}
    return {name: [f["properties"] for f in found["features"]] for name, found in content.items()}


def owner_of(area) -> dict[str, object]:
    return {"county_id": area.county_id, "area_id": area.id, "area_path": area.path}


def point(lon: float, lat: float):
    return from_shape(shapely.Point(lon, lat), srid=4326)


@pytest.fixture
def furnished(world: World) -> World:
    """The small town with a street, a house, a pond, cameras, a place and incidents."""
    town = world.town
    with transaction(Scope.everything()) as session:
        county = town.county.id
        west, east = owner_of(town.west), owner_of(town.east)
        line = shapely.LineString([(119.001, 30.005), (119.019, 30.005)])
        house = shapely.MultiPolygon([shapely.box(119.0048, 30.0048, 119.0052, 30.0052)])
        pond = shapely.MultiPolygon([shapely.box(119.012, 30.002, 119.016, 30.004)])
        session.add_all(
            [
                RoadSection(
                    county_id=county, from_node=1, to_node=2, road_class="residential", name="解放街",
                    length_m=1735.0, geom=from_shape(line, srid=4326),
                ),
                Building(county_id=county, kind="house", geom=from_shape(house, srid=4326)),
                GroundCover(county_id=county, kind="water", geom=from_shape(pond, srid=4326)),
                Camera(
                    name="桥头", bearing_deg=90.0, view_angle_deg=60.0, geom=point(119.006, 30.005), **west
                ),
                Camera(name="东口", geom=point(119.016, 30.005), **east),
                Place(kind="school", name="第一小学", geom=point(119.007, 30.006), **west),
                Incident(type_code="burglary", occurred_at=now(), geom=point(119.006, 30.004), **west),
                Incident(type_code="noise", occurred_at=now(), geom=point(119.016, 30.004), **east),
            ]
        )  # fmt: skip
    return world


HOME = tile_at(119.01, 30.005, 12)


def test_every_layer_answers_at_every_zoom(furnished: World, sign_in: SignIn) -> None:
    clients = {"drafts": sign_in("boundary")}
    leader = sign_in("leader")
    for layer in LAYERS:
        for zoom in range(21):
            answer = clients.get(layer, leader).get(address(layer, tile_at(119.005, 30.005, zoom)))
            assert answer.status_code in (200, 204), (layer, zoom, answer.text)


def test_the_base_map_shows_ground_houses_and_streets(furnished: World, sign_in: SignIn) -> None:
    found = features(sign_in("leader"), "base", tile_at(119.005, 30.005, 14))

    assert found["ground"] == [{"kind": "water"}]
    assert len(found["buildings"]) == 1
    assert found["roads"] == [{"class": "residential", "name": "解放街"}]


def test_small_streets_are_left_out_of_far_views(furnished: World, sign_in: SignIn) -> None:
    assert "roads" not in features(sign_in("leader"), "base", HOME)


def test_areas_say_which_are_the_readers_own(furnished: World, sign_in: SignIn) -> None:
    found = features(sign_in("captain"), "areas", tile_at(119.01, 30.005, 14))

    own = {area["name"]: area["own"] for area in found["areas"] if area["level"] == "grid"}
    assert own == {"西网格": 1, "东网格": 0}
    assert {label["code"] for label in found["area_labels"] if label["level"] == "grid"} == {
        "990001001001001", "990001001001002",
    }  # fmt: skip


def test_grids_are_borders_without_names_where_thousands_fit_a_tile(
    furnished: World, sign_in: SignIn
) -> None:
    found = features(sign_in("captain"), "areas", HOME)

    grids = [area for area in found["areas"] if area["level"] == "grid"]
    assert sorted(grids, key=lambda area: area["own"]) == [
        {"level": "grid", "own": 0},
        {"level": "grid", "own": 1},
    ]
    assert {label["level"] for label in found["area_labels"]} == {"county", "town", "community"}


def test_a_grid_that_is_cut_meets_its_uncut_neighbour(furnished: World, sign_in: SignIn) -> None:
    """Tile 14/13608/6762: the east grid lies in it, the west one reaches beyond its left edge."""
    answer = sign_in("leader").get(address("areas", tile_at(119.01, 30.005, 14)))
    shapes = {
        area["properties"]["name"]: shapely.geometry.shape(area["geometry"])
        for area in mapbox_vector_tile.decode(answer.data)["areas"]["features"]
    }
    west, east = shapes["西网格"], shapes["东网格"]

    assert west.bounds[0] == -128
    assert east.bounds[0] > -128
    assert east.bounds[2] < 4096 + 128
    assert west.bounds[2] == east.bounds[0]
    assert west.intersection(east).length == pytest.approx(east.bounds[3] - east.bounds[1], abs=1)


def test_a_label_stands_in_one_tile_only(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    middle = tile_at(119.01, 30.01, 15)
    names = [
        label["code"]
        for x in range(middle.x - 4, middle.x + 5)
        for y in range(middle.y - 4, middle.y + 5)
        for label in features(client, "areas", Tile(15, x, y)).get("area_labels", [])
    ]

    assert len(names) == len(set(names)) == 6


def test_dwellings_are_counted_far_off_and_shown_one_by_one_near(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    far = features(client, "dwellings", HOME)
    near = features(client, "dwellings", tile_at(119.005, 30.005, 16))

    assert sorted((cell["n"], cell["due"]) for cell in far["cells"]) == [(1, 1), (1, 1)]
    assert [(spot["n"], spot["state"]) for spot in near["dwellings"]] == [(1, "overdue")]


def test_a_captain_sees_dwellings_of_the_own_grid_only(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("captain")

    assert [cell["n"] for cell in features(client, "dwellings", HOME)["cells"]] == [1]
    assert features(client, "dwellings", tile_at(119.015, 30.005, 16)) == {}


def test_a_crowded_tile_is_drawn_as_counted_squares(furnished: World, sign_in: SignIn) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(
            text(
                "INSERT INTO dwelling (county_id, area_id, area_path, address, geom) "
                "SELECT :county, :area, CAST(:path AS ltree), 'x', "
                "ST_SetSRID(ST_MakePoint(119.0049 + 0.00001 * (n % 20), "
                "30.0049 + 0.00001 * (n / 20 % 20)), 4326) "
                "FROM generate_series(1, 5000) AS n"
            ),
            {
                "county": furnished.town.county.id,
                "area": furnished.town.west.id,
                "path": furnished.town.west.path,
            },
        )
    client = sign_in("leader")

    for zoom in (12, 16):
        found = features(client, "dwellings", tile_at(119.005, 30.005, zoom))
        assert "dwellings" not in found
        assert sum(cell["n"] for cell in found["cells"]) >= 5000


def test_a_tile_crowded_with_incidents_is_drawn_as_cells(furnished: World, sign_in: SignIn) -> None:
    tile = tile_at(119.006, 30.004, 15)
    add = (
        "INSERT INTO incident (county_id, area_id, area_path, type_code, occurred_at, geom) "
        "SELECT :county, :area, CAST(:path AS ltree), 'noise', now() - interval '1 hour', "
        "ST_SetSRID(ST_MakePoint(119.006, 30.004), 4326) FROM generate_series(1, :count)"
    )
    west = furnished.town.west
    owner = {"county": west.county_id, "area": west.id, "path": west.path}
    counts = []
    for count in (MOST_POINTS - 1, 1):  # one incident is there already
        with transaction(Scope.everything()) as session:
            session.execute(text(add), {**owner, "count": count})
            session.execute(text("UPDATE layer_version SET version = version + 1"))
        found = features(sign_in("captain"), "incidents", tile)
        counts.append((len(found.get("incidents", [])), sum(cell["n"] for cell in found.get("cells", []))))

    assert counts == [(MOST_POINTS, 0), (0, MOST_POINTS + 1)]


def test_incidents_carry_group_and_age_inside_the_scope(furnished: World, sign_in: SignIn) -> None:
    tile = tile_at(119.006, 30.004, 15)

    [own] = features(sign_in("captain"), "incidents", tile)["incidents"]

    assert (own["group"], own["age_days"]) == ("theft", 0)
    assert len(features(sign_in("leader"), "incidents", HOME)["cells"]) == 2
    assert len(features(sign_in("captain"), "incidents", HOME)["cells"]) == 1


def test_data_of_past_years_are_shown_by_their_own_last_days(furnished: World, sign_in: SignIn) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(
            text(
                "UPDATE incident SET occurred_at = now() - interval '5 years' - (id % 2) * interval '40 days'"
            )
        )
        session.execute(text("UPDATE layer_version SET version = version + 1"))
    client = sign_in("leader")

    assert sum(cell["n"] for cell in features(client, "incidents", HOME)["cells"]) == 1
    assert sum(cell["n"] for cell in features(client, "incidents", HOME, days="90")["cells"]) == 2


def test_cameras_show_direction_near_and_numbers_far(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    near = features(client, "cameras", tile_at(119.006, 30.005, 15))["cameras"]

    assert [(camera["status"], camera["bearing"], camera["fov"]) for camera in near] == [
        ("working", 90.0, 60.0)
    ]
    assert sum(cell["n"] for cell in features(client, "cameras", tile_at(119.005, 30.005, 11))["cells"]) == 2


def test_a_tile_costs_the_database_five_statements(furnished: World, sign_in: SignIn) -> None:
    """Scope and account, scope and versions, tile; each round trip is paid by every tile of a map."""
    client = sign_in("leader")
    client.get(address("cameras", HOME))

    assert count_statements(client, address("cameras", tile_at(119.006, 30.005, 15))) == 5


def test_an_unchanged_tile_is_not_sent_again_until_its_data_change(furnished: World, sign_in: SignIn) -> None:
    client, tile = sign_in("leader"), tile_at(119.005, 30.005, 16)
    first = client.get(address("dwellings", tile))

    again = client.get(address("dwellings", tile), headers={"If-None-Match": first.headers["ETag"]})
    with transaction(Scope.everything()) as session:
        add_dwelling(session, furnished.town.west, 119.0051, 30.0051, head="周")
    changed = client.get(address("dwellings", tile), headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_readers_of_different_scope_never_share_a_kept_tile(furnished: World, sign_in: SignIn) -> None:
    leader, captain = sign_in("leader"), sign_in("captain")
    wide = leader.get(address("dwellings", HOME))
    narrow = captain.get(address("dwellings", HOME), headers={"If-None-Match": wide.headers["ETag"]})

    assert narrow.status_code == 200
    assert narrow.headers["ETag"] != wide.headers["ETag"]
    assert "no-cache" in narrow.headers["Cache-Control"]
    assert "Cookie" in narrow.headers["Vary"]


def test_a_tile_is_packed_for_those_who_take_it(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    plain = client.get(address("areas", HOME))
    packed = client.get(address("areas", HOME), headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data


def test_tiles_never_take_the_memory_the_queues_need(furnished: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    server = webapp.kept.quick_redis()
    before = server.config_get("maxmemory")["maxmemory"]
    try:
        server.config_set("maxmemory", server.info("memory")["used_memory"] * 10 // 8)
        webapp.kept._looked["at"] = 0.0
        client.get(address("areas", HOME))
        assert server.keys("gridpatrol:tile:areas*") == []
        server.config_set("maxmemory", server.info("memory")["used_memory"] * 4)
        webapp.kept._looked["at"] = 0.0
        client.get(address("areas", HOME))
        assert len(server.keys("gridpatrol:tile:areas*")) == 1
    finally:
        server.config_set("maxmemory", before)
        webapp.kept._looked["at"] = 0.0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/tiles/people/1/0/0.mvt", 404, "tile_layer_unknown", id="no-such-layer"),
        pytest.param("/tiles/base/3/8/0.mvt", 404, "tile_unknown", id="x-outside"),
        pytest.param("/tiles/base/21/0/0.mvt", 404, "tile_unknown", id="too-deep"),
        pytest.param("/tiles/incidents/1/0/0.mvt?days=8", 422, "parameter_unusable", id="odd-period"),
        pytest.param("/tiles/hotspots/1/0/0.mvt", 403, "permission_missing", id="layer-not-permitted"),
    ],
)
def test_a_tile_that_cannot_be_is_refused_in_words(
    world: World, sign_in: SignIn, path: str, status: int, code: str
) -> None:
    answer = sign_in("captain").get(path)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


def plan_of(session, statement: str, **binds: object) -> str:
    session.execute(text("SET LOCAL enable_seqscan = on"))
    return "\n".join(session.execute(text(f"EXPLAIN {statement}"), binds).scalars())


def test_the_spatial_index_works_under_row_level_security(furnished: World) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(
            text(
                "INSERT INTO dwelling (county_id, area_id, area_path, address, geom) "
                "SELECT :county, :area, CAST(:path AS ltree), 'x', "
                "ST_SetSRID(ST_MakePoint(119 + 0.0001 * (n % 200), 30 + 0.0001 * (n / 200 % 100)), 4326) "
                "FROM generate_series(1, 20000) AS n"
            ),
            {
                "county": furnished.town.county.id,
                "area": furnished.town.west.id,
                "path": furnished.town.west.path,
            },
        )
    with transaction(Scope((furnished.town.west.path,))) as session:
        role, owner = session.execute(
            text("SELECT current_user, tableowner FROM pg_tables WHERE tablename = 'dwelling'")
        ).one()
        assert role != owner
        plan = plan_of(
            session,
            "SELECT id FROM dwelling WHERE geom_tile && ST_TileEnvelope(:z, :x, :y)",
            **tile_at(119.005, 30.005, 18).binds(),
        )

    assert "ix_dwelling_geom_tile" in plan, plan
