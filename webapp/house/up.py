"""``gridpatrol house``: bring the house up, take it down, say how it stands."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click
import sqlalchemy.exc
from sqlalchemy import text

from core.cluster import port_is_free
from core.db import Scope, engine, transaction
from core.errors import DomainError
from core.settings import PROJECT_DIR
from webapp.house.migrate import migrate
from webapp.house.processes import SupervisorNote, lock_house, read_note, who_listens
from webapp.house.servers import Servers, choose_servers
from webapp.house.supervisor import health, is_healthy, supervise
from webapp.house.words import say

DEFAULT_PORT = 8600
READY_WITHIN_S = 90
STOP_WITHIN_S = 60
#: What the demo's roles are called in the terminal.
ROLES = {
    "captain": "网格长 grid captain",
    "dispatcher": "指挥调度 dispatcher",
    "leader": "领导 leader",
    "boundary": "区划编辑 boundary staff",
    "approver": "审核 approver",
    "admin": "管理员 administrator",
    "auditor": "审计 auditor",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked ``./start`` for."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    detach: bool = False
    demo: bool = True
    households: int | None = None
    seed: int | None = None


def bring_up(wishes: Wishes, environ: Mapping[str, str]) -> None:
    """Bring the house up and return when it is ready (detached) or has been stopped (foreground).

    Raises
    ------
    DomainError
        A sentence of `webapp.house.words` for everything that can stand in the way.
    """
    servers = choose_servers(environ)
    run_folder = servers.var / "run"
    running = read_note(run_folder)
    if running is not None:
        say("系统已在运行", "The system runs already")
        announce(servers.var, running.host, running.port)
        return
    with closing(lock_house(run_folder)) as lock:
        if not port_is_free(wishes.port, wishes.host):
            raise DomainError("port_busy", port=wishes.port, process=who_listens(wishes.port))
        furnish(servers, wishes)
        say("启动网页服务和后台任务", "Starting the web server and the workers")
        if wishes.detach:
            _detach(servers, wishes, lock.fileno())
        else:
            _stay(servers, wishes)


def furnish(servers: Servers, wishes: Wishes) -> None:
    """Start the servers, migrate the database and load the demo town into an empty one."""
    servers.ensure()
    say("检查数据库结构", "Bringing the database up to date")
    migrate()
    if wishes.demo and not has_county():
        _load_demo(wishes)
    servers.write_addresses()  # again: the demo's logins exist only now


def has_county() -> bool:
    """Tell whether the database holds any area at all.

    Raises
    ------
    DomainError
        ``database_unreachable`` (field `detail`).
    """
    try:
        with transaction(Scope.everything()) as session:
            return bool(session.scalar(text("SELECT EXISTS (SELECT FROM area)")))
    except sqlalchemy.exc.OperationalError as error:
        raise DomainError("database_unreachable", detail=str(error.orig).strip()) from error
    finally:
        engine().dispose()


def _load_demo(wishes: Wishes) -> None:
    say("生成并载入示例镇：青溪镇", "Making and loading the demo town 青溪镇")
    # A process of its own gives its memory back, which a town of a million households needs.
    command = [str(Path(sys.executable).parent / "gridpatrol"), "demo"]
    if wishes.households is not None:
        command += ["--households", str(wishes.households)]
    if wishes.seed is not None:
        command += ["--seed", str(wishes.seed)]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - our own command
        raise DomainError("demo_failed")


def _stay(servers: Servers, wishes: Wishes) -> None:
    began = time.monotonic()
    announced = False

    def announce_when_ready() -> None:
        nonlocal announced
        if announced:
            return
        if is_healthy(wishes.host, wishes.port):
            announced = True
            announce(servers.var, wishes.host, wishes.port)
            click.echo("Ctrl-C 停止 / stops")
        elif time.monotonic() - began > READY_WITHIN_S:
            raise _not_ready(servers, wishes)

    supervise(servers, wishes.host, wishes.port, announce_when_ready)
    say("已停止", "Stopped")


def _detach(servers: Servers, wishes: Wishes, lock_number: int) -> None:
    logs = servers.var / "log"
    logs.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "webapp.house.supervisor"]
    with (logs / "house.log").open("ab") as output:
        supervisor = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--host", wishes.host, "--port", str(wishes.port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_DIR,
            pass_fds=(lock_number,),
            start_new_session=True,
        )
    ready = _wait(
        lambda: supervisor.poll() is not None or is_healthy(wishes.host, wishes.port), READY_WITHIN_S
    )
    if not ready or supervisor.poll() is not None:
        error = _not_ready(servers, wishes)
        if supervisor.poll() is None:
            supervisor.terminate()
            supervisor.wait(timeout=STOP_WITHIN_S)
        raise error
    announce(servers.var, wishes.host, wishes.port)


def _not_ready(servers: Servers, wishes: Wishes) -> DomainError:
    said = health(wishes.host, wishes.port)[1]
    return DomainError("not_ready", seconds=READY_WITHIN_S, detail=said, log=str(servers.var / "log"))


def _wait(is_done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def announce(var: Path, host: str, port: int) -> None:
    """Print where the house is and, when it is a demo, how to get in."""
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"\n  网格巡防 GridPatrol   http://{shown}:{port}/\n")
    kept = var / "demo" / "logins.json"
    if not kept.exists():
        return
    click.echo("  示例登录 / demo logins (.venv/bin/gridpatrol demo logins --json)")
    for login in json.loads(kept.read_text("utf-8")):
        who = ROLES.get(login["role"], login["role"])
        click.echo(f"    {login['username']:<14}{login['password']:<22}{who}  {login['area']}")
    click.echo()


def take_down(environ: Mapping[str, str]) -> None:
    """Stop everything of ours that runs, also what a crash left behind."""
    servers = choose_servers(environ, needed_bytes=0)
    note = read_note(servers.var / "run")
    if note is not None:
        _end_supervisor(note)
    servers.stop()
    say("已停止", "Stopped")


def _end_supervisor(note: SupervisorNote) -> None:
    os.kill(note.pid, signal.SIGTERM)
    if not _wait(lambda: not note.is_alive(), STOP_WITHIN_S):
        os.kill(note.pid, signal.SIGKILL)
        _wait(lambda: not note.is_alive(), 5)


def start_afresh(environ: Mapping[str, str]) -> None:
    """Stop the house and delete its private data.

    Raises
    ------
    DomainError
        ``fresh_not_private``: the database is a server of the person's own.
    """
    servers = choose_servers(environ, needed_bytes=0)
    if servers.cluster is None:
        raise DomainError("fresh_not_private")
    note = read_note(servers.var / "run")
    if note is not None:
        _end_supervisor(note)
    with closing(lock_house(servers.var / "run")):
        say("删除旧数据", "Deleting the old data")
        servers.remove()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the house stands; None means that the part is not ours."""

    address: str
    healthy: bool
    detail: str
    database: bool | None
    redis: bool | None


def standing(environ: Mapping[str, str]) -> Standing:
    """Return how the house stands now."""
    servers = choose_servers(environ, needed_bytes=0)
    note = read_note(servers.var / "run")
    healthy, detail = health(note.host, note.port) if note is not None else (False, "")
    return Standing(
        address=f"http://{note.host}:{note.port}/" if note is not None else "",
        healthy=healthy,
        detail=detail,
        database=servers.cluster.is_running() if servers.cluster is not None else None,
        redis=servers.redis.is_running() if servers.redis is not None else None,
    )
