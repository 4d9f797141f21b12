"""Every window of every radius tested, and what is flagged after allowing for how many were looked at."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from incidents.hotspots.background import long_run_background
from incidents.hotspots.lattice import Lattice
from incidents.hotspots.overdispersion import dispersion
from incidents.hotspots.significance import false_discovery, false_places, upper_tail
from incidents.hotspots.surroundings import around
from incidents.hotspots.values import CellMap, Floats, HotspotParams, Ints

type Mask = npt.NDArray[np.bool_]

#: Outer radius of the surroundings, in bandwidths.
SURROUNDINGS_REACH = 1.5


@dataclass(frozen=True)
class Expectation:
    """What one radius' windows are held against, shape (rows, columns).

    Attributes
    ----------
    window_n, window_expected : int64, float64
        Count and expectation of each window.
    weight : float64
        Incidents the expectation is worth (its relative variance is 1 / weight).
    dispersion : float
        phi of the counts.
    """

    radius_m: float
    window_n: Ints
    window_expected: Floats
    weight: Floats
    dispersion: float = 0.0

    def tail(self, where: Mask) -> Floats:
        """Return the upper tail probability of the windows at `where`."""
        return upper_tail(
            self.window_n[where], self.window_expected[where], self.weight[where], self.dispersion
        )


def cell_map(
    recent: Ints,
    history: Ints,
    lattice: Lattice,
    params: HotspotParams,
    *,
    blocks: list[Ints] | None = None,
    exposure: Floats | None = None,
) -> CellMap:
    """Return counts, background, test and flags of every cell, held against the long-run history.

    Every cell of the lattice is tested, with or without incidents: leaving out the empty ones after looking
    would make the false discovery rate wrong.

    Parameters
    ----------
    blocks : list of int64, shape (rows, columns), optional
        Counts in spans of the history as long as the tested period, from which overdispersion is learnt.
    exposure : float64, shape (rows, columns), optional
        What incidents are expected in proportion to, instead of area.
    """
    background = long_run_background(
        history,
        lattice,
        bandwidth_m=params.bandwidth_m,
        uniform_share=params.uniform_share,
        exposure=exposure,
    )
    expected = background.density * recent.sum()
    with np.errstate(divide="ignore"):
        # At most all the incidents there are.
        weight = np.minimum(1.0 / background.relative_variance, float(history.sum()))
    usable = blocks if blocks is not None and params.overdispersion else []
    expectations = [
        Expectation(
            radius_m,
            lattice.window_sum(recent, radius_m),
            lattice.window_sum(expected, radius_m),
            weight,
            dispersion(usable, lattice, radius_m),
        )
        for radius_m in params.radii_m
    ]
    return _tested(recent, history, expected, of=(expectations, lattice, params))


def surroundings_map(
    recent: Ints, history: Ints, lattice: Lattice, params: HotspotParams, *, exposure: Floats | None = None
) -> CellMap:
    """Return the same, held against what the tested period holds around each window."""
    ground = lattice.share if exposure is None else np.where(lattice.inside, exposure, 0.0)
    expectations = []
    expected = np.zeros(lattice.shape)
    for radius_m in params.radii_m:
        ring = around(
            recent, ground, lattice, radius_m=radius_m, outer_m=SURROUNDINGS_REACH * params.bandwidth_m
        )
        window_n = lattice.window_sum(recent, radius_m)
        # Nothing can be expected where there is no ground; the least float keeps the tail defined.
        window_expected = np.maximum(ring.window_expected, 1e-9)
        expectations.append(Expectation(radius_m, window_n, window_expected, ring.count))
        if radius_m == params.window_radius_m:
            expected = ring.density
    return _tested(recent, history, expected, of=(expectations, lattice, params))


def _tested(
    recent: Ints,
    history: Ints,
    expected: Floats,
    *,
    of: tuple[list[Expectation], Lattice, HotspotParams],
) -> CellMap:
    expectations, lattice, params = of
    inside = lattice.inside
    p = np.full((len(expectations), *lattice.shape), np.nan)
    for index, each in enumerate(expectations):
        p[index, inside] = each.tail(inside)
    q = np.full_like(p, np.nan)
    q[:, inside] = false_discovery(p[:, inside].ravel()).reshape(len(expectations), -1)
    enough = np.stack([each.window_n >= params.min_window_count for each in expectations])
    hot = inside & (np.nan_to_num(q, nan=1.0) <= params.q) & enough
    # The least likely window of each cell; one with too few incidents only where no other has enough.
    best = np.argmin(np.where(inside, p + ~enough, 0.0), axis=0)[None]

    def of_best[T: np.int64 | np.float64](values: list[npt.NDArray[T]]) -> npt.NDArray[T]:
        return np.asarray(np.take_along_axis(np.stack(values), best, axis=0)[0])

    return CellMap(
        recent=recent,
        history=history,
        expected=expected,
        radius_m=np.array([each.radius_m for each in expectations])[best[0]],
        window_n=of_best([each.window_n for each in expectations]),
        window_expected=of_best([each.window_expected for each in expectations]),
        p=of_best(list(p)),
        q=of_best(list(q)),
        flagged=_of_true_places(_flagged(hot, expectations, lattice), p, of=(lattice, params)),
        tests=int(inside.sum()) * len(expectations),
        dispersion=tuple(each.dispersion for each in expectations),
    )


def _of_true_places(flagged: Mask, p: Floats, *, of: tuple[Lattice, HotspotParams]) -> Mask:
    """Return the flagged cells of the groups that stay significant with every group counted once."""
    lattice, params = of
    groups = lattice.groups(flagged)
    count = int(groups.max())
    if count == 0:
        return flagged
    least = np.where(lattice.inside, p, 1.0).min(axis=0)
    best = np.asarray(ndimage.minimum(least, groups, np.arange(1, count + 1)))
    tests = int(lattice.inside.sum()) * len(p)
    kept = np.concatenate([[False], false_places(best, tests) <= params.q])
    return np.asarray(kept[groups])


def _flagged(hot: Mask, expectations: list[Expectation], lattice: Lattice) -> Mask:
    """Return the flagged cells: of the first radius, and of the others where no flagged cell is near.

    A wide window reaches a hotspot from far outside it. Taking all its flags would draw every place as wide
    as the widest window; where a narrower one has found the place already, the wide ones add nothing.
    """
    flagged = hot[0].copy()
    for extra, each in zip(hot[1:], expectations[1:], strict=True):
        if not extra.any():
            continue
        reach_m = max(each.radius_m, expectations[0].radius_m)
        near = lattice.window_sum(flagged.astype(np.int64), reach_m) > 0
        flagged |= extra & ~near
    return np.asarray(flagged)
