"""The loader on real PostGIS: what was made is what is stored, once."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import func, select, text

from cameras.models import Camera
from core.db import Scope, transaction
from geo.areas.models import Area, AreaBoundary
from geo.households.models import Building, Dwelling, DwellingCell, Household
from geo.roads.models import RoadSection
from geo.staff.models import Account, Post
from geo.staff.service import authenticate
from incidents.models import Incident
from patrols.models import PatrolDistrict, Team
from webapp.cli.demo import demo
from webapp.demo.load import load_demo, load_town
from webapp.demo.town import Town

type Make = Callable[[int, int], Town]


@pytest.fixture(scope="module")
def small(town_of: Make) -> Town:
    return town_of(1, 600)


@pytest.fixture(scope="module")
def folder(module_database: object, small: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database holding the small town, and the folder of its files."""
    place = tmp_path_factory.mktemp("demo")
    with transaction(Scope.everything()) as session:
        load_demo(session, small, place)
    return place


@pytest.mark.parametrize(
    ("model", "count"),
    [
        (Area, lambda t: len(t.areas.name)),
        (AreaBoundary, lambda t: len(t.areas.name)),
        (RoadSection, lambda t: len(t.roads.names)),
        (Building, lambda t: len(t.buildings.kind)),
        (Dwelling, lambda t: len(t.dwellings.building)),
        (Household, lambda t: len(t.households.dwelling)),
        (Camera, lambda t: len(t.cameras.code)),
        (Incident, lambda t: len(t.incidents.kind)),
        (Team, lambda t: 12),
        (PatrolDistrict, lambda t: len(t.districts.code)),
    ],
    ids=lambda value: getattr(value, "__tablename__", ""),
)
def test_every_row_is_stored(folder: Path, small: Town, model: type, count: Callable[[Town], int]) -> None:
    with transaction(Scope.everything()) as session:
        assert session.scalar(select(func.count()).select_from(model)) == count(small)


def test_stored_grids_are_a_valid_partition(folder: Path) -> None:
    query = (
        select(func.ST_AsBinary(AreaBoundary.geom))
        .join(Area, Area.id == AreaBoundary.area_id)
        .where(Area.level == "grid")
    )
    with transaction(Scope.everything()) as session:
        grids = shapely.from_wkb([bytes(row) for row in session.scalars(query)])
    assert len(grids) >= 45
    assert shapely.coverage_is_valid(grids)


def test_every_point_belongs_to_the_area_that_holds_it(folder: Path) -> None:
    for table in ("dwelling", "incident", "camera", "place"):
        # Points within a metre of a border may go to either side.
        query = text(
            f"SELECT count(*) FROM {table} t JOIN area_boundary b ON b.area_id = t.area_id "
            "WHERE NOT ST_DWithin(t.geom, b.geom, 0.00001)"
        )
        with transaction(Scope.everything()) as session:
            assert session.scalar(query) == 0, table


def test_counted_squares_add_up(folder: Path, small: Town) -> None:
    query = select(func.sum(DwellingCell.dwelling_count)).where(DwellingCell.zoom == 12)
    with transaction(Scope.everything()) as session:
        assert session.scalar(query) == len(small.dwellings.building)


def test_loading_again_changes_nothing(folder: Path, small: Town) -> None:
    with transaction(Scope.everything()) as session:
        assert load_town(session, small) == {}
        assert session.scalar(select(func.count()).select_from(Dwelling)) == len(small.dwellings.building)


def test_lists_hold_only_masked_names_and_phones(folder: Path) -> None:
    with transaction(Scope.everything()) as session:
        rows = session.execute(select(Household.head_masked, Household.phone_masked)).all()
        readable = session.scalar(text("SELECT count(*) FROM household_contact"))
    assert all("*" in name and "****" in phone for name, phone in rows)
    assert readable == 0


def test_a_login_of_every_role_works_and_is_kept_for_its_owner_alone(folder: Path) -> None:
    kept = folder / "logins.json"
    logins = json.loads(kept.read_text("utf-8"))
    assert [login["role"] for login in logins] == [
        "captain", "dispatcher", "leader", "boundary", "approver", "admin", "auditor",
    ]  # fmt: skip
    assert kept.stat().st_mode & 0o777 == 0o600
    with transaction(Scope.everything()) as session:
        for login in logins:
            account = authenticate(session, login["username"], login["password"])
            assert isinstance(account, Account)


def test_truth_is_kept_aside_and_nowhere_in_the_database(folder: Path, small: Town) -> None:
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    assert truth["hotspots"] == small.truth()
    with transaction(Scope.everything()) as session:
        columns = session.scalars(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'incident'")
        ).all()
        assert session.scalar(text("SELECT count(*) FROM hotspot")) == 0
        assert (
            session.scalar(text("SELECT count(*) FROM audit_event WHERE fields::text LIKE '%radius%'")) == 0
        )
    assert not {"planted", "parent"} & set(columns)


def test_every_grid_has_a_captains_post_and_the_login_holds_one(folder: Path, small: Town) -> None:
    with transaction(Scope.everything()) as session:
        posts = session.execute(select(Post.account_id, Post.holder_name).where(Post.kind == "captain")).all()
    assert len(posts) == len(small.areas.rows("grid"))
    assert sum(account is not None for account, _ in posts) == 1


def test_a_captain_sees_his_grid_only(folder: Path) -> None:
    logins = json.loads((folder / "logins.json").read_text("utf-8"))
    with transaction(Scope.everything()) as session:
        path = session.scalar(select(Area.path).where(Area.name == logins[0]["area"]))
        total = session.scalar(select(func.count()).select_from(Dwelling))
    with transaction(Scope((str(path),))) as session:
        own = session.scalar(select(func.count()).select_from(Dwelling))
        areas = set(session.scalars(select(Dwelling.area_path)))
    assert areas == {path}
    assert 0 < (own or 0) < (total or 0)


def test_a_failing_load_leaves_nothing(database: object, small: Town, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(FileExistsError), transaction(Scope.everything()) as session:
        load_demo(session, small, blocked)
    with transaction(Scope.everything()) as session:
        assert session.scalar(select(func.count()).select_from(Area)) == 0


def test_stored_building_middles_hold_their_dwellings(folder: Path) -> None:
    query = text(
        "SELECT count(*) FROM dwelling d JOIN building b ON b.id = d.building_id "
        "WHERE NOT ST_Contains(b.geom, d.geom)"
    )
    with transaction(Scope.everything()) as session:
        assert session.scalar(query) == 0
        lengths = np.array(session.scalars(select(RoadSection.length_m)).all())
    assert lengths.min() > 0


def test_the_command_loads_once_and_tells_the_logins(database: object) -> None:
    runner = CliRunner()
    first = runner.invoke(demo, ["--households", "300", "--seed", "3"])
    again = runner.invoke(demo, ["--households", "300", "--seed", "3"])
    told = runner.invoke(demo, ["logins", "--json"])
    renewed = runner.invoke(demo, ["logins", "--renew", "--json"])
    assert first.exit_code == again.exit_code == told.exit_code == renewed.exit_code == 0, first.output
    assert "dwelling" in first.output
    assert "already" in again.output
    before, after = json.loads(told.output), json.loads(renewed.output)
    assert [(row["role"], row["area"]) for row in before] == [(row["role"], row["area"]) for row in after]
    assert all(old["password"] != new["password"] for old, new in zip(before, after, strict=True))
    with transaction(Scope.everything()) as session:
        assert authenticate(session, after[1]["username"], after[1]["password"]).login == "dispatcher"


def test_logins_before_a_town_say_what_to_do(database: object) -> None:
    told = CliRunner().invoke(demo, ["logins", "--json"])
    assert told.exit_code == 1
    assert "gridpatrol demo" in told.output
