"""What is wrong with a polygon by itself: no ground, a crossing, a spike, a vertex twice, too narrow."""

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import area_m2
from geo.shapes.mending.finding import Finding, Kind
from geo.shapes.mending.measure import Points, inner_point, perhaps_narrow, polygons_of, widths_m
from geo.shapes.mending.ring import Vertices, blunt, repeated, spikes, vertices_of
from geo.shapes.mending.scene import Scene
from geo.shapes.partition import invalid_at

type Place = tuple[float, ...]


def alone(scene: Scene) -> list[Finding]:
    """Return the findings that concern one shape, or a vertex that several share."""
    vertices = vertices_of(scene.bare)
    return [
        *_empty(scene),
        *_repeated(vertices),
        *_spiked(scene, vertices),
        *_crossing(scene),
        *_multipart(scene),
        *_narrow(scene),
    ]


def _empty(scene: Scene) -> list[Finding]:
    return [
        Finding(Kind.EMPTY, (int(index),), scene.bare[index], _point_in(scene.bare[index]))
        for index in np.flatnonzero(shapely.is_empty(scene.shapes))
    ]


def _repeated(vertices: Vertices) -> list[Finding]:
    rows = repeated(vertices)
    grouped = _by_place(vertices.xy[rows].tolist(), vertices.owner[rows].tolist())
    return [
        Finding(Kind.DUPLICATE_VERTEX, parts, Point(place), Point(place), distance_m=0.0)
        for place, parts in grouped.items()
    ]


def _spiked(scene: Scene, vertices: Vertices) -> list[Finding]:
    limits = scene.limits
    found = spikes(vertices, scene.scale, limits.sliver_m, limits.match_m)
    grouped = _by_place(found.tip.tolist(), found.owner.tolist())
    rows = {tuple(tip): row for row, tip in enumerate(found.tip.tolist())}
    return [
        _spike(parts, found.tip[row], (found.beside[row], found.foot[row]), float(found.length[row]))
        for parts, row in ((parts, rows[place]) for place, parts in grouped.items())
    ]


def _spike(parts: tuple[int, ...], tip: Points, base: tuple[Points, Points], length: float) -> Finding:
    place: BaseGeometry = Polygon([tip, *base])
    size = area_m2(place)
    if place.area == 0:
        place = LineString([tip, base[0]])
    return Finding(Kind.SPIKE, parts, place, Point(tip), size, distance_m=round(length, 2))


def _crossing(scene: Scene) -> list[Finding]:
    limits = scene.limits
    found = []
    for index in scene.invalid.tolist():
        shape = scene.bare[index]
        if blunt(shape, scene.scale, limits.sliver_m, limits.match_m).is_valid:
            continue  # a spike of no width is invalid too, but is told as a spike
        at = invalid_at(shape) or _point_in(shape)
        found.append(Finding(Kind.SELF_CROSSING, (index,), at, at))
    return found


def _multipart(scene: Scene) -> list[Finding]:
    """Return shapes drawn in several parts; an invalid one falls into parts only when made valid."""
    found = []
    for index in np.flatnonzero(shapely.get_num_geometries(scene.bare) > 1).tolist():
        parts = sorted(polygons_of(scene.bare[index]), key=lambda part: -part.area)
        if len(parts) > 1 and index not in scene.invalid:
            size = area_m2(scene.bare[index])
            found.append(Finding(Kind.MULTIPART, (index,), scene.bare[index], inner_point(parts[1]), size))
    return found


def _narrow(scene: Scene) -> list[Finding]:
    """Return grids, and parts of grids, narrower than a sliver."""
    parts, owner = shapely.get_parts(scene.shapes, return_index=True)
    count = np.bincount(owner, minlength=len(scene.shapes))
    rows = np.flatnonzero(perhaps_narrow(parts, scene.limits.sliver_m))
    found = []
    for row, wide in zip(rows.tolist(), widths_m(parts[rows]).tolist(), strict=True):
        if wide < scene.limits.sliver_m:
            of = "part" if count[owner[row]] > 1 else "grid"
            found.append(ground_finding(Kind.SLIVER, (int(owner[row]),), parts[row], wide=wide, of=of))
    return found


def ground_finding(
    kind: Kind, parts: tuple[int, ...], place: Polygon, *, wide: float, of: str = ""
) -> Finding:
    """Return a finding that has ground; `wide` is its width in metres."""
    return Finding(kind, parts, place, inner_point(place), area_m2(place), width_m=wide, of=of)


def _by_place(places: list[list[float]], owners: list[int]) -> dict[Place, tuple[int, ...]]:
    grouped: dict[Place, set[int]] = {}
    for place, owner in zip(places, owners, strict=True):
        grouped.setdefault(tuple(place), set()).add(owner)
    return {place: tuple(sorted(grouped[place])) for place in sorted(grouped)}


def _point_in(shape: BaseGeometry) -> Point:
    points = shapely.get_coordinates(shape)
    finite = points[np.isfinite(points).all(axis=1)]
    return Point(finite[0]) if len(finite) else Point()
