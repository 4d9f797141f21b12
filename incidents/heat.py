"""The heat surface of a run's period: read the incidents, let the engine smooth them, give back outlines."""

from dataclasses import dataclass
from datetime import datetime

import shapely
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.settings import settings
from geo.areas.models import Area
from geo.shapes.crs import shape_to_lonlat, shape_to_metric
from incidents.hotspots.forecast import ground_of_boundary
from incidents.hotspots.surface import density, levels
from incidents.queries import IncidentSelection, hotspot_types, load_incident_arrays
from incidents.service import boundary_of, epsg_of, in_metres

CELL_M = 100.0
#: Farther than this a county would be cut into more cells than a page can wait for.
_LARGE_M2, _LARGE_CELL_M = 1e9, 200.0


@dataclass(frozen=True)
class Heat:
    """One class: incidents per km² and month from `least` to `below`, and its ground (EPSG:4326)."""

    least: float
    below: float | None
    shape: shapely.MultiPolygon


def heat_of(
    session: Session, area: Area, *, types: tuple[str, ...], start: datetime, end: datetime
) -> list[Heat]:
    """Return the heat surface of an area's incidents in [start, end), lowest class first.

    Raises
    ------
    NotEnough
        ``area_without_boundary`` (field `area`).
    InvalidInput
        ``forecast_ground_unusable`` (fields `area`, `cell_m`).
    """
    boundary = boundary_of(session, area)
    epsg = epsg_of(boundary)
    study_area = shape_to_metric(boundary, epsg)
    cell_m = CELL_M if study_area.area < _LARGE_M2 else _LARGE_CELL_M
    try:
        ground = ground_of_boundary(study_area, cell_m)
    except ValueError as error:
        raise InvalidInput("forecast_ground_unusable", area=area.name, cell_m=f"{cell_m:g}") from error
    selection = IncidentSelection(
        county_id=area.county_id,
        area_path=area.path,
        type_codes=hotspot_types(session, types),
        start=start,
        end=end,
        zone=settings().time_zone,
    )
    found = in_metres(load_incident_arrays(session, selection), epsg)
    days = (end - start).total_seconds() / 86_400
    thick = density(found.x_m, found.y_m, ground, days=days)
    return [
        Heat(level.least, level.below, shape_to_lonlat(level.geom_metric, epsg))
        for level in levels(thick, ground, days=days, study_area=study_area)
    ]
