"""Overdispersion is seen where it is, and not where it is not."""

import numpy as np
import pytest
from scipy import stats
from towns import LATTICE, centred

from incidents.hotspots.overdispersion import dispersion
from incidents.hotspots.significance import lower_tail, upper_tail

BLOCKS = 13


def drawn(phi: float, seed: int, per_cell: float = 1.0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    rate = centred() / centred().mean() * per_cell
    if phi == 0:
        return [rng.poisson(rate) for _ in range(BLOCKS)]
    return [rng.poisson(rate * rng.gamma(1 / phi, phi, rate.shape)) for _ in range(BLOCKS)]


def test_poisson_counts_show_none_in_nineteen_towns_of_twenty() -> None:
    shown = sum(dispersion(drawn(0.0, seed), LATTICE, 300.0) > 0 for seed in range(100))
    assert shown <= stats.binom.isf(0.001, 100, 0.05)


@pytest.mark.parametrize("phi", [0.2, 0.5, 1.5])
def test_the_spread_of_single_cells_is_recovered(phi: float) -> None:
    found = np.mean([dispersion(drawn(phi, seed), LATTICE, 0.0) for seed in range(10)])
    assert found == pytest.approx(phi, rel=0.1)


def test_too_few_blocks_say_nothing() -> None:
    assert dispersion(drawn(1.5, 1)[:3], LATTICE, 0.0) == 0.0


@pytest.mark.parametrize(("mean", "phi", "observed"), [(2.0, 0.5, 7), (12.0, 0.1, 25), (0.4, 2.0, 3)])
def test_the_tail_is_the_negative_binomial_one(mean: float, phi: float, observed: int) -> None:
    size = 1 / phi
    brute = stats.nbinom.sf(observed - 1, size, size / (size + mean))
    found = upper_tail(np.array([observed]), np.array([mean]), np.array([1e12]), phi)[0]
    assert found == pytest.approx(brute, rel=1e-6)
    below = lower_tail(np.array([observed]), np.array([mean]), np.array([1e12]), phi)[0]
    assert below == pytest.approx(stats.nbinom.cdf(observed, size, size / (size + mean)), rel=1e-6)
