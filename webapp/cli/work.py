"""``gridpatrol worker``, ``reconcile`` and ``migrate``: the processes beside the web server."""

import signal
import threading
from datetime import datetime, timedelta
from importlib import import_module

import click

from core.clock import now
from core.db import Scope, transaction
from core.document import sweep_documents
from core.jobs import QUEUES, reconcile_forever, work
from core.settings import settings
from geo.staff.sign_in import sweep
from webapp.handlers import load_engines
from webapp.house.words import in_a_sentence
from webapp.log import write_json_lines


@click.command()
@click.argument("queues", nargs=-1, required=True, type=click.Choice(QUEUES))
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
def worker(queues: tuple[str, ...], burst: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Work on QUEUES, the first named first, until told to stop."""
    write_json_lines(settings().log_level)
    work(queues, burst=burst, equip=load_engines)


@click.command()
def reconcile() -> None:
    """Enqueue again whatever Redis or a dead worker lost, until told to stop."""
    write_json_lines(settings().log_level)
    register_models()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    reconcile_forever(stop, hourly=tidy)


def register_models() -> None:
    """Import what a run's row refers to: while its area is unknown, the row cannot be changed."""
    import_module("geo.areas.models")


def tidy() -> None:
    """Delete sign-ins, documents and files whose time is over; publish and end what is due; ask at night."""
    # Geometry is heavy, and wanted once an hour.
    from geo.boundaries.jobs import request_due  # noqa: PLC0415 - as said
    from geo.boundaries.upload import sweep_uploads  # noqa: PLC0415 - as said
    from incidents.listed.service import end_what_is_over  # noqa: PLC0415 - as said

    with transaction(Scope.everything()) as session:
        sweep(session, rest=timedelta(hours=settings().session_hours))
        sweep_documents(session)
        sweep_uploads(session)
    with transaction(Scope.everything()) as session:
        request_due(session)
    with transaction(Scope.everything()) as session:
        end_what_is_over(session)
    ask_tonight(now())


def ask_tonight(moment: datetime) -> list[int]:
    """Ask for the runs of the night `moment` lies in, none by day; return their ids."""
    from geo.areas.queries import area_by_id  # noqa: PLC0415 - as above
    from incidents.nightly import night_at, request_night  # noqa: PLC0415
    from incidents.queries import areas_with_incidents  # noqa: PLC0415

    night = night_at(moment)
    if night is None:
        return []
    with transaction(Scope.everything()) as session:
        areas = areas_with_incidents(session, levels=("county", "town"))
    asked: list[int] = []
    for area in areas:
        # A run sees what the session sees that asks for it: its own area.
        with transaction(Scope((area.path,))) as session:
            asked += [run.id for run in request_night(session, area_by_id(session, area.id), night)]
    return asked


@click.command()
@in_a_sentence
def migrate() -> None:
    """Bring the database to the newest migration, as the owner of the tables."""
    from webapp.house.migrate import migrate as run_migrations  # noqa: PLC0415 - alembic is heavy

    run_migrations()
