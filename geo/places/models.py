"""Key places (S11), service points (S5) and stations from which teams start."""

from datetime import date
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import Identity, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, spatial_index, tile_geometry


class Place(Owned, Versioned, Stamped, Base):
    """A place that matters for prevention; never a person's home."""

    __tablename__ = "place"
    __tile_layer__ = "places"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    source_ref: Mapped[str | None] = mapped_column()
    kind: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()
    address: Mapped[str] = mapped_column(server_default="")
    staff_count: Mapped[int | None] = mapped_column(Integer)
    last_inspected_on: Mapped[date | None] = mapped_column()
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("POINT")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes of map and import."""
        return (
            Index("uq_place_source", "county_id", "source_ref", unique=True),
            spatial_index("place", "geom"),
            spatial_index("place", "geom_tile"),
        )
