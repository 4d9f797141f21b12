"""Lists page by page: every row once, in order, whatever is sorted by and whatever happens meanwhile."""

from itertools import pairwise

import pytest
from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from core.db import Scope, transaction
from core.listing import Order, Page, Sortable
from core.models import JobRun
from geo.areas.models import Area
from tests.conftest import Database
from tests.patrols.street_town import owner_of
from tests.small_town import build_small_town

KINDS = ("b", "a", "c", "a", "b", "a", "c")
NOT_YET = literal_column("'infinity'::timestamptz")
RUNS = Sortable(
    select(JobRun),
    {"id": JobRun.id, "kind": JobRun.kind, "ended": func.coalesce(JobRun.finished_at, NOT_YET)},
    JobRun.id,
)


@pytest.fixture
def runs(database: Database) -> list[int]:
    """Seven runs of three kinds; those of kind a have ended."""
    county_id = build_small_town().county.id
    with transaction(Scope.everything()) as session:
        county = session.get_one(Area, county_id)
        for kind in KINDS:
            session.add(make_run(county, kind))
            session.flush()
        return list(session.scalars(select(JobRun.id).order_by(JobRun.id)))


def make_run(county: Area, kind: str) -> JobRun:
    ended = func.now() if kind == "a" else None
    return JobRun(kind=kind, queue="analysis", state="done", scope=[], finished_at=ended, **owner_of(county))


def pages(session: Session, order: Order, *, most: int) -> list[list[JobRun]]:
    found: list[list[JobRun]] = []
    after: int | None = None
    while True:
        rows = list(session.scalars(RUNS.page(Page(order, most, after))).all())
        assert len(rows) <= most + 1
        found.append(rows[:most])
        if len(rows) <= most:
            return found
        after = rows[most - 1].id


@pytest.mark.parametrize("falling", [False, True], ids=["rising", "falling"])
@pytest.mark.parametrize("column", ["id", "kind", "ended"])
@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_pages_hold_every_row_once_and_in_order(
    runs: list[int], column: str, falling: bool, most: int
) -> None:
    with transaction(Scope.everything()) as session:
        rows = [run for page in pages(session, Order(column, falling), most=most) for run in page]

    assert sorted(run.id for run in rows) == runs
    keys = [sort_key(run, column) for run in rows]
    assert all((first > second) if falling else (first < second) for first, second in pairwise(keys))


def sort_key(run: JobRun, column: str) -> tuple[object, int]:
    value = {"id": run.id, "kind": run.kind, "ended": run.finished_at is None}[column]
    return value, run.id


def test_a_row_that_comes_in_above_moves_no_later_page(runs: list[int]) -> None:
    newest_first = Order("id", falling=True)
    with transaction(Scope.everything()) as session:
        first = session.scalars(RUNS.page(Page(newest_first, 3))).all()[:3]
        county = session.scalars(select(Area).where(Area.level == "county")).one()
        session.add(make_run(county, "new"))
        session.flush()
        second = session.scalars(RUNS.page(Page(newest_first, 3, first[-1].id))).all()[:3]

    assert [run.id for run in (*first, *second)] == runs[::-1][:6]


@pytest.mark.parametrize("column", ["id", "kind"])
def test_a_page_goes_on_after_a_row_that_left_the_filter(runs: list[int], column: str) -> None:
    order, where = Order(column), [JobRun.state == "done"]
    with transaction(Scope.everything()) as session:
        whole = session.scalars(RUNS.page(Page(order, 9), where)).all()
        whole[2].state = "failed"
        session.flush()
        rest = session.scalars(RUNS.page(Page(order, 9, whole[2].id), where)).all()

    assert [run.id for run in rest] == [run.id for run in whole[3:]]
