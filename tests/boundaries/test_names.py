"""Names and codes of any day: as of, restored, told by lineage; a rename that somebody else published."""

from datetime import date, timedelta

import pytest
from alembic import command
from shapely import Polygon, box
from sqlalchemy import Engine

from core.clock import today
from core.db import Scope, transaction
from core.errors import Conflict, InvalidInput
from geo.areas.models import Area, ChangeSet
from geo.areas.queries import DatedGrid, area_by_code, dated_grids
from geo.areas.service import name_area
from geo.boundaries import code_queries, service
from geo.boundaries.comparing import grids_before
from geo.boundaries.queries import lineage_of
from tests.boundaries.studio_town import (
    MIDDLE,
    SPLIT_WEST,
    WEST,
    WEST_HALF,
    WHOLE,
    dated_back,
    do,
    opened,
    published,
)
from tests.small_town import SmallTown
from webapp.house.migrate import configuration

#: The last revision in which an area had only the name of today.
UNVERSIONED = "20261201_30"


def yesterday() -> date:
    return today() - timedelta(days=1)


def grids(town: SmallTown, on: date | None = None) -> list[DatedGrid]:
    with transaction(Scope.everything()) as session:
        return dated_grids(session, town.community.id, on=on)


def called(town: SmallTown, on: date | None = None) -> dict[int, tuple[str, str]]:
    """Return the last digits of the code and the name of each grid of a day, by area id."""
    return {grid.area.id: (grid.code[-3:], grid.name) for grid in grids(town, on)}


def renamed(town: SmallTown, set_id: int, key: int, name: str, code: str) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.rename(session, set_id, key, name=name, code=f"990001001001{code}")


def restoring(town: SmallTown, day: date) -> int:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        return service.open_change_set(session, town.community.id, as_of=day).id


def test_a_day_has_the_names_and_codes_of_that_day(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    set_id = opened(town)
    renamed(town, set_id, 1, "桥头网格", "009")
    published(town, set_id, reviewer)

    assert called(town, yesterday()) == {town.west.id: ("001", "西网格"), town.east.id: ("002", "东网格")}
    assert called(town) == {town.west.id: ("009", "桥头网格"), town.east.id: ("002", "东网格")}


def test_codes_that_go_round_in_a_circle_are_each_of_their_day(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    set_id = opened(town)
    renamed(town, set_id, 1, "西网格", "088")
    renamed(town, set_id, 2, "东网格", "001")
    renamed(town, set_id, 1, "西网格", "002")
    published(town, set_id, reviewer)

    assert {code for code, _ in called(town, yesterday()).values()} == {"001", "002"}
    assert called(town) == {town.west.id: ("002", "西网格"), town.east.id: ("001", "东网格")}
    with transaction(Scope.everything()) as session:
        ever = code_queries.codes_ever(session, town.community.id)
    assert {code[-3:] for code in ever} == {"001", "002"}, "088 was only a draft's"


def test_two_renames_on_one_day_leave_one_name_a_day(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    for name in ("甲网格", "乙网格"):
        set_id = opened(town)
        renamed(town, set_id, 1, name, "001")
        published(town, set_id, reviewer)

    assert called(town)[town.west.id] == ("001", "乙网格")
    assert called(town, yesterday())[town.west.id] == ("001", "西网格")


def test_a_restored_day_has_its_names_and_the_grids_that_had_ended(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    set_id = opened(town)
    renamed(town, set_id, 2, "全网格", "007")
    do(town, set_id, {2: WHOLE}, ended=(1,))
    published(town, set_id, reviewer)
    assert called(town) == {town.east.id: ("007", "全网格")}

    moved = published(town, restoring(town, yesterday()), reviewer)

    states = {grid["name"]: (grid["state"], grid["renamed"]) for grid in moved["grids"]}
    assert states == {"西网格": ("restored", False), "东网格": ("changed", True)}
    assert called(town) == {town.west.id: ("001", "西网格"), town.east.id: ("002", "东网格")}
    assert {grid.area.id: grid.shape.area for grid in grids(town)} == pytest.approx(
        {town.west.id: WEST.area, town.east.id: WEST.area}
    )
    with transaction(Scope.everything()) as session:
        assert session.get_one(Area, town.west.id).valid_to is None
        lines = lineage_of(session, town.west.id)
        told = {(line.from_name, line.to_name): line.AreaLineage.kind for line in lines}
    # Both on one day, on which the grid that got everything and gave it back had its own name at last.
    assert told == {("西网格", "东网格"): "merged_into", ("东网格", "西网格"): "took_from"}


def test_a_grid_that_comes_back_takes_no_code_that_another_community_has_by_now(
    town: SmallTown, reviewer: int
) -> None:
    dated_back(30)
    set_id = opened(town)
    do(town, set_id, {2: WHOLE}, ended=(1,))
    published(town, set_id, reviewer)
    with transaction(Scope.everything()) as session:
        north = session.query(Area).filter(Area.code == "990001001002").one()
        north.code = "990001001001001"

    published(town, restoring(town, yesterday()), reviewer)

    assert called(town)[town.west.id] == ("003", "西网格")


def test_a_restored_grid_has_its_own_code_when_grids_are_numbered_anew(
    town: SmallTown, reviewer: int
) -> None:
    dated_back(30)
    set_id = opened(town)
    do(town, set_id, {2: WHOLE}, ended=(1,))
    renamed(town, set_id, 2, "东网格", "007")
    published(town, set_id, reviewer)
    back = restoring(town, yesterday())
    renamed(town, back, 1, "西网格", "009")

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.renumber(session, back)
    published(town, back, reviewer)

    assert called(town) == {town.west.id: ("001", "西网格"), town.east.id: ("002", "东网格")}


def test_a_restored_grid_that_comes_back_in_the_draft_keeps_its_code_or_is_refused(
    town: SmallTown, reviewer: int
) -> None:
    dated_back(30)
    set_id = opened(town)
    do(town, set_id, {2: WHOLE}, ended=(1,))
    published(town, set_id, reviewer)
    back = restoring(town, yesterday())
    do(town, back, {2: WHOLE}, ended=(1,))
    with transaction(Scope((town.county.path,)), actor_id=reviewer) as session:
        service.rename(session, back, 2, name="东网格", code="990001001001001")

    with (
        transaction(Scope((town.county.path,)), actor_id=town.drawer) as session,
        pytest.raises(Conflict) as no,
    ):
        service.undo(session, back)

    assert (no.value.code, no.value.fields["code"]) == ("grid_code_taken", "990001001001001")


def test_a_code_that_another_community_has_got_since_is_not_published(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    renamed(town, set_id, 1, "西网格", "050")
    with transaction(Scope.everything()) as session:
        north = area_by_code(session, "990001001002")
        name_area(session, north, code="990001001001050", name=north.name, day=today())

    with pytest.raises(Conflict) as no:
        published(town, set_id, reviewer)

    assert (no.value.code, no.value.fields["code"]) == ("grid_code_taken", "990001001001050")


def test_a_published_rename_is_not_taken_back_by_a_set_opened_before(town: SmallTown, reviewer: int) -> None:
    early, late = opened(town), opened(town)
    renamed(town, late, 1, "桥头网格", "001")
    published(town, late, reviewer)
    do(town, early, SPLIT_WEST)

    with pytest.raises(Conflict) as no:
        published(town, early, reviewer)

    assert (no.value.code, no.value.fields["grids"]) == ("boundaries_moved_on", ["西网格"])
    assert called(town)[town.west.id] == ("001", "桥头网格")


def test_a_published_set_is_compared_with_the_names_before_it(town: SmallTown, reviewer: int) -> None:
    first = opened(town)
    renamed(town, first, 1, "桥头网格", "009")
    published(town, first, reviewer)
    second = opened(town)
    renamed(town, second, 1, "桥尾网格", "001")
    published(town, second, reviewer)

    def before(set_id: int) -> set[str]:
        with transaction(Scope.everything()) as session:
            return {grid.name for grid in grids_before(session, service.load(session, set_id))}

    # All on one day: none of these names was valid on any day before it.
    assert (before(first), before(second)) == ({"西网格", "东网格"}, {"桥头网格", "东网格"})


def test_lineage_tells_the_names_of_its_day(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    renamed(town, set_id, 1, "改名网格", "001")
    published(town, set_id, reviewer)
    again = opened(town)
    renamed(town, again, 3, "新名网格", "004")
    published(town, again, reviewer)

    with transaction(Scope.everything()) as session:
        line = lineage_of(session, town.west.id)[0]
        # The taker's first name lasted less than a day: its name of that day is the later one.
        assert (line.AreaLineage.kind, line.from_name, line.to_name) == ("split_from", "西网格", "新名网格")


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        pytest.param({4: WEST_HALF, 5: MIDDLE}, {"split_from"}, id="divided among two"),
        pytest.param({4: WEST}, {"merged_into"}, id="given to one"),
    ],
)
def test_new_grids_on_the_ground_of_one_that_ends(
    town: SmallTown, reviewer: int, after: dict[int, Polygon], kinds: set[str]
) -> None:
    set_id = opened(town)
    do(town, set_id, after, ended=(1,))
    published(town, set_id, reviewer)

    with transaction(Scope.everything()) as session:
        assert {row.AreaLineage.kind for row in lineage_of(session, town.west.id)} == kinds


def test_a_grid_that_gave_ground_away_before_it_ended_is_split_among_its_takers(
    town: SmallTown, reviewer: int
) -> None:
    set_id = opened(town)
    rest = box(119, 30, 119.004, 30.01)
    do(town, set_id, {1: rest, 2: WHOLE.difference(rest)})
    do(town, set_id, {3: rest}, ended=(1,))
    published(town, set_id, reviewer)

    with transaction(Scope.everything()) as session:
        kinds = {row.to_name: row.AreaLineage.kind for row in lineage_of(session, town.west.id)}
    # The new one has all that was left in the draft, but less than half of the grid there was.
    assert kinds == {"东网格": "merged_into", "南社区第3网格": "split_from"}


@pytest.mark.parametrize(
    ("days", "code"),
    [
        pytest.param(1, "restored_day_ahead", id="tomorrow"),
        pytest.param(-60, "restored_day_empty", id="before"),
    ],
)
def test_a_day_that_has_no_grids_is_not_restored(town: SmallTown, days: int, code: str) -> None:
    dated_back(30)

    with pytest.raises(InvalidInput) as no:
        restoring(town, today() + timedelta(days=days))

    assert no.value.code == code
    with transaction(Scope.everything()) as session:
        assert session.query(ChangeSet).count() == 0


def test_names_given_before_they_were_kept_by_day_are_read_from_the_logs(
    town: SmallTown, reviewer: int, owner_engine: Engine
) -> None:
    dated_back(30)
    set_id = opened(town)
    renamed(town, set_id, 1, "桥头网格", "009")
    do(town, set_id, {1: WHOLE}, ended=(2,))
    published(town, set_id, reviewer)
    then, now = called(town, yesterday()), called(town)
    draft = opened(town)
    owner_engine.dispose()

    command.downgrade(configuration(), UNVERSIONED)
    command.upgrade(configuration(), "head")

    assert (called(town, yesterday()), called(town)) == (then, now)
    with transaction(Scope.everything()) as session:
        assert {grid.name for grid in grids_before(session, service.load(session, set_id))} == {
            "西网格",
            "东网格",
        }
        assert not service.load(session, draft).grids[1].changed
    renamed(town, draft, 1, "再名网格", "001")
    published(town, draft, reviewer)
    assert called(town)[town.west.id] == ("001", "再名网格")
