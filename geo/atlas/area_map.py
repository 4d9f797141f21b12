"""The map of any area with numbered places on it: what stands out where, for a report on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import boundary_shape, child_boundaries
from geo.atlas import queries
from geo.shapes.crs import metric_epsg
from geo.shapes.sheet.drawing import Drawing, draw_area
from geo.shapes.sheet.ground import AreaShape, Ground
from geo.shapes.sheet.paper import Size
from geo.shapes.sheet.projection import Projection
from geo.shapes.sheet.roadway import MAIN

#: Smaller scales than this show only streets that lead beyond the quarter, and no buildings: a house of 20 m
#: would be 1 mm.
_WHOLE_FROM = 20_000


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A drawn area; `osm`: its streets came from OpenStreetMap, whose licence wants to be named."""

    drawing: Drawing
    osm: bool


def area_map(session: Session, area: Area, places: Sequence[BaseGeometry], size: Size) -> AreaMap:
    """Draw an area with the borders of its parts and `places` (EPSG:4326), numbered from 1.

    Raises
    ------
    NotFound
        ``boundary_missing`` (field `area`): the area has no boundary today.
    """
    shape = boundary_shape(session, area.id)
    if shape is None:
        raise NotFound("boundary_missing", area=area.name)
    centre = shape.centroid
    projection, chosen = Projection.around(
        shape, settings().metric_epsg or metric_epsg(centre.x, centre.y), size
    )
    box = projection.extent()
    whole = projection.denominator <= _WHOLE_FROM
    ground = Ground(
        subject=shape,
        group=area.code,
        roads=queries.roads_under(session, area.county_id, box, classes=() if whole else MAIN),
        cover=queries.cover_under(session, area.county_id, box),
        buildings=queries.buildings_under(session, area.county_id, box) if whole else queries.shapes_of([]),
        others=[
            AreaShape(part.level, part.code, part.name, surface, group=part.code)
            for part, surface in child_boundaries(session, area)
        ],
    )
    return AreaMap(
        draw_area(ground, projection, chosen, places=places),
        queries.has_osm_ground(session, area.county_id, box),
    )
