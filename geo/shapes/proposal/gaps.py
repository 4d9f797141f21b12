"""Lines through the gaps between buildings: the generalised Voronoi diagram of what stands in a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import Voronoi, cKDTree

from geo.shapes.crs import to_lonlat, to_metric
from geo.shapes.proposal.linework import Linework, Rank

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import FloatArray, IntArray, Shapes
    from geo.shapes.proposal.linework import Solids

#: Walls are sampled this densely: half the narrowest gap worth a boundary, an alley of 4 m [ours].
_SAMPLE_M = 2.0
#: A line between two buildings is straightened by no more than this; where that leads it into a wall, it
#: is led round the building like any other line.
_STRAIGHT_M = 1.5
#: A household is at home in the building within this distance; entrances are plotted before the door.
_DOOR_M = 12.0


def gap_lines(blocks: Shapes, points: Shapes, homes: IntArray, solids: Solids, *, epsg: int) -> Linework:
    """Return lines (EPSG:4326, rank `Rank.GAP`) that part the homes of each block from each other.

    The lines are the edges of the Voronoi diagram of the walls (Okabe et al. 2000), hence midway between
    buildings. A building without households goes with the nearest one that has some. Households apart
    from any building are sites of their own.

    Parameters
    ----------
    blocks : (b,) array of Polygon, EPSG:4326
        The blocks to divide.
    points : (n,) array of Point, EPSG:4326
    homes : (n,) array of int
        The block of each household, -1 for those in none.
    """
    sample, site, block = _sites(blocks, points[homes >= 0], homes[homes >= 0], solids, epsg=epsg)
    if len(sample) < 4:
        return _none()
    edge, left, right = _ridges(sample, site, block)
    if not len(edge):
        return _none()
    return _clipped(edge, np.column_stack([left, right]), blocks, epsg=epsg)


def _none() -> Linework:
    return Linework(np.zeros(0, object), np.zeros(0, np.int64))


def _sites(
    blocks: Shapes, points: Shapes, homes: IntArray, solids: Solids, *, epsg: int
) -> tuple[FloatArray, IntArray, IntArray]:
    """Return sample points (metres), the site each belongs to, and its block."""
    inside = shapely.point_on_surface(solids.shapes) if solids.count else np.zeros(0, object)
    which, block_of = shapely.STRtree(blocks).query(inside, predicate="within")
    built = _metric(solids.shapes[which], epsg)
    walls = shapely.segmentize(shapely.get_exterior_ring(built), _SAMPLE_M)
    wall, solid = shapely.get_coordinates(walls, return_index=True)
    home = to_metric(shapely.get_coordinates(points), epsg)
    lodged = _lodging(home, built)
    site = _with_annexes(wall, solid, np.unique(lodged[lodged >= 0]), len(built))
    loose, loose_block = _loose(home[lodged < 0], homes[lodged < 0])
    # Repeated points would leave the diagram's outcome to chance.
    wall, kept = np.unique(np.round(wall, 2), axis=0, return_index=True)
    return (
        np.vstack([wall, loose]),
        np.concatenate([site[solid[kept]], len(built) + np.arange(len(loose))]),
        np.concatenate([block_of[solid[kept]], loose_block]),
    )


def _metric(shapes: Shapes, epsg: int) -> Shapes:
    return np.asarray(shapely.transform(shapes, lambda xy: to_metric(xy, epsg)), dtype=object)


def _lodging(home: FloatArray, built: Shapes) -> IntArray:
    """Return the solid (metric) each household lives in or next to, -1 where none is near."""
    lodged = np.full(len(home), -1, np.int64)
    if len(built) and len(home):
        tree = shapely.STRtree(built)
        which, solid = tree.query_nearest(shapely.points(home), max_distance=_DOOR_M, all_matches=True)
        # Of several at the same distance the first one, whatever order the tree finds them in.
        order = np.lexsort((-solid, which))
        lodged[which[order]] = solid[order]
    return lodged


def _with_annexes(wall: FloatArray, solid: IntArray, lived_in: IntArray, count: int) -> IntArray:
    """Return the site of each solid: itself when lived in, else the nearest one that is."""
    site = np.arange(count, dtype=np.int64)
    home_wall = np.isin(solid, lived_in)
    if not home_wall.any() or home_wall.all():
        return site
    found: Any = cKDTree(wall[home_wall]).query(wall[~home_wall])
    gap, index = found
    order = np.lexsort((gap, solid[~home_wall]))
    first = np.unique(solid[~home_wall][order], return_index=True)
    site[first[0]] = solid[home_wall][index[order[first[1]]]]
    return site


def _loose(home: FloatArray, block: IntArray) -> tuple[FloatArray, IntArray]:
    spots, first = np.unique(np.round(home, 1), axis=0, return_index=True)
    return spots, block[first]


def _ridges(sample: FloatArray, site: IntArray, block: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return (r, 2, 2) ridges between different sites of one block, the block, and the pair of sites."""
    middle, reach = sample.mean(axis=0), 10 * (np.ptp(sample, axis=0).max() + 100)
    far = middle + reach * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
    diagram = Voronoi(np.vstack([sample - middle, far - middle]))
    a, b = diagram.ridge_points.T
    own = np.append(site, np.full(4, -1))
    at = np.append(block, np.full(4, -1))
    corners = [len(corner) == 2 and -1 not in corner for corner in diagram.ridge_vertices]
    kept = np.array(corners) & (own[a] != own[b]) & (at[a] == at[b])
    vertices = np.array([v for v, keep in zip(diagram.ridge_vertices, kept, strict=True) if keep], np.int64)
    edge = diagram.vertices[vertices.reshape(-1, 2)] + middle
    low, high = np.minimum(own[a], own[b])[kept], np.maximum(own[a], own[b])[kept]
    return edge, at[a][kept], low * (len(site) + 1) + high


def _clipped(edge: FloatArray, key: IntArray, blocks: Shapes, *, epsg: int) -> Linework:
    """Return the ridges joined to chains, straightened, and cut to their block."""
    found: list[Shapes] = []
    owner: list[IntArray] = []
    for block in np.unique(key[:, 0]):
        own = shapely.linestrings(edge[key[:, 0] == block])
        chains = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(own)))
        found.append(shapely.simplify(chains, _STRAIGHT_M))
        owner.append(np.full(len(chains), block))
    lines = shapely.transform(np.concatenate(found), lambda xy: to_lonlat(xy, epsg))
    inside = shapely.intersection(lines, blocks[np.concatenate(owner)])
    parts = shapely.get_parts(inside)
    parts = parts[(shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)]
    return Linework(parts, np.full(len(parts), int(Rank.GAP)))
