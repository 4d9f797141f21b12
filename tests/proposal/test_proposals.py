"""Proposals of grids: valid partitions along streets, balanced, connected, seeded, and no building cut."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely

from core.errors import DomainError
from geo.roads.osm import read_osm
from geo.shapes.partition import is_partition
from geo.shapes.proposal import Community, Proposal, ProposalGround, Style, TodayGrid, Why, Wish, propose
from geo.shapes.proposal.frame import frame_of
from geo.shapes.proposal.linework import solids_of
from geo.shapes.proposal.task import grid_count
from tests.proposal.towns import EPSG, demo_ground, lattice, lived_in, square


def cut_buildings(ground: ProposalGround, proposal: Proposal) -> list[int]:
    """Return the buildings that stand in two grids by more than the rounding of coordinates.

    Measured by area, not by the edges the product itself looks at.
    """
    shapes = [grid.shape for grid in proposal.grids]
    communities = [grid.community for grid in proposal.grids]
    which, building = shapely.STRtree(ground.buildings).query(shapes, predicate="intersects")
    owners: dict[int, list[tuple[str, float]]] = {}
    for grid, number in zip(which, building, strict=True):
        part = shapely.intersection(shapes[grid], ground.buildings[number])
        if not shapely.buffer(part, -2e-7).is_empty:
            owners.setdefault(int(number), []).append((communities[grid], part.area))
    return [
        number
        for number, parts in owners.items()
        if max(sum(1 for code, _ in parts if code == own) for own, _ in parts) > 1
    ]


def assert_sound(ground: ProposalGround, proposals: Iterable[Proposal]) -> None:
    """Check what is guaranteed of every proposal."""
    for proposal in proposals:
        shapes = [grid.shape for grid in proposal.grids]
        assert shapely.coverage_is_valid(shapes)
        for community in ground.communities:
            own = [grid.shape for grid in proposal.grids if grid.community == community.code]
            assert is_partition(own, community.shape), community.code
        assert all(shape.geom_type == "Polygon" for shape in shapes), "a grid is connected"
        corners = np.concatenate([shapely.get_coordinates(shape) for shape in shapes])
        assert (corners == np.round(corners, 7)).all(), "on the grid of coordinates"
        assert cut_buildings(ground, proposal) == []
        assert proposal.comparison.buildings_cut == 0
        lodged = proposal.comparison.households + proposal.comparison.outside
        assert lodged == ground.counts.sum()
        codes = [(grid.community, grid.code) for grid in proposal.grids]
        assert len(set(codes)) == len(codes)


@cache
def demo() -> tuple[ProposalGround, list[Proposal]]:
    ground = demo_ground(3_000, 7)
    return ground, propose(ground, Wish(size=120))


def test_lattice_is_divided_evenly_along_streets() -> None:
    ground = lattice(8, 6, homes=5)
    ground = replace(ground, communities=[Community("A", square(ground, 0, 0, 8, 6))])

    proposals = propose(ground, Wish(size=240))

    assert_sound(ground, proposals)
    for proposal in proposals:
        figures = proposal.comparison
        assert figures.grids == 8
        assert figures.within_tolerance == 1.0
        assert figures.edge_on_street > 0.99
        assert figures.compactness > 0.5


def test_every_community_is_tiled_and_no_grid_crosses_its_border() -> None:
    ground, proposals = demo()
    assert len(proposals) >= 3

    assert_sound(ground, proposals)


def test_grids_balance_wherever_their_community_allows_it() -> None:
    _, proposals = demo()
    best = proposals[0]

    outside = [grid for grid in best.grids if grid.why is not Why.WITHIN]
    assert {grid.why for grid in outside} <= {Why.COMMUNITY, Why.BLOCK}
    for grid in best.grids:
        assert (abs(grid.households - 120) <= 12) == (grid.why is Why.WITHIN)


def test_equal_seeds_give_equal_proposals_and_each_style_keeps_its_promise() -> None:
    ground, proposals = demo()

    again = propose(ground, Wish(size=120))

    assert [p.style for p in again] == [p.style for p in proposals]
    for one, other in zip(proposals, again, strict=True):
        assert one.comparison == other.comparison
        assert shapely.equals_exact([g.shape for g in one.grids], [g.shape for g in other.grids]).all()
    by_style = {proposal.style: proposal.comparison for proposal in proposals}
    assert by_style[Style.COMPACT].compactness > by_style[Style.STREETS].compactness
    assert by_style[Style.STREETS].edge_on_street > by_style[Style.COMPACT].edge_on_street
    assert by_style[Style.TODAY].moved == min(figures.moved or 0 for figures in by_style.values())


def test_block_too_full_is_divided_between_houses_never_through_one() -> None:
    ground = lattice(1, 4, homes=10, gap_at=0)
    ground = replace(ground, communities=[Community("A", square(ground, 0, 0, 1, 4))])

    proposals = propose(ground, Wish(size=80))

    assert_sound(ground, proposals)
    assert proposals[0].comparison.grids == 4
    assert proposals[0].comparison.within_tolerance == 1.0
    assert proposals[0].comparison.edge_on_street < 0.5


def test_street_through_a_building_is_led_round_it() -> None:
    ground = lattice(4, 2, homes=8)
    hall = square(ground, 1.9, 0.3, 2.1, 0.7)
    ground = replace(ground, buildings=[*ground.buildings, hall])

    proposals = propose(ground, Wish(size=256))

    assert_sound(ground, proposals)


def test_tower_that_cannot_be_divided_is_named_as_the_reason() -> None:
    ground = lattice(6, 4, homes=3)
    counts = ground.counts.copy()
    counts[50] = 400

    best = propose(replace(ground, counts=counts), Wish(size=100))[0]

    tower = max(best.grids, key=lambda grid: grid.households)
    assert tower.households >= 400
    assert tower.why is Why.BLOCK
    assert best.comparison.indivisible == 1
    assert best.comparison.attainable == (len(best.grids) - 1) / len(best.grids)
    assert sum(grid.why is Why.WITHIN for grid in best.grids) >= len(best.grids) - 2


def test_community_too_small_for_one_grid_is_one_grid_with_the_reason() -> None:
    ground = lattice(4, 4, homes=2)
    parts = [Community("A", square(ground, 0, 0, 1, 4)), Community("B", square(ground, 1, 0, 4, 4))]

    best = propose(replace(ground, communities=parts), Wish(size=190))[0]

    lone = [grid for grid in best.grids if grid.community == "A"]
    assert [(grid.households, grid.why) for grid in lone] == [(64, Why.COMMUNITY)]
    assert [grid.households for grid in best.grids if grid.community == "B"] == [192]


def test_households_outside_every_community_are_counted_not_given_away() -> None:
    ground = lattice(4, 2, homes=4)
    west = replace(ground, communities=[Community("W", square(ground, 0, 0, 2, 2))])

    best = propose(west, Wish(size=64))[0]

    assert (best.comparison.households, best.comparison.outside) == (128, 128)


def test_empty_community_is_one_empty_grid() -> None:
    ground = lattice(4, 2, homes=4)
    parts = [Community("W", square(ground, 0, 0, 4, 2)), Community("E", square(ground, 4, 0, 6, 2))]
    ground = replace(ground, communities=parts)

    proposals = propose(ground, Wish(size=128))

    assert_sound(ground, proposals)
    assert [grid.households for grid in proposals[0].grids if grid.community == "E"] == [0]


def test_codes_run_from_north_to_south_and_west_to_east() -> None:
    best = propose(lattice(8, 8, homes=4), Wish(size=128))[0]

    first, last = best.grids[0].shape.centroid, best.grids[-1].shape.centroid
    assert [grid.code for grid in best.grids] == [f"{n:03d}" for n in range(1, len(best.grids) + 1)]
    assert first.y > last.y
    assert first.x < last.x


def test_empty_ground_around_the_town_is_shared_out_and_no_grid_becomes_a_ring() -> None:
    proposals = propose(lattice(6, 6, homes=4), Wish(size=128))

    assert all(not grid.shape.interiors for proposal in proposals for grid in proposal.grids)
    assert proposals[0].comparison.least_compact > 0.35


def test_rebalancing_leaves_every_other_grid_alone() -> None:
    ground = lattice(8, 4, homes=5)
    today = [
        TodayGrid("1", square(ground, 0, 0, 1, 4), "C"),
        TodayGrid("2", square(ground, 1, 0, 4, 4), "C"),
        TodayGrid("3", square(ground, 4, 0, 8, 4), "C"),
    ]
    ground = replace(ground, today=today)

    proposals = propose(ground, Wish(size=None, only=(0, 1)))

    for proposal in proposals:
        assert [grid.households for grid in proposal.grids] == [320, 320]
        assert is_partition([g.shape for g in proposal.grids], square(ground, 0, 0, 4, 4))
        assert {grid.community for grid in proposal.grids} == {"C"}
    # Of 160 and 480 households at least 160 must change their grid.
    assert min(proposal.comparison.moved or 0 for proposal in proposals) == 160


def test_closest_to_today_keeps_today_where_it_already_fits() -> None:
    ground = lattice(8, 4, homes=5)
    halves = [TodayGrid("1", square(ground, 0, 0, 4, 4)), TodayGrid("2", square(ground, 4, 0, 8, 4))]

    proposals = propose(replace(ground, today=halves), Wish(size=640))

    assert min(proposal.comparison.moved or 0 for proposal in proposals) == 0


def test_ground_without_communities_reaches_round_all_households_and_cuts_no_building() -> None:
    ground = lattice(5, 5)

    frame = frame_of(ground, Wish(), solids_of(ground.buildings), epsg=EPSG)

    assert shapely.contains(frame.shapes[0], shapely.multipoints(ground.households))
    assert not shapely.intersects(frame.shapes[0].boundary, np.array(ground.buildings)).any()


@pytest.mark.parametrize(
    ("change", "wish", "code"),
    [
        pytest.param({}, Wish(size=0), "proposal_size_unusable", id="size 0"),
        pytest.param({}, Wish(size=-5), "proposal_size_unusable", id="size negative"),
        pytest.param({}, Wish(tolerance=0.0), "proposal_tolerance_unusable", id="tolerance 0"),
        pytest.param({}, Wish(tolerance=float("nan")), "proposal_tolerance_unusable", id="tolerance nan"),
        pytest.param({}, Wish(only=(3,)), "proposal_grids_unknown", id="no such grid"),
        pytest.param({}, Wish(size=None), "proposal_no_today", id="no size, no grids"),
        pytest.param({"roads": [], "road_classes": []}, Wish(), "proposal_no_roads", id="no roads"),
        pytest.param(
            {"households": np.zeros((0, 2)), "counts": np.zeros(0, np.int64)}, Wish(),
            "proposal_no_households", id="no households",
        ),
        pytest.param(
            {"communities": [Community("X", shapely.box(1, 1, 2, 2))]}, Wish(),
            "proposal_no_households", id="households elsewhere",
        ),
        pytest.param(
            {"households": np.array([[np.nan, 30.0]]), "counts": np.ones(1, np.int64)}, Wish(),
            "proposal_coordinates_unusable", id="no place on earth",
        ),
    ],
)  # fmt: skip
def test_nonsense_is_refused(change: dict[str, object], wish: Wish, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        propose(replace(lattice(2, 2), **change), wish)  # type: ignore[arg-type]

    assert refused.value.code == code


@pytest.mark.parametrize("total", range(1, 3000, 37))
def test_number_of_grids_leaves_the_least_deviation(total: int) -> None:
    count = grid_count(total, 300)

    assert all(abs(total / count - 300) <= abs(total / other - 300) + 1e-9 for other in range(1, 15))


@pytest.mark.shared
def test_real_town_is_divided_within_the_tolerance_along_its_streets(shared_data: Path) -> None:
    ground = lived_in(read_osm(shared_data / "osm_small_towns" / "north-bayreuth.osm.gz"), 1)

    proposals = propose(ground, Wish(size=300))

    assert_sound(ground, proposals)
    best = proposals[0].comparison
    assert best.within_tolerance == 1.0
    assert best.edge_on_street > 0.85
    assert best.compactness > 0.35
