"""Who may use which endpoint, and that none is forgotten."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text

from core.db import Scope, transaction
from geo.staff.models import RolePermission
from tests.webapp.conftest import PLACES, World
from webapp.factory import create_app
from webapp.permission import PUBLIC, SIGNED_IN, check_declarations, permission_of, public

SignIn = Callable[..., FlaskClient]

#: Open to everybody; adding one is a decision, so the list is repeated here.
OPEN = {
    "static", "health.healthz", "health.metrics", "auth.front_door", "auth.login", "auth.sign_in",
    "auth.sign_out", "auth.choose_language",
}  # fmt: skip
#: Open to everybody who is signed in: his own account.
OWN = {"account.page", "account.form_token", "account.change_password", "account.leave_everywhere"}


def test_only_these_endpoints_are_public(world: World) -> None:
    views = world.app.view_functions
    assert {name for name, view in views.items() if permission_of(view) == PUBLIC} == OPEN


def test_only_these_endpoints_ask_for_no_more_than_being_signed_in(world: World) -> None:
    views = world.app.view_functions
    assert {name for name, view in views.items() if permission_of(view) == SIGNED_IN} == OWN


def test_the_application_refuses_to_start_with_a_silent_endpoint(world: World) -> None:
    app = create_app()
    app.view_functions["forgotten"] = lambda: "open to the world"

    with pytest.raises(RuntimeError, match="forgotten"):
        check_declarations(app)


def test_every_permission_asked_for_is_held_by_some_role(world: World) -> None:
    with transaction(Scope.everything()) as session:
        known = set(session.scalars(select(RolePermission.permission)))
    asked = {permission_of(view) for view in world.app.view_functions.values()} - {
        PUBLIC,
        SIGNED_IN,
    }

    assert asked <= known


def guarded(world: World) -> list[tuple[str, str, str]]:
    """Return (method, address with ids of nothing, permission) of every guarded endpoint."""
    found = []
    for rule in world.app.url_map.iter_rules():
        permission = permission_of(world.app.view_functions[rule.endpoint])
        if permission == PUBLIC:
            continue
        path = re.sub(r"<int:\w+>", "999999", rule.rule)
        path = re.sub(r"<[^>]+>", "areas", path).replace("/999999/999999/999999.mvt", "/0/0/0.mvt")
        methods = (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        found += [(method, path, permission or "") for method in sorted(methods)]
    return found


def test_guests_are_let_in_nowhere(world: World) -> None:
    world.app.config["WTF_CSRF_ENABLED"] = False
    client = world.app.test_client()
    for method, path, _ in guarded(world):
        answer = client.open(path, method=method)
        led_to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/login")
        assert answer.status_code == 401 or led_to_sign_in, (method, path, answer.status)


@pytest.mark.parametrize("role", sorted(PLACES))
def test_each_role_enters_exactly_what_its_permissions_open(world: World, sign_in: SignIn, role: str) -> None:
    with transaction(Scope.everything()) as session:
        held = set(session.scalars(select(RolePermission.permission).where(RolePermission.role_code == role)))
    client = sign_in(role)
    world.app.config["WTF_CSRF_ENABLED"] = False
    for method, path, permission in guarded(world):
        if permission == SIGNED_IN:
            continue  # nothing to be refused, and some end the session
        answer = client.open(path, method=method, headers={"Accept": "application/json"})
        refused = answer.status_code == 403 and (answer.json or {}).get("code") == "permission_missing"
        if permission not in held:
            assert refused, (role, method, path, answer.status)
        else:
            assert answer.status_code not in (401, 500), (role, method, path, answer.text[:300])


def test_rights_taken_away_hold_from_the_next_request_on(
    world: World, sign_in: SignIn, owner_engine: Engine
) -> None:
    client = sign_in("leader")
    assert client.get("/api/search?q=x").status_code == 200
    with owner_engine.begin() as owner:
        owner.execute(
            text("DELETE FROM role_permission WHERE (role_code, permission) = ('leader', 'search.use')")
        )

    assert client.get("/api/search?q=x").status_code == 403


def test_a_view_that_answers_with_an_error_leaves_nothing_in_the_database(world: World) -> None:
    from core.audit import AuditEvent, record
    from webapp.session import request_session

    @public
    def refuse() -> tuple[str, int]:
        record(request_session(), "test.refused")
        return "no", 409

    @public
    def accept() -> str:
        record(request_session(), "test.accepted")
        return "yes"

    app = create_app()
    app.add_url_rule("/refuse", "refuse", refuse)
    app.add_url_rule("/accept", "accept", accept)
    client = app.test_client()
    assert client.get("/refuse").status_code == 409
    assert client.get("/accept").status_code == 200

    with transaction(Scope.everything()) as session:
        written = set(session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("test.%"))))
    assert written == {"test.accepted"}
