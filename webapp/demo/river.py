"""The river 青溪: a meandering centre line with its width and banks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import KDTree

from webapp.demo.frame import FloatArray

# Between water's edge and the centre of the street along the bank: a strip of grass and the half street.
BANK_STRIP_M = 14.0


@dataclass(frozen=True)
class River:
    """Centre line (n, 2) in local metres, every 20 m, downstream; unit tangents; half width of the water."""

    centre_m: FloatArray
    tangent: FloatArray
    half_width_m: float

    def distance_m(self, points_m: FloatArray) -> FloatArray:
        """Return the distance of each point from the centre line."""
        return np.asarray(KDTree(self.centre_m).query(points_m)[0])

    def side(self, points_m: FloatArray) -> FloatArray:
        """Return +1 left of the stream (looking down it), -1 right."""
        near = KDTree(self.centre_m).query(points_m)[1]
        gap = points_m - self.centre_m[near]
        tangent = self.tangent[near]
        return np.asarray(np.where(tangent[:, 0] * gap[:, 1] - tangent[:, 1] * gap[:, 0] >= 0, 1.0, -1.0))

    def offset(self, distance_m: float) -> FloatArray:
        """Return the centre line moved to the left by `distance_m` (to the right when negative)."""
        normal = np.column_stack([-self.tangent[:, 1], self.tangent[:, 0]])
        return self.centre_m + distance_m * normal

    def water(self) -> shapely.Polygon:
        """Return the water's surface."""
        ring = np.vstack([self.offset(self.half_width_m), self.offset(-self.half_width_m)[::-1]])
        return shapely.Polygon(ring)


def make_river(rng: np.random.Generator, scale: float) -> River:
    """Return a river through the centre, from the north to the south with a lean, at a given length scale."""
    reach_m = 4_600 * scale + 1_300
    t = np.arange(-reach_m, reach_m, 20.0)
    phases = rng.uniform(-0.6, 0.6, 3)
    # Bends no tighter than about 700 m x scale, so that the rows of blocks along the banks never fold.
    sway = (
        170 * np.sin(2 * np.pi * t / (3_900 * scale) + phases[0])
        + 48 * np.sin(2 * np.pi * t / (1_650 * scale) + phases[1])
        + 16 * np.sin(2 * np.pi * t / (820 * scale) + phases[2])
    ) * scale
    sway -= np.interp(0.0, t, sway)
    lean = np.deg2rad(-64 + rng.uniform(-6, 6))
    turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    centre = np.column_stack([t, sway]) @ turn
    tangent = np.gradient(centre, axis=0)
    tangent /= np.hypot(tangent[:, 0], tangent[:, 1])[:, None]
    return River(centre, tangent, 30.0 * min(scale**0.5, 2.0))
