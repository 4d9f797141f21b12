"""What a person sends to the studio, read into an edit: JSON in, a difference of the tiling out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely
from shapely import LineString, Point, Polygon

from core.errors import InvalidInput
from geo.boundaries import queries
from geo.boundaries.proposing import proposal_of, taken_over
from geo.shapes.edits.border import follow, reshape
from geo.shapes.edits.carving import cut_hole, draw
from geo.shapes.edits.division import split
from geo.shapes.edits.feature_path import path_along
from geo.shapes.edits.gap_path import path_between_buildings
from geo.shapes.edits.joining import merge
from geo.shapes.edits.mending import mend
from geo.shapes.edits.simplification import simplify
from geo.shapes.edits.strip import give_strip
from geo.shapes.edits.vertex import delete_vertex, insert_vertex, move_vertex
from geo.shapes.tiling import Difference, EditRefused
from geo.shapes.traverse import traverse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted

#: A hand draws dozens of corners, a traced river some hundreds; a zigzag of thousands across a community
#: would hold a web thread for minutes.
MOST_CORNERS, MOST_REDRAWN = 1_000, 300
#: A drawn corner this near to a boundary is meant to be on it [ours]: a finger's width at zoom 18.
SNAP_M = 3.0
#: Streets and waters are looked for this far around what is drawn, in degrees (about 300 m).
ROOM_DEG = 0.003


@dataclass(frozen=True, slots=True)
class Sent:
    """The parameters of one edit as they were sent; every reader refuses what it cannot use.

    Raises
    ------
    InvalidInput
        ``drawing_unreadable`` or ``parameter_unusable`` (fields `name`, `wanted`).
    """

    values: Mapping[str, Any]

    def key(self, name: str) -> int:
        """Return the key of a grid."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput("parameter_unusable", name=name, wanted="grid")
        return value

    def keys(self, name: str) -> list[int]:
        """Return keys of grids, in the order they were chosen."""
        value = self.values.get(name)
        if not isinstance(value, list) or not value or not all(type(one) is int for one in value):
            raise InvalidInput("parameter_unusable", name=name, wanted="grids")
        return list(dict.fromkeys(value))

    def metres(self, name: str, *, default: float | None = None, most: float = 10_000.0) -> float:
        """Return a positive length."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            raise InvalidInput("parameter_unusable", name=name, wanted=f"0…{most:g} m")
        return float(value)

    def point(self, name: str) -> Point:
        """Return a place (lon, lat)."""
        return Point(_position(self.values.get(name)))

    def line(self, name: str = "line", *, most: int = MOST_CORNERS) -> LineString:
        """Return a line: positions, or a start with legs of bearing and distance."""
        line = _line(self.values.get(name))
        if len(line.coords) > most:
            raise InvalidInput("parameter_unusable", name=name, wanted=f"≤ {most}")
        return line

    def lines(self, name: str = "lines") -> list[LineString]:
        """Return several lines."""
        value = self.values.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= 50:
            raise InvalidInput("parameter_unusable", name=name, wanted="1…50")
        return [_line(one) for one in value]

    def polygon(self, name: str = "polygon") -> Polygon:
        """Return a polygon given by its outer ring, closed or not."""
        ring = _line(self.values.get(name)).coords
        if len(set(ring)) < 3:
            raise InvalidInput("drawing_unreadable")
        return Polygon(ring)


def _line(value: Any) -> LineString:
    if isinstance(value, Mapping) and "legs" in value:
        return traverse(_position(value.get("start")), _legs(value["legs"]))
    positions = value.get("coordinates") if isinstance(value, Mapping) else value
    if not isinstance(positions, list) or len(positions) < 2:
        raise InvalidInput("drawing_unreadable")
    if len(positions) > MOST_CORNERS:
        raise InvalidInput("parameter_unusable", name="coordinates", wanted=f"≤ {MOST_CORNERS}")
    return LineString([_position(one) for one in positions])


def _legs(value: Any) -> list[tuple[float, float]]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_CORNERS:
        raise InvalidInput("drawing_unreadable")
    legs = []
    for leg in value:
        bearing, distance = (
            _numbers(leg.get("bearing_deg"), leg.get("distance_m"))
            if isinstance(leg, Mapping)
            else (math.nan, math.nan)
        )
        if not (-360 <= bearing <= 360 and 0 < distance <= 100_000):
            raise InvalidInput("leg_unusable", bearing=str(bearing), distance=str(distance))
        legs.append((bearing, distance))
    return legs


def _numbers(*values: Any) -> tuple[float, ...]:
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return tuple(math.nan for _ in values)
    try:
        return tuple(float(value) for value in values)
    except OverflowError:  # a whole number of hundreds of digits
        return tuple(math.nan for _ in values)


def _position(value: Any) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InvalidInput("drawing_unreadable")
    lon, lat = _numbers(*value)
    # Not-a-number fails the comparison.
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidInput("drawing_unreadable")
    return lon, lat


type Reader = Callable[["Session", "Drafted", Sent], "Difference"]


def difference_for(session: Session, drafted: Drafted, kind: str, sent: Sent) -> Difference:
    """Return what an edit would change.

    Raises
    ------
    InvalidInput
        ``edit_unknown`` (field `kind`), what `Sent` refuses, and every `EditRefused` of geo.shapes.edits.
    """
    reader = EDITS.get(kind)
    if reader is None:
        raise InvalidInput("edit_unknown", kind=kind)
    return reader(session, drafted, sent)


def _follow(session: Session, drafted: Drafted, sent: Sent) -> Difference:
    grids = sent.keys("grids")
    if len(grids) != 2:
        raise InvalidInput("parameter_unusable", name="grids", wanted="2")
    first, second = grids
    return follow(drafted.tiling, first, second, _path(session, drafted, sent))


def _path(session: Session, drafted: Drafted, sent: Sent) -> LineString:
    start, end = sent.point("start"), sent.point("end")
    county_id = drafted.row.county_id
    for place in (start, end):
        # Places far apart would bring in the streets or buildings of a whole county.
        if not shapely.dwithin(place, drafted.tiling.frame, ROOM_DEG):
            raise EditRefused("edit_leaves_frame", place=place)
    box = shapely.box(*LineString([start, end]).bounds).buffer(ROOM_DEG).bounds
    along = sent.values.get("along", "road")
    if along == "gap":
        return path_between_buildings(list(queries.buildings_in(session, county_id, box)), start, end)
    if along == "water":
        return path_along(list(queries.waters_in(session, county_id, box)), start, end)
    if along == "road":
        return path_along(list(queries.roads_in(session, county_id, box)), start, end)
    raise InvalidInput("parameter_unusable", name="along", wanted="road, water, gap")


def _strip(_session: Session, drafted: Drafted, sent: Sent) -> Difference:
    giver, taker = sent.key("giver"), sent.key("taker")
    if "line" in sent.values:
        return give_strip(drafted.tiling, giver, taker, line=sent.line(most=MOST_REDRAWN))
    return give_strip(drafted.tiling, giver, taker, width_m=sent.metres("width_m"))


EDITS: dict[str, Reader] = {
    "draw": lambda _, d, s: draw(d.tiling, s.polygon(), snap_m=s.metres("snap_m", default=SNAP_M, most=50.0)),
    "split": lambda _, d, s: split(d.tiling, s.key("grid"), s.lines()),
    "merge": lambda _, d, s: merge(d.tiling, s.keys("grids")),
    "move_vertex": lambda _, d, s: move_vertex(d.tiling, s.point("at"), s.point("to")),
    "insert_vertex": lambda _, d, s: insert_vertex(d.tiling, s.point("at")),
    "delete_vertex": lambda _, d, s: delete_vertex(d.tiling, s.point("at")),
    "reshape": lambda _, d, s: reshape(d.tiling, s.line(most=MOST_REDRAWN)),
    "follow": _follow,
    "give_strip": _strip,
    "cut_hole": lambda _, d, s: cut_hole(d.tiling, s.key("grid"), s.polygon()),
    "proposal": lambda x, d, s: taken_over(d, proposal_of(x, d, s.key("proposal"))),
    "repair": lambda _, d, s: mend(d.tiling, at=s.point("at") if s.values.get("at") else None),
    "simplify": lambda _, d, s: simplify(d.tiling, s.metres("tolerance_m", most=200.0)),
}
