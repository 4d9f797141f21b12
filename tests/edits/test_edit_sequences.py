"""Long sequences of random edits: what is accepted leaves a partition, and can be taken back bit by bit."""

import contextlib
import random
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from geo.shapes.edits import (
    cut_hole,
    delete_vertex,
    draw,
    follow,
    give_strip,
    insert_vertex,
    mend,
    merge,
    move_vertex,
    reshape,
    simplify,
    split,
)
from geo.shapes.edits.lattice import canonical, to_degrees, to_steps
from geo.shapes.partition import NOISE_DEG, is_partition
from geo.shapes.snap import GRID_DEG
from geo.shapes.tiling import Difference, EditRefused, Ground, Tiling, apply
from tests.edits.towns import street_town, voronoi_town

#: Where in the unit square an edit takes place, and how.
type Dice = tuple[float, float, float, float]
STEP = 1e-7


def _pick(items: list[int], dice: float) -> int:
    return items[min(int(dice * len(items)), len(items) - 1)]


def _grid(tiling: Tiling, dice: float) -> int:
    return _pick(sorted(tiling.parts), dice)


def _neighbour(tiling: Tiling, key: int, dice: float) -> int:
    part = tiling.parts[key]
    near = [other for other, shape in sorted(tiling.parts.items()) if other != key and shape.touches(part)]
    return _pick(near or [key], dice)


def _inside(tiling: Tiling, key: int, u: float, v: float) -> Point:
    west, south, east, north = tiling.parts[key].bounds
    return Point(west + u * (east - west), south + v * (north - south))


def _vertex(tiling: Tiling, key: int, dice: float) -> Point:
    corners = shapely.get_coordinates(tiling.parts[key])
    return Point(corners[min(int(dice * len(corners)), len(corners) - 1)])


def _through(tiling: Tiling, key: int, dice: Dice) -> LineString:
    """Return a bent line right through a grid."""
    west, south, east, north = tiling.parts[key].bounds
    middle = _inside(tiling, key, 0.2 + 0.6 * dice[1], 0.2 + 0.6 * dice[2])
    angle, reach = 2 * np.pi * dice[3], 1.2 * max(east - west, north - south)
    aside = np.array([np.cos(angle), np.sin(angle)]) * reach
    other = np.array([np.cos(angle + 2.5), np.sin(angle + 2.5)]) * reach
    at = np.array([middle.x, middle.y])
    return LineString([at + aside, at, at + other])


def _along_boundary(tiling: Tiling, first: int, second: int, dice: Dice) -> LineString | None:
    """Return a bulge from one point of a shared boundary to another."""
    shared = shapely.line_merge(tiling.parts[first].intersection(tiling.parts[second]))
    lines = [part for part in shapely.get_parts(shared) if isinstance(part, LineString)]
    if not lines:
        return None
    longest = max(lines, key=lambda part: part.length)
    low, high = sorted(dice[1:3])
    ends = [longest.interpolate(place * longest.length) for place in (low, high)]
    bulge = (dice[3] - 0.5) * longest.length
    run = np.array([ends[1].x - ends[0].x, ends[1].y - ends[0].y])
    middle = np.array([ends[0].x, ends[0].y]) + run / 2
    aside = np.array([-run[1], run[0]]) / (np.hypot(*run) or 1) * bulge
    return LineString([ends[0], Point(middle + aside), ends[1]])


def _split(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    return split(tiling, key, [_through(tiling, key, dice)])


def _cross_split(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    return split(tiling, key, [_through(tiling, key, dice), _through(tiling, key, (*dice[:3], 1 - dice[3]))])


def _merge(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    keys = {key: None, _neighbour(tiling, key, dice[1]): None}
    if len(tiling.parts) > 30:
        keys[_neighbour(tiling, key, dice[2])] = None
    return merge(tiling, list(keys))


def _move(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    at = _vertex(tiling, key, dice[1])
    far = 3000 if dice[0] * 7 % 1 > 0.5 else 20
    return move_vertex(
        tiling, at, Point(at.x + (dice[2] - 0.5) * far * STEP, at.y + (dice[3] - 0.5) * far * STEP)
    )


def _insert(tiling: Tiling, dice: Dice) -> Difference:
    ring = tiling.parts[_grid(tiling, dice[0])].boundary
    at = shapely.line_interpolate_point(ring, dice[1], normalized=True)
    return insert_vertex(tiling, at)


def _delete(tiling: Tiling, dice: Dice) -> Difference:
    return delete_vertex(tiling, _vertex(tiling, _grid(tiling, dice[0]), dice[1]))


def _reshape(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    other = _neighbour(tiling, key, dice[0] * 13 % 1)
    line = _along_boundary(tiling, key, other, dice)
    if line is None:
        raise EditRefused("no_line")
    return reshape(tiling, line)


def _follow(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    other = _neighbour(tiling, key, dice[0] * 13 % 1)
    line = _along_boundary(tiling, key, other, dice)
    if line is None:
        raise EditRefused("no_line")
    return follow(tiling, key, other, line)


def _strip(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    other = _neighbour(tiling, key, dice[1])
    if dice[2] > 0.6:
        return give_strip(tiling, key, other, line=_through(tiling, key, dice))
    return give_strip(tiling, key, other, width_m=0.05 + 60 * dice[3])


def _hole(tiling: Tiling, dice: Dice) -> Difference:
    key = _grid(tiling, dice[0])
    west, south, east, north = tiling.parts[key].bounds
    middle = _inside(tiling, key, dice[1], dice[2])
    size = 0.01 + 0.15 * dice[3]
    return cut_hole(
        tiling, key, middle.buffer(size * min(east - west, north - south), quad_segs=2), snap_m=2.0
    )


def _redraw(tiling: Tiling, dice: Dice) -> Difference:
    """Take a grid away and draw it again by hand: within a few decimetres of what it was."""
    key = _grid(tiling, dice[0])
    part = tiling.parts[key]
    if part.geom_type != "Polygon":
        raise EditRefused("no_polygon")
    without = Tiling(tiling.frame, {k: p for k, p in tiling.parts.items() if k != key}, tiling.next_key)
    # The same corner must shake alike at the ring's start and end: by its coordinates, not by chance.
    shaken = shapely.transform(part, lambda points: points + 30 * STEP * np.sin(points * 7e6 + dice[1]))
    drawn = draw(without, shaken, snap_m=1.0)
    return Difference({**drawn.before, key: part}, drawn.after, drawn.lineage)


def _repair(tiling: Tiling, dice: Dice) -> Difference:
    """Let a bad import damage two grids, and mend what it left, as one edit."""
    one, other = _grid(tiling, dice[0]), _grid(tiling, dice[1])
    parts = dict(tiling.parts)
    aside = np.round((np.array(dice[2:]) - 0.5) * 200) * STEP
    parts[one] = shapely.transform(parts[one], lambda points: np.round(points + aside, 7))
    parts[other] = to_degrees(canonical(shapely.simplify(to_steps(parts[other]), 5)))
    mended = apply(broken := Tiling(tiling.frame, parts, tiling.next_key), mend(broken)).parts
    touched = [key for key in tiling.parts if not _alike(mended.get(key), tiling.parts[key])]
    return Difference(
        {key: tiling.parts[key] for key in touched},
        {key: canonical(mended[key]) for key in touched if key in mended},
    )


def _alike(one: Ground | None, other: Ground) -> bool:
    return one is not None and one.equals_exact(other)


def _simplify(tiling: Tiling, dice: Dice) -> Difference:
    return simplify(tiling, 0.2 + 2 * dice[0])


EDITS: dict[str, Callable[[Tiling, Dice], Difference]] = {
    "split": _split,
    "cross split": _cross_split,
    "merge": _merge,
    "merge again": _merge,
    "merge once more": _merge,
    "move": _move,
    "insert": _insert,
    "delete": _delete,
    "reshape": _reshape,
    "follow": _follow,
    "strip": _strip,
    "hole": _hole,
    "redraw": _redraw,
    "repair": _repair,
    "simplify": _simplify,
}


def _check(before: Tiling, difference: Difference, after: Tiling) -> None:
    """What holds after every edit."""
    assert shapely.coverage_is_valid(list(after.parts.values()))
    assert all(part.is_valid and not part.is_empty for part in difference.after.values())
    for part in difference.after.values():
        assert canonical(part).equals_exact(part)
        assert to_degrees(to_steps(part)).equals_exact(part)
    new = difference.after.keys() - difference.before.keys()
    assert new == difference.lineage.keys()
    assert all(key >= before.next_key for key in new)
    back = apply(after, difference.reversed())
    assert back.parts.keys() == before.parts.keys()
    assert all(back.parts[key].equals_exact(part) for key, part in before.parts.items())


#: A vertex put on the frame's edge is rounded once, to half a cell's diagonal, however many edits follow.
ROUNDED = 0.5**0.5
#: A repair nodes outlines that were rounded before; the noise of a partition (two cells) is where it stops.
NOISE = NOISE_DEG / GRID_DEG


def _check_union(tiling: Tiling, *, reach: float = ROUNDED) -> None:
    """The grids still hold the frame's ground, all of it and no more, to `reach` cells."""
    assert is_partition(list(tiling.parts.values()), tiling.frame)
    frame = to_steps(tiling.frame)
    union = shapely.coverage_union_all([to_steps(part) for part in tiling.parts.values()])
    on_border = shapely.points(shapely.get_coordinates(union))
    assert shapely.distance(on_border, frame.boundary).max() <= reach
    assert abs(union.area - frame.area) <= reach * frame.length
    assert sum(to_steps(part).area for part in tiling.parts.values()) == pytest.approx(union.area, rel=1e-12)


TOWNS = [pytest.param(voronoi_town, id="voronoi"), pytest.param(street_town, id="streets")]
#: Of a town's edits about a fifth is refused.
ATTEMPTS = 300
ACCEPTED = 200


@pytest.mark.parametrize("town", TOWNS)
@settings(max_examples=2, derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_random_edits_keep_the_partition_and_can_all_be_undone(town: Callable[[], Tiling], seed: int) -> None:
    dice = random.Random(seed)
    start = tiling = town()
    done: list[Difference] = []
    kinds: set[str] = set()
    for _ in range(ATTEMPTS):
        kind = dice.choice(list(EDITS))
        try:
            difference = EDITS[kind](tiling, (dice.random(), dice.random(), dice.random(), dice.random()))
        except EditRefused:
            continue
        after = apply(tiling, difference)
        _check(tiling, difference, after)
        done.append(difference)
        kinds.add(kind)
        tiling = after
        if len(done) % 20 == 0:
            _check_union(tiling, reach=NOISE)
    _check_union(tiling, reach=NOISE)
    assert len(done) >= ACCEPTED
    assert kinds == set(EDITS)

    for difference in reversed(done):
        tiling = apply(tiling, difference.reversed())
    assert tiling.parts.keys() == start.parts.keys()
    assert all(tiling.parts[key].equals_exact(part) for key, part in start.parts.items())


@pytest.mark.parametrize("town", TOWNS)
def test_hundreds_of_vertices_put_on_the_frame_leave_it_where_it_is(town: Callable[[], Tiling]) -> None:
    tiling, dice = town(), random.Random(1)
    before = shapely.get_num_coordinates(list(tiling.parts.values())).sum()
    for _ in range(250):
        # Close together, so that most fall on chords between vertices put there before.
        place = 0.2 + 0.004 * dice.random()
        at = shapely.line_interpolate_point(tiling.frame.boundary, place, normalized=True)
        with contextlib.suppress(EditRefused):  # two may fall on one whole step
            tiling = apply(tiling, insert_vertex(tiling, at))

    _check_union(tiling)
    assert shapely.get_num_coordinates(list(tiling.parts.values())).sum() >= before + 200


def test_the_voronoi_town_has_a_hole_an_exclave_and_a_frame_of_two_parts() -> None:
    _check_union(voronoi_town())
    assert voronoi_town().frame.geom_type == "MultiPolygon"
    assert {part.geom_type for part in voronoi_town().parts.values()} == {"Polygon", "MultiPolygon"}
    assert any(part.interiors for part in voronoi_town().parts.values() if part.geom_type == "Polygon")
