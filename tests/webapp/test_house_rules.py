"""Headers, errors, health, figures, logs, static files: what holds for every answer."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import fields

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

import core.db
import core.settings
import webapp.cli
from core.audit import AuditEvent
from core.db import Scope, transaction
from core.models import JobRun
from core.settings import PROJECT_DIR, Settings
from geo.areas.models import Area
from geo.areas.queries import area_by_code
from tests.webapp.conftest import World
from webapp.assets import version_of
from webapp.factory import create_app
from webapp.log import JsonLines
from webapp.permission import public
from webapp.problem import require_match

SignIn = Callable[..., FlaskClient]


def test_every_page_carries_a_policy_with_a_nonce_of_its_own(world: World) -> None:
    client = world.app.test_client()
    policies = [client.get("/login").headers["Content-Security-Policy"] for _ in range(2)]

    nonces = [re.search(r"script-src 'self' 'nonce-([\w-]+)'", policy)[1] for policy in policies]
    assert nonces[0] != nonces[1]
    for rule in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert rule in policies[0]
    assert "unsafe" not in policies[0]
    page = client.get("/login")
    nonce = re.search(r"nonce-([\w-]+)", page.headers["Content-Security-Policy"])[1]
    for tag in re.findall(r"<(?:script|style)[^>]*>", page.text):
        assert f'nonce="{nonce}"' in tag


@pytest.mark.parametrize("path", ["/login", "/healthz", "/nowhere", "/api/layers"])
def test_no_answer_about_people_is_kept_by_anybody(world: World, path: str) -> None:
    answer = world.app.test_client().get(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/api/nowhere", 404, "page_unknown", id="no-address"),
        pytest.param("POST", "/api/layers", 405, "method_unknown", id="no-method"),
        pytest.param("GET", "/api/layers", 401, "signed_out", id="signed-out"),
    ],
)
def test_errors_of_http_are_told_in_words(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    world.app.config["WTF_CSRF_ENABLED"] = False
    answer = world.app.test_client().open(path, method=method, headers={"Accept-Language": "en"})

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert answer.json["title"].endswith(".")
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_people_are_told_on_a_page_in_their_language(world: World) -> None:
    client = world.app.test_client()

    assert "没有这个页面。" in client.get("/nowhere", headers={"Accept-Language": "zh"}).text
    assert (
        "There is nothing at this address." in client.get("/nowhere", headers={"Accept-Language": "en"}).text
    )


def with_view(view: Callable[[], object]) -> FlaskClient:
    app: Flask = create_app()
    app.add_url_rule("/api/probe", "probe", public(view))
    return app.test_client()


def test_a_crash_tells_a_number_and_nothing_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def crash() -> None:
        raise ValueError("王小明 19900000001")

    answer = with_view(crash).get("/api/probe")

    assert (answer.status_code, answer.json["code"]) == (500, "server_error")
    assert answer.json["fields"]["request"] == answer.headers["X-Request-ID"]
    assert "王小明" not in answer.text
    written = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert "ValueError" in written
    assert "王小明" not in written


def test_a_stale_change_is_a_conflict(world: World) -> None:
    # The scope of a guest sees nothing: the view acts as the system does.
    def as_system() -> str:
        with transaction(Scope.everything()) as session:
            area = session.scalar(select(Area).limit(1))
            session.execute(text("UPDATE area SET version_id = version_id + 1"))
            area.name = "新名"
        return "saved"

    answer = with_view(as_system).get("/api/probe")
    assert (answer.status_code, answer.json["code"]) == (409, "version_conflict")


@pytest.mark.parametrize(
    ("header", "status"), [('"4"', 200), ('"3"', 409), (None, 428)], ids=["same", "older", "none"]
)
def test_a_change_names_the_version_it_was_made_from(world: World, header: str | None, status: int) -> None:
    def change() -> str:
        require_match(4)
        return "changed"

    answer = with_view(change).get("/api/probe", headers={"If-Match": header} if header else {})

    assert answer.status_code == status


def test_without_database_pages_and_scripts_are_told_so(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("leader")
    core.db.engine().dispose()
    monkeypatch.setenv("GRIDPATROL_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    for cached in (core.settings.settings, core.db.engine, core.db._factory):
        cached.cache_clear()

    answer = client.get("/api/layers")
    page = client.get("/style")
    health = client.get("/healthz")

    assert (answer.status_code, answer.json["code"]) == (503, "database_unreachable")
    assert page.status_code == 503
    assert "<html" in page.text
    assert health.status_code == 503
    assert set(health.json["failing"]) >= {"database", "migrations"}


def test_health_names_what_is_missing(world: World) -> None:
    answer = world.app.test_client().get("/healthz")

    assert answer.status_code == 503, "no worker runs in this test"
    assert (answer.json["status"], answer.json["failing"]) == ("failing", ["workers"])
    assert "gridpatrol worker" in answer.json["detail"], "what to do"


def test_health_notices_a_house_without_reconciler(world: World) -> None:
    town = world.town
    with transaction(Scope.everything()) as session:
        session.add(
            JobRun(
                kind="hotspots.find", queue="analysis", state="running", scope=[town.county.path],
                county_id=town.county.id, area_id=town.county.id, area_path=town.county.path,
            )
        )  # fmt: skip
        session.flush()
        session.execute(text("UPDATE job_run SET heartbeat_at = now() - interval '1 hour'"))

    assert "reconciler" in world.app.test_client().get("/healthz").json["failing"]


def test_figures_are_shown_to_this_machine_only(world: World) -> None:
    client = world.app.test_client()
    client.get("/login")

    shown = client.get("/metrics")

    assert 'gridpatrol_requests_total{endpoint="auth.login",method="GET",status="2xx"}' in shown.text
    assert 'gridpatrol_queue_length{queue="planning"} 0' in shown.text
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 403
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.9"}).status_code == 403


def test_figures_are_shown_for_the_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPATROL_METRICS_TOKEN", "s3cret")
    core.settings.settings.cache_clear()
    client = world.app.test_client()

    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_a_request_is_logged_without_what_was_asked(
    world: World, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    client = sign_in("leader")
    with caplog.at_level(logging.INFO, "gridpatrol.access"):
        client.get("/api/search?q=王小明", headers={"X-Request-ID": "from-the-proxy-1"})

    line = json.loads(JsonLines().format(caplog.records[-1]))
    assert (line["route"], line["status"], line["request"]) == ("/api/search", 200, "from-the-proxy-1")
    assert line["account"] == world.accounts["leader"]
    assert "王小明" not in json.dumps(line, ensure_ascii=False)


def test_static_files_are_kept_by_their_content_except_modules(world: World) -> None:
    client = world.app.test_client()
    pinned = client.get("/static/css/tokens.css", query_string={"v": version_of("css/tokens.css")})
    stale = client.get("/static/css/tokens.css?v=000000000000")
    module = client.get("/static/js/api.js")

    assert "immutable" in pinned.headers["Cache-Control"]
    assert stale.headers["Cache-Control"] == module.headers["Cache-Control"] == "no-cache"
    assert version_of("js/api.js") is None, "a module under two addresses would be two modules"
    assert client.get("/static/../pyproject.toml").status_code == 404


def test_every_setting_is_documented() -> None:
    documented = (PROJECT_DIR / "docs" / "settings.md").read_text("utf-8")

    for field in fields(Settings):
        assert f"`GRIDPATROL_{field.name.upper()}`" in documented


def test_the_command_line_makes_accounts_and_refuses_in_words(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = CliRunner()
    made = runner.invoke(
        webapp.cli.gridpatrol, ["account", "add", "sun", "--role", "leader", "--area", "990001"]
    )
    listed = runner.invoke(webapp.cli.gridpatrol, ["account", "list", "--json"])
    with pytest.raises(SystemExit) as end:
        webapp.cli.main(["account", "add", "sun", "--role", "leader", "--area", "990001"])

    assert re.search(r"password: (\w{4}-){3}\w{4}", made.output)
    assert "sun" in {row["login"] for row in json.loads(listed.output)}
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "登录名 sun 已被使用。 请换一个。", "The login name sun is taken. Choose another one.",
    ]  # fmt: skip
    with transaction(Scope.everything()) as session:
        assert area_by_code(session, "990001").name == "试验县"
        assert session.scalar(select(AuditEvent.id).where(AuditEvent.action == "account.create")) is not None


def test_a_command_that_needs_a_setting_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    for variable in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(f"GRIDPATROL_{variable}", raising=False)
    monkeypatch.setenv("GRIDPATROL_VAR_DIR", str(tmp_path))
    core.settings.settings.cache_clear()
    core.db.engine.cache_clear()
    core.db._factory.cache_clear()
    try:
        with pytest.raises(SystemExit) as end:
            webapp.cli.main(["account", "list"])
    finally:
        core.settings.settings.cache_clear()

    assert end.value.code == 2
    assert "GRIDPATROL_DATABASE_URL" in capsys.readouterr().err
