"""/healthz says whether the house stands; /metrics how busy it is.

Counters live in the process and are poured into Redis every few seconds, because several web
processes answer for one house and any of them may be asked.
"""

import hmac
import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, g, jsonify, request
from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy.exc import SQLAlchemyError

from core.clock import now
from core.db import Scope, transaction
from core.errors import Forbidden
from core.jobs import QUEUES
from core.queries import answers, left_behind, migration, run_counts
from core.settings import PROJECT_DIR, settings
from webapp.i18n import choose_locale, mark, translate
from webapp.kept import quick_redis
from webapp.permission import public
from webapp.sentences.acts import CHECK_WORDS

blueprint = Blueprint("health", __name__)

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
POUR_EVERY_S = 5.0
#: Anybody may invent a method; each new label would be kept for ever.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
METRICS_KEY = "gridpatrol:metrics"
SENTENCE = mark("%(part)s %(remedy)s.")
#: An idle worker writes its heartbeat about every 7 minutes (RQ's default time-out less 15 s).
WORKER_SILENT_S = 450


@blueprint.get("/healthz")
@public
def healthz() -> tuple[Response, int]:
    """Say which parts of the house are in order."""
    g.without_account = True  # nobody is looked up in a database that may be away
    failing = sorted(name for name, check in CHECKS.items() if not _passes(check))
    if not failing:
        return jsonify(status="ok", failing=[]), 200
    return jsonify(status="failing", failing=failing, detail=_remedies(failing)), 503


def _remedies(failing: Sequence[str]) -> str:
    """Return what is wrong and how to go on; what fails only because something else does is not told."""
    language = choose_locale()
    told = []
    for name in failing:
        if JUDGED_BY.get(name) not in failing:
            part, _, remedy = CHECK_WORDS[name]
            told.append(
                translate(
                    SENTENCE, language, part=translate(part, language), remedy=translate(remedy, language)
                )
            )
    return " ".join(told)


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (SQLAlchemyError, RedisError, OSError):
        return False


def database_answers() -> bool:
    """Tell whether the database answers."""
    with transaction(Scope.nothing()) as session:
        return answers(session)


def redis_answers() -> bool:
    """Tell whether Redis answers."""
    return bool(quick_redis().ping())


@lru_cache(maxsize=1)
def newest_migration() -> str | None:
    """Return the newest migration of this code."""
    return ScriptDirectory(str(PROJECT_DIR / "migrations")).get_current_head()


def migrations_match() -> bool:
    """Tell whether the database stands at the newest migration of this code."""
    with transaction(Scope.nothing()) as session:
        return migration(session) == newest_migration()


def workers_live() -> bool:
    """Tell whether every queue has a worker that has been heard of lately."""
    heard_since = now() - timedelta(seconds=WORKER_SILENT_S)
    served: set[str] = set()
    for worker in Worker.all(connection=quick_redis()):
        beat = worker.last_heartbeat
        if beat is not None and beat.astimezone(heard_since.tzinfo) > heard_since:
            served.update(worker.queue_names())
    return served.issuperset(QUEUES)


def reconciler_lives() -> bool:
    """Tell whether somebody picks up what dead workers leave; judged by what would be left."""
    chosen = settings()
    left_before = now() - timedelta(seconds=chosen.job_stale_s + 4 * chosen.reconcile_every_s)
    with transaction(Scope.everything()) as session:
        return not left_behind(session, silent_since=left_before)


#: Check -> the part it asks: while that is away nothing is known about the check's own.
JUDGED_BY = {"workers": "redis", "migrations": "database", "reconciler": "database"}
CHECKS: dict[str, Callable[[], bool]] = {
    "database": database_answers,
    "redis": redis_answers,
    "migrations": migrations_match,
    "workers": workers_live,
    "reconciler": reconciler_lives,
}


def health_report() -> dict[str, bool]:
    """Return each check's name and whether it passes, for the administrator's page."""
    return {name: _passes(check) for name, check in CHECKS.items()}


class Tally:
    """Counters of this process that wait to be poured into the house's common ones."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._poured = time.monotonic()

    def add(self, name: str, /, *, amount: float = 1, **labels: str) -> None:
        """Raise the counter `name` with `labels` by `amount`."""
        inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
        with self._lock:
            self._counts[f"{name}{{{inside}}}" if inside else name] += amount  # type: ignore[assignment]

    def pour(self, *, at_once: bool = False) -> None:
        """Add the counters to Redis when it is time; without Redis they are kept for the next time."""
        with self._lock:
            if not self._counts or (not at_once and time.monotonic() - self._poured < POUR_EVERY_S):
                return
            waiting, self._counts = self._counts, Counter()
            self._poured = time.monotonic()
        try:
            with quick_redis().pipeline(transaction=True) as pipe:
                for key, amount in waiting.items():
                    pipe.hincrbyfloat(METRICS_KEY, key, amount)
                pipe.execute()
        except RedisError:
            with self._lock:
                self._counts.update(waiting)


tally = Tally()


def _count_request(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    endpoint = request.endpoint or "none"
    status = f"{response.status_code // 100}xx"
    method = request.method if request.method in METHODS else "other"
    tally.add("gridpatrol_requests_total", endpoint=endpoint, method=method, status=status)
    tally.add("gridpatrol_request_seconds_sum", amount=seconds, endpoint=endpoint)
    tally.add("gridpatrol_request_seconds_count", endpoint=endpoint)
    for bucket in (*(edge for edge in BUCKETS_S if seconds <= edge), "+Inf"):
        tally.add("gridpatrol_request_seconds_bucket", endpoint=endpoint, le=str(bucket))
    tally.pour()
    return response


def set_up_metrics(app: Flask) -> None:
    """Count every request of `app`."""
    app.after_request(_count_request)


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Show counters and states in Prometheus' text format to whoever may see them."""
    _check_reader()
    tally.pour(at_once=True)
    stored: dict[Any, Any] = quick_redis().hgetall(METRICS_KEY)
    lines = [f"{key.decode()} {float(value):g}" for key, value in sorted(stored.items())]
    body = "\n".join([*_with_types(lines), *_job_lines(), *_queue_lines(), ""])
    return Response(body, content_type="text/plain; version=0.0.4; charset=utf-8")


def _check_reader() -> None:
    token = settings().metrics_token
    if token:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(sent.encode(), token.encode()):
            return
    elif _is_local():
        return
    raise Forbidden("metrics_refused")


def _is_local() -> bool:
    # Behind a proxy of the same machine every reader looks local: a forwarded request never is.
    if request.headers.get("X-Forwarded-For") and not settings().trusted_proxies:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _with_types(lines: list[str]) -> list[str]:
    typed: list[str] = []
    known: set[str] = set()
    for line in lines:
        name = line.split("{", 1)[0].split(" ", 1)[0]
        family = name
        for ending in ("_bucket", "_sum", "_count"):
            family = family.removesuffix(ending)
        kind = "counter" if family == name else "histogram"
        if family not in known:
            known.add(family)
            typed.append(f"# TYPE {family} {kind}")
        typed.append(line)
    return typed


def _job_lines() -> list[str]:
    with transaction(Scope.everything()) as session:
        rows = run_counts(session)
    lines = [f'gridpatrol_job_runs{{kind="{kind}",state="{state}"}} {count}' for kind, state, count in rows]
    return ["# TYPE gridpatrol_job_runs gauge", *sorted(lines)]


def _queue_lines() -> list[str]:
    lengths = [(name, quick_redis().llen(f"rq:queue:{name}")) for name in QUEUES]
    lines = [f'gridpatrol_queue_length{{queue="{name}"}} {length}' for name, length in lengths]
    return ["# TYPE gridpatrol_queue_length gauge", *lines]
