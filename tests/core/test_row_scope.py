"""What a transaction can see and change is decided by the database, whatever the query forgets."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm.exc import StaleDataError

from core.audit import AuditEvent, record
from core.db import LayerVersion, Scope, touch_layer, transaction
from core.errors import InvalidInput
from geo.areas.models import Area, AreaName
from geo.households.models import Dwelling, DwellingCell, Household, HouseholdContact
from tests.conftest import Database
from tests.small_town import SmallTown, add_dwelling, build_small_town


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town in a database of its own."""
    return build_small_town()


def test_a_captain_sees_own_grid_only(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,))) as session:
        assert session.scalars(select(Dwelling.id)).all() == [town.west_dwelling]
        assert session.scalars(select(Household.id)).all() == [town.west_household]


def test_without_a_scope_nothing_exists(town: SmallTown) -> None:
    with transaction(Scope.nothing()) as session:
        assert session.scalar(select(func.count()).select_from(Dwelling)) == 0
        assert session.scalar(select(func.count()).select_from(Area)) == 0


def test_boundaries_of_the_county_are_seen_but_changed_only_within_scope(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,))) as session:
        assert session.scalar(select(func.count()).select_from(Area)) == 6
        changed = session.execute(update(Area).where(Area.id == town.east.id).values(name="mine")).rowcount
        assert changed == 0


def test_names_of_the_county_are_seen_but_ended_only_within_scope(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,))) as session:
        names = session.scalars(select(AreaName.name).order_by(AreaName.area_id)).all()
        assert names == session.scalars(select(Area.name).order_by(Area.id)).all()
        ending = update(AreaName).where(AreaName.area_id == town.east.id).values(valid=Range(empty=True))
        assert session.execute(ending).rowcount == 0
    with transaction(Scope((str(town.county.id + 1),))) as session:
        assert session.scalars(select(AreaName)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE area_name SET name = 'mine'", id="rewritten"),
        pytest.param("UPDATE area_name SET code = '1'", id="numbered anew"),
        pytest.param("DELETE FROM area_name", id="forgotten"),
    ],
)
def test_what_an_area_was_called_cannot_be_changed_by_anybody(town: SmallTown, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction(Scope.everything()) as session,
    ):
        session.execute(text(statement))


def test_an_area_has_one_name_at_any_date(town: SmallTown) -> None:
    owner = {"county_id": town.west.county_id, "area_id": town.west.id, "area_path": town.west.path}
    with pytest.raises(DBAPIError, match="ex_area_name_valid"), transaction(Scope.everything()) as session:
        session.add(AreaName(code="1", name="another", **owner))


def test_a_row_cannot_be_written_outside_the_scope(town: SmallTown) -> None:
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        transaction(Scope((town.west.path,))) as session,
    ):
        add_dwelling(session, town.east, 119.016, 30.005, head="孙")


def test_a_rows_path_must_be_its_areas_path(town: SmallTown) -> None:
    with pytest.raises(DBAPIError, match="fk_dwelling_area"), transaction(Scope.everything()) as session:
        session.execute(
            update(Dwelling).where(Dwelling.id == town.east_dwelling).values(area_path=town.west.path)
        )


def test_paths_follow_when_an_area_moves_in_the_tree(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(
            update(Area).where(Area.id == town.west.id).values(path=f"{town.county.path}.{town.west.id}")
        )
    with transaction(Scope((f"{town.county.path}.{town.west.id}",))) as session:
        assert session.scalars(select(Dwelling.id)).all() == [town.west_dwelling]
        assert session.scalars(select(DwellingCell.dwelling_count)).all() == [1] * 13


def test_contacts_cannot_be_read_by_a_query_however_wide_the_scope(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        assert session.scalars(select(HouseholdContact)).all() == []


def test_squares_follow_dwellings_that_move_change_hands_and_go(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        session.execute(text("UPDATE dwelling SET geom = ST_SetSRID(ST_MakePoint(119.0051, 30.0061), 4326) "
                             "WHERE id = :id"), {"id": town.west_dwelling})  # fmt: skip
        session.execute(
            update(Dwelling)
            .where(Dwelling.id == town.east_dwelling)
            .values(area_id=town.west.id, area_path=town.west.path)
        )
        _assert_squares_true(session)
        session.execute(delete(Dwelling).where(Dwelling.id == town.east_dwelling))
        _assert_squares_true(session)


def _assert_squares_true(session) -> None:
    wrong = session.execute(
        text(
            "WITH truth AS (SELECT zoom, map_square(ST_X(geom_tile)) >> (20 - zoom) AS x, "
            "map_square(-ST_Y(geom_tile)) >> (20 - zoom) AS y, area_id, count(*) AS n "
            "FROM dwelling, generate_series(8, 20) AS zoom GROUP BY 1, 2, 3, 4), "
            "kept AS (SELECT zoom, x, y, area_id, dwelling_count AS n FROM dwelling_cell "
            "WHERE dwelling_count <> 0) (SELECT * FROM truth EXCEPT SELECT * FROM kept) "
            "UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM truth)"
        )
    ).all()
    assert wrong == []


def test_the_loser_of_two_writers_is_told(town: SmallTown) -> None:
    with transaction(Scope.everything()) as first:
        mine = first.get_one(Dwelling, town.west_dwelling)

        def meanwhile() -> None:
            with transaction(Scope.everything()) as second:
                second.get_one(Dwelling, town.west_dwelling).address = "theirs"

        other = threading.Thread(target=meanwhile)
        other.start()
        other.join(timeout=20)
        mine.address = "mine"
        with pytest.raises(StaleDataError):
            first.flush()
        first.rollback()


def test_a_layers_version_rises_once_per_commit_and_never_on_rollback(town: SmallTown) -> None:
    def version() -> int:
        with transaction(Scope.everything()) as session:
            return session.get_one(LayerVersion, "dwellings").version

    before = version()
    with transaction(Scope.everything()) as session:
        touch_layer(session, "dwellings")
        touch_layer(session, "dwellings")
        with session.begin_nested():
            session.get_one(Dwelling, town.west_dwelling).address = "x"
    assert version() == before + 1

    with pytest.raises(ZeroDivisionError), transaction(Scope.everything()) as session:
        touch_layer(session, "dwellings")
        raise ZeroDivisionError
    assert version() == before + 1


def test_audit_events_are_read_within_scope(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        record(session, "grid.seen", subject=town.west)
        record(session, "list.exported")
    with transaction(Scope((town.east.path,)), actor_id=town.captain) as session:
        record(session, "grid.seen.elsewhere", subject=town.east)
    with transaction(Scope.everything()) as session:
        record(session, "system.act")
    with transaction(Scope((town.west.path,))) as session:
        acts = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
        seen = [act for act in acts if not act.startswith("account.")]
    with transaction(Scope.everything()) as session:
        everything = set(session.scalars(select(AuditEvent.action)))

    assert seen == ["grid.seen", "list.exported"], "an act without a subject belongs to the actor's area"
    assert everything >= {"grid.seen", "list.exported", "grid.seen.elsewhere", "system.act"}


def test_a_second_active_captain_is_impossible(town: SmallTown) -> None:
    with (
        pytest.raises(DBAPIError, match="uq_post_active_captain"),
        transaction(Scope.everything()) as session,
    ):
        session.execute(
            text("INSERT INTO post (kind, county_id, area_id, area_path) VALUES ('captain', :c, :a, :p)"),
            {"c": town.county.id, "a": town.west.id, "p": town.west.path},
        )


def test_two_boundaries_of_an_area_cannot_hold_on_one_day(town: SmallTown) -> None:
    with (
        pytest.raises(DBAPIError, match="ex_area_boundary_valid"),
        transaction(Scope.everything()) as session,
    ):
        session.execute(
            text("INSERT INTO area_boundary (county_id, area_id, area_path, geom, area_m2) "
                 "SELECT county_id, area_id, area_path, geom, 1 FROM area_boundary WHERE area_id = :a"),
            {"a": town.west.id},
        )  # fmt: skip


@given(st.text())
def test_only_paths_of_ids_are_a_scope(path: str) -> None:
    plain = path == "" or all(part.isascii() and part.isdigit() for part in path.split("."))
    if plain:
        assert Scope((path,)).paths == (path,)
    else:
        with pytest.raises(InvalidInput):
            Scope((path,))


@pytest.mark.parametrize(
    ("own", "path", "held"),
    [
        ("", "1.2", True),
        ("1", "1.2", True),
        ("1.2", "1.2", True),
        ("1.2", "1.20", False),
        ("1.2", "1", False),
    ],
)
def test_a_scope_holds_what_lies_below_it(own: str, path: str, held: bool, database: Database) -> None:
    assert Scope((own,)).holds(path) is held
    with transaction(Scope((own,))) as session:
        assert session.scalar(text("SELECT app_scope() @> CAST(:path AS ltree)"), {"path": path}) is held


def test_statements_time_out(database: Database) -> None:
    with (
        pytest.raises((DBAPIError, ProgrammingError), match="statement timeout"),
        transaction(Scope.nothing(), statement_timeout_s=1) as session,
    ):
        session.execute(text("SELECT pg_sleep(5)"))


@pytest.mark.parametrize(("timeout_s", "patience"), [(None, "10s"), (20, "20s"), (3600, "5min")])
def test_who_may_work_long_waits_longer_for_locks(
    timeout_s: int | None, patience: str, database: Database
) -> None:
    with transaction(Scope.nothing(), statement_timeout_s=timeout_s) as session:
        assert session.scalar(text("SHOW lock_timeout")) == patience
