"""What each block is used for, what of it may be built on, and the ground cover of the base map."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import shapely

from webapp.demo.frame import FloatArray, GeometryArray, IntArray, TextArray
from webapp.demo.layout import Layout
from webapp.demo.mesh import Mesh, Ring
from webapp.demo.river import River
from webapp.demo.streets import HALF_WIDTH_M, Borders

# Keeps buildings on both sides of a border without a street 2.4 m apart.
_BORDER_M = 1.2


class Use(IntEnum):
    """What a block is used for."""

    FIELD = 0
    HILL = 1
    LAKE = 2
    PARK = 3
    OLD = 4
    SLAB = 5
    CIVIC = 6
    FACTORY = 7
    VILLAGE = 8
    NEW = 9
    BED = 10


@dataclass(frozen=True)
class Blocks:
    """The blocks: polygons, what of them lies behind the street fronts, middles (n, 2) and use."""

    rings: list[Ring]
    polygons_m: GeometryArray
    open_m: GeometryArray
    middles_m: FloatArray
    area_m2: FloatArray
    use: IntArray


@dataclass(frozen=True)
class Ground:
    """Ground cover in local metres: kind water, green or farmland; name where it has one."""

    kind: TextArray
    name: TextArray
    polygons_m: GeometryArray


def survey_blocks(
    mesh: Mesh,
    rings: list[Ring],
    special: tuple[int, int],
    context: tuple[Borders, Layout, np.random.Generator],
) -> Blocks:
    """Return the blocks with their use; `special` counts the last rings: river bed, then lake."""
    borders, layout, rng = context
    polygons = np.array([shapely.Polygon(mesh.coordinates(ring)) for ring in rings], dtype=object)
    open_m = _behind_fronts(rings, polygons, borders)
    middles = shapely.get_coordinates(shapely.point_on_surface(polygons))
    area = shapely.area(polygons)
    use = _uses(middles, area, layout, rng)
    bed, lake = special
    use[len(rings) - bed - lake :] = Use.BED
    use[len(rings) - lake :] = Use.LAKE
    return Blocks(rings, polygons, open_m, middles, area, use)


def _behind_fronts(rings: list[Ring], polygons: GeometryArray, borders: Borders) -> GeometryArray:
    half = np.maximum(HALF_WIDTH_M[borders.road_class], _BORDER_M)
    lines = shapely.linestrings(borders.nodes_m[borders.edges])
    corridors = shapely.buffer(lines, half, quad_segs=3)
    # Streets that only touch a corner count too: a wide one reaches into the block behind the corner.
    ends = borders.edges.ravel()
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(len(borders.nodes_m) + 1))
    found = np.empty(len(rings), dtype=object)
    for k, ring in enumerate(rings):
        touching = np.unique(np.concatenate([order[start[n] : start[n + 1]] for n in ring]) // 2)
        around = corridors[touching]
        rest = shapely.get_parts(shapely.difference(polygons[k], shapely.union_all(around)))
        found[k] = rest[shapely.area(rest).argmax()] if len(rest) else shapely.Polygon()
    return found


def _uses(middles: FloatArray, area: FloatArray, layout: Layout, rng: np.random.Generator) -> IntArray:
    core = layout.core(middles)
    chance = rng.random(len(middles))
    hills = (
        np.sin(middles[:, 0] / 820 + 1.3) + np.sin(middles[:, 1] / 640 - 0.7) + 0.9 * layout.outline(middles)
    )
    use = np.where(hills > 1.45, Use.HILL, Use.FIELD).astype(np.int64)
    town = core < 1.12
    use[town] = Use.SLAB
    use[town & (core > 0.95) & (chance > 0.72)] = Use.VILLAGE
    use[town & (core > 1.0) & (chance < 0.22)] = Use.FIELD
    use[town & (chance < 0.034)] = Use.PARK
    use[town & (core < 1.0) & (area > 7_000) & (chance > 0.034) & (chance < 0.1)] = Use.CIVIC
    old = np.hypot(*(middles - layout.old_town_m).T) < 330 * layout.scale**0.6
    use[old & town & (chance > 0.03)] = Use.OLD
    use[layout.industrial(middles) & (chance > 0.15)] = Use.FACTORY
    use[layout.village(middles)[0] < 1.02] = Use.VILLAGE
    new = layout.new_district(middles) < 0.95
    use[new] = np.where(chance[new] < 0.45, Use.NEW, Use.FIELD)
    return use


def cover_ground(blocks: Blocks, river: River, rim_m: shapely.Geometry, rng: np.random.Generator) -> Ground:
    """Return river, lake, ponds, parks, hills and fields; none of them reaches into a street's corridor."""
    rows: list[tuple[str, str, shapely.Geometry]] = []
    rows.append(("water", "青溪", shapely.intersection(river.water(), rim_m)))
    names = iter(["青溪公园", "文昌公园", "人民公园", "湖滨公园", "松涛公园", "望江公园", "翠竹公园"])
    lakes, parks = (np.flatnonzero(blocks.use == use) for use in (Use.LAKE, Use.PARK))
    rows += [("water", "清湖", _blob(blocks.open_m[k], rng)) for k in lakes]
    rows += [("green", next(names, ""), blocks.open_m[k]) for k in parks]
    for k in np.flatnonzero(np.isin(blocks.use, [Use.FIELD, Use.HILL])):
        rows += _land(blocks, int(k), rng)
    wet = shapely.buffer(river.water(), 0.5)
    beds = np.flatnonzero(blocks.use == Use.BED)
    rows += [("green", "", shapely.difference(blocks.open_m[k], wet)) for k in beds]
    rows = [(kind, name, shape) for kind, name, part in rows for shape in _parts(part)]
    kinds, names_, shapes = zip(*rows, strict=True)
    return Ground(np.array(kinds), np.array(names_), np.array(shapes, dtype=object))


def _parts(shape: shapely.Geometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(shape)
    return [p for p in parts if p.geom_type == "Polygon" and p.area > 60.0]


def _blob(open_m: shapely.Polygon, rng: np.random.Generator) -> shapely.Geometry:
    """Return a rounded water surface well inside a block, with an irregular shore."""
    inner = shapely.buffer(shapely.buffer(open_m, -120), 70)
    shore = shapely.segmentize(inner.exterior, 45)
    xy = shapely.get_coordinates(shore)[:-1]
    middle = xy.mean(axis=0)
    wave = sum(
        rng.uniform(0.02, 0.06) * np.sin(k * np.linspace(0, 2 * np.pi, len(xy)) + rng.uniform(0, 6))
        for k in (2, 3, 5)
    )
    moved = shapely.Polygon(middle + (xy - middle) * (0.96 + np.asarray(wave))[:, None])
    return shapely.intersection(shapely.buffer(shapely.buffer(moved, -35), 35), shapely.buffer(open_m, -18))


def _land(blocks: Blocks, k: int, rng: np.random.Generator) -> list[tuple[str, str, shapely.Geometry]]:
    plot = blocks.open_m[k]
    if blocks.use[k] == Use.HILL:
        return [("green", "", plot)]
    if rng.random() < 0.25 and blocks.area_m2[k] > 20_000:
        spot = blocks.middles_m[k] + rng.normal(0, 12, 2)
        turn = np.linspace(0, 2 * np.pi, 25)[:-1]
        radius = rng.uniform(16, 34) * (
            1 + 0.16 * np.sin(2 * turn + rng.uniform(0, 6)) + 0.1 * np.sin(3 * turn)
        )
        pond = shapely.Polygon(spot + np.column_stack([np.cos(turn), np.sin(turn)]) * radius[:, None])
        pond = shapely.intersection(pond, shapely.buffer(plot, -6))
        return [("water", "", pond), ("farmland", "", shapely.difference(plot, shapely.buffer(pond, 2)))]
    return [("farmland", "", plot)]
