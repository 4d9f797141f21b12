"""The rules a drafted partition is judged by, with what lies on the ground: households and buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping

from geo.boundaries import queries
from geo.shapes.edits.rule import Found, Households, Rules, judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground


#: Defaults [ours]: a grid of 150 to 500 households is what one captain can know; 2 km2 is an hour's walk.
DEFAULT_LIMITS: dict[str, float | None] = {
    "min_area_m2": 500.0,
    "max_area_m2": 2_000_000.0,
    "min_households": None,
    "max_households": 500.0,
}


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
        order = np.lexsort((shape, point))
        order = order[np.unique(point[order], return_index=True)[1]]
        np.add.at(counts, shape[order], homes.households[point[order]])
    return {key: int(count) for key, count in zip(keys, counts, strict=True)}


def findings(session: Session, drafted: Drafted) -> list[dict[str, Any]]:
    """Return what breaks a rule, refusals first: kind, severity, grids (keys), size, place (GeoJSON), at."""
    homes = queries.homes_under(session, drafted.row.area_path)
    buildings = queries.buildings_in(session, drafted.row.county_id, drafted.tiling.frame.bounds)
    living = Households(homes.lonlat, homes.households.astype(np.float64))
    found = judge(drafted.tiling, rules_of(session), households=living, buildings=list(buildings))
    return [_told(one) for one in found]


def _told(one: Found) -> dict[str, Any]:
    at = one.place.representative_point()
    return {
        "kind": one.kind.value,
        "severity": one.severity.value,
        "grids": list(one.keys),
        "size": round(one.size, 1),
        "place": mapping(one.place),
        "at": [round(at.x, 7), round(at.y, 7)],
    }


def rules_of(session: Session) -> Rules:
    """Return the rules of this installation: the stored setting ``grid_rules``, else the defaults [ours]."""
    stored = queries.stored_setting(session, "grid_rules") or {}
    limits = {name: stored.get(name, default) for name, default in DEFAULT_LIMITS.items()}
    return Rules(
        min_area_m2=limits["min_area_m2"],
        max_area_m2=limits["max_area_m2"],
        min_households=limits["min_households"],
        max_households=limits["max_households"],
    )
