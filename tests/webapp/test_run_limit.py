"""Asking for more than the workers can do: one run a wish, and a sentence that leads to what runs."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.db import Scope, transaction
from core.models import JobRun
from tests.webapp.conftest import World, form_token

SignIn = Callable[..., FlaskClient]


def ask(client: FlaskClient, **question: object):
    return client.post("/api/leader/runs", json=question, headers={"X-CSRFToken": form_token(client)})


def test_pressing_the_button_again_follows_the_run_there_is(world: World, sign_in: SignIn) -> None:
    client = sign_in("leader")

    first, again = ask(client, days=28), ask(client, days=28)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json["id"] == first.json["id"]
    with transaction(Scope.everything()) as session:
        assert session.scalar(select(func.count()).select_from(JobRun)) == 1


def test_too_many_wishes_are_refused_with_what_runs_and_where_to_see_it(
    world: World, sign_in: SignIn
) -> None:
    client = sign_in("leader")
    types = ("theft", "burglary", "robbery")
    runs = [int(ask(client, days=28, types=[name]).json["id"]) for name in types]

    refused = ask(client, days=28)

    assert (refused.status_code, refused.json["code"]) == (409, "too_many_runs")
    assert refused.json["title"] == "您发起的“分析热点”还有 3 个未完成。"
    assert "任务栏" in refused.json["detail"]
    assert refused.json["fields"]["runs"] == runs


def test_plans_of_one_evening_are_one_wish_whatever_the_seed(world: World, sign_in: SignIn) -> None:
    client = sign_in("dispatcher")
    token = {"X-CSRFToken": form_token(client)}

    asked = [client.post("/api/dispatch/runs", json={}, headers=token).json["id"] for _ in range(2)]

    assert asked[0] == asked[1]
