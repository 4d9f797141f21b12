"""What may be drawn beside what, and whether grids tile their community."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon, box, unary_union

from geo.shapes.crs import area_m2
from geo.shapes.partition import Finding, clashes, is_partition
from geo.shapes.snap import GRID_DEG, snap

# ::
#     ┌─────────┬─────────┐ 30.01
#     │  west   │  free   │
#     └─────────┴─────────┘ 30.00
#   119.00    119.01    119.02
PARENT = box(119, 30, 119.02, 30.01)
WEST = box(119, 30, 119.01, 30.01)
BOW = Polygon([(119.01, 30), (119.02, 30.01), (119.02, 30), (119.01, 30.01)])
BOTH = [Finding.OVERLAP, Finding.OUTSIDE_PARENT]
TINY = box(119.015, 30.005, 119.0150001, 30.0050001)
T_JUNCTION = [WEST, box(119.01, 30, 119.02, 30.005), box(119.01, 30.005, 119.02, 30.01)]


@pytest.mark.parametrize(
    ("drawn", "found"),
    [
        pytest.param(box(119.01, 30, 119.02, 30.01), [], id="fills the free ground"),
        pytest.param(box(119.012, 30.002, 119.015, 30.006), [], id="island in the free ground"),
        pytest.param(box(119.009, 30, 119.02, 30.01), [Finding.OVERLAP], id="strip taken from the neighbour"),
        pytest.param(box(119.01, 30, 119.021, 30.01), [Finding.OUTSIDE_PARENT], id="over the edge"),
        pytest.param(box(119.008, 30, 119.021, 30.01), BOTH, id="both"),
        pytest.param(box(119.01 - 1e-8, 30, 119.02, 30.01), [], id="a millimetre is noise"),
        pytest.param(BOW, [Finding.INVALID], id="crosses itself"),
        pytest.param(TINY, [Finding.TOO_SMALL], id="a square centimetre"),
    ],
)  # fmt: skip
def test_a_drawing_is_judged_with_place_and_size(drawn: Polygon, found: list[Finding]) -> None:
    clashed = clashes(drawn, [WEST], PARENT)

    assert sorted(clash.finding for clash in clashed) == sorted(found)
    assert all(drawn.buffer(1e-9).covers(clash.at) for clash in clashed)


def test_the_place_of_an_overlap_is_the_overlap() -> None:
    (clash,) = clashes(box(119.009, 30, 119.02, 30.01), [WEST], PARENT)

    assert clash.place.equals(box(119.009, 30, 119.01, 30.01))
    assert clash.size_m2 == pytest.approx(area_m2(clash.place))
    assert clash.sibling == 0


def test_the_place_of_a_crossing_is_where_the_lines_cross() -> None:
    (clash,) = clashes(BOW, [], PARENT)

    assert (clash.at.x, clash.at.y) == pytest.approx((119.015, 30.005))


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
    assert clashes(left, [right], PARENT) == []


@given(lon=st.floats(min_value=-179, max_value=179), lat=st.floats(min_value=-80, max_value=80))
def test_snapping_is_idempotent_and_moves_less_than_a_cell(lon: float, lat: float) -> None:
    shape = box(lon, lat, lon + 0.01, lat + 0.01)
    once = snap(shape)

    assert snap(once).normalize().equals_exact(once.normalize(), 0)
    assert once.hausdorff_distance(shape) <= GRID_DEG
    assert unary_union([once]).is_valid
