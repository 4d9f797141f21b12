"""Sign-ins as the server keeps them: begun, looked up with every request, ended, swept away."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.db import Scope, read_once, transaction
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
    `in_use`: a person asks, not a page by itself. Account and grants are read with every request and
    therefore in one statement; nothing of them is kept, so what changes holds from the next request on.
    """
    moment = now()
    found = read_once(Scope.everything(), _HOLDER, {"digest": _digest(key), "oldest": moment - rest})
    if not found:
        return None
    [row] = found
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


_HOLDER = """
SELECT a.id, a.login, a.name, a.locale, a.password_is_temporary, s.seen_at,
    coalesce((SELECT json_agg(json_build_array(r.code, h.area_id, h.area_path::text, r.home)
                              ORDER BY r.rank, h.id)
              FROM account_role AS h JOIN role AS r ON r.code = h.role_code
              WHERE h.account_id = a.id), '[]') AS held,
    ARRAY(SELECT p.permission FROM account_role AS h JOIN role_permission AS p USING (role_code)
          WHERE h.account_id = a.id) AS permissions
FROM account_session AS s JOIN account AS a ON a.id = s.account_id AND a.session_epoch = s.epoch
WHERE s.key_digest = %(digest)s AND s.seen_at > %(oldest)s AND a.active
"""


def _note_use(key: str, moment: datetime) -> None:
    with transaction(Scope.everything()) as system:
        system.execute(
            update(AccountSession).where(AccountSession.key_digest == _digest(key)).values(seen_at=moment)
        )


def end(session: Session, key: str) -> None:
    """End this one sign-in; from now on its key opens nothing, wherever it was copied to."""
    session.execute(delete(AccountSession).where(AccountSession.key_digest == _digest(key)))


def sweep(session: Session, *, rest: timedelta) -> int:
    """Delete the sign-ins that hold no longer; return how many."""
    epoch = select(Account.session_epoch).where(Account.id == AccountSession.account_id).scalar_subquery()
    gone = session.execute(
        delete(AccountSession)
        .where((AccountSession.seen_at < now() - rest) | (AccountSession.epoch != epoch))
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
