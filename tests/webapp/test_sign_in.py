"""Signing in, staying in, and being let in: sessions, forms, limits, language."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

import core.settings
from core.audit import AuditEvent
from core.db import Scope, transaction
from geo.staff.models import Account
from geo.staff.service import authenticate, set_password
from tests.conftest import Database
from tests.webapp.conftest import PASSWORD, World, form_token, sign_in_with
from webapp.factory import create_app
from webapp.views.auth import local_address

SignIn = Callable[..., FlaskClient]


def actions() -> list[str]:
    with transaction(Scope.everything()) as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_signing_in_leads_to_the_own_room_and_is_noted(world: World, sign_in: SignIn) -> None:
    client = sign_in("captain")

    assert client.get("/").headers["Location"] == "/captain"
    assert actions()[-1] == "account.sign_in"


def test_two_sign_ins_of_one_account_at_once_both_succeed(world: World) -> None:
    with ThreadPoolExecutor(1) as pool, transaction(Scope.everything()) as first:
        authenticate(first, "the-captain", PASSWORD)
        second = pool.submit(lambda: sign_in_with(world.app.test_client(), "THE-CAPTAIN", PASSWORD))
        with pytest.raises(TimeoutError):
            second.result(timeout=1.5)  # it waits for the first, and is not refused afterwards
        first.commit()
        assert second.result(timeout=20).status_code == 303


def test_a_wrong_password_is_refused_in_words_and_noted_without_what_was_typed(world: World) -> None:
    client = world.app.test_client()

    wrong = sign_in_with(client, "the-captain", "not the password")
    unknown = sign_in_with(client, "13800138000", "not the password")

    assert wrong.status_code == unknown.status_code == 401
    with transaction(Scope.everything()) as session:
        noted = session.scalars(select(AuditEvent).where(AuditEvent.action == "account.sign_in_failed")).all()
        assert [event.subject_id for event in noted] == [world.accounts["captain"], None]
        assert all(event.fields == {} for event in noted)


def test_a_resting_account_cannot_sign_in_and_its_session_ends(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    with transaction(Scope.everything()) as session:
        session.get_one(Account, world.accounts["leader"]).active = False

    assert client.get("/api/layers").status_code == 401
    assert sign_in_with(world.app.test_client(), "the-leader", PASSWORD).status_code == 401


def test_a_new_password_ends_all_sessions(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    with transaction(Scope.everything()) as session:
        set_password(session, session.get_one(Account, world.accounts["leader"]))

    assert client.get("/api/layers").json["code"] == "signed_out"


def test_signing_out_ends_the_session_and_empties_the_browser(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    answer = client.post("/logout", data={"csrf_token": form_token(client)})

    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/api/layers").status_code == 401
    assert actions()[-1] == "account.sign_out"


def test_the_cookie_is_closed_to_scripts_and_other_sites(world: World) -> None:
    answer = sign_in_with(world.app.test_client(), "the-leader", PASSWORD)

    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("gridpatrol="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_secure_deployments_use_a_host_bound_cookie_and_hsts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDPATROL_COOKIE_SECURE", "true")
    core.settings.settings.cache_clear()
    answer = create_app().test_client().get("/login", base_url="https://localhost")

    assert "__Host-gridpatrol=" in answer.headers["Set-Cookie"]
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_session_ends_after_resting_and_lives_on_while_used(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("leader")
    world.app.permanent_session_lifetime = timedelta(seconds=-1)

    assert client.get("/api/layers").status_code == 401


@pytest.mark.parametrize("path", ["/api/layers", "/api/jobs"])
def test_what_pages_ask_by_themselves_keeps_nobody_signed_in(
    world: World, sign_in: SignIn, path: str
) -> None:
    client = sign_in("leader")
    with client.session_transaction() as session:
        session["seen"] = 0

    assert "Set-Cookie" not in client.get(path).headers
    assert "Set-Cookie" in client.get("/api/areas/tree").headers


def test_a_form_without_its_token_is_refused(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    assert client.post("/logout").status_code == 400
    answer = client.post("/api/jobs/1/cancel")
    assert (answer.status_code, answer.json["code"]) == (400, "form_expired")


def test_the_token_of_before_signing_in_is_worth_nothing_afterwards(world: World) -> None:
    client = world.app.test_client()
    old = form_token(client)
    sign_in_with(client, "the-leader", PASSWORD)

    assert client.post("/logout", data={"csrf_token": old}).status_code == 400


def test_a_page_that_outlives_a_sign_in_gets_the_token_of_the_next_one(world: World) -> None:
    client = world.app.test_client()
    sign_in_with(client, "the-leader", PASSWORD)
    old = client.get("/api/account/form-token").json
    client.post("/logout", data={"csrf_token": old["token"]})
    out = client.get("/api/account/form-token", headers={"Accept": "application/json"})
    sign_in_with(client, "the-leader", PASSWORD)
    new = client.get("/api/account/form-token").json

    assert out.status_code == 401
    assert new["account"] == old["account"]
    assert client.post("/logout", data={"csrf_token": old["token"]}).status_code == 400
    assert client.post("/logout", data={"csrf_token": new["token"]}).status_code == 303


def test_guessing_is_slowed_down_for_a_login_but_not_for_others(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDPATROL_LOGIN_LIMIT", "3 per minute")
    core.settings.settings.cache_clear()
    client = create_app().test_client()
    answers = [sign_in_with(client, "the-captain", "wrong").status_code for _ in range(4)]

    assert answers == [401, 401, 401, 429]
    assert sign_in_with(client, "the-leader", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        pytest.param("/captain?dwelling=4", "/captain?dwelling=4", id="own-page"),
        pytest.param("https://elsewhere.example/", None, id="other-site"),
        pytest.param("//elsewhere.example/", None, id="other-site-same-scheme"),
        pytest.param("/\\elsewhere.example", None, id="backslash"),
        pytest.param("/\t/elsewhere.example", None, id="tab"),
        pytest.param("javascript:alert(1)", None, id="script"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="missing"),
    ],
)
def test_nobody_is_led_to_another_site(wanted: str | None, led_to: str | None) -> None:
    assert local_address(wanted) == led_to


def test_a_page_asked_for_before_signing_in_is_shown_afterwards(world: World) -> None:
    client = world.app.test_client()
    asked = client.get("/captain?dwelling=4")
    assert asked.headers["Location"] == "/login?next=/captain?dwelling%3D4"

    answer = sign_in_with(client, "the-captain", PASSWORD, next="/captain?dwelling=4")

    assert answer.headers["Location"] == "/captain?dwelling=4"


def test_the_language_is_chosen_on_the_page_and_kept_with_the_account(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    client.post("/language", data={"locale": "en", "csrf_token": form_token(client)})

    with transaction(Scope.everything()) as session:
        assert session.get_one(Account, world.accounts["leader"]).locale == "en"
    assert 'lang="en"' in client.get("/style").text


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9", "zh-CN"), ("en-GB", "en"), ("fr", "zh-CN"), ("", "zh-CN")],
)
def test_before_signing_in_the_browser_decides_and_chinese_is_the_default(
    world: World, header: str, language: str
) -> None:
    page = world.app.test_client().get("/login", headers={"Accept-Language": header}).text

    assert f'lang="{language}"' in page
