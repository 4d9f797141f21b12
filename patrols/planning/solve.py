"""Team orienteering with time windows and mixed modes: collect the most value within the shifts.

The search is PyVRP's iterated local search with late acceptance (Wouda, Lan & Kool 2024) on the
prize-collecting form of the problem (Chao, Golden & Wasil 1996). What it proposes is timed again by
`patrols.planning.timing`, settled by `patrols.planning.repair`, and every stop left out gets its reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.stop import MaxIterations, MaxRuntime

from patrols.planning.problem import Dropped, DropReason, Plan, PlanParams, Problem, total
from patrols.planning.repair import Orders, left_out, settle
from patrols.planning.timing import Timetable
from patrols.planning.translate import Translated, translate

Watch = Callable[[int, float, Orders], bool]
"""Called before every iteration with (iterations done, best value so far, stops of each team in that best
solution); True ends the search. The orders are as found: `settle` may still add to them and swap in them."""

# A second of lateness may at most cost this many seconds of travel while searching. PyVRP's default of
# 100,000 lets the penalty, not the prizes, steer: on p4.2.k, p4.3.l, p4.4.n, p4.2.q and p4.4.k of Chao's
# instances 6,000 iterations reached .994 of the reference with 20 and .988 with the default.
_HIGHEST_LATENESS_PENALTY = 20.0


def solve(problem: Problem, params: PlanParams, watch: Watch | None = None) -> Plan:
    """Return a feasible plan of high value; optimality is not guaranteed.

    Guaranteed: every route keeps its shift, the windows and the modes; no stop is visited twice; every
    stop is either on a route or dropped with a reason; no stop dropped as outranked could be added to a
    route as it stands, nor take the place of one stop of less value. Reproducible as `PlanParams` says.
    """
    timetable = Timetable(problem)
    impossible = [timetable.why_impossible(stop) for stop in range(len(problem.stops))]
    possible = [stop for stop, reason in enumerate(impossible) if reason is None]
    progress = _Progress(params, watch)
    orders: Orders = [[] for _ in problem.teams]
    if possible:
        orders = _search(timetable, possible, params, progress)
    orders = settle(timetable, orders, possible)
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


class _Progress(pyvrp.IteratedLocalSearchCallbacks):
    """Keeps the curve of best values and ends the search at its limits or when the watcher says so."""

    def __init__(self, params: PlanParams, watch: Watch | None) -> None:
        self.curve: list[tuple[int, float]] = []
        self.iterations = 0
        self.stopped = False
        self.orders: Orders = []
        self.translated: Translated | None = None
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
        """Note a new best solution; one may be best for less travel at the same value."""
        value = 0.0
        if self.translated is not None and best.is_feasible():
            value = round(best.prizes() / self.translated.prize_per_value, 1)
            self.orders = self.translated.orders_of(best)
        if not self.curve or value > self.curve[-1][1]:
            self.curve.append((self.iterations, value))

    def __call__(self, best_cost: int) -> bool:
        """Tell whether to stop, before each iteration."""
        # Every limit is asked every time: each counts its own calls.
        if any([limit(best_cost) for limit in self._limits]):  # noqa: C419
            return True
        self.stopped = self._watch is not None and self._watch(
            self.iterations, self.curve[-1][1], self.orders
        )
        self.iterations += 0 if self.stopped else 1
        return self.stopped


def _search(timetable: Timetable, possible: list[int], params: PlanParams, progress: _Progress) -> Orders:
    """Return the stops of each team in the order of the best solution found."""
    translated = translate(timetable, possible)
    progress.translated = translated
    with warnings.catch_warnings():
        # Its advice is to raise the highest penalty, which we lowered on purpose.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        result = pyvrp.solve(
            translated.data,
            stop=progress,
            seed=params.seed % np.iinfo(np.uint32).max,
            collect_stats=False,
            params=pyvrp.SolveParams(
                ils=pyvrp.IteratedLocalSearchParams(callbacks=progress),
                penalty=pyvrp.PenaltyParams(max_penalty=_HIGHEST_LATENESS_PENALTY),
            ),
        )
    if not result.best.is_feasible():
        return [[] for _ in timetable.problem.teams]
    return translated.orders_of(result.best)


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
        for stop in left_out(orders, possible)
    ]
