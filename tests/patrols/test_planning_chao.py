"""The planner against the values known for the team orienteering instances of Chao et al. (1996)."""

from __future__ import annotations

from pathlib import Path

import pytest

from patrols.planning.problem import PlanParams
from patrols.planning.solve import solve
from tests.patrols import chao

# The iteration limit makes the outcome the same on every machine; 3,000 take two to four seconds.
LIMIT = PlanParams(seed=1, time_limit_s=None, iteration_limit=3000)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["p1.3.q", "p2.2.k", "p3.3.n", "p4.3.l"])
def test_the_planner_reaches_98_percent_of_the_known_value(shared_data: Path, name: str) -> None:
    folder = shared_data / "top_chao"
    problem = chao.load(folder / f"Set{name[1]}" / f"{name}.txt")
    plan = solve(problem, LIMIT)
    assert plan.value >= 0.98 * chao.references(folder)[name]
    for route in plan.routes:
        assert route.end_s <= problem.teams[route.team].shift.closes_s
