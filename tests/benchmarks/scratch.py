"""A throw-away database for a benchmark: real PostGIS and Redis, migrated, removed at the end."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import core.db
import core.jobs
import core.settings
from core.cluster import APP_ROLE, OWNER_ROLE, PrivateCluster, PrivateRedis, settle
from webapp.house.migrate import migrate

DATABASE = "benchmark"


@contextlib.contextmanager
def scratch_database() -> Iterator[None]:
    """Point the settings of this process at an empty, migrated database until the block ends.

    The servers have the settings of ``./start``, write-ahead log on disk included.
    """
    folder = Path(tempfile.mkdtemp(prefix="gridpatrol-benchmark-"))
    folder.chmod(0o755)  # the servers' account must reach its data below
    cluster = PrivateCluster(settle(folder / "postgres"))
    redis = PrivateRedis(settle(folder / "redis"))
    try:
        cluster.ensure()
        redis.ensure()
        cluster.create_database(DATABASE)
        cluster.prepare_database(DATABASE)
        with _settings(
            GRIDPATROL_VAR_DIR=str(folder),
            GRIDPATROL_DATABASE_URL=cluster.url(APP_ROLE, DATABASE),
            GRIDPATROL_OWNER_URL=cluster.url(OWNER_ROLE, DATABASE),
            GRIDPATROL_REDIS_URL=redis.url(),
            GRIDPATROL_SECRET_KEY="only-for-this-benchmark-" + os.urandom(16).hex(),
        ):
            migrate()
            yield
    finally:
        cluster.remove()
        redis.remove()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _settings(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    _forget()
    try:
        yield
    finally:
        _forget()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _forget() -> None:
    if core.db.engine.cache_info().currsize:
        core.db.engine().dispose()
    if core.jobs.redis_connection.cache_info().currsize:
        core.jobs.redis_connection().close()
    for cached in (core.db.engine, core.db._factory, core.jobs.redis_connection, core.settings.settings):
        cached.cache_clear()
