from collections.abc import Callable
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from webapp.demo.town import Town, make_town

REFERENCE = datetime(2026, 11, 22, 18, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@cache
def _made(seed: int, households: int) -> Town:
    return make_town(seed, households, REFERENCE)


@pytest.fixture(scope="session")
def town_of() -> Callable[[int, int], Town]:
    """The town for a seed and a number of households, made once per run."""
    return _made


@pytest.fixture(
    scope="session", params=[(1, 600), (2, 2_500), (7, 12_000)], ids=["hamlet", "small", "default"]
)
def town(request: pytest.FixtureRequest) -> Town:
    return _made(*request.param)
