"""Storing key places read from a map file, each in the smallest area that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.intake.bulk import Loaded, hex_wkb, load_new
from geo.areas.locate import NOWHERE, load_locator
from geo.areas.queries import keep_partition
from geo.places.models import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from geo.areas.models import Area
    from geo.roads.ground import PlacePoint

_COLUMNS = ("county_id", "area_id", "area_path", "source_ref", "kind", "name", "address", "geom")


def load_places(session: Session, places: Sequence[PlacePoint], county: Area) -> Loaded:
    """Store places (EPSG:4326) that are not there yet; those outside the county's boundary are left out."""
    if not places:
        return Loaded(0, 0, 0)
    points = np.array([place.point for place in places], dtype=object)
    keep_partition(session, county.id)
    locator = load_locator(session, county.id)
    found = locator.locate(points)
    rows = [
        (county.id, locator.owners[area].area_id, locator.owners[area].area_path, place.source_ref,
         place.kind, place.name, place.address, geom)
        for place, area, geom in zip(places, found, hex_wkb(points), strict=True)
        if area != NOWHERE
    ]  # fmt: skip
    table = Place.__table__
    return load_new(session, table, columns=_COLUMNS, rows=rows, compared=_COLUMNS[4:])  # type: ignore[arg-type]
