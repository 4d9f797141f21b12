"""What every place has been doing: the cube cut into equal slices, each tested, each place classed."""

from dataclasses import dataclass

import numpy as np

from incidents.hotspots.background import long_run_background
from incidents.hotspots.cube import Cube
from incidents.hotspots.lattice import Lattice
from incidents.hotspots.overdispersion import dispersion
from incidents.hotspots.significance import false_discovery, lower_tail, upper_tail
from incidents.hotspots.trend import Emerging, Mask, emerging
from incidents.hotspots.values import DAY_S, Floats, HotspotParams, Ints

#: Slices the classes look at, newest last: a year of four weeks each. [ours]
MOST_SLICES = 13
FEWEST_SLICES = 6


@dataclass(frozen=True)
class Development:
    """Classes of the cells that were hot in any slice.

    Attributes
    ----------
    slice_days, slices : int
        Length and number of the slices; the newest ends where the tested period does.
    cells : int64, shape (n,)
        row * columns + column, ascending.
    classes : tuple of Emerging, n of them
        `NONE` where a place was hot once and is not any more.
    """

    slice_days: int
    slices: int
    cells: Ints
    classes: tuple[Emerging, ...]


def developments(cube: Cube, lattice: Lattice, params: HotspotParams) -> Development | None:
    """Return the class of every cell that was hot in a slice, None with fewer than `FEWEST_SLICES` slices.

    A slice is tested window by window (first radius) against the long-run surface of all slices together,
    scaled to the slice's total, with FDR over its cells.
    """
    span_s = params.days * DAY_S
    seen = cube.t_s[(cube.cell >= 0) & (cube.t_s < params.as_of_s)]
    whole = (params.as_of_s - int(seen.min())) // span_s if len(seen) else 0
    count = min(int(whole), MOST_SLICES)
    if count < FEWEST_SLICES:
        return None
    slices = cube.slices(params.as_of_s, span_s, count)
    surface = long_run_background(
        slices.sum(axis=0), lattice, bandwidth_m=params.bandwidth_m, uniform_share=params.uniform_share
    )
    radius_m = params.window_radius_m
    share = lattice.window_sum(surface.density, radius_m)
    with np.errstate(divide="ignore"):
        weight = np.minimum(1.0 / surface.relative_variance, float(slices.sum()))
    phi = dispersion(list(slices), lattice, radius_m) if params.overdispersion else 0.0
    windows = np.stack([lattice.window_sum(each, radius_m) for each in slices])
    expected = share * slices.sum(axis=(1, 2))[:, None, None]
    hot = np.stack(
        [_hot(n, e, weight, of=(lattice.inside, phi, params)) for n, e in zip(windows, expected, strict=True)]
    )
    cells = np.flatnonzero(hot.any(axis=0))
    n, e = windows.reshape(count, -1)[:, cells], expected.reshape(count, -1)[:, cells]
    # Each slice at the level divided by their number (Bonferroni).
    cold = lower_tail(n, e, np.broadcast_to(weight.ravel()[cells], n.shape), phi) <= params.q / count
    classes = emerging(hot.reshape(count, -1)[:, cells], cold, n / np.maximum(e, 1e-12))
    return Development(params.days, count, cells.astype(np.int64), tuple(classes))


def _hot(n: Ints, expected: Floats, weight: Floats, *, of: tuple[Mask, float, HotspotParams]) -> Mask:
    inside, phi, params = of
    # Only windows above their expectation can be flagged. The others keep p = 1, which can only raise the
    # adjusted values: fewer flags, never more, and most of the time is saved.
    above = inside & (n >= params.min_window_count) & (n > expected)
    p = np.ones(n.shape)
    p[above] = upper_tail(n[above], expected[above], weight[above], phi)
    q = np.ones(n.shape)
    q[inside] = false_discovery(p[inside])
    return above & (q <= params.q)
