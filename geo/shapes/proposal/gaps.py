"""Lines through the gaps between buildings: the generalised Voronoi diagram of what stands in a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import Voronoi, cKDTree

from geo.shapes.crs import to_lonlat, to_metric
from geo.shapes.proposal.linework import Linework, Rank

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import BoolArray, FloatArray, IntArray, Shapes
    from geo.shapes.proposal.linework import Solids

#: Walls are sampled this densely: half the narrowest gap worth a boundary, an alley of 4 m [ours].
_SAMPLE_M = 2.0
#: Between buildings wall to wall the lines start where the walls are sampled, so more densely [ours].
_PARTY_SAMPLE_M = 1.0
#: A wall this near to another building is shared: nobody walks between them [ours].
_SHARED_M = 0.3
#: Lines reach this far into a building before they are cut off at its wall: far more than rounding.
_MEET_M = 0.1
#: A line between two buildings is straightened by no more than this; where that leads it into a wall, it
#: is led round the building like any other line.
_STRAIGHT_M = 1.5
#: A line that starts this near to the end of a shared wall starts there: it was drawn midway between the
#: samples on both sides.
_CORNER_M = 1.5
#: Farther than any two points of a town.
_APART_M = 1e6
#: A household is at home in the building within this distance; entrances are plotted before the door.
_DOOR_M = 12.0


def gap_lines(
    blocks: Shapes, homes: tuple[Shapes, IntArray], stands: tuple[Solids, IntArray], *, epsg: int
) -> Linework:
    """Return lines (EPSG:4326, rank `Rank.GAP`) that part the homes of each block from each other.

    The lines are the edges of the Voronoi diagram of the walls (Okabe et al. 2000), hence midway between
    buildings. A building without households goes with the nearest one that has some. Households apart
    from any building are sites of their own. Between buildings that share a wall the lines end where that
    wall begins.

    Parameters
    ----------
    blocks : (b,) array of Polygon, EPSG:4326
        The blocks to divide.
    homes : (n,) array of Point, EPSG:4326, and (n,) array of int
        The households, and the block of each, -1 for those in none.
    stands : Solids, and (s,) array of int
        The buildings, and the block of each, -1 for those in none.
    """
    points, home = homes
    built = _Built.of(*stands, epsg=epsg)
    spots = to_metric(shapely.get_coordinates(points), epsg)
    sample, site, block_of = _sites(built, spots[home >= 0], home[home >= 0])
    found: list[Shapes] = [np.zeros(0, object)]
    order = np.argsort(block_of, kind="stable")
    for own in np.split(order, np.flatnonzero(np.diff(block_of[order])) + 1):
        if len(own) and (site[own] != site[own[0]]).any():
            block = block_of[own[0]]
            party = built.shapes[(built.block == block) & built.party]
            chains = _chains(_ridges(sample[own], site[own], _metric(blocks[[block]], epsg)[0]), party)
            found.append(_within(chains, blocks[block], epsg=epsg))
    lines = np.concatenate(found)
    return Linework(lines, np.full(len(lines), int(Rank.GAP)))


def lodging(households: FloatArray, shapes: Shapes, *, epsg: int) -> IntArray:
    """Return the shape (EPSG:4326) each household (lon, lat) lives in or next to, -1 where none is near."""
    return _lodging(to_metric(households, epsg), _metric(shapes, epsg))


@dataclass(frozen=True, slots=True)
class _Built:
    """What stands in the blocks, in metres: shapes, the block of each, and which share walls."""

    shapes: Shapes
    block: IntArray
    party: BoolArray

    @classmethod
    def of(cls, solids: Solids, block: IntArray, *, epsg: int) -> _Built:
        inside = np.flatnonzero(block >= 0)
        return cls(_metric(solids.shapes[inside], epsg), block[inside], solids.party[inside])


def _sites(built: _Built, home: FloatArray, homes: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return sample points (metres), the site each belongs to, and its block."""
    wall, solid = _walls(built)
    lodged = _lodging(home, built.shapes)
    site = _with_annexes(
        np.column_stack([wall, _APART_M * built.block[solid]]),
        solid,
        np.unique(lodged[lodged >= 0]),
        len(built.shapes),
    )
    loose, loose_block = _loose(home[lodged < 0], homes[lodged < 0])
    # Repeated points would leave the diagram's outcome to chance.
    wall, kept = np.unique(np.round(wall, 2), axis=0, return_index=True)
    return (
        np.vstack([wall, loose]),
        np.concatenate([site[solid[kept]], len(built.shapes) + np.arange(len(loose))]),
        np.concatenate([built.block[solid[kept]], loose_block]),
    )


def _walls(built: _Built) -> tuple[FloatArray, IntArray]:
    """Return points along all walls but the shared ones, and the building of each."""
    step_m = np.where(built.party, _PARTY_SAMPLE_M, _SAMPLE_M)
    walls = shapely.segmentize(shapely.get_exterior_ring(built.shapes), step_m)
    wall, solid = shapely.get_coordinates(walls, return_index=True)
    shared = _shared(wall, solid, built)
    return wall[~shared], solid[~shared]


def _shared(wall: FloatArray, solid: IntArray, built: _Built) -> BoolArray:
    party = np.flatnonzero(built.party)
    own = np.flatnonzero(built.party[solid])
    which, other = shapely.STRtree(built.shapes[party]).query(
        shapely.points(wall[own]), predicate="dwithin", distance=_SHARED_M
    )
    shared = np.zeros(len(wall), np.bool_)
    shared[own[which[party[other] != solid[own[which]]]]] = True
    return shared


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
    """Return the site of each solid: itself when lived in, else the nearest one that is.

    `wall` is (n, 3): points of different blocks lie so far apart in the third that none is nearest.
    """
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


def _ridges(sample: FloatArray, site: IntArray, block: Any) -> Any:
    """Return the ridges (MultiLineString, metres) between different sites of one block, led through it.

    Each block has a diagram of its own: in one of the whole town the lines would end where the cells of
    the houses across the street begin, before they meet the street.
    """
    everything = np.vstack([sample, shapely.get_coordinates(shapely.envelope(block))])
    middle, reach = everything.mean(axis=0), 10 * (np.ptp(everything, axis=0).max() + 100)
    far = reach * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
    diagram = Voronoi(np.vstack([sample - middle, far]))
    own = np.append(site, np.full(4, -1))
    between = own[diagram.ridge_points]
    kept = (between[:, 0] != between[:, 1]) & (between >= 0).all(axis=1)
    vertices = [v for v, keep in zip(diagram.ridge_vertices, kept, strict=True) if keep and -1 not in v]
    return shapely.multilinestrings(diagram.vertices[np.array(vertices, np.int64).reshape(-1, 2)] + middle)


def _chains(ridges: Any, party: Shapes) -> Shapes:
    """Return ridges joined to chains and straightened; beside shared walls they start at their ends."""
    chains = shapely.get_parts(shapely.line_merge(_outside(ridges, party)))
    return _from_corners(shapely.simplify(chains, _STRAIGHT_M), party)


def _within(chains: Shapes, block: Any, *, epsg: int) -> Shapes:
    """Return chains (metres) as lines in EPSG:4326, cut to the block."""
    lines = shapely.transform(chains, lambda xy: to_lonlat(xy, epsg))
    parts = shapely.get_parts(shapely.intersection(lines, block))
    return np.asarray(parts[(shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)], dtype=object)


def _outside(lines: Any, party: Shapes) -> Any:
    """Return lines (metres) without what lies inside buildings that share walls.

    They still reach a little into the building, so that they are sure to meet its wall.
    """
    if not len(party):
        return lines
    parts = shapely.get_parts(shapely.difference(lines, shapely.buffer(shapely.union_all(party), -_MEET_M)))
    return shapely.multilinestrings(parts[shapely.get_dimensions(parts) == 1])


def _from_corners(chains: Shapes, party: Shapes) -> Shapes:
    """Return the chains with ends near the end of a shared wall moved there."""
    corners = _corners(party)
    if not len(corners) or not len(chains):
        return chains
    xy, chain = shapely.get_coordinates(chains, return_index=True)
    last = np.append(chain[1:] != chain[:-1], True)
    ends = np.flatnonzero(last | np.append(True, last[:-1]))
    found: Any = cKDTree(corners).query(xy[ends], distance_upper_bound=_CORNER_M)
    near = np.isfinite(found[0])
    xy[ends[near]] = corners[found[1][near]]
    return np.asarray(shapely.linestrings(xy, indices=chain), dtype=object)


def _corners(party: Shapes) -> FloatArray:
    """Return the points (metres) on the outside of buildings where two of them meet."""
    if not len(party):
        return np.zeros((0, 2))
    rim = np.unique(shapely.get_coordinates(shapely.union_all(party)), axis=0)
    point, _ = shapely.STRtree(party).query(shapely.points(rim), predicate="dwithin", distance=_MEET_M)
    return rim[np.bincount(point, minlength=len(rim)) > 1]
