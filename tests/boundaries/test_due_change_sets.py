"""Change sets whose day has come are published once, whoever asks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import update

from core.clock import today
from core.db import Scope, transaction
from core.models import JobRun
from geo.areas.models import ChangeSet
from geo.boundaries.jobs import request_due
from tests.boundaries.studio_town import SPLIT_WEST, approved, do, opened
from tests.small_town import SmallTown


def due(town: SmallTown, reviewer: int) -> int:
    """Return a change set that was approved for a day that has come since."""
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer, on=today() + timedelta(days=1))
    with transaction(Scope.everything()) as session:
        session.execute(update(ChangeSet).values(effective_on=today()))
    return set_id


def asked() -> list[int]:
    with transaction(Scope.everything()) as session:
        return [int(run.params["change_set"]) for run in request_due(session)]


def test_what_is_not_due_waits(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer, on=today() + timedelta(days=1))

    assert asked() == []


def test_what_is_due_is_asked_for_once(town: SmallTown, reviewer: int) -> None:
    set_id = due(town, reviewer)

    assert (asked(), asked()) == ([set_id], [])


def test_two_rounds_at_one_moment_ask_once(town: SmallTown, reviewer: int) -> None:
    set_id = due(town, reviewer)
    together = Barrier(2)

    def ask() -> list[int]:
        together.wait(timeout=60)
        return asked()

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            rounds = [pool.submit(ask) for _ in range(2)]
            assert sorted(found.result(timeout=60) for found in rounds) == [[], [set_id]]
        with transaction(Scope.everything()) as session:
            session.query(JobRun).delete()
