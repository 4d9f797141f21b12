"""A password only its holder knows, and no way to names and phones by one administrator's word alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.audit import AuditEvent
from core.clock import now
from core.db import Scope, transaction
from geo.areas.queries import area_by_id
from geo.staff.models import Account
from geo.staff.service import create_account
from tests.webapp.conftest import PASSWORD, World, form_token, sign_in_with

SignIn = Callable[..., FlaskClient]
OWN = "known to me alone"


def scripted(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def token_of_page(client: FlaskClient) -> str:
    page = client.get("/account").text
    return page.split('name="csrf-token" content="', 1)[1].split('"', 1)[0]


def change(client: FlaskClient, old: str, new: str, again: str | None = None) -> TestResponse:
    form = {"old": old, "new": new, "again": new if again is None else again}
    return client.post("/account/password", data=form | {"csrf_token": token_of_page(client)})


def made_captain(
    world: World, sign_in: SignIn, login: str = "second.captain"
) -> tuple[FlaskClient, str, int]:
    """Let the administrator make a captain of the western grid; return its browser, password and id."""
    made = scripted(sign_in("admin")).post(
        "/api/admin/accounts",
        json={"login": login, "role": "captain", "area": world.town.west.code},
    )
    assert made.status_code == 201, made.text
    client = world.app.test_client()
    assert sign_in_with(client, login, made.json["password"]).status_code == 303
    return client, made.json["password"], made.json["id"]


def reveal(world: World, client: FlaskClient) -> TestResponse:
    token = {"X-CSRFToken": token_of_page(client)}
    address = f"/api/captain/households/{world.town.west_household}/reveal"
    return client.post(address, json={"purpose": "visit"}, headers=token)


def acts(action: str) -> list[AuditEvent]:
    with transaction(Scope.everything()) as session:
        found = list(session.scalars(select(AuditEvent).where(AuditEvent.action == action)))
        session.expunge_all()
        return found


def second_admin(session: Session, world: World) -> None:
    create_account(
        session,
        login="second.admin",
        name="乙",
        role_code="admin",
        area=area_by_id(session, world.town.county.id),
        password=PASSWORD,
    )


def test_a_password_somebody_gave_opens_nothing_but_the_page_to_change_it(
    world: World, sign_in: SignIn
) -> None:
    client, _, _ = made_captain(world, sign_in)

    assert client.get("/").headers["Location"] == "/captain"
    assert client.get("/captain").headers["Location"] == "/account"
    refused = client.get("/api/layers")
    assert (refused.status_code, refused.json["code"]) == (403, "password_temporary")
    assert client.get("/tiles/areas/10/1/1.mvt").status_code == 403
    assert reveal(world, client).json["code"] == "password_temporary"
    page = client.get("/account")
    assert page.status_code == 200
    assert "请设置您自己的密码" in page.text


def test_with_a_password_of_his_own_the_holder_goes_to_work(world: World, sign_in: SignIn) -> None:
    client, given, _ = made_captain(world, sign_in)
    thief = world.app.test_client()
    sign_in_with(thief, "second.captain", given)

    answer = change(client, given, OWN)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?changed=")
    assert client.get("/captain").status_code == 200
    assert thief.get("/api/layers").status_code == 401, "whoever else used the given password is out"
    assert sign_in_with(world.app.test_client(), "second.captain", given).status_code == 401
    assert sign_in_with(world.app.test_client(), "second.captain", OWN).status_code == 303
    assert len(acts("account.own_password")) == 1


@pytest.mark.parametrize(
    ("old", "new", "again", "words", "status"),
    [
        pytest.param("not the password", OWN, OWN, "The present password is wrong.", 403, id="wrong"),
        pytest.param(PASSWORD, "short", "short", "at least 12 characters", 422, id="short"),
        pytest.param(PASSWORD, OWN, OWN + "x", "not typed the same twice", 422, id="repeated-wrongly"),
        pytest.param(PASSWORD, PASSWORD, PASSWORD, "That is the present password.", 422, id="unchanged"),
    ],
)
def test_an_unusable_change_is_refused_in_words_and_changes_nothing(
    world: World, sign_in: SignIn, old: str, new: str, again: str, words: str, status: int
) -> None:
    client = sign_in("leader")
    client.post("/language", data={"locale": "en", "csrf_token": form_token(client)})

    answer = change(client, old, new, again)

    assert answer.status_code == status
    assert words in answer.text
    assert new not in answer.text
    assert sign_in_with(world.app.test_client(), "the-leader", PASSWORD).status_code == 303


def test_guessing_the_present_password_in_a_stolen_session_is_slowed_down(
    world: World, sign_in: SignIn
) -> None:
    client = sign_in("leader")

    statuses = [change(client, f"guess number {n}", OWN).status_code for n in range(11)]

    assert statuses == [403] * 10 + [429]


def test_a_new_password_by_the_administrator_is_temporary_too(world: World, sign_in: SignIn) -> None:
    admin = scripted(sign_in("admin"))
    given = admin.post(f"/api/admin/accounts/{world.accounts['leader']}/password").json["password"]
    client = world.app.test_client()

    sign_in_with(client, "the-leader", given)

    assert client.get("/leader").headers["Location"] == "/account"


def test_contacts_stay_closed_to_an_account_one_administrator_made_and_the_auditor_sees_it(
    world: World, sign_in: SignIn
) -> None:
    client, given, account_id = made_captain(world, sign_in)
    change(client, given, OWN)

    refused = reveal(world, client)

    assert (refused.status_code, refused.json["code"]) == (403, "contacts_wait")
    assert acts("household.reveal") == []
    [noted] = acts("household.reveal_refused")
    assert noted.actor_id == account_id
    audit = sign_in("auditor").get("/admin?view=audit").text
    assert "查看姓名电话被拒绝" in audit
    assert "second.captain" in audit


def test_a_second_person_opens_contacts_at_once(world: World, sign_in: SignIn) -> None:
    client, given, account_id = made_captain(world, sign_in)
    change(client, given, OWN)
    with transaction(Scope.everything()) as session:
        second_admin(session, world)
    second = world.app.test_client()
    sign_in_with(second, "second.admin", PASSWORD)
    assert "data-confirm-account" in second.get("/admin?view=accounts").text
    assert "data-confirm-account" not in sign_in("admin").get("/admin?view=accounts").text

    confirmed = scripted(second).post(f"/api/admin/accounts/{account_id}/confirm")

    assert confirmed.status_code == 200, confirmed.text
    assert reveal(world, client).status_code == 200
    assert len(acts("account.confirm")) == 1


def test_who_made_an_account_cannot_confirm_it(world: World, sign_in: SignIn) -> None:
    _, _, account_id = made_captain(world, sign_in)

    refused = scripted(sign_in("admin")).post(f"/api/admin/accounts/{account_id}/confirm")

    assert (refused.status_code, refused.json["code"]) == (409, "account_needs_second_person")


def test_a_second_self_made_for_the_purpose_cannot_confirm(world: World, sign_in: SignIn) -> None:
    _, _, captain = made_captain(world, sign_in)
    made = scripted(sign_in("admin")).post(
        "/api/admin/accounts",
        json={"login": "puppet", "role": "admin", "area": world.town.county.code},
    )
    puppet = world.app.test_client()
    sign_in_with(puppet, "puppet", made.json["password"])
    change(puppet, made.json["password"], OWN)

    refused = scripted(puppet).post(f"/api/admin/accounts/{captain}/confirm")

    assert (refused.status_code, refused.json["code"]) == (403, "contacts_wait")


def test_contacts_open_by_themselves_after_the_wait(world: World, sign_in: SignIn) -> None:
    client, given, account_id = made_captain(world, sign_in)
    change(client, given, OWN)
    with transaction(Scope.everything()) as session:
        long_ago = now() - timedelta(hours=24, minutes=1)
        session.execute(update(Account).where(Account.id == account_id).values(entrusted_at=long_ago))

    assert reveal(world, client).status_code == 200
