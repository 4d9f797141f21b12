"""What a repair did, as values."""

from dataclasses import dataclass, field
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.finding import Finding


class Rule(StrEnum):
    """By which rule a finding was mended; the value is the stable code.

    LONGEST_EDGE
        Free ground goes to the neighbour with which it shares the longest edge. A gap between more than two
        is first cut across at their corners, so that no grid grows a tail along the others.
    LONGEST_BORDER
        Ground claimed twice goes to the claimant that it borders the longest.
    LARGER_SHARE
        ... but when it is more than half of one claimant, to the one of which it is the larger share: a grid
        drawn on top of another is cut out of it, never swallowed.
    CLIPPED
        Ground outside the parent is cut off.
    MATCHED
        A vertex of one was inserted into the neighbour's edge.
    SNAPPED
        Vertices of neighbours within the tolerance became one, where most of them were.
    MADE_VALID
        A polygon that crosses itself keeps what its rings surround.
    SPIKE_CUT, VERTEX_REMOVED
        A spike was cut off at its foot; a vertex that stood twice stands once.
    DROPPED
        A polygon drawn twice keeps its ground the first time only.
    """

    LONGEST_EDGE = "longest_edge"
    LONGEST_BORDER = "longest_border"
    LARGER_SHARE = "larger_share"
    CLIPPED = "clipped"
    MATCHED = "matched"
    SNAPPED = "snapped"
    MADE_VALID = "made_valid"
    SPIKE_CUT = "spike_cut"
    VERTEX_REMOVED = "vertex_removed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that was done about `finding`.

    `area_m2` went from `giver` to `taker` (indices; None for nobody's ground); `shift_m` is how far a
    boundary moved at most.
    """

    finding: Finding
    rule: Rule
    giver: int | None = None
    taker: int | None = None
    area_m2: float = 0.0
    shift_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Repaired:
    """Shapes after a repair and its account.

    Attributes
    ----------
    shapes : list of Polygon or MultiPolygon
        In the order given, EPSG:4326 on the 1e-7 degree grid. A shape that needed no change is the very
        object that was given.
    moves : list of Move
    remaining : list of Finding
        What was left: gaps wider than the limit, narrow grids, narrow parts in such a gap that border nobody,
        shapes without ground, remarks.
    dropped : tuple of int
        Shapes that were drawn twice; they are empty now.
    """

    shapes: list[BaseGeometry]
    moves: list[Move] = field(default_factory=list)
    remaining: list[Finding] = field(default_factory=list)
    dropped: tuple[int, ...] = ()
