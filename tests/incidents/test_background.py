"""The background learnt from history."""

import numpy as np
import pytest
import shapely
from towns import LATTICE, centred, coastal, flat, sloping

from incidents.hotspots.background import long_run_background
from incidents.hotspots.lattice import lattice_over


def learnt(history: np.ndarray) -> np.ndarray:
    return long_run_background(history, LATTICE, bandwidth_m=1000.0, uniform_share=0.01).density


@pytest.mark.parametrize("surface", [flat, centred, sloping], ids=lambda made: made.__name__)
def test_a_smooth_town_is_recovered_up_to_its_boundary(surface) -> None:
    expected = surface() * 1e4
    density = learnt(expected.astype(np.int64)) * expected.sum()
    off = density / expected - 1
    assert np.abs(off[10:-10, 10:-10]).max() < 0.025
    # Too low a background makes hotspots of nothing: half a standard deviation of a window of 60 is the most.
    assert off.min() > -0.065


def test_ground_nobody_uses_is_not_averaged_with_the_shore() -> None:
    land = coastal()
    density = learnt((land * 200).astype(np.int64))
    np.testing.assert_allclose(density[land > 0], 1 / land.sum(), rtol=0.02)


def test_the_background_sums_to_one_and_leaves_no_cell_of_the_area_without_expectation() -> None:
    area = shapely.Polygon([(0, 0), (6_000, 0), (6_000, 2_500), (3_100, 6_000)])
    lattice = lattice_over(area, 200.0)
    history = np.zeros(lattice.shape, dtype=np.int64)
    history[5, 10] = 40
    history[6, 20] = 60
    found = long_run_background(history, lattice, bandwidth_m=800.0, uniform_share=0.01)
    assert found.density.sum() == pytest.approx(1.0)
    assert (found.density[lattice.inside] > 0).all()
    assert not found.density[~lattice.inside].any()


def test_the_stated_uncertainty_is_that_of_repeated_histories() -> None:
    rng = np.random.default_rng(2)
    middle = []
    for _ in range(300):
        found = long_run_background(
            rng.poisson(flat() * 2.0), LATTICE, bandwidth_m=1000.0, uniform_share=0.01
        )
        middle.append((found.density[25, 25], found.relative_variance[25, 25]))
    density, stated = np.array(middle).T
    # The true spread of 300 draws is known to 8 %; the formula treats the discrete kernel as continuous.
    assert density.var() / density.mean() ** 2 == pytest.approx(stated.mean(), rel=0.25)
