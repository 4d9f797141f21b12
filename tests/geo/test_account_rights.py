"""What the application's role may do with accounts and roles, whatever statement reaches the database."""

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from core.db import Scope, transaction
from geo.areas.queries import area_by_id
from geo.staff.models import Account, AccountRole
from geo.staff.queries import password_hash
from geo.staff.service import create_account, grant_role
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town: a captain of the west grid, boundary staff of the county."""
    return build_small_town()


@pytest.fixture
def manager(town: SmallTown) -> int:
    """An administrator of the west grid alone."""
    with transaction(Scope.everything()) as session:
        west = area_by_id(session, town.west.id)
        return create_account(session, login="manager", name="", role_code="admin", area=west)[0].id


@pytest.mark.parametrize(
    "act",
    [
        "INSERT INTO role VALUES ('king', '王', 'King', 'admin', 9)",
        "UPDATE role SET home = 'admin'",
        "DELETE FROM role",
        "INSERT INTO role_permission VALUES ('captain', 'account.manage')",
        "UPDATE role_permission SET role_code = 'captain'",
        "DELETE FROM role_permission",
        "DELETE FROM account",
        "UPDATE account_role SET role_code = 'admin'",
        "UPDATE account_role SET account_id = 1",
    ],
)
def test_the_application_cannot_widen_what_roles_may_do(town: SmallTown, act: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction(Scope.everything()) as session:
        session.execute(text(act))


@pytest.mark.parametrize("what", ["password_hash", "*", "count(password_hash)", "to_jsonb(account)"])
def test_no_query_reads_hashes_of_passwords(town: SmallTown, what: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction(Scope.everything()) as session:
        session.execute(text(f"SELECT {what} FROM account"))


def test_every_other_column_of_an_account_can_be_read(town: SmallTown, owner_engine: Engine) -> None:
    with owner_engine.connect() as owner:
        columns = owner.scalars(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'account'")
        ).all()
    with transaction(Scope.nothing()) as session:
        readable = session.scalars(
            text(
                "SELECT name FROM unnest(CAST(:names AS text[])) AS name "
                "WHERE has_column_privilege('account', name, 'SELECT')"
            ),
            {"names": list(columns)},
        ).all()

    assert set(columns) - set(readable) == {"password_hash"}


def test_a_hash_is_told_to_the_system_and_to_its_own_account_only(town: SmallTown) -> None:
    with transaction(Scope.everything()) as system:
        assert (password_hash(system, town.captain) or "").startswith("$argon2id$")
    with transaction(Scope((town.west.path,)), actor_id=town.captain) as own:
        assert (password_hash(own, town.captain) or "").startswith("$argon2id$")
        assert password_hash(own, town.drawer) is None
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as other:
        assert password_hash(other, town.captain) is None


def test_nobody_changes_accounts_of_others_without_managing_them(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        changed = session.execute(text("UPDATE account SET locale = 'en' RETURNING id")).scalars().all()

    assert changed == [town.drawer]


def test_who_manages_a_part_changes_only_accounts_that_act_nowhere_else(
    town: SmallTown, manager: int
) -> None:
    with transaction(Scope((town.west.path,)), actor_id=manager) as session:
        changed = session.execute(text("UPDATE account SET locale = 'en' RETURNING id")).scalars().all()
    assert set(changed) == {town.captain, manager}

    with transaction(Scope.everything()) as session:
        county = area_by_id(session, town.county.id)
        grant_role(session, session.get_one(Account, town.captain), role_code="leader", area=county)
    with transaction(Scope((town.west.path,)), actor_id=manager) as session:
        changed = session.execute(text("UPDATE account SET locale = 'zh' RETURNING id")).scalars().all()
    assert changed == [manager]


@pytest.mark.parametrize("role", ["captain", "admin"])
def test_only_who_manages_accounts_makes_them_and_gives_roles(town: SmallTown, role: str) -> None:
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
    ):
        west = area_by_id(session, town.west.id)
        create_account(session, login="friend", name="", role_code=role, area=west)
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
    ):
        own = session.get_one(Account, town.captain)
        grant_role(session, own, role_code=role, area=area_by_id(session, town.community.id))


def test_who_manages_accounts_makes_them_in_own_areas(town: SmallTown, manager: int) -> None:
    with transaction(Scope((town.west.path,)), actor_id=manager) as session:
        west = area_by_id(session, town.west.id)
        made, _ = create_account(session, login="new", name="新", role_code="leader", area=west)
        held = session.scalars(select(AccountRole.role_code).where(AccountRole.account_id == made.id)).all()

    assert held == ["leader"]
    assert made.entrusted_by == manager
