"""Who is signed in, and the request's database transaction in that person's scope.

The browser holds a signed cookie with the account's id and the key of one sign-in, which the server
keeps (`geo.staff.sign_in`): signing out ends it wherever the cookie was copied to, and raising the
account's epoch ends all its sign-ins at once.
"""

import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user
from sqlalchemy.orm import Session

from core.db import Scope, transaction
from core.settings import settings
from geo.staff import sign_in
from geo.staff.models import Account
from geo.staff.queries import Grants
from webapp.body import StrictRequest
from webapp.errors import Unauthorised

#: A session's idle clock is set back at most this often, so that most answers carry no new cookie.
REFRESH_S = 300
#: Addresses that pages ask for by themselves: they keep nobody signed in.
UNATTENDED = ("/tiles/", "/api/jobs", "/api/layers", "/static/")


class SignedIn(UserMixin):  # type: ignore[misc]
    """The account behind a request, with what it may do and how far it sees."""

    def __init__(self, account: Account | sign_in.Holder, grants: Grants, key: str) -> None:
        self.id = account.id
        self.key = key
        self.login_name = account.login
        self.name = account.name
        self.locale = account.locale
        self.password_is_temporary = account.password_is_temporary
        self.grants = grants

    def get_id(self) -> str:
        """Return what the cookie holds: account id (for counting requests) and the sign-in's key."""
        return f"{self.id}:{self.key}"

    def can(self, permission: str) -> bool:
        """Tell whether the account holds `permission`."""
        return permission in self.grants.permissions

    @property
    def scope(self) -> Scope:
        """Return the areas the account sees."""
        return self.grants.scope


class Guest(AnonymousUserMixin):  # type: ignore[misc]
    """Nobody in particular: may do nothing that is not public."""

    scope = Scope.nothing()

    def can(self, _permission: str) -> bool:
        """Tell that a guest holds no permission."""
        return False


def load_account(held: str) -> SignedIn | None:
    """Return the account of what a cookie holds, None when it is signed out, resting or gone."""
    _, _, key = held.partition(":")
    if not key or g.get("without_account"):
        return None
    rest = timedelta(hours=settings().session_hours)
    holder = sign_in.holder_of(key, rest=rest, in_use=not _unattended())
    return SignedIn(holder, holder.grants, key) if holder else None


def enter(account: Account, grants: Grants, key: str) -> None:
    """Let this browser hold the sign-in with `key`, and nothing of what it held before."""
    session.clear()  # a new session: nothing a guest's held, neither its form token, lives on
    session.permanent = True
    login_user(SignedIn(account, grants, key))


def _unattended() -> bool:
    return request.path.startswith(UNATTENDED)


def request_session() -> Session:
    """Return the request's session: one transaction in the scope and name of who is signed in.

    It is committed when the view answers below 400 and rolled back otherwise (see `Web`).
    """
    if "session" not in g:
        stack: ExitStack = g.transaction
        g.session = stack.enter_context(
            transaction(current_user.scope, actor_id=getattr(current_user, "id", None))
        )
    kept: Session = g.session
    return kept


class Rollback(Exception):
    """Carries a refusing response out of the transaction it must not commit."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Web(Flask):
    """Flask whose every view runs inside the request's transaction.

    Committing happens before the answer is sent and inside error handling: a conflict found at
    the commit becomes an answer like any other.
    """

    request_class = StrictRequest

    def dispatch_request(self) -> Response:  # noqa: D102
        try:
            with ExitStack() as stack:
                g.transaction = stack
                g.pop("session", None)
                response = self.make_response(super().dispatch_request())
                _keep_or_undo(response)
                return response
        except Rollback as refusal:
            return refusal.response
        finally:
            g.pop("session", None)


def _keep_or_undo(response: Response) -> None:
    if response.status_code >= 400:
        raise Rollback(response)


def keep_session_fresh() -> None:
    """Set back the idle clock of the session when a person, not a page's own polling, asks."""
    if "_user_id" not in session or _unattended():
        return
    if time.time() - session.get("seen", 0) > REFRESH_S:
        session["seen"] = int(time.time())  # a changed session is signed and dated anew


def _refuse() -> Any:
    raise Unauthorised("signed_out")


def set_up_sessions(app: Flask) -> None:
    """Teach `app` who is signed in."""
    manager = LoginManager()
    manager.anonymous_user = Guest
    manager.session_protection = None  # binds to the client's address, which phones change all day
    manager.user_loader(load_account)
    manager.unauthorized_handler(_refuse)
    manager.init_app(app)
    app.before_request(keep_session_fresh)
