"""What a map file holds for a county: road sections, buildings, ground cover and places (pure values)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

if TYPE_CHECKING:
    from shapely.geometry import LineString, MultiPolygon, Point

    from geo.roads.tags import RoadUse

    type Box = tuple[float, float, float, float]

_EARTH = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Section:
    """A street between two junctions; `line` in EPSG:4326."""

    source_ref: str
    from_node: int
    to_node: int
    road_class: str
    name: str | None
    oneway: str
    foot: bool
    bicycle: bool
    car: bool
    bridge: bool
    tunnel: bool
    line: LineString

    @classmethod
    def of(
        cls, use: RoadUse, line: LineString, *, source_ref: str, ends: tuple[int, int], name: str | None
    ) -> Section:
        """Return the section along `line` between the nodes `ends`, used like the road it is a piece of."""
        return cls(
            source_ref=source_ref,
            from_node=ends[0],
            to_node=ends[1],
            road_class=use.road_class,
            name=name,
            oneway=use.oneway,
            foot=use.foot,
            bicycle=use.bicycle,
            car=use.car,
            bridge=use.bridge,
            tunnel=use.tunnel,
            line=line,
        )


@dataclass(frozen=True, slots=True)
class Footprint:
    """A building; `shape` in EPSG:4326."""

    source_ref: str
    kind: str
    name: str | None
    levels: int | None
    shape: MultiPolygon


@dataclass(frozen=True, slots=True)
class Cover:
    """Water, green or farmland; `shape` in EPSG:4326."""

    source_ref: str
    kind: str
    name: str | None
    shape: MultiPolygon


@dataclass(frozen=True, slots=True)
class PlacePoint:
    """A key place; `point` in EPSG:4326."""

    source_ref: str
    kind: str
    name: str
    address: str
    point: Point


@dataclass(slots=True)
class Ground:
    """Everything read from one file; `skipped` counts what was left out, by reason code."""

    sections: list[Section] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    places: list[PlacePoint] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def count(self) -> int:
        """Return how many things were read."""
        return len(self.sections) + len(self.footprints) + len(self.covers) + len(self.places)

    def extent(self) -> Box | None:
        """Return west, south, east, north of everything; None when nothing was read.

        Roads decide where there are any: a lake or a forest may reach far beyond the town.
        """
        shapes: list[Any] = [section.line for section in self.sections]
        shapes = shapes or [each.shape for each in self.footprints] + [each.shape for each in self.covers]
        shapes = shapes or [place.point for place in self.places]
        if not shapes:
            return None
        west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
        return west, south, east, north


def lengths_m(lines: list[LineString]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the geodesic length (WGS 84) of each line in metres, shape ``(n,)``."""
    coordinates, owner = shapely.get_coordinates(np.asarray(lines, dtype=object), return_index=True)
    if not len(coordinates):
        return np.zeros(len(lines))
    same = owner[1:] == owner[:-1]
    start, end = coordinates[:-1][same], coordinates[1:][same]
    _, _, distance_m = _EARTH.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    return np.bincount(owner[1:][same], weights=np.asarray(distance_m), minlength=len(lines))


def as_multipolygon(shape: Any) -> MultiPolygon | None:
    """Return the polygonal parts as a valid multipolygon on the 1e-7 degree grid, None if there are none."""
    valid = shapely.make_valid(shape)
    valid = shapely.set_precision(valid, 1e-7)
    parts = [part for part in shapely.get_parts(valid) if part.geom_type in {"Polygon", "MultiPolygon"}]
    polygons = [part for part in shapely.get_parts(parts) if not part.is_empty] if parts else []
    return shapely.multipolygons(polygons) if polygons else None
