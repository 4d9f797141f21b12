"""Moving, inserting and deleting a vertex: once for all grids that share it."""

import contextlib

import pytest
from shapely import Point, Polygon

from geo.shapes.edits import delete_vertex, insert_vertex, move_vertex
from geo.shapes.partition import is_partition
from geo.shapes.snap import snap
from geo.shapes.tiling import EditRefused, Tiling
from tests.edits.picture import after, at, refusal, tiling

FOUR = """
    AABB
    AABB
    CCDD
    CCDD
    """


def _has(tiling, place) -> set[int]:
    return {key for key, part in tiling.parts.items() if (place.x, place.y) in part.exterior.coords}


def test_a_junction_of_four_moves_for_all_four() -> None:
    grids = tiling(FOUR)
    difference = move_vertex(grids, at(2, 2), at(2.3, 1.8))
    edited = after(grids, difference)

    assert difference.touched == {1, 2, 3, 4}
    assert _has(edited, at(2.3, 1.8)) == {1, 2, 3, 4}
    assert _has(edited, at(2, 2)) == set()


def test_a_vertex_of_two_moves_for_both_and_the_others_stay_untouched() -> None:
    grids = tiling(FOUR)
    difference = move_vertex(grids, at(2, 3), at(2.5, 3.2))
    after(grids, difference)

    assert difference.touched == {1, 2}


def test_a_junction_on_the_frame_slides_along_it() -> None:
    grids = tiling(FOUR)
    edited = after(grids, move_vertex(grids, at(2, 4), at(2.4, 4.05)))

    assert _has(edited, at(2.4, 4)) == {1, 2}


def test_a_vertex_of_an_exclave_and_its_host_moves() -> None:
    grids = tiling("AAAA\nABAA\nAAAA")
    edited = after(grids, move_vertex(grids, at(2, 2), at(2.4, 2.4)))

    assert edited.parts[2].area > grids.parts[2].area


def test_a_vertex_beside_free_ground_moves_into_it_and_back_from_it() -> None:
    grids = tiling("AA.\nAA.")
    grown = after(grids, move_vertex(grids, at(2, 1), at(2.5, 1)))
    shrunk = after(grids, move_vertex(grids, at(2, 1), at(1.5, 1)))

    assert grown.parts[1].area > grids.parts[1].area > shrunk.parts[1].area


def test_a_gentle_bend_of_the_frame_cannot_be_worn_away_vertex_by_vertex() -> None:
    # Each vertex bends by less than half a step, all of them by two hundred.
    arc = [(119.2 + x * 1e-5, round(30.1 + 2e-5 * (1 - ((x - 100) / 100) ** 2), 7)) for x in range(201)]
    frame = snap(Polygon([*arc, (119.202, 30.11), (119.2, 30.11)]))
    grids = Tiling(frame, {1: frame}, next_key=2)
    for place in arc[1:-1]:
        with contextlib.suppress(EditRefused):
            grids = after(grids, delete_vertex(grids, Point(place)))

    assert len(grids.parts[1].exterior.coords) < 100
    assert is_partition([grids.parts[1]], frame)


@pytest.mark.parametrize(
    ("start", "goal", "code"),
    [
        pytest.param(at(0, 0), at(0.5, 0.5), "edit_frame_corner", id="a corner of the frame"),
        pytest.param(at(2.5, 2.5), at(2, 2), "edit_no_vertex", id="no vertex there"),
        pytest.param(at(2, 4), at(2, 3.5), "edit_off_frame", id="off the frame"),
        pytest.param(at(2, 4), at(4.05, 3.5), "edit_frame_corner", id="beyond a corner of the frame"),
        pytest.param(at(2, 2), at(2, 3), "edit_vertex_taken", id="onto another vertex"),
        pytest.param(at(2, 3), at(-2, 3), "edit_folds_grid", id="through the whole grid"),
        pytest.param(at(2, 2), at(2, 2), "edit_changes_nothing", id="nowhere"),
    ],
)
def test_a_move_that_would_break_something_is_refused(start, goal, code) -> None:
    refused = refusal(lambda: move_vertex(tiling(FOUR), start, goal))

    assert refused.code == code
    assert code == "edit_changes_nothing" or not refused.place.is_empty


def test_a_vertex_cannot_be_pushed_into_a_grid_that_does_not_share_it() -> None:
    grids = tiling("""
        AAA
        ABA
        AAA
        CCC
        """)  # fmt: skip
    refused = refusal(lambda: move_vertex(grids, at(1, 2), at(1.5, 0.5)))

    assert refused.code in {"edit_folds_grid", "edit_breaks_partition"}


def test_a_vertex_is_inserted_for_both_grids_of_the_edge() -> None:
    grids = tiling(FOUR)
    difference = insert_vertex(grids, at(1.996, 3.3))
    edited = after(grids, difference)

    assert difference.touched == {1, 2}
    assert _has(edited, at(2, 3.3)) == {1, 2}


def test_a_vertex_is_inserted_on_the_frame() -> None:
    grids = tiling(FOUR)

    assert _has(after(grids, insert_vertex(grids, at(0.004, 3.3))), at(0, 3.3)) == {1}


@pytest.mark.parametrize(
    ("place", "code"),
    [
        pytest.param(at(2.5, 3.4), "edit_no_edge", id="in the middle of a grid"),
        pytest.param(at(2, 3), "edit_vertex_taken", id="where one is"),
    ],
)
def test_an_insertion_without_an_edge_is_refused(place, code) -> None:
    assert refusal(lambda: insert_vertex(tiling(FOUR), place)).code == code


def test_a_vertex_is_deleted_from_both_grids() -> None:
    grids = tiling(FOUR)
    bent = after(grids, move_vertex(grids, at(2, 3), at(2.5, 3)))
    edited = after(bent, delete_vertex(bent, at(2.5, 3)))

    assert _has(edited, at(2.5, 3)) == set()
    assert edited.parts[1].area == pytest.approx(grids.parts[1].area)


def test_what_was_inserted_on_the_frame_can_be_deleted() -> None:
    grids = tiling(FOUR)
    more = after(grids, insert_vertex(grids, at(0, 3.3)))

    assert after(more, delete_vertex(more, at(0, 3.3))).parts[1].equals(grids.parts[1])


@pytest.mark.parametrize(
    ("place", "code"),
    [
        pytest.param(at(2, 2), "edit_junction", id="where four meet"),
        pytest.param(at(2, 4), "edit_junction", id="where two meet on the frame"),
        pytest.param(at(4, 4), "edit_frame_corner", id="a corner of the frame"),
        pytest.param(at(3.5, 3.5), "edit_no_vertex", id="no vertex there"),
    ],
)
def test_a_vertex_that_is_needed_is_not_deleted(place, code) -> None:
    assert refusal(lambda: delete_vertex(tiling(FOUR), place)).code == code


def test_three_corners_are_the_least() -> None:
    grids = tiling("AAAA\nABAA\nAAAA")
    triangle = after(grids, delete_vertex(grids, at(1, 1)))

    refused = refusal(lambda: delete_vertex(triangle, at(2, 2)))
    assert (refused.code, refused.fields["grids"]) == ("edit_ring_needed", [1, 2])


def test_where_grids_touch_at_a_point_all_move() -> None:
    grids = tiling("AB\nBA")
    edited = after(grids, move_vertex(grids, at(1, 1), at(1.2, 1.1)))

    assert refusal(lambda: delete_vertex(grids, at(1, 1))).code == "edit_junction"
    assert edited.parts[1].area != grids.parts[1].area
