import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from geo.shapes.mending import Kind, Limits, find_flaws, repair
from geo.shapes.partition import is_partition
from tests.mending.drawn import EAST_M, NORTH_M, block, ground, place, tiles


def told(shapes, parent=None, **limits):
    return [(each.code, each.of, each.parts) for each in find_flaws(shapes, parent, limits=Limits(**limits))]


TWO = """
  +--------+--------+
  |   0    |   1    |
  +--------+--------+
"""


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        pytest.param([block(0, 0, 100, 100), block(100, 0, 200, 100)], [], id="two that meet"),
        pytest.param(
            [block(0, 0, 100, 100), block(101, 0, 200, 100)], [("sliver", "gap", (0, 1))], id="a cleft"
        ),
        pytest.param(
            [
                ground((0, 0), (100, 0), (99, 100), (0, 100)),
                ground((100, 0), (200, 0), (200, 100), (101, 100)),
            ],
            [("sliver", "gap", (0, 1))],
            id="a wedge open to the outside",
        ),
        pytest.param(
            [block(0, 0, 101, 100), block(100, 0, 200, 100)],
            [("sliver", "overlap", (0, 1))],
            id="a thin overlap",
        ),
        pytest.param(
            [block(0, 0, 110, 100), block(100, 0, 200, 100)], [("overlap", "", (0, 1))], id="a wide overlap"
        ),
        pytest.param(
            [block(0, 0, 100, 100), block(0, 0, 100, 100)], [("duplicate", "", (0, 1))], id="drawn twice"
        ),
        pytest.param([block(0, 0, 100, 2)], [("sliver", "grid", (0,))], id="a grid too narrow"),
        pytest.param(
            [ground((0, 0), (9, 0), (9, 0), (9, 9), (0, 9))],
            [("duplicate_vertex", "", (0,))],
            id="a vertex twice",
        ),
        pytest.param(
            [ground((0, 0), (60, 60), (60, 0), (0, 60))], [("self_crossing", "", (0,))], id="a bow tie"
        ),
        pytest.param(
            [ground((0, 0), (60, 0), (60, 30), (90, 30), (60, 30), (60, 60), (0, 60))],
            [("spike", "", (0,))],
            id="out and back",
        ),
        pytest.param(
            [ground((0, 0), (60, 0), (60, 30), (160, 30.4), (60, 30.8), (60, 60), (0, 60))],
            [("spike", "", (0,))],
            id="a spike with some width",
        ),
        pytest.param([None, block(0, 0, 9, 9)], [("empty", "", (0,))], id="no ground"),
        pytest.param([shapely.Point(1, 1), block(0, 0, 9, 9)], [("empty", "", (0,))], id="a point"),
        pytest.param(
            [shapely.MultiPolygon([block(0, 0, 9, 9), block(20, 0, 29, 9)])],
            [("multipart", "", (0,))],
            id="parts",
        ),
        pytest.param(
            [block(0, 0, 90, 90).difference(block(30, 30, 60, 60))], [("hole", "", (0,))], id="a ring"
        ),
        pytest.param(
            [block(0, 0, 100, 100), block(100, 0, 200, 50)],
            [("unmatched_vertex", "", (0, 1))],
            id="a T-junction",
        ),
        pytest.param(
            [block(0, 0, 100, 100), block(100.02, 0, 200, 100)],
            [("unmatched_vertex", "", (0, 1))] * 2,
            id="apart by less than a survey resolves",
        ),
    ],
)
def test_a_drawing_has_just_its_flaw(shapes, expected):
    assert told(shapes) == expected


def test_a_t_junction_is_found_where_it_is():
    """
    +-------+-------+
    |       |   1   |
    |   0   o-------+   0 has no vertex at o
    |       |   2   |
    +-------+-------+
    """
    (found,) = find_flaws([block(0, 0, 100, 100), block(100, 50, 200, 100), block(100, 0, 200, 50)])
    assert found.kind is Kind.UNMATCHED_VERTEX
    assert found.parts == (0, 1, 2)
    assert found.at.coords[0] == place(100, 50)
    assert found.distance_m == 0


def test_an_enclosed_gap_is_measured_in_metres():
    """
    +---------------+
    |       1       |
    |   +-------+   |   0 and 1 leave 20 x 10 steps free
    |   +-------+   |
    |       0       |
    +---------------+
    """
    lower = ground((0, 0), (100, 0), (100, 50), (60, 50), (60, 45), (40, 45), (40, 50), (0, 50))
    upper = ground((0, 50), (40, 50), (40, 55), (60, 55), (60, 50), (100, 50), (100, 100), (0, 100))
    (found,) = find_flaws([lower, upper])
    assert (found.kind, found.parts) == (Kind.GAP, (0, 1))
    assert found.size_m2 == pytest.approx(20 * EAST_M * 10 * NORTH_M, rel=0.005)
    assert found.width_m == pytest.approx(10 * NORTH_M, rel=0.02)
    assert found.place.equals(block(40, 45, 60, 55))
    assert found.place.contains(found.at)


def test_a_lake_between_grids_is_a_remark_only_when_large():
    ring = [
        ground((0, 0), (90, 0), (60, 30), (30, 30)),
        ground((90, 0), (90, 90), (60, 60), (60, 30)),
        ground((90, 90), (0, 90), (30, 60), (60, 60)),
        ground((0, 90), (0, 0), (30, 30), (30, 60)),
    ]
    assert told(ring) == [("gap", "", (0, 1, 2, 3))]
    (found,) = find_flaws(ring, limits=Limits(hole_m2=500))
    assert (found.kind, found.wrong) == (Kind.HOLE, False)
    assert told(ring, block(0, 0, 90, 90), hole_m2=500) == [("gap", "", (0, 1, 2, 3))]


def test_with_a_parent_everything_free_or_outside_is_found():
    """
    +--------+--------+..    ..: 1 leaves the parent by 10 steps
    |   0    |        | :    ~~: the parent's top is free
    +~~~~~~~~+~~~~~~~~+..
    """
    found = told([block(0, 0, 100, 90), block(100, 0, 210, 90)], block(0, 0, 200, 100))
    assert found == [("gap", "", (0, 1)), ("outside_parent", "", (1,))]


def test_a_parent_without_any_grid_is_one_gap():
    parent = block(0, 0, 300, 100)

    [gap] = find_flaws([], parent)

    assert gap.kind is Kind.GAP
    assert gap.place.equals(parent)
    assert (repair([], parent).shapes, find_flaws([])) == ([], [])


def test_a_concave_outline_is_no_cleft():
    stairs = [block(0, 0, 50, 10), block(0, 10, 40, 20), block(0, 20, 30, 30)]
    assert [code for code, _, _ in told(stairs) if code != "unmatched_vertex"] == []


def test_a_limit_decides_what_a_sliver_is():
    shapes = [block(0, 0, 104, 100), block(100, 0, 200, 100)]
    assert told(shapes) == [("overlap", "", (0, 1))]
    assert told(shapes, sliver_m=5.0) == [("sliver", "overlap", (0, 1))]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_nothing_is_found_in_a_valid_partition(seed, bends):
    shapes, whole = tiles(np.random.default_rng(seed), bends=bends)
    assert find_flaws(shapes) == []
    assert find_flaws(shapes, whole) == []
    assert is_partition(shapes, whole)


def shifted(shape, row, metres, angle):
    ring = np.asarray(shape.exterior.coords)[:-1].copy()
    ring[row] += metres * np.array([np.cos(angle) / EAST_M, np.sin(angle) / NORTH_M]) * 1e-5
    return Polygon(np.round(ring, 7)), ring[row]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 2.0), st.floats(0, 2 * np.pi))
def test_a_shifted_vertex_is_found_at_its_place(seed, metres, angle):
    rng = np.random.default_rng(seed)
    shapes, whole = tiles(rng)
    index = int(rng.integers(len(shapes)))
    shapes[index], at = shifted(shapes[index], int(rng.integers(16)), metres, angle)
    found = [each for each in find_flaws(shapes, whole) if each.wrong]
    assert found
    assert all(index in each.parts for each in found)
    # Sizes: a shift by d moves no more ground than d times the two edges, of 60 m each at most.
    assert sum(each.size_m2 for each in found) <= metres * 130
    assert min(each.place.distance(shapely.Point(at)) for each in found) < 3e-5
    assert {each.kind for each in found} <= {Kind.SLIVER, Kind.OUTSIDE_PARENT, Kind.UNMATCHED_VERTEX}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_inserted_vertex_is_found_at_its_place(seed):
    rng = np.random.default_rng(seed)
    shapes, whole = tiles(rng, bends=1)
    inner = [
        index for index in range(len(shapes)) if shapes[index].boundary.intersection(whole.boundary).is_empty
    ]
    index = int(rng.choice(inner))
    ring = np.asarray(shapes[index].exterior.coords)
    row = int(rng.integers(1, len(ring)))
    middle = np.round((ring[row] + ring[row - 1]) / 2, 7)
    shapes[index] = Polygon(np.insert(ring, row, middle, axis=0))
    (found,) = find_flaws(shapes, whole)
    assert found.kind is Kind.UNMATCHED_VERTEX
    assert index in found.parts
    assert found.at.equals(shapely.Point(middle))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_wrong_finding_means_a_valid_coverage(seed):
    rng = np.random.default_rng(seed)
    shapes, whole = tiles(rng, bends=2)
    for index in rng.choice(len(shapes), 3, replace=False):
        row = int(rng.integers(1, 11))
        shapes[index] = Polygon(np.delete(np.asarray(shapes[index].exterior.coords)[:-1], row, axis=0))
    right = not [each for each in find_flaws(shapes, whole) if each.wrong]
    assert right == is_partition(shapes, whole)
