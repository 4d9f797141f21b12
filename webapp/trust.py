"""Nobody reaches names and phones alone through an account he made himself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask_login import current_user
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import audit
from core.db import transaction
from core.errors import Forbidden
from core.settings import settings
from geo.staff.queries import roles_with
from geo.staff.service import closed_until, require_trusted
from webapp.session import request_session

#: What an account must not reach by the word of one administrator alone.
GUARDED = ("household.reveal", "account.manage")


def wait() -> timedelta:
    """Return how long an account waits that no second person confirms."""
    return timedelta(hours=settings().contact_wait_hours)


def second_person_wanted(session: Session) -> Callable[[Row[Any]], bool]:
    """Return what tells whether an account of a list waits for a second person."""
    guarded = roles_with(session, GUARDED)
    return lambda row: closed_until(row, wait=wait()) is not None and not guarded.isdisjoint(row.roles)


def require_contacts_open(noted_as: str) -> None:
    """Refuse an account that an administrator made or gave a password to a short while ago.

    The refusal is an act of its own in the audit trail, which outlives the refused request.

    Raises
    ------
    Forbidden
        ``contacts_wait``.
    """
    try:
        require_trusted(request_session(), wait=wait())
    except Forbidden:
        with transaction(current_user.scope, actor_id=current_user.id) as apart:
            audit.record(apart, noted_as, until_confirmed=True)
        raise
