"""Codes of new grids: the first free one, whatever was taken back before; a published one never again."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Polygon, box
from sqlalchemy import select

from core.db import Scope, transaction
from core.errors import Conflict, NotEnough
from geo.areas.models import Area
from geo.boundaries import service
from tests.boundaries.studio_town import SPLIT_WEST, do, opened, published
from tests.small_town import SmallTown


def codes(set_id: int) -> dict[int, str]:
    """Return the last three digits of the code of each grid of a draft, by key."""
    with transaction(Scope.everything()) as session:
        return {
            key: draft.code[-3:]
            for key, draft in service.load(session, set_id).grids.items()
            if not draft.ended
        }


def turn(town: SmallTown, set_id: int, step: str, *, actor: int = 0) -> None:
    with transaction(Scope((town.county.path,)), actor_id=actor or town.drawer) as session:
        {"undo": service.undo, "redo": service.redo}[step](session, set_id)


def strips(whole: Polygon, count: int) -> list[Polygon]:
    """Return `whole` in `count` strips from west to east, on the coordinate grid."""
    west, south, east, north = whole.bounds
    edges = [round(west + (east - west) * index / count, 7) for index in range(count + 1)]
    return [box(edges[index], south, edges[index + 1], north) for index in range(count)]


def test_a_split_after_one_that_was_taken_back_gets_the_same_code_and_name(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    turn(town, set_id, "undo")

    do(town, set_id, {1: SPLIT_WEST[1], 4: SPLIT_WEST[3]})

    assert codes(set_id) == {1: "001", 2: "002", 4: "003"}
    with transaction(Scope.everything()) as session:
        assert service.load(session, set_id).grids[4].name == "南社区第3网格"


def test_a_grid_that_comes_back_to_a_code_given_away_gets_the_next_one(
    town: SmallTown, reviewer: int
) -> None:
    # One takes a split back, a second person splits the other grid, the first redoes: both keep their grid.
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    turn(town, set_id, "undo")
    do(
        town,
        set_id,
        dict(zip((2, 4), strips(box(119.01, 30, 119.02, 30.01), 2), strict=True)),
        actor=reviewer,
    )

    turn(town, set_id, "redo")

    assert codes(set_id) == {1: "001", 2: "002", 3: "004", 4: "003"}
    with transaction(Scope.everything()) as session:
        names = [draft.name for draft in service.load(session, set_id).grids.values()]
    assert len(set(names)) == len(names)
    published(town, set_id, town.captain)


def test_one_edit_may_end_a_new_grid_and_begin_another(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    do(town, set_id, {1: SPLIT_WEST[1], 4: SPLIT_WEST[3]}, ended=(3,))
    assert codes(set_id) == {1: "001", 2: "002", 4: "003"}
    turn(town, set_id, "undo")
    assert codes(set_id) == {1: "001", 2: "002", 3: "003"}


@pytest.mark.parametrize("leave", ["rename", "renumber", "end"])
def test_a_code_that_was_published_is_given_to_no_new_grid(
    town: SmallTown, reviewer: int, leave: str
) -> None:
    first = opened(town)
    if leave == "end":
        do(town, first, {1: box(119, 30, 119.02, 30.01)}, ended=(2,))
    else:
        with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
            code = "990001001001002" if leave == "rename" else "990001001001007"
            renamed = "renamed" if leave == "rename" else code
            service.rename(session, first, 2, name="东网格", code=renamed)
    published(town, first, reviewer)
    if leave == "renumber":
        again = opened(town)
        with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
            service.renumber(session, again)
        published(town, again, reviewer)

    set_id = opened(town)
    with transaction(Scope.everything()) as session:
        key = next(k for k, d in service.load(session, set_id).grids.items() if d.code.endswith("001"))
        shape = service.load(session, set_id).tiling.parts[key]
        new_key = service.load(session, set_id).row.next_key
    given_codes = set()
    for index in range(6):
        pieces = strips(shape, index + 2)
        do(town, set_id, {key: pieces[0], **{new_key + at: piece for at, piece in enumerate(pieces[1:])}})
        given_codes |= {code for k, code in codes(set_id).items() if k >= new_key}
    left = {"rename": "002", "renumber": "007", "end": "002"}[leave]
    assert left not in given_codes


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_whatever_two_people_do_and_take_back_codes_are_one_each_and_none_was_published(
    town: SmallTown, reviewer: int, seed: int
) -> None:
    """Each new grid of a draft that only one person edits has the lowest free code at that moment."""
    dice = random.Random(seed)
    set_id = opened(town)
    with transaction(Scope.everything()) as session:
        known = set(session.scalars(select(Area.code).where(Area.level == "grid")))
    for _ in range(14):
        actor = dice.choice([town.drawer, reviewer])
        step = dice.choice(["split", "split", "merge", "undo", "redo"])
        with transaction(Scope.everything()) as session:
            drafted = service.load(session, set_id)
            parts, next_key = dict(drafted.tiling.parts), drafted.row.next_key
            published_keys = {key for key, draft in drafted.grids.items() if draft.grid_id}
        before = codes(set_id)
        key = dice.choice(sorted(parts))
        try:
            if step == "split":
                halves = strips(parts[key], 2)
                do(town, set_id, {key: halves[0], next_key: halves[1]}, actor=actor)
                taken = {int(code[-3:]) for code in {*before.values(), *known}}
                lowest = next(n for n in range(1, 1000) if n not in taken)
                assert codes(set_id)[next_key] == f"{lowest:03d}"
            elif step == "merge":
                near = [k for k, part in parts.items() if k != key and part.touches(parts[key])]
                other = next((k for k in near if k not in published_keys), None)
                if other is not None:
                    do(town, set_id, {key: parts[key].union(parts[other])}, ended=(other,), actor=actor)
            else:
                turn(town, set_id, step, actor=actor)
        except (Conflict, NotEnough):
            # Another person has built on it, or there is nothing to take back.
            continue
        after = codes(set_id)
        assert len(set(after.values())) == len(after)
        new = {key: code for key, code in after.items() if key not in published_keys}
        assert not {code[-3:] for code in known} & set(new.values())
