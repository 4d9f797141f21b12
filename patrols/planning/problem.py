"""What the planner is given and what it answers: values only, times in seconds on one clock.

The clock starts wherever the caller puts second 0 (the service uses the earliest shift start).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geo.roads.speed import Mode

Grid = list[list[int]]

NEVER_S = 10 * 24 * 3600
"""Stands for an unreachable pair where a finite integer is needed: longer than any shift."""


class DropReason(StrEnum):
    """Why a candidate is on no route."""

    UNREACHABLE = "unreachable"
    NO_TEAM_MODE = "no_team_mode"
    WINDOW_TOO_SHORT = "window_too_short"
    OUTRANKED = "outranked"


@dataclass(frozen=True)
class Window:
    """A span of time; work inside it begins at or after ``opens_s`` and ends by ``closes_s``."""

    opens_s: int
    closes_s: int


@dataclass(frozen=True)
class Stop:
    """A place worth a visit.

    Attributes
    ----------
    value
        What one visit is worth, > 0; only the first visit counts.
    dwell_s
        Time spent there.
    windows
        The dwell lies wholly inside one of them; empty means any time.
    modes
        Modes that may come here; None means all.
    """

    id: str
    value: float
    dwell_s: int
    windows: tuple[Window, ...] = ()
    modes: frozenset[Mode] | None = None


@dataclass(frozen=True)
class TeamShift:
    """A team on duty; it leaves its start when the shift opens and is back by its close."""

    id: int
    mode: Mode
    shift: Window


@dataclass(frozen=True)
class Travel:
    """Travel between all locations of a problem for one mode; both arrays ``(k, k)``, inf if no way."""

    durations_s: NDArray[np.float64]
    distances_m: NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Stops, teams and travel.

    Location ``i`` of every travel matrix is stop ``i``; team ``t`` starts at location
    ``len(stops) + 2 t`` and ends at the one after.
    """

    stops: tuple[Stop, ...]
    teams: tuple[TeamShift, ...]
    travel: Mapping[Mode, Travel]

    def start_of(self, team: int) -> int:
        """Return the location where the team starts."""
        return len(self.stops) + 2 * team

    def end_of(self, team: int) -> int:
        """Return the location where the team ends."""
        return len(self.stops) + 2 * team + 1

    def whole_seconds(self, mode: Mode) -> Grid:
        """Return durations rounded up to whole seconds (so that no arrival is promised too early).

        A pair without a way, or into a stop closed to the mode, takes `NEVER_S`.
        """
        # A millionth of a second forgives the rounding of sums that are whole in truth.
        durations = np.ceil(self.travel[mode].durations_s - 1e-6)
        for index, stop in enumerate(self.stops):
            if stop.modes is not None and mode not in stop.modes:
                durations[:, index] = NEVER_S
        grid: Grid = np.clip(durations, 0, NEVER_S).astype(np.int64).tolist()
        return grid


@dataclass(frozen=True)
class PlanParams:
    """How long to search and with which seed.

    A plan is reproducible for a seed when only ``iteration_limit`` ends the search; a time limit
    ends it after as many iterations as the machine managed.
    """

    seed: int
    time_limit_s: float | None = 15.0
    iteration_limit: int | None = None

    def __post_init__(self) -> None:
        if self.time_limit_s is None and self.iteration_limit is None:
            raise ValueError("a search needs a time limit or an iteration limit")


@dataclass(frozen=True)
class Visit:
    """One stop on a route: ``arrive_s`` <= ``begin_s`` (after waiting for a window) < ``leave_s``."""

    stop: int
    travel_s: int
    distance_m: float
    arrive_s: int
    begin_s: int
    leave_s: int


@dataclass(frozen=True)
class Route:
    """One team's route; a team that stays has no visits and ends when it starts."""

    team: int
    visits: tuple[Visit, ...]
    start_s: int
    end_s: int
    travel_s: int
    distance_m: float
    value: float


@dataclass(frozen=True)
class Dropped:
    """A candidate on no route, with the reason and what explains it."""

    stop: int
    reason: DropReason
    explained_by: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The answer: one route per team in the order of the teams, and everything left out.

    Attributes
    ----------
    value, offered_value
        Value collected, and the value of all candidates.
    curve
        (iteration, value) at each improvement of the search, value rising.
    iterations
        Iterations done.
    stopped
        Whether the watcher ended the search before its limit.
    """

    routes: tuple[Route, ...]
    dropped: tuple[Dropped, ...]
    value: float
    offered_value: float
    curve: tuple[tuple[int, float], ...]
    iterations: int
    stopped: bool


def total(values: list[float]) -> float:
    """Return an exactly rounded sum, so that the order of adding never shows in a plan."""
    return math.fsum(values)
