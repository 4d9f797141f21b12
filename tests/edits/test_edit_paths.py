"""Paths along streets and rivers, and between buildings, for boundaries to follow."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon

from geo.shapes.edits import follow, path_along, path_between_buildings
from geo.shapes.edits.lattice import to_steps
from geo.shapes.edits.plane import Plane
from tests.edits.picture import after, at, line, refusal, shape, tiling

#     (0,2)───(2,2)───(4,2)
#       │       │       │      and a dead end, and a street apart
#     (0,0)───(2,0)───(4,0)
STREETS = [
    line((0, 0), (4, 0)),
    line((0, 2), (4, 2)),
    *(line((x, -0.5), (x, 2)) for x in (0, 2, 4)),
    line((8, 0), (8, 2)),
]


def test_the_path_is_the_shortest_along_the_streets() -> None:
    path = path_along(STREETS, at(0.5, 0.05), at(2.1, 1.5))

    assert path.equals(line((0.5, 0), (2, 0), (2, 1.5)))


def test_streets_join_where_they_cross_without_a_common_vertex() -> None:
    path = path_along([line((0, 1), (4, 1)), line((2, 0), (2, 2))], at(0, 1), at(2, 2))

    assert path.equals(line((0, 1), (2, 1), (2, 2)))


def test_the_bank_of_a_river_is_followed() -> None:
    river = shape((0, 1), (4, 1), (4, 1.4), (0, 1.4))
    path = path_along([river], at(0.5, 1.45), at(3.5, 1.45))

    assert path.equals(line((0.5, 1.4), (3.5, 1.4)))


def test_both_ends_may_lie_on_one_street() -> None:
    assert path_along(STREETS, at(0.5, 0), at(1.5, 0)).equals(line((0.5, 0), (1.5, 0)))


@pytest.mark.parametrize(
    ("features", "start", "end", "code"),
    [
        pytest.param(STREETS, at(1, 1), at(2, 0), "path_off_features", id="too far from a street"),
        pytest.param(STREETS, at(0, 0), at(8, 1), "path_missing", id="streets that do not meet"),
        pytest.param(STREETS, at(0, 0), at(0, 0), "path_missing", id="from a place to itself"),
        pytest.param([], at(0, 0), at(1, 0), "path_off_features", id="no streets"),
        pytest.param(STREETS, Point(np.nan, 1), at(1, 0), "drawing_not_finite", id="nowhere"),
        pytest.param(STREETS, Point(), at(1, 0), "drawing_empty", id="no point"),
    ],
)
def test_a_path_that_does_not_exist_is_refused(features, start, end, code) -> None:
    assert refusal(lambda: path_along(features, start, end)).code == code


def _terrace(gap: float) -> list[Polygon]:
    """Return two rows of houses on either side of a bent alley, with gaps between the houses."""
    houses = []
    for n in range(8):
        low, bend = n * 0.25, 0.3 * np.sin(n / 2)
        for side in (-1, 1):
            near, far = bend + side * gap / 2, bend + side * (gap / 2 + 0.3)
            houses.append(
                shape((1 + near, low), (1 + far, low), (1 + far, low + 0.22), (1 + near, low + 0.22))
            )
    return houses


def test_the_path_runs_in_the_middle_of_the_alley_and_touches_no_house() -> None:
    houses = _terrace(gap=0.12)
    path = path_between_buildings(houses, at(1, -0.1), at(1, 2.1))
    plane = Plane.at(to_steps(path))
    path_m = plane.metres(to_steps(path))
    left, right = (
        shapely.union_all([plane.metres(to_steps(house)) for house in houses[n::2]]) for n in (0, 1)
    )
    along = [path_m.interpolate(place, normalized=True) for place in np.linspace(0.2, 0.8, 50)]
    off_middle = [abs(point.distance(left) - point.distance(right)) / 2 for point in along]

    assert not any(path.intersects(house) for house in houses)
    # The alley is 12 m wide: within the spacing of the samples the path keeps to its middle.
    assert max(off_middle) < 2.0
    assert path.coords[0] == at(1, -0.1).coords[0]
    assert path.coords[-1] == at(1, 2.1).coords[0]


def test_a_wide_gap_is_preferred_to_a_narrow_one_hardly_shorter() -> None:
    wall = [shape((x, 1), (x + 0.9, 1), (x + 0.9, 1.2), (x, 1.2)) for x in (0.0, 0.91)]
    wall.append(shape((1.9, 1), (2.8, 1), (2.8, 1.2), (1.9, 1.2)))
    path = path_between_buildings(wall, at(1.2, 0.5), at(1.2, 1.7))

    crossing = path.intersection(line((-1, 1.1), (4, 1.1)))
    # Gaps of 1 m at 0.905 and of 9 m at 1.855.
    assert crossing.distance(at(1.855, 1.1)) < 0.05e-3


@pytest.mark.parametrize(
    ("buildings", "start", "end", "code"),
    [
        pytest.param(_terrace(0.1), at(1.2, 0.1), at(1, 2), "path_in_building", id="begins in a house"),
        pytest.param(
            [shape((-9, 1), (9, 1), (9, 1.1), (-9, 1.1))], at(0, 0), at(0, 2), "path_missing", id="walled off"
        ),
        pytest.param(_terrace(0.1), at(0, 0), at(0, 0), "path_missing", id="from a place to itself"),
        pytest.param(_terrace(0.1), at(-500, 0), at(500, 0), "path_too_long", id="a hundred kilometres"),
    ],
)
def test_a_way_that_is_blocked_is_refused(buildings, start, end, code) -> None:
    assert refusal(lambda: path_between_buildings(buildings, start, end)).code == code


def test_without_buildings_the_way_is_straight() -> None:
    assert path_between_buildings([], at(0, 0), at(2, 1)).equals(line((0, 0), (2, 1)))


def test_a_boundary_follows_a_street_and_a_gap() -> None:
    grids = tiling("AABB\nAABB\nAABB")
    street = path_along([line((2.2, -1), (2.2, 1.5), (2.1, 4))], at(2.2, 0.5), at(2.1, 2.5))
    edited = after(grids, follow(grids, 1, 2, street))
    houses = [shape((1.7, 1), (1.9, 1), (1.9, 2), (1.7, 2)), shape((1.95, 1), (2.3, 1), (2.3, 2), (1.95, 2))]
    gap = path_between_buildings(houses, at(2, 0.8), at(2, 2.2))
    parted = after(grids, follow(grids, 1, 2, gap))

    assert isinstance(street, LineString)
    assert edited.parts[1].area > grids.parts[1].area
    assert parted.parts[1].contains(houses[0])
    assert parted.parts[2].contains(houses[1])
