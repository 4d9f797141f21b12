"""Sign-ins as the server keeps them: begun, looked up with every request, ended, swept away."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.clock import now
from core.db import Scope, transaction
from geo.staff import queries
from geo.staff.models import Account, AccountSession
from geo.staff.queries import Grants, Held

#: The time of the last use is written down at most this often: most requests only read.
NOTE_USE_AFTER = timedelta(minutes=5)
#: 32 random bytes cannot be guessed.
_KEY_BYTES = 32


def begin(session: Session, account: Account) -> str:
    """Record that the account signs in now; return the key its browser shows from now on."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    session.add(AccountSession(key_digest=_digest(key), account_id=account.id, epoch=account.session_epoch))
    session.flush()
    return key


@dataclass(frozen=True, slots=True)
class Holder:
    """The account behind a sign-in, as far as requests ask for it."""

    id: int
    login: str
    name: str
    locale: str
    password_is_temporary: bool
    grants: Grants


def holder_of(key: str, *, rest: timedelta, in_use: bool) -> Holder | None:
    """Return the active account that signed in with `key` and has not signed out since.

    None as well when the sign-in has not been used for `rest`, or the account's sessions were all ended.
    `in_use`: a person asks, not a page by itself. Nothing is kept between requests, so what changes holds
    from the next one on.
    """
    moment = now()
    row = queries.holder(_digest(key), used_since=moment - rest)
    if row is None:
        return None
    if in_use and row.seen_at < moment - NOTE_USE_AFTER:
        _note_use(key, moment)
    return Holder(
        id=row.id,
        login=row.login,
        name=row.name,
        locale=row.locale,
        password_is_temporary=row.password_is_temporary,
        grants=Grants.of([Held(*role) for role in row.held], row.permissions),
    )


def _note_use(key: str, moment: datetime) -> None:
    with transaction(Scope.everything()) as system:
        queries.note_use(system, _digest(key), moment)


def end(session: Session, key: str) -> None:
    """End this one sign-in; from now on its key opens nothing, wherever it was copied to."""
    queries.delete_sign_in(session, _digest(key))


def sweep(session: Session, *, rest: timedelta) -> int:
    """Delete the sign-ins that hold no longer; return how many."""
    return queries.delete_dead_sign_ins(session, used_before=now() - rest)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
