"""Splitting a grid along lines, and merging neighbours."""

import pytest
from shapely import LineString

from geo.shapes.edits import merge, split
from tests.edits.picture import after, at, line, picture, refusal, same, shape, tiling

ONE = """
    AAAA
    AAAA
    AAAA
    """


@pytest.mark.parametrize(
    ("lines", "drawn"),
    [
        pytest.param(
            [line((1, -1), (1, 4))], "BAAA\nBAAA\nBAAA", id="right through, the larger part keeps the key"
        ),
        pytest.param([line((1, 0), (1, 3))], "BAAA\nBAAA\nBAAA", id="from edge to edge"),
        pytest.param(
            [line((1, 0.005), (1, 2.995))], "BAAA\nBAAA\nBAAA", id="half a metre short at both ends"
        ),
        pytest.param([line((0, 1), (1, 1), (1, 3))], "BAAA\nBAAA\nAAAA", id="with a corner"),
        pytest.param(
            [line((-1, 1), (5, 1)), line((1, -1), (1, 4))], "CAAA\nCAAA\nDBBB", id="two lines that cross"
        ),
        pytest.param(
            [line((-1, 1), (5, 1)), line((1, 1.004), (1, 4))],
            "CAAA\nCAAA\nBBBB",
            id="one line ends near another",
        ),
        pytest.param(
            [line((1, -1), (1, 4)), line((2, -1), (2, 4))], "BCAA\nBCAA\nBCAA", id="two lines apart"
        ),
        pytest.param(
            [LineString(shape((1, 1), (2, 1), (2, 2), (1, 2)).exterior)],
            "AAAA\nABAA\nAAAA",
            id="a closed line cuts its inside out",
        ),
        pytest.param([line((0, 0), (4, 3))], None, id="from corner to corner"),
        pytest.param([line((-1, 1), (2, 1), (2, 2), (-1, 2))], "AAAA\nBBAA\nAAAA", id="out where it came in"),
    ],
)
def test_a_grid_is_split(lines: list[LineString], drawn: str | None) -> None:
    grid = tiling(ONE)
    difference = split(grid, 1, lines)
    edited = after(grid, difference)

    assert drawn is None or picture(edited) == drawn
    assert set(edited.parts) == set(range(1, edited.next_key))
    assert all(origin == (1,) for origin in difference.lineage.values())
    assert set(difference.lineage) == set(edited.parts) - {1}


@pytest.mark.parametrize(
    ("lines", "code", "place"),
    [
        pytest.param([line((1, -1), (1, 2))], "edit_line_loose", at(1, 2), id="ends inside"),
        pytest.param([line((1, 1), (2, 2))], "edit_line_loose", None, id="lies inside"),
        pytest.param(
            [line((1, -1), (1, 4)), line((2, -1), (2, 2))],
            "edit_line_loose",
            at(2, 2),
            id="one of two ends inside",
        ),
        pytest.param([line((9, 0), (9, 4))], "edit_line_misses", line((9, 0), (9, 4)), id="far away"),
        pytest.param([line((0, 3), (4, 3))], "edit_line_misses", None, id="along the edge"),
        pytest.param(
            [line((1, -1), (1, 4)), line((9, 0), (9, 4))],
            "edit_line_misses",
            line((9, 0), (9, 4)),
            id="one of two far away",
        ),
        pytest.param(
            [line((0, 2.999), (1, 2.997), (2, 3.001))], "edit_part_thin", None, id="wobbles along the edge"
        ),
    ],
)
def test_a_line_that_does_not_divide_is_refused_with_the_place(lines, code, place) -> None:
    grid = tiling(ONE)
    refused = refusal(lambda: split(grid, 1, lines))

    assert refused.code == code
    assert refused.fields["grid"] == 1
    assert place is None or refused.place.distance(place) < 1e-7
    assert not refused.place.is_empty


def test_a_line_to_ground_that_the_grid_surrounds_is_refused_until_another_leads_on() -> None:
    grid = tiling("AAAA\nABAA\nAAAA")

    refused = refusal(lambda: split(grid, 1, [line((0, 1.5), (1, 1.5))]))
    assert (refused.code, refused.fields["grid"]) == ("edit_line_idle", 1)
    assert refused.place is not None
    assert refused.place.equals(line((0, 1.5), (1, 1.5)))

    both = [line((0, 1.5), (1, 1.5)), line((2, 1.5), (4, 1.5))]
    assert len(after(grid, split(grid, 1, both)).parts) == 3


def test_neighbours_get_the_vertex_where_the_line_meets_them() -> None:
    grid = tiling("""
        CC
        AB
        AB
        """)  # fmt: skip
    edited = after(grid, split(grid, 1, [line((-1, 0.3), (1.5, 0.7))]))

    # The line cuts A only; B gets a vertex, C and what the line does beyond A do not matter.
    assert set(edited.parts[2].exterior.coords) - set(grid.parts[2].exterior.coords) == {(119.201, 30.10062)}
    assert edited.parts[3].equals_exact(grid.parts[3])


def test_what_no_line_divides_stays_with_the_old_key() -> None:
    grid = tiling("""
        A.AAA
        A.AAA
        """)  # fmt: skip
    edited = after(grid, split(grid, 1, [line((3, -1), (3, 3))]))

    assert picture(edited) == "A.BAA\nA.BAA"


def test_a_hole_stays_a_hole_and_a_line_may_cross_it() -> None:
    grid = tiling("""
        AAAA
        ABAA
        AAAA
        """)  # fmt: skip
    edited = after(grid, split(grid, 1, [line((-1, 1.5), (5, 1.5))]))

    assert sorted(edited.parts) == [1, 2, 3]
    assert edited.parts[1].area == pytest.approx(edited.parts[3].area)
    assert edited.parts[2].equals(grid.parts[2])


def test_a_sliver_beside_the_border_stays_with_the_part_beside_it() -> None:
    grid = tiling(ONE)
    # The line runs 20 cm beside the left edge, out of it and in again, then across.
    wobbly = line((0.002, -0.1), (0.002, 1), (-0.002, 1.5), (0.002, 1.7), (0.5, 2), (4.5, 2))
    edited = after(grid, split(grid, 1, [wobbly]))

    assert len(edited.parts) == 2


@pytest.mark.parametrize(
    ("before", "keys", "drawn"),
    [
        pytest.param("AABB\nCCCC", [2, 1], "BBBB\nCCCC", id="into the first"),
        pytest.param("ABCD", [1, 3, 2], "AAAD", id="a row, in any order"),
        pytest.param("AAA\nABA\nAAA", [1, 2], "AAA\nAAA\nAAA", id="with its courtyard"),
        pytest.param("AAB\nADB\nABB", [1, 2], "AAA\nADA\nAAA", id="around a third"),
        pytest.param("ABCA", [1, 2], "AACA", id="with an exclave"),
        pytest.param("AB A\nBB A", [2, 1], "BB B\nBB B", id="where the frame has two parts"),
    ],
)
def test_neighbours_are_merged(before: str, keys: list[int], drawn: str) -> None:
    grids = tiling(before)
    difference = merge(grids, keys)
    edited = after(grids, difference)

    assert picture(edited) == same(drawn)
    assert set(difference.after) == {keys[0]}
    assert set(difference.before) == set(keys)


@pytest.mark.parametrize(
    ("before", "keys", "code", "grids"),
    [
        pytest.param("AC\nCB", [1, 2], "edit_not_neighbours", [2], id="a corner is not enough"),
        pytest.param("ABCD", [1, 2, 4], "edit_not_neighbours", [4], id="one of three lies apart"),
        pytest.param("AB", [1, 1], "edit_too_few_grids", [1], id="one with itself"),
        pytest.param("AB", [], "edit_too_few_grids", [], id="none"),
    ],
)
def test_what_does_not_hang_together_is_not_merged(before, keys, code, grids) -> None:
    refused = refusal(lambda: merge(tiling(before), keys))

    assert (refused.code, refused.fields["grids"]) == (code, grids)


def test_a_grid_that_is_gone_is_named() -> None:
    assert refusal(lambda: merge(tiling("AB"), [1, 7])).fields == {"grid": 7}
    assert refusal(lambda: split(tiling("AB"), 7, [line((0, 0), (1, 1))])).code == "grid_gone"
