"""Figures of an earlier day: counted by the boundaries, households and placements of that day.

Today's owners play no part, so what was counted once is counted again, whatever was published since.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import text

from core.clock import local_zone
from geo.areas.queries import dated_grids

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geo.areas.models import Area


def households_as_of(session: Session, community: Area, on: date) -> dict[int, int]:
    """Return how many households each grid of a community had on a day, by the grid's id.

    A household counts from the day it moved in to the day before it moved out (from ever, where nobody wrote
    the day down); a dwelling counts for the grid in whose boundary of that day it lies, or for the one in
    which it was placed by hand then.
    """
    grids = dated_grids(session, community.id, on=on)
    if not grids:
        return {}
    ids = [grid.area.id for grid in grids]
    shapes = [grid.shape for grid in grids]
    rows = _living(session, community.county_id, shapely.total_bounds(shapes), on)
    values = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 4)
    at = np.full(len(values), -1, dtype=np.int64)
    point, shape = shapely.STRtree(shapes).query(
        np.asarray(shapely.points(values[:, :2]), dtype=object), predicate="intersects"
    )
    # On a shared border the lower code of that day counts the dwelling.
    order = np.lexsort((shape, point))
    point, first = np.unique(point[order], return_index=True)
    at[point] = shape[order][first]
    for index in np.flatnonzero(values[:, 3] > 0):
        held = int(values[index, 3])
        at[index] = ids.index(held) if held in ids else -1
    inside = at >= 0
    counts = np.bincount(at[inside], values[inside, 2], minlength=len(ids))
    return {area_id: int(count) for area_id, count in zip(ids, counts, strict=True)}


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), local_zone())


def _living(
    session: Session, county_id: int, box: np.ndarray[tuple[int], np.dtype[np.float64]], on: date
) -> list[tuple[float, float, int, int]]:
    """Return (lon, lat, households, grid that held it by hand or 0) of the dwellings lived in on a day.

    Those in the box west, south, east, north, and those that a hand held anywhere.
    """
    west, south, east, north = (float(value) for value in box)
    rows = session.execute(
        text(
            "SELECT ST_X(d.geom), ST_Y(d.geom), count(h.id), coalesce(max(p.area_id), 0) "
            "FROM dwelling AS d JOIN household AS h ON h.dwelling_id = d.id "
            "AND (h.moved_in_on IS NULL OR h.moved_in_on <= :day) "
            "AND (h.moved_out_on IS NULL OR h.moved_out_on > :day) "
            "LEFT JOIN hand_placement AS p ON p.subject_kind = 'dwelling' AND p.subject_id = d.id "
            "AND p.created_at < :after AND (p.ended_at IS NULL OR p.ended_at >= :after) "
            "WHERE d.county_id = :county AND (p.id IS NOT NULL "
            "OR d.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)) GROUP BY d.id"
        ),
        {
            "county": county_id, "day": on, "after": _end_of(on),
            "west": west, "south": south, "east": east, "north": north,
        },
    ).all()  # fmt: skip
    return [(row[0], row[1], row[2], row[3]) for row in rows]
