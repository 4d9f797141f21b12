"""``gridpatrol job``: background jobs from the terminal."""

import json
from typing import Any

import click

from core import audit
from core.db import Scope, transaction
from core.errors import NotFound
from core.jobs import cancel
from core.models import JobRun
from core.queries import STATES, latest_runs


@click.group()
def job() -> None:
    """List, show and cancel background jobs."""


@job.command(name="list")
@click.option("--state", type=click.Choice(STATES), help="Only runs in this state.")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_all(state: str | None, most: int, as_json: bool) -> None:  # noqa: FBT001
    """List the latest runs, newest first."""
    with transaction(Scope.everything()) as session:
        runs = [_told(run) for run in latest_runs(session, state=state, most=most)]
    if as_json:
        click.echo(json.dumps(runs, ensure_ascii=False, indent=2))
        return
    for run in runs:
        share = f"{run['progress']:.0%}"
        click.echo(f"{run['id']:>7}  {run['kind']:<16}{run['state']:<11}{share:>5}  {run['created_at']}")


@job.command()
@click.argument("run_id", type=int)
def show(run_id: int) -> None:
    """Show run RUN_ID with parameters, result and error as JSON."""
    with transaction(Scope.everything()) as session:
        run = session.get(JobRun, run_id)
        if run is None:
            raise NotFound("job_unknown", id=run_id)
        told = _told(run) | {"params": run.params, "message": run.message, "result": run.result}
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


@job.command(name="cancel")
@click.argument("run_id", type=int)
def stop(run_id: int) -> None:
    """Ask run RUN_ID to stop."""
    with transaction(Scope.everything()) as session:
        run = cancel(session, run_id)
        audit.record(session, "job.cancel", subject=run, kind=run.kind)
        state = run.state
    click.echo(state)


def _told(run: JobRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "kind": run.kind,
        "queue": run.queue,
        "state": run.state,
        "progress": run.progress,
        "attempt": run.attempt,
        "error": run.error,
        "created_at": run.created_at.isoformat(timespec="seconds"),
        "started_at": run.started_at.isoformat(timespec="seconds") if run.started_at else None,
        "finished_at": run.finished_at.isoformat(timespec="seconds") if run.finished_at else None,
    }
