"""Sign-ins kept on the server: signed out is signed out everywhere, and nothing lives on by itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text, update

import core.db
from core.audit import AuditEvent
from core.clock import now
from core.db import Scope, transaction
from geo.staff.models import AccountSession
from geo.staff.sign_in import NOTE_USE_AFTER, sweep
from tests.webapp.conftest import PASSWORD, World, form_token, sign_in_with
from webapp.rate import who

SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)


def copied(world: World, client: FlaskClient) -> FlaskClient:
    """Return another browser that holds a copy of the client's cookie."""
    thief = world.app.test_client()
    cookie = client.get_cookie("gridpatrol")
    assert cookie is not None
    thief.set_cookie("gridpatrol", cookie.value)
    return thief


def is_in(client: FlaskClient) -> bool:
    return client.get("/api/layers").status_code == 200


def sign_ins() -> int:
    with transaction(Scope.everything()) as session:
        return session.scalar(select(func.count()).select_from(AccountSession)) or 0


def last_used(ago: timedelta) -> None:
    """Let every sign-in have been used last so long ago."""
    with transaction(Scope.everything()) as session:
        session.execute(update(AccountSession).values(seen_at=now() - ago))


def test_a_copied_cookie_is_dead_once_its_owner_signed_out(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    thief = copied(world, client)
    assert is_in(thief)

    client.post("/logout", data={"csrf_token": form_token(client)})

    assert not is_in(thief)
    assert sign_ins() == 0


def test_signing_out_ends_this_session_and_no_other(world: World, sign_in: SignIn) -> None:
    phone, desk = sign_in("leader"), sign_in("leader")

    phone.post("/logout", data={"csrf_token": form_token(phone)})

    assert not is_in(phone)
    assert is_in(desk)


def test_a_person_signs_out_everywhere(world: World, sign_in: SignIn) -> None:
    phone, desk, other = sign_in("leader"), sign_in("leader"), sign_in("captain")

    answer = phone.post("/account/sign-out-everywhere", data={"csrf_token": form_token(phone)})

    assert answer.headers["Location"] == "/login"
    assert not is_in(phone)
    assert not is_in(desk)
    assert is_in(other)
    assert acts("account.sign_out_everywhere") == [world.accounts["leader"]]


def acts(action: str) -> list[int | None]:
    with transaction(Scope.everything()) as session:
        return list(session.scalars(select(AuditEvent.actor_id).where(AuditEvent.action == action)))


def test_the_administrator_ends_the_sessions_of_an_account(world: World, sign_in: SignIn) -> None:
    phone, admin = sign_in("leader"), sign_in("admin")
    token = {"X-CSRFToken": form_token(admin)}

    answer = admin.post(f"/api/admin/accounts/{world.accounts['leader']}/sign-out", headers=token)

    assert answer.json["login"] == "the-leader"
    assert not is_in(phone)
    assert is_in(admin)
    assert acts("account.sign_out_everywhere") == [world.accounts["admin"]]


def test_a_rested_sign_in_is_dead_although_its_cookie_is_fresh(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    last_used(timedelta(hours=12, minutes=1))

    assert not is_in(client)


@pytest.mark.parametrize(("path", "noted"), [("/api/areas/tree", True), ("/api/jobs", False)])
def test_use_by_a_person_is_noted_and_what_pages_ask_by_themselves_is_not(
    world: World, sign_in: SignIn, path: str, noted: bool
) -> None:
    client = sign_in("leader")
    last_used(NOTE_USE_AFTER + timedelta(minutes=1))

    assert client.get(path).status_code == 200

    with transaction(Scope.everything()) as session:
        seen_at = session.scalar(select(AccountSession.seen_at))
    assert (seen_at > now() - timedelta(minutes=1)) is noted


def test_most_requests_ask_for_account_and_sign_in_at_once_and_write_nothing(
    world: World, sign_in: SignIn
) -> None:
    client = sign_in("leader")
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(core.db.engine(), "before_cursor_execute", note)
    client.get("/api/areas/tree")
    event.remove(core.db.engine(), "before_cursor_execute", note)

    assert len([words for words in statements if "account_session" in words]) == 1
    assert not [words for words in statements if words.startswith(("UPDATE", "INSERT", "DELETE"))]


def test_the_table_holds_nothing_one_could_sign_in_with(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")
    with client.session_transaction() as session:
        key = session["_user_id"].partition(":")[2]

    with transaction(Scope.everything()) as session:
        rows = session.execute(text("SELECT account_session::text FROM account_session")).scalars().all()

    assert len(key) > 40
    assert len(rows) == 1
    assert key not in rows[0]


def test_a_person_sees_no_sign_ins_but_his_own(world: World, sign_in: SignIn) -> None:
    sign_in("leader")
    sign_in("admin")
    everywhere = Scope((world.town.county.path,))

    with transaction(everywhere, actor_id=world.accounts["admin"]) as session:
        seen = set(session.scalars(select(AccountSession.account_id)))
    with transaction(everywhere) as session:
        nobody = list(session.scalars(select(AccountSession.account_id)))

    assert seen == {world.accounts["admin"]}
    assert nobody == []


def test_sweeping_takes_what_holds_no_longer_and_nothing_else(world: World, sign_in: SignIn) -> None:
    sign_in("captain")
    sign_in("dispatcher")
    last_used(timedelta(hours=13))
    client = sign_in("leader")
    client.post("/account/sign-out-everywhere", data={"csrf_token": form_token(client)})
    sign_in("admin")

    with transaction(Scope.everything()) as session:
        assert sweep(session, rest=timedelta(hours=12)) == 3

    with transaction(Scope.everything()) as session:
        assert list(session.scalars(select(AccountSession.account_id))) == [world.accounts["admin"]]


def test_requests_are_counted_by_account_however_often_it_signed_in(world: World) -> None:
    counted = set()
    for _ in range(2):
        client = world.app.test_client()
        sign_in_with(client, "the-leader", PASSWORD)
        with client:
            client.get("/api/layers")
            counted.add(who())

    assert counted == {f"account:{world.accounts['leader']}"}
