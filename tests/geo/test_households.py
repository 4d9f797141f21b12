"""Visits, due lists, and the one way to a contact."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit import AuditEvent
from core.clock import now, today
from core.db import Scope, transaction
from core.errors import InvalidInput, NotFound
from geo.households.models import Dwelling, HouseholdContact
from geo.households.queries import due_list, dwelling_card, dwellings_at, visit_tally
from geo.households.service import Contact, record_visit, reveal_contact, undo_visit
from tests.conftest import Database
from tests.small_town import SmallTown, add_dwelling, build_small_town


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town in a database of its own."""
    return build_small_town()


def test_a_contact_is_shown_with_a_purpose_and_logged(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        assert reveal_contact(session, town.west_household, purpose="visit") == Contact(
            "王小明", "19900000001"
        )
        assert session.scalars(select(HouseholdContact)).all() == [], "the next query sees none again"
    with transaction(Scope.everything()) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "household.reveal")).one()

    assert (event.actor_id, event.subject_id, event.fields) == (
        town.captain, town.west_household, {"purpose": "visit"},
    )  # fmt: skip


def test_a_contact_of_another_grid_does_not_exist(town: SmallTown) -> None:
    with (
        pytest.raises(NotFound, match="household_unknown"),
        transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
    ):
        reveal_contact(session, town.east_household, purpose="visit")


def test_a_contact_is_not_shown_without_a_purpose(town: SmallTown) -> None:
    with (
        pytest.raises(InvalidInput, match="purpose_missing"),
        transaction(Scope((town.west.path,)), actor_id=town.captain) as session,
    ):
        reveal_contact(session, town.west_household, purpose="")


@pytest.mark.parametrize(
    ("outcome", "renewed"), [("met", True), ("phoned", True), ("letter", True), ("not_met", False)]
)
def test_a_visit_renews_the_due_date_unless_nobody_was_met(
    town: SmallTown, outcome: str, renewed: bool
) -> None:
    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        visit = record_visit(session, town.west_dwelling, outcome=outcome)
        assert session.get_one(Dwelling, town.west_dwelling).last_visit_on == (today() if renewed else None)
        undo_visit(session, visit.id)
        assert session.get_one(Dwelling, town.west_dwelling).last_visit_on is None


def test_a_repeated_upload_is_one_visit(town: SmallTown) -> None:
    ids = set()
    for _ in range(2):
        with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
            ids.add(record_visit(session, town.west_dwelling, outcome="met", client_ref="abc").id)

    assert len(ids) == 1


def test_a_late_upload_does_not_set_the_last_visit_back(town: SmallTown) -> None:
    with transaction(Scope((town.west.path,)), actor_id=town.captain) as session:
        record_visit(session, town.west_dwelling, outcome="met")
        record_visit(session, town.west_dwelling, outcome="met", visited_at=now() - timedelta(days=30))
        assert session.get_one(Dwelling, town.west_dwelling).last_visit_on == today()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"outcome": "shot"}, "visit_outcome_unknown"),
        ({"outcome": "met", "note": "x" * 2001}, "note_too_long"),
        ({"outcome": "met", "visited_at": now() + timedelta(days=1)}, "visit_in_future"),
    ],
)
def test_a_bad_visit_is_refused(town: SmallTown, change: dict, code: str) -> None:
    with pytest.raises(InvalidInput, match=code), transaction(Scope.everything(), actor_id=1) as session:
        record_visit(session, town.west_dwelling, **change)


@pytest.mark.parametrize(
    ("days_ago", "state"),
    [(None, "overdue"), (0, "fresh"), (90, "fresh"), (91, "due"), (180, "due"), (181, "overdue")],
)
def test_freshness_follows_the_visit_interval(town: SmallTown, days_ago: int | None, state: str) -> None:
    with transaction(Scope((town.west.path,))) as session:
        dwelling = session.get_one(Dwelling, town.west_dwelling)
        dwelling.last_visit_on = None if days_ago is None else today() - timedelta(days=days_ago)
        session.flush()
        tally = visit_tally(session)

        assert dwelling_card(session, town.west_dwelling).state == state
        assert getattr(tally, state) == tally.total == 1
        listed = [row.id for row in due_list(session, lon=119.005, lat=30.005)]
        assert listed == ([] if state == "fresh" else [town.west_dwelling])


def test_the_due_list_is_nearest_first(town: SmallTown) -> None:
    with transaction(Scope((town.county.path,))) as session:
        east_first = due_list(session, lon=119.02, lat=30.005)
        west_first = due_list(session, lon=119.0, lat=30.005)

    assert [row.id for row in east_first] == [town.east_dwelling, town.west_dwelling]
    assert [row.id for row in west_first] == [town.west_dwelling, town.east_dwelling]
    assert east_first[0].distance_m == pytest.approx(482, abs=2)


def test_flats_share_their_entrance(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        second, _ = add_dwelling(session, town.west, 119.005, 30.005, head="周")

        assert [row.id for row in dwellings_at(session, town.west_dwelling)] == [town.west_dwelling, second]
