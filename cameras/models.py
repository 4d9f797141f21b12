"""The camera register (S13) and what each camera sees (S14). Metadata only, never streams."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Float, ForeignKey, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, spatial_index, tile_geometry

OWNER_KINDS = ("public", "department", "private")
STATUSES = ("working", "offline", "faulty", "planned")


class Camera(Owned, Versioned, Stamped, Base):
    """A camera point. `bearing_deg` clockwise from true north; without one it is taken to see all round."""

    __tablename__ = "camera"
    __tile_layer__ = "cameras"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    source_ref: Mapped[str | None] = mapped_column()
    code: Mapped[str | None] = mapped_column()
    name: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column(server_default="fixed")
    owner_kind: Mapped[str] = mapped_column(server_default="public")
    status: Mapped[str] = mapped_column(server_default="working")
    linked_110: Mapped[bool] = mapped_column(server_default="false")
    linked_centre: Mapped[bool] = mapped_column(server_default="false")
    bearing_deg: Mapped[float | None] = mapped_column(Float)
    view_angle_deg: Mapped[float | None] = mapped_column(Float)
    range_m: Mapped[float | None] = mapped_column(Float)
    height_m: Mapped[float | None] = mapped_column(Float)
    geom: Mapped[WKBElement] = geometry("POINT")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("POINT")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return closed sets, ranges and indexes."""
        return (
            CheckConstraint(f"owner_kind IN {OWNER_KINDS}", name="owner_kind"),
            CheckConstraint(f"status IN {STATUSES}", name="status"),
            CheckConstraint("bearing_deg >= 0 AND bearing_deg < 360", name="bearing"),
            CheckConstraint("view_angle_deg > 0 AND view_angle_deg <= 360", name="view_angle"),
            CheckConstraint("range_m > 0", name="range"),
            CheckConstraint("code ~ '^[0-9]{20}$'", name="code"),
            Index("uq_camera_source", "county_id", "source_ref", unique=True),
            Index("uq_camera_code", "county_id", "code", unique=True),
            spatial_index("camera", "geom"),
            spatial_index("camera", "geom_tile"),
        )


class CameraView(Owned, Base):
    """The ground a camera sees, cut by buildings, as of its last computation."""

    __tablename__ = "camera_view"
    __tile_layer__ = "camera_views"

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("job_run.id", ondelete="SET NULL"))
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    input_digest: Mapped[str] = mapped_column(server_default="")
    area_m2: Mapped[float] = mapped_column()
    geom: Mapped[WKBElement] = geometry("POLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("POLYGON")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes of map and analysis."""
        return (spatial_index("camera_view", "geom"), spatial_index("camera_view", "geom_tile"))
