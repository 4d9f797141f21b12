"""Finding everything that keeps polygons from tiling their ground.

Right is what GEOS calls a valid coverage (interiors apart, edges matched vertex by vertex) and beyond it:
no gap, nothing outside the parent, nothing too narrow to be meant. Only polygons with an edge that GEOS
reports are looked at closely, so that 10,000 sound polygons cost seconds.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import area_m2
from geo.shapes.mending.alone import alone, ground_finding
from geo.shapes.mending.finding import Finding, Kind, Limits
from geo.shapes.mending.free import free_ground, union_of
from geo.shapes.mending.matching import Key, Miss, misses
from geo.shapes.mending.measure import Given, Shapes, as_array, ground, inner_point, joined, widths_m
from geo.shapes.mending.scene import Scene, scene_of

_ORDER = {kind: place for place, kind in enumerate(Kind)}
# Kinds whose mending matches the vertices around them too; a vertex there is no finding of its own.
_MENDS_VERTICES = frozenset({Kind.GAP, Kind.OVERLAP, Kind.SLIVER, Kind.DUPLICATE, Kind.SPIKE})


def find_flaws(
    shapes: Given,
    parent: BaseGeometry | None = None,
    *,
    limits: Limits | None = None,
) -> list[Finding]:
    """Return what keeps `shapes` from being a partition, by kind, the largest of a kind first.

    Parameters
    ----------
    shapes : sequence of Polygon or MultiPolygon, EPSG:4326
        Judged on the 1e-7 degree grid. None and geometries without ground are findings themselves.
    parent : Polygon or MultiPolygon, EPSG:4326, optional
        The ground to be tiled. Without it gaps are what the shapes enclose, and clefts from outside
        between two of them that are narrower than a sliver.
    limits : Limits, optional

    Returns
    -------
    list of Finding
        Empty for a valid partition. Where no finding is `wrong`, `shapely.coverage_is_valid` holds.

    >>> from shapely import box
    >>> found = find_flaws([box(0, 0, 2e-3, 1e-3), box(1e-3, 0, 3e-3, 1e-3)])
    >>> [(each.code, each.parts, round(each.width_m)) for each in found]
    [('overlap', (0, 1), 111)]
    """
    scene = scene_of(shapes, limits or Limits())
    if parent is None and not len(scene.shapes):
        return []
    flagged = _flagged(scene)
    union = union_of(scene, flagged.index)
    found = [*alone(scene), *_overlaps(scene, flagged.index), *free_ground(scene, union, parent)]
    if parent is not None:
        found += _outside(scene, union, parent)
    found += _unmatched(scene, found)
    found += _unexplained(flagged, found)
    return sorted(found, key=lambda each: (_ORDER[each.kind], -each.size_m2, each.parts, each.at.coords[:]))


@dataclass(frozen=True, slots=True)
class _Flagged:
    """Shapes with edges that break the coverage: ascending indices, and those edges of each."""

    index: NDArray[np.intp]
    edges: Shapes


def _flagged(scene: Scene) -> _Flagged:
    edges = shapely.coverage_invalid_edges(scene.shapes)
    index = np.flatnonzero(~shapely.is_empty(edges) & ~shapely.is_missing(edges))
    return _Flagged(index, edges[index])


def _overlaps(scene: Scene, flagged: NDArray[np.intp]) -> list[Finding]:
    """Return every connected piece of ground that two shapes claim, and shapes drawn twice."""
    row, other = scene.tree.query(scene.shapes[flagged], predicate="intersects")
    low, high = np.minimum(flagged[row], other), np.maximum(flagged[row], other)
    pairs = np.unique(np.column_stack([low, high])[low < high], axis=0)
    ones, others = scene.shapes[pairs[:, 0]], scene.shapes[pairs[:, 1]]
    meet = shapely.relate_pattern(ones, others, "2********")
    pairs, shared = pairs[meet], shapely.intersection(ones[meet], others[meet])
    found: list[Finding] = []
    claimed: list[tuple[tuple[int, int], Polygon]] = []
    for (one, two), place in zip(pairs.tolist(), shared, strict=True):
        pieces = ground(place)
        if pieces and not ground(scene.shapes[one].symmetric_difference(scene.shapes[two])):
            found.append(_twice((one, two), pieces))
        else:
            claimed += [((one, two), piece) for piece in pieces]
    widths = widths_m([piece for _, piece in claimed]).tolist()
    for (pair, piece), wide in zip(claimed, widths, strict=True):
        kind, of = (Kind.SLIVER, "overlap") if wide < scene.limits.sliver_m else (Kind.OVERLAP, "")
        found.append(ground_finding(kind, pair, piece, wide=wide, of=of))
    return found


def _twice(pair: tuple[int, int], pieces: list[Polygon]) -> Finding:
    at = inner_point(max(pieces, key=lambda piece: piece.area))
    size = sum(area_m2(piece) for piece in pieces)
    return Finding(Kind.DUPLICATE, pair, joined(pieces), at, size, width_m=float(widths_m(pieces).max()))


def _outside(scene: Scene, union: BaseGeometry, parent: BaseGeometry) -> list[Finding]:
    """Return every piece of a shape that leaves the parent; the union tells first where that is."""
    pieces: list[tuple[int, Polygon]] = []
    for beyond in ground(union.difference(parent)):
        for index in np.sort(scene.tree.query(beyond, predicate="intersects")).tolist():
            pieces += [(index, part) for part in ground(scene.shapes[index].intersection(beyond))]
    widths = widths_m([piece for _, piece in pieces]).tolist()
    return [
        ground_finding(Kind.OUTSIDE_PARENT, (index,), piece, wide=wide)
        for (index, piece), wide in zip(pieces, widths, strict=True)
    ]


def _unmatched(scene: Scene, found: list[Finding]) -> list[Finding]:
    missed = misses(scene.shapes, scene.scale, scene.limits.match_m)
    groups: dict[Key, list[Miss]] = {}
    for miss in missed:
        key = miss.vertex if miss.near is None else min(miss.vertex, miss.near)
        groups.setdefault(key, []).append(miss)
    told = [_vertex_finding(group) for group in groups.values()]
    return _not_within(told, [each for each in found if each.kind in _MENDS_VERTICES], scene)


def _vertex_finding(group: list[Miss]) -> Finding:
    parts = {part for miss in group for part in (*miss.owners, miss.other)}
    places = {miss.vertex for miss in group} | {miss.near for miss in group if miss.near is not None}
    worst = max(group, key=lambda miss: miss.distance)
    place = Point(min(places)) if len(places) == 1 else MultiPoint(sorted(places))
    return Finding(
        Kind.UNMATCHED_VERTEX,
        tuple(sorted(parts)),
        place,
        Point(worst.vertex),
        distance_m=round(worst.distance, 4),
    )


def _not_within(told: list[Finding], found: list[Finding], scene: Scene) -> list[Finding]:
    """Leave out vertices on the edge of a larger flaw of just these shapes: mending it matches them."""
    if not told or not found:
        return told
    tree = shapely.STRtree([each.place for each in found])
    near = 2 * scene.limits.match_m / float(scene.scale.min())
    rows, hits = tree.query(as_array(each.place for each in told), predicate="dwithin", distance=near)
    covered = {
        row
        for row, hit in zip(rows.tolist(), hits.tolist(), strict=True)
        if {*told[row].parts} <= {*found[hit].parts}
    }
    return [each for row, each in enumerate(told) if row not in covered]


def _unexplained(flagged: _Flagged, found: list[Finding]) -> list[Finding]:
    """Return shapes whose invalid edges no finding touches: edges that cross at less than the noise."""
    # A gap breaks no edge; one too wide to be filled would hide what crosses beside it.
    places = [each for each in found if each.wrong and each.kind is not Kind.GAP]
    tree = shapely.STRtree([each.place for each in places])
    told = []
    for index, edges in zip(flagged.index.tolist(), flagged.edges, strict=True):
        lines = _single(edges)
        rows, hits = tree.query(lines, predicate="dwithin", distance=3 / 1e7)
        known = {
            row for row, hit in zip(rows.tolist(), hits.tolist(), strict=True) if index in places[hit].parts
        }
        left = [line for row, line in enumerate(lines) if row not in known]
        if left:
            at = shapely.line_interpolate_point(left[0], 0.5, normalized=True)
            told.append(Finding(Kind.UNMATCHED_VERTEX, (index,), shapely.union_all(left), at, distance_m=0.0))
    return told


def _single(edges: BaseGeometry) -> Shapes:
    """Return the two-point lines of a line or lines."""
    lines = [
        np.asarray(shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)))
        for points in (shapely.get_coordinates(line) for line in shapely.get_parts(edges))
    ]
    return np.concatenate(lines)
