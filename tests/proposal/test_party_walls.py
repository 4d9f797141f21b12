"""Buildings wall to wall: boundaries run along the walls they share, and cut none of them."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.shapes.proposal import Community, Proposal, ProposalGround, Why, Wish, propose
from tests.proposal.cities import read_city, settled
from tests.proposal.perimeter import Drawing, row
from tests.proposal.test_proposals import assert_sound
from tests.proposal.towns import lattice


def loads(proposal: Proposal) -> list[int]:
    return sorted(grid.households for grid in proposal.grids)


def test_row_of_eight_houses_is_two_grids_that_meet_along_one_wall() -> None:
    ground = row([75] * 8)

    proposals = propose(ground, Wish(size=300))

    assert_sound(ground, proposals)
    for proposal in proposals:
        assert loads(proposal) == [300, 300]
        # 15 m of ground, 12 m of wall, 15 m of ground; 5 m at either end count as street, in steps of 4 m.
        assert proposal.comparison.inner_edge_m == pytest.approx(42, abs=1)
        assert proposal.comparison.edge_on_street == pytest.approx(10 / 42, abs=2 * 4 / 42)
    first, second = (grid.shape for grid in proposals[0].grids)
    wall = shapely.intersection(ground.buildings[3], ground.buildings[4])
    assert shapely.hausdorff_distance(wall, shapely.intersection(wall, first.intersection(second))) < 2e-7


def test_house_that_holds_too_many_by_itself_is_named_and_the_others_balance() -> None:
    ground = row([60, 60, 60, 400, 60, 60, 60])

    best = propose(ground, Wish(size=180))[0]

    assert_sound(ground, [best])
    assert [(grid.households, grid.why) for grid in best.grids] == [
        (180, Why.WITHIN),
        (400, Why.BLOCK),
        (180, Why.WITHIN),
    ]


def test_houses_drawn_over_each_other_stay_one() -> None:
    drawing = Drawing()
    drawing.house(0, 0, 10.5, 12, 100)
    drawing.house(10, 0, 20, 12, 100)
    drawing.house(20, 0, 30, 12, 100)
    drawing.street_round(-15, -15, 45, 27)
    ground = drawing.ground()

    proposals = propose(ground, Wish(size=100))

    assert_sound(ground, proposals)
    assert loads(proposals[0])[-1] == 200
    assert {grid.why for grid in proposals[0].grids if grid.households == 200} == {Why.BLOCK}


def test_house_in_the_courtyard_of_one_building_goes_with_it() -> None:
    drawing = Drawing()
    drawing.houses.append(shapely.box(0, 0, 60, 60).difference(shapely.box(12, 12, 48, 48)))
    drawing.homes.append(100)
    drawing.house(25, 25, 35, 35, 50)
    drawing.house(60, 0, 80, 60, 150)
    drawing.street_round(-15, -15, 95, 75)
    ground = drawing.ground()

    proposals = propose(ground, Wish(size=150))

    assert_sound(ground, proposals)
    assert loads(proposals[0]) == [150, 150]


def test_houses_that_touch_at_a_corner_only_are_divided_there() -> None:
    drawing = Drawing()
    for step in range(3):
        drawing.house(10 * step, 10 * step, 10 * step + 10, 10 * step + 10, 100)
    drawing.street_round(-10, -10, 40, 40)
    ground = drawing.ground()

    proposals = propose(ground, Wish(size=100))

    assert_sound(ground, proposals)
    assert loads(proposals[0]) == [100, 100, 100]


@pytest.mark.parametrize(("size", "expected"), [(100, [100] * 9), (300, [300] * 3)])
def test_house_with_neighbours_on_all_sides_goes_with_any_of_them(size: int, expected: list[int]) -> None:
    drawing = Drawing(turn_deg=5)
    for column, line in itertools.product(range(3), range(3)):
        drawing.house(10 * column, 10 * line, 10 * column + 10, 10 * line + 10, 100)
    drawing.street_round(-10, -10, 40, 40)
    ground = drawing.ground()

    proposals = propose(ground, Wish(size=size))

    assert_sound(ground, proposals)
    assert loads(proposals[0]) == expected


def test_households_without_any_building_are_divided_between_their_points() -> None:
    ground = replace(lattice(2, 2, homes=30), buildings=[])

    proposals = propose(ground, Wish(size=120))

    assert_sound(ground, proposals)
    assert loads(proposals[0]) == [120] * 8


@pytest.mark.parametrize("turn_deg", [0.0, 37.0])
def test_border_given_through_a_row_cuts_houses_there_and_nowhere_else(turn_deg: float) -> None:
    drawing = Drawing(turn_deg=turn_deg)
    for number in range(12):
        drawing.house(10.0 * number, 0, 10.0 * number + 10, 12, 50)
    drawing.street_round(-15, -15, 135, 27)
    west, east = drawing.placed(shapely.box(-15, -15, 55, 27)), drawing.placed(shapely.box(55, -15, 135, 27))
    ground = replace(drawing.ground(), communities=[Community("W", west), Community("E", east)])

    proposals = propose(ground, Wish(size=150))

    assert_sound(ground, proposals)
    assert proposals[0].comparison.buildings_on_border == 1
    assert proposals[0].comparison.within_tolerance >= 0.5


def test_gap_between_houses_far_from_the_street_divides_up_to_the_street() -> None:
    """The houses across the street stand nearer to it than those whose gap divides the block.

    +--------+--------+
    |        |        |
    | [] []  |[] [] []|
    |        |[] [] []|
    +--------+--------+
    """
    drawing = Drawing()
    drawing.house(60, 60, 75, 75, 150)
    drawing.house(100, 60, 115, 75, 150)
    drawing.street_round(0, 0, 200, 140)
    for west, south in itertools.product(range(204, 300, 30), range(4, 130, 30)):
        drawing.house(west, south, west + 12, south + 12, 15)
    for west in range(4, 180, 30):
        drawing.house(west, 144, west + 12, 156, 25)
        drawing.house(west, -16, west + 12, -4, 25)
    drawing.street_round(200, 0, 330, 140)
    drawing.street_round(0, 140, 330, 180)
    drawing.street_round(0, -40, 330, 0)
    ground = drawing.ground()

    proposals = propose(ground, Wish(size=150))

    assert_sound(ground, proposals)
    assert loads(proposals[0]) == [150] * 6


@st.composite
def perimeter_blocks(draw: st.DrawFn) -> ProposalGround:
    """Draw one to three blocks with houses all round, some left out, some with houses in the yard.

    +-----------+
    | +-+-+-+-+ |
    | +-+-+-+-+ |
    | | |   | | |
    | +-+[ ]+-+ |
    | +-+-+-+-+ |
    +-----------+
    """
    drawing = Drawing(turn_deg=draw(st.floats(0, 90, allow_nan=False)))
    homes = st.integers(0, 75)
    west = 0.0
    for _ in range(draw(st.integers(1, 3))):
        depth = draw(st.sampled_from([9.0, 12.5, 14.0]))
        columns, rows = draw(st.integers(3, 6)), draw(st.integers(3, 5))
        widths = draw(st.lists(st.floats(8, 25), min_size=columns - 2, max_size=columns - 2))
        heights = draw(st.lists(st.floats(8, 25), min_size=rows - 2, max_size=rows - 2))
        x = west + 10 + np.cumsum([0.0, depth, *widths, depth])
        y = 10 + np.cumsum([0.0, depth, *heights, depth])
        for column, line in itertools.product(range(columns), range(rows)):
            rim = column in {0, columns - 1} or line in {0, rows - 1}
            if rim and draw(st.integers(0, 9)):
                drawing.house(x[column], y[line], x[column + 1], y[line + 1], draw(homes))
        if x[-2] - x[1] > 20 and y[-2] - y[1] > 20 and draw(st.booleans()):
            drawing.house(x[1] + 6, y[1] + 6, x[1] + 14, y[1] + 14, draw(homes))
        drawing.street_round(west, 0, float(x[-1]) + 10, 160)
        west = float(x[-1]) + 10
    drawing.house(2, 145, 8, 155, 20)
    return drawing.ground()


@settings(max_examples=25, deadline=None)
@given(perimeter_blocks(), st.sampled_from([150, 220, 300]), st.integers(0, 5))
def test_random_perimeter_blocks_are_tiled_and_no_house_is_cut_nor_any_block_left_whole(
    ground: ProposalGround, size: int, seed: int
) -> None:
    proposals = propose(ground, Wish(size=size, seed=seed))

    assert_sound(ground, proposals)
    # No house holds more than half a grid, so that none can be the reason.
    assert Why.BLOCK not in {grid.why for proposal in proposals for grid in proposal.grids}


def test_equal_seeds_give_equal_grids_of_a_perimeter_block() -> None:
    drawing = Drawing(turn_deg=31)
    for column, line in itertools.product(range(6), range(6)):
        if column in {0, 5} or line in {0, 5}:
            drawing.house(14 * column, 14 * line, 14 * column + 14, 14 * line + 14, 40)
    drawing.street_round(-12, -12, 96, 96)
    ground = drawing.ground()

    one, other = (propose(ground, Wish(size=200, seed=4)) for _ in range(2))

    assert loads(one[0]) == [200] * 4
    assert [proposal.comparison for proposal in one] == [proposal.comparison for proposal in other]
    for mine, yours in zip(one, other, strict=True):
        assert shapely.equals_exact(
            [grid.shape for grid in mine.grids], [grid.shape for grid in yours.grids]
        ).all()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("city", "households", "seed", "floor"),
    [
        pytest.param("helsinki", 12_000, 1, 0.95, id="helsinki"),
        pytest.param("helsinki", 12_000, 2, 0.95, id="helsinki, other households"),
        pytest.param("lujiazui", 30_000, 1, 0.94, id="lujiazui"),
    ],
)
def test_inner_cities_are_divided_within_the_tolerance(
    city: str, households: int, seed: int, floor: float, shared_data: Path
) -> None:
    ground = settled(read_city(city, shared_data), households, seed)

    proposals = propose(ground, Wish(size=300))

    assert_sound(ground, proposals)
    best = proposals[0].comparison
    assert best.attainable >= best.within_tolerance >= floor
