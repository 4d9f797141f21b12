"""Drawing grids on free ground and out of others, and drawings nobody can use."""

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon

from geo.shapes.edits import cut_hole, draw, merge, split
from geo.shapes.edits.sketch import MOST_VERTICES
from geo.shapes.partition import is_partition
from tests.edits.picture import after, at, line, picture, refusal, same, shape, tiling

FREE = """
    AAAA
    A..B
    A..B
    CCCC
    """


@pytest.mark.parametrize(
    ("drawing", "drawn"),
    [
        pytest.param(shape((1, 1), (3, 1), (3, 3), (1, 3)), "AAAA\nADDB\nADDB\nCCCC", id="all of it"),
        # Half a metre off.
        pytest.param(
            shape((1.005, 0.996), (3.004, 1.004), (2.997, 3.003), (0.996, 2.995)),
            "AAAA\nADDB\nADDB\nCCCC",
            id="nearly",
        ),
        pytest.param(shape((1, 1), (2, 1), (2, 3), (1, 3)), "AAAA\nAD.B\nAD.B\nCCCC", id="half of it"),
        pytest.param(shape((1.5, 1.5), (2.5, 1.5), (2.5, 2.5), (1.5, 2.5)), None, id="an island"),
    ],
)
def test_a_grid_is_drawn_on_free_ground(drawing, drawn) -> None:
    grids = tiling(FREE)
    difference = draw(grids, drawing)
    edited = after(grids, difference)

    assert drawn is None or picture(edited) == drawn
    assert difference.lineage == {4: ()}
    assert set(difference.after) >= {4}


def test_what_fills_the_last_gap_makes_a_partition() -> None:
    grids = tiling(FREE)
    edited = after(grids, draw(grids, shape((1.004, 1.003), (2.995, 0.997), (3.001, 2.996), (0.999, 3.002))))

    assert is_partition(list(edited.parts.values()), edited.frame)


def test_a_gap_along_a_crooked_neighbour_is_filled_and_an_overlap_clipped() -> None:
    # A saw along the neighbour with teeth of 60 cm: the drawing is a straight line through its middle.
    teeth = [at(2 + (0.006 if n % 2 else 0), n / 20) for n in range(1, 40)]
    crooked = Polygon([at(1, 0), at(2, 0), *teeth, at(2, 2), at(1, 2)])
    saw = draw(tiling("A...\nA..."), crooked)
    grids = after(tiling("A...\nA..."), saw)
    edited = after(grids, draw(grids, shape((2.003, 0), (4, 0), (4, 2), (2.003, 2))))

    assert is_partition(list(edited.parts.values()), edited.frame)


@pytest.mark.parametrize(
    ("drawing", "code", "grids"),
    [
        pytest.param(shape((1.5, 1), (3.5, 1), (3.5, 2)), "edit_overlaps", [2], id="over a neighbour"),
        pytest.param(shape((0, 0), (4, 0), (4, 4), (0, 4)), "edit_overlaps", [1, 2, 3], id="over all"),
        pytest.param(shape((0.2, 0.2), (0.8, 0.2), (0.8, 0.8)), "edit_overlaps", [3], id="inside another"),
    ],
)
def test_a_real_overlap_is_refused_with_grids_and_place(drawing, code, grids) -> None:
    refused = refusal(lambda: draw(tiling(FREE), drawing))

    assert (refused.code, refused.fields["grids"]) == (code, grids)
    held = shapely.union_all([tiling(FREE).parts[key] for key in grids])
    assert refused.place.area == pytest.approx(drawing.intersection(held).area, rel=1e-3)


def test_a_drawing_over_the_edge_of_the_frame_is_refused_with_what_lies_outside() -> None:
    grids = tiling("A...\nA...")
    refused = refusal(lambda: draw(grids, shape((2, 0), (5, 0), (5, 1), (2, 1))))

    assert refused.code == "edit_leaves_frame"
    assert refused.place.area == pytest.approx(1e-6, rel=1e-3)
    assert refusal(lambda: draw(grids, shape((12, 0), (15, 0), (15, 1)))).code == "edit_leaves_frame"


def test_neighbours_get_the_corners_of_the_drawing() -> None:
    grids = tiling(FREE)
    difference = draw(grids, shape((1, 1), (1.5, 1), (1.5, 3), (1, 3)))
    edited = after(grids, difference)

    assert {1, 3} < difference.touched
    assert (at(1.5, 1).x, at(1.5, 1).y) in edited.parts[3].exterior.coords


@pytest.mark.parametrize(
    ("drawing", "drawn"),
    [
        pytest.param(shape((1, 1), (3, 1), (3, 2), (1, 2)), "AAAA\nABBA\nAAAA", id="in the middle"),
        pytest.param(shape((0, 1), (2, 1), (2, 2), (0, 2)), "AAAA\nBBAA\nAAAA", id="at the edge"),
        pytest.param(shape((-0.004, 1), (2, 1), (2, 2), (0.005, 2)), "AAAA\nBBAA\nAAAA", id="near the edge"),
        pytest.param(shape((0, 0), (1, 0), (1, 1), (0, 1)), "AAAA\nAAAA\nBAAA", id="in a corner"),
        pytest.param(shape((0, 1.5), (2, 0.9), (2, 2.1)), "AAAA\nBBAA\nAAAA", id="touching at a point"),
    ],
)
def test_a_courtyard_is_cut_out(drawing, drawn) -> None:
    grids = tiling("AAAA\nAAAA\nAAAA")
    difference = cut_hole(grids, 1, drawing)
    edited = after(grids, difference)

    assert picture(edited) == drawn
    assert difference.lineage == {2: (1,)}
    assert is_partition(list(edited.parts.values()), edited.frame)
    assert picture(after(edited, merge(edited, [1, 2]))) == same("AAAA\nAAAA\nAAAA")


@pytest.mark.parametrize(
    ("drawing", "code"),
    [
        pytest.param(shape((1, 1), (5, 1), (5, 2)), "edit_outside_grid", id="out of the grid"),
        pytest.param(shape((8, 8), (9, 8), (9, 9)), "edit_outside_grid", id="elsewhere"),
        pytest.param(shape((0, 0), (4, 0), (4, 3), (0, 3)), "edit_grid_vanishes", id="all of it"),
        pytest.param(
            shape((0, 0), (2, 0), (2, 0.003), (0, 0.003)), "edit_part_thin", id="a sliver at the edge"
        ),
    ],
)
def test_a_courtyard_that_does_not_fit_is_refused(drawing, code) -> None:
    assert refusal(lambda: cut_hole(tiling("AAAA\nAAAA\nAAAA"), 1, drawing)).code == code


def _star(corners: int) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return Polygon(np.column_stack([119.202 + 5e-4 * np.cos(angle), 30.102 + 5e-4 * np.sin(angle)]))


@pytest.mark.parametrize(
    ("drawing", "code"),
    [
        pytest.param(Polygon(), "drawing_empty", id="empty"),
        pytest.param(line((0, 0), (1, 1)), "drawing_wrong_kind", id="a line"),
        pytest.param(Point(119, 30), "drawing_wrong_kind", id="a point"),
        pytest.param(MultiPolygon([shape((0, 0), (1, 0), (1, 1))]), "drawing_wrong_kind", id="several"),
        pytest.param(shape((1, 1), (3, 3), (3, 1), (1, 3)), "drawing_crosses_itself", id="a bow"),
        pytest.param(shape((1, 1), (3, 1), (3, 1)), "drawing_point", id="two corners"),
        pytest.param(shape((1, 1), (1, 1), (1, 1)), "drawing_point", id="one corner"),
        pytest.param(shape((1, 1), (1 + 1e-5, 1), (1, 1 + 1e-5)), "drawing_point", id="smaller than a step"),
        pytest.param(Polygon([(119, 30, 5), (119.1, 30, 5), (119, 30.1, 5)]), "drawing_has_height", id="3-D"),
        pytest.param(Polygon([(119, 30), (np.nan, 30), (119, 31)]), "drawing_not_finite", id="NaN"),
        pytest.param(Polygon([(119, 30), (np.inf, 30), (119, 31)]), "drawing_not_finite", id="infinite"),
        pytest.param(Polygon([(500, 30), (501, 30), (500, 31)]), "drawing_off_world", id="off the world"),
        pytest.param(
            Polygon([(30, 119), (30.1, 119), (30, 119.1)]), "drawing_off_world", id="lat before lon"
        ),
        pytest.param(_star(MOST_VERTICES + 1), "drawing_too_long", id="too many corners"),
        pytest.param(_star(2_000_000), "drawing_too_long", id="millions of corners"),
        pytest.param(None, "drawing_wrong_kind", id="nothing"),
    ],
)
def test_an_unusable_polygon_is_refused(drawing, code) -> None:
    assert refusal(lambda: draw(tiling(FREE), drawing)).code == code
    assert refusal(lambda: cut_hole(tiling("AAAA\nAAAA\nAAAA\nAAAA"), 1, drawing)).code == code


@pytest.mark.parametrize(
    ("drawing", "code"),
    [
        pytest.param(LineString(), "drawing_empty", id="empty"),
        pytest.param(shape((0, 0), (1, 0), (1, 1)), "drawing_wrong_kind", id="a polygon"),
        pytest.param(line((0, 1), (4, 1), (4, 2), (2, -1)), "drawing_crosses_itself", id="crosses itself"),
        pytest.param(line((0, 1), (3, 1), (1, 1)), "drawing_crosses_itself", id="runs back on itself"),
        pytest.param(line((1, 1), (1, 1)), "drawing_point", id="one point"),
        pytest.param(LineString([(119, 30, 1), (119.1, 30, 1)]), "drawing_has_height", id="3-D"),
        pytest.param(LineString([(119, 30), (np.nan, 30)]), "drawing_not_finite", id="NaN"),
        pytest.param(LineString([(119, 30), (-np.inf, 30)]), "drawing_not_finite", id="infinite"),
        pytest.param(LineString([(119, 30), (119, 91)]), "drawing_off_world", id="beyond the pole"),
        pytest.param(LineString(_star(1_000_000).exterior), "drawing_too_long", id="a million vertices"),
    ],
)
def test_an_unusable_line_is_refused(drawing, code) -> None:
    assert refusal(lambda: split(tiling("AAAA\nAAAA"), 1, [drawing])).code == code


def test_a_line_with_a_point_twice_is_no_mistake() -> None:
    grids = tiling("AAAA\nAAAA")

    assert picture(after(grids, split(grids, 1, [line((1, -1), (1, 1), (1, 1), (1, 3))]))) == "BAAA\nBAAA"


def test_the_place_of_a_crossing_is_where_the_line_crosses_itself() -> None:
    refused = refusal(lambda: split(tiling("AAAA\nAAAA"), 1, [line((0, 1), (4, 1), (4, 2), (2, 2), (2, 0))]))

    assert refused.place.distance(at(2, 1)) < 1e-7
