"""Listed areas of the demo town: one waits for a decision, one is under way, one is over and evaluated.

Their ground lies around key places and knows nothing of the planted hotspots.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import touch_layer
from geo.areas.models import Area
from geo.areas.overlays import Holders
from geo.areas.queries import boundary_shape
from geo.areas.service import as_multipolygon
from geo.places.models import Place
from geo.shapes.crs import shape_to_lonlat, shape_to_metric
from geo.shapes.snap import snap
from geo.staff.models import Account
from incidents.effect import Dose, evaluate
from incidents.listed import evaluating
from incidents.listed.jobs import SEED
from incidents.listed.models import ListedArea, ListedStep
from incidents.listed.service import LOOKED_AT
from incidents.listed.steps import STEPS, Act
from incidents.service import epsg_of

#: Where people come together, the likeliest first.
KINDS = ("market", "bus_station", "hotel", "hospital", "school", "park")
RADIUS_M = 180.0
RECHECK_AFTER = timedelta(days=42)


@dataclass
class _Life:
    """A listed area that is being made, its steps, and the moment they are counted from."""

    row: ListedArea
    reference: datetime
    steps: list[ListedStep] = field(default_factory=list)

    def step(self, act: Act, actor_id: int, days_ago: float, reason: str = "", **particulars: Any) -> None:
        """Take a step so many days before the reference, as the table of steps has it."""
        before = self.row.state if self.steps else None
        self.row.state = STEPS[act].after.value if act in STEPS else self.row.state
        self.steps.append(
            ListedStep(
                actor_id=actor_id,
                at=self.reference - timedelta(days=days_ago),
                act=act.value,
                before=before,
                after=self.row.state,
                reason=reason,
                fields=particulars,
            )
        )


def list_places(session: Session, county: Area, reference: datetime) -> int:
    """Store the listed areas; return how many. Fewer where the town has too few key places."""
    people = {account.login: account.id for account in session.scalars(select(Account))}
    grounds = _grounds(session, county)
    holders = Holders.of(session, county)
    makers = (_waiting, _under_way, _over)
    for make, (place, ground) in zip(makers, grounds, strict=False):
        owner = holders.owner(ground)
        row = ListedArea(
            name=f"{place.name}周边"[:80],
            state="proposed",
            county_id=owner.county_id,
            area_id=owner.id,
            area_path=owner.path,
            geom=from_shape(ground, srid=4326),
        )
        life = _Life(row, reference)
        make(session, life, people["dispatcher"], people["leader"])
        _store(session, life)
    touch_layer(session, "listed")
    return min(len(makers), len(grounds))


def _store(session: Session, life: _Life) -> None:
    row = life.row
    session.add(row)
    session.flush()
    for step in life.steps:
        step.listed_id, step.county_id, step.area_id, step.area_path = (
            row.id, row.county_id, row.area_id, row.area_path,
        )  # fmt: skip
        session.add(step)
        session.flush()


def _grounds(session: Session, county: Area) -> list[tuple[Place, shapely.MultiPolygon]]:
    """Return key places with the ground around them, none touching another."""
    boundary = boundary_shape(session, county.id)
    places = session.scalars(select(Place).where(Place.kind.in_(KINDS)).order_by(Place.id)).all()
    if boundary is None:
        return []
    epsg = epsg_of(boundary)
    taken: list[BaseGeometry] = []
    found = []
    for place in sorted(places, key=lambda one: KINDS.index(one.kind)):
        disc = shape_to_metric(to_shape(place.geom), epsg).buffer(RADIUS_M, quad_segs=3)
        if any(disc.intersects(other) for other in taken):
            continue
        taken.append(disc)
        found.append((place, as_multipolygon(snap(shape_to_lonlat(disc, epsg).intersection(boundary)))))
    return found[:3]


def _propose(life: _Life, proposer: int, days_ago: float, reason: str) -> None:
    row, moment = life.row, life.reference - timedelta(days=days_ago)
    row.proposed_by, row.proposed_at = proposer, moment
    row.selected_from, row.selected_to = moment - LOOKED_AT, moment
    life.step(Act.PROPOSE, proposer, days_ago, reason)


def _confirm(life: _Life, leader: int, *, started: int, ends: int, reason: str) -> None:
    """List from `started` days ago to the day that lies `ends` days ahead (below 0: it is past)."""
    today = life.reference.date()
    life.row.decided_by = leader
    life.row.starts_on, life.row.ends_on = today - timedelta(days=started), today + timedelta(days=ends)
    life.step(Act.CONFIRM, leader, started, reason, ends_on=life.row.ends_on.isoformat())


def _plan(
    life: _Life, planner: int, days_ago: float, *, measures: list[dict[str, Any]], dose: int, budget: int
) -> None:
    row = life.row
    row.owner_area_id, row.owner_post = row.area_id, "office"
    row.measures, row.dose_minutes_week, row.budget_yuan = measures, dose, budget
    life.step(
        Act.PLAN, planner, days_ago,
        owner_area=row.owner_area_id, owner_post=row.owner_post, measures=measures, dose_minutes_week=dose,
        budget_yuan=budget,
    )  # fmt: skip


def _waiting(_session: Session, life: _Life, dispatcher: int, _leader: int) -> None:
    _propose(life, dispatcher, 2, "近四周傍晚扒窃和盗窃电动车明显增多，商户多次反映；加派巡逻后仍未下降。")


def _under_way(_session: Session, life: _Life, dispatcher: int, leader: int) -> None:
    day = life.reference.date()
    _propose(life, dispatcher, 60, "夜间盗窃电动车连续偏多，停车棚照明不足。")
    _confirm(life, leader, started=56, ends=5, reason="情况属实，同意挂牌两个月，期满评估。")
    measures = [
        _measure(
            "停车棚加装照明和充电柜", "综治中心", day - timedelta(days=20), done=day - timedelta(days=23)
        ),
        _measure("20 时至 23 时定点巡逻", "专职巡防队", day + timedelta(days=5)),
        _measure("重点路段增设提示牌", "社区居委会", day - timedelta(days=3)),
    ]
    _plan(life, dispatcher, 54, measures=measures, dose=420, budget=36_000)


def _over(session: Session, life: _Life, dispatcher: int, leader: int) -> None:
    day = life.reference.date()
    _propose(life, dispatcher, 150, "早晚高峰扒窃和街面诈骗多发。")
    _confirm(life, leader, started=145, ends=-46, reason="同意挂牌，明确责任单位和每周巡逻时间。")
    measures = [
        _measure("高峰时段便衣和徒步巡逻", "警组", day - timedelta(days=46), done=day - timedelta(days=46)),
        _measure(
            "出入口增设两处警示广播", "综治中心", day - timedelta(days=120), done=day - timedelta(days=124)
        ),
    ]
    _plan(life, dispatcher, 143, measures=measures, dose=600, budget=18_000)
    life.step(Act.EXPIRE, leader, 45)
    life.steps[-1].actor_id = None
    _evaluate(session, life, dispatcher, days_ago=39)


def _evaluate(session: Session, life: _Life, actor_id: int, *, days_ago: int) -> None:
    """Evaluate with the engine of the job, on the incidents of the town: the figures are true."""
    session.add(life.row)
    session.flush()
    question = evaluating.load_question(session, life.row)
    dose = Dose(evaluating.planned_minutes(life.row), None)
    found = evaluate(
        question.incidents, question.treated, question.study_area, question.params, seed=SEED, dose=dose
    )
    life.row.evaluation = evaluating.told(question, found)
    life.row.recheck_on = life.reference.date() - timedelta(days=days_ago) + RECHECK_AFTER
    life.step(
        Act.EVALUATE, actor_id, days_ago, recheck_on=life.row.recheck_on.isoformat(), **life.row.evaluation
    )


def _measure(what: str, who: str, until: Any, *, done: Any = None) -> dict[str, Any]:
    return {
        "what": what,
        "who": who,
        "until": until.isoformat(),
        "done_on": done.isoformat() if done else None,
    }
