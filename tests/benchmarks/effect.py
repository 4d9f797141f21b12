"""Placebo evaluations on real burglaries: how often "the measures worked" is said where nothing was done.

Chicago 2011-2018 when ../shared/data is present, else a generated town with seasons and repeats. ``quick``
takes fewer of them. A share is judged by the 3 to 7 % of the issue and the binomial margin of its own count.
"""

import os
import time
from pathlib import Path

from scipy import stats
from shapely.geometry.base import BaseGeometry

from incidents.effect.ground import ground_of
from incidents.effect.placebo import PlaceboKind, PlaceboParams, run_placebo
from incidents.hotspots import Incidents
from incidents.register import Reading, read_register
from tests.benchmarks.figure import Figure, at_least, at_most, measured
from tests.incidents.lively_town import lively_town

BURGLARIES = "chicago_crimes/chicago_burglary_2011_2018.csv.gz"
NOMINAL, LEAST, MOST = 0.05, 0.03, 0.07


def run(*, quick: bool, seed: int) -> list[Figure]:
    incidents, area, label = _incidents(seed)
    figures = [measured(f"incidents ({label})", len(incidents), "incidents")]
    count = 60 if quick else 500
    for kind in PlaceboKind:
        for ratio in (1.0, 0.7, 0.5):
            params = PlaceboParams(count=count if ratio == 1 else count // 5, ratio=ratio)
            started = time.perf_counter()
            found = run_placebo(incidents, area, params, kind=kind, seed=seed)
            spent = time.perf_counter() - started
            name = f"{kind}, {found.evaluated} evaluations"
            if ratio == 1:
                figures += _level(name, found.rejected_share, found.evaluated)
                figures.append(measured(f"{name}: each", spent / max(found.evaluated, 1), "s"))
            else:
                figures.append(
                    measured(f"{name}: planted x {ratio:g} detected", found.rejected_share, "share")
                )
            figures.append(measured(f"{name}: intervals that hold x {ratio:g}", found.covered_share, "share"))
    return figures


def _level(name: str, share: float, count: int) -> list[Figure]:
    """Return the rejected share against 3 and 7 %, widened by what so few evaluations leave to chance."""
    low = min(LEAST, float(stats.binom.ppf(0.005, count, NOMINAL)) / count)
    high = max(MOST, float(stats.binom.ppf(0.995, count, NOMINAL)) / count)
    return [
        at_most(f"{name}: rejected at 5 %", share, "share", limit=high),
        at_least(f"{name}: rejected at 5 %", share, "share", limit=low),
    ]


def _incidents(seed: int) -> tuple[Incidents, BaseGeometry, str]:
    path = Path(os.environ.get("GRIDPATROL_TEST_DATA", "../shared/data")) / BURGLARIES
    if not path.exists():
        made = lively_town(seed)
        return made, ground_of(made.x_m, made.y_m), "generated"
    register = read_register(path, Reading("lon", "lat", "datetime", {}))
    everything = register.incidents
    return everything, ground_of(everything.x_m, everything.y_m), "Chicago burglaries 2011-2018"


__all__ = ["run"]
