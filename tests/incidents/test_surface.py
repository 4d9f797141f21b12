"""The heat surface: the density is true, classes do not overlap, few incidents draw nothing."""

import itertools

import numpy as np
import pytest
import shapely

from incidents.hotspots.forecast import ground_of_boundary
from incidents.hotspots.surface import MONTH_DAYS, density, levels, lowest_drawn

AREA = shapely.box(0, 0, 6_000, 6_000)
GROUND = ground_of_boundary(AREA, 100.0)


def thick_of(n: int, *, days: float = MONTH_DAYS, sd_m: float | None = None) -> np.ndarray:
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 6_000, (n, 2)) if sd_m is None else rng.normal(3_000, sd_m, (n, 2))
    return density(points[:, 0], points[:, 1], GROUND, days=days)


def test_the_mean_density_is_incidents_by_area_and_month() -> None:
    # 36 km², 3,600 incidents in two months; the kernel loses a little over the edge.
    assert thick_of(3_600, days=2 * MONTH_DAYS).mean() == pytest.approx(50.0, rel=0.08)


def test_levels_are_disjoint_round_and_ascend_to_the_middle() -> None:
    found = levels(thick_of(2_000, sd_m=500), GROUND, days=MONTH_DAYS, study_area=AREA)
    assert len(found) >= 3
    for lower, higher in itertools.pairwise(found):
        assert lower.below == higher.least == 2 * lower.least
        assert lower.geom_metric.intersection(higher.geom_metric).area == pytest.approx(0, abs=1e-6)
    assert found[-1].below is None
    assert found[-1].geom_metric.covers(shapely.Point(3_000, 3_000))
    assert f"{found[0].least:g}".strip("0.") in {"1", "2", "5"}


def test_fewer_than_five_incidents_together_draw_nothing() -> None:
    four, nine = (density(np.full(n, 3_000.0), np.full(n, 3_000.0), GROUND, days=28.0) for n in (2, 9))
    assert levels(four, GROUND, days=28.0, study_area=AREA) == []
    drawn = levels(nine, GROUND, days=28.0, study_area=AREA)
    assert drawn
    assert drawn[0].least >= lowest_drawn(28.0)


def test_no_incident_draws_nothing() -> None:
    assert levels(thick_of(0), GROUND, days=28.0, study_area=AREA) == []
