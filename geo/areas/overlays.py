"""Which area the rows of an overlay belong to: the smallest that holds their ground whole.

An overlay is a layer of its own over the ground that grids divide (S3). Its model says which one it is
(``__overlay__``), has code, name and geom, and holds from valid_from until the day before valid_to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import Table, text

from core.db import Base
from geo.areas.ownership import hand_over
from geo.areas.queries import present_boundaries
from geo.shapes.partition import beyond, is_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy.orm import Session

    from geo.areas.models import Area
    from geo.areas.ownership import NewOwner

# Grids end and are cut anew: a row that belonged to one would lose its owner.
_OWNER_LEVELS = ("community", "town")


def smallest_holders(shapes: Sequence[BaseGeometry], grounds: Sequence[BaseGeometry]) -> list[int | None]:
    """Return for each shape the index of the first of `grounds` that holds it whole, but for noise.

    All EPSG:4326. A ground is asked only about the shapes it meets, and an exact answer comes before a cut:
    ten thousand shapes in a hundred communities take seconds.

    >>> from shapely import box
    >>> smallest_holders([box(0, 0, 1, 1), box(1, 0, 3, 1)], [box(0, 0, 1, 1), box(0, 0, 2, 1)])
    [0, None]
    """
    found: list[int | None] = [None] * len(shapes)
    if not len(shapes) or not len(grounds):
        return found
    shapely.prepare(np.asarray(grounds, dtype=object))
    rows, places = shapely.STRtree(grounds).query(np.asarray(shapes, dtype=object), predicate="intersects")
    for row, place in sorted(zip(rows.tolist(), places.tolist(), strict=True)):
        if found[row] is None and _holds(grounds[place], shapes[row]):
            found[row] = place
    return found


def _holds(ground: BaseGeometry, shape: BaseGeometry) -> bool:
    if ground.covers(shape):
        return True
    return not ground.touches(shape) and is_noise(beyond([shape], ground)[0])


@dataclass(frozen=True, slots=True)
class Holders:
    """A county, and its communities and towns with their boundaries (EPSG:4326), deepest first."""

    county: Area
    areas: Sequence[tuple[Area, BaseGeometry]]

    @classmethod
    def of(cls, session: Session, county: Area) -> Holders:
        """Return the present holders of a county."""
        return cls(county, present_boundaries(session, county.id, levels=_OWNER_LEVELS))

    def owner(self, shape: BaseGeometry) -> Area:
        """Return the smallest area that holds `shape` whole; the county where none does."""
        return self.owners([shape])[0]

    def owners(self, shapes: Sequence[BaseGeometry]) -> list[Area]:
        """Return for each shape the smallest area that holds it whole; the county where none does."""
        found = smallest_holders(shapes, [ground for _, ground in self.areas])
        return [self.county if place is None else self.areas[place][0] for place in found]


def overlay_tables(overlay: str = "") -> list[Table]:
    """Return the tables of an overlay, of all overlays without a name."""
    return [
        mapper.local_table
        for mapper in Base.registry.mappers
        if (own := getattr(mapper.class_, "__overlay__", ""))
        and overlay in {"", own}
        # A mapper may also map a join; a model of ours never does.
        and isinstance(mapper.local_table, Table)
    ]


def reown_overlays(session: Session, holders: Holders) -> dict[str, int]:
    """Give the rows of a county's overlays that have not ended to the smallest area that holds them now.

    Whoever calls holds the partition (`geo.areas.queries.hold_partition`), or the county is new.

    Returns
    -------
    dict
        Table name to number of rows that changed hands, tables without any left out.
    """
    session.flush()
    moved: dict[str, int] = {}
    for table in overlay_tables():
        moved |= hand_over(session, table, _misplaced(session, table, holders))
    return moved


def _misplaced(session: Session, table: Table, holders: Holders) -> list[NewOwner]:
    rows = session.execute(
        text(
            f"SELECT t.id, t.area_id, ST_AsBinary(t.geom) FROM {table.name} AS t "  # noqa: S608 - our own names
            "WHERE t.county_id = :county AND t.valid_to IS NULL ORDER BY t.id"
        ),
        {"county": holders.county.id},
    ).all()
    owners = holders.owners(list(shapely.from_wkb([bytes(wkb) for _, _, wkb in rows])))
    return [
        (row_id, owner.id, owner.path)
        for (row_id, area_id, _), owner in zip(rows, owners, strict=True)
        if owner.id != area_id
    ]
