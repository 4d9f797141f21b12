"""Attacks: sizes near the coordinate grid, lines along and through what is there, broken ground."""

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from geo.shapes.edits import (
    delete_vertex,
    draw,
    give_strip,
    insert_vertex,
    merge,
    move_vertex,
    reshape,
    simplify,
    split,
)
from geo.shapes.edits.lattice import to_degrees
from geo.shapes.partition import is_partition
from geo.shapes.tiling import Difference, EditRefused, Tiling, apply
from tests.edits.picture import after, at, line, picture, refusal, tiling

WEST, SOUTH = 1_192_000_000, 301_000_000


def _steps(*places: tuple[float, float]) -> list[tuple[float, float]]:
    return [((WEST + x) / 1e7, (SOUTH + y) / 1e7) for x, y in places]


def _square(size: int) -> Tiling:
    """Return one square grid, `size` steps wide."""
    frame = to_degrees(box(WEST, SOUTH, WEST + size, SOUTH + size))
    return Tiling(frame, {1: frame}, next_key=2)


def _sound(edited: Tiling) -> bool:
    return is_partition(list(edited.parts.values()), edited.frame)


def _tried(of: Tiling, edit: Callable[[], Difference]) -> Tiling | None:
    """Return the tiling after an edit, None if it is refused; anything else is an error."""
    try:
        difference = edit()
    except EditRefused:
        return None
    return after(of, difference)


@pytest.mark.parametrize("size", [10, 30, 100, 300])
def test_grids_of_centimetres_are_cut_soundly_or_not_at_all(size: int) -> None:
    dice = random.Random(size)
    accepted = 0
    for _ in range(200):
        tiny = _square(size)
        bends = [(across, dice.uniform(-5, size + 5)) for across in (-5, dice.uniform(0, size), size + 5)]
        edited = _tried(
            tiny, partial(split, tiny, 1, [LineString(_steps(*bends))], reach_m=0.02, sliver_m=0.0)
        )
        if edited is None:
            continue
        accepted += 1
        union = shapely.coverage_union_all(list(edited.parts.values()))
        assert union.symmetric_difference(edited.frame).buffer(-1e-7).is_empty
    assert accepted > 10


@pytest.mark.parametrize("angle", [0, 1, 2, 5, 10, 100])
def test_a_line_nearly_along_the_boundary_cuts_soundly_or_is_refused(angle: int) -> None:
    grids = tiling("AB\nAB")
    top = LineString(_steps((10_000, 0), (10_000 + angle, 10_000), (10_000 - 3000, 20_000)))
    for edit in (
        lambda: split(grids, 1, [top], sliver_m=0.0),
        lambda: split(grids, 2, [top], sliver_m=0.0),
        lambda: reshape(grids, top),
    ):
        edited = _tried(grids, edit)
        assert edited is None or _sound(edited)


def test_many_nearly_parallel_lines_through_one_point() -> None:
    grids = tiling("AAAA\nAAAA\nAAAA\nAAAA")
    fan = [line((-1, 2 + k * 1e-4), (5, 2 - k * 1e-4)) for k in range(-6, 7)]
    edited = after(grids, split(grids, 1, fan, sliver_m=0.0))

    assert _sound(edited)
    assert len(edited.parts) > 10


@pytest.mark.parametrize(
    ("along", "drawn"),
    [
        pytest.param(line((0, 1), (1, 1), (1, 2), (2, 2), (2, 3)), "BAA\nAAA\nAAA", id="through vertices"),
        pytest.param(line((0, 0), (1, 1), (2, 2), (3, 3)), None, id="through corners"),
        pytest.param(
            line((0, 1), (0, 2), (1, 2), (1, 3), (2, 3)), "BAA\nAAA\nAAA", id="along the edge and off"
        ),
    ],
)
def test_lines_through_vertices_and_along_edges(along, drawn) -> None:
    grids = tiling("AAA\nAAA\nAAA")
    edited = after(grids, split(grids, 1, [along]))

    assert _sound(edited)
    assert drawn is None or len(edited.parts) == 2


def test_a_line_through_a_point_where_five_grids_meet() -> None:
    middle = (5000, 5000)
    rim = [(0, 0), (10_000, 0), (10_000, 6000), (4000, 10_000), (0, 7000)]
    spokes = [Polygon(_steps(middle, rim[n], rim[(n + 1) % 5])) for n in range(5)]
    grids = Tiling(Polygon(_steps(*rim)), dict(enumerate(spokes, start=1)), next_key=6)
    halved = after(grids, split(grids, 1, [LineString(_steps(middle, (5000, -100)))]))
    moved = after(halved, move_vertex(halved, Point(*_steps(middle)), Point(*_steps((5100, 5300)))))

    assert _sound(moved)
    assert (
        len([key for key, part in moved.parts.items() if Point(*_steps((5100, 5300))).intersects(part)]) == 6
    )


def test_grids_that_touch_at_a_point_stay_apart() -> None:
    grids = tiling("AB\nCA")
    assert refusal(lambda: merge(grids, [2, 3])).code == "edit_not_neighbours"
    assert refusal(lambda: give_strip(grids, 2, 3, width_m=5.0)).code == "edit_not_neighbours"
    assert (
        refusal(lambda: reshape(grids, line((1, 1), (0.5, 0.5)), pair=(2, 3))).code == "edit_not_neighbours"
    )

    edited = after(grids, split(grids, 1, [line((-1, 1.5), (3, 1.5)), line((-1, 0.5), (3, 0.5))]))
    assert _sound(edited)


def test_a_hole_that_touches_the_edge_at_a_point_is_split_and_merged() -> None:
    frame = tiling("AAAA\nAAAA").parts[1]
    diamond = Polygon([at(2, 0), at(3, 1), at(2, 1.5), at(1, 1)])
    grids = Tiling(frame, {1: frame.difference(diamond), 2: diamond}, next_key=3)
    grids = Tiling(frame, {key: shapely.set_precision(part, 0) for key, part in grids.parts.items()}, 3)
    edited = after(grids, split(grids, 2, [line((2, -1), (2, 3))]))

    assert _sound(edited)
    assert picture(after(edited, merge(edited, [1, 2, 3]))) == "AAAA\nAAAA"


def test_cutting_and_merging_again_a_hundred_times_leaves_the_frame_in_place() -> None:
    crooked = Polygon(_steps((0, 0), (99_991, 31), (100_003, 70_001), (17, 69_997)))
    grids, dice = Tiling(crooked, {1: crooked}, next_key=2), np.random.default_rng(4)
    for _ in range(100):
        across = _steps(*np.column_stack([dice.uniform(0, 100_000, 2), [-9, 80_000]]))
        cut = apply(grids, split(grids, 1, [LineString(across)]))
        grids = apply(cut, merge(cut, sorted(cut.parts)))

    assert len(grids.parts[1].exterior.coords) > 150
    on_border = shapely.points(shapely.get_coordinates(grids.parts[1]))
    assert shapely.distance(on_border, crooked.boundary).max() <= 0.7072e-7
    assert _sound(grids)


def test_ground_that_was_no_partition_before_is_said_to_be_broken() -> None:
    whole = tiling("ABB\nABB")
    west, south, east, north = whole.parts[1].bounds
    overlapping = box(west, south, east + 0.0003, north)
    broken = Tiling(whole.frame, {1: overlapping, 2: whole.parts[2]}, next_key=3)
    refused = refusal(lambda: split(broken, 1, [line((-1, 1), (4, 1))]))

    assert refused.code == "tiling_broken"
    assert 1 in refused.fields["grids"]
    assert refused.place.distance(at(1.3, 1)) < 1e-7


def test_broken_ground_elsewhere_does_not_hinder_an_edit() -> None:
    grids = tiling("ABBBBBBB\nABBBBCDD\nABBBBCDD")
    lacking = insert_vertex(grids, at(6, 1.5)).after[3]
    broken = Tiling(grids.frame, {**grids.parts, 3: lacking}, next_key=5)

    # B, which gets a vertex from the cut, is broken at its other end.
    assert split(broken, 1, [line((-1, 1.5), (1.5, 1.5))]).touched == {1, 2, 5}


@pytest.mark.parametrize("snap_m", [0.0, 0.01, 1.0, 5.0])
def test_drawing_what_is_nearly_there_leaves_no_sliver(snap_m: float) -> None:
    whole = tiling("AABB\nAABB")
    free = Tiling(whole.frame, {1: whole.parts[1]}, next_key=2)
    shake = snap_m * 0.4 / 1.2e5
    drawn = shapely.transform(whole.parts[2], lambda points: points + shake * np.sin(points * 7e6))
    edited = after(free, draw(free, drawn, snap_m=snap_m))

    assert _sound(edited)


def test_edits_far_from_every_grid_are_refused_not_failed() -> None:
    grids, far = tiling("AB\nAB"), line((500, 500), (501, 501))
    nothing = Tiling(grids.frame, {}, next_key=1)

    for of in (grids, nothing):
        assert refusal(lambda of=of: reshape(of, far)).code == "edit_line_loose"
        assert refusal(lambda of=of: move_vertex(of, at(500, 500), at(1, 1))).code == "edit_no_vertex"
        assert refusal(lambda of=of: delete_vertex(of, at(500, 500))).code == "edit_no_vertex"
        assert refusal(lambda of=of: insert_vertex(of, at(500, 500))).code == "edit_no_edge"
    assert refusal(lambda: simplify(nothing, 1.0)).code == "edit_changes_nothing"
    assert refusal(lambda: split(grids, 1, [])).code == "drawing_empty"
    many = [line((-1, 2 * k / 3000), (3, 2 * k / 3000)) for k in range(3000)]
    assert refusal(lambda: split(grids, 1, many)).code == "drawing_too_long"


def test_the_first_grid_of_an_empty_community_is_drawn() -> None:
    frame = tiling("AA AA\nAA AA").frame
    first = after(
        Tiling(frame, {}, 1), draw(Tiling(frame, {}, 1), Polygon([at(0, 0), at(2, 0), at(2, 2), at(0, 2)]))
    )

    assert picture(first) == "AA ..\nAA .."
    second = after(first, draw(first, Polygon([at(3, 0), at(5.005, 0), at(5, 2), at(2.996, 2)])))
    assert _sound(second)
