"""Which area owns each of many points: boundaries are loaded once, the join is one sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy import func, select

from core.clock import today
from geo.areas.models import Area, AreaBoundary

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Owner:
    """The columns by which a row belongs to an area."""

    area_id: int
    county_id: int
    area_path: str


@dataclass(frozen=True, slots=True)
class Locator:
    """Present areas with their boundaries (EPSG:4326), in the same order."""

    owners: tuple[Owner, ...]
    shapes: NDArray[np.object_]

    def locate(self, points: NDArray[Any]) -> NDArray[np.int64]:
        """Return for each point the index of the deepest area that holds it, `NOWHERE` outside all.

        On a shared border the area with the lower id owns the point, so the answer never wavers.
        """
        found = np.full(len(points), NOWHERE, np.int64)
        if not len(points) or not self.owners:
            return found
        # Polygons ask for points, not points for polygons: each polygon is then prepared once.
        area, point = shapely.STRtree(points).query(self.shapes, predicate="intersects")
        depth = np.array([owner.area_path.count(".") for owner in self.owners])
        ids = np.array([owner.area_id for owner in self.owners])
        order = np.lexsort((ids[area], -depth[area], point))
        first = np.unique(point[order], return_index=True)[1]
        found[point[order][first]] = area[order][first]
        return found


def load_locator(session: Session, county_id: int, *, near: tuple[float, float] | None = None) -> Locator:
    """Return the locator over the present boundaries of one county.

    With `near` (lon, lat) only over those whose box holds that point: enough to locate this one.
    """
    query = (
        select(Area.id, Area.county_id, Area.path, func.ST_AsBinary(AreaBoundary.geom))
        .join(AreaBoundary, AreaBoundary.area_id == Area.id)
        .where(Area.county_id == county_id, Area.valid_to.is_(None), AreaBoundary.valid.contains(today()))
        .order_by(Area.path)
    )
    if near is not None:
        point = func.ST_SetSRID(func.ST_MakePoint(*near), 4326)
        query = query.where(AreaBoundary.geom.op("&&")(point))
    rows = session.execute(query).all()
    owners = tuple(Owner(row[0], row[1], row[2]) for row in rows)
    shapes = np.array([shapely.from_wkb(bytes(row[3])) for row in rows], dtype=object)
    return Locator(owners, shapes)
