"""How a change set divides the patrol districts: figures reckoned by hand, and who is shown them."""

import time

import numpy as np
import pytest
from shapely import Polygon, box
from sqlalchemy import event, text

from core.clock import today
from core.db import Scope, engine, transaction
from core.intake.report import ImportReport
from geo.areas.feature import Feature
from geo.areas.queries import area_by_id
from geo.boundaries import service
from geo.boundaries.impact import impact
from patrols.districts.intake import DistrictOptions, store_districts
from tests.boundaries.studio_town import EAST, SPLIT_WEST, WEST, WHOLE, do, opened, published
from tests.small_town import SmallTown

#: A strip one thousandth of a degree wide and as high as the grids: 96.48 m (a degree of longitude has
#: 96,481 m at 30.005° north) by 1,108.5 m (0.01 of the 110,852 m of a degree of latitude there).
STRIP_M2 = 96.481 * 1108.52
# ::
#
#     119.00   .004 .005   119.01                119.02
#       ┌───────┬──┬──────────┬─────────────────────┐
#       │   a   │       b                           │   districts
#       ├───────┴──┼──────────┼─────────────────────┤
#       │   west   │   new    │        east         │   grids, west split at .005
#       └──────────┴──────────┴─────────────────────┘
A, B = box(119, 30, 119.004, 30.01), box(119.004, 30, 119.02, 30.01)


def plant(town: SmallTown, **shapes: Polygon) -> None:
    """Store districts by name."""
    records = [
        Feature(k, name, f"{name}巡区", {"force": ""}, shape, {})
        for k, (name, shape) in enumerate(shapes.items())
    ]
    with transaction(Scope.everything()) as session:
        county = area_by_id(session, town.county.id)
        report = ImportReport("districts", "test")
        store_districts(session, records, county, report=report, options=DistrictOptions())


def shown(town: SmallTown, set_id: int, scope: str = "") -> list[dict]:
    """Return the districts of the impact as somebody sees it whose scope is the path `scope`."""
    with transaction(Scope((scope or town.county.path,)), actor_id=town.drawer) as session:
        found: list[dict] = impact(session, service.load(session, set_id))["districts"]
        return found


def told(districts: list[dict]) -> dict[str, list[tuple]]:
    """Return by district (grid's name, strips before and after, districts of the grid before and after)."""
    return {
        one["code"]: [
            (
                grid["name"], round(grid["before_m2"] / STRIP_M2, 2), round(grid["after_m2"] / STRIP_M2, 2),
                grid["districts_before"], grid["districts_after"],
            )
            for grid in one["grids"]
        ]
        for one in districts
    }  # fmt: skip


def test_a_split_tells_which_part_lies_in_which_district(town: SmallTown) -> None:
    plant(town, a=A, b=B)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    found = told(shown(town, set_id))

    # The ground that the new grid takes lies in b alone: a is not concerned.
    (west, new) = found.pop("b")
    assert found == {}
    assert west == ("西网格", 6.0, 1.0, 2, 2)
    assert new[1:] == (0.0, 5.0, 0, 1)


def test_a_border_that_moves_onto_the_districts_makes_the_grid_whole_again(town: SmallTown) -> None:
    plant(town, a=A, b=B)
    set_id = opened(town)
    do(town, set_id, {1: box(119, 30, 119.004, 30.01), 2: box(119.004, 30, 119.02, 30.01)})

    assert told(shown(town, set_id)) == {"b": [("西网格", 6.0, 0.0, 2, 1), ("东网格", 10.0, 16.0, 1, 1)]}


def test_a_merge_tells_every_district_the_grown_grid_lies_in(town: SmallTown) -> None:
    plant(town, a=A, b=B)
    set_id = opened(town)
    do(town, set_id, {2: WHOLE}, ended=(1,))

    assert told(shown(town, set_id)) == {
        "a": [("西网格", 4.0, 0.0, 2, 0), ("东网格", 0.0, 4.0, 1, 2)],
        "b": [("西网格", 6.0, 0.0, 2, 0), ("东网格", 10.0, 16.0, 1, 2)],
    }


def test_a_strip_between_two_drawings_of_one_street_divides_no_grid(town: SmallTown) -> None:
    """The district's border runs 1.9 m beside that of the grids."""
    plant(town, a=box(119, 30, 119.01002, 30.01), b=box(119.01002, 30, 119.02, 30.01))
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    assert [grid[3:] for grid in told(shown(town, set_id))["a"]] == [(1, 1), (0, 1)]


def test_a_wider_piece_does(town: SmallTown) -> None:
    plant(town, a=box(119, 30, 119.0095, 30.01), b=box(119.0095, 30, 119.02, 30.01))
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    assert told(shown(town, set_id))["b"][0][1:] == (0.5, 0.0, 2, 1)


@pytest.mark.parametrize("rename", [False, True])
def test_without_ground_that_changes_hands_no_district_is_named(town: SmallTown, *, rename: bool) -> None:
    plant(town, a=WHOLE)
    set_id = opened(town)
    if rename:
        with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
            service.rename(session, set_id, 1, name="新名", code=None)

    assert shown(town, set_id) == []


def test_who_works_in_one_community_is_shown_districts_that_reach_beyond_it(town: SmallTown) -> None:
    plant(town, a=box(119, 30, 119.02, 30.02))
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    assert told(shown(town, set_id, town.community.path)) == told(shown(town, set_id)) != {}


def test_an_ended_district_counts_no_more(town: SmallTown) -> None:
    plant(town, a=WHOLE)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    with transaction(Scope.everything()) as session:
        session.execute(
            text("UPDATE patrol_district SET valid_to = :today, valid_from = CAST(:today AS date) - 1"),
            {"today": today()},
        )

    assert shown(town, set_id) == []


def test_the_publication_freezes_what_was_shown(town: SmallTown, reviewer: int) -> None:
    plant(town, a=A, b=B)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    before = shown(town, set_id)

    assert published(town, set_id, reviewer)["districts"] == before


def test_of_many_districts_only_those_near_the_changed_ground_are_read(town: SmallTown) -> None:
    """20,000 districts of a county; the question goes through the spatial index under the reader's role."""
    with transaction(Scope.everything()) as session:
        session.execute(
            text(
                "INSERT INTO patrol_district (county_id, area_id, area_path, code, name, geom) "
                "SELECT :county, :county, CAST(:path AS ltree), 'f' || n, 'f', "
                "ST_Multi(ST_Expand(ST_SetSRID("
                "ST_MakePoint(100 + n % 200 * 0.1, 20 + n / 200 * 0.05), 4326), 0.01)) "
                "FROM generate_series(1, 20000) AS n"
            ),
            {"county": town.county.id, "path": town.county.path},
        )
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    asked: list[tuple[str, dict]] = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "patrol_district" in statement:
            asked.append((statement, parameters))

    event.listen(engine(), "before_cursor_execute", note)
    try:
        shown(town, set_id)
    finally:
        event.remove(engine(), "before_cursor_execute", note)

    assert len(asked) == 1
    with transaction(Scope((town.community.path,))) as session:
        session.execute(text("SET LOCAL enable_seqscan = on"))
        driver = session.connection().connection.driver_connection
        plan = "\n".join(row[0] for row in driver.execute(f"EXPLAIN {asked[0][0]}", asked[0][1]))
    assert "ix_patrol_district_geom" in plan, plan


def test_districts_of_thousands_of_corners_do_not_hold_the_impact_up(town: SmallTown) -> None:
    """Two flowers of 5,000 corners: to find the width of each piece took 4 s of processor time, now 0.1."""
    turn = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    flower = np.column_stack([np.cos(turn), np.sin(turn)]) * (1 + 0.01 * np.sin(40 * turn))[:, None]
    shapes = [Polygon(flower * 0.0043 + [x, 30.005]) for x in (119.0045, 119.0145)]
    plant(town, a=shapes[0], b=shapes[1])
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    began = time.process_time()
    found = shown(town, set_id)

    assert time.process_time() - began < 1.5
    assert [one["code"] for one in found] == ["a"]


def test_grids_of_the_example_are_as_wide_as_reckoned() -> None:
    from geo.shapes.crs import area_m2

    assert area_m2(WEST) == pytest.approx(10 * STRIP_M2, rel=2e-4)
    assert area_m2(EAST) == pytest.approx(10 * STRIP_M2, rel=2e-4)
