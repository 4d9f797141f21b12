"""Keep the web server, the workers and the reconciler running until told to stop."""

import contextlib
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

from core.cluster import HOST
from core.errors import DomainError
from webapp.house.processes import Child, SupervisorNote, end_children
from webapp.house.servers import Servers, choose_servers
from webapp.house.words import explain, in_a_sentence

WEB_PROCESSES, WEB_THREADS = 2, 4
#: Longer than the 60 s after which nginx drops an idle connection to us, and than a person's pause between
#: two presses. gunicorn's 2 s end many connections in the very moment a browser writes into them, and it gets
#: no answer; a connection at rest occupies no thread.
KEEP_ALIVE_S = 75
TICK_S = 0.25
#: How often the supervisor looks whether the private servers live.
LOOK_EVERY_S = 5.0
#: What runs beside the web server yields to it: on two cores, two analyses must not make a page wait, nor
#: workers that load their engines the start. A third of a share each, and all of what nobody else wants.
YIELD = ("nice", "-n", "5")


def make_children(host: str, port: int, logs: Path) -> tuple[Child, ...]:
    """Return the processes of the house, none of them started.

    One worker never takes long analyses, so that a plan asked for tonight does not wait behind one.
    """
    folder = Path(sys.executable).parent
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = [
        str(folder / "gunicorn"),
        f"--bind={address}",
        f"--workers={WEB_PROCESSES}",
        "--worker-class=gthread",
        f"--threads={WEB_THREADS}",
        "--timeout=60",
        "--graceful-timeout=10",
        f"--keep-alive={KEEP_ALIVE_S}",
        "--no-control-socket",
        # Importing takes seconds and 150 MB: once, then fork. Nothing connects while it is imported.
        "--preload",
        "webapp.wsgi:app",
    ]
    beside = [*YIELD, str(folder / "gridpatrol")]
    commands = {
        "web": web,
        "worker-1": [*beside, "worker", "interactive", "planning"],
        "worker-2": [*beside, "worker", "analysis", "maintenance", "planning", "interactive"],
        "reconciler": [*beside, "reconcile"],
    }
    return tuple(Child(name, command, logs / f"{name}.log") for name, command in commands.items())


def is_healthy(host: str, port: int) -> bool:
    """Tell whether the house answers that database, Redis, workers and migrations are in order."""
    return health(host, port)[0]


def health(host: str, port: int) -> tuple[bool, str]:
    """Return whether /healthz is green, and what it said."""
    reachable = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104 - asked, not bound
    shown = f"[{reachable}]" if ":" in reachable else reachable
    try:
        with urllib.request.urlopen(f"http://{shown}:{port}/healthz", timeout=3) as answer:
            return True, answer.read(2000).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return False, error.read(2000).decode("utf-8", "replace")
    except OSError as error:
        return False, str(getattr(error, "reason", error))


def supervise(servers: Servers, host: str, port: int, on_tick: Callable[[], None]) -> None:
    """Run the house until SIGTERM, SIGINT or SIGHUP, then end everything in order.

    `on_tick` is called several times a second; what it raises ends the house as well.
    """
    run_folder = servers.var / "run"
    run_folder.mkdir(exist_ok=True)
    children = make_children(host, port, servers.var / "log")
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    SupervisorNote.of_this_process(host, port).write(run_folder)
    look_at = time.monotonic() + LOOK_EVERY_S
    try:
        while not stop.is_set():
            for child in children:
                child.keep_alive()
            on_tick()
            if time.monotonic() >= look_at:
                _revive(servers)
                look_at = time.monotonic() + LOOK_EVERY_S
            stop.wait(TICK_S)
    finally:
        end_children(children)
        servers.stop()
        with contextlib.suppress(FileNotFoundError):
            (run_folder / "house.json").unlink()


def _revive(servers: Servers) -> None:
    try:
        servers.revive()
    except DomainError as error:
        click.echo(explain(error), err=True)  # it is tried again; the house says in /healthz what is missing


@click.command()
@click.option("--host", required=True)
@click.option("--port", required=True, type=int)
@in_a_sentence
def main(host: str, port: int) -> None:
    """Supervise a house whose servers run already and whose database is in order."""
    supervise(choose_servers(os.environ), host, port, lambda: None)


if __name__ == "__main__":
    main()
