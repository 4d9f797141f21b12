"""Listed areas in the database: each step kept, none without its person, reason and day."""

import threading
from datetime import date, timedelta

import pytest
import shapely
from shapely import box
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.audit import AuditEvent
from core.clock import now, today
from core.db import Scope, transaction
from core.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from core.settings import settings
from geo.areas.models import Area
from incidents.listed import queries, service
from incidents.listed.models import ListedArea, ListedStep
from incidents.listed.plan import read_plan
from incidents.listed.proposing import propose_found
from incidents.listed.steps import SYSTEM, State
from incidents.models import Hotspot
from tests.listed.conftest import GROUND, People
from tests.patrols.street_town import add_hotspot

WHY = "连续四周高于往常"


def propose(session: Session, people: People, shape: shapely.Geometry = GROUND, **form: object) -> ListedArea:
    area = session.get_one(Area, people.town.county.id)
    actor = form.pop("actor", people.dispatcher)
    return service.propose_drawing(
        session, area, shape, **{"name": "东街口", "reason": WHY, "actor": actor} | form
    )


def a_plan(session: Session, listed_id: int) -> dict[str, object]:
    owner = queries.owner_areas(session, listed_id)[-1]
    return {
        "owner_area": owner.id, "owner_post": "captain", "dose_minutes_week": 240, "budget_yuan": 8000,
        "measures": [{"what": "加装路灯", "who": "镇综治中心", "until": "2030-01-01"}],
    }  # fmt: skip


def listed(session: Session, people: People, *, days: int = 60) -> ListedArea:
    row = propose(session, people)
    return service.confirm(session, row.id, people.leader, "同意", ends_on=today() + timedelta(days=days))


def refused(wanted: type[DomainError], code: str, act: object, *args: object, **form: object) -> DomainError:
    with pytest.raises(wanted) as told:
        act(*args, **form)
    assert told.value.code == code
    return told.value


def test_a_drawing_becomes_a_proposal_of_the_smallest_area_that_holds_it(people: People) -> None:
    with transaction(people.scope) as session:
        row = propose(session, people)
        assert (row.state, row.area_id, row.starts_on, row.ends_on) == (
            "proposed",
            people.town.community.id,
            None,
            None,
        )
        first = queries.steps_of(session, row.id)[0].ListedStep
        assert (first.act, first.before, first.after, first.reason, first.actor_id) == (
            "propose", None, "proposed", WHY, people.dispatcher.id,
        )  # fmt: skip


def test_a_drawing_without_a_name_is_called_by_what_lies_around(people: People) -> None:
    with transaction(people.scope) as session:
        assert "东网格" in propose(session, people, name=" ").name


def test_a_hotspot_lends_its_ground_its_name_and_its_window(people: People) -> None:
    with transaction(people.scope) as session:
        row = service.propose_hotspot(session, people.hotspot_id, people.dispatcher, WHY)
        found = session.get_one(Hotspot, people.hotspot_id)
        assert (row.name, row.hotspot_id) == ("桥东路", found.id)
        assert (row.selected_from, row.selected_to) == (found.window_from, found.window_to)
        assert queries.steps_of(session, row.id)[0].ListedStep.fields["observed"] == 40


def test_an_expired_hotspot_is_not_proposed(people: People) -> None:
    with transaction(people.scope) as session:
        session.get_one(Hotspot, people.hotspot_id).expires_at = now()
        refused(
            Conflict,
            "listed_hotspot_expired",
            service.propose_hotspot,
            session,
            people.hotspot_id,
            people.leader,
            WHY,
        )


#: What cannot be listed, and why.
USELESS = [
    (shapely.Polygon(), "listed_ground_unusable"),
    (
        shapely.Polygon([(119.01, 30.0), (119.012, 30.002), (119.012, 30.0), (119.01, 30.002)]),
        "listed_ground_unusable",
    ),
    (shapely.LineString([(119.01, 30.0), (119.012, 30.002)]), "listed_ground_unusable"),
    (box(119.01, 30.0, 119.0101, 30.0001), "listed_ground_size"),
    (box(118.9, 29.9, 119.1, 30.1), "listed_ground_size"),
    (box(120, 31, 120.002, 31.002), "listed_ground_size"),
]


def test_ground_of_no_use_is_refused(people: People) -> None:
    with transaction(people.scope) as session:
        for shape, code in USELESS:
            refused(InvalidInput, code, propose, session, people, shape)


def test_ground_beyond_the_county_is_cut_off(people: People) -> None:
    with transaction(people.scope) as session:
        row = propose(session, people, box(119.018, 30.002, 119.022, 30.004))
        east = session.scalar(text("SELECT ST_XMax(geom) FROM listed_area WHERE id = :id"), {"id": row.id})
        assert east == pytest.approx(119.02)


def test_nobody_proposes_ground_beyond_the_own_areas(people: People) -> None:
    with transaction(Scope((people.town.community.path,))) as session, pytest.raises(Forbidden) as told:
        propose(session, people, box(119.012, 30.008, 119.014, 30.012))
    assert told.value.code == "listed_outside_area"


def test_ground_that_is_taken_is_not_proposed_twice(people: People) -> None:
    with transaction(people.scope) as session:
        propose(session, people)
        moved = shapely.affinity.translate(GROUND, 0.001, 0)
        assert refused(Conflict, "listed_overlaps", propose, session, people, moved).fields == {
            "name": "东街口"
        }
        beside = propose(session, people, shapely.affinity.translate(GROUND, 0.0019, 0))
        assert beside.state == "proposed"


def test_of_two_who_propose_at_once_one_is_refused(people: People) -> None:
    told: list[str] = []
    together = threading.Barrier(2, timeout=20)

    def try_it() -> None:
        try:
            with transaction(people.scope) as session:
                together.wait()
                propose(session, people)
            told.append("stored")
        except Conflict as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(told) == ["listed_overlaps", "stored"]


def test_a_second_person_lists_with_reason_and_end(people: People) -> None:
    with transaction(people.scope, actor_id=people.leader.id) as session:
        row = listed(session, people)
        assert (row.state, row.starts_on, row.decided_by) == ("listed", today(), people.leader.id)
        assert row.ends_on == today() + timedelta(days=60)
        steps = [one.ListedStep for one in queries.steps_of(session, row.id)]
        assert [(one.act, one.before, one.after, one.reason) for one in steps] == [
            ("propose", None, "proposed", WHY), ("confirm", "proposed", "listed", "同意"),
        ]  # fmt: skip
        acts = session.scalars(
            select(AuditEvent.action).where(AuditEvent.subject_kind == "listed_area").order_by(AuditEvent.id)
        ).all()
        assert acts == ["listed.propose", "listed.confirm"]


def test_nobody_decides_about_the_own_proposal(people: People) -> None:
    day = today() + timedelta(days=30)
    with transaction(people.scope) as session:
        row = propose(session, people, actor=people.leader)
        refused(
            Forbidden,
            "listed_own_proposal",
            service.confirm,
            session,
            row.id,
            people.leader,
            "同意",
            ends_on=day,
        )
        refused(Forbidden, "listed_own_proposal", service.decline, session, row.id, people.leader, "不同意")
        refused(
            Forbidden,
            "permission_missing",
            service.confirm,
            session,
            row.id,
            people.dispatcher,
            "同意",
            ends_on=day,
        )
        assert service.confirm(session, row.id, people.deputy, "同意", ends_on=day).state == "listed"


def test_nothing_is_listed_without_reason_and_a_day_that_is_near_enough(people: People) -> None:
    longest = today() + timedelta(days=settings().listed_days_most - 1)
    days = [(None, "listed_end_missing")]
    days += [(today() + timedelta(days=n), "listed_end_unusable") for n in (-3, 0)]
    days += [(longest + timedelta(days=1), "listed_end_unusable")]
    with transaction(people.scope) as session:
        row = propose(session, people)
        for day, code in days:
            refused(InvalidInput, code, service.confirm, session, row.id, people.leader, "同意", ends_on=day)
        for reason, code in ((" ", "listed_reason_missing"), ("长" * 501, "listed_reason_too_long")):
            refused(
                InvalidInput, code, service.confirm, session, row.id, people.leader, reason, ends_on=longest
            )
            refused(InvalidInput, code, service.decline, session, row.id, people.leader, reason)
        assert row.state == "proposed"
        assert service.confirm(session, row.id, people.leader, "同意", ends_on=longest).ends_on == longest


def test_only_the_proposer_withdraws(people: People) -> None:
    with transaction(people.scope) as session:
        row = propose(session, people)
        refused(Forbidden, "listed_not_proposer", service.withdraw, session, row.id, people.leader, "误报")
        assert service.withdraw(session, row.id, people.dispatcher, "误报").state == "withdrawn"
        refused(
            Conflict, "listed_state_forbids", service.withdraw, session, row.id, people.dispatcher, "再撤"
        )


def test_a_plan_is_kept_whole_in_its_step(people: People) -> None:
    with transaction(people.scope) as session:
        row = listed(session, people)
        given = a_plan(session, row.id)
        service.save_plan(session, row.id, people.dispatcher, read_plan(given))
        service.save_plan(session, row.id, people.leader, read_plan(given | {"budget_yuan": 9000}))
        plans = [
            one.ListedStep.fields for one in queries.steps_of(session, row.id) if one.ListedStep.act == "plan"
        ]
        assert [plan["budget_yuan"] for plan in plans] == [8000, 9000]
        assert row.measures[0] == {
            "what": "加装路灯",
            "who": "镇综治中心",
            "until": "2030-01-01",
            "done_on": None,
        }


def test_only_an_area_of_the_place_answers_for_it(people: People) -> None:
    with transaction(people.scope) as session:
        row = listed(session, people)
        assert [area.name for area in queries.owner_areas(session, row.id)] == [
            "试验县",
            "试验镇",
            "南社区",
            "东网格",
        ]
        wrong = read_plan(a_plan(session, row.id) | {"owner_area": people.town.west.id})
        refused(
            InvalidInput, "listed_owner_missing", service.save_plan, session, row.id, people.leader, wrong
        )


def test_the_end_moves_within_the_longest_time_and_by_who_decides(people: People) -> None:
    with transaction(people.scope) as session:
        row = listed(session, people)
        later = today() + timedelta(days=100)
        refused(
            Forbidden,
            "permission_missing",
            service.move_end,
            session,
            row.id,
            people.dispatcher,
            "未完成",
            ends_on=later,
        )
        assert service.move_end(session, row.id, people.leader, "路灯未装好", ends_on=later).ends_on == later
        step = queries.steps_of(session, row.id)[-1].ListedStep
        assert step.fields["ended_on_before"] == (today() + timedelta(days=60)).isoformat()


def move_back(owner: Engine, row_id: int, days: int) -> None:
    """Let a listing have begun and ended so many days earlier than it did."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE listed_area SET starts_on = starts_on - :days, ends_on = ends_on - :days, "
                "proposed_at = proposed_at - make_interval(days => :days) WHERE id = :id"
            ),
            {"days": days, "id": row_id},
        )


def test_a_listing_ends_by_itself_after_its_last_day_and_not_on_it(
    people: People, owner_engine: Engine
) -> None:
    with transaction(people.scope) as session:
        row_id = listed(session, people).id
    move_back(owner_engine, row_id, 60)
    with transaction(Scope.everything()) as session:
        assert service.end_what_is_over(session) == 0
    move_back(owner_engine, row_id, 1)
    with transaction(Scope.everything()) as session:
        assert service.end_what_is_over(session) == 1
        assert service.end_what_is_over(session) == 0
        last = queries.steps_of(session, row_id)[-1]
        assert (last.ListedStep.act, last.ListedStep.after, last.who) == ("expire", "ended", None)


def test_a_proposal_of_the_job_lapses_and_one_of_a_person_waits(people: People, owner_engine: Engine) -> None:
    with transaction(people.scope) as session:
        by_job = service.propose_hotspot(session, people.hotspot_id, SYSTEM, "").id
        by_person = propose(session, people).id
    for row_id in (by_job, by_person):
        move_back(owner_engine, row_id, settings().listed_lapse_days + 1)
    with transaction(Scope.everything()) as session:
        assert service.end_what_is_over(session) == 1
        states = {row.id: row.state for row in session.scalars(select(ListedArea))}
    assert states == {by_job: "lapsed", by_person: "proposed"}


def test_the_hourly_work_ends_what_is_over(people: People, owner_engine: Engine) -> None:
    from webapp.cli.work import tidy

    with transaction(people.scope) as session:
        row_id = listed(session, people).id
    move_back(owner_engine, row_id, 61)
    tidy()
    with transaction(people.scope) as session:
        assert queries.listed_area(session, row_id).state == State.ENDED


def test_a_run_proposes_its_first_hotspots_once_and_not_what_was_declined(people: People) -> None:
    with transaction(people.scope) as session:
        county = session.get_one(Area, people.town.county.id)
        found = [session.get_one(Hotspot, people.hotspot_id)]
        found += [
            add_hotspot(session, county, f"热点{n}", 119.005 + 0.004 * n, 30.005, observed=20 - n)
            for n in range(1, 4)
        ]
        proposed = propose_found(session, found)
        assert [row.name for row in proposed] == ["桥东路", "热点1", "热点2"]
        assert {row.proposed_by for row in proposed} == {None}
        assert propose_found(session, found) == []
        service.decline(session, proposed[0].id, people.leader, "已有措施")
        assert propose_found(session, found) == []
        assert propose_found(session, []) == []


def test_another_area_sees_nothing_and_one_below_reads_only(people: People) -> None:
    with transaction(people.scope) as session:
        row_id = propose(session, people).id
    with transaction(Scope((people.town.east.path,))) as session:
        assert queries.listed_area(session, row_id).name == "东街口"
        refused(NotFound, "listed_unknown", service.decline, session, row_id, people.leader, "不同意")
    with transaction(Scope(("999999",))) as session:
        refused(NotFound, "listed_unknown", queries.listed_area, session, row_id)
        assert session.scalars(select(ListedStep)).all() == []


def test_of_two_who_decide_at_once_the_second_hears_it(people: People) -> None:
    day = today() + timedelta(days=30)
    with transaction(people.scope) as session:
        row_id = propose(session, people).id
    with pytest.raises(StaleDataError), transaction(people.scope) as late:
        seen = queries.listed_area(late, row_id)
        with transaction(people.scope) as quick:
            service.confirm(quick, row_id, people.leader, "同意", ends_on=day)
        assert seen.state == "proposed"
        service.decline(late, row_id, people.deputy, "不同意")
    with transaction(people.scope) as session:
        assert [one.ListedStep.act for one in queries.steps_of(session, row_id)] == ["propose", "confirm"]


def test_what_was_done_is_not_rewritten(people: People) -> None:
    with transaction(people.scope) as session:
        propose(session, people)
    for act in ("UPDATE listed_step SET reason = 'x'", "DELETE FROM listed_step", "DELETE FROM listed_area"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction(people.scope) as session:
            session.execute(text(act))


#: What somebody might write into a proposal past the program, and the rule that refuses it.
BREAKING = [
    ("decided_by = proposed_by, state = 'declined'", "second_person"),
    ("state = 'declined'", "decided"),
    ("state = 'listed', decided_by = :leader", "end"),
    ("state = 'listed', decided_by = :leader, starts_on = :day", "end"),
    ("state = 'evaluated', decided_by = :leader, starts_on = :day, ends_on = :day", "effect"),
    ("owner_post = 'captain'", "owner"),
]


def test_the_database_itself_knows_the_rules(people: People) -> None:
    with transaction(people.scope) as session:
        propose(session, people)
    binds = {"leader": people.leader.id, "day": date(2026, 1, 1)}
    for change, rule in BREAKING:
        with (
            pytest.raises(IntegrityError, match=f"ck_listed_area_{rule}"),
            transaction(people.scope) as session,
        ):
            session.execute(
                text(f"UPDATE listed_area SET {change}"),
                {name: value for name, value in binds.items() if f":{name}" in change},
            )
