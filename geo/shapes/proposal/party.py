"""Buildings that stand wall to wall: one solid, until more live in it than a grid can take or leave.

A boundary between two of them runs along the wall they share and cuts neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.shapes.proposal.linework import Solids, filled, polygons_of, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from geo.shapes.proposal.arrays import BoolArray, IntArray, Shapes


def opened(solids: Solids, buildings: Sequence[BaseGeometry], load: IntArray, *, limit: float) -> Solids:
    """Return the solids with those that hold more than `limit` households replaced by their buildings.

    Buildings of which one enters another by more than a centimetre, or stands in its courtyard, stay one:
    no line between them would spare both.

    Parameters
    ----------
    solids : Solids
        As `solids_of` gives them for `buildings`.
    buildings : sequence of Polygon or MultiPolygon, EPSG:4326
    load : (s,) array of int
        Households of each solid.
    """
    heavy = np.flatnonzero(load > limit)
    if not len(heavy):
        return solids
    polygons = polygons_of(buildings)
    inside = shapely.point_on_surface(polygons)
    own, clump = shapely.STRtree(solids.shapes[heavy]).query(inside, predicate="intersects")
    several = np.bincount(clump, minlength=len(heavy)) > 1
    units = _units(polygons[np.unique(own[several[clump]])])
    shapes = np.concatenate([np.delete(solids.shapes, heavy[several]), units])
    number = len(solids.shapes) - int(several.sum())
    party = np.concatenate([np.zeros(number, np.bool_), _touching(units)])
    return Solids.of(shapes, party)


def _units(polygons: Shapes) -> Shapes:
    """Return the buildings no line can part, courtyards filled."""
    return united(filled(united(polygons, deep=True)), deep=True)


def _touching(units: Shapes) -> BoolArray:
    a, b = shapely.STRtree(units).query(units, predicate="intersects")
    touching = np.zeros(len(units), np.bool_)
    touching[a[a != b]] = True
    return touching
