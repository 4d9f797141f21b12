"""Processes of the house: who holds a port, who supervises, and children that are restarted."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from core.cluster import command_line, write_private
from core.errors import DomainError

LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
#: A child that lived this long has recovered: its next crash is answered quickly again.
STEADY_AFTER_S = 60.0
LOG_LIMIT_BYTES = 10 << 20


def who_listens(port: int) -> str:
    """Return name and number of the process listening on `port`, "?" when it cannot be known."""
    inodes = {
        columns[9]
        for table in ("tcp", "tcp6")
        for columns in _rows(Path("/proc/net") / table)
        if columns[3] == LISTENING and int(columns[1].rsplit(":", 1)[1], 16) == port
    }
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and any(f"socket:[{inode}]" in _open_files(process) for inode in inodes):
            name = command_line(int(process.name)).split(" ", 1)[0]
            return f"{Path(name).name}, pid {process.name}"
    return "?"


def _rows(table: Path) -> list[list[str]]:
    try:
        return [line.split() for line in table.read_text("ascii").splitlines()[1:]]
    except OSError:
        return []


def _open_files(process: Path) -> set[str]:
    found: set[str] = set()
    try:
        for entry in (process / "fd").iterdir():
            found.add(str(entry.readlink()))
    except OSError:
        return found  # ended meanwhile, or not ours to look into
    return found


def started_ticks(pid: int) -> int:
    """Return when process `pid` began (clock ticks since boot), 0 when there is none.

    Number and beginning together name a process for good; a number alone is used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return 0
    # The name in brackets may hold blanks; the beginning is field 22, the 20th after it.
    return int(stat.rsplit(")", 1)[1].split()[19])


@dataclass(frozen=True, slots=True)
class SupervisorNote:
    """Who supervises and where the house can be reached."""

    pid: int
    started: int
    host: str
    port: int

    @classmethod
    def of_this_process(cls, host: str, port: int) -> "SupervisorNote":
        """Return the note for the process that calls."""
        return cls(os.getpid(), started_ticks(os.getpid()), host, port)

    def write(self, run_folder: Path) -> None:
        """Keep the note in `run_folder`."""
        content = {"pid": self.pid, "started": self.started, "host": self.host, "port": self.port}
        write_private(run_folder / "house.json", json.dumps(content))

    def is_alive(self) -> bool:
        """Tell whether the very process that wrote the note still runs."""
        return self.started != 0 and started_ticks(self.pid) == self.started


def read_note(run_folder: Path) -> SupervisorNote | None:
    """Return the note of the supervisor that runs now, None when none does."""
    try:
        note = SupervisorNote(**json.loads((run_folder / "house.json").read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return note if note.is_alive() else None


def lock_house(run_folder: Path) -> IO[str]:
    """Return the open lock of the house; it is held until closed, also by a child that inherits it.

    Raises
    ------
    DomainError
        ``house_busy``: another process holds it.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    lock = (run_folder / "house.lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise DomainError("house_busy") from error
    return lock


@dataclass(slots=True)
class Child:
    """A process that is started again whenever it ends, after pauses that double up to 30 s."""

    name: str
    command: Sequence[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0
    _pause_s: float = field(default=FIRST_PAUSE_S)
    _begun: float = field(default=0.0)
    _not_before: float = field(default=0.0)

    def keep_alive(self) -> None:
        """Start the process when it does not run and its pause is over."""
        if self.process is not None:
            if self.process.poll() is None:
                return
            self._note_end()
        if time.monotonic() >= self._not_before:
            self._start()

    def is_alive(self) -> bool:
        """Tell whether the process runs now."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the process if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def _start(self) -> None:
        _turn_log(self.log)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own fixed commands, never a shell
                [*_die_with_parent(), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends us in order
            )
        self._begun = time.monotonic()

    def _note_end(self) -> None:
        self.process = None
        self.restarts += 1
        if time.monotonic() - self._begun > STEADY_AFTER_S:
            self._pause_s = FIRST_PAUSE_S
        self._not_before = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)


def _die_with_parent() -> list[str]:
    # Should the supervisor be killed outright, the kernel tells its children to end.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _turn_log(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def end_children(children: Sequence[Child], *, patience_s: float = 15.0) -> None:
    """End all `children`: ask, ask again (a worker then gives up its running job), then kill."""
    for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        for child in children:
            child.signal(number)
        if _all_ended(children, wait_s):
            return


def _all_ended(children: Sequence[Child], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while any(child.is_alive() for child in children):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
