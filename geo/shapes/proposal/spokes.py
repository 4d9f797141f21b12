"""Lines across empty ground that lies round others like a ring, so that no grid has to take it whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.shapes.proposal.linework import Linework, Rank, points_of
from geo.shapes.snap import GRID_DEG

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import BoolArray, Shapes

#: Empty ground of less compactness (Polsby-Popper) is a ring or a ribbon; a strip of 1 : 16 has 0.17 [ours].
_THIN = 0.17
#: Spokes a face gets at most: enough for every grid around it to end somewhere [ours].
_MOST = 40


def spokes(faces: Shapes, empty: BoolArray, frames: Shapes) -> Linework:
    """Return lines (EPSG:4326, rank `Rank.FIELD`) from street corners round thin empty faces to the rim.

    Parameters
    ----------
    faces : (f,) array of Polygon
    empty : (f,) array of bool
        Faces without households; one that does not reach the rim stays whole.
    frames : array of Polygon or MultiPolygon
        The grounds.
    """
    rims = shapely.boundary(frames)
    thin = empty & (4 * math.pi * shapely.area(faces) / shapely.length(faces) ** 2 < _THIN)
    corners = _corners(faces)
    tree = shapely.STRtree(corners)
    found: list[Any] = []
    for face in faces[thin]:
        own = corners[np.sort(tree.query(face, predicate="intersects"))]
        for rim in rims[shapely.intersects(rims, face)]:
            found += _across(face, own, rim)
    return Linework(np.array(found, dtype=object), np.full(len(found), int(Rank.FIELD)))


def _corners(faces: Shapes) -> Shapes:
    """Return the points where three faces or more meet."""
    rings = shapely.get_rings(faces)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.append(ring[1:] != ring[:-1], True)
    spots, times = np.unique(xy[~last], axis=0, return_counts=True)
    return points_of(spots[times >= 3])


def _across(face: shapely.Polygon, corners: Shapes, rim: Any) -> list[Any]:
    """Return the shortest lines from the corners to the rim that stay in the face."""
    inner = corners[shapely.distance(corners, rim) > 4 * GRID_DEG]
    lines = np.asarray(shapely.shortest_line(inner, rim), dtype=object)
    inside = lines[shapely.covers(shapely.buffer(face, GRID_DEG), lines)]
    return list(inside[:: max(1, math.ceil(len(inside) / _MOST))])
