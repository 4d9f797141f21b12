"""What an attacker or bad luck sends: each answer is a refusal in words, no crash, no hang, no way in."""

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.db import Scope, transaction
from core.errors import Conflict
from core.intake.report import Refusal, write_refused
from core.models import JobRun
from geo.areas.queries import area_by_id
from geo.households.models import Visit
from geo.staff.service import create_account
from tests.small_town import add_dwelling
from tests.webapp.conftest import World, form_token, sign_in_with
from webapp.health import METRICS_KEY, tally
from webapp.kept import quick_redis

SignIn = Callable[..., FlaskClient]

UNREADABLE = {
    "cut off": b"{",
    "no text": b"\xff\xfe",
    "endless nesting": b"[" * 100_000,
    "half a surrogate pair": rb'{"name": "\ud800", "days": 28}',
    "infinite": b'{"size": 1e999, "days": 28}',
    "no number": b'{"lon": NaN, "days": 28}',
}
POSTS = [
    ("leader", "POST", "/api/leader/runs"),
    ("dispatcher", "POST", "/api/dispatch/runs"),
    ("dispatcher", "POST", "/api/dispatch/teams"),
    ("boundary", "POST", "/api/change-sets"),
    ("admin", "POST", "/api/admin/accounts"),
    ("captain", "POST", "/api/captain/dwellings/{dwelling}/visits"),
    ("captain", "POST", "/api/captain/households/{household}/reveal"),
]


def script(sign_in: SignIn, role: str) -> FlaskClient:
    """Return a client that sends its form token as our scripts do."""
    client = sign_in(role)
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def refused(answer: Any, *statuses: int) -> None:
    assert answer.status_code in statuses, (answer.status_code, answer.text[:300])
    assert answer.content_type == "application/problem+json"
    assert answer.json["title"]


@pytest.mark.parametrize(("role", "method", "address"), POSTS)
def test_a_body_nobody_can_read_is_refused_and_starts_nothing(
    world: World, sign_in: SignIn, role: str, method: str, address: str
) -> None:
    client = script(sign_in, role)
    where = address.format(dwelling=world.town.west_dwelling, household=world.town.west_household)

    for body in UNREADABLE.values():
        refused(client.open(where, method=method, data=body, content_type="application/json"), 400)
    with transaction(Scope.everything()) as session:
        assert session.scalar(select(func.count()).select_from(JobRun)) == 0
        assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_a_body_larger_than_any_drawing_is_refused_unread(world: World, sign_in: SignIn) -> None:
    body = b'{"note": "' + b"x" * (3 << 20) + b'"}'
    answer = script(sign_in, "captain").post(
        f"/api/captain/dwellings/{world.town.west_dwelling}/visits",
        data=body,
        content_type="application/json",
    )

    refused(answer, 413)


@pytest.mark.parametrize("size", [10**400, "x", None, {}, 0])
def test_a_team_of_an_unthinkable_size_is_refused(world: World, sign_in: SignIn, size: object) -> None:
    team = {"name": "一队", "mode": "foot", "lon": 119.005, "lat": 30.005, "size": size}

    refused(script(sign_in, "dispatcher").post("/api/dispatch/teams", json=team), 422)


@pytest.mark.parametrize(
    ("start", "end"), [("0001-01-01T00:00", "0001-01-01T05:00"), ("9999-12-31T20:00", "9999-12-31T23:59")]
)
def test_a_shift_at_the_ends_of_the_calendar_is_refused(
    world: World, sign_in: SignIn, start: str, end: str
) -> None:
    asked = {"shift_from": start, "shift_to": end}

    refused(script(sign_in, "dispatcher").post("/api/dispatch/runs", json=asked), 422)


def test_a_drawing_of_countless_corners_is_refused_before_it_is_checked(
    world: World, sign_in: SignIn
) -> None:
    turns = [2 * math.pi * n / 20_000 for n in range(20_000)]
    star = [
        [round(119.01 + 0.001 * (2 + math.sin(n)) * math.cos(turn), 7),
         round(30.005 + 0.001 * (2 + math.sin(n)) * math.sin(turn), 7)]
        for n, turn in enumerate(turns)
    ]  # fmt: skip
    client = script(sign_in, "boundary")
    community = client.get("/api/boundaries/overview").json["communities"][0]["id"]
    draft = client.post("/api/change-sets", json={"community_id": community}).json["id"]

    answer = client.post(f"/api/change-sets/{draft}/preview", json={"kind": "draw", "polygon": star})

    refused(answer, 422)
    assert answer.get_json()["fields"]["name"] == "coordinates"


@pytest.mark.parametrize("days", ["²", "٧", "7.0", "-7", "", "8"])
def test_days_that_only_look_like_a_period_are_refused(world: World, sign_in: SignIn, days: str) -> None:
    client = sign_in("leader")

    refused(client.get("/tiles/incidents/10/1/1.mvt", query_string={"days": days}), 422)
    refused(client.get("/api/here", query_string={"lon": 119, "lat": 30, "days": days}), 422)


@pytest.mark.parametrize("zoom", ["21", "64", "9" * 20, "9" * 400, "-1"])
def test_a_tile_of_a_made_up_zoom_does_not_exist(world: World, sign_in: SignIn, zoom: str) -> None:
    answer = sign_in("leader").get(f"/tiles/base/{zoom}/0/0.mvt")

    refused(answer, 404)
    assert len(answer.data) < 1000


@pytest.mark.parametrize(
    "wanted",
    ["//[", "//[::1", "//evil.example", "///evil.example", "/\\evil.example", "/\t/evil.example",
     "https://evil.example", "javascript:alert(1)", "\\\\evil.example"],
)  # fmt: skip
def test_signing_in_sends_nobody_elsewhere(world: World, wanted: str) -> None:
    client = world.app.test_client()

    assert client.get("/login", query_string={"next": wanted}).status_code == 200
    answer = sign_in_with(client, "the-leader", "a-password-for-tests", next=wanted)
    assert (answer.status_code, answer.location) == (303, "/")


def test_blanks_around_a_login_buy_no_further_guesses(world: World) -> None:
    client = world.app.test_client()
    logins = ["the-leader" + " " * (n % 6) for n in range(11)]

    statuses = [sign_in_with(client, login, "wrong-password-1").status_code for login in logins]

    assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize("login", ["THE-ADMIN", "The-Admin", "the-admin"])
def test_no_account_passes_for_another_by_its_capitals(world: World, login: str) -> None:
    with transaction(Scope.everything()) as session, pytest.raises(Conflict, match="login_taken"):
        create_account(
            session, login=login, name="x", role_code="captain", area=area_by_id(session, world.town.west.id)
        )


def test_invented_methods_leave_no_lasting_counter(world: World) -> None:
    world.app.test_client().open("/login", method="INVENTED")

    tally.pour(at_once=True)
    kept = str(quick_redis().hkeys(METRICS_KEY))
    assert "INVENTED" not in kept
    assert 'method="other"' in kept


def test_a_reference_of_another_doors_visit_is_a_conflict_not_a_lost_visit(
    world: World, sign_in: SignIn
) -> None:
    with transaction(Scope.everything()) as session:
        grid = area_by_id(session, world.town.west.id)
        neighbour, _ = add_dwelling(session, grid, 119.006, 30.006, head="周五")
    client = script(sign_in, "captain")
    visit = {"outcome": "met", "client_ref": "one"}

    first = client.post(f"/api/captain/dwellings/{world.town.west_dwelling}/visits", json=visit)
    again = client.post(f"/api/captain/dwellings/{world.town.west_dwelling}/visits", json=visit)
    other = client.post(f"/api/captain/dwellings/{neighbour}/visits", json=visit)

    assert (first.status_code, again.headers["X-Visit"]) == (201, first.headers["X-Visit"])
    refused(other, 409)


def test_refused_rows_go_back_without_formulas_in_cells_or_headings(tmp_path: Path) -> None:
    row = {
        "=cmd|' /C calc'!A0": "-2+3+cmd|' /C calc'!A0",
        "@SUM(1)": "=1+1",
        "phone": "+8619900000001",
        "lon": "-119.5",
    }
    file = tmp_path / "refused.csv"
    write_refused(file, [Refusal(2, "x", row=row)], lambda _: "reason")

    with file.open(encoding="utf-8-sig", newline="") as handle:
        heads, cells = list(csv.reader(handle))
    assert heads[:4] == ["'=cmd|' /C calc'!A0", "'@SUM(1)", "phone", "lon"]
    assert cells[:4] == ["'-2+3+cmd|' /C calc'!A0", "'=1+1", "+8619900000001", "-119.5"]
