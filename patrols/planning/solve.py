"""Team orienteering with time windows and mixed modes: collect the most value within the shifts.

The search is PyVRP's iterated local search with late acceptance (Wouda, Lan & Kool 2024) on the
prize-collecting form of the problem (Chao, Golden & Wasil 1996). What it proposes is timed again by
`patrols.planning.timing`, completed where a left-out stop still fits, and every stop left out gets
its reason.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyvrp
from pyvrp.stop import MaxIterations, MaxRuntime

from geo.roads.speed import Mode
from patrols.planning.problem import (
    Dropped,
    DropReason,
    Plan,
    PlanParams,
    Problem,
    NEVER_S,
    Window,
    total,
)
from patrols.planning.timing import Timetable

Orders = list[list[int]]
Watch = Callable[[int, float], bool]
"""Called after every iteration with (iteration, best value so far); True ends the search."""

# Values are compared in hundredths: finer than any weight can be justified, coarse enough for integers.
_UNITS_PER_VALUE = 100

_PENALTY_PER_SECOND = 100_000.0
_SCALE = 1.0
_RECENT = {}

def solve(problem: Problem, params: PlanParams, watch: Watch | None = None) -> Plan:
    """Return a feasible plan of high value; optimality is not guaranteed.

    Guaranteed: every route keeps its shift, the windows and the modes; no stop is visited twice; every
    stop is either on a route or dropped with a reason; no stop dropped as outranked could be added to a
    route as it stands.
    """
    timetable = Timetable(problem)
    impossible = [timetable.why_impossible(stop) for stop in range(len(problem.stops))]
    possible = [stop for stop, reason in enumerate(impossible) if reason is None]
    progress = _Progress(params, watch)
    orders: Orders = [[] for _ in problem.teams]
    if possible:
        orders = _search(timetable, possible, params, progress)
    _complete(timetable, orders, possible)
    routes = tuple(timetable.route(team, order) for team, order in enumerate(orders))
    dropped = [reason for reason in impossible if reason is not None] + _outranked(problem, orders, possible)
    return Plan(
        routes=routes,
        dropped=tuple(sorted(dropped, key=lambda one: one.stop)),
        value=total([route.value for route in routes]),
        offered_value=total([stop.value for stop in problem.stops]),
        curve=tuple(progress.curve),
        iterations=progress.iterations,
        stopped=progress.stopped,
    )


class _Progress(pyvrp.IteratedLocalSearchCallbacks):  # type: ignore[misc]
    """Keeps the curve of best values and ends the search at its limits or when the watcher says so."""

    def __init__(self, params: PlanParams, watch: Watch | None) -> None:
        self.curve: list[tuple[int, float]] = []
        self.iterations = 0
        self.stopped = False
        self.prize_per_value = 1.0
        self._watch = watch
        self._limits: list[Callable[[int], bool]] = []
        if params.time_limit_s is not None:
            self._limits.append(MaxRuntime(params.time_limit_s))
        if params.iteration_limit is not None:
            self._limits.append(MaxIterations(params.iteration_limit))

    def on_start(self, ils: pyvrp.IteratedLocalSearch) -> None:
        """Note the first solution."""
        self.on_best(ils.initial_solution)

    def on_best(self, best: pyvrp.Solution) -> None:
        """Note a new best solution."""
        value = best.prizes() / self.prize_per_value if best.is_feasible() else 0.0
        if not self.curve or value > self.curve[-1][1]:
            self.curve.append((self.iterations, value))

    def __call__(self, best_cost: int) -> bool:
        """Tell whether to stop, before each iteration."""
        # Every limit is asked every time: each counts its own calls.
        if any([limit(best_cost) for limit in self._limits]):
            return True
        self.stopped = self._watch is not None and self._watch(self.iterations, self.curve[-1][1])
        self.iterations += 0 if self.stopped else 1
        return self.stopped


def _search(timetable: Timetable, possible: list[int], params: PlanParams, progress: _Progress) -> Orders:
    """Return the best orders found; positions in ``possible`` are the search's clients."""
    data, owner = _model(timetable, possible, progress)
    result = pyvrp.solve(
        data,
        stop=progress,
        seed=params.seed,
        collect_stats=False,
        params=pyvrp.SolveParams(
            ils=pyvrp.IteratedLocalSearchParams(callbacks=progress, **_RECENT),
            penalty=pyvrp.PenaltyParams(max_penalty=_PENALTY_PER_SECOND),
        ),
    )
    orders: Orders = [[] for _ in timetable.problem.teams]
    if not result.best.is_feasible():
        return orders
    for route in result.best.routes():
        orders[route.vehicle_type()] = [owner[step.idx] for step in route if step.is_client()]
    return orders


def _model(timetable: Timetable, possible: list[int], progress: _Progress) -> tuple[pyvrp.ProblemData, list[int]]:
    """Return PyVRP's data and, for each of its clients, the stop it stands for.

    The cost of travel is its duration. Locations that no stop or team of ours uses are left out.
    """
    problem = timetable.problem
    team_places = [place for t in range(len(problem.teams)) for place in (problem.start_of(t), problem.end_of(t))]
    places = possible + team_places
    modes = sorted({team.mode for team in problem.teams})
    seconds = [np.asarray(timetable.seconds_of_mode(mode), dtype=np.int64)[np.ix_(places, places)] for mode in modes]
    horizon = sum(team.shift.closes_s - team.shift.opens_s for team in problem.teams)
    scale = _SCALE*horizon / total([problem.stops[stop].value for stop in possible]) 
    progress.prize_per_value = scale
    clients, owner, groups = [], [], []
    for location, stop in enumerate(possible):
        wanted = problem.stops[stop]
        windows = wanted.windows or (Window(0, NEVER_S),)
        numbers = list(range(len(clients), len(clients) + len(windows)))
        group = None
        if len(windows) > 1:
            group = len(groups)
            groups.append(pyvrp.ClientGroup(numbers, required=False))
        for w in windows:
            clients.append(pyvrp.Client(location, service_duration=wanted.dwell_s, tw_early=w.opens_s, tw_late=w.closes_s-wanted.dwell_s, prize=max(1, round(scale*wanted.value)), required=False, group=group))
            owner.append(stop)
    n = len(possible)
    depots = [pyvrp.Depot(n + i) for i in range(len(team_places))]
    vehicles = [pyvrp.VehicleType(1, start_depot=2*t, end_depot=2*t+1, tw_early=team.shift.opens_s, tw_late=team.shift.closes_s, unit_distance_cost=1, profile=modes.index(team.mode)) for t, team in enumerate(problem.teams)]
    return pyvrp.ProblemData([pyvrp.Location(0, 0) for _ in places], clients, depots, vehicles, seconds, seconds, groups), owner


def _complete(timetable: Timetable, orders: Orders, possible: list[int]) -> None:
    """Insert left-out stops, most valuable first, each at its cheapest place, until none fits."""
    served = {stop for order in orders for stop in order}
    waiting = [stop for stop in possible if stop not in served]
    waiting.sort(key=lambda stop: (-timetable.problem.stops[stop].value, stop))
    for stop in waiting:
        places = [
            (timetable.insertion_cost(team, order, at, stop), team, at)
            for team, order in enumerate(orders)
            for at in range(len(order) + 1)
        ]
        for _, team, at in sorted(places):
            longer = [*orders[team][:at], stop, *orders[team][at:]]
            if timetable.fits(team, longer):
                orders[team] = longer
                break


def _outranked(problem: Problem, orders: Orders, possible: list[int]) -> list[Dropped]:
    """Return the stops that could be done alone but gave way to others."""
    served = {stop for order in orders for stop in order}
    least = min((problem.stops[stop].value for stop in served), default=0.0)
    return [
        Dropped(
            stop,
            DropReason.OUTRANKED,
            {"value": problem.stops[stop].value, "least_served_value": least},
        )
        for stop in possible
        if stop not in served
    ]
