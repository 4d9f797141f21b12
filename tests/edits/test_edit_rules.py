"""What a tiling is judged by."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.shapes.crs import area_m2
from geo.shapes.edits import Households, Kind, Rules, Severity, count_households, insert_vertex, judge
from geo.shapes.edits.rule import SEVERITY
from geo.shapes.tiling import Tiling, apply
from tests.edits.picture import at, shape, tiling

NO_RULES = Rules()
SQUARE_M2 = area_m2(tiling("A").parts[1])


def _kinds(found) -> list[tuple[str, tuple[int, ...]]]:
    return [(item.kind.value, item.keys) for item in found]


def test_a_sound_tiling_breaks_no_rule() -> None:
    rules = Rules(min_area_m2=SQUARE_M2 / 2, max_area_m2=SQUARE_M2 * 5, min_households=1, max_households=10)
    homes = Households(np.array([at(0.5, 0.5).coords[0], at(2.5, 0.5).coords[0]]), np.array([2.0, 3.0]))

    assert judge(tiling("AABB\nAABB"), rules, households=homes) == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(Rules(min_area_m2=SQUARE_M2 * 1.5), [("area_small", (2,))], id="small"),
        pytest.param(Rules(max_area_m2=SQUARE_M2 * 2.5), [("area_large", (1,))], id="large"),
        pytest.param(Rules(min_households=3), [("households_few", (2,))], id="few households"),
        pytest.param(Rules(max_households=4), [("households_many", (1,))], id="many households"),
        pytest.param(NO_RULES, [], id="no limits"),
    ],
)
def test_sizes_are_judged(rules, expected) -> None:
    homes = Households(np.array([at(0.5, 0.5).coords[0], at(3.5, 0.5).coords[0]]), np.array([5.0, 2.0]))
    found = judge(tiling("AAAB"), rules, households=homes)

    assert _kinds(found) == expected
    assert all(item.severity is Severity.WARN and item.size > 0 for item in found)


@given(
    st.lists(st.floats(0.0001, 0.5), min_size=1, max_size=6),
    st.floats(-66, 66),
    st.sampled_from([0.97, 0.99, 1 - 1e-9, 1 + 1e-9, 1.01, 1.03]),
)
def test_grids_near_a_limit_are_measured_on_the_ellipsoid(
    widths_deg: list[float], lat: float, share: float
) -> None:
    edges = np.round(np.cumsum([0.0, *widths_deg]), 7)
    parts = {
        key + 1: box(west, lat, east, lat + 0.4)
        for key, (west, east) in enumerate(itertools.pairwise(edges.tolist()))
    }
    sizes = {key: area_m2(part) for key, part in parts.items()}
    limit_m2 = sizes[1] * share
    strips = Tiling(box(0, lat, float(edges[-1]), lat + 0.4), parts, len(parts) + 1)

    found = judge(
        strips,
        Rules(
            min_area_m2=limit_m2,
            max_area_m2=limit_m2,
            severity={Kind.AREA_SMALL: Severity.WARN, Kind.AREA_LARGE: Severity.WARN},
        ),
    )

    expected = [("area_small", (key,)) for key, size in sizes.items() if size < limit_m2]
    expected += [("area_large", (key,)) for key, size in sizes.items() if size > limit_m2]
    assert _kinds(found) == expected


def test_gap_overlap_and_what_leaves_the_parent_are_refused_with_place_and_size() -> None:
    whole = tiling("ABC")
    square = whole.parts[1]
    west, south, east, north = square.bounds
    wide = box(west - 0.0005, south, east + 0.0002, north)
    found = judge(Tiling(whole.frame, {1: wide, 2: whole.parts[2]}, 4), NO_RULES)

    assert _kinds(found) == [("overlap", (1, 2)), ("gap", ()), ("outside_parent", (1,))]
    assert all(item.severity is Severity.REFUSE for item in found)
    assert [item.size for item in found] == pytest.approx(
        [0.2 * SQUARE_M2, SQUARE_M2, 0.5 * SQUARE_M2], rel=1e-3
    )


def test_a_vertex_that_the_neighbour_lacks_is_refused() -> None:
    grids = tiling("AB")
    more = apply(grids, insert_vertex(grids, at(1, 0.5)))
    lacking = Tiling(grids.frame, {1: more.parts[1], 2: grids.parts[2]}, 3)

    assert judge(more, NO_RULES) == []
    assert _kinds(judge(lacking, NO_RULES)) == [("unmatched", (1,)), ("unmatched", (2,))]


def test_a_grid_in_pieces_is_pointed_out() -> None:
    (found,) = judge(tiling("ABA"), NO_RULES)

    assert (found.kind, found.keys, found.size) == (Kind.DISCONNECTED, (1,), 2.0)


def test_buildings_that_a_boundary_cuts_are_listed_once_per_boundary() -> None:
    inside = shape((0.2, 0.2), (0.4, 0.2), (0.4, 0.4))
    cut = [shape((0.9, y), (1.1, y), (1.1, y + 0.1), (0.9, y + 0.1)) for y in (0.2, 0.5)]
    along = shape((0.5, 0.7), (1.00001, 0.7), (1.00001, 0.9), (0.5, 0.9))
    (found,) = judge(tiling("ABC"), NO_RULES, buildings=[inside, cut[0], along, cut[1]])

    assert (found.kind, found.keys, found.buildings) == (Kind.BUILDING_CUT, (1, 2), (1, 3))
    assert found.place.equals(cut[0].union(cut[1]))


def test_how_grave_a_finding_is_is_a_setting() -> None:
    strict = Rules(severity={**SEVERITY, Kind.DISCONNECTED: Severity.REFUSE})
    silent = Rules(
        severity={kind: grave for kind, grave in SEVERITY.items() if kind is not Kind.DISCONNECTED}
    )

    assert [item.severity for item in judge(tiling("ABA"), strict)] == [Severity.REFUSE]
    assert judge(tiling("ABA"), silent) == []


def test_a_household_on_the_boundary_counts_once() -> None:
    homes = Households(np.array([at(1, 0.5).coords[0], at(9, 9).coords[0]]), np.array([4.0, 7.0]))

    assert count_households(tiling("AB"), homes) == {1: 4.0, 2: 0.0}
    assert count_households(tiling("AB"), Households(np.empty((0, 2)), np.empty(0))) == {1: 0.0, 2: 0.0}


def test_an_empty_tiling_is_one_gap() -> None:
    found = judge(Tiling(tiling("AA").frame, {}, 1), Rules(min_area_m2=1), buildings=[box(0, 0, 1, 1)])

    assert _kinds(found) == [("gap", ())]
