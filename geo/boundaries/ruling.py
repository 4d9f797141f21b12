"""The rules a drafted partition is judged by, with what lies on the ground: households and buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping

from geo.boundaries import queries
from geo.shapes.edits.rule import Rules, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground


def households_of(session: Session, drafted: Drafted, shapes: Mapping[int, Ground]) -> dict[int, int]:
    """Return how many households live in each of the shapes (EPSG:4326), by key."""
    keys = sorted(shapes)
    if not keys:
        return {}
    homes = queries.homes_under(session, drafted.row.area_path)
    counts = np.zeros(len(keys), dtype=np.int64)
    if len(homes.lonlat):
        points = np.asarray(shapely.points(homes.lonlat), dtype=object)
        tree = shapely.STRtree([shapes[key] for key in keys])
        point, shape = tree.query(points, predicate="intersects")
        # On a shared border the lower key counts the dwelling, as when rows are moved.
        first = np.unique(point[np.lexsort((shape, point))], return_index=True)[1]
        order = np.lexsort((shape, point))[first]
        np.add.at(counts, shape[order], homes.households[point[order]])
    return {key: int(count) for key, count in zip(keys, counts, strict=True)}


def findings(session: Session, drafted: Drafted) -> list[dict[str, Any]]:
    """Return what breaks a rule, refusals first: kind, severity, grids (keys), place, point and size."""
    homes = queries.homes_under(session, drafted.row.area_path)
    box = drafted.tiling.frame.bounds
    buildings = queries.buildings_in(session, drafted.row.county_id, box)
    found = judge(
        drafted.tiling, Rules(), households=homes.lonlat, weights=homes.households, buildings=buildings
    )
    return [
        {
            "kind": one.kind,
            "severity": one.severity,
            "grids": list(one.keys),
            "size": one.size,
            "place": mapping(one.place),
            "at": [round(one.place.representative_point().x, 7), round(one.place.representative_point().y, 7)],
        }
        for one in found
    ]
