"""Our problem in PyVRP's terms: whole numbers, one vehicle type per team, one profile per mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvrp

from patrols.planning.problem import NEVER_S, Problem, Window, total
from patrols.planning.repair import Orders
from patrols.planning.timing import Timetable

# All stops together are worth this many times all the shift time there is, in seconds of travel. Below
# 1 stops near the edge are not worth the way; above 10 the search no longer tells a short order from a
# long one and packs worse. Of 0.3, 1, 3, 6, 10 and 30, 6 collected most on Chao's set 4 and on a city of
# 25,000 arcs. A stop too cheap for its way at this rate is added afterwards where it fits.
_PRIZE_PER_SHIFT_SECOND = 6.0


@dataclass(frozen=True)
class Translated:
    """PyVRP's data, and what its numbers stand for.

    Attributes
    ----------
    stop_of_client
        Stop index of each client; a stop with several windows is several clients, one of which counts.
    prize_per_value
        PyVRP's prize for one unit of our value.
    """

    data: pyvrp.ProblemData
    stop_of_client: tuple[int, ...]
    prize_per_value: float

    def orders_of(self, solution: pyvrp.Solution) -> Orders:
        """Return the stops of each team, in the order of the visits; empty for a team that stays."""
        orders: Orders = [[] for _ in range(self.data.num_vehicle_types)]
        for route in solution.routes():
            orders[route.vehicle_type()] = [
                self.stop_of_client[step.idx] for step in route if step.is_client()
            ]
        return orders


def translate(timetable: Timetable, possible: list[int]) -> Translated:
    """Return the prize-collecting problem over the possible stops, at least one.

    The cost of a solution is its travel time in seconds plus the prizes left behind.
    """
    problem = timetable.problem
    prize_per_value = _prize_per_value(problem, possible)
    clients, groups, owners = _clients(problem, possible, prize_per_value)
    ends = [place(team) for team in range(len(problem.teams)) for place in (problem.start_of, problem.end_of)]
    places = possible + ends
    modes = sorted({team.mode for team in problem.teams})
    seconds: list[Any] = [
        np.asarray(timetable.seconds_of_mode(mode), dtype=np.int64)[np.ix_(places, places)] for mode in modes
    ]
    for matrix in seconds:
        np.fill_diagonal(matrix, 0)
    vehicles = [
        pyvrp.VehicleType(
            1,
            start_depot=2 * number,
            end_depot=2 * number + 1,
            tw_early=team.shift.opens_s,
            tw_late=team.shift.closes_s,
            profile=modes.index(team.mode),
        )
        for number, team in enumerate(problem.teams)
    ]
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in places],
        clients=clients,
        depots=[pyvrp.Depot(len(possible) + number) for number in range(len(ends))],
        vehicle_types=vehicles,
        distance_matrices=seconds,
        duration_matrices=seconds,
        groups=groups,
    )
    return Translated(data, tuple(owners), prize_per_value)


def _prize_per_value(problem: Problem, possible: list[int]) -> float:
    shift_s = sum(team.shift.closes_s - team.shift.opens_s for team in problem.teams)
    return _PRIZE_PER_SHIFT_SECOND * shift_s / total([problem.stops[stop].value for stop in possible])


def _clients(
    problem: Problem, possible: list[int], prize_per_value: float
) -> tuple[list[pyvrp.Client], list[pyvrp.ClientGroup], list[int]]:
    clients: list[pyvrp.Client] = []
    groups: list[pyvrp.ClientGroup] = []
    owners: list[int] = []
    for location, index in enumerate(possible):
        stop = problem.stops[index]
        windows = _usable_windows(problem, index)
        group = len(groups) if len(windows) > 1 else None
        if group is not None:
            first = len(clients)
            groups.append(pyvrp.ClientGroup(list(range(first, first + len(windows))), required=False))
        for window in windows:
            clients.append(
                pyvrp.Client(
                    location,
                    service_duration=stop.dwell_s,
                    tw_early=window.opens_s,
                    tw_late=window.closes_s - stop.dwell_s,
                    prize=max(1, round(prize_per_value * stop.value)),
                    required=False,
                    group=group,
                )
            )
            owners.append(index)
    return clients, groups, owners


def _usable_windows(problem: Problem, index: int) -> tuple[Window, ...]:
    """Return the windows the dwell fits into; PyVRP refuses one that closes before it opens."""
    stop = problem.stops[index]
    whole = (Window(0, NEVER_S),)
    return tuple(
        window for window in stop.windows or whole if window.opens_s + stop.dwell_s <= window.closes_s
    )
