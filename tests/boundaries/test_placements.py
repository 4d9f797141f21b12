"""Rows placed by hand: they stay with their grid on every path that gives owners, until it ends."""

from collections.abc import Sequence

import pytest
import shapely
from geoalchemy2.shape import from_shape
from shapely import box
from sqlalchemy import select, text

from cameras.models import Camera
from core.audit import AuditEvent
from core.db import Scope, transaction
from core.errors import Conflict, DomainError, Forbidden
from core.listing import Order, Page
from geo.areas.models import Area, HandPlacement
from geo.areas.ownership import reown
from geo.areas.queries import area_by_code
from geo.areas.service import NewArea, create_area
from geo.boundaries import service
from geo.boundaries.impact import impact
from geo.boundaries.placement import place_by_hand, undo_placement
from geo.boundaries.placement_queries import PlacementFilter, placements_page
from geo.boundaries.ruling import households_of
from geo.households.models import Dwelling, Household
from geo.places.models import Place
from tests.boundaries.studio_town import SPLIT_WEST, WHOLE, do, opened, published
from tests.small_town import SmallTown, add_dwelling

NORTH = box(119, 30.01, 119.02, 30.02)


def place(town: SmallTown, kind: str, row: int, grid: Area, *, reason: str = "同一院落") -> int:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        return place_by_hand(session, kind, row, grid_id=grid.id, reason=reason).id


def owner_of(kind: str, row: int) -> int:
    with transaction(Scope.everything()) as session:
        return int(session.scalar(text(f"SELECT area_id FROM {kind} WHERE id = :id"), {"id": row}) or 0)


def placements(**wanted) -> Sequence:
    with transaction(Scope.everything()) as session:
        page = Page(Order("when"), 50)
        return placements_page(session, PlacementFilter(**{"path": "", "state": "all", **wanted}), page)


def test_what_is_placed_by_hand_changes_hands_with_all_that_is_part_of_it(town: SmallTown) -> None:
    place(town, "dwelling", town.west_dwelling, town.east)

    with transaction(Scope.everything()) as session:
        assert session.get_one(Dwelling, town.west_dwelling).area_id == town.east.id
        assert session.get_one(Household, town.west_household).area_id == town.east.id
        (act,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "placement.make")).all()
    assert (act.fields["grid_before"], act.fields["grid"]) == ("990001001001001", "990001001001002")
    ((_, label, grid, _, author, _),) = placements()
    assert (label, grid, author) == ("西网格1号", "东网格", "钱")


@pytest.mark.parametrize("kind", ["camera", "place"])
def test_cameras_and_key_places_are_placed_as_well(town: SmallTown, kind: str) -> None:
    with transaction(Scope.everything()) as session:
        owner = {"county_id": town.county.id, "area_id": town.west.id, "area_path": town.west.path}
        spot = from_shape(shapely.Point(119.005, 30.005), srid=4326)
        model = (
            Camera(name="东门", geom=spot, **owner)
            if kind == "camera"
            else Place(kind="school", name="小学", geom=spot, **owner)
        )
        session.add(model)
        session.flush()
        row = model.id

    place(town, kind, row, town.east)
    with transaction(Scope.everything()) as session:
        reown(session, town.county.id)

    assert owner_of(kind, row) == town.east.id
    assert [one.label for one in placements(kind=kind)] == ["东门" if kind == "camera" else "小学"]


def test_giving_all_rows_to_their_ground_leaves_those_placed_by_hand(town: SmallTown) -> None:
    place(town, "dwelling", town.west_dwelling, town.east)
    with transaction(Scope.everything()) as session:
        session.execute(
            text("UPDATE dwelling SET area_id = :id, area_path = :path WHERE id = :row"),
            {"id": town.west.id, "path": town.west.path, "row": town.east_dwelling},
        )

    with transaction(Scope.everything()) as session:
        moved = reown(session, town.county.id)

    # The other one, that nobody placed, goes home: the sweep works at all.
    assert moved == {"dwelling": 1}
    assert owner_of("dwelling", town.west_dwelling) == town.east.id
    assert owner_of("dwelling", town.east_dwelling) == town.east.id


def test_publishing_leaves_what_was_placed_by_hand(town: SmallTown, reviewer: int) -> None:
    with transaction(Scope.everything()) as session:
        kept, _ = add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    place(town, "dwelling", kept, town.west)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    assert published(town, set_id, reviewer)["rows"] == {}
    assert owner_of("dwelling", kept) == town.west.id


def test_the_draft_counts_households_where_they_were_placed(town: SmallTown) -> None:
    place(town, "dwelling", town.west_dwelling, town.east)
    set_id = opened(town)

    with transaction(Scope.everything()) as session:
        drafted = service.load(session, set_id)
        assert households_of(session, drafted, drafted.tiling.parts) == {1: 0, 2: 2}
        assert households_of(session, drafted, {1: drafted.tiling.parts[1]}) == {1: 0}


def test_when_its_grid_ends_it_goes_where_it_lies_and_the_impact_says_so(
    town: SmallTown, reviewer: int
) -> None:
    with transaction(Scope.everything()) as session:
        north = create_area(
            session, NewArea("grid", "990001001002001", "北网格", NORTH),
            area_by_code(session, "990001001002"),
        )  # fmt: skip
    # Lies in the north, belongs to west by hand; west is merged into east.
    with transaction(Scope.everything()) as session:
        far, _ = add_dwelling(session, session.get_one(Area, north.id), 119.005, 30.015, head="吴")
    place(town, "dwelling", far, town.west, reason="由西网格照料")
    place(town, "dwelling", town.east_dwelling, town.west)
    set_id = opened(town)
    do(town, set_id, {2: WHOLE}, ended=(1,))
    with transaction(Scope.everything()) as session:
        shown = impact(session, service.load(session, set_id))

    moved = published(town, set_id, reviewer)

    assert [(one["from"]["name"], one["reason"], one["author"]) for one in shown["placements"]] == [
        ("西网格", "由西网格照料", "钱"),
        ("西网格", "同一院落", "钱"),
    ]
    assert moved["placements"] == shown["placements"]
    went = {(one["kind"], one["to"]["name"] if one["to"] else None): one["count"] for one in shown["moves"]}
    assert (went["dwelling", "北网格"], went["dwelling", "东网格"]) == (1, 2)
    assert owner_of("dwelling", far) == north.id
    assert owner_of("dwelling", town.east_dwelling) == town.east.id
    assert [row[0].ended_as for row in placements()] == ["grid_ended", "grid_ended"]


def test_taken_back_it_belongs_where_it_lies(town: SmallTown) -> None:
    placement = place(town, "dwelling", town.west_dwelling, town.east)

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        undo_placement(session, placement)

    assert owner_of("dwelling", town.west_dwelling) == town.west.id
    (row,) = placements()
    assert (row[0].ended_as, row.ender) == ("undone", "钱")
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session, pytest.raises(Conflict):
        undo_placement(session, placement)


def test_placed_anew_only_the_last_word_holds(town: SmallTown) -> None:
    place(town, "dwelling", town.west_dwelling, town.east)
    place(town, "dwelling", town.west_dwelling, town.west, reason="改回")

    assert owner_of("dwelling", town.west_dwelling) == town.west.id
    assert [row[0].ended_as for row in placements()] == ["placed_anew", None]


@pytest.mark.parametrize(
    ("grid", "reason", "code"),
    [
        pytest.param("east", "  ", "reason_missing", id="without a reason"),
        pytest.param("east", "因" * 201, "reason_too_long", id="a long one"),
        pytest.param("community", "因为", "not_a_grid", id="to a community"),
    ],
)
def test_what_cannot_be_meant_is_refused(town: SmallTown, grid: str, reason: str, code: str) -> None:
    with pytest.raises(DomainError) as no:
        place(town, "dwelling", town.west_dwelling, getattr(town, grid), reason=reason)

    assert no.value.code == code
    assert owner_of("dwelling", town.west_dwelling) == town.west.id


def test_nobody_gives_away_to_a_grid_outside_his_own_area(town: SmallTown) -> None:
    with (
        transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
        pytest.raises(Forbidden),
    ):
        place_by_hand(session, "dwelling", town.west_dwelling, grid_id=town.east.id, reason="因为")


def test_placements_are_seen_only_where_their_grid_is(town: SmallTown) -> None:
    place(town, "dwelling", town.west_dwelling, town.east)

    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        assert session.scalars(select(HandPlacement)).all() == []


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 2),
        ({"state": "holds"}, 1),
        ({"state": "ended"}, 1),
        ({"kind": "camera"}, 0),
        ({"words": "院落"}, 1),
        ({"words": "改回"}, 1),
        ({"words": "%"}, 0),
    ],
    ids=str,
)
def test_the_list_is_filtered(town: SmallTown, wanted: dict[str, str], count: int) -> None:
    place(town, "dwelling", town.west_dwelling, town.east)
    place(town, "dwelling", town.west_dwelling, town.west, reason="改回")

    assert len(placements(**wanted)) == count
