"""Signing in and out, the front door, and the choice of language."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from core import audit
from core.db import Scope, transaction
from core.errors import DomainError, Forbidden, InvalidInput, NotFound
from core.settings import settings
from geo.staff.models import Account
from geo.staff.queries import account_by_login, grants_of
from geo.staff.service import authenticate
from geo.staff.sign_in import begin, end
from webapp.i18n import LOCALE_COOKIE, LOCALES
from webapp.permission import public
from webapp.problem import problem
from webapp.rate import SIGN_IN_PER_ADDRESS, limiter, sign_in_limit, where, who_signs_in
from webapp.rooms import home_url
from webapp.session import enter, request_session

blueprint = Blueprint("auth", __name__)

YEAR_S = 365 * 24 * 3600


def local_address(wanted: str | None) -> str | None:
    """Return `wanted` when it is an address of this site, else None: nobody is sent elsewhere."""
    # A browser reads "//host" and "/\\host" as another host, and drops tabs and newlines first.
    if not wanted or not wanted.startswith("/") or any(ord(sign) < 32 or sign == "\\" for sign in wanted):
        return None
    return None if wanted.startswith("//") else wanted


def to_own_password() -> AnyResponse:
    """Send a person who still uses the password somebody gave him to the page where he chooses his own."""
    return redirect(url_for("account.page"))


def to_sign_in() -> AnyResponse:
    """Send a person whose session has ended to the sign-in page, and back here afterwards."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=wanted if wanted != "/" else None))


@blueprint.get("/")
@public
def front_door() -> Any:
    """Send everybody where his work is."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.login"))
    home = home_url()
    if home is None:
        raise Forbidden("no_room_open")
    return redirect(home)


@blueprint.get("/login")
@public
def login() -> Any:
    """Show the sign-in page."""
    wanted = local_address(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted or url_for("auth.front_door"))
    return _sign_in_page(wanted)


@blueprint.post("/login")
@public
@limiter.limit(SIGN_IN_PER_ADDRESS, key_func=where)
@limiter.limit(sign_in_limit, key_func=who_signs_in)
def sign_in() -> Any:
    """Sign in, or say that login and password do not belong together."""
    typed = request.form.get("login_name", "").strip()
    wanted = local_address(request.form.get("next"))
    try:
        _enter_as(typed, request.form.get("password", ""))
    except Forbidden as refusal:
        _note_failure(typed)
        return _sign_in_page(wanted, typed=typed, refusal=refusal), 401
    return redirect(wanted or url_for("auth.front_door"), code=303)


@blueprint.post("/logout")
@public
def sign_out() -> AnyResponse:
    """End the session in this browser and let it forget what it kept."""
    if current_user.is_authenticated:
        audit.record(request_session(), "account.sign_out")
        end(request_session(), current_user.key)
        logout_user()
    session.clear()
    response = redirect(url_for("auth.login"), code=303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.post("/language")
@public
def choose_language() -> AnyResponse:
    """Keep the chosen language for the account and in this browser."""
    chosen = request.form.get("locale", "")
    if chosen not in LOCALES:
        raise InvalidInput("locale_unknown", locales=list(LOCALES))
    if current_user.is_authenticated:
        account = request_session().get_one(Account, current_user.id)
        account.locale = chosen
    back = local_address(request.form.get("next")) or url_for("auth.front_door")
    response = redirect(back, code=303)
    return _keep_locale(response, chosen)


def _keep_locale(response: AnyResponse, locale: str) -> AnyResponse:
    response.set_cookie(
        LOCALE_COOKIE,
        locale,
        max_age=YEAR_S,
        httponly=True,
        samesite="Lax",
        secure=settings().cookie_secure,
    )
    return response


def _enter_as(login_name: str, password: str) -> None:
    with transaction(Scope.everything()) as system:
        account = authenticate(system, login_name, password)
        grants, key = grants_of(system, account.id), begin(system, account)
    enter(account, grants, key)


def _note_failure(typed: str) -> None:
    # What was typed is not kept: people type passwords and phone numbers into the wrong field.
    with transaction(Scope.everything()) as system:
        try:
            known = account_by_login(system, typed)
        except NotFound:
            known = None
        audit.record(system, "account.sign_in_failed", subject=known)


def _sign_in_page(wanted: str | None, *, typed: str = "", refusal: DomainError | None = None) -> str:
    error = problem(refusal)["title"] if refusal else ""
    return render_template("login.html", next=wanted or "", login_name=typed, error=error)
