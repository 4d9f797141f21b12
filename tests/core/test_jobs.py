"""Jobs on a real Redis and a real worker: nothing lost, nothing done twice, nothing half stored."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text, update

from core import jobs
from core.audit import AuditEvent, record
from core.db import Scope, transaction
from core.errors import Conflict, JobCancelled, NotEnough, NotFound
from core.jobs import RunningJob, job
from core.models import JobRun
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town


@job("test.count")
def _count(run: RunningJob) -> None:
    run.progress(0.5, "half_way", n=run.params["n"])
    with run.transaction() as session:
        record(session, "test.counted", n=run.params["n"])
        run.finish(session, {"n": run.params["n"]})


@job("test.decided", outlives_asker=True)
def _decided(run: RunningJob) -> None:
    with run.transaction() as session:
        run.finish(session, {})


@job("test.refuse")
def _refuse(run: RunningJob) -> None:
    raise NotEnough("too_few_incidents", count=3)


@job("test.crash")
def _crash(run: RunningJob) -> None:
    with run.transaction() as session:
        record(session, "test.counted", n=0)
        session.flush()
        raise ZeroDivisionError


@job("test.quote")
def _quote(run: RunningJob) -> None:
    with run.transaction() as session:
        session.execute(text("SELECT CAST(:phone AS integer)"), {"phone": "19900000001"})


@job("test.forget")
def _forget_to_finish(run: RunningJob) -> None:
    run.progress(1.0, "done")


@job("test.cancelled_midway")
def _cancelled_midway(run: RunningJob) -> None:
    with transaction(Scope.everything()) as session:
        jobs.cancel(session, run.id)
    with run.transaction() as session:
        record(session, "test.counted", n=0)
        run.finish(session, {})


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town in a database of its own."""
    return build_small_town()


def _request(town: SmallTown, kind: str, **params: int) -> int:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        return jobs.request(session, kind=kind, queue="analysis", owner=town.county, params=params).id


def _run(run_id: int) -> JobRun:
    with transaction(Scope.everything()) as session:
        return session.get_one(JobRun, run_id)


def _acts(action: str) -> int:
    with transaction(Scope.everything()) as session:
        return session.scalar(select(func.count()).where(AuditEvent.action == action))


def test_a_run_is_worked_and_its_result_stored(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=7)

    jobs.work(["analysis"], burst=True)

    run = _run(run_id)
    assert (run.state, run.progress, run.result) == ("done", 1.0, {"n": 7})
    assert run.message == {"code": "half_way", "n": 7}
    assert run.scope == [town.county.path]


def test_asking_again_for_what_is_not_finished_returns_the_run_there_is(town: SmallTown) -> None:
    first = _request(town, "test.count", n=1)
    assert _request(town, "test.count", n=1) == first
    assert jobs._queue("analysis").count == 1
    running = jobs._claim(first)
    assert _request(town, "test.count", n=1) == first, "also while it runs"
    assert _request(town, "test.count", n=2) != first

    jobs._end(running, "done", None)

    assert _request(town, "test.count", n=1) != first, "what is finished is done anew"


def test_what_was_drawn_by_lot_makes_no_other_question(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        asked = [
            jobs.request(
                session, kind="test.count", queue="analysis", owner=town.county,
                params={"n": 1, "seed": seed}, drawn=("seed",),
            ).id
            for seed in (4, 5)
        ]  # fmt: skip

    assert asked[0] == asked[1]


def test_a_cancelled_question_may_be_asked_again(town: SmallTown) -> None:
    first = _request(town, "test.count", n=1)
    jobs._claim(first)
    with transaction(Scope((town.county.path,))) as session:
        jobs.cancel(session, first)  # running: it stops at its next check

    assert _request(town, "test.count", n=1) != first


def test_one_person_cannot_fill_the_queue(town: SmallTown) -> None:
    asked = [_request(town, "test.count", n=n) for n in range(3)]

    with pytest.raises(Conflict, match="too_many_runs") as refusal:
        _request(town, "test.count", n=3)

    assert refusal.value.fields == {"kind": "test.count", "count": 3, "runs": asked}
    assert _request(town, "test.refuse") > asked[-1], "another kind is another queue of wishes"
    with transaction(Scope((town.county.path,)), actor_id=town.captain) as session:
        other = jobs.request(session, kind="test.count", queue="analysis", owner=town.county, params={"n": 0})
    assert other.id not in asked, "another person's wish is his own"
    with transaction(Scope((town.county.path,))) as session:
        jobs.cancel(session, asked[0])
    assert _request(town, "test.count", n=3)


def test_what_an_account_asked_for_stops_but_what_was_decided(town: SmallTown) -> None:
    done, waiting, running = (_request(town, "test.count", n=n) for n in range(3))
    jobs.execute(done)
    claimed = jobs._claim(running)
    decided = _request(town, "test.decided")
    with transaction(Scope((town.county.path,)), actor_id=town.captain) as session:
        other = jobs.request(session, kind="test.count", queue="analysis", owner=town.county, params={"n": 0})

    with transaction(Scope((town.county.path,))) as session:
        assert [run.id for run in jobs.cancel_asked_by(session, town.drawer)] == [waiting, running]

    assert _run(waiting).state == "cancelled"
    with pytest.raises(JobCancelled):
        claimed.progress(0.5, "half_way")
    for run_id in (decided, other.id):
        jobs.execute(run_id)
    assert [_run(run_id).state for run_id in (done, decided, other.id)] == ["done"] * 3


def test_two_presses_at_once_make_one_run(town: SmallTown) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = set(pool.map(lambda _: _request(town, "test.count", n=1), range(8)))

    assert len(asked) == 1


def test_a_rolled_back_request_enqueues_nothing(town: SmallTown) -> None:
    with pytest.raises(ZeroDivisionError), transaction(Scope((town.county.path,))) as session:
        jobs.request(session, kind="test.count", queue="analysis", owner=town.county, params={"n": 1})
        raise ZeroDivisionError

    assert jobs._queue("analysis").count == 0


def test_releasing_a_savepoint_enqueues_nothing_yet(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,))) as session:
        with session.begin_nested():
            jobs.request(session, kind="test.count", queue="analysis", owner=town.county, params={"n": 1})
        assert jobs._queue("analysis").count == 0
    assert jobs._queue("analysis").count == 1


def test_an_unknown_kind_is_refused(town: SmallTown) -> None:
    with pytest.raises(NotFound, match="job_kind_unknown"):
        _request(town, "test.unknown")


def test_a_flushed_redis_loses_nothing(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=1)
    jobs.redis_connection().flushdb()
    with transaction(Scope.everything()) as session:
        session.execute(text("UPDATE job_run SET created_at = now() - interval '1 minute'"))

    assert jobs.reconcile() == (1, 0)
    assert jobs.reconcile() == (0, 0), "what Redis knows is not enqueued again"
    jobs.work(["analysis"], burst=True)

    assert _run(run_id).state == "done"


def test_a_run_delivered_twice_is_done_once(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=1)
    jobs._enqueue(run_id, "analysis", 60)

    jobs.work(["analysis"], burst=True)

    assert _run(run_id).attempt == 1
    assert _acts("test.counted") == 1


def test_a_typed_refusal_becomes_the_runs_error(town: SmallTown) -> None:
    run_id = _request(town, "test.refuse")
    jobs.execute(run_id)

    run = _run(run_id)
    assert (run.state, run.error) == ("failed", {"code": "too_few_incidents", "count": 3})


def test_a_crash_stores_nothing_and_is_told(town: SmallTown) -> None:
    run_id = _request(town, "test.crash")
    jobs.execute(run_id)

    assert _run(run_id).state == "failed"
    assert _run(run_id).error["code"] == "job_crashed"
    assert _acts("test.counted") == 0


def test_a_crash_keeps_where_it_happened_and_not_what_the_database_quoted(town: SmallTown) -> None:
    run_id = _request(town, "test.quote")
    jobs.execute(run_id)

    error = _run(run_id).error
    assert error["code"] == "job_crashed"
    assert "_quote" in error["trace"]
    assert "19900000001" not in str(error)


def test_a_handler_that_forgets_to_finish_fails(town: SmallTown) -> None:
    run_id = _request(town, "test.forget")
    jobs.execute(run_id)

    assert _run(run_id).error == {"code": "job_unfinished", "kind": "test.forget"}


def test_a_queued_run_is_cancelled_at_once_and_only_once(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=1)
    with transaction(Scope((town.county.path,))) as session:
        assert jobs.cancel(session, run_id).state == "cancelled"
    with pytest.raises(Conflict, match="job_finished"), transaction(Scope((town.county.path,))) as session:
        jobs.cancel(session, run_id)

    jobs.work(["analysis"], burst=True)

    assert _run(run_id).state == "cancelled"
    assert _acts("test.counted") == 0


def test_a_run_cancelled_while_it_stores_keeps_nothing(town: SmallTown) -> None:
    run_id = _request(town, "test.cancelled_midway")
    jobs.execute(run_id)

    assert _run(run_id).state == "cancelled"
    assert _acts("test.counted") == 0


def test_nobody_cancels_a_run_outside_his_scope(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=1)

    with pytest.raises(NotFound, match="job_unknown"), transaction(Scope((town.west.path,))) as session:
        jobs.cancel(session, run_id)


def test_an_overtaken_run_cannot_store(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=1)
    running = jobs._claim(run_id)
    with transaction(Scope.everything()) as session:  # another worker took it over
        session.execute(update(JobRun).where(JobRun.id == run_id).values(attempt=2))

    with pytest.raises(jobs.JobCancelled):
        _count(running)

    assert _acts("test.counted") == 0


def test_a_dead_workers_run_is_taken_up_again_three_times_at_most(town: SmallTown) -> None:
    run_id = _request(town, "test.count", n=1)
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        assert jobs._claim(run_id).attempt == attempt
        with transaction(Scope.everything()) as session:
            session.execute(text("UPDATE job_run SET heartbeat_at = now() - interval '1 hour', "
                                 "created_at = now() - interval '1 hour'"))  # fmt: skip
        jobs.reconcile()

    run = _run(run_id)
    assert (run.state, run.error) == ("failed", {"code": "job_worker_lost", "attempts": 3})


def test_a_killed_worker_process_leaves_the_run_to_the_reconciler(town: SmallTown, servers) -> None:
    run_id = _request(town, "test.count", n=1)
    program = textwrap.dedent(
        f"""
        import time
        import geo.areas.models, geo.staff.models
        from core import jobs

        @jobs.job("test.count")
        def slow(run):
            run.progress(0.1, "sleeping")
            time.sleep(60)

        jobs.execute({run_id})
        """
    )
    worker = subprocess.Popen([sys.executable, "-c", program], env=dict(os.environ))
    deadline = time.monotonic() + 30
    while _run(run_id).message.get("code") != "sleeping":
        assert time.monotonic() < deadline, "the worker never started"
        time.sleep(0.1)
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=10)
    with transaction(Scope.everything()) as session:
        session.execute(text("UPDATE job_run SET heartbeat_at = now() - interval '1 hour', "
                             "created_at = now() - interval '1 hour'"))  # fmt: skip

    jobs.redis_connection().flushdb()
    jobs.reconcile()
    jobs.work(["analysis"], burst=True)

    assert (_run(run_id).state, _run(run_id).attempt) == ("done", 2)
