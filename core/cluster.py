"""Private servers of one installation: a PostgreSQL cluster and a Redis of our own under one folder.

They have their own ports and passwords, listen on 127.0.0.1 only and are never the system's. Started
by root they run as the unprivileged account ``postgres``, because PostgreSQL refuses to run as root.
"""

import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import redis
from psycopg import sql

from core.errors import DomainError

HOST = "127.0.0.1"
SUPERUSER = "postgres"
OWNER_ROLE = "gridpatrol_owner"
APP_ROLE = "gridpatrol_app"
DATABASE = "gridpatrol"
EXTENSIONS = ("postgis", "ltree", "pg_trgm", "btree_gist")
#: Account the servers run as when root starts them.
SERVICE_ACCOUNT = "postgres"
#: Where data lies when root's project folder cannot be entered by the service account.
FALLBACK_ROOT = Path("/var/lib/gridpatrol")
OLDEST_POSTGRES = 15
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
DEBIAN_EXTENSIONS = Path("/usr/share/postgresql")
#: Ports are drawn below Linux's ephemeral range (32768...), where outgoing connections come and go.
PORT_FIRST, PORT_COUNT = 20_000, 12_000
START_TIMEOUT_S = 60
#: What an empty cluster, its write-ahead log and the demo town need, with room to sort.
LEAST_FREE_BYTES = 600 * 1024 * 1024


class ClusterError(DomainError):
    """A private server cannot be set up, started or stopped; the code says why."""

    status = 503


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of one PostgreSQL major version."""

    version: int
    folder: Path

    def path(self, program: str) -> str:
        """Return the full path of `program`."""
        return str(self.folder / program)


def find_binaries(version: int | None = None) -> Binaries:
    """Return the newest installed PostgreSQL that has PostGIS, or exactly `version`.

    Raises
    ------
    ClusterError
        ``postgres_missing``, or ``postgres_version_missing`` (field `version`) when the data
        were written by a version that is no longer installed.
    """
    found = {
        int(folder.parent.name): folder
        for folder in DEBIAN_POSTGRES.glob("*/bin")
        if folder.parent.name.isdigit()
        and (folder / "initdb").exists()
        and (DEBIAN_EXTENSIONS / folder.parent.name / "extension" / "postgis.control").exists()
    }
    usable = [number for number in found if number >= OLDEST_POSTGRES]
    if version is not None and version not in usable:
        raise ClusterError("postgres_version_missing", version=version)
    if not usable:
        raise ClusterError("postgres_missing", oldest=OLDEST_POSTGRES)
    chosen = max(usable) if version is None else version
    return Binaries(chosen, found[chosen])


def free_port() -> int:
    """Return a loopback port nobody listens on at this moment, drawn at random."""
    for _ in range(200):
        port = PORT_FIRST + secrets.randbelow(PORT_COUNT)
        if port_is_free(port):
            return port
    raise ClusterError("no_free_port", first=PORT_FIRST, last=PORT_FIRST + PORT_COUNT - 1)


def port_is_free(port: int, host: str = HOST) -> bool:
    """Tell whether a server could listen on `host`:`port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def service_account() -> pwd.struct_passwd | None:
    """Return the account servers run as when we are root, None when they run as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError as error:
        raise ClusterError("postgres_missing", oldest=OLDEST_POSTGRES) from error


def settle(wanted: Path, *, needed_bytes: int | None = None) -> Path:
    """Make the folder for a server's data and return it.

    It is `wanted` unless root started us and the service account cannot enter it (a project below a
    home of mode 0700, say): then a folder below /var/lib/gridpatrol named after `wanted`. `needed_bytes`
    must be free there (what a new cluster needs when not given).

    Raises
    ------
    ClusterError
        ``folder_unwritable`` (field `folder`), ``disk_full`` (`folder`, `free_mb`, `needed_mb`).
    """
    try:
        folder = _make_folder(wanted)
        if not _service_can_enter(folder):
            digest = hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:12]
            folder = _make_folder(FALLBACK_ROOT / digest / wanted.name)
    except OSError as error:
        raise ClusterError("folder_unwritable", folder=str(wanted), detail=str(error)) from error
    if not _service_can_enter(folder):
        raise ClusterError("folder_unreachable", folder=str(folder), account=SERVICE_ACCOUNT)
    free, needed = shutil.disk_usage(folder).free, LEAST_FREE_BYTES if needed_bytes is None else needed_bytes
    if free < needed:
        raise ClusterError("disk_full", folder=str(folder), free_mb=free >> 20, needed_mb=needed >> 20)
    return folder


def _make_folder(folder: Path) -> Path:
    for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)  # whatever the umask: the service account must pass through
    return folder


def _service_can_enter(folder: Path) -> bool:
    if service_account() is None:
        return os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    return _run(["test", "-x", str(folder)], check=False).returncode == 0


def _run(
    command: Sequence[str], *, check: bool = True, timeout_s: float = START_TIMEOUT_S + 30
) -> subprocess.CompletedProcess[str]:
    """Run `command` as the service account; its output never reaches our terminal."""
    account = service_account()
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    # A cluster started under LC_ALL=C or a locale that is not installed must come out the same.
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    return subprocess.run(  # noqa: S603 - our own fixed commands, never a shell
        list(command),
        check=check,
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        **identity,
    )


def _give_to_service(path: Path) -> None:
    account = service_account()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def write_private(path: Path, content: str) -> None:
    """Write `path` in one step, readable by its owner only, so that a crash leaves no half file."""
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(content, "utf-8")
    draft.replace(path)


def command_line(pid: int) -> str:
    """Return the command line of process `pid`, empty when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _kept_port(folder: Path, wanted: int | None) -> int:
    """Return the port kept in `folder`, drawing another when somebody else took it meanwhile."""
    note = folder / "port"
    kept = wanted or (int(note.read_text("ascii")) if note.exists() else free_port())
    if not port_is_free(kept):
        kept = free_port()
    write_private(note, str(kept))
    return kept


class PrivateCluster:
    """One PostgreSQL cluster with PostGIS, its two roles and the database ``gridpatrol``.

    `folder` must have gone through `settle`. `durable=False` gives up safety against power loss
    for speed: for throw-away clusters of tests only.
    """

    def __init__(self, folder: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.data_folder = self.folder / "data"
        self.durable = durable
        self._wanted_port = port

    @property
    def port(self) -> int:
        """Return the port the cluster listens on (or did when it last ran)."""
        return int((self.folder / "port").read_text("ascii"))

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address of `database` for `role`, password included."""
        return f"postgresql+psycopg://{role}:{self._passwords()[role]}@{HOST}:{self.port}/{database}"

    def is_running(self) -> bool:
        """Tell whether our own server process is alive (a stale pid file does not count)."""
        return self._pid() is not None

    def ensure(self) -> None:
        """Make the cluster if there is none, start it if it stands still, and complete its contents.

        Every step looks first, so a set-up broken off anywhere is finished by the next call.
        """
        self._initialise()
        self.start()
        self._provision()

    def start(self) -> None:
        """Start the server and return when it answers.

        Raises
        ------
        ClusterError
            ``server_start_failed`` (fields `server`, `detail`, `log`).
        """
        if self.is_running():
            return
        log = self.data_folder / "start.log"
        command = [self._binaries().path("pg_ctl"), "start", "--wait", f"--timeout={START_TIMEOUT_S}"]
        # The processes of a killed server need a moment to notice; another may take the port just now.
        for pause_s in (0.5, 2.0, 0.0):
            self._forget_foreign_pid()
            self._configure(_kept_port(self.folder, self._wanted_port))
            if _run([*command, f"--pgdata={self.data_folder}", f"--log={log}"], check=False).returncode == 0:
                return
            time.sleep(pause_s)
        raise ClusterError("server_start_failed", server="PostgreSQL", detail=_tail(log), log=str(log))

    def revive(self) -> bool:
        """Start the server where it used to listen if it has died; tell whether it had."""
        if self.is_running() or not port_is_free(self.port):
            return False
        self.start()
        return True

    def stop(self) -> None:
        """Stop the server, breaking off open transactions; do nothing when it stands still."""
        if not self.is_running():
            return
        command = [self._binaries().path("pg_ctl"), "stop", "--mode=fast", "--wait", "--timeout=60"]
        done = _run([*command, f"--pgdata={self.data_folder}"], check=False)
        if done.returncode != 0:
            raise ClusterError("server_stop_failed", server="PostgreSQL", detail=done.stderr.strip())

    def remove(self) -> None:
        """Stop the server and delete all its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=False)

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection of the superuser in autocommit mode."""
        with psycopg.connect(
            host=HOST,
            port=self.port,
            user=SUPERUSER,
            password=self._passwords()[SUPERUSER],
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        ) as connection:
            yield connection

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Create database `name` of the owner role, as a copy of `template` when one is named.

        Nobody may be connected to `template` meanwhile.
        """
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(OWNER_ROLE), sql.Identifier(template or "template1")
        )
        with self.superuser() as connection:
            connection.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop database `name`, disconnecting whoever still uses it."""
        with self.superuser() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _binaries(self) -> Binaries:
        written_by = self.data_folder / "PG_VERSION"
        return find_binaries(int(written_by.read_text("ascii")) if written_by.exists() else None)

    def _noted_pid(self) -> int | None:
        try:
            # Bytes: the folder in the second line may be Chinese.
            return int((self.data_folder / "postmaster.pid").read_bytes().split(b"\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        except PermissionError as error:
            raise ClusterError("folder_of_another_user", folder=str(self.data_folder)) from error

    def _pid(self) -> int | None:
        pid = self._noted_pid()
        return pid if pid is not None and str(self.data_folder) in command_line(pid) else None

    def _forget_foreign_pid(self) -> None:
        # After a crash another program may have got our old number, or the dead server is a zombie
        # nobody reaps (containers): PostgreSQL would then refuse to start. Without the file it still
        # finds processes of the crashed server at work on the data, by their shared memory.
        pid = self._noted_pid()
        if pid is not None and Path(f"/proc/{pid}").exists() and self._pid() is None:
            (self.data_folder / "postmaster.pid").unlink(missing_ok=True)

    def _passwords(self) -> dict[str, str]:
        kept = self.folder / "passwords.json"
        try:
            passwords: dict[str, str] = json.loads(kept.read_text("utf-8"))
        except PermissionError as error:
            raise ClusterError("folder_of_another_user", folder=str(self.folder)) from error
        return passwords

    def _initialise(self) -> None:
        if self.data_folder.exists():
            return
        if not (self.folder / "passwords.json").exists():
            passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER_ROLE, APP_ROLE)}
            write_private(self.folder / "passwords.json", json.dumps(passwords))
        # initdb works beside the final place and is moved there when done: a broken-off initdb
        # leaves nothing that looks like a cluster.
        staging = self.folder / "staging"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        _give_to_service(staging)
        self._initdb(staging / "data", staging / "password")
        (staging / "data").rename(self.data_folder)
        shutil.rmtree(staging)

    def _initdb(self, data: Path, password_file: Path) -> None:
        write_private(password_file, self._passwords()[SUPERUSER])
        _give_to_service(password_file)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--data-checksums"]
        command = [find_binaries().path("initdb"), f"--pgdata={data}", f"--username={SUPERUSER}"]
        done = _run([*command, f"--pwfile={password_file}", *options], check=False)
        if done.returncode != 0:
            detail = (done.stderr.strip() or done.stdout.strip()).rsplit("\n", 1)[-1]
            raise ClusterError("server_start_failed", server="PostgreSQL", detail=detail, log="")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as main:
            main.write("\ninclude 'gridpatrol.conf'\n")

    def _configure(self, port: int) -> None:
        path = self.data_folder / "gridpatrol.conf"
        lines = [f"{key} = '{value}'" for key, value in server_options(port, durable=self.durable).items()]
        write_private(path, "\n".join(lines) + "\n")
        _give_to_service(path)

    def _provision(self) -> None:
        with self.superuser() as connection:
            for role in (OWNER_ROLE, APP_ROLE):
                self._provision_role(connection, role)
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            self.create_database(DATABASE)
        self.prepare_database(DATABASE)

    def _provision_role(self, connection: psycopg.Connection[Any], role: str) -> None:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb: LiteralString = "CREATE ROLE {}" if known is None else "ALTER ROLE {}"
        attributes: LiteralString = (
            " LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}"
        )
        connection.execute(
            sql.SQL(verb + attributes).format(sql.Identifier(role), sql.Literal(self._passwords()[role]))
        )

    def prepare_database(self, name: str) -> None:
        """Give database `name` the extensions and the one mark only a superuser can set.

        ``geometry_overlaps`` is the function behind ``&&``. Marked leakproof, PostgreSQL may ask a
        spatial index before it applies row level security; unmarked, every map query scans the
        whole table. It is safe: the function compares two bounding boxes, returns a boolean, and
        neither raises an error nor logs a value that could give away a row outside the scope.
        """
        with self.superuser(name) as connection:
            for extension in EXTENSIONS:
                connection.execute(
                    sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
                )
            connection.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF")


def server_options(port: int, *, durable: bool) -> dict[str, str]:
    """Return our PostgreSQL settings for this machine's memory; those of initdb hold for the rest."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    options = {
        "listen_addresses": HOST,
        "port": str(port),
        # One way in, the same for every account, and no limit on the length of the project's path.
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": f"{min(max(memory_mb // 5, 128), 2048)}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 256)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{min(max(memory_mb // 16, 64), 512)}MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",  # SSD or cached; the default 4 belongs to spinning disks
        "jit": "off",  # compiling costs more than our short queries take
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "dynamic_shared_memory_type": _shared_memory_type(),
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return options


def _shared_memory_type() -> str:
    # Containers often get 64 MB of /dev/shm, on which parallel queries fail half-way.
    try:
        return "posix" if shutil.disk_usage("/dev/shm").total >= 256 << 20 else "sysv"  # noqa: S108
    except OSError:
        return "sysv"


def _tail(log: Path, lines: int = 3) -> str:
    try:
        return " | ".join(log.read_text("utf-8", errors="replace").strip().split("\n")[-lines:])
    except OSError:
        return ""


class PrivateRedis:
    """One Redis without persistence: the truth about jobs lies in PostgreSQL.

    `folder` must have gone through `settle`.
    """

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder.resolve()
        self._wanted_port = port

    @property
    def port(self) -> int:
        """Return the port Redis listens on (or did when it last ran)."""
        return int((self.folder / "port").read_text("ascii"))

    def url(self, number: int = 0) -> str:
        """Return the address of database `number`, password included."""
        return f"redis://:{self._password()}@{HOST}:{self.port}/{number}"

    def is_running(self) -> bool:
        """Tell whether a Redis answers that knows our password, which makes it ours."""
        if not (self.folder / "port").exists() or not (self.folder / "password").exists():
            return False
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def ensure(self) -> None:
        """Start Redis unless it runs, and return when it answers.

        Raises
        ------
        ClusterError
            ``redis_missing``, ``server_start_failed`` (fields `server`, `detail`, `log`).
        """
        if self.is_running():
            return
        program = shutil.which("redis-server")
        if program is None:
            raise ClusterError("redis_missing")
        self._stop_deaf()
        run_folder = self.folder / "run"
        run_folder.mkdir(exist_ok=True)
        _give_to_service(run_folder)
        self._configure(run_folder)
        done = _run([program, str(run_folder / "redis.conf")], check=False)
        if done.returncode != 0 or not self._answers_within(START_TIMEOUT_S):
            log = run_folder / "redis.log"
            raise ClusterError("server_start_failed", server="Redis", detail=_tail(log), log=str(log))

    def revive(self) -> bool:
        """Start Redis where it used to listen if it has died; tell whether it had."""
        if self.is_running() or not port_is_free(self.port):
            return False  # alive, or deaf for the moment: whoever waits for it goes on waiting
        self.ensure()
        return True

    def stop(self) -> None:
        """Stop Redis; do nothing when it stands still."""
        if self.is_running():
            # redis-py waits for the connection to drop and raises nothing when it does.
            self._client().shutdown(nosave=True)
        self._stop_deaf()

    def remove(self) -> None:
        """Stop Redis and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def _client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url(), socket_timeout=2, socket_connect_timeout=2)

    def _password(self) -> str:
        kept = self.folder / "password"
        try:
            return kept.read_text("ascii")
        except PermissionError as error:
            raise ClusterError("folder_of_another_user", folder=str(self.folder)) from error

    def _configure(self, run_folder: Path) -> None:
        if not (self.folder / "password").exists():
            write_private(self.folder / "password", secrets.token_urlsafe(24))
        port = _kept_port(self.folder, self._wanted_port)
        options = {
            "bind": HOST,
            "port": port,
            "requirepass": self._password(),
            "daemonize": "yes",
            "supervised": "no",
            "pidfile": run_folder / "redis.pid",
            "logfile": run_folder / "redis.log",
            "dir": run_folder,
            "save": "",
            "appendonly": "no",
            "maxmemory": "512mb",
            "maxmemory-policy": "volatile-lru",  # tiles have a time to live, queues none: see operations.md
        }
        path = run_folder / "redis.conf"
        write_private(path, "".join(f'{key} "{value}"\n' for key, value in options.items()))
        _give_to_service(path)

    def _pid(self) -> int | None:
        try:
            pid = int((self.folder / "run" / "redis.pid").read_text("ascii"))
        except (OSError, ValueError):
            return None
        title = command_line(pid)
        return pid if "redis-server" in title and f":{self.port}" in title else None

    def _stop_deaf(self) -> None:
        """End our own Redis process when it is alive (whether or not it still answers)."""
        pid = self._pid()
        deadline = time.monotonic() + 5
        while pid is not None and self._pid() == pid:
            late = time.monotonic() > deadline
            os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
            time.sleep(0.1)

    def _answers_within(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True
