"""The private cluster and Redis: real servers, real crashes."""

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from core import cluster as cluster_module
from core.cluster import (
    APP_ROLE,
    DATABASE,
    OWNER_ROLE,
    ClusterError,
    PrivateCluster,
    PrivateRedis,
    command_line,
    find_binaries,
    free_port,
    port_is_free,
    server_options,
    service_account,
    settle,
)
from webapp.house.servers import choose_servers
from webapp.house.up import standing, take_down


@pytest.fixture
def place(servers) -> Iterator[Path]:
    """A folder the service account can enter (pytest's own lies below a folder of mode 0700)."""
    folder = servers.var / f"place-{token_hex(4)}"
    folder.mkdir()
    yield folder
    for left in ("postgres", "redis"):
        if (folder / left / "port").exists():
            (PrivateCluster if left == "postgres" else PrivateRedis)(folder / left).stop()


@pytest.fixture
def own_cluster(place) -> PrivateCluster:
    cluster = PrivateCluster(settle(place / "postgres"), durable=False)
    cluster.ensure()
    return cluster


def connect(cluster: PrivateCluster, role: str = APP_ROLE) -> psycopg.Connection:
    return psycopg.connect(cluster.url(role).replace("+psycopg", ""), autocommit=True, connect_timeout=5)


def postmaster_pid(cluster: PrivateCluster) -> int:
    return int((cluster.data_folder / "postmaster.pid").read_bytes().split(b"\n", 1)[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while command_line(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.05)


@pytest.mark.parametrize("role", [APP_ROLE, OWNER_ROLE])
def test_roles_can_neither_bypass_row_security_nor_create_databases(servers, role):
    with servers.cluster.superuser() as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin "
            "FROM pg_roles WHERE rolname = %s",
            [role],
        ).fetchone()
    assert rights == (False, False, False, False, False, True)


def test_application_role_owns_nothing(servers, database):
    with servers.cluster.superuser(database.name) as connection:
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", [APP_ROLE]
        ).fetchone()
    assert owned == (0,)


def test_database_has_its_extensions_and_a_leakproof_box_operator(servers):
    with servers.cluster.superuser(DATABASE) as connection:
        names = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        leakproof = connection.execute(
            "SELECT proleakproof FROM pg_proc "
            "WHERE oid = 'geometry_overlaps(geometry, geometry)'::regprocedure"
        ).fetchone()
    assert {"postgis", "ltree", "pg_trgm", "btree_gist"} <= names
    assert leakproof == (True,)


def test_a_wrong_password_is_refused(servers):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1", port=servers.cluster.port, user=APP_ROLE, password="guess", dbname=DATABASE
        )


def test_servers_listen_on_loopback_only(servers):
    for port in (servers.cluster.port, servers.redis.port):
        assert not port_is_free(port)
        assert port_is_free(port, "127.0.0.2"), "a server bound to 0.0.0.0 would hold this address too"


def test_secrets_are_readable_by_their_owner_only(servers):
    for kept in (servers.cluster.folder / "passwords.json", servers.redis.folder / "password"):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_data_survive_a_killed_server(place):
    own_cluster = PrivateCluster(settle(place / "postgres"))
    own_cluster.ensure()
    with connect(own_cluster, OWNER_ROLE) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    pid = postmaster_pid(own_cluster)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    assert not own_cluster.is_running()

    own_cluster.ensure()

    with connect(own_cluster, OWNER_ROLE) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_process_number_used_again_by_another_program_does_not_block_the_start(own_cluster):
    pid_file = own_cluster.data_folder / "postmaster.pid"
    content = pid_file.read_text()
    own_cluster.stop()
    account = service_account()
    # Of the same user: PostgreSQL takes a living process of another for a stale number by itself.
    stranger = subprocess.Popen(["sleep", "600"], cwd="/", user=account.pw_uid if account else None)
    try:
        pid_file.write_text(content.replace(content.split("\n", 1)[0], str(stranger.pid), 1))
        if account:
            os.chown(pid_file, account.pw_uid, account.pw_gid)
        assert not own_cluster.is_running()
        own_cluster.ensure()
        assert own_cluster.is_running()
        assert stranger.poll() is None, "a process that is not ours was ended"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_in_a_folder_with_a_blank_and_chinese_letters_is_known_and_stopped(place):
    folder = place / "网格 巡防"
    cluster = PrivateCluster(settle(folder / "postgres"), durable=False)
    own_redis = PrivateRedis(settle(folder / "redis"))
    cluster.ensure()
    own_redis.ensure()
    pids = [postmaster_pid(cluster), int((own_redis.folder / "run" / "redis.pid").read_text())]
    assert cluster.is_running()

    cluster.stop()
    own_redis.stop()

    assert not any(command_line(pid) for pid in pids)


def test_servers_that_died_come_back_where_they_were(own_cluster, place):
    own_redis = PrivateRedis(settle(place / "redis"))
    own_redis.ensure()
    addresses = own_cluster.url(), own_redis.url()
    assert not own_cluster.revive()
    assert not own_redis.revive()
    os.kill(postmaster_pid(own_cluster), signal.SIGKILL)
    os.kill(int((own_redis.folder / "run" / "redis.pid").read_text()), signal.SIGKILL)

    until(own_redis.revive)
    until(own_cluster.revive)

    assert (own_cluster.url(), own_redis.url()) == addresses
    assert own_redis.is_running()
    with connect(own_cluster) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def until(is_true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def test_a_broken_off_initdb_is_repaired(place):
    cluster = PrivateCluster(settle(place / "postgres"), durable=False)
    half = cluster.folder / "staging" / "data" / "base"
    half.mkdir(parents=True)
    (half.parent / "PG_VERSION").write_text("3\n")

    cluster.ensure()

    assert cluster.is_running()
    assert not (cluster.folder / "staging").exists()


def test_a_set_up_broken_off_before_the_database_is_finished_by_the_next_one(own_cluster):
    own_cluster.drop_database(DATABASE)
    own_cluster.stop()

    own_cluster.ensure()

    with connect(own_cluster) as connection:
        assert connection.execute("SELECT postgis_lib_version()").fetchone() is not None


def test_a_port_taken_meanwhile_is_replaced(place):
    redis = PrivateRedis(settle(place / "redis"))
    redis.ensure()
    before = redis.port
    redis.stop()
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", before))
        taker.listen()
        redis.ensure()
        assert redis.port != before
        assert redis.is_running()


def test_stop_leaves_nothing_running(own_cluster, place):
    redis = PrivateRedis(settle(place / "redis"))
    redis.ensure()
    pids = [postmaster_pid(own_cluster), int((redis.folder / "run" / "redis.pid").read_text())]
    own_cluster.stop()
    redis.stop()
    for pid in pids:
        wait_until_gone(pid)


def test_a_redis_that_hangs_is_ended_and_replaced(place):
    redis = PrivateRedis(settle(place / "redis"))
    redis.ensure()
    pid = int((redis.folder / "run" / "redis.pid").read_text())
    os.kill(pid, signal.SIGSTOP)

    redis.ensure()

    wait_until_gone(pid)
    assert redis.is_running()


def test_redis_keeps_nothing_on_disk_and_forgets_no_job(servers):
    client = servers.redis._client()
    assert client.config_get("save")["save"] == ""
    assert client.config_get("appendonly")["appendonly"] == "no"
    # A queue has no time to live: it is never what makes room (see the test of the full Redis).
    assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "volatile-lru"


def test_a_redis_full_of_tiles_forgets_tiles_and_still_takes_jobs(place):
    """Nobody's tiles may keep a job from being queued, and no job may be forgotten for a tile."""
    own = PrivateRedis(settle(place / "redis"))
    own.ensure()
    client = own._client()
    client.config_set("maxmemory", "24mb")
    queue = Queue("analysis", connection=client, serializer=JSONSerializer)
    waiting = [queue.enqueue_call("core.jobs.execute", args=(n,), failure_ttl=3600).id for n in range(20)]

    for number in range(60):  # 60 MB into 24
        client.set(f"gridpatrol:tile:{number}", b"x" * 1_000_000, ex=3600)
    waiting.append(queue.enqueue_call("core.jobs.execute", args=(20,)).id)

    assert client.info("stats")["evicted_keys"] > 30
    assert queue.get_job_ids() == waiting
    assert all(job is not None for job in Job.fetch_many(waiting, client, serializer=JSONSerializer))


def test_servers_never_run_as_root(servers):
    for pid in (
        postmaster_pid(servers.cluster),
        int((servers.redis.folder / "run" / "redis.pid").read_text()),
    ):
        assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_a_folder_the_service_account_cannot_enter_is_replaced(place, monkeypatch):
    closed = place / "home"
    closed.mkdir()
    closed.chmod(0o700)
    monkeypatch.setattr(cluster_module, "FALLBACK_ROOT", place / "lib")

    folder = settle(closed / "var" / "postgres")

    if service_account() is None:
        assert folder == closed / "var" / "postgres", "we are the service account ourselves"
    else:
        assert folder.is_relative_to(place / "lib")
        assert folder == settle(closed / "var" / "postgres"), "the place must not change between starts"


def test_a_full_disk_is_named_before_anything_is_written(place, monkeypatch):
    monkeypatch.setattr(cluster_module, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(ClusterError) as refusal:
        settle(place / "postgres")
    assert refusal.value.code == "disk_full"
    assert refusal.value.fields["free_mb"] < refusal.value.fields["needed_mb"]


def test_a_full_disk_does_not_keep_the_house_from_being_looked_at_and_stopped(place, monkeypatch):
    monkeypatch.setattr(cluster_module, "LEAST_FREE_BYTES", 1 << 60)
    here = {"GRIDPATROL_VAR_DIR": str(place)}

    assert standing(here).database is False
    take_down(here)

    with pytest.raises(ClusterError, match="disk_full"):
        choose_servers(here)


def test_a_place_where_no_folder_can_be_made_is_named(place):
    (place / "file").write_text("")
    with pytest.raises(ClusterError) as refusal:
        settle(place / "file" / "postgres")
    assert refusal.value.code == "folder_unwritable"


def test_data_of_a_version_that_is_not_installed_are_refused():
    with pytest.raises(ClusterError) as refusal:
        find_binaries(9)
    assert (refusal.value.code, refusal.value.fields) == ("postgres_version_missing", {"version": 9})


def test_a_server_that_cannot_start_says_why(own_cluster):
    own_cluster.stop()
    with (own_cluster.data_folder / "postgresql.conf").open("a") as main:
        main.write("\nno_such_option = 1\n")
    with pytest.raises(ClusterError) as refusal:
        own_cluster.start()
    assert refusal.value.code == "server_start_failed"
    assert "no_such_option" in refusal.value.fields["detail"]


def test_only_throw_away_clusters_give_up_safety():
    assert "fsync" not in server_options(5000, durable=True)
    assert server_options(5000, durable=False)["fsync"] == "off"


def test_free_ports_lie_below_the_ephemeral_range():
    lowest_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < lowest_ephemeral for _ in range(20))
