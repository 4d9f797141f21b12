"""Redrawing shared boundaries, following features, handing over strips."""

import pytest

from geo.shapes.edits import follow, give_strip, reshape, simplify
from tests.edits.picture import after, at, line, picture, refusal, same, tiling

TWO = """
    AAABBB
    AAABBB
    AAABBB
    AAABBB
    """
THREE = """
    AAABBB
    AAABBB
    AAACCC
    AAACCC
    """


@pytest.mark.parametrize(
    ("before", "along", "drawn"),
    [
        pytest.param(
            TWO, line((3, 1), (4, 1), (4, 3), (3, 3)), "AAABBB\nAAAABB\nAAAABB\nAAABBB", id="one grid grows"
        ),
        pytest.param(
            TWO, line((3, 3), (2, 3), (2, 1), (3, 1)), "AAABBB\nAABBBB\nAABBBB\nAAABBB", id="or shrinks"
        ),
        pytest.param(
            TWO,
            line((3, 0), (4, 0.001), (4, 2), (2, 2), (2, 3.999), (3, 4)),
            "AABBBB\nAABBBB\nAAAABB\nAAAABB",
            id="both, where the line crosses the old boundary",
        ),
        pytest.param(
            TWO,
            line((4, 0), (4, 3), (3, 3)),
            "AAABBB\nAAAABB\nAAAABB\nAAAABB",
            id="the foot on the frame moves along",
        ),
        pytest.param(
            TWO,
            line((2.5, 1), (4, 1), (4, 3), (2.5, 3)),
            "AAABBB\nAAAABB\nAAAABB\nAAABBB",
            id="ends that overshoot are cut back",
        ),
        pytest.param(
            TWO,
            line((3.005, 1), (4, 1), (4, 3), (3.004, 3)),
            "AAABBB\nAAAABB\nAAAABB\nAAABBB",
            id="ends half a metre short are led on",
        ),
        pytest.param(
            THREE,
            line((3, 1), (4, 1), (4, 3), (3, 3)),
            "AAABBB\nAAAABB\nAAAACC\nAAACCC",
            id="into two neighbours at once",
        ),
        pytest.param(
            "AAAAAA\nABBBBA\nABBBBA\nAAAAAA",
            line((1, 3), (2, 3), (2, 2), (4, 2), (4, 3), (5, 3)),
            "AAAAAA\nABAABA\nABBBBA\nAAAAAA",
            id="of a courtyard the side beside the line",
        ),
        pytest.param(
            "AAAAAA\nABBBAA\nABBBAA\nAAAAAA",
            line((1, 3), (1, 3.2), (4.7, 3.2), (4.7, 1), (4, 1)),
            "AAAAAA\nABBBBA\nABBBBA\nAAAAAA",
            id="of a courtyard the long way if the line goes it",
        ),
    ],
)
def test_a_boundary_is_redrawn(before, along, drawn) -> None:
    grids = tiling(before)

    assert picture(after(grids, reshape(grids, along))) == same(drawn)


@pytest.mark.parametrize(
    ("along", "pair", "code", "fields"),
    [
        pytest.param(line((0.5, 1), (2, 1)), None, "edit_line_loose", {}, id="reaches no boundary"),
        pytest.param(
            line((3, 1), (2, 1), (2, 3), (3, 3)),
            None,
            "edit_boundary_unclear",
            {"grids": [2, 3]},
            id="withdraws from two",
        ),
        pytest.param(
            line((3, 3), (4, 3), (4, 1), (3.5, 1), (3, 2.5)),
            (1, 2),
            "edit_crosses_others",
            {"grids": [3]},
            id="takes from a third",
        ),
        pytest.param(
            line((0, 1), (-1, 1), (-1, 3), (0, 3)), None, "edit_leaves_grids", {}, id="around the outside"
        ),
        pytest.param(
            line((0, 1), (1, 1), (1, 3), (0, 3)), None, "edit_no_boundary", {}, id="from frame to frame"
        ),
        pytest.param(
            line((3, 1), (4, 2)), (2, 2), "edit_not_neighbours", {"grids": [2, 2]}, id="with itself"
        ),
        pytest.param(
            line((3, 2), (6, 2.0)), (2, 3), "edit_changes_nothing", {}, id="along the boundary as it is"
        ),
    ],
)
def test_an_unclear_line_is_refused(along, pair, code, fields) -> None:
    refused = refusal(lambda: reshape(tiling(THREE), along, pair=pair))

    assert refused.code == code
    assert {name: refused.fields[name] for name in fields} == fields
    assert code == "edit_changes_nothing" or not refused.place.is_empty


def test_a_line_that_swallows_a_grid_is_refused() -> None:
    grids = tiling("AAAA\nABBA\nAAAA\nCCCC")
    refused = refusal(
        lambda: reshape(grids, line((0, 1), (0.5, 1), (0.5, 3.5), (3.5, 3.5), (3.5, 1), (4, 1)))
    )

    assert (refused.code, refused.fields["grid"]) == ("edit_grid_vanishes", 2)


def test_a_boundary_follows_a_path_beside_it() -> None:
    grids = tiling(TWO)
    # The street runs 20 m beside the boundary: short pieces join the path to it.
    edited = after(grids, follow(grids, 1, 2, line((3.2, 0.5), (3.2, 3.5))))

    assert edited.parts[1].area - grids.parts[1].area == pytest.approx(0.2 * 3 * 1e-6)
    refused = refusal(lambda: follow(grids, 1, 2, line((4.2, 0.5), (4.2, 3.5))))
    assert refused.code == "edit_line_loose"


@pytest.mark.parametrize("steps", [-2, -1, 0, 1, 2])
def test_an_end_one_or_two_centimetres_beside_the_boundary_is_put_on_it(steps) -> None:
    grids = tiling(TWO)
    beside = 3 + steps * 1e-4  # of a square: steps of 1e-7 degrees
    # One end at a corner of the boundary, one at its edge.
    drawn = line((beside, 1), (4, 2), (beside, 2.5))
    wanted = {at(4, 2).coords[0], at(3, 2.5).coords[0]}

    for edited in (after(grids, reshape(grids, drawn)), after(grids, follow(grids, 1, 2, drawn))):
        assert set(edited.parts[1].exterior.coords) - set(grids.parts[1].exterior.coords) == wanted


def test_a_path_that_crosses_the_boundary_flatly_is_followed_from_its_start() -> None:
    grids = tiling(TWO)
    # It begins 2 m beside the boundary and crosses it 20 m on: no tail that a hand drew too far.
    path = line((2.98, 1), (3.02, 1.4), (3.5, 2), (3, 3))

    edited = after(grids, follow(grids, 1, 2, path))

    border = edited.parts[1].boundary & edited.parts[2].boundary
    assert (border & path.buffer(2e-7)).length >= 0.999 * path.length


@pytest.mark.parametrize(
    ("before", "giver", "taker", "how", "drawn"),
    [
        pytest.param("AAAB\nAAAB", 1, 2, {"line": line((2, -1), (2, 3))}, "AABB\nAABB", id="by a line"),
        pytest.param(
            "AAAB\nAAAB", 1, 2, {"line": line((3, 1), (1, 1), (1, -1))}, "AAAB\nABBB", id="a corner of it"
        ),
        pytest.param(
            "AAAB\nAAAB",
            1,
            2,
            {"line": line((-1, 0.9), (4, 0.9))},
            "AAAB\nBBBB",
            id="the smaller part beside it",
        ),
        pytest.param("AAAB\nAAAB", 1, 2, {"width_m": 100.0}, "AABB\nAABB", id="by a width"),
        pytest.param("AAAA\nABBA\nAAAA", 1, 2, {"width_m": 40.0}, "AAAA\nABBA\nAAAA", id="a width all round"),
    ],
)
def test_a_strip_is_handed_over(before, giver, taker, how, drawn) -> None:
    grids = tiling(before)
    difference = give_strip(grids, giver, taker, **how)

    assert picture(after(grids, difference)) == same(drawn)
    assert {giver, taker} <= difference.touched


def test_a_strip_is_as_wide_as_was_said() -> None:
    grids = tiling("AAAB\nAAAB")
    edited = after(grids, give_strip(grids, 1, 2, width_m=10.0))

    # 0.001 degrees of longitude are 96.4 m here.
    assert edited.parts[2].area / grids.parts[2].area == pytest.approx(1 + 10 / 96.39, abs=1e-3)


@pytest.mark.parametrize(
    ("giver", "taker", "how", "code"),
    [
        pytest.param(1, 3, {"width_m": 5.0}, "edit_not_neighbours", id="no neighbour"),
        pytest.param(1, 2, {"width_m": 500.0}, "edit_grid_vanishes", id="all of it"),
        pytest.param(1, 2, {"width_m": 0.0}, "edit_width_unusable", id="no width"),
        pytest.param(1, 2, {"width_m": float("nan")}, "edit_width_unusable", id="not a number"),
        pytest.param(1, 2, {}, "edit_width_unusable", id="neither line nor width"),
        pytest.param(1, 2, {"line": line((0, 1), (0.5, 1))}, "edit_line_loose", id="a line that ends inside"),
        pytest.param(
            1, 2, {"line": line((2, 0.002), (1, 0.001), (0, 0.002))}, "edit_part_thin", id="a sliver"
        ),
    ],
)
def test_a_strip_that_cannot_be_given_is_refused(giver, taker, how, code) -> None:
    refused = refusal(lambda: give_strip(tiling("AABBCC\nAABBCC"), giver, taker, **how))

    assert refused.code == code


def test_superfluous_vertices_go_and_junctions_and_the_frame_stay() -> None:
    grids = tiling(THREE)
    edited = after(grids, simplify(grids, 1.0))

    assert picture(edited) == picture(grids)
    corners = {key: set(part.exterior.coords) for key, part in edited.parts.items()}
    junction, straight, on_frame = ((place.x, place.y) for place in (at(3, 2), at(3, 1), at(1, 0)))
    assert all(junction in corners[key] for key in (1, 2, 3))
    assert straight not in corners[1] | corners[3]
    assert on_frame in corners[1]


def test_a_courtyard_is_not_simplified_away() -> None:
    grids = tiling("AAAAA\nABACA\nAAAAA")
    edited = after(grids, simplify(grids, 1e5))

    assert all(part.area > 0 for part in edited.parts.values())
    assert refusal(lambda: simplify(edited, 1.0)).code == "edit_changes_nothing"
    assert refusal(lambda: simplify(edited, -1.0)).code == "edit_width_unusable"
