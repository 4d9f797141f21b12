"""The area tree: blocks joined into grids, communities and villages, towns and the county.

Every area is a union of whole blocks, so the grids of a community tile it by construction and every border
follows streets, banks or field paths exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from webapp.demo.frame import BoolArray, FloatArray, GeometryArray, IntArray, TextArray, to_lonlat
from webapp.demo.landuse import Blocks, Use
from webapp.demo.layout import Layout
from webapp.demo.river import River
from webapp.demo.words import COMMUNITIES, FIRST_CHARACTERS, TOWNS, village_names

# 330199 is not in use: Zhejiang's 3301 ends its districts and counties elsewhere.
COUNTY_CODE = "330199"
COUNTY_NAME = "青溪县"
NEW_COMMUNITY = "清湖新区社区"


@dataclass(frozen=True)
class Areas:
    """The tree, parents first. parent is a row number, -1 for the county; shapes are EPSG:4326."""

    level: TextArray
    kind: TextArray
    code: TextArray
    name: TextArray
    parent: IntArray
    shapes: GeometryArray
    area_m2: FloatArray
    of_block: IntArray

    def rows(self, level: str) -> IntArray:
        """Return the row numbers of a level."""
        return np.flatnonzero(self.level == level)

    def ancestor(self, row: int, level: str) -> int:
        """Return the row of the area's ancestor (or itself) at a level."""
        while str(self.level[row]) != level:
            row = int(self.parent[row])
        return row


def make_areas(blocks: Blocks, homes: IntArray, context: tuple[Layout, River, np.random.Generator]) -> Areas:
    """Return the area tree for blocks holding `homes` dwellings each.

    The community around the lake is new and has no grids: to draw them is the boundary staff's first task.
    """
    layout, river, rng = context
    links = link_blocks(blocks, river)
    community, names, kinds = _communities(blocks, homes, links, context)
    weight = np.bincount(community, homes, len(names))
    town = _towns(community, weight, links, (layout, rng))
    grid = _grids(blocks, homes, (community, weight, names, links), context)
    return _tree(blocks, (town, community, grid), names, kinds)


@dataclass(frozen=True)
class Links:
    """Which blocks share a border, and how far apart they count as being."""

    pairs: IntArray
    length_m: FloatArray
    count: int

    def of(self) -> list[list[int]]:
        """Return each block's neighbours in order."""
        found: list[list[int]] = [[] for _ in range(self.count)]
        for a, b in self.pairs.tolist():
            found[a].append(b)
            found[b].append(a)
        return found


def link_blocks(blocks: Blocks, river: River) -> Links:
    """Return which blocks share a border and how far their middles are apart, the river bed a long way."""
    big = 1 + max(max(ring) for ring in blocks.rings)
    walked = [np.sort(np.column_stack([r, np.roll(r, -1)]), axis=1) for r in blocks.rings]
    owner = np.repeat(np.arange(len(walked)), [len(w) for w in walked])
    pairs = np.concatenate(walked)
    code = pairs[:, 0] * big + pairs[:, 1]
    order = np.argsort(code, kind="stable")
    same = np.flatnonzero(code[order][1:] == code[order][:-1])
    both = np.unique(np.sort(np.column_stack([owner[order][same], owner[order][same + 1]]), axis=1), axis=0)
    gap = np.hypot(*(blocks.middles_m[both[:, 0]] - blocks.middles_m[both[:, 1]]).T)
    # The river parts neighbourhoods: to enter its bed counts as a long way.
    wet = (blocks.use[both] == Use.BED).any(axis=1)
    return Links(both, np.where(wet, gap + 4 * river.half_width_m + 300, gap), len(blocks.rings))


def _communities(
    blocks: Blocks, homes: IntArray, links: Links, context: tuple[Layout, River, np.random.Generator]
) -> tuple[IntArray, list[str], list[str]]:
    layout, river, rng = context
    urban = (layout.core(blocks.middles_m) < 1.15) & (blocks.use != Use.BED)
    side = river.side(blocks.middles_m)
    place = np.column_stack([blocks.middles_m, 500.0 * side])
    centres = weighted_means(place[urban], homes[urban] + 3.0, layout.urban_count, rng)
    dry = blocks.use != Use.BED
    wanted = [*centres[:, :2], layout.lake_m, *layout.villages_m]
    sides = [*centres[:, 2], *np.zeros(1 + len(layout.villages_m))]
    banks = [dry & ((bank == 0) | (side * bank >= 0)) for bank in sides]
    seeds, community = share_out(blocks.middles_m, links, list(zip(wanted, banks, strict=True)))
    names = _urban_names(blocks.middles_m[seeds[: layout.urban_count]], side[seeds], layout)
    names += [NEW_COMMUNITY, *(f"{name}村" for name in village_names(len(layout.villages_m)))]
    kinds = ["community"] * (layout.urban_count + 1) + ["village"] * len(layout.villages_m)
    return community, names, kinds


def share_out(
    middles_m: FloatArray, links: Links, wanted: Sequence[tuple[FloatArray, BoolArray]]
) -> tuple[list[int], IntArray]:
    """Return the block each part starts from, and each block's part: the nearest by way of blocks.

    `wanted` is where parts should start (metres) and which blocks each may start from; no two start from
    the same one. Parts are connected and numbered as `wanted`.
    """
    seeds: list[int] = []
    for point, allowed in wanted:
        free = allowed.copy()
        # The second to start from a block would have none.
        free[seeds] = False
        seeds.append(nearest_block(middles_m, point, free))
    shape = (links.count, links.count)
    graph = csr_array((links.length_m, (links.pairs[:, 0], links.pairs[:, 1])), shape=shape)
    source = dijkstra(graph, directed=False, indices=seeds, min_only=True, return_predecessors=True)[2]
    return seeds, np.array([seeds.index(int(block)) for block in source], dtype=np.int64)


def nearest_block(points: FloatArray, point: FloatArray, allowed: BoolArray) -> int:
    """Return the row of the allowed point (n, 2 in metres) nearest to `point`."""
    gap = np.hypot(*(points - point).T)
    return int(np.where(allowed, gap, np.inf).argmin())


def _urban_names(middles: FloatArray, side: FloatArray, layout: Layout) -> list[str]:
    names = [""] * len(middles)
    spare = [*COMMUNITIES, *(a + b for a in FIRST_CHARACTERS for b in "苑园里")]
    side = side[: len(middles)]
    for name, point, allowed in (
        ("老街", layout.old_town_m, side != 0),
        ("桥东", np.array([0.35, 0.15]) * layout.core_radius_m, side > 0),
        ("桥西", np.array([-0.35, -0.05]) * layout.core_radius_m, side < 0),
        ("城北", np.array([0.0, 1.2]) * layout.core_radius_m, side != 0),
        ("城南", np.array([0.0, -1.2]) * layout.core_radius_m, side != 0),
    ):
        free = allowed & np.array([not given for given in names])
        if free.any():
            names[nearest_block(middles, point, free)] = name
    rest = iter(spare)
    return [f"{name or next(rest)}社区" for name in names]


def weighted_means(
    points: FloatArray, weight: FloatArray, count: int, rng: np.random.Generator
) -> FloatArray:
    """Return (count, d) centres of weighted k-means (Lloyd 1982), started far apart (Gonzalez 1985)."""
    chosen = [int(rng.choice(len(points), p=weight / weight.sum()))]
    gap = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int((gap * np.sqrt(weight)).argmax()))
        gap = np.minimum(gap, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    centres = points[chosen].copy()
    for _ in range(12):
        nearest = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        total = np.bincount(nearest, weight, count)
        for axis in range(points.shape[1]):
            moved = np.bincount(nearest, weight * points[:, axis], count) / np.maximum(total, 1e-9)
            centres[:, axis] = np.where(total > 0, moved, centres[:, axis])
    return centres


def _towns(
    community: IntArray, weight: FloatArray, links: Links, context: tuple[Layout, np.random.Generator]
) -> IntArray:
    layout, rng = context
    count = len(weight)
    pairs = np.sort(community[links.pairs], axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    near = Links(pairs, np.ones(len(pairs)), count).of()
    return grow(near, weight + 1.0, layout.town_count, rng)


def _grids(
    blocks: Blocks,
    homes: IntArray,
    parts: tuple[IntArray, FloatArray, list[str], Links],
    context: tuple[Layout, River, np.random.Generator],
) -> IntArray:
    """Return each block's grid number within its community, -1 where grids are still to be drawn."""
    community, weight, names, links = parts
    layout, _, rng = context
    near = links.of()
    tiled = np.array([name != NEW_COMMUNITY for name in names])
    wanted = _shares(np.where(tiled, weight, 0.0), np.where(tiled, 3, 0), layout.grid_count)
    grid = np.full(links.count, -1, dtype=np.int64)
    for c in np.flatnonzero(tiled):
        members = np.flatnonzero(community == c)
        local = {int(b): i for i, b in enumerate(members)}
        inner = [[local[b] for b in near[int(a)] if b in local] for a in members]
        size = homes[members] + blocks.area_m2[members] / 60_000 + 0.5
        grid[members] = grow(inner, size, min(int(wanted[c]), len(members)), rng)
    return grid


def _shares(weight: FloatArray, least: IntArray, total: int) -> IntArray:
    """Return whole numbers that add up to about `total`, in proportion to weight, none below `least`."""
    share = np.maximum(weight / weight.sum() * total, least)
    for _ in range(20):
        over = share.sum() - total
        loose = share > least
        share = np.where(loose, share - over * weight * loose / max((weight * loose).sum(), 1e-9), share)
        share = np.maximum(share, least)
    whole = np.floor(share + 1e-9).astype(np.int64)
    rest = np.argsort(-(share - whole), kind="stable")[: max(0, total - int(whole.sum()))]
    whole[rest] += 1
    return whole


def grow(near: list[list[int]], weight: FloatArray, count: int, rng: np.random.Generator) -> IntArray:
    """Return a part number 0..count-1 for each node of a connected graph; every part is connected.

    Parts start far apart (by steps) and the lightest part that can grow takes its nearest free neighbour.
    """
    start = _spread(near, weight, count, rng)
    part = np.full(len(near), -1, dtype=np.int64)
    part[start] = np.arange(len(start))
    load = weight[start].astype(np.float64)
    queues: list[list[int]] = [list(near[node]) for node in start]
    active = set(range(len(start)))
    while active:
        lightest = min(active, key=lambda p: (load[p], p))
        queue = queues[lightest]
        while queue and part[queue[0]] >= 0:
            queue.pop(0)
        if not queue:
            active.discard(lightest)
            continue
        node = queue.pop(0)
        part[node] = lightest
        load[lightest] += weight[node]
        queue += [other for other in near[node] if part[other] < 0]
    return _leftover(near, part)


def _leftover(near: list[list[int]], part: IntArray) -> IntArray:
    """Return the parts with nodes no part could reach given to the part of any settled neighbour."""
    while (part < 0).any():
        stuck = np.flatnonzero(part < 0)
        for node in stuck:
            settled = [part[other] for other in near[node] if part[other] >= 0]
            if settled:
                part[node] = settled[0]
        if len(np.flatnonzero(part < 0)) == len(stuck):
            part[stuck] = part.max() + 1
    return part


def _spread(near: list[list[int]], weight: FloatArray, count: int, rng: np.random.Generator) -> list[int]:
    """Return `count` nodes far from each other, out of the heavier half: no part starts in empty fields."""
    heavy = np.argsort(-weight, kind="stable")[: max(count, len(weight) // 2)]
    fit = np.zeros(len(weight), dtype=np.int64)
    fit[heavy] = 1
    steps = _steps(near, int(rng.choice(heavy)))
    chosen = [int((steps * fit).argmax())]
    steps = _steps(near, chosen[0])
    while len(chosen) < count:
        chosen.append(int((steps * fit).argmax()))
        steps = np.minimum(steps, _steps(near, chosen[-1]))
    return chosen


def _steps(near: list[list[int]], start: int) -> IntArray:
    steps = np.full(len(near), 1_000_000, dtype=np.int64)
    steps[start] = 0
    front = [start]
    while front:
        ahead = []
        for node in front:
            for other in near[node]:
                if steps[other] == 1_000_000:
                    steps[other] = steps[node] + 1
                    ahead.append(other)
        front = ahead
    return steps


def _tree(
    blocks: Blocks, parts: tuple[IntArray, IntArray, IntArray], names: list[str], kinds: list[str]
) -> Areas:
    town, community, grid = parts
    table = _Table(blocks.polygons_m)
    everything = np.arange(len(grid))
    county = table.add(("county", "county", COUNTY_CODE, COUNTY_NAME), -1, everything)
    of_block = np.zeros(len(grid), dtype=np.int64)
    for t in range(int(town.max()) + 1):
        code = f"{COUNTY_CODE}{101 + t}"
        town_name = f"{TOWNS[t]}镇" if t < len(TOWNS) else f"第{t + 1}镇"
        row = table.add(("town", "town", code, town_name), county, np.flatnonzero(town[community] == t))
        serial = {"community": 0, "village": 200}
        for c in np.flatnonzero(town == t):
            serial[kinds[c]] += 1
            members = np.flatnonzero(community == c)
            own = table.add(("community", kinds[c], f"{code}{serial[kinds[c]]:03d}", names[c]), row, members)
            of_block[members] = own
            for g in range(int(grid[members].max()) + 1):
                inside = members[grid[members] == g]
                label = ("grid", "grid", f"{table.code[own]}{g + 1:03d}", f"{names[c]}第{g + 1}网格")
                of_block[inside] = table.add(label, own, inside)
    return table.areas(of_block)


class _Table:
    """Collects the rows of the tree."""

    def __init__(self, polygons_m: GeometryArray) -> None:
        self._polygons = polygons_m
        self._rows: list[tuple[str, str, str, str]] = []
        self._parent: list[int] = []
        self._shapes: list[shapely.Geometry] = []
        self.code: list[str] = []

    def add(self, label: tuple[str, str, str, str], parent: int, members: IntArray) -> int:
        """Return the row number of a new area made of the blocks `members`."""
        self._rows.append(label)
        self.code.append(label[2])
        self._parent.append(parent)
        self._shapes.append(shapely.coverage_union_all(self._polygons[members]))
        return len(self._rows) - 1

    def areas(self, of_block: IntArray) -> Areas:
        """Return the finished tree."""
        level, kind, code, name = (np.array(column) for column in zip(*self._rows, strict=True))
        shapes = np.array(self._shapes, dtype=object)
        return Areas(
            level, kind, code, name, np.array(self._parent), to_lonlat(shapes), shapely.area(shapes), of_block
        )
