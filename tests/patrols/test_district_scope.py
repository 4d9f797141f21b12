"""Who sees which patrol district, and who may change it."""

import pytest
from shapely import box
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.clock import today
from core.db import Scope, transaction
from core.intake.report import ImportReport
from geo.areas.feature import Feature
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.nearby import Spot
from patrols.districts.intake import DistrictOptions, store_districts
from patrols.districts.tiles import districts_at
from patrols.models import Force, PatrolDistrict
from tests.conftest import Database

# ::
#
#     119.00        119.02        119.04
#       ┌──────────────┬──────────────┐ 30.02
#       │     west     ╎     east     │   a district of each town,
#       ├──────────────┴──────────────┤ 30.01
#       │            both             │   and one over both
#       └─────────────────────────────┘ 30.00
DISTRICTS = {
    "west": box(119, 30.01, 119.02, 30.02),
    "east": box(119.02, 30.01, 119.04, 30.02),
    "both": box(119, 30, 119.04, 30.01),
}


@pytest.fixture
def towns(database: Database) -> dict[str, Area]:
    """A county of two towns and a county beside it, with three districts of the first."""
    with transaction(Scope.everything()) as session:
        county = create_area(
            session, NewArea("county", "990001", "试验县", box(119, 30, 119.04, 30.02)), None
        )
        west = create_area(session, NewArea("town", "990001001", "西镇", box(119, 30, 119.02, 30.02)), county)
        east = create_area(
            session, NewArea("town", "990001002", "东镇", box(119.02, 30, 119.04, 30.02)), county
        )
        other = create_area(session, NewArea("county", "880001", "邻县", box(120, 31, 120.02, 31.02)), None)
        records = [Feature(1, code, code, {"force": ""}, shape, {}) for code, shape in DISTRICTS.items()]
        store_districts(
            session, records, county, report=ImportReport("districts", "test"), options=DistrictOptions()
        )
        return {"county": county, "west": west, "east": east, "other": other}


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        ("west", {"west", "both"}),
        ("east", {"east", "both"}),
        ("county", {"west", "east", "both"}),
        ("other", set()),
    ],
)
def test_a_reader_sees_the_districts_over_the_own_ground(
    towns: dict[str, Area], reader: str, seen: set[str]
) -> None:
    with transaction(Scope((towns[reader].path,))) as session:
        assert set(session.scalars(select(PatrolDistrict.code))) == seen


@pytest.mark.parametrize(
    ("reader", "force"), [("west", "县巡防队"), ("county", "县巡防队"), ("other", None), ("", None)]
)
def test_who_sees_a_district_reads_whose_it_is(
    towns: dict[str, Area], reader: str, force: str | None
) -> None:
    record = Feature(1, "west", "west", {"force": "县巡防队"}, DISTRICTS["west"], {})
    with transaction(Scope.everything()) as session:
        store_districts(
            session, [record], towns["county"], report=ImportReport("districts", "test"),
            options=DistrictOptions(force_kind="police", replace=True),
        )  # fmt: skip

    scope = Scope((towns[reader].path,)) if reader else Scope.nothing()
    with transaction(scope) as session:
        rows = districts_at(session, Spot(119.01, 30.015, 0))
        assert [row.force for row in rows] == ([force] if force else [])


def test_a_force_of_the_county_is_read_in_a_town_and_not_changed_there(towns: dict[str, Area]) -> None:
    county, west, east = (
        {"county_id": towns["county"].id, "area_id": area.id, "area_path": area.path}
        for area in (towns["county"], towns["west"], towns["east"])
    )
    with transaction(Scope.everything()) as session:
        session.add_all(
            Force(name=name, kind="police", **owner)
            for name, owner in (("county", county), ("west", west), ("east", east))
        )
    with transaction(Scope((towns["west"].path,))) as session:
        assert set(session.scalars(select(Force.name))) == {"county", "west"}
        assert session.scalars(text("UPDATE force SET kind = 'village' RETURNING name")).all() == ["west"]
        assert session.scalars(text("DELETE FROM force RETURNING name")).all() == ["west"]


def test_without_a_scope_there_are_no_districts(towns: dict[str, Area]) -> None:
    with transaction(Scope.nothing()) as session:
        assert session.scalars(select(PatrolDistrict.code)).all() == []


def test_who_sees_a_part_of_a_district_does_not_change_it(towns: dict[str, Area]) -> None:
    with transaction(Scope((towns["west"].path,))) as session:
        changed = session.scalars(text("UPDATE patrol_district SET name = 'mine' RETURNING code")).all()

    assert changed == ["west"]


@pytest.mark.parametrize("area", ["east", "county"])
def test_nobody_adds_a_district_outside_the_own_area(towns: dict[str, Area], area: str) -> None:
    row = {"area": towns[area].id, "path": towns[area].path, "county": towns["county"].id}
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        transaction(Scope((towns["west"].path,))) as session,
    ):
        session.execute(
            text(
                "INSERT INTO patrol_district (county_id, area_id, area_path, code, name, geom) VALUES "
                "(:county, :area, CAST(:path AS ltree), 'x', 'x', "
                "ST_Multi(ST_MakeEnvelope(119, 30, 119.01, 30.01, 4326)))"
            ),
            row,
        )


def test_districts_end_and_are_never_deleted(towns: dict[str, Area]) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction(Scope.everything()) as session:
        session.execute(text("DELETE FROM patrol_district"))


def test_a_code_stands_once_among_those_that_have_not_ended(towns: dict[str, Area]) -> None:
    again = (
        "INSERT INTO patrol_district (county_id, area_id, area_path, code, name, geom) "
        "SELECT county_id, area_id, area_path, code, name, geom FROM patrol_district WHERE code = 'west'"
    )
    with (
        pytest.raises(DBAPIError, match="uq_patrol_district_code"),
        transaction(Scope.everything()) as session,
    ):
        session.execute(text(again))
    with transaction(Scope.everything()) as session:
        session.execute(
            text("UPDATE patrol_district SET valid_to = :today WHERE code = 'west'"), {"today": today()}
        )
        session.execute(text(again))
