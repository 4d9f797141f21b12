"""While boundaries are published nothing is missing from any reading, and nothing written is lost."""

import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from shapely import Point
from sqlalchemy import event, select, text

from core.clock import now, today
from core.db import Scope, engine, scope_of, transaction
from core.document import document_of_run
from core.errors import Conflict, NotFound
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from geo.atlas.content import Shown
from geo.boundaries import service
from geo.boundaries.as_of import households_as_of
from geo.boundaries.impact import impact
from geo.boundaries.placement import place_by_hand, undo_placement
from geo.boundaries.publish import publish
from geo.boundaries.rule_queries import divided_now
from geo.households.models import Dwelling, Visit
from geo.households.queries import visit_tally
from geo.households.service import record_visit, record_visit_of_gone
from geo.places.intake import load_places
from geo.places.models import Place
from geo.roads.ground import PlacePoint
from tests.boundaries.studio_town import SPLIT_WEST, WHOLE, approved, dated_back, do, opened, published
from tests.small_town import SmallTown, add_dwelling
from webapp.print.jobs import request_atlas, wish_of

MOST = 3_000
#: Longer than any step takes; who waits for this has found a deadlock.
PATIENCE_S = 60

# Half of the dwellings lie in the half that changes hands; every second one has an incident before its door.
FILL = """
INSERT INTO dwelling (address, tenure, geom, county_id, area_id, area_path)
SELECT '巷' || n || '号', 'owner', ST_SetSRID(ST_MakePoint(119.0001 + n * 0.0098 / :most, 30.005), 4326),
       :county, :area, CAST(:path AS ltree) FROM generate_series(1, :most) AS n;
INSERT INTO household (dwelling_id, county_id, area_id, area_path)
SELECT id, county_id, area_id, area_path FROM dwelling AS d
WHERE NOT EXISTS (SELECT FROM household WHERE dwelling_id = d.id);
INSERT INTO incident (type_code, occurred_at, geom, county_id, area_id, area_path)
SELECT 'theft', now(), geom, county_id, area_id, area_path FROM dwelling WHERE id % 2 = 0;
"""


def fill(town: SmallTown) -> None:
    binds = {"most": MOST, "county": town.county.id, "area": town.west.id, "path": town.west.path}
    with transaction(Scope.everything()) as session:
        for statement in FILL.strip().rstrip(";").split(";"):
            session.execute(text(statement), binds)


class Reader(threading.Thread):
    """Reads again and again until it is told to stop; keeps what it read and what went wrong."""

    def __init__(self, read: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.read, self.seen, self.error = read, list[Any](), None
        self.stop, self.news = threading.Event(), threading.Condition()

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                found = self.read()
                with self.news:
                    self.seen.append(found)
                    self.news.notify_all()
        except Exception as error:
            with self.news:
                self.error = error
                self.news.notify_all()

    def wait_for_reads(self, count: int) -> None:
        """Wait until it has begun and ended `count` further readings; the one under way does not count."""
        with self.news:
            goal = len(self.seen) + 1 + count
            assert self.news.wait_for(lambda: len(self.seen) >= goal or self.error, PATIENCE_S)

    def end(self) -> list[Any]:
        self.stop.set()
        self.join(PATIENCE_S)
        assert not self.is_alive()
        if self.error:
            raise self.error
        return self.seen


def households_by_grid(town: SmallTown) -> tuple[int, ...]:
    with transaction(Scope((town.county.path,))) as session:
        return tuple(
            count for one in divided_now(session, town.county.id) for count in one.households.values()
        )


def households_of_community(town: SmallTown) -> int:
    with transaction(Scope((town.community.path,))) as session:
        return visit_tally(session).total


def incidents_by_grid(town: SmallTown) -> tuple[int, ...]:
    with transaction(Scope((town.county.path,))) as session:
        rows = session.execute(
            text("SELECT count(i.id) FROM area AS a JOIN incident AS i ON i.area_id = a.id "
                 "WHERE a.valid_to IS NULL GROUP BY a.id ORDER BY a.id")
        ).scalars()  # fmt: skip
        return tuple(int(count) for count in rows)


def test_every_reading_during_a_publication_is_whole(town: SmallTown, reviewer: int) -> None:
    fill(town)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer)
    whole = MOST + 2
    readers = [
        Reader(lambda: households_by_grid(town)),
        Reader(lambda: households_of_community(town)),
        Reader(lambda: incidents_by_grid(town)),
    ]
    for reader in readers:
        reader.start()

    def in_the_middle(_step: str) -> None:
        # Before every step, and so between changed boundaries and moved rows, all are read some times.
        for reader in readers:
            reader.wait_for_reads(3)

    with transaction(Scope.everything(), actor_id=reviewer) as session:
        moved = publish(session, set_id, step=in_the_middle)
        in_the_middle("before the commit")
    for reader in readers:
        reader.wait_for_reads(3)
    by_grid, in_community, incidents = (reader.end() for reader in readers)

    assert moved["rows"]["household"] > MOST / 3
    assert {sum(counts) for counts in by_grid} == {whole}
    assert set(in_community) == {whole}
    assert len({sum(counts) for counts in incidents}) == 1
    # Old or new, never a mixture: two pictures were seen, and no third.
    assert len(set(by_grid)) == len(set(incidents)) == 2


def test_a_visit_that_is_being_stored_and_the_publication_both_survive(
    town: SmallTown, reviewer: int
) -> None:
    with transaction(Scope.everything()) as session:
        moving, _ = add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer)
    rows_next, failed = threading.Event(), list[Exception]()

    def publishing() -> None:
        try:
            with transaction(Scope.everything(), actor_id=reviewer) as session:
                publish(
                    session, set_id, step=lambda name: rows_next.set() if name == "publish_rows" else None
                )
        except Exception as error:
            failed.append(error)

    publisher = threading.Thread(target=publishing, daemon=True)
    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        record_visit(session, moving, outcome="met", note="在家")
        # The dwelling's row is held: the publication comes to it and has to wait.
        publisher.start()
        assert rows_next.wait(PATIENCE_S)
        wait_until_somebody_waits()
    publisher.join(PATIENCE_S)

    assert not publisher.is_alive()
    assert failed == []
    with transaction(Scope.everything()) as session:
        new = session.scalars(select(Area).where(Area.code == "990001001001003")).one()
        visit = session.scalars(select(Visit)).one()
        assert (visit.area_id, visit.note) == (new.id, "在家")
        dwelling = session.get_one(Dwelling, moving)
        assert (dwelling.area_id, dwelling.last_visit_on) == (new.id, today())


def wait_until_somebody_waits() -> None:
    """Return once a connection waits for a lock."""
    for _ in range(PATIENCE_S * 50):
        with transaction(Scope.everything()) as session:
            waiting = session.scalar(
                text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
            )
        if waiting:
            return
        threading.Event().wait(0.02)
    pytest.fail("nobody waited")


def test_a_visit_stored_while_rows_are_held_waits_and_survives(town: SmallTown, reviewer: int) -> None:
    with transaction(Scope.everything()) as session:
        moving, _ = add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer)
    stored, failed = list[int](), list[Exception]()

    def visiting() -> None:
        try:
            # Somebody of the community: the dwelling stays in his area, whoever owns it then.
            with transaction(Scope((town.community.path,)), actor_id=town.drawer) as session:
                stored.append(record_visit(session, moving, outcome="met", note="门口").area_id)
        except Exception as error:
            failed.append(error)

    visitor = threading.Thread(target=visiting, daemon=True)
    with transaction(Scope.everything(), actor_id=reviewer) as session:
        publish(session, set_id)
        visitor.start()
        wait_until_somebody_waits()
    visitor.join(PATIENCE_S)

    assert not visitor.is_alive()
    assert failed == []
    with transaction(Scope.everything()) as session:
        new = session.scalars(select(Area).where(Area.code == "990001001001003")).one()
        assert stored == [new.id]
        assert session.scalars(select(Visit)).one().area_path == new.path


def test_a_visit_made_before_its_dwelling_went_to_another_grid_is_stored_there(
    town: SmallTown, reviewer: int
) -> None:
    with transaction(Scope.everything()) as session:
        moving, _ = add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    noted = now()
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    published(town, set_id, reviewer)

    for _ in range(2):
        with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
            told = record_visit_of_gone(
                session, moving, outcome="met", note="在家", visited_at=noted, client_ref="k"
            )
            assert scope_of(session) == Scope((town.west.path,))
            assert session.get(Dwelling, moving, populate_existing=True) is None, "he reads it no more"

    with transaction(Scope.everything()) as session:
        new = session.scalars(select(Area).where(Area.code == "990001001001003")).one()
        assert told == (new.code, new.name)
        visit = session.scalars(select(Visit)).one()
        assert (visit.area_id, visit.note, visit.actor_id) == (new.id, "在家", town.captain)
        assert session.get_one(Dwelling, moving).last_visit_on == today()


def test_a_visit_made_after_its_dwelling_went_is_told_where_it_went(town: SmallTown, reviewer: int) -> None:
    with transaction(Scope.everything()) as session:
        moving, _ = add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    published(town, set_id, reviewer)

    with (
        transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
        pytest.raises(Conflict) as refusal,
    ):
        record_visit_of_gone(session, moving, outcome="met", visited_at=now())
    assert (refusal.value.code, refusal.value.fields["code"]) == ("dwelling_gone", "990001001001003")


def test_a_dwelling_placed_elsewhere_by_hand_tells_whom_it_left_and_no_other(town: SmallTown) -> None:
    noted = now()
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        place_by_hand(session, "dwelling", town.west_dwelling, grid_id=town.east.id, reason="院落")

    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        record_visit_of_gone(session, town.west_dwelling, outcome="met", visited_at=noted)
        # Always another's: not even whose it is.
        with pytest.raises(NotFound):
            record_visit_of_gone(session, town.east_dwelling, outcome="met", visited_at=noted)
    with transaction(Scope.everything()) as session:
        assert session.scalars(select(Visit.area_id)).all() == [town.east.id]


def test_what_is_imported_during_a_publication_belongs_to_the_new_grids(
    town: SmallTown, reviewer: int
) -> None:
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    approved(town, set_id, reviewer)
    failed = list[Exception]()

    def importing() -> None:
        try:
            with transaction(Scope.everything()) as session:
                school = PlacePoint("osm:1", "school", "小学", "", Point(119.008, 30.005))
                load_places(session, [school], session.get_one(Area, town.county.id))
        except Exception as error:
            failed.append(error)

    importer = threading.Thread(target=importing, daemon=True)
    with transaction(Scope.everything(), actor_id=reviewer) as session:
        publish(session, set_id)
        importer.start()
        wait_until_somebody_waits()
    importer.join(PATIENCE_S)

    assert not importer.is_alive()
    assert failed == []
    with transaction(Scope.everything()) as session:
        new = session.scalars(select(Area).where(Area.code == "990001001001003")).one()
        assert session.scalars(select(Place.area_id)).one() == new.id


def counted(town: SmallTown, on) -> dict[int, int]:
    with transaction(Scope((town.county.path,))) as session:
        return households_as_of(session, area_by_id(session, town.community.id), on)


def test_figures_of_a_day_are_the_same_after_a_later_publication(town: SmallTown, reviewer: int) -> None:
    dated_back(30)
    with transaction(Scope.everything()) as session:
        add_dwelling(session, session.get_one(Area, town.west.id), 119.008, 30.005, head="孙")
    yesterday = today() - timedelta(days=1)
    before = counted(town, yesterday)
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)
    published(town, set_id, reviewer)

    assert before == {town.west.id: 2, town.east.id: 1}
    assert counted(town, yesterday) == before
    now_counts = counted(town, today())
    assert sorted(now_counts.values()) == [1, 1, 1]
    assert len(now_counts) == 3


def test_figures_of_a_day_know_who_lived_there_and_what_was_placed_by_hand_then(town: SmallTown) -> None:
    dated_back(30)
    yesterday = today() - timedelta(days=1)
    with transaction(Scope.everything()) as session:
        session.execute(
            text("UPDATE household SET moved_out_on = :day WHERE id = :id"),
            {"day": yesterday, "id": town.east_household},
        )
    assert counted(town, yesterday - timedelta(days=1)) == {town.west.id: 1, town.east.id: 1}
    assert counted(town, yesterday) == {town.west.id: 1, town.east.id: 0}

    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        placed = place_by_hand(session, "dwelling", town.west_dwelling, grid_id=town.east.id, reason="院落")
    assert counted(town, today()) == {town.west.id: 0, town.east.id: 1}
    assert counted(town, yesterday) == {town.west.id: 1, town.east.id: 0}
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        undo_placement(session, placed.id)
    assert counted(town, today()) == {town.west.id: 1, town.east.id: 0}


def test_the_impact_has_every_kind_of_row_that_a_grid_owns(town: SmallTown) -> None:
    fill(town)
    with transaction(Scope.everything()) as session:
        session.execute(text("UPDATE incident SET state = 'closed' WHERE id % 3 = 0"))
    set_id = opened(town)
    do(town, set_id, SPLIT_WEST)

    with transaction(Scope.everything()) as session:
        shown = impact(session, service.load(session, set_id))
        open_cases = session.scalar(
            text("SELECT count(*) FROM incident WHERE state <> 'closed' AND area_id = :west"),
            {"west": town.west.id},
        )

    west, new = shown["grids"]
    kinds = {"household", "dwelling", "camera", "incident", "open_case", "place", "post"}
    assert set(west["before"]) == set(west["after"]) == set(new["after"]) == kinds
    for kind in kinds:
        # What leaves one grid arrives in the other.
        assert west["before"][kind] == west["after"][kind] + new["after"][kind]
    assert west["before"]["open_case"] == open_cases
    assert west["before"]["post"] == 1
    assert 0 < new["after"]["open_case"] < new["after"]["incident"]
    moves = {one["kind"]: one["count"] for one in shown["moves"]}
    assert moves["open_case"] == new["after"]["open_case"]
    assert west["area_before_m2"] == pytest.approx(west["area_after_m2"] + new["area_after_m2"], rel=1e-6)


def test_an_atlas_shows_one_moment_though_a_grid_ends_while_it_is_printed(
    town: SmallTown, reviewer: int
) -> None:
    """The barrier: the merge is published between the first reading of the job and its second."""
    set_id = opened(town)
    do(town, set_id, {1: WHOLE}, ended=(2,))
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        community = area_by_id(session, town.community.id)
        run_id = request_atlas(session, community, wish_of("A4", "zh", Shown())).id
    readings: list[str] = []

    def publish_after_the_list(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "area.parent_id =" in statement and not readings:
            readings.append(statement)
            published(town, set_id, reviewer)

    event.listen(engine(), "after_cursor_execute", publish_after_the_list)
    try:
        execute(run_id)
    finally:
        event.remove(engine(), "after_cursor_execute", publish_after_the_list)

    with transaction(Scope.everything()) as session:
        run = session.get_one(JobRun, run_id)
        assert (run.state, run.error) == ("done", None)
        assert len(readings) == 1, "the grids were listed, then the merge was published"
        document = document_of_run(session, run_id)
        said = [page.extract_text() for page in PdfReader(BytesIO(document.content)).pages]
        ended = session.get_one(Area, town.east.id)
    assert ended.valid_to is not None
    assert len(said) == 3, "an overview and both grids of the moment it began"
    assert "东网格" in said[2]
