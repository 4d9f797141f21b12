"""What the commands share that do a job in their own process: its area, moments, and its end."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.clock import local_zone
from core.db import Scope, transaction
from core.errors import DomainError, InvalidInput, NotEnough
from core.jobs import UNFINISHED, JobRun, execute
from geo.areas.models import Area
from geo.areas.queries import area_by_code, counties


def area_of(session: Session, code: str | None) -> Area:
    """Return the area with `code`, without one the only county.

    Raises
    ------
    NotFound
        ``area_unknown``.
    NotEnough
        ``no_county``.
    InvalidInput
        ``county_ambiguous`` (field `codes`).
    """
    if code is not None:
        return area_by_code(session, code)
    known = counties(session)
    if not known:
        raise NotEnough("no_county")
    if len(known) > 1:
        raise InvalidInput("county_ambiguous", codes=", ".join(area.code for area in known))
    return known[0]


def moment_of(words: str | None, setting: str) -> datetime | None:
    """Return a typed moment, in the deployment's time zone where it names none.

    Raises
    ------
    InvalidInput
        ``time_unreadable`` (fields `setting`, `value`).
    """
    if words is None:
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise InvalidInput("time_unreadable", setting=setting, value=words) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=local_zone())


def do_here(
    run_id: int, timeout_s: float, answer: Callable[[Session, JobRun], dict[str, Any]]
) -> dict[str, Any]:
    """Do a requested run in this process and return what `answer` makes of it when it has ended.

    Raises
    ------
    DomainError
        ``job_timed_out``: it did not end within `timeout_s`.
    """
    # A worker may have been faster: then this returns at once and the worker's result is awaited.
    execute(run_id)
    deadline = time.monotonic() + timeout_s
    while True:
        with transaction(Scope.everything()) as session:
            run = session.get_one(JobRun, run_id)
            if run.state not in UNFINISHED:
                return answer(session, run)
        if time.monotonic() > deadline:
            raise DomainError("job_timed_out", id=run_id)
        time.sleep(0.2)
