"""The ground a plan is made on: one road network per mode, with stops and stations placed on it.

Pure: metric coordinates in, a solvable problem and drawn legs out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geo.roads.network import BoolArray, FloatArray, Positions, RoadNetwork, SectionArrays
from geo.roads.speed import Mode, SpeedTable
from geo.roads.travel import TravelTimes, travel_times
from patrols.planning.problem import Problem, Route, Stop, TeamShift, Travel

STATION_REACH_M = 500.0
"""A team whose station is farther from a road of its mode cannot be planned for."""

STOP_REACH_M = 1000.0
"""A stop farther from every road of a mode is unreachable for it; the inner point of a large rural grid
may lie some hundred metres off the road. The way between stop and road is not timed."""


@dataclass(frozen=True)
class NearestRoads:
    """Of each station the nearest place on a road its team may use.

    Attributes
    ----------
    offset_m
        Straight distance in metres, shape ``(t,)``; inf where the mode has no road at all.
    places_m
        Metric points on the roads, shape ``(t, 2)``; nan where there is none.
    """

    offset_m: FloatArray
    places_m: FloatArray

    @property
    def reached(self) -> BoolArray:
        """Whether each team can start from its station, shape ``(t,)``."""
        return np.asarray(self.offset_m <= STATION_REACH_M)


def networks_of(
    sections: SectionArrays, *, speeds: SpeedTable, modes: Sequence[Mode]
) -> dict[Mode, RoadNetwork]:
    """Return the network of every mode that occurs among the teams' ``modes``."""
    return {mode: RoadNetwork.build(sections, mode=mode, speeds=speeds) for mode in sorted(set(modes))}


def nearest_roads(
    networks: Mapping[Mode, RoadNetwork], stations_m: FloatArray, modes: Sequence[Mode]
) -> NearestRoads:
    """Return where the roads come nearest to the stations, shape ``(t, 2)``, of teams of ``modes``."""
    offset_m, places_m = np.full(len(modes), np.inf), np.full((len(modes), 2), np.nan)
    for mode, network in networks.items():
        mine = np.array([team for team, of in enumerate(modes) if of is mode], dtype=np.int64)
        positions = network.snap(stations_m[mine])
        offset_m[mine], places_m[mine] = positions.offset_m, network.points_of(positions)
    return NearestRoads(offset_m, places_m)


@dataclass(frozen=True)
class Ground:
    """Networks and travel by mode; locations are numbered as in `Problem`."""

    networks: dict[Mode, RoadNetwork]
    positions: dict[Mode, Positions]
    travel: dict[Mode, TravelTimes]

    @staticmethod
    def lay(
        networks: Mapping[Mode, RoadNetwork],
        *,
        stops_m: FloatArray,
        stations_m: FloatArray,
        modes: Sequence[Mode],
        on_mode: Callable[[Mode], None] = lambda _: None,
    ) -> Ground:
        """Return the ground for stops ``(n, 2)`` and one station per team ``(t, 2)`` of modes ``(t,)``.

        Networks of modes no team has are left out. A team whose station `nearest_roads` does not find
        within reach has no place here: leave it out before. ``on_mode`` is called before the travel times
        of each mode are searched.
        """
        points_m = np.vstack([stops_m.reshape(-1, 2), np.repeat(stations_m.reshape(-1, 2), 2, axis=0)])
        used = {mode: networks[mode] for mode in sorted(set(modes))}
        positions = {mode: network.snap(points_m, reach_m=STOP_REACH_M) for mode, network in used.items()}
        travel = {}
        for mode, network in used.items():
            on_mode(mode)
            travel[mode] = travel_times(network, positions[mode])
        return Ground(used, positions, travel)

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
