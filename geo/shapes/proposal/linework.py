"""The lines a grid's edge may follow, ranked, and the planar faces between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.shapes.snap import GRID_DEG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.shapes.proposal.arrays import BoolArray, FloatArray, IntArray, Shapes

#: An edge counts as cutting a building when it enters it by more than two cells of the coordinate grid
#: (2.2 cm): less is the rounding of a line that runs along a wall.
WALL_DEG = 2 * GRID_DEG
# Lines are led round a building from one cell on: noding may move them by up to another.
_ROUND_DEG = GRID_DEG


class Rank(IntEnum):
    """What lies along an edge, the best boundary first."""

    BORDER = 0
    BANK = 1
    MAIN = 2
    STREET = 3
    LANE = 4
    YARD = 5
    FIELD = 6
    PATH = 7
    TODAY = 8
    WALL = 9
    GAP = 10
    PARTY = 11


RANK_OF_CLASS = {
    "motorway": Rank.MAIN, "trunk": Rank.MAIN, "primary": Rank.MAIN, "secondary": Rank.MAIN,
    "tertiary": Rank.STREET, "residential": Rank.LANE, "service": Rank.YARD, "track": Rank.YARD,
    "cycleway": Rank.PATH, "footway": Rank.PATH,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Linework:
    """Lines (EPSG:4326) and the rank of each."""

    lines: Shapes
    rank: IntArray

    def of(self, ranks: Sequence[Rank]) -> Linework:
        """Return the lines of these ranks."""
        return self.pick(np.isin(self.rank, ranks))

    def pick(self, chosen: BoolArray | IntArray) -> Linework:
        """Return the chosen lines."""
        return Linework(self.lines[chosen], self.rank[chosen])

    def __add__(self, other: Linework) -> Linework:
        return Linework(np.concatenate([self.lines, other.lines]), np.concatenate([self.rank, other.rank]))


def as_lines(shapes: Sequence[Any] | Shapes, rank: Rank | IntArray) -> Linework:
    """Return the lines of any shapes (polygons give their rings), all of one rank or each of its own."""
    array = np.asarray(shapes, dtype=object).reshape(-1)
    ranks = np.broadcast_to(np.asarray(rank, dtype=np.int64), array.shape)
    areal = shapely.get_dimensions(array) == 2
    bare = array.copy()
    bare[areal] = shapely.boundary(array[areal])
    parts, owner = shapely.get_parts(bare, return_index=True)
    kept = (shapely.get_dimensions(parts) == 1) & ~shapely.is_empty(parts)
    return Linework(parts[kept], ranks[owner[kept]])


def points_of(lonlat: FloatArray) -> Shapes:
    """Return (n,) points of (n, 2) coordinates."""
    return np.asarray(shapely.points(lonlat), dtype=object)


@dataclass(frozen=True, slots=True)
class Solids:
    """What no line enters, courtyards filled; EPSG:4326.

    Buildings that stand wall to wall are one solid each, until `geo.shapes.proposal.party` opens those that
    hold too many households.

    Attributes
    ----------
    shapes : (s,) array of Polygon
    inner : (s,) array of Polygon or MultiPolygon
        Each solid without the outermost centimetre, what a line must enter to count as cutting it.
    tree : STRtree
        Of `shapes`.
    party : (s,) array of bool
        Solids that share a wall with another one.
    """

    shapes: Shapes
    inner: Shapes
    tree: shapely.STRtree
    party: BoolArray

    @classmethod
    def of(cls, shapes: Shapes, party: BoolArray) -> Solids:
        """Return solids of these shapes."""
        return cls(shapes, without_edge(shapes), shapely.STRtree(shapes), party)

    @property
    def count(self) -> int:
        """Return how many solids there are."""
        return len(self.shapes)


def without_edge(shapes: Shapes) -> Shapes:
    """Return each shape without its outermost centimetre."""
    return np.asarray(shapely.buffer(shapes, -_ROUND_DEG, join_style="mitre"), dtype=object)


def solids_of(buildings: Sequence[Any]) -> Solids:
    """Return the solids of any number of footprints, all that touch as one."""
    merged = united(polygons_of(buildings))
    # A courtyard belongs to its house; what stands in a filled courtyard goes with it.
    shapes = united(filled(merged))
    return Solids.of(shapes, np.zeros(len(shapes), np.bool_))


def polygons_of(shapes: Sequence[Any] | Shapes) -> Shapes:
    """Return the valid polygons any shapes consist of."""
    valid = shapely.make_valid(np.asarray(shapes, dtype=object).reshape(-1))
    parts = shapely.get_parts(shapely.get_parts(valid))
    return np.asarray(parts[shapely.get_type_id(parts) == 3], dtype=object)


def filled(polygons: Shapes) -> Shapes:
    """Return polygons without their holes."""
    return np.asarray(shapely.polygons(shapely.get_exterior_ring(polygons)), dtype=object)


def united(polygons: Shapes, *, deep: bool = False) -> Shapes:
    """Return the union as polygons; only those that touch are put together, which is what costs.

    `deep`: only those of which one enters another by more than a centimetre, so that walls may be shared.
    """
    tree = shapely.STRtree(without_edge(polygons) if deep else polygons)
    a, b = tree.query(polygons, predicate="intersects")
    number = len(polygons)
    group = connected_components(
        coo_array((np.ones(len(a)), (a, b)), shape=(number, number)), directed=False
    )[1]
    order = np.argsort(group, kind="stable")
    groups = np.split(polygons[order], np.flatnonzero(np.diff(group[order])) + 1) if number else []
    return polygons_of([g[0] if len(g) == 1 else shapely.union_all(g) for g in groups])


def round_buildings(work: Linework, solids: Solids, *, walled: BoolArray) -> tuple[Linework, IntArray]:
    """Lead lines round the buildings they cut: the part inside goes, the walls of the building come in.

    Parameters
    ----------
    walled : (s,) array of bool
        Solids whose walls come in whether they are cut or not.

    Returns
    -------
    work : Linework
        The lines outside buildings, and the walls (rank `Rank.WALL`).
    cut : (k,) array of int
        The solids whose walls came in; each is a face of its own once the lines are noded.
    """
    which, solid = shapely.STRtree(solids.inner).query(work.lines, predicate="intersects")
    cut = np.union1d(solid, np.flatnonzero(walled)).astype(np.int64)
    walls = as_lines(solids.shapes[cut], Rank.WALL)
    if not len(which):
        return work + walls, cut
    order = np.argsort(which, kind="stable")
    touched, start = np.unique(which[order], return_index=True)
    groups = np.split(solid[order], start[1:])
    hidden = np.array([shapely.union_all(solids.shapes[group]) for group in groups], dtype=object)
    clear = as_lines(shapely.difference(work.lines[touched], hidden), work.rank[touched])
    untouched = np.ones(len(work.lines), np.bool_)
    untouched[touched] = False
    return work.pick(untouched) + clear + walls, cut


def faces_between(work: Linework) -> Shapes:
    """Return the polygons (EPSG:4326) that the lines enclose, a valid coverage on the 1e-7 degree grid.

    All lines are noded at once by snap rounding (Hobby 1999; GEOS OverlayNG), so faces that meet share
    every vertex. Dangling lines enclose nothing and leave no trace.
    """
    noded = shapely.union_all(work.lines, grid_size=GRID_DEG)
    # Snap rounding leaves 119.12345680000001-like values; both sides of an edge round alike.
    noded = shapely.transform(noded, lambda xy: np.round(xy, 7))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return np.asarray(faces[shapely.area(faces) > 0], dtype=object)
