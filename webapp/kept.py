"""What is kept in Redis for a while to spare work: tiles and counters, nothing that must not be lost."""

import logging
import time
from functools import lru_cache

from redis import Redis
from redis.exceptions import RedisError

from core.settings import settings

logger = logging.getLogger(__name__)

#: Above this share of Redis' memory nothing more is kept: the queues live in the same Redis and come first.
FULLEST = 0.6
LOOK_EVERY_S = 5.0
_looked: dict[str, float | bool] = {"at": 0.0, "room": True}


@lru_cache(maxsize=1)
def quick_redis() -> Redis:
    """Return a connection that would rather give up than let a page wait."""
    return Redis.from_url(settings().redis_url, socket_timeout=1, socket_connect_timeout=1)


def answers() -> bool:
    """Tell whether Redis answers."""
    try:
        return bool(quick_redis().ping())
    except RedisError:
        return False


def recall(key: str) -> bytes | None:
    """Return what is kept under `key`, None when nothing is or Redis does not answer."""
    try:
        found = quick_redis().get(key)
    except RedisError:
        return None
    return found if isinstance(found, bytes) else None


def keep(key: str, value: bytes, *, for_s: int) -> None:
    """Keep `value` under `key` for `for_s` seconds, if Redis answers and has room."""
    try:
        if has_room():
            quick_redis().set(key, value, ex=for_s)
    except RedisError:
        logger.warning("redis does not answer; nothing is kept")


def has_room() -> bool:
    """Tell whether Redis has memory to spare; asks it every few seconds."""
    if time.monotonic() - float(_looked["at"]) > LOOK_EVERY_S:
        memory = quick_redis().info("memory")
        limit = int(memory["maxmemory"])
        _looked["room"] = limit == 0 or int(memory["used_memory"]) < FULLEST * limit
        _looked["at"] = time.monotonic()
    return bool(_looked["room"])
