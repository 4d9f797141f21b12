"""Making accounts and signing in."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, now, today
from core.db import actor_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.jobs import cancel_asked_by
from geo.areas.models import Area
from geo.staff import queries
from geo.staff.models import Account, AccountRole, Post, Role
from geo.staff.password import MINIMUM_LENGTH, hash_password, password_matches, random_password

_LOGIN = re.compile(r"[\w.@-]{2,64}\Z")


def create_account(
    session: Session, *, login: str, name: str, role_code: str, area: Area, password: str | None = None
) -> tuple[Account, str]:
    """Store an account with one role over `area`; return it with its (random) password.

    A random password is temporary: whoever made the account has read it. One that is handed in is the
    holder's own.

    Raises
    ------
    InvalidInput
        ``login_unusable`` or ``password_too_short``.
    NotFound
        ``role_unknown``.
    Conflict
        ``login_taken``.
    """
    if not _LOGIN.match(login):
        raise InvalidInput("login_unusable", login=login)
    if session.get(Role, role_code) is None:
        raise NotFound("role_unknown", role=role_code)
    # A login that differs in its capitals only would pass for another person's.
    if queries.account_or_none(session, login) is not None:
        raise Conflict("login_taken", login=login)
    chosen = password or random_password()
    account = Account(
        login=login,
        name=name or login,
        password_hash=_hashed(chosen),
        password_is_temporary=password is None,
    )
    session.add(account)
    session.flush()
    grant_role(session, account, role_code=role_code, area=area)
    _note(session, "account.create", account, role=role_code, area=area.code)
    return account, chosen


def grant_role(session: Session, account: Account, *, role_code: str, area: Area) -> None:
    """Let `account` hold a role over `area`; a captain of a grid also takes the captain's post."""
    session.add(
        AccountRole(
            account_id=account.id,
            role_code=role_code,
            county_id=area.county_id,
            area_id=area.id,
            area_path=area.path,
        )
    )
    session.flush()  # the account is changed below, which who manages it may only where it acts
    if role_code == "captain" and area.level == "grid":
        _take_captaincy(session, account, area)
    _entrust(session, account)
    session.flush()


def set_password(session: Session, account: Account, password: str | None = None) -> str:
    """Give the account a new (random, then temporary) password and end its sessions; return the password."""
    chosen = password or random_password()
    account.password_hash = _hashed(chosen)
    account.password_is_temporary = password is None
    account.session_epoch += 1
    _entrust(session, account)
    session.flush()
    _note(session, "account.password", account)
    return chosen


def change_own_password(session: Session, account: Account, *, old: str, new: str) -> None:
    """Let the holder choose a password only he knows, which ends all his sessions.

    Raises
    ------
    Forbidden
        ``password_refused``: `old` is not his password.
    InvalidInput
        ``password_too_short``, or ``password_unchanged``: `new` is the old one.
    """
    if not password_matches(queries.password_hash(session, account.id), old):
        raise Forbidden("password_refused")
    if new == old:
        raise InvalidInput("password_unchanged")
    account.password_hash = _hashed(new)
    account.password_is_temporary = False
    account.session_epoch += 1
    session.flush()
    _note(session, "account.own_password", account)


def sign_out_everywhere(session: Session, account: Account) -> None:
    """End all sessions of the account."""
    account.session_epoch += 1
    session.flush()
    _note(session, "account.sign_out_everywhere", account)


def confirm_account(session: Session, account: Account) -> None:
    """Let a second person say that the account is who it should be, which opens contacts to it at once.

    Raises
    ------
    Conflict
        ``account_needs_second_person``: whoever made it, gave it its password, or holds it cannot.
    """
    if actor_of(session) in (account.entrusted_by, account.id):
        raise Conflict("account_needs_second_person", login=account.login)
    account.confirmed_by = actor_of(session)
    session.flush()
    _note(session, "account.confirm", account)


def require_trusted(session: Session, *, wait: timedelta) -> None:
    """Refuse the session's actor what nobody may reach alone through an account he made himself.

    Raises
    ------
    Forbidden
        ``contacts_wait`` (fields `until`, `login`): an administrator made the account, or gave it a role or
        a password, less than `wait` ago, and no second person has confirmed it.
    """
    account = session.get(Account, actor_of(session)) if actor_of(session) is not None else None
    until = closed_until(account, wait=wait) if account is not None else None
    if account is not None and until is not None:
        raise Forbidden("contacts_wait", login=account.login, until=_local(until))


def closed_until(account: Account | Row[Any], *, wait: timedelta) -> datetime | None:
    """Return until when contacts stay closed to an account (or a row of its columns), None when open."""
    if account.entrusted_at is None or account.confirmed_by is not None:
        return None
    until: datetime = account.entrusted_at + wait
    return until if now() < until else None


def set_active(session: Session, account: Account, *, active: bool) -> None:
    """Let an account sign in, or let it rest, which ends its sessions and its job runs; its history stays.

    Raises
    ------
    Conflict
        ``account_own``: an account cannot shut itself out.
    """
    if not active and account.id == actor_of(session):
        raise Conflict("account_own", login=account.login)
    if account.active == active:
        return
    account.active = active
    account.session_epoch += 1
    session.flush()
    if not active:
        cancel_asked_by(session, account.id)
    _note(session, "account.activate" if active else "account.deactivate", account)


def authenticate(session: Session, login: str, password: str) -> Account:
    """Return the active account that `login` and `password` belong to, noting the sign-in.

    Raises
    ------
    Forbidden
        ``login_refused``; which of the two was wrong, or that the account rests, is not told.
    """
    account = queries.account_or_none(session, login)
    matches = password_matches(queries.password_hash(session, account.id) if account else None, password)
    if account is None or not matches or not account.active:
        raise Forbidden("login_refused")
    queries.note_sign_in(session, account.id, now())
    _note(session, "account.sign_in", account)
    return account


def _note(session: Session, action: str, account: Account, **fields: str) -> None:
    # An account lies in no area, its role does: noted under the role, its administrator reads the event.
    role = queries.first_role(session, account.id)
    audit.record(session, action, subject=role or account, login=account.login, **fields)


def _entrust(session: Session, account: Account) -> None:
    # The system itself (demo town, command line of whoever holds the database) needs no second person.
    if actor_of(session) is None:
        return
    account.entrusted_at, account.entrusted_by = now(), actor_of(session)
    account.confirmed_by = None


def _local(moment: datetime) -> str:
    return moment.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M")


def _take_captaincy(session: Session, account: Account, grid: Area) -> None:
    post = queries.captaincy(session, grid.id)
    if post is None:
        post = Post(
            kind="captain", valid_from=today(), county_id=grid.county_id, area_id=grid.id, area_path=grid.path
        )
        session.add(post)
    post.account_id = account.id
    post.holder_name = account.name


def _hashed(password: str) -> str:
    if len(password) < MINIMUM_LENGTH:
        raise InvalidInput("password_too_short", minimum=MINIMUM_LENGTH)
    return hash_password(password)
