"""What the commands share that do a job in their own process: area, moments, the run, its end in words."""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, NoReturn

import click
from sqlalchemy.orm import Session

from core.clock import local_zone
from core.db import Scope, transaction
from core.errors import DomainError, InvalidInput, NotEnough
from core.jobs import execute
from core.models import JobRun
from core.queries import UNFINISHED
from geo.areas.models import Area
from geo.areas.queries import area_by_code, counties


class Form(Enum):
    """How an answer is printed."""

    WORDS = "words"
    JSON = "json"

    @classmethod
    def asked(cls, *, as_json: bool) -> "Form":
        """Return the form the switch ``--json`` stands for."""
        return cls.JSON if as_json else cls.WORDS


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


def run_here(
    request: Callable[[Session, Area], JobRun],
    code: str | None,
    timeout_s: float,
    found: Callable[[Session, JobRun], dict[str, Any]],
) -> dict[str, Any]:
    """Request a run for the area with `code`, do it in this process and return how it ended.

    The answer holds the run's number, state, result and error, and what `found` reads from the database.

    Raises
    ------
    DomainError
        The request is refused, or ``job_timed_out``: the run does not end within `timeout_s`.
    """
    with transaction(Scope.everything()) as session:
        run_id = request(session, area_of(session, code)).id
    # A worker may have been faster: then this returns at once and the worker's result is awaited.
    execute(run_id)
    deadline = time.monotonic() + timeout_s
    while True:
        with transaction(Scope.everything()) as session:
            run = session.get_one(JobRun, run_id)
            if run.state not in UNFINISHED:
                ended = {"run": run.id, "state": run.state, "result": run.result, "error": run.error}
                return ended | found(session, run)
        if time.monotonic() > deadline:
            raise DomainError("job_timed_out", id=run_id)
        time.sleep(0.2)


def tell_and_exit(answer: dict[str, Any], words: Callable[[dict[str, Any]], str], form: Form) -> NoReturn:
    """Print what `run_here` returned and end the process: 0 when the run is done, else 1."""
    if form is Form.JSON:
        click.echo(json.dumps(answer, ensure_ascii=False))
    elif answer["result"] is None:
        click.echo(f"{answer['state']}: {_why(answer['error'])}")
    else:
        click.echo(words(answer))
    sys.exit(0 if answer["state"] == "done" else 1)


def in_both_languages(kept: dict[str, Any]) -> list[str]:
    """Return the words for an error kept as {"code": ..., fields...}, in Chinese, then in English."""
    from webapp.problem import problem_of_code  # noqa: PLC0415 - Flask is only needed to fail in words

    told = [problem_of_code(kept, locale) for locale in ("zh", "en")]
    return [f"{one['title']} {one['detail']}".strip() for one in told]


def _why(error: dict[str, Any] | None) -> str:
    return "" if error is None else "\n".join([error["code"], *in_both_languages(error)])
