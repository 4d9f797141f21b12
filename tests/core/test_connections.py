"""Pooled connections that the server closed are replaced without anybody noticing."""

from contextlib import ExitStack

import pytest
from sqlalchemy import text

import core.db
from core.db import Scope, read_once, transaction
from tests.conftest import Database, Servers
from tests.small_town import build_small_town

NOBODY = Scope.nothing()


def server_processes(count: int) -> list[int]:
    """Return the process ids behind `count` transactions that are open at the same time."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(transaction(NOBODY)) for _ in range(count)]
        return [session.scalar(text("SELECT pg_backend_pid()")) or 0 for session in sessions]


def end(servers: Servers, processes: list[int]) -> None:
    """Let the server end `processes` and wait until they are gone, as when it is restarted."""
    with servers.cluster.superuser() as connection:
        for process in processes:
            connection.execute("SELECT pg_terminate_backend(%s, 20000)", [process])


def test_after_a_restart_of_the_server_everything_goes_on(servers: Servers, database: Database) -> None:
    before = server_processes(3)
    end(servers, before)

    after = server_processes(3)

    assert not set(before) & set(after)


def test_what_is_read_at_once_survives_a_restart_too(servers: Servers, database: Database) -> None:
    end(servers, server_processes(1))

    assert [tuple(row) for row in read_once(NOBODY, "SELECT %(n)s::int + 1", {"n": 1})] == [(2,)]


def test_a_connection_is_used_again(database: Database) -> None:
    assert set(server_processes(2)) == set(server_processes(2))


def test_a_connection_that_rested_long_is_asked_and_used_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = server_processes(1)
    monkeypatch.setattr(core.db, "ASK_AFTER_S", 0.0)

    assert server_processes(1) == before


def test_what_is_read_at_once_stays_inside_the_scope(database: Database) -> None:
    town = build_small_town()
    count = "SELECT count(*) FROM dwelling WHERE id > %(least)s"

    seen = [read_once(scope, count, {"least": 0})[0][0] for scope in (NOBODY, Scope((town.west.path,)))]

    assert seen == [0, 1]
    with transaction(Scope.everything()) as session:  # on the same connection
        assert session.scalar(text("SELECT count(*) FROM dwelling")) == 2
