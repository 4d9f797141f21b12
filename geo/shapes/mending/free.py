"""Ground that belongs to nobody: gaps, narrow inlets, holes left on purpose."""

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.alone import ground_finding
from geo.shapes.mending.finding import Finding, Kind
from geo.shapes.mending.measure import (
    as_array,
    from_plane,
    ground,
    in_plane,
    joined,
    polygons_of,
    widths_m,
)
from geo.shapes.mending.scene import Scene
from geo.shapes.partition import NOISE_DEG

# Closing the outline with mitred corners gives every corner back exactly unless its mitre is longer than
# this many times the distance: corners sharper than 2 asin(1/5) = 23 degrees stay filled. No outline of a
# grid has such a corner on purpose; two neighbours that do not quite meet do.
_MITRE_LIMIT = 5.0
# GEOS simplifies a line before it buffers it, by up to 1 % of the distance.
_SLACK = 1.02
# The two outlines coincide almost everywhere; on a grid of 1 mm, a tenth of the stored one, the difference
# of 20,000 vertices takes 0.2 s instead of 1.5 s, and rounding brings the vertices back.
_FINE_M = 0.001
# A disc of NOISE_DEG around a corner covers less boundary than this: such a neighbour only touches.
_TOUCH_DEG = 6 * NOISE_DEG


def union_of(scene: Scene, flagged: NDArray[np.intp]) -> BaseGeometry:
    """Return the union of a scene; shapes without invalid edges are merged by their shared edges alone."""
    rest = np.ones(len(scene.shapes), bool)
    rest[flagged] = False
    sound = shapely.coverage_union_all(scene.shapes[rest & ~shapely.is_empty(scene.shapes)])
    return shapely.union_all([sound, *scene.shapes[flagged]])


def free_ground(scene: Scene, union: BaseGeometry, parent: BaseGeometry | None) -> list[Finding]:
    """Return every connected piece of ground that should belong to a shape and does not, and holes.

    Parameters
    ----------
    scene
    union : BaseGeometry
        Of the scene's shapes.
    parent : BaseGeometry or None
        With it everything of it that is left free is a gap.
    """
    if parent is not None:
        pieces = ground(parent.difference(union))
        return [_gap(scene, piece, wide) for piece, wide in zip(pieces, widths_m(pieces), strict=True)]
    pieces = ground(joined(_enclosed(union)))
    enclosed = [_judged(scene, piece, wide) for piece, wide in zip(pieces, widths_m(pieces), strict=True)]
    return [*enclosed, *_inlets(scene, union)]


def _enclosed(union: BaseGeometry) -> list[Polygon]:
    """Return what the union encloses: its holes without the shapes that stand in them as islands."""
    parts = polygons_of(union)
    holes = [Polygon(ring) for part in parts for ring in part.interiors]
    if len(parts) == 1:
        return holes
    tree = shapely.STRtree(parts)
    return [
        piece
        for hole in holes
        for piece in polygons_of(
            hole.difference(shapely.union_all([parts[at] for at in tree.query(hole, predicate="contains")]))
        )
    ]


def _gap(scene: Scene, piece: Polygon, wide: float) -> Finding:
    parts = _neighbours(scene, piece)
    if wide < scene.limits.sliver_m:
        return ground_finding(Kind.SLIVER, parts, piece, wide=wide, of="gap")
    return ground_finding(Kind.GAP, parts, piece, wide=wide)


def _judged(scene: Scene, piece: Polygon, wide: float) -> Finding:
    """Judge enclosed ground: a ring drawn in one polygon is meant, a lake between several is large."""
    found = _gap(scene, piece, wide)
    if found.kind is Kind.GAP and (len(found.parts) == 1 or found.size_m2 >= scene.limits.hole_m2):
        return replace(found, kind=Kind.HOLE)
    return found


def _inlets(scene: Scene, union: BaseGeometry) -> list[Finding]:
    """Return clefts open to the outside between two shapes, narrower than a sliver.

    They are what the closing of mathematical morphology adds to the union (Serra 1982).
    """
    radius = scene.limits.sliver_m / 2 * _SLACK
    # Without holes: those are judged by themselves.
    flat = in_plane(shapely.union_all([Polygon(part.exterior) for part in polygons_of(union)]), scene.scale)
    grown = flat.buffer(radius, join_style="mitre", mitre_limit=_MITRE_LIMIT)
    closed = grown.buffer(-radius, join_style="mitre", mitre_limit=_MITRE_LIMIT)
    added = shapely.difference(closed, flat, grid_size=_FINE_M)
    pieces = ground(from_plane(added, scene.scale))
    return [
        ground_finding(Kind.SLIVER, parts, piece, wide=wide, of="gap")
        for piece, wide in zip(pieces, widths_m(pieces).tolist(), strict=True)
        if wide < scene.limits.sliver_m and len(parts := _neighbours(scene, piece)) > 1
    ]


def _neighbours(scene: Scene, piece: Polygon) -> tuple[int, ...]:
    """Return the shapes that border `piece` along an edge, else those that touch it."""
    near = np.sort(scene.tree.query(piece, predicate="dwithin", distance=NOISE_DEG))
    if not len(near):
        return ()
    around = piece.buffer(NOISE_DEG, quad_segs=2)
    edges = as_array(shape.boundary for shape in scene.shapes[near])
    along = shapely.length(shapely.intersection(edges, around)) > _TOUCH_DEG
    return tuple(int(index) for index in (near[along] if along.any() else near))
