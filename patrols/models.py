"""Forces, teams, and planned patrols with their routes and stops."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, label_geometry, spatial_index, tile_geometry

MODES = ("foot", "bicycle", "e_scooter", "car")
FORCE_KINDS = ("police", "full_time", "village", "property", "volunteer")
PLAN_STATES = ("draft", "published", "withdrawn")


class Force(Owned, Versioned, Stamped, Base):
    """A patrol force (S16)."""

    __tablename__ = "force"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of kinds; a force's name stands once in a county."""
        return (
            CheckConstraint(f"kind IN {FORCE_KINDS}", name="kind"),
            UniqueConstraint("county_id", "name"),
        )


class Team(Owned, Versioned, Stamped, Base):
    """A team that patrols; starts and ends its shift at `geom`."""

    __tablename__ = "team"
    __follows_ground__ = False

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    force_id: Mapped[int | None] = mapped_column(ForeignKey("force.id"))
    name: Mapped[str] = mapped_column()
    mode: Mapped[str] = mapped_column()
    size: Mapped[int] = mapped_column(Integer, server_default="2")
    active: Mapped[bool] = mapped_column(server_default="true")
    station_name: Mapped[str] = mapped_column(server_default="")
    geom: Mapped[WKBElement] = geometry("POINT")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of modes; a team's name stands once in a county."""
        return (
            CheckConstraint(f"mode IN {MODES}", name="mode"),
            CheckConstraint("size BETWEEN 1 AND 50", name="size"),
            UniqueConstraint("county_id", "name"),
        )


class PatrolDistrict(Owned, Versioned, Stamped, Base):
    """Ground where a force patrols (S3, S18): a layer of its own that follows no grid.

    Its area is the smallest community, town or county that holds it whole. It holds from `valid_from` until
    the day before `valid_to`; a district that is drawn anew ends, and another row begins.
    """

    __tablename__ = "patrol_district"
    __tile_layer__ = "districts"
    __overlay__ = "districts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()
    force_id: Mapped[int | None] = mapped_column(ForeignKey("force.id"), index=True)
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None] = mapped_column()
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")
    label_tile: Mapped[WKBElement | None] = label_geometry()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes; a code stands once among the districts of a county that have not ended."""
        return (
            CheckConstraint("code <> '' AND name <> ''", name="named"),
            CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
            Index(
                "uq_patrol_district_code",
                "county_id",
                "code",
                unique=True,
                postgresql_where=text("valid_to IS NULL"),
            ),
            spatial_index("patrol_district", "geom"),
            spatial_index("patrol_district", "geom_tile"),
        )


class PatrolPlan(Owned, Versioned, Stamped, Base):
    """A plan for one shift, made by one run; `weights` are those the prizes were computed with."""

    __tablename__ = "patrol_plan"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id"), unique=True)
    state: Mapped[str] = mapped_column(server_default="draft")
    shift_from: Mapped[datetime] = mapped_column()
    shift_to: Mapped[datetime] = mapped_column()
    weights: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    summary: Mapped[dict[str, Any]] = mapped_column(server_default="{}")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of states and the index of the list."""
        return (
            CheckConstraint(f"state IN {PLAN_STATES}", name="state"),
            CheckConstraint("shift_to > shift_from", name="shift"),
            Index("ix_patrol_plan_shift", "county_id", "shift_from"),
        )


class PatrolRoute(Owned, Base):
    """One team's route in a plan, drawn along the roads."""

    __tablename__ = "patrol_route"
    __planned_until__ = "end_at"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("patrol_plan.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    mode: Mapped[str] = mapped_column()
    start_at: Mapped[datetime] = mapped_column()
    end_at: Mapped[datetime] = mapped_column()
    distance_m: Mapped[float] = mapped_column()
    travel_s: Mapped[float] = mapped_column()
    prize: Mapped[float] = mapped_column()
    geom: Mapped[WKBElement] = geometry("LINESTRING")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that a team has one route in a plan."""
        return (UniqueConstraint("plan_id", "team_id"),)


class PatrolStop(Owned, Base):
    """A candidate stop of a plan: on a route (with times) or dropped (with the reason)."""

    __tablename__ = "patrol_stop"
    __follows_ground__ = False
    __planned_until__ = "leave_at"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("patrol_plan.id", ondelete="CASCADE"), index=True)
    route_id: Mapped[int | None] = mapped_column(
        ForeignKey("patrol_route.id", ondelete="CASCADE"), index=True
    )
    sequence: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column()
    ref_id: Mapped[int | None] = mapped_column()
    name: Mapped[str] = mapped_column()
    prize: Mapped[float] = mapped_column()
    why: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    dwell_s: Mapped[int] = mapped_column(Integer)
    arrive_at: Mapped[datetime | None] = mapped_column()
    leave_at: Mapped[datetime | None] = mapped_column()
    dropped: Mapped[str | None] = mapped_column()
    geom: Mapped[WKBElement] = geometry("POINT")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that a stop is either on a route with times or dropped with a reason."""
        return (
            CheckConstraint(
                "(route_id IS NULL) = (dropped IS NOT NULL) AND (route_id IS NULL) = (arrive_at IS NULL)",
                name="served_or_dropped",
            ),
        )
