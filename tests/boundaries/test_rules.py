"""The rules for grids: what ships, how they change and are kept by day, what they refuse, codes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString, MultiPolygon, box
from sqlalchemy import select, text

from core.audit import AuditEvent
from core.db import Scope, transaction
from core.errors import Conflict, DomainError, Forbidden, InvalidInput
from geo.areas.models import Area, GridRuleSet
from geo.areas.queries import area_by_id
from geo.boundaries import review, service
from geo.boundaries.rule_queries import divided_now
from geo.boundaries.rule_set import SHIPPED, read_rules
from geo.boundaries.ruling import (
    broken_by,
    broken_today,
    findings,
    households_of,
    rules_in_force,
    store_rules,
)
from geo.households.models import Building
from geo.shapes.edits import split
from geo.shapes.edits.rule import Kind
from geo.staff.service import create_account
from tests.boundaries.studio_town import MIDDLE, SPLIT_WEST, WEST_HALF, difference, do, opened, published
from tests.small_town import SmallTown


def set_rules(town: SmallTown, seen: int = 0, **rules: Any) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        store_rules(session, area_by_id(session, town.county.id), rules, seen=seen, reason="试")


def told(town: SmallTown, set_id: int) -> list[dict[str, Any]]:
    with transaction(Scope((town.county.path,))) as session:
        return findings(session, service.load(session, set_id))


def test_until_somebody_sets_rules_those_that_ship_are_in_force(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,))) as session:
        in_force = rules_in_force(session, town.county.id)

    assert (in_force.rules, in_force.number, in_force.since) == (SHIPPED, 0, None)


def test_new_rules_are_in_force_at_once_and_the_old_ones_stay_on_record(town: SmallTown) -> None:
    set_rules(town, max_households=400)
    set_rules(town, seen=1, max_households=300, severity={"area_small": "off"})

    with transaction(Scope((town.county.path,))) as session:
        in_force = rules_in_force(session, town.county.id)
        rows = session.scalars(select(GridRuleSet).order_by(GridRuleSet.number)).all()
        acts = session.scalars(select(AuditEvent).where(AuditEvent.action == "grid_rules.change")).all()
    assert (in_force.number, in_force.rules.limits["max_households"], in_force.by) == (2, 300.0, "钱")
    assert Kind.AREA_SMALL not in in_force.rules.severity
    assert [row.rules["max_households"] for row in rows] == [400.0, 300.0]
    assert [act.fields["changed"] for act in acts] == [
        {"max_households": [500.0, 400.0]},
        {"max_households": [400.0, 300.0], "severity.area_small": ["warn", "off"]},
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"min_area_m2": 9_000, "max_area_m2": 500}, "grid_areas_crossed", id="areas crossed"),
        pytest.param(
            {"min_households": 600}, "grid_households_crossed", id="more at least than at most as shipped"
        ),
        pytest.param({"max_households": "viele"}, "grid_rule_unusable", id="a word"),
        pytest.param({"max_households": -3}, "grid_rule_unusable", id="below nothing"),
        pytest.param({"max_area_m2": "nan"}, "grid_rule_unusable", id="no number"),
        pytest.param({"min_width_m": True}, "grid_rule_unusable", id="a truth"),
        pytest.param({"severity": {"area_small": "perhaps"}}, "grid_gravity_unusable", id="unknown gravity"),
        pytest.param({"codes": {"grid": 0}}, "code_scheme_unusable", id="codes without digits"),
        pytest.param({}, "nothing_changes", id="as they are"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_and_change_nothing(
    town: SmallTown, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as no:
        set_rules(town, **given)

    assert no.value.code == code
    with transaction(Scope.everything()) as session:
        assert session.scalars(select(GridRuleSet)).all() == []


def test_a_reason_that_nobody_sees_is_none(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        county = area_by_id(session, town.county.id)
        with pytest.raises(InvalidInput) as no:
            store_rules(session, county, {"max_households": 400}, seen=0, reason="\u200b \u2060")
    assert no.value.code == "reason_missing"


def test_a_broken_partition_is_refused_under_every_set_of_rules() -> None:
    rules = read_rules({"severity": {"gap": "off", "overlap": "off", "area_small": "off"}})

    assert rules.gravity(Kind.GAP) == rules.gravity(Kind.OVERLAP) == "refuse"


def test_of_two_who_change_the_same_rules_the_second_is_told(town: SmallTown) -> None:
    set_rules(town, max_households=400)

    with pytest.raises(Conflict) as no:
        set_rules(town, seen=0, max_households=300)
    assert no.value.code == "rules_changed"


def test_only_who_works_for_the_whole_county_changes_its_rules(town: SmallTown) -> None:
    with transaction(Scope((town.community.path,)), actor_id=town.drawer) as session:
        county = area_by_id(session, town.county.id)
        with pytest.raises(Forbidden) as no:
            store_rules(session, county, {"max_households": 1}, seen=0, reason="试")
    assert no.value.code == "rules_outside_area"


def test_the_database_itself_keeps_rules_of_others_out(town: SmallTown) -> None:
    row = (
        "INSERT INTO grid_rule_set (number, rules, county_id, area_id, area_path) "
        "VALUES (9, '{}', :id, :id, :path)"
    )
    with (
        pytest.raises(Exception, match="row-level security"),
        transaction(Scope((town.community.path,)), actor_id=town.drawer) as session,
    ):
        session.execute(text(row), {"id": town.county.id, "path": town.county.path})


def test_a_captain_reads_the_rules_of_his_county(town: SmallTown) -> None:
    set_rules(town, max_households=400)

    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        assert rules_in_force(session, town.county.id).number == 1


def test_rules_are_tried_on_the_grids_of_today_before_they_hold(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,))) as session:
        divided = divided_now(session, town.county.id)
        as_shipped = broken_today(session, town.county.id, SHIPPED, divided)
        tried = broken_today(session, town.county.id, read_rules({"max_area_m2": 1_000_000}), divided)
        assert session.scalars(select(GridRuleSet)).all() == []

    assert as_shipped == []
    assert sorted(len(one.grids) for one in divided) == [0, 2]
    # The northern community has no grid: its gap is no grid's.
    assert [(one.kind, one.grid.name, one.limit) for one in tried] == [
        (Kind.AREA_LARGE, "西网格", 1e6),
        (Kind.AREA_LARGE, "东网格", 1e6),
    ]
    assert tried[0].size == pytest.approx(1_068_000, rel=0.01)


def test_who_sees_one_community_is_told_of_its_grids_only(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,))) as session:
        assert divided_now(session, town.county.id) == []
        assert broken_today(session, town.county.id, read_rules({"max_area_m2": 1_000}), []) == []


def test_a_rule_that_refuses_keeps_a_changed_grid_from_being_submitted(town: SmallTown) -> None:
    set_rules(town, min_area_m2=600_000, severity={"area_small": "refuse"})
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with (
        transaction(Scope((town.county.path,)), actor_id=town.drawer) as session,
        pytest.raises(Conflict) as no,
    ):
        review.submit(session, set_id)
    assert no.value.code == "grid_rules_broken"
    assert [one["grids"] for one in no.value.fields["broken"]] == [["西网格"], ["南社区第3网格"]]


def test_a_grid_that_is_left_alone_may_break_a_rule_that_refuses(town: SmallTown, reviewer: int) -> None:
    # East is larger than allowed, and is not touched; the halves of west are not.
    set_rules(town, max_area_m2=600_000, severity={"area_large": "refuse"})
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    assert {one["kind"]: one["severity"] for one in told(town, set_id)} == {"area_large": "refuse"}
    assert published(town, set_id, reviewer)["grids"]


def test_a_grid_that_only_got_a_corner_may_break_a_rule_that_refuses(town: SmallTown, reviewer: int) -> None:
    # The line across west ends at east, which is larger than allowed and gets a corner.
    set_rules(town, max_area_m2=600_000, severity={"area_large": "refuse"})
    set_id = opened(town)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        across = split(drafted.tiling, 1, [LineString([(118.99, 30.005), (119.02, 30.005)])])
        assert across.touched == {1, 2, 3}
        service.store_edit(session, drafted, across, kind="split", params={})

    assert published(town, set_id, reviewer)["corners"] == 1


def test_an_edit_is_told_beforehand_which_rules_its_grids_would_break(town: SmallTown) -> None:
    # The line across west gives a corner to east, which is as large; only the halves are asked.
    set_rules(town, min_area_m2=600_000, severity={"area_small": "refuse"}, max_area_m2=700_000)
    set_id = opened(town)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        across = split(drafted.tiling, 1, [LineString([(118.99, 30.005), (119.02, 30.005)])])
        living = households_of(session, drafted, across.after)
        found = broken_by(session, drafted, across, living)

    assert across.touched == {1, 2, 3}
    assert [(one["rule"], one["gravity"], one["grid"]) for one in found] == [
        ("area_small", "refuse", 1),
        ("area_small", "refuse", 3),
    ]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        pytest.param({}, [], id="as shipped"),
        pytest.param({"min_households": 2}, [("households_few", 1), ("households_few", 3)], id="too few"),
    ],
)
def test_the_households_of_the_pieces_are_judged_beforehand(
    town: SmallTown, rules: dict[str, Any], told: list[tuple[str, int]]
) -> None:
    if rules:
        set_rules(town, **rules)
    set_id = opened(town)
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        halves = difference(drafted, SPLIT_WEST)
        found = broken_by(session, drafted, halves, households_of(session, drafted, halves.after))

    assert [(one["rule"], one["grid"]) for one in found] == told


def test_a_rule_that_is_off_is_not_looked_for(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    set_rules(town, min_area_m2=600_000)
    assert {one["kind"] for one in told(town, set_id)} == {"area_small"}

    set_rules(town, seen=1, min_area_m2=600_000, severity={"area_small": "off"})
    assert told(town, set_id) == []


def test_a_grid_into_which_no_circle_of_the_least_width_fits_is_told(town: SmallTown) -> None:
    set_id = opened(town)
    strip, rest = box(119, 30, 119.0000200, 30.01), box(119.0000200, 30, 119.01, 30.01)
    do(town, set_id, {1: rest, 3: strip})

    assert {(one["kind"], tuple(one["grids"])) for one in told(town, set_id)} >= {("narrow", (3,))}
    (narrow,) = [one for one in told(town, set_id) if one["kind"] == "narrow"]
    assert narrow["size"] == pytest.approx(1.9, abs=0.1)
    assert narrow["limit"] == 3.0


def test_buildings_that_a_boundary_cuts_are_listed_by_name_or_address(town: SmallTown) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    with transaction(Scope.everything()) as session:
        for name, south in (("市场", 30.002), (None, 30.004)):
            shape = box(119.0049, south, 119.0051, south + 0.0002)
            building = Building(
                county_id=town.county.id, name=name, geom=from_shape(MultiPolygon([shape]), srid=4326)
            )
            session.add(building)
            session.flush()
        session.execute(
            text("UPDATE dwelling SET building_id = :id WHERE id = :dwelling"),
            {"id": building.id, "dwelling": town.west_dwelling},
        )

    (cut,) = [one for one in told(town, set_id) if one["kind"] == "building_cut"]
    assert (cut["grids"], cut["size"]) == ([1, 3], 2)
    assert [one["name"] for one in cut["buildings"]] == ["市场", "西网格1号"]


def test_new_grids_get_their_codes_by_the_scheme_of_the_county(town: SmallTown) -> None:
    set_rules(town, codes={"grid": 5})
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with transaction(Scope.everything()) as session:
        assert service.load(session, set_id).grids[3].code == "990001001001" + "00001"


def test_grids_are_numbered_anew_in_one_edit_that_can_be_undone(town: SmallTown, reviewer: int) -> None:
    # West to east the codes are 1, 3, 2: numbering anew exchanges two of them.
    set_id = opened(town)
    do(town, set_id, {1: WEST_HALF, 3: MIDDLE})

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        edit = service.renumber(session, set_id)
        assert edit.params["codes"] == {
            "2": ["990001001001002", "990001001001003"],
            "3": ["990001001001003", "990001001001002"],
        }
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        service.undo(session, set_id)
        assert service.load(session, set_id).grids[3].code == "990001001001003"
        service.redo(session, set_id)
    published(town, set_id, reviewer)

    with transaction(Scope.everything()) as session:
        codes = {
            area.name: area.code[-3:] for area in session.scalars(select(Area).where(Area.level == "grid"))
        }
    assert codes == {"西网格": "001", "南社区第3网格": "002", "东网格": "003"}


def test_grids_that_have_their_codes_already_are_left_alone(town: SmallTown) -> None:
    set_id = opened(town)

    with (
        transaction(Scope((town.county.path,)), actor_id=town.drawer) as session,
        pytest.raises(InvalidInput) as no,
    ):
        service.renumber(session, set_id)
    assert no.value.code == "nothing_changes"


def test_rules_of_another_county_hold_only_there(town: SmallTown) -> None:
    set_rules(town, max_households=400)
    with transaction(Scope.everything()) as session:
        from geo.areas.service import NewArea, create_area

        other = create_area(session, NewArea("county", "880001", "邻县", box(120, 31, 120.02, 31.02)), None)
        account, _ = create_account(session, login="far", name="周", role_code="boundary", area=other)

    with transaction(Scope((other.path,)), actor_id=account.id) as session:
        assert rules_in_force(session, other.id).number == 0
        assert rules_in_force(session, town.county.id).number == 0  # not seen from there


def test_who_sets_rules_at_the_same_moment_waits_and_is_told(town: SmallTown) -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
            store_rules(
                session, session.get_one(Area, town.county.id), {"max_households": 300}, seen=0, reason="试"
            )
            second = pool.submit(set_rules, town, max_households=400)
            with pytest.raises(TimeoutError):
                second.result(timeout=1)
        with pytest.raises(Conflict) as told:
            second.result(timeout=20)
    assert told.value.code == "rules_changed"
