"""The whole house, brought up and down by its command as ./start does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from core.cluster import command_line, free_port
from webapp.house.processes import read_note
from webapp.house.supervisor import is_healthy

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "gridpatrol")


@dataclass(frozen=True)
class Installation:
    """A house of its own, below a var folder of its own, with private servers of its own."""

    var: Path
    port: int

    def run(self, *arguments: str, answer: str = "", timeout: float = 150) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GRIDPATROL_")}
        return subprocess.run(
            [COMMAND, "house", *arguments],
            env=environment | {"GRIDPATROL_VAR_DIR": str(self.var)},
            cwd=PROJECT,
            input=answer,
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def up(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.run("up", "--detach", "--no-demo", "--port", str(self.port), *arguments)

    def processes(self) -> dict[int, str]:
        """Return the living processes that name this installation's folder, in whatever way."""
        numbers = [int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit()]
        titles = {pid: command_line(pid) for pid in numbers if pid != os.getpid()}
        return {pid: title for pid, title in titles.items() if title and self._is_ours(pid, title)}

    def _is_ours(self, pid: int, title: str) -> bool:
        try:
            variables = Path(f"/proc/{pid}/environ").read_text("utf-8", errors="replace")
            folder = str(Path(f"/proc/{pid}/cwd").readlink())
        except OSError:
            return str(self.var) in title
        return any(str(self.var) in text for text in (title, variables, folder))


def until(is_true: Callable[[], bool], what: str, seconds: float = 45) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.1)


@pytest.fixture
def installation(servers) -> Iterator[Installation]:
    made = Installation(servers.var / f"house-{token_hex(4)}", free_port())
    yield made
    made.run("stop")
    assert made.processes() == {}, "stop left processes behind"


def test_the_house_comes_up_answers_survives_crashes_and_goes_down(installation):
    begun = installation.up()
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert f"http://127.0.0.1:{installation.port}/" in begun.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/healthz", timeout=5) as answer:
        assert json.load(answer)["status"] == "ok"

    again = installation.up()
    assert again.returncode == 0
    assert "already" in again.stdout, "a second start finds the first"
    assert installation.run("status").returncode == 0

    workers = [pid for pid, title in installation.processes().items() if "worker interactive" in title]
    assert workers, installation.processes()
    os.kill(workers[0], signal.SIGKILL)
    until(
        lambda: any(
            "worker interactive" in title and pid not in workers
            for pid, title in installation.processes().items()
        ),
        "the killed worker is started again",
    )

    supervisor = read_note(installation.var / "run")
    os.kill(supervisor.pid, signal.SIGKILL)
    until(
        lambda: not any("gunicorn" in t or "worker" in t for t in installation.processes().values()),
        "children end with a killed supervisor",
    )
    assert installation.run("status").returncode == 3

    repaired = installation.up()
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert is_healthy("127.0.0.1", installation.port)

    assert installation.run("stop").returncode == 0
    until(lambda: installation.processes() == {}, "everything of ours has ended")
    assert installation.run("stop").returncode == 0, "stopping twice is no error"


def test_a_busy_port_is_one_sentence_naming_the_program(installation):
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", installation.port))
        taker.listen()
        refused = installation.up()
    assert refused.returncode == 1
    assert f"Port {installation.port} is in use" in refused.stderr
    assert f"pid {os.getpid()}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (installation.var / "env.json").exists(), "nothing is set up before the port is known free"


def test_fresh_asks_and_deletes_nothing_without_a_yes(installation):
    (installation.var / "demo").mkdir(parents=True)
    kept = installation.var / "demo" / "logins.json"
    kept.write_text("[]")
    refused = installation.run("up", "--fresh", "--detach", answer="n\n")
    assert refused.returncode == 1
    assert kept.exists()


def test_a_server_that_does_not_answer_is_one_sentence(installation):
    unreachable = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    environment = os.environ | {
        "GRIDPATROL_VAR_DIR": str(installation.var),
        "GRIDPATROL_DATABASE_URL": unreachable,
        "GRIDPATROL_OWNER_URL": unreachable,
        "GRIDPATROL_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    refused = subprocess.run(
        [COMMAND, "house", "up", "--detach", "--port", str(installation.port)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "Migrating the database failed" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("script", ["start", "test", ".ci/run"])
def test_scripts_are_executable_and_readable_by_bash(script):
    path = PROJECT / script
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_start_says_what_to_do_when_nothing_is_set_up(tmp_path):
    (tmp_path / "start").write_bytes((PROJECT / "start").read_bytes())
    refused = subprocess.run(
        ["bash", str(tmp_path / "start"), "--stop"], check=False, capture_output=True, text=True, timeout=20
    )
    assert refused.returncode == 1
    assert "run ./start first" in refused.stderr
