"""While Redis is away: what the house says, and that nothing asked for is lost."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

import core.jobs
import core.settings
import webapp.kept
from core.clock import now
from core.cluster import free_port
from core.db import Scope, transaction
from core.jobs import job, reconcile, redis_connection, request
from core.models import JobRun
from tests.webapp.conftest import World

SignIn = Callable[..., FlaskClient]


@job("test.waits")
def _idle(_run: object) -> None:
    """Stand for any job: only its row matters here."""


def _forget() -> None:
    for cached in (core.settings.settings, webapp.kept.quick_redis, core.jobs.redis_connection):
        cached.cache_clear()


@pytest.fixture
def no_redis(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The house is told of a Redis where nobody listens; undoing the patch brings the real one back."""
    monkeypatch.setenv("GRIDPATROL_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    _forget()
    yield monkeypatch
    monkeypatch.undo()
    _forget()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        pytest.param("zh", "Redis没有响应：任务在等待，请重启它。", id="zh"),
        pytest.param("en", "Redis does not answer: jobs wait until it does; restart it.", id="en"),
    ],
)
def test_health_says_in_one_sentence_what_to_do(
    world: World, no_redis: pytest.MonkeyPatch, language: str, sentence: str
) -> None:
    answer = world.app.test_client().get("/healthz", headers={"Accept-Language": language})

    assert answer.status_code == 503
    assert answer.json == {"status": "failing", "failing": ["redis", "workers"], "detail": sentence}


def test_a_run_asked_for_waits_in_words_and_begins_when_redis_is_back(
    world: World, sign_in: SignIn, no_redis: pytest.MonkeyPatch
) -> None:
    dispatcher = sign_in("dispatcher")
    with transaction(Scope((world.town.county.path,)), actor_id=world.accounts["dispatcher"]) as session:
        run_id = request(session, kind="test.waits", queue="planning", owner=world.town.county, params={}).id

    [waiting] = dispatcher.get("/api/jobs").json["jobs"]
    assert (waiting["id"], waiting["state"]) == (str(run_id), "queued")
    assert "Redis" in waiting["message"]
    assert "管理员" in waiting["message"]

    no_redis.undo()
    _forget()
    redis_connection().flushdb()
    [again] = dispatcher.get("/api/jobs").json["jobs"]
    assert again["message"] == ""
    with transaction(Scope.everything()) as session:
        long_ago = now() - timedelta(minutes=1)
        session.get_one(JobRun, run_id).created_at = long_ago
    assert reconcile() == (1, 0)
