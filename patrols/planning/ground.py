"""The ground a plan is made on: one road network per mode, with stops and stations placed on it.

Pure: metric coordinates in, a solvable problem and drawn legs out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geo.roads.network import FloatArray, Positions, RoadNetwork, SectionArrays
from geo.roads.speed import Mode, SpeedTable
from geo.roads.travel import TravelTimes, travel_times
from patrols.planning.problem import Problem, Route, Stop, TeamShift, Travel

STATION_REACH_M = 500.0
"""A team whose station is farther from a road of its mode cannot be planned for."""

STOP_REACH_M = 1000.0
"""A stop farther from every road of a mode is unreachable for it; the inner point of a large rural grid
may lie some hundred metres off the road. The way between stop and road is not timed."""


class StationOffRoad(ValueError):
    """A team's station lies too far from every road of its mode; inf when the mode has no road at all."""

    def __init__(self, team: int, distance_m: float) -> None:
        super().__init__(f"station of team {team} lies {distance_m:.0f} m off the road")
        self.team = team
        self.distance_m = distance_m


@dataclass(frozen=True)
class Ground:
    """Networks and travel by mode; locations are numbered as in `Problem`."""

    networks: dict[Mode, RoadNetwork]
    positions: dict[Mode, Positions]
    travel: dict[Mode, TravelTimes]

    @staticmethod
    def lay(
        sections: SectionArrays,
        *,
        speeds: SpeedTable,
        stops_m: FloatArray,
        stations_m: FloatArray,
        modes: Sequence[Mode],
        on_mode: Callable[[Mode], None] = lambda _: None,
    ) -> Ground:
        """Return the ground for stops ``(n, 2)`` and one station per team ``(t, 2)`` of modes ``(t,)``.

        ``on_mode`` is called before the travel times of each mode are searched.

        Raises
        ------
        StationOffRoad
            A station is farther than `STATION_REACH_M` from every road of its team's mode.
        """
        points_m = np.vstack([stops_m.reshape(-1, 2), np.repeat(stations_m.reshape(-1, 2), 2, axis=0)])
        networks, positions, travel = {}, {}, {}
        for mode in sorted(set(modes)):
            networks[mode] = RoadNetwork.build(sections, mode=mode, speeds=speeds)
            positions[mode] = networks[mode].snap(points_m, reach_m=STOP_REACH_M)
            _check_stations(networks[mode], stations_m, modes)
            on_mode(mode)
            travel[mode] = travel_times(networks[mode], positions[mode])
        return Ground(networks, positions, travel)

    def problem(self, stops: Sequence[Stop], teams: Sequence[TeamShift]) -> Problem:
        """Return the problem of visiting the stops with the teams the ground was laid for."""
        travel = {mode: Travel(times.durations_s, times.distances_m) for mode, times in self.travel.items()}
        return Problem(tuple(stops), tuple(teams), travel)

    def drawn(self, problem: Problem, route: Route) -> FloatArray:
        """Return the metric vertices of a route along the roads, from the station and back, ``(v, 2)``."""
        times = self.travel[problem.teams[route.team].mode]
        places = [
            problem.start_of(route.team),
            *(visit.stop for visit in route.visits),
            problem.end_of(route.team),
        ]
        legs = [times.path(start, end) for start, end in pairwise(places)]
        vertices = np.vstack([legs[0], *(leg[1:] for leg in legs[1:])])
        moved = np.concatenate([[True], np.any(np.diff(vertices, axis=0) != 0.0, axis=1)])
        return vertices[moved] if moved.sum() > 1 else vertices[:2]

    def place_of(self, mode: Mode, location: int) -> FloatArray:
        """Return the metric point on the road where a location is reached by the mode, shape ``(2,)``."""
        positions = self.positions[mode]
        one = Positions(
            positions.edge[[location]], positions.fraction[[location]], positions.offset_m[[location]]
        )
        point: FloatArray = self.networks[mode].points_of(one)[0]
        return point

    def arc_count(self) -> int:
        """Return the number of directed arcs of all networks."""
        return sum(len(network.arcs.tail) for network in self.networks.values())


def _check_stations(network: RoadNetwork, stations_m: FloatArray, modes: Sequence[Mode]) -> None:
    offset_m = network.snap(stations_m).offset_m
    for team, mode in enumerate(modes):
        if mode is network.mode and offset_m[team] > STATION_REACH_M:
            raise StationOffRoad(team, float(offset_m[team]))
