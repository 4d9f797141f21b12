"""SQL of accounts, their sign-ins, roles and grants, and of what accounts asked for and did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Row,
    Select,
    any_,
    case,
    delete,
    func,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from core.audit import AuditEvent
from core.clock import local_zone
from core.db import Scope, read_once
from core.errors import NotFound
from core.listing import Page, Sortable
from core.models import JobRun
from core.queries import STATES
from geo.areas.models import Area
from geo.staff.models import Account, AccountRole, AccountSession, Post, Role, RolePermission


class Held(NamedTuple):
    """A role an account holds over an area."""

    role_code: str
    area_id: int
    area_path: str
    home: str


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

    @classmethod
    def of(cls, held: Sequence[Held], permissions: Iterable[str]) -> Self:
        """Return the grants of who holds the roles `held`, ordered by rank, with their `permissions`."""
        return cls(
            permissions=frozenset(permissions),
            scope=Scope(tuple(dict.fromkeys(role.area_path for role in held))),
            roles=tuple(dict.fromkeys(role.role_code for role in held)),
            home=held[0].home if held else "",
            area_id=held[0].area_id if held else None,
        )


def account_by_login(session: Session, login: str) -> Account:
    """Return the account of `login`.

    Raises
    ------
    NotFound
        ``account_unknown`` (field `login`).
    """
    account = account_or_none(session, login)
    if account is None:
        raise NotFound("account_unknown", login=login)
    return account


def account_or_none(session: Session, login: str) -> Account | None:
    """Return the account of `login`, whatever its capitals, None when there is none."""
    return session.scalar(select(Account).where(func.lower(Account.login) == login.lower()))


def password_hash(session: Session, account_id: int) -> str | None:
    """Return the hash of a password to the system or to its own account; None to everybody else."""
    found: str | None = session.scalar(text("SELECT account_password(:id)"), {"id": account_id})
    return found


def note_sign_in(session: Session, account_id: int, moment: datetime) -> None:
    """Write down when the account signed in; not its version: two sign-ins at once are no conflict."""
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(last_login_at=moment)
        .execution_options(synchronize_session=False)
    )


def first_role(session: Session, account_id: int) -> AccountRole | None:
    """Return the role the account was given first, None when it holds none in the session's scope."""
    return session.scalar(
        select(AccountRole).where(AccountRole.account_id == account_id).order_by(AccountRole.id).limit(1)
    )


def captaincy(session: Session, grid_id: int) -> Post | None:
    """Return the captain's post of a grid as it is held today, None when there is no such post."""
    return session.scalar(
        select(Post).where(Post.area_id == grid_id, Post.kind == "captain", Post.valid_to.is_(None))
    )


# Asked with every request: account, roles and permissions in one statement, without the ORM.
_HOLDER = """
SELECT a.id, a.login, a.name, a.locale, a.password_is_temporary, s.seen_at,
    coalesce((SELECT json_agg(json_build_array(r.code, h.area_id, h.area_path::text, r.home)
                              ORDER BY r.rank, h.id)
              FROM account_role AS h JOIN role AS r ON r.code = h.role_code
              WHERE h.account_id = a.id), '[]') AS held,
    ARRAY(SELECT p.permission FROM account_role AS h JOIN role_permission AS p USING (role_code)
          WHERE h.account_id = a.id) AS permissions
FROM account_session AS s JOIN account AS a ON a.id = s.account_id AND a.session_epoch = s.epoch
WHERE s.key_digest = %(digest)s AND s.seen_at > %(used_since)s AND a.active
"""


def holder(digest: str, *, used_since: datetime) -> Row[Any] | None:
    """Return the active account of a sign-in that holds, with what it holds; None of any other.

    Columns: id, login, name, locale, password_is_temporary, seen_at; `held`, a list of what makes a `Held`,
    by rank; `permissions`. A transaction of its own.
    """
    found = read_once(Scope.everything(), _HOLDER, {"digest": digest, "used_since": used_since})
    return found[0] if found else None


def note_use(session: Session, digest: str, moment: datetime) -> None:
    """Write down when a sign-in was used last."""
    session.execute(update(AccountSession).where(AccountSession.key_digest == digest).values(seen_at=moment))


def delete_sign_in(session: Session, digest: str) -> None:
    """Delete a sign-in."""
    session.execute(delete(AccountSession).where(AccountSession.key_digest == digest))


def delete_dead_sign_ins(session: Session, *, used_before: datetime) -> int:
    """Delete the sign-ins used last before then or ended by their account; return how many."""
    epoch = select(Account.session_epoch).where(Account.id == AccountSession.account_id).scalar_subquery()
    gone = session.execute(
        delete(AccountSession)
        .where((AccountSession.seen_at < used_before) | (AccountSession.epoch != epoch))
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


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
    return Grants.of([Held(*row) for row in held], permissions)


def list_roles(session: Session) -> Sequence[Role]:
    """Return all roles, by rank."""
    return session.scalars(select(Role).order_by(Role.rank)).all()


#: Sorts Chinese by pinyin and ignores case at first; the clusters' own order is that of code points.
_SPOKEN = "zh-x-icu"
_NEVER = literal_column("'-infinity'::timestamptz", DateTime(timezone=True))
_NOT_YET = literal_column("'infinity'::timestamptz", DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts to list: all that match everything that is given; `words` stand in login or name."""

    words: str = ""
    role: str = ""
    active: bool | None = None


def roles_with(session: Session, permissions: Sequence[str]) -> frozenset[str]:
    """Return the codes of the roles that hold any of `permissions`."""
    return frozenset(
        session.scalars(
            select(RolePermission.role_code).where(RolePermission.permission.in_(permissions)).distinct()
        )
    )


def list_accounts(session: Session) -> Sequence[Row[Any]]:
    """Return the accounts by login: each with its last sign-in, who vouches for it, roles and areas."""
    return session.execute(_accounts().order_by(Account.login)).all()


def accounts_page(session: Session, wanted: AccountFilter, page: Page) -> Sequence[Row[Any]]:
    """Return a page of the rows of `list_accounts`; to be sorted by account (its name), role or sign_in."""
    held = _accounts().subquery()
    listed: Sortable[Any] = Sortable(
        select(held),
        {
            "account": func.coalesce(func.nullif(held.c.name, ""), held.c.login).collate(_SPOKEN),
            "role": held.c.rank,
            "sign_in": func.coalesce(held.c.last_login_at, _NEVER),
        },
        held.c.id,
    )
    where: list[ColumnElement[bool]] = []
    if words := wanted.words.strip():
        where.append(
            held.c.login.icontains(words, autoescape=True) | held.c.name.icontains(words, autoescape=True)
        )
    if wanted.role:
        where.append(literal(wanted.role) == any_(held.c.roles))
    if wanted.active is not None:
        where.append(held.c.active == wanted.active)
    return session.execute(listed.page(page, where)).all()


def _accounts() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Account.id,
            Account.login,
            Account.name,
            Account.active,
            Account.last_login_at,
            Account.entrusted_at,
            Account.entrusted_by,
            Account.confirmed_by,
            func.array_agg(Role.code).label("roles"),
            func.array_agg(Role.name_zh).label("roles_zh"),
            func.array_agg(Role.name_en).label("roles_en"),
            func.array_agg(Area.name).label("areas"),
            func.min(Role.rank).label("rank"),
        )
        .join(AccountRole, AccountRole.account_id == Account.id)
        .join(Role, Role.code == AccountRole.role_code)
        .join(Area, Area.id == AccountRole.area_id)
        .group_by(Account.id)
    )


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which runs to list: all of a state and of a kind, where given."""

    state: str = ""
    kind: str = ""


def runs_page(session: Session, wanted: JobFilter, page: Page) -> Sequence[Row[JobRun, str]]:
    """Return a page of runs with the name of who asked; to be sorted by asked, job, state or ended."""
    listed = Sortable(
        select(JobRun, func.coalesce(Account.name, "")).outerjoin(Account, Account.id == JobRun.actor_id),
        {
            "asked": JobRun.id,
            "job": JobRun.kind,
            "state": case({state: rank for rank, state in enumerate(STATES)}, value=JobRun.state),
            "ended": func.coalesce(JobRun.finished_at, _NOT_YET),
        },
        JobRun.id,
    )
    where: list[ColumnElement[bool]] = []
    if wanted.state:
        where.append(JobRun.state == wanted.state)
    if wanted.kind:
        where.append(JobRun.kind == wanted.kind)
    return session.execute(listed.page(page, where)).all()


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts to list: all that match everything that is given."""

    action: str = ""
    actor: str = ""
    day_from: date | None = None
    day_to: date | None = None


def acts_page(session: Session, wanted: AuditFilter, page: Page) -> Sequence[Row[AuditEvent, str, str]]:
    """Return a page of acts with actor and place; to be sorted by when, act, who or where."""
    actor, place = func.coalesce(Account.login, ""), func.coalesce(Area.name, "")
    listed = Sortable(
        select(AuditEvent, actor, place)
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .outerjoin(Area, Area.path == AuditEvent.area_path),
        {
            "when": AuditEvent.id,
            "act": AuditEvent.action,
            "who": actor.collate(_SPOKEN),
            "where": place.collate(_SPOKEN),
        },
        AuditEvent.id,
    )
    return session.execute(listed.page(page, _acts_wanted(wanted))).all()


def _acts_wanted(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.action:
        where.append(AuditEvent.action == wanted.action)
    if wanted.actor:
        # Nobody is signed in yet at the moment of signing in: the act itself names the login.
        signing_in = (AuditEvent.action == "account.sign_in") & (
            func.lower(AuditEvent.fields["login"].astext) == wanted.actor.lower()
        )
        where.append((func.lower(Account.login) == wanted.actor.lower()) | signing_in)
    if wanted.day_from is not None:
        where.append(AuditEvent.at >= _midnight(wanted.day_from))
    if wanted.day_to is not None:
        where.append(AuditEvent.at < _midnight(wanted.day_to + timedelta(days=1)))
    return where


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=local_zone())
