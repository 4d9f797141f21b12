"""The ground that is divided: given communities, grids of today, or what lies around the households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import NotEnough
from geo.shapes.crs import shape_to_lonlat, shape_to_metric, to_metric
from geo.shapes.snap import snap

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import IntArray, Shapes
    from geo.shapes.proposal.linework import Solids
    from geo.shapes.proposal.question import ProposalGround, Wish

#: Without communities the ground reaches this far beyond the outermost households: a house with its yard
#: and the street before it [ours].
REACH_M = 100.0
#: How tightly the hull follows the households: 0 is the tightest, 1 the convex hull [ours].
_HULL_RATIO = 0.25
#: The hull keeps this far from buildings, so that its edge cuts none.
_CLEAR_M = 3.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The grounds divided each by itself (EPSG:4326), the code of each, and whether borders were given."""

    shapes: Shapes
    codes: tuple[str, ...]
    given: bool


def frame_of(ground: ProposalGround, wish: Wish, solids: Solids, *, epsg: int) -> Frame:
    """Return the ground to divide.

    Chosen grids of today come first, then given communities, then the hull of the households.
    """
    if wish.only:
        chosen = [ground.today[number] for number in sorted(set(wish.only))]
        codes = sorted({grid.community for grid in chosen})
        joined = [shapely.union_all([g.shape for g in chosen if g.community == code]) for code in codes]
        return Frame(np.array(joined, dtype=object), tuple(codes), given=True)
    if ground.communities:
        shapes = np.array([snap(community.shape) for community in ground.communities], dtype=object)
        return Frame(shapes, tuple(community.code for community in ground.communities), given=True)
    return Frame(np.array([_hull(ground, solids, epsg)], dtype=object), ("",), given=False)


def _hull(ground: ProposalGround, solids: Solids, epsg: int) -> shapely.Geometry:
    homes = np.unique(to_metric(ground.households, epsg), axis=0)
    tight = shapely.concave_hull(shapely.multipoints(homes), ratio=_HULL_RATIO)
    wide: Any = shapely.simplify(shapely.buffer(tight, REACH_M, quad_segs=4), REACH_M / 10)
    # A building on the edge is taken in whole, which may reach the next one: three rounds settle rows.
    for _ in range(3):
        near = solids.tree.query(shape_to_lonlat(wide, epsg).boundary, predicate="intersects")
        if not len(near):
            break
        yards = [
            shapely.buffer(shape_to_metric(solids.shapes[i], epsg), _CLEAR_M, join_style="mitre")
            for i in near
        ]
        wide = shapely.union_all([wide, *yards])
    outer = max(shapely.get_parts(wide), key=lambda part: part.area)
    return snap(shape_to_lonlat(shapely.Polygon(outer.exterior), epsg))


def owner_of_households(frame: Frame, points: Shapes) -> IntArray:
    """Return the ground each household (EPSG:4326 point) lies in, -1 outside all; on a border the first.

    Raises
    ------
    NotEnough
        ``proposal_no_households`` (field `outside`) when all lie outside.
    """
    which, ground = shapely.STRtree(frame.shapes).query(points, predicate="intersects")
    owner = np.full(len(points), len(frame.shapes), np.int64)
    np.minimum.at(owner, which, ground)
    owner[owner == len(frame.shapes)] = -1
    if (owner < 0).all():
        raise NotEnough("proposal_no_households", outside=len(points))
    return owner
