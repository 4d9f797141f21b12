"""Reads of road sections as arrays, and the speeds this deployment travels at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.db import StoredSetting
from core.errors import InvalidInput
from geo.roads.models import RoadSection
from geo.roads.network import SectionArrays
from geo.roads.speed import DEFAULT_SPEEDS, Mode, SpeedTable
from geo.shapes.crs import to_metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.intake.coordinate import Box

#: Key of the stored setting with speeds that differ from ours: {mode: {road class: km/h}}.
SPEED_SETTING = "road_speeds"


def has_osm_roads(session: Session) -> bool:
    """Tell whether any road came from OpenStreetMap, whose licence wants to be named on every map."""
    return bool(session.scalar(select(exists().where(RoadSection.source_ref.like("osm:%")))))


def load_sections(session: Session, *, county_id: int, epsg: int) -> SectionArrays:
    """Return all road sections of a county, ordered by id, with coordinates in the metric CRS ``epsg``."""
    rows = session.execute(
        select(
            RoadSection.id,
            RoadSection.from_node,
            RoadSection.to_node,
            RoadSection.road_class,
            RoadSection.oneway,
            RoadSection.foot,
            RoadSection.bicycle,
            RoadSection.car,
            func.ST_AsBinary(RoadSection.geom),
        )
        .where(RoadSection.county_id == county_id)
        .order_by(RoadSection.id)
    ).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 9
    lines = np.asarray(shapely.from_wkb(np.array([bytes(wkb) for wkb in columns[8]], dtype=object)))
    lonlat, owner = shapely.get_coordinates(lines, return_index=True)
    return SectionArrays(
        section_id=np.array(columns[0], dtype=np.int64),
        from_node=np.array(columns[1], dtype=np.int64),
        to_node=np.array(columns[2], dtype=np.int64),
        road_class=np.array(columns[3], dtype=np.str_),
        oneway=oneway_signs(list(columns[4])),
        foot=np.array(columns[5], dtype=np.bool_),
        bicycle=np.array(columns[6], dtype=np.bool_),
        car=np.array(columns[7], dtype=np.bool_),
        coordinates=to_metric(lonlat, epsg),
        offsets=np.searchsorted(owner, np.arange(len(lines) + 1)).astype(np.int64),
    )


def lines_within(session: Session, box: Box) -> NDArray[np.object_]:
    """Return the centre lines (EPSG:4326) of all sections that meet a box west, south, east, north."""
    inside = RoadSection.geom.op("&&")(func.ST_MakeEnvelope(*box, 4326))
    rows = session.scalars(select(func.ST_AsBinary(RoadSection.geom)).where(inside).order_by(RoadSection.id))
    return np.asarray(shapely.from_wkb([bytes(wkb) for wkb in rows]), dtype=object)


def oneway_signs(words: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return 1, -1 or 0 for ``forward``, ``backward`` and ``both``, shape ``(n,)``."""
    signs = {"forward": 1, "backward": -1, "both": 0}
    return np.array([signs[word] for word in words], dtype=np.int8)


def speed_table(session: Session) -> SpeedTable:
    """Return our speeds with the deployment's own figures in their place.

    Raises
    ------
    InvalidInput
        ``road_speeds_unusable`` (field `detail`): the stored setting names a mode we do not know or a
        speed outside 0..150 km/h.
    """
    stored = session.get(StoredSetting, SPEED_SETTING)
    if stored is None:
        return DEFAULT_SPEEDS
    try:
        changes = {
            Mode(mode): {str(road_class): float(kmh) for road_class, kmh in row.items()}
            for mode, row in stored.value.items()
        }
        return DEFAULT_SPEEDS.override(changes)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput("road_speeds_unusable", detail=str(error)) from error
