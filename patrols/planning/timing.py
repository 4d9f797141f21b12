"""When a team would be where: the schedule of a given order, and the one check of feasibility.

Every route of a plan passes through here, whichever search proposed it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

from geo.roads.speed import Mode
from patrols.planning.problem import NEVER_S, Dropped, DropReason, Grid, Problem, Route, Stop, Visit, total


@dataclass(frozen=True)
class Timetable:
    """A problem with its travel times as whole seconds."""

    problem: Problem

    @cached_property
    def _seconds(self) -> dict[Mode, Grid]:
        return {mode: self.problem.whole_seconds(mode) for mode in {team.mode for team in self.problem.teams}}

    def seconds_of(self, team: int) -> Grid:
        """Return travel seconds between locations for the team's mode."""
        return self._seconds[self.problem.teams[team].mode]

    def seconds_of_mode(self, mode: Mode) -> Grid:
        """Return travel seconds between locations for a mode some team uses."""
        return self._seconds[mode]

    def visit_times(self, team: int, order: list[int]) -> list[tuple[int, int, int]] | None:
        """Return (arrive, begin, leave) of each stop in order, or None if the shift cannot hold it.

        The team leaves as early as it can, which is never worse: waiting only moves later.
        """
        seconds, shift = self.seconds_of(team), self.problem.teams[team].shift
        clock, place = shift.opens_s, self.problem.start_of(team)
        times = []
        for index in order:
            arrive = clock + seconds[place][index]
            begin = earliest_begin(self.problem.stops[index], arrive)
            if begin is None:
                return None
            clock, place = begin + self.problem.stops[index].dwell_s, index
            times.append((arrive, begin, clock))
        back = clock + seconds[place][self.problem.end_of(team)]
        return times if back <= shift.closes_s else None

    def fits(self, team: int, order: list[int]) -> bool:
        """Return whether the team can do these stops in this order within its shift."""
        return self.visit_times(team, order) is not None

    def route(self, team: int, order: list[int]) -> Route:
        """Return the timed route of a team.

        Raises
        ------
        ValueError
            If the order does not fit the shift.
        """
        times = self.visit_times(team, order)
        if times is None:
            raise ValueError("order does not fit the shift")
        problem, shift = self.problem, self.problem.teams[team].shift
        if not order:
            return Route(team, (), shift.opens_s, shift.opens_s, 0, 0.0, 0.0)
        seconds = self.seconds_of(team)
        metres = problem.travel[problem.teams[team].mode].distances_m
        places = [problem.start_of(team), *order, problem.end_of(team)]
        legs = list(itertools.pairwise(places))
        visits = tuple(
            Visit(stop, seconds[a][b], float(metres[a, b]), *time)
            for stop, (a, b), time in zip(order, legs[:-1], times, strict=True)
        )
        return Route(
            team=team,
            visits=visits,
            start_s=shift.opens_s,
            end_s=visits[-1].leave_s + seconds[order[-1]][problem.end_of(team)],
            travel_s=sum(seconds[a][b] for a, b in legs),
            distance_m=total([float(metres[a, b]) for a, b in legs]),
            value=total([problem.stops[stop].value for stop in order]),
        )

    def insertion_cost(self, team: int, order: list[int], at: int, stop: int) -> int:
        """Return the travel seconds added by visiting the stop before position ``at`` of the order."""
        seconds = self.seconds_of(team)
        if not order:
            return seconds[self.problem.start_of(team)][stop] + seconds[stop][self.problem.end_of(team)]
        before = order[at - 1] if at else self.problem.start_of(team)
        after = order[at] if at < len(order) else self.problem.end_of(team)
        return seconds[before][stop] + seconds[stop][after] - seconds[before][after]

    def spare_s(self, team: int, order: list[int]) -> int:
        """Return the shift time left after the order's travel and dwells, waiting not counted."""
        seconds, problem = self.seconds_of(team), self.problem
        places = [problem.start_of(team), *order, problem.end_of(team)]
        travel_s = sum(seconds[a][b] for a, b in itertools.pairwise(places)) if order else 0
        shift = problem.teams[team].shift
        return shift.closes_s - shift.opens_s - travel_s - sum(problem.stops[stop].dwell_s for stop in order)

    def why_impossible(self, stop: int) -> Dropped | None:
        """Return why no team could do the stop even if it were alone in the world; None if one could."""
        wanted, teams = self.problem.stops[stop], range(len(self.problem.teams))
        if wanted.modes is not None and not any(self.problem.teams[t].mode in wanted.modes for t in teams):
            return Dropped(stop, DropReason.NO_TEAM_MODE, {"modes": ", ".join(sorted(wanted.modes))})
        trips = [self._round_trip_s(team, stop) for team in teams]
        if not trips or min(trips) >= NEVER_S:
            return Dropped(stop, DropReason.UNREACHABLE)
        if not any(self.fits(team, [stop]) for team in teams):
            return Dropped(stop, DropReason.WINDOW_TOO_SHORT, {"needed_s": min(trips) + wanted.dwell_s})
        return None

    def _round_trip_s(self, team: int, stop: int) -> int:
        seconds = self.seconds_of(team)
        return seconds[self.problem.start_of(team)][stop] + seconds[stop][self.problem.end_of(team)]


def earliest_begin(stop: Stop, arrive_s: int) -> int | None:
    """Return the earliest second at or after arrival at which the dwell can begin, None if none."""
    if not stop.windows:
        return arrive_s
    begins = [
        max(arrive_s, window.opens_s)
        for window in stop.windows
        if max(arrive_s, window.opens_s) + stop.dwell_s <= window.closes_s
    ]
    return min(begins, default=None)
