"""The servers the house stands on: private ones below var/, or those named in the environment."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.cluster import OWNER_ROLE, PrivateCluster, PrivateRedis, settle, write_private
from core.errors import DomainError
from core.settings import PROJECT_DIR
from webapp.house.words import say

DATABASE_URL = "GRIDPATROL_DATABASE_URL"
OWNER_URL = "GRIDPATROL_OWNER_URL"
REDIS_URL = "GRIDPATROL_REDIS_URL"
SECRET_KEY = "GRIDPATROL_SECRET_KEY"  # noqa: S105 - the name of the variable, not its value
DEMO = "GRIDPATROL_DEMO"
VAR_DIR = "GRIDPATROL_VAR_DIR"


@dataclass(frozen=True, slots=True)
class Servers:
    """Which servers are used; a `cluster` or `redis` of None means the environment names one."""

    var: Path
    cluster: PrivateCluster | None
    redis: PrivateRedis | None

    def ensure(self) -> None:
        """Start what is private and keep the addresses in var/env.json for every other process."""
        if self.cluster is not None:
            say("启动自带的数据库", "Starting the private database")
            self.cluster.ensure()
        if self.redis is not None:
            self.redis.ensure()
        self.write_addresses()

    def write_addresses(self) -> None:
        """Write var/env.json: addresses, this installation's secret key, whether it is a demo."""
        kept = self.var / "env.json"
        old = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
        # Built anew each time: an address of a private server must not outlive the choice for it.
        values = {SECRET_KEY: old.get(SECRET_KEY) or secrets.token_urlsafe(48)}
        if self.cluster is not None:
            values[DATABASE_URL] = self.cluster.url()
            values[OWNER_URL] = self.cluster.url(OWNER_ROLE)
        if self.redis is not None:
            values[REDIS_URL] = self.redis.url()
        if (self.var / "demo" / "logins.json").exists():
            values[DEMO] = "true"
        write_private(kept, json.dumps(values, indent=1))

    def revive(self) -> None:
        """Start again what is private and has died: everybody else waits for it at the address he knows."""
        if self.cluster is not None and self.cluster.revive():
            say("数据库已重新启动", "The private database was started again")
        if self.redis is not None and self.redis.revive():
            say("Redis 已重新启动", "The private Redis was started again")

    def stop(self) -> None:
        """Stop what is private."""
        if self.redis is not None:
            self.redis.stop()
        if self.cluster is not None:
            self.cluster.stop()

    def remove(self) -> None:
        """Stop what is private and delete its data, the demo's passwords and the secret key."""
        if self.cluster is None:
            raise DomainError("fresh_not_private")
        self.cluster.remove()
        if self.redis is not None:
            self.redis.remove()
        shutil.rmtree(self.var / "demo", ignore_errors=True)
        (self.var / "env.json").unlink(missing_ok=True)


def choose_servers(environ: Mapping[str, str], *, needed_bytes: int | None = None) -> Servers:
    """Return the servers `environ` asks for; the folders of private ones are made.

    `needed_bytes` must be free on their disk (what a new cluster needs when not given): to look, to stop
    and to delete nothing is needed, least of all on a full disk.

    Raises
    ------
    DomainError
        ``owner_url_missing``, or what `core.cluster.settle` raises.
    """
    var = Path(environ.get(VAR_DIR, str(PROJECT_DIR / "var"))).resolve()
    private_database = not environ.get(DATABASE_URL)
    if not private_database and not environ.get(OWNER_URL):
        raise DomainError("owner_url_missing")
    cluster = PrivateCluster(_settle(var / "postgres", needed_bytes)) if private_database else None
    redis = None if environ.get(REDIS_URL) else PrivateRedis(_settle(var / "redis", needed_bytes))
    var.mkdir(parents=True, exist_ok=True)
    return Servers(var, cluster, redis)


def _settle(wanted: Path, needed_bytes: int | None) -> Path:
    folder = settle(wanted, needed_bytes=needed_bytes)
    if folder != wanted:
        say(
            f"数据放在 {folder}（账户 postgres 无法进入项目文件夹）",
            f"Data are kept in {folder} (the account postgres cannot enter the project's folder)",
        )
    return folder
