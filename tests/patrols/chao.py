"""Team orienteering instances of Chao, Golden & Wasil (1996) as problems for our planner.

Coordinates and the time budget have no unit; distances are real numbers. The planner counts in whole
seconds, so one unit of distance becomes `SECONDS_PER_UNIT` seconds. Distances are rounded up and the
budget down: what the planner calls feasible is feasible in real numbers, at the price of at most one
part in ten thousand per leg.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from geo.roads.speed import Mode
from patrols.planning.problem import Problem, Stop, TeamShift, Travel, Window

SECONDS_PER_UNIT = 10_000


def load(path: Path) -> Problem:
    """Return the instance: the first point is every team's start, the last every team's end."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    header = dict(lines[:3])
    points = np.array([[float(value) for value in line] for line in lines[3:]])
    assert len(points) == int(header["n"])
    scored = [index for index in range(1, len(points) - 1) if points[index, 2] > 0]
    teams = int(header["m"])
    places = scored + [0, len(points) - 1] * teams
    away = points[places, None, :2] - points[None, places, :2]
    seconds = np.hypot(away[..., 0], away[..., 1]) * SECONDS_PER_UNIT
    budget = Window(0, math.floor(float(header["tmax"]) * SECONDS_PER_UNIT))
    return Problem(
        stops=tuple(Stop(str(index), float(points[index, 2]), dwell_s=0) for index in scored),
        teams=tuple(TeamShift(team, Mode.CAR, budget) for team in range(teams)),
        travel={Mode.CAR: Travel(seconds, seconds)},
    )


def references(folder: Path) -> dict[str, float]:
    """Return the best values known about 2007 by instance name; some have been beaten since."""
    with (folder / "reference_values.csv").open(newline="") as file:
        return {row["instance"]: float(row["reference_prize"]) for row in csv.DictReader(file)}
