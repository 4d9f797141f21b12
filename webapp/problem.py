"""Errors as their reader meets them: problem+json for scripts, a page for people.

`SENTENCES` (webapp/sentences.py) has words for every code of the house; no message is ever parsed.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import sqlalchemy.exc
from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from core.errors import Conflict, DomainError, InvalidInput, Unavailable
from webapp.errors import PreconditionMissing
from webapp.i18n import choose_locale, translate
from webapp.log import request_id
from webapp.sentences import HTTP_CODES, SENTENCES, UNKNOWN
from webapp.sentences.work import JOB_TITLES

logger = logging.getLogger(__name__)
#: PostgreSQL: query_canceled, lock_not_available.
TOO_SLOW = ("57014", "55P03")


def problem(error: DomainError, locale: str | None = None) -> dict[str, Any]:
    """Return `error` as the members of a problem document (RFC 9457) in the reader's language.

    `title` says what happened, `detail` how to go on; `code` and `fields` are for scripts.
    """
    language = locale or choose_locale()
    title, advice = _words(error, language)
    return {
        "type": "about:blank",
        "title": title,
        "status": error.status,
        "detail": advice,
        "code": error.code,
        "fields": error.fields,
    }


def _words(error: DomainError, language: str) -> tuple[str, str]:
    """Return what happened and how to go on, in a language."""
    title, advice = SENTENCES.get(error.code, UNKNOWN)
    fields = spoken(error.fields, language) | _job_title(error, language)
    return translate(title, language, **fields), translate(advice, language, **fields) if advice else ""


def spoken(fields: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return the fields of an error or a notice as they stand in a sentence: lists become words."""
    return {name: _spoken(value, "、" if language == "zh" else ", ") for name, value in fields.items()}


def _spoken(value: Any, comma: str) -> Any:
    if isinstance(value, dict) and "epsg" in value:
        return f"EPSG:{value['epsg']} {value.get('name', '')}".strip()
    if isinstance(value, dict):
        return comma.join(f"{name} {count}" for name, count in value.items())
    if isinstance(value, list | tuple):
        return comma.join(str(_spoken(each, comma)) for each in value) or "–"
    return value


def _job_title(error: DomainError, language: str) -> dict[str, str]:
    title = JOB_TITLES.get(str(error.fields.get("kind", "")))
    return {"job": translate(title, language)} if title else {}


def sentence(code: str, locale: str | None = None, **fields: Any) -> str:
    """Return the words for a code met outside an error: a job's message, a reason in a list."""
    title, _ = SENTENCES.get(code, (code, ""))
    return translate(title, locale or choose_locale(), **fields)


def problem_of_code(kept: dict[str, Any], locale: str | None = None) -> dict[str, Any]:
    """Return the problem document of an error kept as {"code": ..., fields...}, such as a job's."""
    fields = {name: value for name, value in kept.items() if name not in {"code", "trace"}}
    return problem(DomainError(str(kept.get("code", "")), **fields), locale)


def wants_json() -> bool:
    """Tell whether a script asked."""
    if request.path.startswith(("/api/", "/tiles/")):
        return True
    best = request.accept_mimetypes.best_match(("text/html", "application/json"))
    return best == "application/json"


def answer(error: DomainError) -> tuple[Response | str, int]:
    """Return the response that tells `error`, as JSON or as a page."""
    told = problem(error)
    if wants_json():
        response = jsonify(told)
        response.content_type = "application/problem+json"
        return response, error.status
    reference = request_id() if error.status >= 500 else ""
    page = render_template(
        "error.html",
        status=error.status,
        title=told["title"],
        detail=told["detail"],
        code=error.code,
        reference=reference,
    )
    return page, error.status


def etag_of(version_id: int) -> str:
    """Return the strong entity tag of a versioned row."""
    return f'"{version_id}"'


def require_match(version_id: int) -> None:
    """Refuse a change that was made from another version than `version_id` (header If-Match).

    Raises
    ------
    PreconditionMissing
        ``version_missing``: the change does not say which version it was made from.
    Conflict
        ``version_conflict`` (field `version`): somebody else changed the thing meanwhile.
    """
    if not request.if_match:
        raise PreconditionMissing("version_missing")
    if not request.if_match.contains(str(version_id)):
        raise Conflict("version_conflict", version=version_id)


class HttpProblem(DomainError):
    """An error of HTTP itself (no such address, method, size, rate) as a refusal with words."""

    def __init__(self, status: int, code: str, /, **fields: Any) -> None:
        super().__init__(code, **fields)
        self.status = status  # type: ignore[misc]


def _on_domain_error(error: DomainError) -> Any:
    from webapp.views.auth import to_own_password, to_sign_in  # noqa: PLC0415 - the view imports this module

    if error.status == HTTPStatus.UNAUTHORIZED and not wants_json():
        return to_sign_in()
    if error.code == "password_temporary" and not wants_json():
        return to_own_password()
    return answer(error)


def _on_http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error  # a redirect
    response = answer(HttpProblem(status, HTTP_CODES.get(status, "request_refused")))
    # Allow and Retry-After are part of what the answer means.
    headers = dict(error.get_headers(request.environ))
    kept = {name: headers[name] for name in ("Allow", "Retry-After") if name in headers}
    return (*response, kept)


def _on_csrf_error(_error: CSRFError) -> Any:
    return answer(HttpProblem(400, "form_expired"))


def _on_stale(_error: StaleDataError) -> Any:
    return answer(Conflict("version_conflict"))


def _on_database_error(error: sqlalchemy.exc.DBAPIError) -> Any:
    state = getattr(error.orig, "sqlstate", None)
    if state in TOO_SLOW:
        return answer(Unavailable("took_too_long"))
    if isinstance(error, sqlalchemy.exc.IntegrityError):
        logger.warning("a constraint refused what a form sent", exc_info=error)
        return answer(Conflict("data_conflict"))
    if isinstance(error, sqlalchemy.exc.DataError):
        logger.warning("the database refused a value", exc_info=error)
        return answer(InvalidInput("value_unusable"))
    if isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError):
        return _without_database(error)
    return _on_crash(error)


def _without_database(error: Exception) -> Any:
    logger.error("the database does not answer", exc_info=error)
    g.without_account = True  # the page must not ask the database who is signed in
    g.pop("_login_user", None)
    g.pop("locale", None)
    return answer(Unavailable("database_unreachable"))


def _on_crash(error: Exception) -> Any:
    logger.error("a view crashed", exc_info=error)
    return answer(HttpProblem(500, "server_error", request=request_id()))


def set_up_problems(app: Flask) -> None:
    """Let `app` answer every error in words."""
    app.register_error_handler(DomainError, _on_domain_error)
    app.register_error_handler(CSRFError, _on_csrf_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(StaleDataError, _on_stale)
    app.register_error_handler(sqlalchemy.exc.DBAPIError, _on_database_error)
    app.register_error_handler(sqlalchemy.exc.TimeoutError, _without_database)
    app.register_error_handler(Exception, _on_crash)
