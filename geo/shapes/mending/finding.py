"""What can be wrong with polygons that should tile their ground, as values."""

from dataclasses import dataclass
from enum import StrEnum

from shapely import Point
from shapely.geometry.base import BaseGeometry


class Kind(StrEnum):
    """The kinds of findings; the value is the stable code."""

    GAP = "gap"
    OVERLAP = "overlap"
    SLIVER = "sliver"
    UNMATCHED_VERTEX = "unmatched_vertex"
    DUPLICATE_VERTEX = "duplicate_vertex"
    DUPLICATE = "duplicate"
    SELF_CROSSING = "self_crossing"
    SPIKE = "spike"
    OUTSIDE_PARENT = "outside_parent"
    EMPTY = "empty"
    HOLE = "hole"
    MULTIPART = "multipart"


#: Kinds that a person should know of but that break no partition.
REMARKS = frozenset({Kind.HOLE, Kind.MULTIPART})


@dataclass(frozen=True, slots=True)
class Limits:
    """How narrow, near and large things are before they count.

    Attributes
    ----------
    sliver_m : float
        A gap, an overlap or a polygon into which no circle of this diameter fits is a sliver. 3 m: what
        desktop tools leave behind is 1-3 m wide, the narrowest lane between two grids is wider.
    match_m : float
        A vertex this near to a neighbour was meant to lie on it. 5 cm: finer than any survey of a grid
        boundary, wider than an overlap that is taken for snapping noise (2.2 cm), so that whatever is too
        thin to be a sliver still shows as vertices that do not meet.
    gap_m : float
        `repair` fills gaps into which no circle of this diameter fits: 20 m, a street between two grids
        that were drawn from kerb to kerb. A wider gap is a missing grid, which no rule can draw.
    hole_m2 : float
        Without a parent, ground enclosed by several polygons and at least this large (1 km2: larger than a
        grid of 300 households in a town) is taken for a lake left out on purpose: a hole.
    """

    sliver_m: float = 3.0
    match_m: float = 0.05
    gap_m: float = 20.0
    hole_m2: float = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw: what, between which polygons, where and how large.

    Attributes
    ----------
    kind : Kind
    parts : tuple of int
        Indices of the polygons concerned, ascending; those that border a gap.
    place : BaseGeometry
        The flaw itself, EPSG:4326: the ground of a gap, overlap, sliver, hole or of what lies outside, the
        points where vertices do not meet, the triangle of a spike.
    at : Point
        A point of `place` (inside it where it has an inside), EPSG:4326.
    size_m2 : float
        Ground of `place` on the ellipsoid; 0 for vertices.
    width_m : float or None
        Diameter of the largest circle inside `place`, for kinds that have ground.
    distance_m : float or None
        How far a vertex lies from where it should be, or how long a spike is.
    of : str
        For a sliver: of what (``gap``, ``overlap``, ``grid`` or ``part`` of a grid); else empty.
    """

    kind: Kind
    parts: tuple[int, ...]
    place: BaseGeometry
    at: Point
    size_m2: float = 0.0
    width_m: float | None = None
    distance_m: float | None = None
    of: str = ""

    @property
    def code(self) -> str:
        """Return the stable code of what is wrong."""
        return self.kind.value

    @property
    def wrong(self) -> bool:
        """Tell whether the finding breaks the partition; a hole and several parts do not."""
        return self.kind not in REMARKS

    @property
    def free(self) -> bool:
        """Tell whether the finding is ground that belongs to nobody but should."""
        return self.kind is Kind.GAP or self.of == "gap"

    @property
    def shared(self) -> bool:
        """Tell whether the finding is ground that two polygons claim."""
        return self.kind is Kind.OVERLAP or self.of == "overlap"
