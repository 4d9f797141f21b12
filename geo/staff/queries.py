"""Reads of accounts, roles and grants."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import Scope
from core.errors import NotFound
from geo.areas.models import Area
from geo.staff.models import Account, AccountRole, Role, RolePermission


@dataclass(frozen=True, slots=True)
class Grants:
    """What an account may do (`permissions`), how far (`scope`), and where it lands (`home`).

    `area_id` is the first area granted: the account's own place.
    """

    permissions: frozenset[str]
    scope: Scope
    roles: tuple[str, ...]
    home: str
    area_id: int | None


def account_by_login(session: Session, login: str) -> Account:
    """Return the account of `login`.

    Raises
    ------
    NotFound
        ``account_unknown`` (field `login`).
    """
    account = session.scalar(select(Account).where(func.lower(Account.login) == login.lower()))
    if account is None:
        raise NotFound("account_unknown", login=login)
    return account


def grants_of(session: Session, account_id: int) -> Grants:
    """Return the grants of an account; the session must see all areas (system scope).

    An account with roles over several areas has the union of permissions over the union of areas.
    """
    held = session.execute(
        select(AccountRole.role_code, AccountRole.area_id, AccountRole.area_path, Role.home)
        .join(Role, Role.code == AccountRole.role_code)
        .where(AccountRole.account_id == account_id)
        .order_by(Role.rank, AccountRole.id)
    ).all()
    codes = [row.role_code for row in held]
    permissions = session.scalars(
        select(RolePermission.permission).where(RolePermission.role_code.in_(codes)).distinct()
    )
    return Grants(
        permissions=frozenset(permissions),
        scope=Scope(tuple(dict.fromkeys(str(row.area_path) for row in held))),
        roles=tuple(dict.fromkeys(codes)),
        home=held[0].home if held else "",
        area_id=held[0].area_id if held else None,
    )


def list_accounts(session: Session) -> Sequence[Any]:
    """Return (id, login, name, active, last_login_at, role codes, role names, area names), by login."""
    return session.execute(
        select(
            Account.id,
            Account.login,
            Account.name,
            Account.active,
            Account.last_login_at,
            func.array_agg(Role.code).label("roles"),
            func.array_agg(Role.name_zh).label("roles_zh"),
            func.array_agg(Role.name_en).label("roles_en"),
            func.array_agg(Area.name).label("areas"),
        )
        .join(AccountRole, AccountRole.account_id == Account.id)
        .join(Role, Role.code == AccountRole.role_code)
        .join(Area, Area.id == AccountRole.area_id)
        .group_by(Account.id)
        .order_by(Account.login)
    ).all()
