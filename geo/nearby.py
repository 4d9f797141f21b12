"""What lies at a pressed point: dwellings, places and areas within a finger's width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from geo.households.queries import visit_limits
from geo.tile_address import WORLD_M

#: Half of the 44 px a finger covers.
TAP_PX = 22
METRES_PER_DEGREE = 111_195.0  # on the sphere of radius 6,371 km
MOST = 50


@dataclass(frozen=True, slots=True)
class Spot:
    """A pressed point (EPSG:4326) and how far around it counts as pressed.

    Raises InvalidInput ``parameter_unusable`` outside of the web map.
    """

    lon: float
    lat: float
    tolerance_m: float

    def __post_init__(self) -> None:
        for name, value, limit in (("lon", self.lon, 180), ("lat", self.lat, 85.06)):
            if not math.isfinite(value) or abs(value) > limit:
                raise InvalidInput("parameter_unusable", name=name, wanted=f"-{limit}…{limit}")

    @classmethod
    def pressed(cls, lon: float, lat: float, *, zoom: float) -> "Spot":
        """Return the spot a finger covers on a screen of `zoom` (256 px a tile), at least 2 m.

        >>> round(Spot.pressed(0.0, 60.0, zoom=17).tolerance_m, 1)
        13.1
        """
        pixel_m = WORLD_M * math.cos(math.radians(lat)) / (256 * 2 ** max(0.0, min(zoom, 24.0)))
        return cls(lon, lat, max(2.0, TAP_PX * pixel_m))

    def binds(self) -> dict[str, Any]:
        """Return the spot as parameters, with the half sides in degrees of the box around its circle."""
        high = self.tolerance_m / METRES_PER_DEGREE * 1.01  # the ellipsoid's degree is up to 0.6 % shorter
        wide = high / max(0.01, math.cos(math.radians(self.lat)))
        place = {"lon": self.lon, "lat": self.lat, "tolerance_m": self.tolerance_m}
        return place | {"wide": wide, "high": high, "most": MOST}


@dataclass(frozen=True, slots=True)
class _Near:
    """SQL on a table aliased ``t`` with a point column ``geom``: a box the index knows, then metres."""

    point: str = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
    box: str = "ST_MakeEnvelope(:lon - :wide, :lat - :high, :lon + :wide, :lat + :high, 4326)"

    @property
    def distance(self) -> str:
        return f"ST_DistanceSphere(t.geom, {self.point})"

    @property
    def condition(self) -> str:
        return f"t.geom && {self.box} AND {self.distance} <= :tolerance_m"


NEAR = _Near()


def dwellings_near(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return (id, n, address, plate, state, lon, lat, distance_m) of entrances at `spot`, nearest first.

    Flats of an entrance count as one: `id` is the one longest not seen, `n` how many there are.
    """
    return session.execute(
        text(
            "SELECT (array_agg(t.id ORDER BY t.urgency DESC, t.last_visit_on NULLS FIRST, t.id))[1] AS id, "  # noqa: S608
            "count(*)::int AS n, min(t.address) AS address, min(t.plate) AS plate, "
            "(ARRAY['vacant', 'fresh', 'due', 'overdue'])[max(t.urgency) + 1] AS state, "
            f"ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat, {NEAR.distance} AS distance_m FROM ("
            "SELECT id, address, plate, last_visit_on, geom, CASE WHEN tenure = 'vacant' THEN 0 "
            "WHEN last_visit_on IS NULL OR last_visit_on < :overdue_before THEN 3 "
            "WHEN last_visit_on < :due_before THEN 2 ELSE 1 END AS urgency FROM dwelling AS t "
            f"WHERE {NEAR.condition}) AS t GROUP BY t.geom ORDER BY distance_m, id LIMIT :most"
        ),
        {**spot.binds(), **visit_limits()},
    ).all()


def places_near(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return (id, kind, name, address, lon, lat, distance_m) of places at `spot`, nearest first."""
    return session.execute(
        text(
            "SELECT t.id, t.kind, t.name, t.address, ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat, "  # noqa: S608
            f"{NEAR.distance} AS distance_m FROM place AS t WHERE {NEAR.condition} "
            "ORDER BY distance_m, t.id LIMIT :most"
        ),
        spot.binds(),
    ).all()


def drafts_at(session: Session, spot: Spot) -> Sequence[Row[Any]]:
    """Return (id, code, name, geometry) of open drafts that hold `spot`."""
    return session.execute(
        text(
            "SELECT t.id, t.code, t.name, ST_AsGeoJSON(t.geom, 7) AS geometry FROM area_draft AS t "  # noqa: S608
            "JOIN change_set AS c ON c.id = t.change_set_id "
            f"WHERE t.geom && {NEAR.point} AND ST_Intersects(t.geom, {NEAR.point}) "
            "AND c.state IN ('draft', 'review', 'approved') AND t.changed AND NOT t.ended "
            "ORDER BY t.id DESC LIMIT :most"
        ),
        spot.binds(),
    ).all()
