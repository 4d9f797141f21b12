"""Which faces of a planar coverage share an edge, how long it is in metres, and what lies along it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.shapes.crs import to_metric
from geo.shapes.proposal.linework import Rank
from geo.shapes.snap import GRID_DEG

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import FloatArray, IntArray, Shapes
    from geo.shapes.proposal.linework import Linework

RANKS = len(Rank)
#: Noding moves a line by at most half a cell's diagonal at either end; four cells are 4 cm.
_ALONG_DEG = 4 * GRID_DEG


@dataclass(frozen=True, slots=True)
class Segments:
    """The straight pieces of the faces' edges, each once.

    Attributes
    ----------
    ends : (s, 2, 2) array
        lon, lat of both ends.
    left, right : (s,) arrays of int
        The faces on both sides; `right` is -1 on the outer edge.
    length_m : (s,) array
    rank : (s,) array of int
        The best of the lines along the piece, `Rank.GAP` where there is none.
    """

    ends: FloatArray
    left: IntArray
    right: IntArray
    length_m: FloatArray
    rank: IntArray


def segments_of(faces: Shapes, work: Linework, *, epsg: int) -> Segments:
    """Return the pieces of all edges of `faces` (EPSG:4326, a valid coverage), ranked by `work`."""
    rings, owner = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    nodes, node = np.unique(np.round(xy * 1e7).astype(np.int64), axis=0, return_inverse=True)
    node = node.reshape(-1)
    same = np.flatnonzero(ring[1:] == ring[:-1])
    pair = np.sort(np.column_stack([node[same], node[same + 1]]), axis=1)
    face = owner[ring[same]]
    order = np.lexsort((face, pair[:, 1], pair[:, 0]))
    pair, face = pair[order], face[order]
    first = np.ones(len(pair), np.bool_)
    first[1:] = (pair[1:] != pair[:-1]).any(axis=1)
    at = np.flatnonzero(first)
    double = np.append(~first[1:], False)[at]
    right = np.where(double, face[np.minimum(at + 1, len(face) - 1)], -1)
    lonlat = nodes / 1e7
    ends = lonlat[pair[at]]
    metres = to_metric(lonlat, epsg)[pair[at]]
    length_m = np.hypot(*(metres[:, 1] - metres[:, 0]).T)
    return Segments(ends, face[at], right, length_m, _ranks(ends, work))


def _ranks(ends: FloatArray, work: Linework) -> IntArray:
    middles = shapely.points(ends.mean(axis=1))
    which, line = shapely.STRtree(work.lines).query(middles, predicate="dwithin", distance=_ALONG_DEG)
    rank = np.full(len(ends), int(Rank.GAP), np.int64)
    np.minimum.at(rank, which, work.rank[line])
    return rank


def with_party_walls(segments: Segments, solid: IntArray) -> Segments:
    """Return the segments with those between two buildings ranked `Rank.PARTY`, unless a line runs there.

    Parameters
    ----------
    solid : (f,) array of int
        The building each face is, -1 for open ground.
    """
    at = np.append(solid, -1)
    left, right = at[segments.left], at[segments.right]
    party = (left >= 0) & (right >= 0) & (left != right) & (segments.rank >= Rank.WALL)
    return replace(segments, rank=np.where(party, int(Rank.PARTY), segments.rank))


@dataclass(frozen=True, slots=True)
class Links:
    """Which parts touch: `pairs` (m, 2) with the smaller number first, `length_m` (m, RANKS) by rank."""

    pairs: IntArray
    length_m: FloatArray


def links_of(segments: Segments, part: IntArray, *, frame: IntArray) -> Links:
    """Return the links between different parts in one frame; `part` and `frame` are given per face."""
    inner = segments.right >= 0
    a, b = segments.left[inner], segments.right[inner]
    same = (part[a] != part[b]) & (part[a] >= 0) & (part[b] >= 0) & (frame[a] == frame[b])
    ends = np.sort(np.column_stack([part[a], part[b]])[same], axis=1)
    pairs, which = np.unique(ends, axis=0, return_inverse=True)
    length_m = np.zeros((len(pairs), RANKS))
    np.add.at(length_m, (which.reshape(-1), segments.rank[inner][same]), segments.length_m[inner][same])
    return Links(pairs.reshape(-1, 2), length_m)
