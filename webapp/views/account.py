"""A person's own account: his password, and ending his sessions everywhere."""

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from core.db import Scope, transaction
from core.errors import DomainError, InvalidInput
from geo.staff.models import Account
from geo.staff.password import MINIMUM_LENGTH
from geo.staff.queries import grants_of
from geo.staff.service import change_own_password, sign_out_everywhere
from geo.staff.sign_in import begin
from webapp.permission import signed_in
from webapp.problem import problem
from webapp.rate import limiter, sign_in_limit, who
from webapp.session import enter, request_session

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@signed_in
def page() -> str:
    """Show the person's own account."""
    return _page()


@blueprint.get("/api/account/form-token")
@signed_in
def form_token() -> Response:
    """Answer whose session this is and the token its requests carry: a page outlives a sign-in."""
    return jsonify(account=current_user.id, token=generate_csrf())


@blueprint.post("/account/password")
@signed_in
@limiter.limit(sign_in_limit, key_func=who)
def change_password() -> Any:
    """Take the person's new password, end his other sessions and go on with a new one here."""
    try:
        if request.form.get("new", "") != request.form.get("again", ""):
            raise InvalidInput("password_repeated_wrongly")
        _change(request.form.get("old", ""), request.form.get("new", ""))
    except DomainError as refusal:
        return _page(refusal), refusal.status
    return redirect(url_for("account.page", changed=""), code=303)


@blueprint.post("/account/sign-out-everywhere")
@signed_in
def leave_everywhere() -> AnyResponse:
    """End all of the person's sessions, this one too."""
    session = request_session()
    sign_out_everywhere(session, session.get_one(Account, current_user.id))
    response = redirect(url_for("auth.login"), code=303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _change(old: str, new: str) -> None:
    # A transaction of the system's: the new sign-in must hold before the browser is told its key.
    with transaction(Scope.everything(), actor_id=current_user.id) as system:
        account = system.get_one(Account, current_user.id)
        change_own_password(system, account, old=old, new=new)
        grants, key = grants_of(system, account.id), begin(system, account)
    enter(account, grants, key)


def _page(refusal: DomainError | None = None) -> str:
    told = problem(refusal) if refusal else {"title": "", "detail": ""}
    return render_template(
        "account.html",
        error=f"{told['title']} {told['detail']}".strip(),
        changed="changed" in request.args,
        temporary=current_user.password_is_temporary,
        minimum=MINIMUM_LENGTH,
    )
