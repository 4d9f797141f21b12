"""The job tray: runs in the reader's scope, one run, and asking one to stop."""

from typing import Any

from flask import Blueprint, current_app, g, jsonify, url_for
from flask_babel import gettext
from flask_login import current_user

from core import audit
from core.errors import NotFound
from core.jobs import cancel
from core.models import JobRun
from core.queries import UNFINISHED, runs_in_tray
from webapp.kept import answers as redis_answers
from webapp.permission import require, requires
from webapp.problem import problem_of_code, sentence
from webapp.sentences.work import JOB_TITLES
from webapp.session import request_session

blueprint = Blueprint("api_jobs", __name__, url_prefix="/api/jobs")

MOST = 20
#: Where the outcome of a finished run is seen: endpoint and the name of its parameter.
RESULT_PAGES = {
    "atlas.print": ("atlas.document", "run"),
    "hotspots.print": ("atlas.document", "run"),
    "hotspots.find": ("leader.index", "run"),
    "hotspots.forecast": ("leader.index", "forecast"),
    "listed.evaluate": ("listed.evaluated", "run"),
    "patrols.plan": ("dispatch.index", "run"),
}
#: Kinds whose outcome is a file to be fetched.
RESULT_FILES = {"atlas.print", "hotspots.print"}


@blueprint.get("")
@requires("job.view")
def list_jobs() -> Any:
    """List unfinished runs in scope and the reader's own latest ones, newest first."""
    return jsonify(jobs=[as_json(run) for run in runs_in_tray(request_session(), most=MOST)])


@blueprint.get("/<int:run_id>")
@requires("job.view")
def show_job(run_id: int) -> Any:
    """Show one run with its detail and result."""
    run = request_session().get(JobRun, run_id)
    if run is None:
        raise NotFound("job_unknown", id=run_id)
    return jsonify(as_json(run) | {"detail": run.detail, "result": run.result, "params": run.params})


@blueprint.post("/<int:run_id>/cancel")
@requires("job.view")
def cancel_job(run_id: int) -> Any:
    """Ask a run to stop: one's own, or any in scope with the permission for it."""
    session = request_session()
    run = session.get(JobRun, run_id)
    if run is None:
        raise NotFound("job_unknown", id=run_id)
    if run.actor_id != current_user.id:
        require("job.cancel")
    run = cancel(session, run_id)
    audit.record(session, "job.cancel", subject=run, kind=run.kind)
    return jsonify(as_json(run)), 202


def as_json(run: JobRun) -> dict[str, Any]:
    """Return a run as the tray shows it, with its words in the reader's language."""
    return {
        "id": str(run.id),
        "kind": run.kind,
        "title": _title(run),
        "state": run.state,
        "progress": run.progress,
        "message": _message(run),
        "error": problem_of_code(run.error) if run.error else None,
        "requested_at": run.created_at.isoformat(),
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "cancel_requested": run.cancel_requested,
        "own": run.actor_id == current_user.id,
        "result_url": _result_url(run),
        "result_is_file": run.kind in RESULT_FILES,
    }


def _title(run: JobRun) -> str:
    """Return what the run does and, where it was told what it is for, the name of that."""
    title = JOB_TITLES.get(run.kind)
    work = gettext(title) if title else run.kind
    name = run.params.get("name")
    return gettext("%(work)s: %(name)s", work=work, name=name) if name else work


def _message(run: JobRun) -> str:
    if run.state == "failed" and run.error:
        told = problem_of_code(run.error)
        return f"{told['title']} {told['detail']}".strip()
    if run.state == "queued" and not _carried():
        return sentence("job_waits_for_redis")
    if run.state in UNFINISHED and run.message.get("code"):
        fields = {name: value for name, value in run.message.items() if name != "code"}
        return sentence(run.message["code"], **fields)
    return ""


def _carried() -> bool:
    """Tell whether what carries runs to the workers answers; asked once a request."""
    if "carried" not in g:
        g.carried = redis_answers()
    carried: bool = g.carried
    return carried


def _result_url(run: JobRun) -> str | None:
    page = RESULT_PAGES.get(run.kind)
    if run.state != "done" or page is None:
        return None
    endpoint, parameter = page
    values: dict[str, Any] = {parameter: run.id}
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
