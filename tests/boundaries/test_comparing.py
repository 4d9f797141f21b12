"""What a change set is compared with, before and after it is published."""

import pytest
from shapely import Polygon

from core.db import Scope, transaction
from geo.boundaries import service
from geo.boundaries.comparing import FormerGrid, grids_before
from tests.boundaries.studio_town import (
    EAST,
    SPLIT_WEST,
    WEST,
    WEST_HALF,
    WHOLE,
    do,
    opened,
    published,
)
from tests.small_town import SmallTown


def before(town: SmallTown, set_id: int) -> list[FormerGrid]:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        return grids_before(session, service.load(session, set_id))


def test_a_draft_is_compared_with_what_is_published_now(town: SmallTown, reviewer: int) -> None:
    first, second = opened(town), opened(town)
    do(town, first, SPLIT_WEST)
    do(town, second, {1: WHOLE}, ended=(2,))
    assert [grid.shape.equals(was) for grid, was in zip(before(town, second), (WEST, EAST), strict=True)] == [
        True,
        True,
    ]

    published(town, first, reviewer)

    assert [grid.name for grid in before(town, second)] == ["西网格", "东网格", "南社区第3网格"]


def test_a_published_set_is_compared_with_what_it_replaced_that_very_day(
    town: SmallTown, reviewer: int
) -> None:
    first = opened(town)
    do(town, first, SPLIT_WEST)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.rename(session, first, 1, name="文庙网格", code=None, seen=None)
        service.rename(session, first, 1, name="老街网格", code=None, seen=None)
    published(town, first, reviewer)
    second = opened(town)
    do(town, second, {1: WEST}, ended=(3,))
    published(town, second, reviewer)

    grids = {grid.name: grid.shape for grid in before(town, first)}
    assert same(grids, {"西网格": WEST, "东网格": EAST})
    grids = {grid.name: grid.shape for grid in before(town, second)}
    assert grids.keys() == {"老街网格", "东网格", "南社区第3网格"}
    assert grids["老街网格"].equals(WEST_HALF)


def same(grids: dict[str, Polygon], wanted: dict[str, Polygon]) -> bool:
    """Tell whether grids have these names and this ground."""
    return grids.keys() == wanted.keys() and all(grids[name].equals(wanted[name]) for name in wanted)


def test_a_discarded_set_is_compared_with_what_it_began_from(town: SmallTown) -> None:
    from geo.boundaries import review

    first = opened(town)
    do(town, first, SPLIT_WEST)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        review.discard(session, first)

    assert [grid.area_m2 for grid in before(town, first)] == pytest.approx(
        [grid.area_m2 for grid in before(town, opened(town))]
    )


def test_a_published_set_is_compared_with_the_codes_before_it_numbered_anew(
    town: SmallTown, reviewer: int
) -> None:
    # From west to east the codes are 1, 3, 2: numbering anew exchanges two of them.
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.renumber(session, set_id)
        service.rename(session, set_id, 2, name="东岸网格")
    published(town, set_id, reviewer)

    assert [(grid.code[-3:], grid.name) for grid in before(town, set_id)] == [
        ("001", "西网格"),
        ("002", "东网格"),
    ]
