"""Children that are restarted, notes and locks that survive a crash."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable

import pytest

from core.errors import DomainError
from webapp.house import processes
from webapp.house.processes import (
    Child,
    SupervisorNote,
    end_children,
    lock_house,
    read_note,
    started_ticks,
    who_listens,
)

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


def until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def make_child(tmp_path):
    made = []

    def make(command) -> Child:
        child = Child("child", command, tmp_path / "child.log")
        made.append(child)
        child.keep_alive()
        until(lambda: "up" in child.log.read_text() or not child.is_alive())
        return child

    yield make
    for child in made:
        child.signal(signal.SIGKILL)


def test_a_killed_child_is_started_again_after_a_pause(make_child, monkeypatch):
    monkeypatch.setattr(processes, "FIRST_PAUSE_S", 0.2)
    child = make_child(SLEEPER)
    first = child.process.pid
    child.signal(signal.SIGKILL)
    until(lambda: not child.is_alive())

    child.keep_alive()
    assert child.process is None, "the pause must pass first"
    until(lambda: child.keep_alive() or child.is_alive())

    assert child.process.pid != first
    assert child.restarts == 1


def test_pauses_grow_while_a_child_keeps_crashing(make_child):
    child = make_child([sys.executable, "-c", "raise SystemExit(3)"])
    pauses = []
    for _ in range(8):
        child.process.wait(timeout=10)
        child.keep_alive()
        pauses.append(child._not_before - time.monotonic())
        child._not_before = 0.0
        child.keep_alive()
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30], abs=0.5)


def test_children_end_when_asked(make_child):
    child = make_child(SLEEPER)
    end_children([child])
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(make_child):
    child = make_child(STUBBORN)
    end_children([child], patience_s=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_a_long_log_is_turned(tmp_path, make_child, monkeypatch):
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 10)
    (tmp_path / "child.log").write_text("x" * 11)
    make_child(SLEEPER)
    assert (tmp_path / "child.log.1").read_text() == "x" * 11
    assert (tmp_path / "child.log").read_text() == "up\n"


def test_the_program_on_a_busy_port_is_named():
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        taker.listen()
        assert f"pid {os.getpid()}" in who_listens(taker.getsockname()[1])


def test_nobody_is_named_for_a_free_port():
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        port = taker.getsockname()[1]
    assert who_listens(port) == "?"


def test_a_note_of_a_living_supervisor_is_read(tmp_path):
    note = SupervisorNote.of_this_process("127.0.0.1", 8600)
    note.write(tmp_path)
    assert read_note(tmp_path) == note


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(SupervisorNote(os.getpid(), 1, "127.0.0.1", 8600), id="number used again"),
        pytest.param(SupervisorNote(2**22 + 1, 5, "127.0.0.1", 8600), id="no such process"),
        pytest.param(SupervisorNote(2**22 + 1, 0, "127.0.0.1", 8600), id="unknown beginning"),
    ],
)
def test_a_note_of_a_dead_supervisor_counts_for_nothing(tmp_path, note):
    note.write(tmp_path)
    assert read_note(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_note_counts_for_nothing(tmp_path, content):
    (tmp_path / "house.json").write_text(content)
    assert read_note(tmp_path) is None


def test_processes_are_told_apart_by_their_beginning():
    assert started_ticks(os.getpid()) > 0
    assert started_ticks(2**22 + 1) == 0


def test_the_house_is_locked_once(tmp_path):
    held = lock_house(tmp_path)
    with pytest.raises(DomainError) as refusal:
        lock_house(tmp_path)
    assert refusal.value.code == "house_busy"
    held.close()
    lock_house(tmp_path).close()
