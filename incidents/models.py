"""Incidents, their types, and the hotspots a run found among them."""

from datetime import datetime
from typing import Any, ClassVar

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Computed, ForeignKey, Identity, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, spatial_index, tile_geometry

SOURCES = ("resident", "hotline", "visit", "patrol", "informant", "import", "camera")
STATES = ("reported", "accepted", "routed", "handling", "closed", "archived")


class IncidentType(Base):
    """A type of incident (S28), two levels deep; S44 types do not exist here."""

    __tablename__ = "incident_type"

    code: Mapped[str] = mapped_column(primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("incident_type.code"))
    name_zh: Mapped[str] = mapped_column()
    name_en: Mapped[str] = mapped_column()
    hotspot_allowed: Mapped[bool] = mapped_column(server_default="true")


class Incident(Owned, Versioned, Stamped, Base):
    """Something that happened at a place and a time; nothing in it names a person."""

    __tablename__ = "incident"
    __tile_layer__ = "incidents"
    __counted_apart__: ClassVar = {"open_case": "state NOT IN ('closed', 'archived')"}

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    source_ref: Mapped[str | None] = mapped_column()
    type_code: Mapped[str] = mapped_column(ForeignKey("incident_type.code"))
    occurred_at: Mapped[datetime] = mapped_column()
    reported_at: Mapped[datetime | None] = mapped_column()
    source: Mapped[str] = mapped_column(server_default="import")
    state: Mapped[str] = mapped_column(server_default="reported")
    address: Mapped[str] = mapped_column(server_default="")
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("POINT")
    #: The square of zoom 20 it lies in: whole numbers are grouped several times as fast as coordinates.
    square_x: Mapped[int] = mapped_column(
        Integer, Computed("map_square(ST_X(ST_Transform(geom, 3857)))", persisted=True)
    )
    square_y: Mapped[int] = mapped_column(
        Integer, Computed("map_square(-ST_Y(ST_Transform(geom, 3857)))", persisted=True)
    )

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return closed sets and the indexes of map, hotspot job and import."""
        return (
            CheckConstraint(f"source IN {SOURCES}", name="source"),
            CheckConstraint(f"state IN {STATES}", name="state"),
            Index("uq_incident_source", "county_id", "source_ref", unique=True),
            # With what far tiles need, so that they read the index alone.
            Index(
                "ix_incident_time",
                "county_id",
                "occurred_at",
                postgresql_include=["area_path", "square_x", "square_y"],
            ),
            spatial_index("incident", "geom"),
            spatial_index("incident", "geom_tile"),
        )


class Hotspot(Owned, Stamped, Base):
    """A place where a run found significantly more incidents than its background (S33).

    `area_id` is the area the run was asked for. Counts, interval and q-value are the run's;
    `profile` holds shares by type, hour and weekday. A hotspot expires and is then drawn no more.
    """

    __tablename__ = "hotspot"
    __tile_layer__ = "hotspots"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id", ondelete="CASCADE"), index=True)
    rank: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column()
    window_from: Mapped[datetime] = mapped_column()
    window_to: Mapped[datetime] = mapped_column()
    observed: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float] = mapped_column()
    ratio: Mapped[float] = mapped_column()
    ratio_low: Mapped[float] = mapped_column()
    ratio_high: Mapped[float] = mapped_column()
    p_value: Mapped[float] = mapped_column()
    q_value: Mapped[float] = mapped_column()
    area_m2: Mapped[float] = mapped_column()
    profile: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    expires_at: Mapped[datetime] = mapped_column()
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes of map and list."""
        return (
            Index("ix_hotspot_expires", "county_id", "expires_at"),
            spatial_index("hotspot", "geom_tile"),
        )
