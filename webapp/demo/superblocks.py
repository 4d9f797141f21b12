"""Superblocks: the cells between the main streets, a density-graded Voronoi mesh that follows the river."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import KDTree, Voronoi

from webapp.demo.frame import BoolArray, FloatArray, GeometryArray, IntArray
from webapp.demo.layout import HALF_HEIGHT_M, HALF_WIDTH_M, Layout
from webapp.demo.mesh import EdgeKind, Mesh, Ring, shoelace_m2
from webapp.demo.river import BANK_STRIP_M, River

# Shorter sides of a Voronoi cell are closed up, which also makes crossroads out of staggered junctions.
SHORT_SIDE_M = 70.0
_PIECE_M = 62.0


@dataclass(frozen=True)
class Seeds:
    """Voronoi seeds (n, 2); bank is +1/-1 for the mirrored pairs along the river, 0 elsewhere."""

    points_m: FloatArray
    bank: IntArray


def make_superblocks(
    layout: Layout, river: River, rng: np.random.Generator
) -> tuple[Mesh, list[Ring], BoolArray]:
    """Return (mesh, counter-clockwise rings of node numbers, whether each ring is river bed)."""
    seeds = _seeds(layout, river, rng)
    vertices, pairs, sides = _ridges(seeds, layout)
    lines = _bent_apart(vertices, sides, rng)
    keep = ~_along_the_bed(seeds, vertices, pairs, sides)
    drawn = [line for line, kept in zip(lines, keep, strict=True) if kept]
    rim = shapely.union_all(shapely.get_parts(shapely.polygonize(lines)))
    banks = _banks(river, rim)
    noded = shapely.union_all([*drawn, rim.boundary, *banks], grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    return _mesh(faces, river)


def _seeds(layout: Layout, river: River, rng: np.random.Generator) -> Seeds:
    pairs = _river_pairs(layout, river, rng)
    core = _core_lattice(layout, river, rng)
    wild = _wild(layout, np.vstack([pairs, core]), rng)
    bank = np.zeros(len(pairs) + len(core) + len(wild), dtype=np.int64)
    bank[: len(pairs)] = np.tile([1, -1], len(pairs) // 2)
    return Seeds(np.vstack([pairs, core, wild]), bank)


def _river_pairs(layout: Layout, river: River, rng: np.random.Generator) -> FloatArray:
    along_m = np.arange(len(river.centre_m)) * 20.0
    stations = [30.0]
    while stations[-1] < along_m[-1] - 30:
        here = np.array([np.interp(stations[-1], along_m, river.centre_m[:, k]) for k in (0, 1)])
        step = np.interp(layout.core(here[None])[0], [0.8, 1.4, 2.0], [270, 360, 520])
        stations.append(stations[-1] + step * rng.uniform(0.85, 1.15))
    index = np.round(np.array(stations[:-1]) / 20).astype(int)
    centre, tangent = river.centre_m[index], river.tangent[index]
    aside = np.interp(layout.core(centre), [1.0, 1.6], [165, 215])[:, None] + river.half_width_m - 30
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return np.stack([centre + aside * normal, centre - aside * normal], axis=1).reshape(-1, 2)


def _core_lattice(layout: Layout, river: River, rng: np.random.Generator) -> FloatArray:
    reach = 1.35 * layout.core_radius_m
    found = []
    for side, twist in ((1.0, 0.02), (-1.0, -0.16)):
        middle = len(river.centre_m) // 2
        heading = np.arctan2(*river.tangent[middle][::-1]) + twist
        u, v = np.meshgrid(np.arange(-reach, reach, 330.0), np.arange(-reach, reach, 270.0))
        u = u + rng.normal(0, 45, len(u))[:, None]
        local = np.column_stack([u.ravel(), v.ravel()]) + rng.normal(0, 24, (u.size, 2))
        turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
        points = local @ turn
        near = (layout.core(points) < 1.02) & (river.side(points) == side)
        found.append(points[near & (river.distance_m(points) > 335 + river.half_width_m - 30)])
    return np.vstack(found)


def _wild(layout: Layout, taken: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return seeds thrown at random with a spacing that widens away from the core and the villages."""
    # Seeds reach 1.3 km past the border: cells on the hull of all seeds are open, and none may lie inside.
    margin = 1.0 + 1_300.0 / (HALF_HEIGHT_M * layout.scale)
    half = np.array([HALF_WIDTH_M, HALF_HEIGHT_M]) * layout.scale * margin
    tries = rng.uniform(-1, 1, (int(5_400 * (layout.scale * margin) ** 2), 2)) * half
    tries = tries[layout.outline(tries) < margin]
    spacing = np.interp(layout.core(tries), [0.9, 1.3, 2.2], [280, 380, 560])
    spacing = np.minimum(spacing, np.interp(layout.village(tries)[0], [0.5, 1.5, 3.0], [330, 450, 560]))
    clear = KDTree(taken).query(tries)[0] > 0.92 * spacing
    chosen = np.full((int(clear.sum()), 2), np.inf)
    count = 0
    for point, gap in zip(tries[clear], spacing[clear], strict=True):
        if count == 0 or np.hypot(*(chosen[:count] - point).T).min() > gap:
            chosen[count] = point
            count += 1
    return _relaxed(taken, chosen[:count])


def _relaxed(fixed: FloatArray, free: FloatArray) -> FloatArray:
    """Return the free seeds after one step of Lloyd (1982) towards the middle of their cells."""
    diagram = Voronoi(np.vstack([fixed, free]))
    moved = free.copy()
    for i in range(len(free)):
        region = diagram.regions[diagram.point_region[len(fixed) + i]]
        if region and -1 not in region:
            shift = diagram.vertices[region].mean(axis=0) - free[i]
            if np.hypot(*shift) < 400:
                moved[i] += 0.7 * shift
    return moved


def _ridges(seeds: Seeds, layout: Layout) -> tuple[FloatArray, IntArray, IntArray]:
    """Return vertices, the two seeds of each ridge and its two vertices, for cells inside the outline."""
    diagram = Voronoi(seeds.points_m)
    inside = layout.outline(seeds.points_m) < 1.0
    mirrored = int((seeds.bank != 0).sum())
    # Both sides of the river end together, or the county's border would run down the middle of the bed.
    inside[:mirrored] = inside[:mirrored].reshape(-1, 2).any(axis=1).repeat(2)
    sides = np.array(diagram.ridge_vertices)
    pairs = np.asarray(diagram.ridge_points, dtype=np.int64)
    wanted = inside[pairs].any(axis=1) & (sides >= 0).all(axis=1)
    sides, pairs = sides[wanted], pairs[wanted]
    merged, vertices = _closed_up(diagram.vertices, sides)
    sides = merged[sides]
    distinct = sides[:, 0] != sides[:, 1]
    return vertices, pairs[distinct], sides[distinct]


def _closed_up(vertices: FloatArray, sides: IntArray) -> tuple[IntArray, FloatArray]:
    gap = np.hypot(*(vertices[sides[:, 0]] - vertices[sides[:, 1]]).T)
    owner = np.arange(len(vertices))
    taken = np.zeros(len(vertices), dtype=bool)
    moved = vertices.copy()
    # Shortest first, each vertex once: chains of short sides never run together into one far point.
    for k in np.argsort(gap, kind="stable"):
        a, b = sides[k]
        if gap[k] < SHORT_SIDE_M and not taken[a] and not taken[b]:
            owner[b] = a
            moved[a] = (vertices[a] + vertices[b]) / 2
            taken[[a, b]] = True
    return owner, moved


def _along_the_bed(seeds: Seeds, vertices: FloatArray, pairs: IntArray, sides: IntArray) -> BoolArray:
    opposite = seeds.bank[pairs].prod(axis=1) == -1
    length = np.hypot(*(vertices[sides[:, 0]] - vertices[sides[:, 1]]).T)
    return np.asarray(opposite & (length > 0))


def _bent_apart(vertices: FloatArray, sides: IntArray, rng: np.random.Generator) -> list[shapely.LineString]:
    """Return the lines slightly bent, those straight that would cross another beside a sharp corner.

    They meet at their ends only, so that every cell is closed when polygonized.
    """
    bent = [shapely.LineString(_curved(vertices[a], vertices[b], rng)) for a, b in sides]
    lines = np.array(bent, dtype=object)
    for _ in range(4):
        crossing = np.unique(shapely.STRtree(lines).query(lines, predicate="crosses"))
        for k in crossing:
            lines[k] = shapely.LineString(vertices[sides[k]])
    return list(lines)


def _curved(a: FloatArray, b: FloatArray, rng: np.random.Generator) -> FloatArray:
    length_m = float(np.hypot(*(b - a)))
    steps = max(1, round(length_m / _PIECE_M))
    t = np.linspace(0, 1, steps + 1)
    bow = rng.normal(0, 0.028) * np.sin(np.pi * t) + rng.normal(0, 0.014) * np.sin(2 * np.pi * t)
    normal = np.array([-(b - a)[1], (b - a)[0]])
    line = np.asarray(a + t[:, None] * (b - a) + bow[:, None] * normal)
    # a + (b - a) is not b in floating point, and lines that do not meet exactly close no cell.
    line[0], line[-1] = a, b
    return line


def _banks(river: River, rim: shapely.Geometry) -> list[shapely.Geometry]:
    reach = river.half_width_m + BANK_STRIP_M
    lines = [shapely.LineString(river.offset(side * reach)[::3]) for side in (1, -1)]
    return [shapely.intersection(line, rim) for line in lines]


def _mesh(faces: GeometryArray, river: River) -> tuple[Mesh, list[Ring], BoolArray]:
    mesh = Mesh()
    known: dict[tuple[float, float], int] = {}
    rings: list[Ring] = []
    for face in faces:
        xy = shapely.get_coordinates(face.exterior)[:-1]
        if shoelace_m2(xy) < 0:
            xy = xy[::-1]
        keys = [(round(float(x), 2), round(float(y), 2)) for x, y in xy]
        rings.append([known[key] if key in known else known.setdefault(key, mesh.add(*key)) for key in keys])
    _kinds(mesh, rings, river)
    # Only faces of the bed have no corner beyond the banks (which are sampled every 60 m, hence the slack).
    far = river.distance_m(np.array(mesh.points))
    reach = river.half_width_m + BANK_STRIP_M + 5.0
    return mesh, rings, np.array([bool((far[ring] < reach).all()) for ring in rings])


def _kinds(mesh: Mesh, rings: list[Ring], river: River) -> None:
    sides = {(min(e), max(e)) for ring in rings for e in zip(ring, ring[1:] + ring[:1], strict=True)}
    ordered = np.array(sorted(sides))
    xy = np.array(mesh.points)
    reach = river.half_width_m + BANK_STRIP_M
    ends = river.distance_m(xy)[ordered]
    middle = river.distance_m(xy[ordered].mean(axis=1))
    # The distance to a centre line sampled every 20 m errs by at most 1.7 m at this reach.
    bank = (np.abs(ends - reach) < 2.5).all(axis=1) & (np.abs(middle - reach) < 4.0)
    cross = (middle < reach) & ~bank
    for (u, v), on_bank, across in zip(ordered.tolist(), bank, cross, strict=True):
        mesh.link(u, v, EdgeKind.BANK if on_bank else EdgeKind.CROSS if across else EdgeKind.SUPER)
