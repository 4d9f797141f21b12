"""Gi* and local Moran against esda and by hand."""

import numpy as np
import pytest
from esda.getisord import G_Local
from esda.moran import Moran_Local
from libpysal.weights import WSP
from scipy import sparse
from towns import LATTICE, SIDE

from incidents.hotspots.local_statistics import gi_star, local_moran, standardised, window_weights

COUNTS = np.random.default_rng(8).poisson(1.5, SIDE * SIDE).astype(float)


def esda_weights(weights: sparse.csr_array):
    return WSP(sparse.csr_matrix(weights)).to_W(silence_warnings=True)


@pytest.mark.parametrize("radius_m", [200.0, 300.0, 600.0])
def test_gi_star_equals_esda(radius_m: float) -> None:
    weights = window_weights(LATTICE, radius_m, star=True)
    theirs = G_Local(COUNTS, esda_weights(weights), transform="B", star=None, permutations=0)
    np.testing.assert_allclose(gi_star(COUNTS, weights), theirs.Zs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("radius_m", [200.0, 300.0])
def test_local_moran_equals_esda(radius_m: float) -> None:
    weights = window_weights(LATTICE, radius_m, star=False)
    theirs = Moran_Local(COUNTS, esda_weights(weights), transformation="r", permutations=0)
    np.testing.assert_allclose(local_moran(COUNTS, standardised(weights)), theirs.Is, rtol=0, atol=1e-9)


def test_gi_star_is_its_formula() -> None:
    # Ord and Getis (1995), equation 14, written out for five places in a row and their direct neighbours.
    values = np.array([2.0, 0.0, 5.0, 1.0, 7.0])
    matrix = np.array(
        [[1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]], dtype=float
    )
    mean, s = values.mean(), np.sqrt((values**2).mean() - values.mean() ** 2)
    brute = []
    for row in matrix:
        w, s1 = row.sum(), (row**2).sum()
        brute.append((row @ values - w * mean) / (s * np.sqrt((5 * s1 - w**2) / 4)))
    np.testing.assert_allclose(gi_star(values, sparse.csr_array(matrix)), brute)


def test_the_weights_are_the_lattices_windows() -> None:
    weights = window_weights(LATTICE, 300.0, star=True)
    counts = COUNTS.reshape(LATTICE.shape)
    np.testing.assert_allclose((weights @ COUNTS).reshape(LATTICE.shape), LATTICE.window_sum(counts, 300.0))
