"""Background jobs about patrols: both ends of ``patrols.plan``."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from core import audit
from core.jobs import RunningJob, job, request
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from geo.roads.speed import Mode
from patrols.planning.problem import Plan, PlanParams, Problem
from patrols.planning.repair import Orders
from patrols.planning.solve import solve
from patrols.question import PlanQuestion
from patrols.service import Answer, Task, lay_ground, load_task, sketch, store_plan, summary

PLAN = "patrols.plan"
#: The longest search (120 s) with room for a large county's roads.
PLAN_TIMEOUT_S = 300
#: How often a running search says how far it is and asks whether it was cancelled.
REPORT_EVERY_S = 0.5
#: Points of the best-so-far curve kept for the page.
CURVE_POINTS = 200


def request_plan(session: Session, area: Area, question: PlanQuestion | None = None) -> JobRun:
    """Record a run that plans patrols for ``area``; it is enqueued when the session commits.

    Shift and seed are settled now, so the run's record says what was asked for and how to repeat it.
    """
    asked = (question or PlanQuestion()).settled()
    run = request(
        session,
        kind=PLAN,
        queue="planning",
        owner=area,
        params=asked.to_params(),
        timeout_s=PLAN_TIMEOUT_S,
        drawn=() if question is not None and question.seed is not None else ("seed",),
    )
    audit.record(session, "patrol_plan.requested", subject=run, teams=list(asked.team_ids))
    return run


@job(PLAN)
def run_plan(run: RunningJob) -> None:
    """Load, measure the ways, search, store. Until the last step, one transaction, nothing is stored."""
    question = PlanQuestion.from_params(run.params)
    run.progress(0.02, "patrol_loading")
    with run.transaction() as session:
        task = load_task(session, area_by_id(session, run.area_id), question)
    answer = _answer(run, task)
    run.progress(0.95, "patrol_storing")
    with run.transaction() as session:
        plan = store_plan(session, run.id, area_by_id(session, run.area_id), answer)
        run.finish(session, summary(answer) | {"plan_id": plan.id})


def _answer(run: RunningJob, task: Task) -> Answer:
    modes = sorted({team.mode for team in task.teams})

    def report_mode(mode: Mode) -> None:
        run.progress(0.1 + 0.2 * modes.index(mode) / len(modes), "patrol_travel_times", mode=mode.value)

    ready, ground = lay_ground(task, report_mode)
    problem = ground.problem(ready.stops(), ready.shifts())
    return Answer(ready, ground, problem, _search(run, ready, problem))


def _search(run: RunningJob, task: Task, problem: Problem) -> Plan:
    question = task.question
    reporter = _Reporter(
        run, task, time_limit_s=question.time_limit_s, offered=sum(one.value for one in task.found)
    )
    reporter.report(0.0)
    params = PlanParams(
        seed=question.seed or 0,
        time_limit_s=question.time_limit_s,
        iteration_limit=question.iteration_limit,
    )
    plan = solve(problem, params, reporter.watch)
    reporter.orders = []  # from now on the plan itself tells
    reporter.report(question.time_limit_s)
    return plan


@dataclass
class _Reporter:
    """Publishes the best found so far, value and routes; the search unwinds when the run was cancelled."""

    run: RunningJob
    task: Task
    time_limit_s: float
    offered: float
    orders: Orders = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    last: float = 0.0
    curve: list[tuple[float, float]] = field(default_factory=list)

    def watch(self, _iteration: int, value: float, orders: Orders) -> bool:
        """Note an improvement and report now and then; never asks the search to stop by itself."""
        self.orders = orders
        elapsed_s = time.monotonic() - self.began
        if not self.curve or value > self.curve[-1][1]:
            self.curve.append((round(elapsed_s, 2), round(value, 1)))
        if elapsed_s - self.last >= REPORT_EVERY_S:
            self.last = elapsed_s
            self.report(elapsed_s)
        return False

    def report(self, elapsed_s: float) -> None:
        """Publish progress between 0.3 and 0.95.

        Raises
        ------
        JobCancelled
            When a person cancelled the run.
        """
        value = self.curve[-1][1] if self.curve else 0.0
        self.run.progress(
            0.3 + 0.65 * min(1.0, elapsed_s / self.time_limit_s),
            "patrol_searching",
            value=value,
            offered=round(self.offered, 1),
            detail={
                # Up to the present moment: a best plan that was found at once is a level line.
                "best": _thinned([*self.curve, (round(elapsed_s, 2), value)]),
                "offered_value": round(self.offered, 1),
                "sketch": sketch(self.task, self.orders),
            },
        )


def _thinned(curve: list[tuple[float, float]]) -> list[list[float]]:
    """Return at most `CURVE_POINTS` points of the curve, the last always among them."""
    step = -(-len(curve) // CURVE_POINTS) or 1
    return [list(point) for point in curve[::-1][::step][::-1]]
