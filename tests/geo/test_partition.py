"""What may be drawn beside what, and whether grids tile their community."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, box, unary_union

from geo.shapes.crs import area_m2
from geo.shapes.partition import beyond, flaws, invalid_at, is_partition, suspected_pairs
from geo.shapes.snap import GRID_DEG, snap

# ::
#     ┌─────────┬─────────┐ 30.01
#     │  west   │  free   │
#     └─────────┴─────────┘ 30.00
#   119.00    119.01    119.02
PARENT = box(119, 30, 119.02, 30.01)
WEST = box(119, 30, 119.01, 30.01)
BOW = Polygon([(119.01, 30), (119.02, 30.01), (119.02, 30), (119.01, 30.01)])
T_JUNCTION = [WEST, box(119.01, 30, 119.02, 30.005), box(119.01, 30.005, 119.02, 30.01)]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        pytest.param([WEST, box(119.01, 30, 119.02, 30.01)], [], id="two halves"),
        pytest.param([WEST, box(119.012, 30.002, 119.015, 30.006)], [()], id="an island"),
        pytest.param([WEST, box(119.009, 30, 119.02, 30.01)], [(0, 1)], id="a strip of the neighbour"),
        pytest.param([WEST, box(119.009, 30, 119.015, 30.01)], [(), (0, 1)], id="both"),
        pytest.param([WEST, box(119.01 - 1e-8, 30, 119.02, 30.01)], [], id="a millimetre is noise"),
    ],
)  # fmt: skip
def test_a_flaw_is_told_with_grids_place_and_size(parts: list[Polygon], found: list[tuple[int, ...]]) -> None:
    told = flaws(parts, PARENT)

    assert sorted(flaw.parts for flaw in told) == found
    assert all(flaw.place.covers(flaw.at) for flaw in told)


def test_the_place_of_an_overlap_is_the_overlap() -> None:
    (flaw,) = flaws([WEST, box(119.009, 30, 119.02, 30.01)], PARENT)

    assert flaw.place.equals(box(119.009, 30, 119.01, 30.01))
    assert flaw.size_m2 == pytest.approx(area_m2(flaw.place))


def test_the_place_of_a_crossing_is_where_the_lines_cross() -> None:
    at = invalid_at(BOW)

    assert at is not None
    assert (at.x, at.y) == pytest.approx((119.015, 30.005))


@pytest.mark.parametrize(
    ("parts", "valid"),
    [
        pytest.param([WEST, box(119.01, 30, 119.02, 30.01)], True, id="two halves"),
        pytest.param([WEST], False, id="a gap"),
        pytest.param([WEST, box(119.009, 30, 119.02, 30.01)], False, id="an overlap"),
        pytest.param(T_JUNCTION, False, id="a T-junction"),
        pytest.param([], False, id="nothing"),
    ],
)  # fmt: skip
def test_a_partition_has_no_gap_no_overlap_and_shares_vertices(parts: list[Polygon], valid: bool) -> None:
    assert is_partition(parts, PARENT) is valid


@given(
    cut=st.floats(min_value=119.0001, max_value=119.0199),
    lean=st.floats(min_value=-0.00005, max_value=0.00005),
)
def test_a_cut_community_is_a_partition_and_keeps_its_area(cut: float, lean: float) -> None:
    left = snap(Polygon([(119, 30), (cut, 30), (cut + lean, 30.01), (119, 30.01)]))
    right = snap(Polygon([(119.02, 30), (119.02, 30.01), (cut + lean, 30.01), (cut, 30)]))

    assert is_partition([left, right], PARENT)
    # In degrees: a geodesic between two points of one parallel bulges, and bulges less when it is cut.
    assert left.area + right.area == pytest.approx(PARENT.area, rel=1e-12)
    assert flaws([left, right], PARENT) == []


@given(lon=st.floats(min_value=-179, max_value=179), lat=st.floats(min_value=-80, max_value=80))
def test_snapping_is_idempotent_and_moves_less_than_a_cell(lon: float, lat: float) -> None:
    shape = box(lon, lat, lon + 0.01, lat + 0.01)
    once = snap(shape)

    assert snap(once).normalize().equals_exact(once.normalize(), 0)
    assert once.hausdorff_distance(shape) <= GRID_DEG
    assert unary_union([once]).is_valid


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2), min_size=1, max_size=9))
def test_the_quick_judgements_miss_no_overlap_and_no_ground_outside(
    rows: list[tuple[int, int, int, int]],
) -> None:
    shapes = [box(x, y, x + wide, y + high) for x, y, wide, high in rows]
    pairs = suspected_pairs(shapes)
    county = box(2, 2, 11, 11) - box(5, 5, 6, 7)

    left = beyond(shapes, county)

    overlapping = {
        (i, j) for j in range(len(shapes)) for i in range(j) if shapes[i].intersection(shapes[j]).area > 0
    }
    assert overlapping <= set(pairs)
    for row, shape in enumerate(shapes):
        assert left.get(row, Polygon()).area == pytest.approx(shape.difference(county).area)


def test_of_grids_that_tile_their_ground_no_pair_is_suspected() -> None:
    assert suspected_pairs([box(x, y, x + 1, y + 1) for x in range(30) for y in range(30)]) == []
