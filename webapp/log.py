"""Structured logs: one JSON object a line, without personal data.

Neither query strings nor bodies nor addresses with ids are written: a request is named by its route.
Of an exception the kind and the places in the code are kept, not its message: database errors quote
the values of the row that failed.
"""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

from core.settings import PROJECT_DIR

REQUEST_ID = "X-Request-ID"
_SAFE_ID = re.compile(r"[\w.-]{8,64}\Z")
access = logging.getLogger("gridpatrol.access")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        facts = getattr(record, "facts", None)
        if facts is None:
            line["message"] = record.getMessage()
        else:
            line.update(facts)
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def describe(error: BaseException) -> dict[str, Any]:
    """Return the kind of `error`, the places it passed (innermost last) and what caused it."""
    told: dict[str, Any] = {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [
            f"{frame.filename.removeprefix(f'{PROJECT_DIR}/')}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ],
    }
    for name in ("code", "sqlstate"):
        if isinstance(getattr(error, name, None), str):
            told[name] = getattr(error, name)
    if error.__cause__ is not None:
        told["cause"] = describe(error.__cause__)
    return told


def set_up_logs(app: Flask, level: str) -> None:
    """Send the logs of this process to stderr as JSON lines, with one line for each request."""
    write_json_lines(level)
    app.before_request(_begin)
    app.after_request(_end)


def write_json_lines(level: str) -> None:
    """Send the logs of this process to stderr as JSON lines: web server, workers and reconciler alike."""
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    root.setLevel(level)
    # It tells every step of every page, and in its warnings repeats what is on the page.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)


def request_id() -> str:
    """Return the request's id: the proxy's when it sent a harmless one, else a new one."""
    if "request_id" not in g:
        sent = request.headers.get(REQUEST_ID, "")
        g.request_id = sent if _SAFE_ID.match(sent) else secrets.token_hex(8)
    known: str = g.request_id
    return known


def _begin() -> None:
    g.began = time.perf_counter()
    request_id()


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID] = request_id()
    duration_ms = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
    facts = {
        "message": "request",
        "request": request_id(),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else "-",
        "status": response.status_code,
        "duration_ms": round(duration_ms, 1),
        "account": account_of_log(),
    }
    quiet = response.status_code < 400 and request.path.startswith(("/static/", "/healthz", "/tiles/"))
    access.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"facts": facts})
    return response


def account_of_log() -> int | None:
    """Return the id of the account behind the request, None for a guest; never asks the database."""
    user = g.get("_login_user")
    return getattr(user, "id", None)
