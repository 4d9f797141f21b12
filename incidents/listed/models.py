"""Listed areas, and the steps that brought each where it stands."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, label_geometry, spatial_index, tile_geometry
from incidents.listed.plan import OWNER_POSTS
from incidents.listed.steps import NEVER_LISTED, UNDECIDED, Act, State

_STATES, _ACTS = tuple(map(str, State)), tuple(map(str, Act))
_UNDECIDED, _NEVER = tuple(map(str, UNDECIDED)), tuple(map(str, NEVER_LISTED))


class ListedArea(Owned, Versioned, Stamped, Base):
    """A place under special measures (S34): its ground, state, plan, evaluation and re-check.

    Its area is the smallest community, town or county that holds the ground whole. `proposed_by` is None
    where the hotspot job proposed. `selected_from`, `selected_to`: the period whose counts made somebody
    propose it; an evaluation leaves it out. It is listed from `starts_on` to `ends_on`, both included.
    `renews_id`: the listing this one carries on.
    """

    __tablename__ = "listed_area"
    __tile_layer__ = "listed"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(server_default=State.PROPOSED.value)
    hotspot_id: Mapped[int | None] = mapped_column(ForeignKey("hotspot.id", ondelete="SET NULL"), index=True)
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("listed_area.id"), unique=True)
    selected_from: Mapped[datetime | None] = mapped_column()
    selected_to: Mapped[datetime | None] = mapped_column()
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    starts_on: Mapped[date | None] = mapped_column()
    ends_on: Mapped[date | None] = mapped_column()
    owner_area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    owner_post: Mapped[str | None] = mapped_column()
    measures: Mapped[list[Any]] = mapped_column(server_default="[]")
    dose_minutes_week: Mapped[int | None] = mapped_column(Integer)
    budget_yuan: Mapped[int | None] = mapped_column(Integer)
    evaluation: Mapped[dict[str, Any] | None] = mapped_column()
    recheck_on: Mapped[date | None] = mapped_column()
    recheck: Mapped[dict[str, Any] | None] = mapped_column()
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")
    label_tile: Mapped[WKBElement | None] = label_geometry()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return what no program may break: a second person decides, and every listing has an end."""
        return (
            CheckConstraint("name <> ''", name="named"),
            CheckConstraint(f"state IN {_STATES}", name="state"),
            CheckConstraint(f"(state IN {_UNDECIDED}) = (decided_by IS NULL)", name="decided"),
            CheckConstraint("decided_by <> proposed_by", name="second_person"),
            CheckConstraint(
                f"(state IN {_NEVER}) = (starts_on IS NULL) AND (starts_on IS NULL) = (ends_on IS NULL) "
                "AND ends_on >= starts_on",
                name="end",
            ),
            CheckConstraint(
                f"owner_post IN {OWNER_POSTS} AND (owner_post IS NULL) = (owner_area_id IS NULL)",
                name="owner",
            ),
            CheckConstraint("(evaluation IS NULL) = (recheck_on IS NULL)", name="evaluated"),
            CheckConstraint(
                "state NOT IN ('evaluated', 'rechecked', 'closed', 'renewed') OR evaluation IS NOT NULL",
                name="effect",
            ),
            Index("ix_listed_area_state", "county_id", "state"),
            spatial_index("listed_area", "geom"),
            spatial_index("listed_area", "geom_tile"),
        )


class ListedStep(Owned, Base):
    """One step of a listed area: who, when, from where to where, why, and its particulars. Never changed."""

    __tablename__ = "listed_step"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    listed_id: Mapped[int] = mapped_column(ForeignKey("listed_area.id"), index=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    act: Mapped[str] = mapped_column()
    before: Mapped[str | None] = mapped_column()
    after: Mapped[str] = mapped_column()
    reason: Mapped[str] = mapped_column(server_default="")
    fields: Mapped[dict[str, Any]] = mapped_column(server_default="{}")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed sets; only the first step comes from no state."""
        return (
            CheckConstraint(f"act IN {_ACTS}", name="act"),
            CheckConstraint(f"after IN {_STATES} AND before IN {_STATES}", name="state"),
            CheckConstraint("(act = 'propose') = (before IS NULL)", name="first"),
        )
