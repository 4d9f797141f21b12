"""Areas, their versioned boundaries, and the change sets by which these are published."""

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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Ltree, Owned, Stamped, Versioned
from geo.columns import geometry, label_geometry, spatial_index, tile_geometry

#: From the county down; how many of them a deployment uses is its own choice.
LEVELS = ("county", "town", "community", "grid")
#: draft: being edited. review: waits for a second person. approved: waits for its day or its job.
STATES = ("draft", "review", "approved", "published", "discarded")
OPEN_STATES = ("draft", "review", "approved")


class Area(Versioned, Stamped, Base):
    """A node of the area tree (S1). `path` is made of area ids from the county down to this area.

    `code` and `name` are those of today, or the last ones of an area that is no more; `AreaName` holds them
    for every day.
    """

    __tablename__ = "area"
    __tile_layer__ = "areas"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    county_id: Mapped[int] = mapped_column(index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    path: Mapped[str] = mapped_column(Ltree())
    level: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column(server_default="")
    code: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None] = mapped_column()

    __table_args__ = (
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        # A grid founded and merged on one day was never valid, and is kept all the same.
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        UniqueConstraint("id", "path", "county_id", name="uq_area_owner"),
        Index("ix_area_path", "path", postgresql_using="gist"),
        Index("uq_area_code", "county_id", "code", unique=True, postgresql_where=text("valid_to IS NULL")),
    )


class AreaBoundary(Owned, Base):
    """The boundary of an area over a range of dates; ranges of one area never overlap.

    `kind` is ``published``, or ``provisional`` when it is only the extent of an imported file.
    """

    __tablename__ = "area_boundary"
    __tile_layer__ = "areas"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    valid: Mapped[Range[date]] = mapped_column(
        DATERANGE, server_default=text("daterange(CURRENT_DATE, NULL)")
    )
    kind: Mapped[str] = mapped_column(server_default="published")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")
    label_tile: Mapped[WKBElement | None] = label_geometry()
    area_m2: Mapped[float] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes and the rule that an area has one boundary at any date."""
        return (
            ExcludeConstraint(("area_id", "="), ("valid", "&&"), name="ex_area_boundary_valid"),
            spatial_index("area_boundary", "geom"),
            spatial_index("area_boundary", "geom_tile"),
        )


class AreaName(Owned, Base):
    """What an area is called over a range of dates; ranges of one area never overlap.

    An area that ended and was restored has no name in between.
    """

    __tablename__ = "area_name"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    valid: Mapped[Range[date]] = mapped_column(
        DATERANGE, server_default=text("daterange(CURRENT_DATE, NULL)")
    )
    code: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that an area has one name at any date."""
        return (ExcludeConstraint(("area_id", "="), ("valid", "&&"), name="ex_area_name_valid"),)


class ChangeSet(Owned, Versioned, Stamped, Base):
    """Boundary edits of one community that are reviewed and published together (S2).

    `last_edit` is the number of the newest row of the log, `last_said` grows with every change of its
    comments, `next_key` is the key of the next new grid, `impact` what the publishing moved from where
    to where, frozen when it happened.
    """

    __tablename__ = "change_set"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    title: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(server_default="draft")
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    last_edit: Mapped[int] = mapped_column(Integer, server_default="0")
    last_said: Mapped[int] = mapped_column(Integer, server_default="0")
    next_key: Mapped[int] = mapped_column(Integer, server_default="1")
    effective_on: Mapped[date | None] = mapped_column()
    submitted_at: Mapped[datetime | None] = mapped_column()
    published_at: Mapped[datetime | None] = mapped_column()
    impact: Mapped[dict[str, Any] | None] = mapped_column()
    source: Mapped[dict[str, Any] | None] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of states; nobody reviews his own change set."""
        return (
            CheckConstraint(f"state IN {STATES}", name="state"),
            CheckConstraint("reviewer_id IS NULL OR reviewer_id <> author_id", name="two_people"),
            # Comments refer to both: a change set and what is said of it lie in one area.
            UniqueConstraint("id", "area_id"),
            Index("ix_change_set_open", "state", "updated_at"),
        )


class GridRuleSet(Owned, Base):
    """The rules for grids of a county as somebody set them on a day; the newest number is in force.

    `area_id` is the county. Rows are only added, so that what was in force on any day can be read;
    everybody who works in the county reads them. See geo.boundaries.rule_set for what `rules` holds.
    """

    __tablename__ = "grid_rule_set"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    rules: Mapped[dict[str, Any]] = mapped_column()
    reason: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    made_by: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that of two people who change the same set one is told."""
        return (UniqueConstraint("area_id", "number"),)


#: What can be placed by hand: tables whose rows lie at a point and follow the ground.
PLACED_KINDS = ("dwelling", "camera", "place", "incident")
#: undone: a person took it back. grid_ended: the grid is no more. placed_anew: another grid was chosen.
PLACEMENT_ENDS = ("undone", "grid_ended", "placed_anew")


class HandPlacement(Owned, Stamped, Base):
    """A row that stays with `area_id` wherever boundaries run, because somebody said so.

    `subject_kind` is the table, `subject_id` the row. It holds until `ended_at`; `ended_as` says why it
    ended, and the row stays on record.
    """

    __tablename__ = "hand_placement"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    subject_kind: Mapped[str] = mapped_column()
    subject_id: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column()
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None] = mapped_column()
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_as: Mapped[str | None] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the rule that a row is placed by hand once at a time, with a reason."""
        return (
            Index(
                "uq_hand_placement_present",
                "subject_kind",
                "subject_id",
                unique=True,
                postgresql_where=text("ended_at IS NULL"),
            ),
            CheckConstraint("reason <> ''", name="reasoned"),
            CheckConstraint(f"subject_kind IN {PLACED_KINDS}", name="subject"),
            CheckConstraint(f"ended_as IN {PLACEMENT_ENDS}", name="end"),
            CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name="ended"),
        )
