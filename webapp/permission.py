"""Every endpoint says who may use it: `requires("permission")`, `signed_in` or `public`; else nothing starts.

Permissions are rows (role_permission). What a permitted person then sees is decided once more by
the database, whose row level security knows the account's areas.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g, request
from flask_login import current_user

from core.errors import Forbidden
from webapp.errors import Unauthorised

PUBLIC = ""
SIGNED_IN = "*"
_MARK = "__gridpatrol_permission__"


def requires[V: Callable[..., Any]](permission: str) -> Callable[[V], V]:
    """Let only signed-in holders of `permission` use the decorated view."""

    def declare(view: V) -> V:
        setattr(view, _MARK, permission)
        return view

    return declare


def public[V: Callable[..., Any]](view: V) -> V:
    """Let anybody use the decorated view, signed in or not."""
    setattr(view, _MARK, PUBLIC)
    return view


def signed_in[V: Callable[..., Any]](view: V) -> V:
    """Let everybody who is signed in use the decorated view: his own account's pages."""
    setattr(view, _MARK, SIGNED_IN)
    return view


def permission_of(view: Callable[..., Any]) -> str | None:
    """Return the permission a view declares, "" for public, "*" for signed in, None for none at all."""
    declared: str | None = getattr(view, _MARK, None)
    return declared


def require(permission: str) -> None:
    """Refuse the request unless its account holds `permission`.

    Raises
    ------
    Forbidden
        ``permission_missing`` (field `permission`).
    """
    if not current_user.can(permission):
        raise Forbidden("permission_missing", permission=permission)


def check_request() -> None:
    """Refuse a request that its endpoint's declaration does not let in.

    Raises
    ------
    Unauthorised
        ``signed_out``: the endpoint is not public and nobody is signed in.
    Forbidden
        ``password_temporary``: somebody else knows the account's password; ``permission_missing``.
    """
    if request.endpoint is None:
        return  # no such address: the router answers
    permission = permission_of(current_app.view_functions[request.endpoint])
    if permission == PUBLIC:
        return
    if permission is None or not current_user.is_authenticated:
        raise Unauthorised("signed_out")
    if permission == SIGNED_IN:
        return
    if current_user.password_is_temporary:
        raise Forbidden("password_temporary")
    g.permission = permission
    require(permission)


def check_declarations(app: Flask) -> None:
    """Refuse to start with an endpoint that declares nothing.

    Raises
    ------
    RuntimeError
        Naming every such endpoint.
    """
    silent = sorted(name for name, view in app.view_functions.items() if permission_of(view) is None)
    if silent:
        message = f"endpoints without a permission: {', '.join(silent)}"
        raise RuntimeError(message)
