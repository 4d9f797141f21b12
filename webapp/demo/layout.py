"""Where things lie: the size of the town, its core, villages, lake and the densities derived from them.

The rule of growth with the number of households N, measured against the default of 12,000:
length scale (N/12000)^0.25, so the area grows with the square root; the rest is taken up by taller
apartment blocks (see `dwellings`). Grids grow with (N/12000)^0.778, which makes about 96 at the default and
3,000 at one million (125 and 330 households a grid). Communities grow with the square root, towns with one
per 24 communities. Below the default the length scale stops at 0.55 and grids at three a community.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from webapp.demo.frame import BoolArray, FloatArray

Distance = Callable[[FloatArray], FloatArray]

DEFAULT_HOUSEHOLDS = 12_000
GRID_GROWTH = 0.778
HALF_WIDTH_M = 3_450.0
HALF_HEIGHT_M = 2_450.0


@dataclass(frozen=True)
class Layout:
    """The plan of the town in local metres."""

    scale: float
    community_count: int
    urban_count: int
    town_count: int
    grid_count: int
    outline_harmonics: FloatArray
    core_radius_m: float
    villages_m: FloatArray
    village_radius_m: float
    lake_m: FloatArray
    old_town_m: FloatArray
    factory_bearing_rad: float

    def outline(self, points_m: FloatArray) -> FloatArray:
        """Return the distance from the centre in units of the outline: below 1 is inside the county."""
        x = points_m[:, 0] / (HALF_WIDTH_M * self.scale)
        y = points_m[:, 1] / (HALF_HEIGHT_M * self.scale)
        angle = np.arctan2(y, x)
        waves = self.outline_harmonics
        edge = 1.0 + sum(a * np.cos(k * angle + p) for k, (a, p) in enumerate(waves, start=2))
        # A superellipse of exponent 3 keeps the corners fuller than an ellipse would.
        radius = (np.abs(x) ** 3 + np.abs(y) ** 3) ** (1 / 3)
        return np.asarray(radius / edge)

    def core(self, points_m: FloatArray) -> FloatArray:
        """Return the distance from the centre in units of the core's radius, which bulges irregularly."""
        angle = np.arctan2(points_m[:, 1], points_m[:, 0])
        bulge = 1.0 + 0.14 * np.cos(2 * angle + 0.4) + 0.09 * np.cos(3 * angle + 1.9)
        return np.asarray(np.hypot(points_m[:, 0], points_m[:, 1]) / (self.core_radius_m * bulge))

    def village(self, points_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (distance to the nearest village in units of its radius, index of that village)."""
        gap = np.hypot(
            points_m[:, None, 0] - self.villages_m[None, :, 0],
            points_m[:, None, 1] - self.villages_m[None, :, 1],
        )
        return gap.min(axis=1) / self.village_radius_m, gap.argmin(axis=1).astype(np.float64)

    def built(self, points_m: FloatArray) -> BoolArray:
        """Return whether each point lies in the town or in a village."""
        town = (self.core(points_m) < 1.18) | self.industrial(points_m) | (self.new_district(points_m) < 1.0)
        return np.asarray(town | (self.village(points_m)[0] < 1.05))

    def industrial(self, points_m: FloatArray) -> BoolArray:
        """Return whether each point lies in the sector of factories at the edge of the core."""
        bearing = np.arctan2(points_m[:, 1], points_m[:, 0]) - self.factory_bearing_rad
        core = self.core(points_m)
        return np.asarray((np.abs(bearing) < 0.36) & (core > 1.02) & (core < 1.62))

    def new_district(self, points_m: FloatArray) -> FloatArray:
        """Return the distance from the lake in units of the new district's radius."""
        return np.asarray(np.hypot(*(points_m - self.lake_m).T) / (640.0 * self.scale**0.5))

    def block_area_m2(self, points_m: FloatArray) -> FloatArray:
        """Return the size of block wanted at each point: small in core and villages, large in fields."""
        core = self.core(points_m)
        town = np.interp(core, [0.0, 0.55, 0.95, 1.2, 1.5], [1.3e4, 1.6e4, 2.6e4, 7e4, 1.9e5])
        village = np.interp(self.village(points_m)[0], [0.0, 0.8, 1.2, 1.8], [0.9e4, 1.3e4, 5e4, 1.9e5])
        fringe = np.where(
            self.industrial(points_m), 4.5e4, np.where(self.new_district(points_m) < 1.0, 5e4, 1.9e5)
        )
        return np.minimum(np.minimum(town, village), fringe)


def make_layout(rng: np.random.Generator, household_count: int, river_distance_m: Distance) -> Layout:
    """Return the plan for `household_count` households; `river_distance_m(points)` keeps villages dry."""
    ratio = household_count / DEFAULT_HOUSEHOLDS
    scale = max(0.55, ratio**0.25)
    communities = max(16, round(16 * ratio**0.5))
    urban = round(communities * 6 / 16)
    harmonics = np.column_stack([rng.uniform(0.02, 0.05, 4), rng.uniform(0, 2 * np.pi, 4)])
    layout = Layout(
        scale=scale,
        community_count=communities,
        urban_count=urban,
        town_count=max(1, round(communities / 24)),
        grid_count=max(3 * (communities - 1), round(96 * ratio**GRID_GROWTH)),
        outline_harmonics=harmonics,
        # The core takes more than its share of the growth: a city is denser than a town.
        core_radius_m=1_020.0 * scale * max(1.0, scale) ** 0.3,
        villages_m=np.zeros((1, 2)),
        village_radius_m=200.0 * max(scale**0.35, 0.75 if scale < 0.8 else 0.0),
        lake_m=np.array([-2_050.0, 1_180.0]) * scale,
        old_town_m=np.array([330.0, -260.0]) * scale,
        factory_bearing_rad=float(rng.uniform(0.15, 0.5)),
    )
    return _with_villages(layout, rng, river_distance_m)


def _with_villages(layout: Layout, rng: np.random.Generator, river_distance_m: Distance) -> Layout:
    wanted = layout.community_count - layout.urban_count - 1
    spacing_m = 1_250.0 * layout.scale
    while True:
        villages = _scatter(layout, rng, river_distance_m, spacing_m)
        if len(villages) >= wanted:
            return replace(layout, villages_m=villages[:wanted])
        spacing_m *= 0.93


def _scatter(
    layout: Layout, rng: np.random.Generator, river_distance_m: Distance, spacing_m: float
) -> FloatArray:
    half = np.array([HALF_WIDTH_M, HALF_HEIGHT_M]) * layout.scale
    tries = rng.uniform(-1, 1, (4_000, 2)) * half
    away = river_distance_m(tries) > 260
    free = (layout.outline(tries) < 0.84) & (layout.core(tries) > 1.45) & away
    free &= np.hypot(*(tries - layout.lake_m).T) > 850 * layout.scale
    taken: list[FloatArray] = []
    for point in tries[free]:
        if all(np.hypot(*(point - other)) > spacing_m for other in taken):
            taken.append(point)
    return np.array(taken).reshape(-1, 2)
