"""Patrol districts of the demo town: whole blocks around busy places, parted by streets and by the river.

They follow streets and no grids, as districts do that a police station drew before there were grids: some
grids lie in two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from webapp.demo.frame import BoolArray, GeometryArray, IntArray, TextArray, to_lonlat
from webapp.demo.landuse import Blocks, Use
from webapp.demo.river import River
from webapp.demo.territory import Areas, Links, link_blocks, share_out, weighted_means

#: One district for about so many communities.
COMMUNITIES_EACH = 3
# Rows of `forces.FORCES` that patrol streets in turn, and the one that patrols villages.
_TOWN_FORCES, _VILLAGE_FORCE = (1, 0), 2


@dataclass(frozen=True)
class Districts:
    """Districts with the row of their force in `forces.FORCES`; shapes are EPSG:4326 multipolygons."""

    code: TextArray
    name: TextArray
    force: IntArray
    shapes: GeometryArray


def lay_districts(blocks: Blocks, homes: IntArray, areas: Areas, *, river: River, seed: int) -> Districts:
    """Return districts that share out all dry blocks, `homes` dwellings each, without an overlap."""
    community = _communities(areas)
    count = max(2, round(len(np.unique(community)) / COMMUNITIES_EACH))
    dry = ~np.isin(blocks.use, (Use.BED, Use.LAKE))
    # A generator of its own: without districts the town would be the same.
    rng = np.random.default_rng([seed, 18])
    part = _shared_out(blocks, homes, dry, (link_blocks(blocks, river), count, rng))
    parts = [np.flatnonzero(dry & (part == k)) for k in range(count)]
    main = [_main(areas, community, homes, members) for members in parts]
    names = district_names([str(areas.name[row]) for row in main])
    shapes = [shapely.coverage_union_all(blocks.polygons_m[members]) for members in parts]
    stored = [shapely.multipolygons(shapely.get_parts(shape)) for shape in to_lonlat(shapes)]
    forces = [
        _VILLAGE_FORCE if areas.kind[row] == "village" else _TOWN_FORCES[k % 2] for k, row in enumerate(main)
    ]
    return Districts(
        np.array([f"XQ{k + 1:02d}" for k in range(count)]),
        np.array(names),
        np.array(forces, dtype=np.int64),
        np.array(stored, dtype=object),
    )


def _communities(areas: Areas) -> IntArray:
    """Return the row of each block's community."""
    of_row = [
        areas.ancestor(row, "community") if areas.level[row] in {"grid", "community"} else row
        for row in range(len(areas.name))
    ]
    return np.array(of_row, dtype=np.int64)[areas.of_block]


def _shared_out(
    blocks: Blocks, homes: IntArray, dry: BoolArray, context: tuple[Links, int, np.random.Generator]
) -> IntArray:
    """Return each block's district: that of the nearest busy middle by way of blocks, the river being far."""
    links, count, rng = context
    middles = weighted_means(blocks.middles_m[dry], homes[dry].astype(np.float64) + 1.0, count, rng)
    return share_out(blocks.middles_m, links, [(middle, dry) for middle in middles])[1]


def _main(areas: Areas, community: IntArray, homes: IntArray, members: IntArray) -> int:
    """Return the row of the community most homes of a district lie in."""
    weight = np.bincount(community[members], homes[members] + 1e-6, minlength=len(areas.name))
    return int(weight.argmax())


def district_names(communities: Sequence[str]) -> list[str]:
    """Return a name for each district after its main community, numbered where two have the same one.

    >>> district_names(["桥东社区", "桥社区", "桥东社区", "桥村"])
    ['桥东巡区', '桥巡区', '桥东2巡区', '桥2巡区']
    """
    stems = [community.removesuffix("社区").removesuffix("村") for community in communities]
    twins = [stems[:place].count(stem) for place, stem in enumerate(stems)]
    return [f"{stem}{twin + 1 if twin else ''}巡区" for stem, twin in zip(stems, twins, strict=True)]
