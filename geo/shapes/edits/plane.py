"""A flat plane in metres over one community, for widths and distances of a few metres.

One factor per axis, from the radii of curvature of the ellipsoid at one latitude (Snyder 1987, p. 24 f.).
Over a community of 20 km a metre is wrong by less than 0.2 %: 2 mm in the metre that decides whether
something snaps. Unlike a projection it maps straight edges onto straight edges and whole steps back onto
themselves, so nothing is lost on the way there and back. Areas shown to people come from `area_m2`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sin, sqrt
from typing import Self

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import STEPS_PER_DEG, Edge, Floats, nearest_step

_EQUATOR_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 0.006_694_38


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres per step eastwards and northwards at one latitude."""

    east_m: float
    north_m: float

    @classmethod
    def at(cls, shape: BaseGeometry) -> Self:
        """Return the plane at the middle latitude of `shape` (steps).

        >>> plane = Plane.at(shapely.Point(1190000000, 300000000))
        >>> round(plane.east_m * 1e7), round(plane.north_m * 1e7)
        (96486, 110852)
        """
        _, south, _, north = shape.bounds
        latitude = radians((south + north) / 2 / STEPS_PER_DEG)
        bend = 1 - _ECCENTRICITY_SQUARED * sin(latitude) ** 2
        across_m = _EQUATOR_M / sqrt(bend)
        along_m = across_m * (1 - _ECCENTRICITY_SQUARED) / bend
        return cls(radians(across_m * cos(latitude)) / STEPS_PER_DEG, radians(along_m) / STEPS_PER_DEG)

    @property
    def scale(self) -> Floats:
        """Return the metres per step, shape (2,)."""
        return np.array([self.east_m, self.north_m])

    def metres[S: BaseGeometry](self, shape: S) -> S:
        """Return `shape` (steps) in metres of this plane."""
        return shapely.transform(shape, lambda points: points * self.scale)

    def steps[S: BaseGeometry](self, shape: S) -> S:
        """Return `shape` (metres of this plane) in steps, every vertex on the nearest whole step."""
        return shapely.transform(shape, lambda points: nearest_step(points / self.scale))

    def lengths_m(self, edges: Iterable[Edge]) -> Floats:
        """Return the length of each of `edges` (steps) in metres, shape (n,)."""
        ends = np.reshape(np.array(list(edges), dtype=float), (-1, 2, 2))
        return np.asarray(np.hypot(*((ends[:, 1] - ends[:, 0]) * self.scale).T))

    def length_m(self, edges: Iterable[Edge]) -> float:
        """Return the length of `edges` (steps) together, in metres."""
        return float(self.lengths_m(edges).sum())


def is_thin(shape_m: BaseGeometry, width_m: float) -> bool:
    """Tell whether no disc `width_m` wide fits into `shape_m` (metres)."""
    return bool(shapely.buffer(shape_m, -width_m / 2, quad_segs=2).is_empty)
