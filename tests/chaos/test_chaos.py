"""Bad luck between processes: what dies or forgets is taken up again by the processes as they start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from rq import Worker
from rq.serializers import JSONSerializer
from sqlalchemy import update

from core.clock import now
from core.db import Scope, transaction
from core.jobs import QUEUES, HouseWorker, job, redis_connection, request
from core.models import JobRun
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town

COMMAND = Path(sys.executable).with_name("gridpatrol")


@job("test.chaos")
def _idle(_run: object) -> None:
    """Stand for any job: only its row matters here."""


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town on a database of its own."""
    redis_connection.cache_clear()
    redis_connection().flushdb()
    return build_small_town()


def until(true: Callable[[], bool], *, within_s: float = 40) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


def state_of(run_id: int) -> str:
    with transaction(Scope.everything()) as session:
        return session.get_one(JobRun, run_id).state


def test_the_reconciler_as_it_starts_takes_up_a_dead_workers_run(town: SmallTown) -> None:
    """In a process of its own: what this one imported must not help it."""
    with transaction(Scope.everything()) as session:
        run_id = request(session, kind="test.chaos", queue="analysis", owner=town.county, params={}).id
    with transaction(Scope.everything()) as session:
        long_ago = now() - timedelta(hours=1)
        session.execute(
            update(JobRun)
            .where(JobRun.id == run_id)
            .values(state="running", attempt=1, started_at=long_ago, heartbeat_at=long_ago)
        )
    environment = os.environ | {"GRIDPATROL_RECONCILE_EVERY_S": "1"}

    reconciler = subprocess.Popen([COMMAND, "reconcile"], env=environment)
    try:
        until(lambda: state_of(run_id) == "queued")
    finally:
        reconciler.send_signal(signal.SIGTERM)
        assert reconciler.wait(timeout=20) == 0


def test_a_worker_enters_itself_again_after_redis_was_flushed(town: SmallTown) -> None:
    worker = HouseWorker(list(QUEUES), connection=redis_connection(), serializer=JSONSerializer)
    worker.register_birth()  # type: ignore[no-untyped-call]
    redis_connection().flushdb()
    assert Worker.all(connection=redis_connection()) == []

    worker.heartbeat()

    [entered] = Worker.all(connection=redis_connection())
    assert (entered.name, entered.queue_names()) == (worker.name, list(QUEUES))
    worker.register_death()  # type: ignore[no-untyped-call]
