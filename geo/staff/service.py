"""Making accounts and signing in."""

import re

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.clock import now, today
from core.db import actor_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from geo.areas.models import Area
from geo.staff.models import Account, AccountRole, Post, Role
from geo.staff.password import MINIMUM_LENGTH, hash_password, password_matches, random_password

_LOGIN = re.compile(r"[\w.@-]{2,64}\Z")


def create_account(
    session: Session, *, login: str, name: str, role_code: str, area: Area, password: str | None = None
) -> tuple[Account, str]:
    """Store an account with one role over `area`; return it with its (random) password.

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
    if session.scalar(select(Account.id).where(func.lower(Account.login) == login.lower())) is not None:
        raise Conflict("login_taken", login=login)
    chosen = password or random_password()
    account = Account(login=login, name=name or login, password_hash=_hashed(chosen))
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
    if role_code == "captain" and area.level == "grid":
        _take_captaincy(session, account, area)
    session.flush()


def set_password(session: Session, account: Account, password: str | None = None) -> str:
    """Give the account a new (random) password and end its sessions; return the password."""
    chosen = password or random_password()
    account.password_hash = _hashed(chosen)
    account.session_epoch += 1
    session.flush()
    _note(session, "account.password", account)
    return chosen


def set_active(session: Session, account: Account, *, active: bool) -> None:
    """Let an account sign in, or let it rest, which ends its sessions; its history stays.

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
    _note(session, "account.activate" if active else "account.deactivate", account)


def authenticate(session: Session, login: str, password: str) -> Account:
    """Return the active account that `login` and `password` belong to, noting the sign-in.

    Raises
    ------
    Forbidden
        ``login_refused``; which of the two was wrong, or that the account rests, is not told.
    """
    account = session.scalar(select(Account).where(func.lower(Account.login) == login.lower()))
    matches = password_matches(account.password_hash if account else None, password)
    if account is None or not matches or not account.active:
        raise Forbidden("login_refused")
    # Not through the mapper: two sign-ins at once are no conflict between two editors.
    session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(last_login_at=now())
        .execution_options(synchronize_session=False)
    )
    _note(session, "account.sign_in", account)
    return account


def _note(session: Session, action: str, account: Account, **fields: str) -> None:
    # An account lies in no area, its role does: noted under the role, its administrator reads the event.
    role = session.scalar(
        select(AccountRole).where(AccountRole.account_id == account.id).order_by(AccountRole.id).limit(1)
    )
    audit.record(session, action, subject=role or account, login=account.login, **fields)


def _take_captaincy(session: Session, account: Account, grid: Area) -> None:
    post = session.scalar(
        select(Post).where(Post.area_id == grid.id, Post.kind == "captain", Post.valid_to.is_(None))
    )
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
