"""Change sets from draft to publication: nothing vanishes, rows follow the ground, history stays."""

from datetime import date, timedelta

import pytest
from shapely import Polygon
from sqlalchemy import select, text

from core.clock import today
from core.db import Scope, transaction
from core.errors import Conflict, Forbidden, InvalidInput, NotEnough
from core.settings import settings
from geo.areas.models import Area, AreaBoundary, ChangeSet, HandPlacement
from geo.areas.queries import dated_grids
from geo.boundaries import queries, review, service
from geo.boundaries.impact import impact
from geo.boundaries.models import AreaLineage
from geo.boundaries.publish import publish
from geo.households.models import Dwelling, Household
from geo.shapes.edits import insert_vertex
from geo.shapes.partition import is_partition
from geo.staff.models import Post
from tests.boundaries.studio_town import (
    EAST,
    SPLIT_WEST,
    WEST,
    WEST_HALF,
    WHOLE,
    approved,
    dated_back,
    difference,
    do,
    opened,
    published,
    submitted,
)
from tests.small_town import SmallTown, add_dwelling


def shapes(town: SmallTown, set_id: int) -> dict[int, Polygon]:
    with transaction(Scope.everything()) as session:
        return dict(service.load(session, set_id).tiling.parts)


def test_a_new_change_set_holds_the_grids_of_its_community(town: SmallTown) -> None:
    set_id = opened(town)

    parts = shapes(town, set_id)
    assert {key: part.equals(WEST if key == 1 else EAST) for key, part in parts.items()} == {1: True, 2: True}


def test_an_edit_can_be_undone_and_redone_bit_for_bit(town: SmallTown) -> None:
    set_id = opened(town)
    before = shapes(town, set_id)
    do(town, set_id, SPLIT_WEST)
    after = shapes(town, set_id)

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.undo(session, set_id)
    undone = shapes(town, set_id)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.redo(session, set_id)

    assert {key: part.wkb for key, part in undone.items()} == {key: p.wkb for key, p in before.items()}
    assert {key: p.wkb for key, p in shapes(town, set_id).items()} == {key: p.wkb for key, p in after.items()}


def test_a_later_edit_drops_what_could_be_redone(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.undo(session, set_id)
    do(town, set_id, {1: WHOLE}, ended=(2,))

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session, pytest.raises(NotEnough):
        service.redo(session, set_id)


def test_nobody_undoes_what_another_has_built_on(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    do(town, set_id, {1: WEST}, ended=(3,), actor=reviewer)

    with (
        transaction(Scope((town.county.path,)), actor_id=town.drawer) as session,
        pytest.raises(Conflict) as no,
    ):
        service.undo(session, set_id)
    assert no.value.code == "grid_changed"


def test_an_edit_from_an_old_version_of_a_grid_is_refused(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        merge = difference(drafted, {1: WEST}, ended=(3,))
        with pytest.raises(Conflict) as no:
            service.store_edit(session, drafted, merge, kind="merge", params={}, versions={1: 1, 3: 1})
    assert [grid["key"] for grid in no.value.fields["grids"]] == [1]


def test_the_author_cannot_approve_his_own_change_set(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        review.submit(session, set_id)
        with pytest.raises(Forbidden):
            review.approve(session, set_id)


def test_grids_with_a_gap_cannot_be_submitted(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, {1: WEST_HALF})

    with (
        transaction(Scope((town.county.path,)), actor_id=town.drawer) as session,
        pytest.raises(Conflict) as no,
    ):
        review.submit(session, set_id)
    assert (no.value.code, no.value.fields["flaws"][0]["kind"]) == ("partition_broken", "gap")


def test_a_change_set_in_which_all_was_taken_back_cannot_be_submitted(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.undo(session, set_id)
        with pytest.raises(Conflict, match="change_set_empty"):
            review.submit(session, set_id)


def test_grids_that_only_got_a_corner_are_told_apart_from_those_that_change(town: SmallTown) -> None:
    set_id = opened(town)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        corner = insert_vertex(drafted.tiling, WEST.intersection(EAST).centroid)
        service.store_edit(session, drafted, corner, kind="insert_vertex", params={})
        shown = impact(session, service.load(session, set_id))

    assert (shown["grids"], shown["corners"], shown["moves"]) == ([], 2, [])


def test_grids_that_swap_equal_ground_change_although_their_areas_stay(town: SmallTown) -> None:
    set_id = opened(town)
    # The boundary leans: the south goes one way, the north the other.
    west = Polygon([(119, 30), (119.011, 30), (119.009, 30.01), (119, 30.01)])
    do(town, set_id, {1: west, 2: WHOLE - west})
    with transaction(Scope.everything()) as session:
        shown = impact(session, service.load(session, set_id))

    assert ([grid["key"] for grid in shown["grids"]], shown["corners"]) == ([1, 2], 0)


def test_a_split_gives_the_households_of_its_half_to_the_new_grid(town: SmallTown, reviewer: int) -> None:
    with transaction(Scope.everything()) as session:
        moving, _ = add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    with transaction(Scope.everything()) as session:
        shown = impact(session, service.load(session, set_id))

    moved = published(town, set_id, reviewer)

    assert moved["rows"] == {"dwelling": 1, "household": 1, "household_contact": 1}
    assert {key: moved[key] for key in ("grids", "moves")} == {key: shown[key] for key in ("grids", "moves")}
    with transaction(Scope.everything()) as session:
        new = session.scalars(select(Area).where(Area.code == "990001001001003")).one()
        assert session.get_one(Dwelling, moving).area_id == new.id
        assert (
            session.scalars(select(Household).where(Household.area_id == new.id)).one().dwelling_id == moving
        )
        grids = [grid.shape for grid in dated_grids(session, town.community.id)]
        assert is_partition(grids, WHOLE)
        line = session.scalars(select(AreaLineage)).one()
        assert (line.kind, line.area_id, line.from_area_id) == ("split_from", new.id, town.west.id)


def test_a_merge_takes_rows_staff_and_roles_along(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    # The captain's grid (west) ends: east takes everything.
    do(town, set_id, {2: WHOLE}, ended=(1,))

    moved = published(town, set_id, reviewer)

    assert moved["staff"][0]["from"]["name"] == "西网格"
    with transaction(Scope.everything()) as session:
        ended = session.get_one(Area, town.west.id)
        assert ended.valid_to == today()
        assert session.get_one(Dwelling, town.west_dwelling).area_id == town.east.id
        posts = session.scalars(select(Post).where(Post.valid_to.is_(None))).all()
        assert [(post.kind, post.area_id, post.holder_name) for post in posts] == [
            ("captain", town.east.id, "赵")
        ]
        assert [role.area_id for role in queries.roles_on(session, town.west.id)] == []
        left = session.scalar(
            text("SELECT count(*) FROM household_contact WHERE area_id = :id"), {"id": town.west.id}
        )
        assert left == 0


def test_a_row_placed_by_hand_stays(town: SmallTown, reviewer: int) -> None:
    with transaction(Scope.everything()) as session:
        west = session.get_one(Area, town.west.id)
        kept, _ = add_dwelling(session, west, 119.008, 30.005, head="孙")
        session.add(
            HandPlacement(
                subject_kind="dwelling", subject_id=kept, reason="同一院落", author_id=town.drawer,
                county_id=west.county_id, area_id=west.id, area_path=west.path,
            )
        )  # fmt: skip
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    moved = published(town, set_id, reviewer)

    assert moved["rows"] == {}
    with transaction(Scope.everything()) as session:
        assert session.get_one(Dwelling, kept).area_id == town.west.id


def test_two_publications_on_one_day_leave_one_boundary_a_day(town: SmallTown, reviewer: int) -> None:
    first = opened(town)
    do(town, first, SPLIT_WEST)
    published(town, first, reviewer)
    second = opened(town)
    do(town, second, {1: WEST}, ended=(3,))

    published(town, second, reviewer)

    with transaction(Scope.everything()) as session:
        rows = session.scalars(
            select(AreaBoundary).where(AreaBoundary.area_id == town.west.id).order_by(AreaBoundary.id)
        ).all()
        assert [row.valid.isempty for row in rows] == [True, True, False]
        present = [grid.shape for grid in dated_grids(session, town.community.id)]
        assert sorted(shape.area for shape in present) == pytest.approx(sorted((WEST.area, EAST.area)))


def test_a_change_set_overtaken_by_another_is_not_approved(town: SmallTown, reviewer: int) -> None:
    first, second = opened(town), opened(town)
    do(town, first, SPLIT_WEST)
    do(town, second, {1: WHOLE}, ended=(2,))
    submitted(town, second)
    published(town, first, reviewer)

    with (
        pytest.raises(Conflict) as no,
        transaction(Scope((town.county.path,)), actor_id=reviewer) as session,
    ):
        review.approve(session, second)

    assert (no.value.code, no.value.fields["grids"]) == ("boundaries_moved_on", ["西网格"])
    with transaction(Scope.everything()) as session:
        assert session.get_one(ChangeSet, second).state == "review"


def test_a_change_set_overtaken_by_another_is_not_submitted(town: SmallTown, reviewer: int) -> None:
    first, second = opened(town), opened(town)
    do(town, first, SPLIT_WEST)
    do(town, second, {1: WHOLE}, ended=(2,))
    published(town, first, reviewer)

    with pytest.raises(Conflict) as no:
        submitted(town, second)
    assert no.value.code == "boundaries_moved_on"


def test_what_was_overtaken_between_approval_and_its_day_is_not_published(
    town: SmallTown, reviewer: int
) -> None:
    first, second = opened(town), opened(town)
    do(town, first, SPLIT_WEST)
    do(town, second, {1: WHOLE}, ended=(2,))
    submitted(town, second)
    with transaction(Scope((town.county.path,)), actor_id=reviewer) as session:
        review.approve(session, second)
    published(town, first, reviewer)

    with (
        pytest.raises(Conflict) as no,
        transaction(Scope((town.county.path,)), actor_id=reviewer) as session,
    ):
        publish(session, second)
    assert no.value.code == "boundaries_moved_on"


def test_a_later_day_is_waited_for(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with pytest.raises(Conflict) as no:
        published(town, set_id, reviewer, on=today() + timedelta(days=3))
    assert no.value.code == "change_set_not_due"


def test_a_day_that_nobody_will_remember_is_refused(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with pytest.raises(InvalidInput) as no:
        published(town, set_id, reviewer, on=date(9999, 12, 31))
    assert no.value.code == "effective_too_far"


def test_a_publication_during_which_midnight_passes_has_one_day(
    town: SmallTown, reviewer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_to(zone: str) -> None:
        monkeypatch.setenv("GRIDPATROL_TIME_ZONE", zone)
        settings.cache_clear()

    dated_back(30)
    # Where the day begins last; and where, at whatever hour, the next one has begun.
    go_to("Etc/GMT+12")
    set_id, day = opened(town), today()
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer)
    with transaction(Scope.everything(), actor_id=reviewer) as session:
        publish(session, set_id, step=lambda name: name == "publish_boundaries" and go_to("Etc/GMT-14"))

    assert today() > day
    with transaction(Scope.everything()) as session:
        new = session.scalars(select(Area).where(Area.code == "990001001001003")).one()
        line = session.scalars(select(AreaLineage)).one()
        row = session.get_one(ChangeSet, set_id)
        assert (new.valid_from, line.effective_on, row.effective_on) == (day, day, day)


def test_grids_as_of_an_earlier_day_can_be_restored(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    first = opened(town)
    do(town, first, SPLIT_WEST)
    published(town, first, reviewer)

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        back = service.open_change_set(session, town.community.id, as_of=today() - timedelta(days=1)).id
    published(town, back, reviewer)

    with transaction(Scope.everything()) as session:
        grids = dated_grids(session, town.community.id)
        assert sorted(grid.name for grid in grids) == ["东网格", "西网格"]
        assert is_partition([grid.shape for grid in grids], WHOLE)
