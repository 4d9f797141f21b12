"""Background jobs whose truth is a row in PostgreSQL; Redis only carries their ids.

`request` writes the row and enqueues its id after the commit. A worker calls `execute`, which
claims the row, runs the registered handler and stores the result in one fenced transaction: a
run that was taken over by another worker, or cancelled, cannot store anything. `reconcile`
re-enqueues what Redis lost and what a dead worker left behind, so Redis may be flushed at any time.
"""

import contextlib
import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from sqlalchemy import event
from sqlalchemy.orm import Session

from core import queries
from core.clock import now
from core.db import Scope, actor_of, engine, scope_of, snapshot, transaction
from core.errors import Conflict, DomainError, JobCancelled, NotFound
from core.models import JobRun
from core.queries import UNFINISHED
from core.settings import settings

logger = logging.getLogger(__name__)

QUEUES = ("interactive", "planning", "analysis", "maintenance")
MAX_ATTEMPTS = 3
#: How often a working process says that it lives; `job_stale_s` must be several times this.
HEARTBEAT_S = 5.0
#: An idle worker is entered in Redis for so long and renews that 15 s earlier.
WORKER_TTL_S = 60


@dataclass(slots=True)
class RunningJob:
    """What a handler holds of its run: parameters, scope, and the ways to report and to stop."""

    id: int
    kind: str
    attempt: int
    params: dict[str, Any]
    scope: Scope
    actor_id: int | None
    county_id: int
    area_id: int
    area_path: str
    occasion: str | None = None

    @contextlib.contextmanager
    def transaction(self, *, statement_timeout_s: int = 600) -> Iterator[Session]:
        """Yield a session in the run's scope and on behalf of its actor; commits at the end."""
        with transaction(
            self.scope, actor_id=self.actor_id, statement_timeout_s=statement_timeout_s
        ) as session:
            yield session

    @contextlib.contextmanager
    def snapshot(self, *, statement_timeout_s: int = 600) -> Iterator[Session]:
        """Yield a session in the run's scope that reads everything as of one moment and writes nothing."""
        with snapshot(self.scope, actor_id=self.actor_id, statement_timeout_s=statement_timeout_s) as session:
            yield session

    def progress(
        self,
        fraction: float,
        message: str,
        *,
        detail: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Publish how far the run is (0..1) and what it does now (a message code with fields).

        Raises
        ------
        JobCancelled
            When a person cancelled the run, or another worker took it over.
        """
        values: dict[str, Any] = {
            "progress": min(max(fraction, 0.0), 1.0),
            "message": {"code": message, **fields},
        }
        if detail is not None:
            values["detail"] = detail
        with transaction(Scope.everything()) as session:
            if not queries.note_progress(session, self.id, self.attempt, values):
                raise JobCancelled

    def finish(self, session: Session, result: dict[str, Any]) -> None:
        """Mark the run done with `result` inside the transaction that stores its outcome.

        Raises
        ------
        JobCancelled
            When the run was cancelled or taken over: the transaction must roll back, and does.
        """
        if not queries.note_done(session, self.id, self.attempt, result):
            raise JobCancelled


type Handler = Callable[[RunningJob], None]

_handlers: dict[str, Handler] = {}
_outliving: set[str] = set()


def job(kind: str, *, outlives_asker: bool = False) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of runs of `kind`.

    `outlives_asker` says that its runs do what was decided once: they go on when the account that asked for
    them is deactivated.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if outlives_asker:
            _outliving.add(kind)
        return handler

    return register


def registered_kinds() -> tuple[str, ...]:
    """Return the kinds a worker of this process can run."""
    return tuple(sorted(_handlers))


@lru_cache(maxsize=1)
def redis_connection() -> "Redis":
    """Return the process's Redis connection pool, with time-outs."""
    return Redis.from_url(
        settings().redis_url, socket_timeout=30, socket_connect_timeout=3, health_check_interval=30
    )


def request(
    session: Session,
    *,
    kind: str,
    queue: str,
    owner: Any,
    params: dict[str, Any],
    timeout_s: int = 900,
    drawn: Sequence[str] = (),
    occasion: str | None = None,
) -> JobRun:
    """Record a run of `kind` and enqueue it once the session commits.

    Whoever asks again for what he has asked for and what is not finished gets the run there is.

    Parameters
    ----------
    owner
        The row whose county_id, area_id/id and area_path/path the run belongs to: an `Area` or
        any owned row. The run sees what the session's scope sees.
    params
        JSON values: ids and scalars only, no geometry and no personal data.
    drawn
        Names of `params` that were drawn by lot and make no other question.
    occasion
        What the house itself asks for it on; the caller made sure with `asked_on` that there is no such run.

    Raises
    ------
    Conflict
        ``too_many_runs`` (fields `kind`, `count`, `runs`): the actor has as many unfinished runs of
        this kind as the setting ``runs_per_person`` allows.
    """
    if queue not in QUEUES or kind not in _handlers:
        raise NotFound("job_kind_unknown", kind=kind, queue=queue)
    run = JobRun(
        kind=kind,
        queue=queue,
        params=params,
        timeout_s=timeout_s,
        occasion=occasion,
        actor_id=actor_of(session),
        scope=list(scope_of(session).paths),
        county_id=owner.county_id,
        area_id=getattr(owner, "area_id", None) or owner.id,
        area_path=getattr(owner, "area_path", None) or owner.path,
    )
    asked_before = _asked_before(session, run, drawn)
    if asked_before is not None:
        return asked_before
    session.add(run)
    session.flush()
    session.info.setdefault("enqueue", []).append((run.id, queue, timeout_s))
    return run


def asked_on(session: Session, owner: Any, kind: str, occasion: str) -> bool:
    """Tell whether the house asked for a run of `kind` for an area on an occasion; others wait to ask."""
    return queries.lock_occasion(session, area_id=owner.id, kind=kind, occasion=occasion)


def _asked_before(session: Session, run: JobRun, drawn: Sequence[str]) -> JobRun | None:
    if run.actor_id is None:
        return None  # the system and the command line wait for what they ask
    # Two presses of one button are two transactions: the second must see the first one's run.
    queries.lock_asking(session, actor_id=run.actor_id, kind=run.kind)
    unfinished = queries.unfinished_runs(session, actor_id=run.actor_id, kind=run.kind)
    for other in unfinished:
        if _question(other, drawn) == _question(run, drawn):
            return other
    if len(unfinished) >= settings().runs_per_person:
        raise Conflict(
            "too_many_runs", kind=run.kind, count=len(unfinished), runs=[other.id for other in unfinished]
        )
    return None


def _question(run: JobRun, drawn: Sequence[str]) -> tuple[Any, ...]:
    # Through JSON: what the database gave back and what is asked now differ in tuples and lists.
    asked = {name: value for name, value in run.params.items() if name not in drawn}
    return run.area_id, sorted(run.scope), json.dumps(asked, sort_keys=True)


@event.listens_for(Session, "after_commit")
def _enqueue_requested(session: Session) -> None:
    # after_commit also fires when a SAVEPOINT is released: the row may still be rolled back then.
    if session.in_nested_transaction():
        return
    for run_id, queue, timeout_s in session.info.pop("enqueue", ()):
        try:
            _enqueue(run_id, queue, timeout_s, connection=_impatient(settings().redis_url))
        except RedisError:
            logger.warning("redis does not answer; the reconciler will enqueue run %s", run_id)


@event.listens_for(Session, "after_soft_rollback")
def _forget_requested(session: Session, _previous: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop("enqueue", None)


@lru_cache(maxsize=1)
def _impatient(url: str) -> "Redis":
    # Somebody waits for the page: a Redis that takes the connection and says nothing must not hold it long.
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _queue(name: str, connection: "Redis | None" = None) -> Queue:
    return Queue(name, connection=connection or redis_connection(), serializer=JSONSerializer)


def _enqueue(run_id: int, queue: str, timeout_s: int, *, connection: "Redis | None" = None) -> None:
    # One Redis job per enqueueing; a second delivery of the same run is harmless, `claim` lets one win.
    _queue(queue, connection).enqueue_call(
        "core.jobs.execute", args=(run_id,), timeout=timeout_s + 30, result_ttl=0, failure_ttl=3600
    )


def cancel(session: Session, run_id: int) -> JobRun:
    """Ask the run to stop; a queued run is cancelled at once, a running one at its next check.

    Raises
    ------
    NotFound
        ``job_unknown``: no such run in the session's scope.
    Conflict
        ``job_finished`` (field `state`): it has already ended.
    """
    run = session.get(JobRun, run_id, with_for_update=True)
    if run is None:
        raise NotFound("job_unknown", id=run_id)
    if run.state not in UNFINISHED:
        raise Conflict("job_finished", state=run.state)
    run.cancel_requested = True
    if run.state == "queued":
        run.state = "cancelled"
        run.finished_at = now()
    session.flush()
    return run


def cancel_asked_by(session: Session, actor_id: int) -> list[JobRun]:
    """Ask the unfinished runs of an account to stop, but those that outlive whoever asked; return them."""
    kinds = sorted(_handlers.keys() - _outliving)
    return [cancel(session, run_id) for run_id in queries.unfinished_ids(session, actor_id, kinds)]


def execute(run_id: int) -> None:
    """Claim and run one job: what the worker calls. Never raises for what a handler did wrong."""
    running = _claim(run_id)
    if running is None:
        return
    stop = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(running, stop), daemon=True)
    beat.start()
    try:
        _handlers[running.kind](running)
        _require_finished(running)
    except JobCancelled:
        _end(running, "cancelled", None)
    except JobTimeoutException:
        _end(running, "failed", {"code": "job_timed_out"})
    except DomainError as error:
        _end(running, "failed", {"code": error.code, **error.fields})
    except Exception as error:
        logger.exception("run %s of %s failed", running.id, running.kind)
        _end(running, "failed", {"code": "job_crashed", "trace": _places(error)})
    finally:
        stop.set()
        beat.join(timeout=HEARTBEAT_S)


def _places(error: Exception) -> str:
    # Without the message: database errors quote the values of the row that failed.
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    passed = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in own[-4:])
    return f"{type(error).__qualname__}: {passed}"


def _claim(run_id: int) -> RunningJob | None:
    with transaction(Scope.everything()) as session:
        run = queries.queued_run(session, run_id)
        if run is None:
            return None
        run.state = "running"
        run.attempt += 1
        run.started_at = run.heartbeat_at = now()
        return RunningJob(
            id=run.id,
            kind=run.kind,
            attempt=run.attempt,
            params=dict(run.params),
            scope=Scope(tuple(run.scope)),
            actor_id=run.actor_id,
            county_id=run.county_id,
            area_id=run.area_id,
            area_path=run.area_path,
            occasion=run.occasion,
        )


def _require_finished(running: RunningJob) -> None:
    with transaction(Scope.everything()) as session:
        state = queries.state_of_run(session, running.id)
    if state == "running":
        raise DomainError("job_unfinished", kind=running.kind)


def _end(running: RunningJob, state: str, error: dict[str, Any] | None) -> None:
    with transaction(Scope.everything()) as session:
        queries.note_end(session, running.id, running.attempt, state=state, error=error)


def _heartbeat(running: RunningJob, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        with contextlib.suppress(Exception), transaction(Scope.everything()) as session:
            queries.note_heartbeat(session, running.id, running.attempt)


class HouseWorker(Worker):
    """A worker that enters itself again after Redis was flushed: /healthz counts only who is entered."""

    def __init__(self, *args: Any, equip: Callable[[], object] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._equip = equip

    def bootstrap(self, *args: Any, **kwargs: Any) -> None:
        """Enter the worker in Redis, then load what its jobs need, which takes longer than all else."""
        super().bootstrap(*args, **kwargs)
        if self._equip is not None:
            self._equip()

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that the worker lives, and who it is when that was forgotten."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None and self.birth_date and not self.connection.hexists(self.key, "birth"):
            self.connection.delete(self.key)
            self.register_birth()  # type: ignore[no-untyped-call]


def work(queues: Sequence[str], *, burst: bool = False, equip: Callable[[], object] | None = None) -> None:
    """Work on `queues` in this order until told to stop (SIGTERM lets the running job end).

    `equip` loads handlers and what they compute with, before the first job is taken: every job runs in a
    fork of this process and finds it loaded.

    The engine's connections are dropped before the worker forks: a socket shared by two
    processes would mix their answers.
    """
    engine().dispose()
    worker = HouseWorker(
        [_queue(name) for name in queues],
        connection=redis_connection(),
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_S,
        equip=equip,
    )
    worker.work(burst=burst, logging_level="WARNING")


def reconcile() -> tuple[int, int]:
    """Enqueue again what Redis lost and what dead workers left; return (enqueued, given up)."""
    stale_before = now() - timedelta(seconds=settings().job_stale_s)
    with transaction(Scope.everything()) as session:
        dead = queries.silent_runs(session, silent_since=stale_before)
        for run in dead:
            _revive(run)
        waiting = queries.waiting_runs(session, asked_before=now() - timedelta(seconds=5))
    known = _ids_in_redis()
    lost = [row for row in waiting if row.id not in known]
    for row in lost:
        _enqueue(row.id, row.queue, row.timeout_s)
    return len(lost), sum(run.state == "failed" for run in dead)


def _revive(run: JobRun) -> None:
    if run.cancel_requested:
        run.state, run.finished_at = "cancelled", now()
    elif run.attempt >= MAX_ATTEMPTS:
        run.state, run.finished_at = "failed", now()
        run.error = {"code": "job_worker_lost", "attempts": run.attempt}
    else:
        run.state = "queued"


def _ids_in_redis() -> set[int]:
    ids: set[int] = set()
    for name in QUEUES:
        queue = _queue(name)
        waiting = Job.fetch_many(
            queue.get_job_ids(), connection=redis_connection(), serializer=JSONSerializer
        )
        ids.update(int(found.args[0]) for found in waiting if found is not None and found.args)
    return ids


def reconcile_forever(stop: threading.Event, *, hourly: Callable[[], object]) -> None:
    """Call `reconcile` every ``reconcile_every_s`` seconds, and `hourly` every hour, until `stop` is set."""
    tidy_at = time.monotonic()
    while not stop.wait(settings().reconcile_every_s):
        try:
            reconcile()
            if time.monotonic() >= tidy_at:
                # Set first: what fails is tried again in an hour, and holds up nothing until then.
                tidy_at = time.monotonic() + 3600
                hourly()
        except Exception:
            logger.exception("reconciling failed; trying again")
