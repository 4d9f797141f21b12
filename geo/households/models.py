"""Buildings, dwellings, households and visits.

Names and phones live in `HouseholdContact` alone, under the strictest policy: a transaction sees
one row of it, the one it opened with a purpose (see geo.households.service.reveal_contact). All
other tables, tiles and search hold only the masked forms.
"""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, spatial_index, tile_geometry

TENURES = ("owner", "rented", "vacant", "unknown")
VISIT_OUTCOMES = ("met", "not_met", "phoned", "letter")


class Building(Base):
    """A building footprint: part of the base map, no personal data, no owner area."""

    __tablename__ = "building"
    __tile_layer__ = "base"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    source_ref: Mapped[str | None] = mapped_column()
    kind: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str | None] = mapped_column()
    levels: Mapped[int | None] = mapped_column(SmallInteger)
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")

    __table_args__ = (
        Index("uq_building_source", "county_id", "source_ref", unique=True),
        spatial_index("building", "geom"),
        spatial_index("building", "geom_tile"),
        # What the tiles of zoom 13 draw (geo.tiles), out of ten times as many.
        Index(
            "ix_building_large",
            "geom_tile",
            postgresql_using="gist",
            postgresql_where=text("ST_Area(geom_tile) >= 1500"),
        ),
    )


class Dwelling(Owned, Versioned, Stamped, Base):
    """A dwelling (S7): where it stands and how it is held. Flats of a building share its entrance point."""

    __tablename__ = "dwelling"
    __tile_layer__ = "dwellings"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"), index=True)
    source_ref: Mapped[str | None] = mapped_column()
    address: Mapped[str] = mapped_column()
    plate: Mapped[str] = mapped_column(server_default="")
    building_no: Mapped[str] = mapped_column(server_default="")
    unit_no: Mapped[str] = mapped_column(server_default="")
    room_no: Mapped[str] = mapped_column(server_default="")
    tenure: Mapped[str] = mapped_column(server_default="unknown")
    rooms: Mapped[int | None] = mapped_column(SmallInteger)
    last_visit_on: Mapped[date | None] = mapped_column()
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("POINT")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return constraints and the indexes of map, due list and import."""
        return (
            CheckConstraint(f"tenure IN {TENURES}", name="tenure"),
            Index("uq_dwelling_source", "county_id", "source_ref", unique=True),
            Index("ix_dwelling_due", "area_id", "last_visit_on"),
            Index(
                "ix_dwelling_address",
                "address",
                postgresql_using="gin",
                postgresql_ops={"address": "gin_trgm_ops"},
            ),
            Index("ix_dwelling_plate", "plate"),
            spatial_index("dwelling", "geom"),
            spatial_index("dwelling", "geom_tile"),
        )


class Household(Owned, Versioned, Stamped, Base):
    """The household living in a dwelling; the head's name and phone only as masked text."""

    __tablename__ = "household"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    dwelling_id: Mapped[int] = mapped_column(ForeignKey("dwelling.id", ondelete="CASCADE"), index=True)
    head_masked: Mapped[str] = mapped_column(server_default="")
    phone_masked: Mapped[str] = mapped_column(server_default="")
    occupant_count: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    moved_in_on: Mapped[date | None] = mapped_column()
    moved_out_on: Mapped[date | None] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that one household lives in a dwelling at a time."""
        return (
            CheckConstraint("occupant_count BETWEEN 0 AND 99", name="occupant_count"),
            Index(
                "uq_household_present",
                "dwelling_id",
                unique=True,
                postgresql_where=text("moved_out_on IS NULL"),
            ),
        )


class HouseholdContact(Owned, Base):
    """Name and phone of a household's head: readable one row at a time, with purpose and log."""

    __tablename__ = "household_contact"

    household_id: Mapped[int] = mapped_column(
        ForeignKey("household.id", ondelete="CASCADE"), primary_key=True
    )
    head_name: Mapped[str] = mapped_column()
    phone: Mapped[str] = mapped_column(server_default="")


class Visit(Owned, Stamped, Base):
    """A visit to a dwelling (S9). `client_ref` makes a late or repeated upload harmless.

    `previous_on` is the dwelling's last visit before this one, to which taking it back returns.
    """

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    dwelling_id: Mapped[int] = mapped_column(ForeignKey("dwelling.id", ondelete="CASCADE"), index=True)
    visited_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str] = mapped_column()
    note: Mapped[str] = mapped_column(server_default="")
    actor_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    client_ref: Mapped[str | None] = mapped_column(unique=True)
    previous_on: Mapped[date | None] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of outcomes."""
        return (CheckConstraint(f"outcome IN {VISIT_OUTCOMES}", name="outcome"),)


class DwellingCell(Owned, Base):
    """How many dwellings of an area stand in a square of the web map: what low zooms draw.

    Kept true by a database trigger on `dwelling` (see the first migration). `zoom` is that of the
    squares themselves: a square of zoom z + 4 is 1/16 of a tile of zoom z on each side.
    """

    __tablename__ = "dwelling_cell"

    zoom: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    x: Mapped[int] = mapped_column(Integer, primary_key=True)
    y: Mapped[int] = mapped_column(Integer, primary_key=True)
    area_id: Mapped[int] = mapped_column(primary_key=True)
    dwelling_count: Mapped[int] = mapped_column(Integer)
