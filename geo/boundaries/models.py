"""What a change set holds: drafted grids, the log of edits, comments; and what its publication leaves."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped, Versioned
from geo.columns import geometry, spatial_index, tile_geometry

#: done: counts. undone: taken back, can be redone. dropped: taken back and overtaken by a later edit.
EDIT_STATES = ("done", "undone", "dropped")


class AreaDraft(Owned, Versioned, Stamped, Base):
    """A grid in a change set: one that is published today (`grid_id`) or a new one.

    `area_id` is the community. `key` names the grid within the change set and is never used twice;
    `base_id` is the boundary it was taken from, `base_name_id` the name. `ended`: the grid goes (merged into
    others). `revives_id`: a new one brings back this grid, which had ended.
    """

    __tablename__ = "area_draft"
    __tile_layer__ = "drafts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), index=True)
    key: Mapped[int] = mapped_column(Integer)
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    base_id: Mapped[int | None] = mapped_column(ForeignKey("area_boundary.id"))
    base_name_id: Mapped[int | None] = mapped_column(ForeignKey("area_name.id"))
    revives_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    code: Mapped[str] = mapped_column()
    name: Mapped[str] = mapped_column()
    changed: Mapped[bool] = mapped_column(server_default="false")
    ended: Mapped[bool] = mapped_column(server_default="false")
    lineage: Mapped[list[Any]] = mapped_column(server_default="[]")
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")
    area_m2: Mapped[float] = mapped_column()

    @property
    def fate(self) -> str:
        """What becomes of the grid when the change set is published: ended, changed, restored or new."""
        if self.ended:
            return "ended"
        return "changed" if self.grid_id else "restored" if self.revives_id else "new"

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes; keys and the codes of grids that stay are unique in a change set."""
        return (
            UniqueConstraint("change_set_id", "key"),
            Index(
                "uq_area_draft_code", "change_set_id", "code", unique=True, postgresql_where=text("NOT ended")
            ),
            spatial_index("area_draft", "geom"),
            spatial_index("area_draft", "geom_tile"),
        )


class BoundaryEdit(Owned, Base):
    """One line of a change set's log: who did what, and the grids before and after (WKB, hex).

    Undo and redo are lines themselves (`of` names the line they turn), so whoever follows the
    numbers sees everything that happened.
    """

    __tablename__ = "boundary_edit"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column()
    of: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(server_default="done")
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    params: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    before: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    after: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    lineage: Mapped[dict[str, Any]] = mapped_column(server_default="{}")

    @property
    def reshaped(self) -> set[int]:
        """The keys of the grids whose ground is another one before and after, or there only once."""
        return {int(key) for key in (*self.before, *self.after)}

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of states and the order of the log."""
        return (
            CheckConstraint(f"state IN {EDIT_STATES}", name="state"),
            UniqueConstraint("change_set_id", "number"),
        )


class ChangeComment(Owned, Base):
    """What somebody says about a change set, at a place on the map where it has one.

    A comment is answered (`answers_id` names the one it answers) and settled; answers are settled with it.
    """

    __tablename__ = "change_comment"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(index=True)
    answers_id: Mapped[int | None] = mapped_column()
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    settled_at: Mapped[datetime | None] = mapped_column()
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    kind: Mapped[str] = mapped_column(server_default="remark")
    body: Mapped[str] = mapped_column()
    spot: Mapped[WKBElement | None] = geometry("POINT", nullable=True)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of kinds: a remark, or the words that go with a step of the review.

        A comment lies in the area of its change set: the row scope reads the comment's own area, and must
        not show it to more or fewer people than the change set.
        """
        return (
            ForeignKeyConstraint(
                ["change_set_id", "area_id"],
                ["change_set.id", "change_set.area_id"],
                ondelete="CASCADE",
                name="fk_change_comment_change_set",
            ),
            UniqueConstraint("id", "change_set_id"),
            ForeignKeyConstraint(
                ["answers_id", "change_set_id"],
                ["change_comment.id", "change_comment.change_set_id"],
                ondelete="CASCADE",
                name="fk_change_comment_answers",
            ),
            CheckConstraint("(settled_at IS NULL) = (settled_by_id IS NULL)", name="settled"),
            CheckConstraint("answers_id IS NULL OR settled_at IS NULL", name="settled_whole"),
            CheckConstraint("kind IN ('remark', 'submitted', 'returned', 'approved')", name="kind"),
            CheckConstraint("body <> ''", name="said"),
        )


class AreaLineage(Owned, Base):
    """`area_id` took ground from `from_area_id` when a change set was published."""

    __tablename__ = "area_lineage"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    from_area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id"), index=True)
    kind: Mapped[str] = mapped_column()
    effective_on: Mapped[date] = mapped_column()
    area_m2: Mapped[float] = mapped_column()

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the closed set of kinds."""
        return (
            CheckConstraint("kind IN ('split_from', 'merged_into', 'took_from')", name="kind"),
            UniqueConstraint("area_id", "from_area_id", "change_set_id"),
        )


class GridProposal(Owned, Stamped, Base):
    """Grids that a job proposes for a change set, with the figures by which proposals are compared.

    `geom` holds one MultiPolygon a grid, in order; `households` and `why` (a grid lies outside the
    tolerance) have the same order.
    """

    __tablename__ = "grid_proposal"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id"))
    rank: Mapped[int] = mapped_column(Integer)
    style: Mapped[str] = mapped_column()
    best_at: Mapped[list[Any]] = mapped_column(server_default="[]")
    comparison: Mapped[dict[str, Any]] = mapped_column()
    households: Mapped[list[Any]] = mapped_column()
    why: Mapped[list[Any]] = mapped_column()
    geom: Mapped[WKBElement] = geometry("GEOMETRYCOLLECTION")


class UploadedFile(Owned, Base):
    """A file of boundaries that waits to be looked at and read into a change set; its sender's alone.

    Kept in the database, so that any web process of any host finds it and a signed-out person finds it
    again; read in, it is deleted in the same transaction, and else when `expires_at` has passed.
    """

    __tablename__ = "uploaded_file"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column()
    sha256: Mapped[str] = mapped_column()
    size_bytes: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the index by sender; a file has a name and something in it."""
        return (
            Index("ix_uploaded_file_author_id", "author_id", "at"),
            CheckConstraint("name <> '' AND size_bytes > 0", name="whole"),
        )
