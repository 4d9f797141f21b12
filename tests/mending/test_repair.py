import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from geo.shapes.crs import area_m2
from geo.shapes.mending import Kind, Limits, Rule, find_flaws, mend_one, repair
from geo.shapes.partition import is_partition
from tests.mending.drawn import EAST_M, NORTH_M, block, ground, tiles


def wrong(found):
    return [each for each in found if each.wrong]


def test_a_gap_goes_to_the_longest_edge_and_nothing_else_is_touched():
    """
    +------+-+------+
    |  0   | |  1   |   the gap borders 0 all along, 1 and 2 in halves
    |      | +------+
    |      | |  2   |
    +------+-+------+
    """
    shapes = [block(0, 0, 100, 100), block(102, 50, 200, 100), block(102, 0, 200, 50)]
    done = repair(shapes)
    assert wrong(done.remaining) == []
    assert {move.rule for move in done.moves} == {Rule.LONGEST_EDGE}
    assert sum(move.area_m2 for move in done.moves) == pytest.approx(2 * EAST_M * 100 * NORTH_M, rel=0.01)
    assert max(move.shift_m for move in done.moves) == pytest.approx(2 * EAST_M, rel=0.01)
    assert shapely.coverage_is_valid(done.shapes)
    assert done.shapes[1] is shapes[1]


def test_a_gap_between_rows_leaves_no_grid_with_a_tail():
    """
    +----+----+----+
    | 3  | 4  | 5  |
    +----+----+----+
    ================    one step of nobody's ground along all six
    +----+----+----+
    | 0  | 1  | 2  |
    +----+----+----+
    """
    lower = [block(100 * each, 0, 100 * each + 100, 100) for each in range(3)]
    upper = [block(100 * each, 101, 100 * each + 100, 200) for each in range(3)]
    done = repair([*lower, *upper])
    assert wrong(done.remaining) == []
    assert shapely.coverage_is_valid(done.shapes)
    for old, new in zip([*lower, *upper], done.shapes, strict=True):
        assert area_m2(new) - area_m2(old) < 101 * EAST_M * NORTH_M


def test_an_overlap_goes_to_the_longest_border():
    """
    +-----+--+------+
    |  0  |01|  1   |   0 borders the overlap on the left, 1 on the right and the bottom
    |     +--+      |
    +-----+---------+
    """
    shapes = [
        ground((0, 0), (80, 0), (80, 50), (110, 50), (110, 100), (0, 100)),
        ground((80, 0), (200, 0), (200, 100), (80, 100)),
    ]
    done = repair(shapes)
    (move,) = done.moves
    assert (move.rule, move.giver, move.taker) == (Rule.LONGEST_BORDER, 0, 1)
    assert wrong(done.remaining) == []
    assert shapely.coverage_is_valid(done.shapes)


def test_a_grid_drawn_on_top_is_cut_out_not_swallowed():
    shapes = [block(0, 0, 100, 100), block(40, 40, 60, 60)]
    done = repair(shapes)
    assert [(move.rule, move.giver, move.taker) for move in done.moves] == [(Rule.LARGER_SHARE, 0, 1)]
    assert done.shapes[1] is shapes[1]
    assert len(done.shapes[0].interiors) == 1
    assert wrong(done.remaining) == []


def test_the_second_of_two_equal_polygons_is_dropped():
    shapes = [block(0, 0, 9, 9), block(0, 0, 9, 9), block(9, 0, 18, 9)]
    done = repair(shapes)
    assert done.dropped == (1,)
    assert done.shapes[1].is_empty
    assert done.remaining == []


def test_the_parent_is_respected():
    parent = block(0, 0, 200, 100)
    done = repair([block(0, 0, 100, 95), block(100, 0, 210, 95)], parent)
    assert wrong(done.remaining) == []
    assert is_partition(done.shapes, parent)
    assert {move.rule for move in done.moves} == {Rule.CLIPPED, Rule.LONGEST_EDGE}


def test_a_wide_gap_is_left_and_said():
    shapes = [block(0, 0, 30, 90), block(60, 0, 90, 90), block(30, 0, 60, 30), block(30, 60, 60, 90)]
    done = repair(shapes)
    left = [each for each in done.remaining if each.kind is Kind.GAP]
    assert [each.place.equals(block(30, 30, 60, 60)) for each in left] == [True]
    assert wrong(done.remaining) == left
    assert repair(shapes, limits=Limits(gap_m=50)).remaining == []


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        pytest.param(ground((0, 0), (60, 60), (60, 0), (0, 60)), Rule.MADE_VALID, id="bow tie"),
        pytest.param(ground((0, 0), (60, 0), (60, 0), (60, 60), (0, 60)), Rule.VERTEX_REMOVED, id="twice"),
        pytest.param(
            ground((0, 0), (60, 0), (60, 30), (160, 30.4), (60, 30.8), (60, 60), (0, 60)),
            Rule.SPIKE_CUT,
            id="spike",
        ),
    ],
)
def test_a_polygon_wrong_by_itself_is_mended(shape, rule):
    done = repair([shape])
    assert [move.rule for move in done.moves] == [rule]
    assert done.shapes[0].is_valid
    assert wrong(done.remaining) == []


def test_one_finding_is_mended_and_the_other_left():
    """
    +----+-+----+-+----+
    | 0  | | 1  |X| 2  |   a cleft between 0 and 1, an overlap of 1 and 2
    +----+-+----+-+----+
    """
    shapes = [block(0, 0, 99, 100), block(100, 0, 201, 100), block(200, 0, 300, 100)]
    cleft = next(each for each in find_flaws(shapes) if each.of == "gap")
    done = mend_one(shapes, cleft)
    assert [move.finding for move in done.moves] == [cleft]
    assert done.shapes[2] is shapes[2]
    assert [(each.of, each.parts) for each in done.remaining] == [("overlap", (1, 2))]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_whatever_is_planted_is_mended(seed, count):
    rng = np.random.default_rng(seed)
    sound, whole = tiles(rng)
    shapes = list(sound)
    for index in rng.choice(len(shapes), count, replace=False):
        shapes[index] = damaged(shapes[index], rng)
    found = find_flaws(shapes, whole)
    done = repair(shapes, whole)
    assert wrong(done.remaining) == []
    assert is_partition(done.shapes, whole)
    assert all(
        shapely.equals_exact(each, shapely.transform(each, lambda xy: np.round(xy, 7)))
        for each in done.shapes
    )
    named = {part for each in found for part in each.parts}
    assert all(done.shapes[index] is shapes[index] for index in range(len(shapes)) if index not in named)
    # No grid changes by more than what was planted around it.
    planted = sum(each.size_m2 for each in found)
    for before, after in zip(sound, done.shapes, strict=True):
        assert area_m2(before.symmetric_difference(after)) <= planted + 5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_one_click_mends_any_finding(seed):
    rng = np.random.default_rng(seed)
    shapes, whole = tiles(rng)
    for index in rng.choice(len(shapes), 2, replace=False):
        shapes[index] = damaged(shapes[index], rng)
    found = wrong(find_flaws(shapes, whole))
    for finding in found[:3]:
        done = mend_one(shapes, finding, whole)
        gone = [
            each
            for each in wrong(done.remaining)
            if each.kind is finding.kind and each.place.equals(finding.place)
        ]
        assert gone == []
        near = {
            index
            for index, shape in enumerate(shapes)
            if index in finding.parts or shape.distance(finding.place) < 1e-6
        }
        assert all(done.shapes[index] is shapes[index] for index in range(len(shapes)) if index not in near)


def damaged(shape, rng):
    ring = np.asarray(shape.exterior.coords)[:-1]
    row = int(rng.integers(len(ring)))
    match int(rng.integers(4)):
        case 0:
            ring = ring.copy()
            ring[row] += rng.uniform(-2e-5, 2e-5, 2)
        case 1:
            ring = np.delete(ring, 2, axis=0)
        case 2:
            ring = np.insert(ring, row, (ring[row] + ring[row - 1]) / 2, axis=0)
        case _:
            return shapely.transform(
                shape.buffer(rng.choice([-1, 1]) * rng.uniform(0.5e-5, 2e-5), join_style="mitre"),
                lambda xy: np.round(xy, 7),
            )
    return Polygon(np.round(ring, 7))
