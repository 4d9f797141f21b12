"""What cameras see: against known areas, drawn cases and brute-force ray casting."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cameras.sight.mount import BRACKET_M, mounted
from cameras.sight.view import Cameras, Walls, view_polygons, walls_of

NO_WALLS = Walls(np.empty((0, 2)), np.empty((0, 2)))


def one(x=0.0, y=0.0, bearing=np.nan, angle=90.0, reach=50.0):
    return Cameras(np.array([[x, y]]), np.array([bearing]), np.array([angle]), np.array([reach]))


def see(camera, *buildings):
    walls = walls_of(np.array(buildings, dtype=object)) if buildings else NO_WALLS
    return view_polygons(camera, walls)[0]


@pytest.mark.parametrize("angle", [10.0, 60.0, 90.0, 180.0, 270.0, 359.0])
def test_an_open_field_is_seen_as_the_whole_sector(angle):
    view = see(one(bearing=37.0, angle=angle, reach=80.0))
    assert view.area == pytest.approx(np.pi * 80.0**2 * angle / 360, rel=1e-3)


def test_a_camera_without_bearing_sees_all_round():
    view = see(one(angle=30.0, reach=50.0))
    assert view.area == pytest.approx(np.pi * 50.0**2, rel=1e-3)


def test_the_bearing_runs_clockwise_from_north():
    east = see(one(bearing=90.0, angle=60.0))
    assert east.covers(shapely.Point(40, 0))
    assert not east.covers(shapely.Point(0, 40))
    assert not east.covers(shapely.Point(-40, 0))


def test_a_wall_hides_what_lies_behind_it():
    #        |   hidden
    #   o    |   o
    #        |
    view = see(one(), shapely.box(20, -10, 21, 10))
    assert view.covers(shapely.Point(19.9, 0))
    assert not view.covers(shapely.Point(22, 0))
    assert view.covers(shapely.Point(15, 30))
    # Of the disc the cone behind the wall is missing: known angles, known wall.
    half = np.arctan2(10, 20)
    lost = half * 50.0**2 - 20 * 10
    assert view.area == pytest.approx(np.pi * 50**2 - lost, rel=1e-3)


def test_a_room_without_door_is_all_that_is_seen():
    room = shapely.box(-12, -9, 12, 9).difference(shapely.box(-10, -7, 10, 7))
    assert see(one(), room).area == pytest.approx(20 * 14, rel=1e-9)


def test_crossing_walls_hide_together():
    # Two overlapping slabs, the nearer of which changes at their crossing.
    first = shapely.Polygon([(10, -20), (10.2, -20), (30, 20), (29.8, 20)])
    second = shapely.Polygon([(30, -20), (30.2, -20), (10, 20), (9.8, 20)])
    view = see(one(), first, second)
    assert view.is_valid
    rays = brute_force(np.array([0.0, 0.0]), 50.0, [first, second], np.radians(np.arange(-40, 40, 0.37)))
    assert_rim(view, np.zeros(2), rays)


def brute_force(point, reach, buildings, angles):
    """Cast every ray through every building with shapely: slow, and independent of the sweep."""
    ends = []
    block = shapely.MultiLineString([ring for b in buildings for ring in shapely.get_parts(b.boundary)])
    for angle in angles:
        far = point + reach * np.array([np.cos(angle), np.sin(angle)])
        met = shapely.LineString([point, far]).intersection(block)
        distance = reach if met.is_empty else min(reach, met.distance(shapely.Point(point)))
        ends.append((angle, distance))
    return ends


def assert_rim(view, point, rays):
    for angle, distance in rays:
        way = np.array([np.cos(angle), np.sin(angle)])
        # The rim's chord lies up to 0.04 % inside the disc.
        assert view.covers(shapely.Point(point + way * (distance * 0.999 - 0.005)))
        assert not view.covers(shapely.Point(point + way * (distance + 0.005)))


@given(st.integers(0, 10_000))
def test_the_sweep_agrees_with_rays_through_random_blocks(seed):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-60, 60, (25, 2))
    centres = centres[np.hypot(*centres.T) > 14]
    blocks = [
        shapely.affinity.rotate(shapely.box(x - w, y - h, x + w, y + h), turn)
        for (x, y), w, h, turn in zip(
            centres,
            rng.uniform(2, 8, len(centres)),
            rng.uniform(2, 8, len(centres)),
            rng.uniform(0, 90, len(centres)),
            strict=True,
        )
    ]
    view = see(one(reach=55.0), *blocks)
    assert view.is_valid
    angles = rng.uniform(-np.pi, np.pi, 60)
    rays = [ray for ray in brute_force(np.zeros(2), 55.0, blocks, angles) if clear_of_corners(ray, blocks)]
    assert_rim(view, np.zeros(2), rays)


def clear_of_corners(ray, blocks):
    """A ray that grazes a corner within 2 cm may end at either side of it."""
    angle, _ = ray
    line = shapely.LineString([(0, 0), (55 * np.cos(angle), 55 * np.sin(angle))])
    corners = shapely.MultiPoint([xy for block in blocks for xy in block.exterior.coords])
    crossings = shapely.union_all([block.boundary for block in blocks])
    knots = shapely.MultiPoint(
        [xy for part in shapely.get_parts(crossings) for xy in (part.coords[0], part.coords[-1])]
    )
    return line.distance(corners) > 0.02 and line.distance(knots) > 0.02


@given(st.floats(0, 359.9), st.floats(5, 340), st.integers(0, 500))
def test_a_narrow_view_is_the_sector_of_the_full_one(bearing, angle, seed):
    rng = np.random.default_rng(seed)
    blocks = [shapely.box(x, y, x + 6, y + 5) for x, y in rng.uniform(-40, 40, (12, 2))]
    blocks = [block for block in blocks if block.distance(shapely.Point(0, 0)) > 1]
    full = see(one(), *blocks)
    sector = see(one(bearing=bearing, angle=angle))
    narrow = see(one(bearing=bearing, angle=angle), *blocks)
    assert narrow.area == pytest.approx(full.intersection(sector).area, rel=2e-3, abs=0.5)


def test_a_camera_on_a_front_is_moved_half_a_metre_out():
    house = np.array([shapely.box(0, 0, 20, 10)], dtype=object)
    moved, outdoors = mounted(
        np.array([[10.0, 9.0], [10.0, 10.0], [10.0, 10.2], [50.0, 50.0]]), np.full(4, np.nan), house
    )
    assert outdoors.all()
    assert moved[0] == pytest.approx([10.0, 10.5])
    assert [house[0].distance(shapely.Point(spot)) for spot in moved[:3]] == pytest.approx([BRACKET_M] * 3)
    assert moved[3].tolist() == [50.0, 50.0]


def test_a_bearing_tells_through_which_wall_the_camera_looks():
    house = np.array([shapely.box(0, 0, 20, 10)], dtype=object)
    moved, _ = mounted(np.array([[10.0, 9.0]]), np.array([180.0]), house)
    assert moved[0] == pytest.approx([10.0, -0.5])


def test_a_party_wall_is_no_front():
    row = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], dtype=object)
    moved, outdoors = mounted(np.array([[9.8, 8.0]]), np.array([np.nan]), row)
    assert outdoors.all()
    assert moved[0] == pytest.approx([9.8, 10.5])


def test_deep_inside_a_hall_a_camera_films_indoors():
    hall = np.array([shapely.box(0, 0, 200, 200)], dtype=object)
    _, outdoors = mounted(np.array([[100.0, 100.0]]), np.array([np.nan]), hall)
    assert not outdoors.any()
