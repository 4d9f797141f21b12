"""Drawn blocks for tests whose houses stand wall to wall, as ground for proposals."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import affinity

from geo.shapes.crs import shape_to_lonlat, to_metric
from geo.shapes.proposal import Community, ProposalGround
from geo.shapes.snap import snap
from tests.proposal.towns import EPSG, LAT, LON

ORIGIN = to_metric(np.array([[LON, LAT]]), EPSG)[0]


@dataclass
class Drawing:
    """Houses (metres), the households of each, and streets round them; turned by `turn_deg`."""

    turn_deg: float = 0.0
    houses: list[shapely.Polygon] = field(default_factory=list)
    homes: list[int] = field(default_factory=list)
    streets: list[shapely.LineString] = field(default_factory=list)

    def house(self, west: float, south: float, east: float, north: float, homes: int) -> None:
        self.houses.append(shapely.box(west, south, east, north))
        self.homes.append(homes)

    def street_round(self, west: float, south: float, east: float, north: float) -> None:
        ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        self.streets += [shapely.LineString(pair) for pair in itertools.pairwise(ring)]

    def ground(self) -> ProposalGround:
        """Return the drawing in EPSG:4326; the streets' hull is community A."""
        houses = [self.placed(house) for house in self.houses]
        streets = [self.placed(street) for street in self.streets]
        inhabited = [number for number, homes in enumerate(self.homes) if homes]
        spots = [houses[number].representative_point().coords[0] for number in inhabited]
        rim = shapely.union_all(streets).convex_hull
        return ProposalGround(
            roads=streets,
            road_classes=["residential"] * len(streets),
            households=np.round(spots, 7),
            counts=np.array([self.homes[number] for number in inhabited], np.int64),
            buildings=houses,
            communities=[Community("A", snap(rim))],
        )

    def placed(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape of the drawing in EPSG:4326."""
        turned = affinity.rotate(shape, self.turn_deg, origin=(0, 0))
        return snap(shape_to_lonlat(shapely.transform(turned, lambda xy: xy + ORIGIN), EPSG))


def row(homes: list[int], *, depth_m: float = 12.0, street_m: float = 15.0) -> ProposalGround:
    """Return houses of 10 m wall to wall, streets `street_m` away on all sides.

    +-----------------+
    | [a|b|c|d|e|f|g] |
    +-----------------+
    """
    drawing = Drawing()
    for number, count in enumerate(homes):
        drawing.house(10.0 * number, 0, 10.0 * (number + 1), depth_m, count)
    drawing.street_round(-street_m, -street_m, 10.0 * len(homes) + street_m, depth_m + street_m)
    return drawing.ground()
