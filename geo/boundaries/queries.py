"""Reads of change sets: what is drafted, what was edited, what lies on the ground."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from geoalchemy2.shape import to_shape
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    case,
    cast,
    delete,
    false,
    func,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session, defer

from core.clock import today
from core.db import Base as Model
from core.db import scope_of
from core.errors import NotFound
from geo.areas.models import OPEN_STATES, Area, AreaBoundary, AreaName, ChangeSet
from geo.areas.ownership import point_tables
from geo.boundaries.models import (
    AreaDraft,
    AreaLineage,
    BoundaryEdit,
    ChangeComment,
    GridProposal,
    UploadedFile,
)
from geo.shapes.snap import SETTLE_DEG
from geo.shapes.tiling import Ground, as_ground
from geo.staff.models import Account, AccountRole, Post


def change_set(session: Session, set_id: int, *, lock: bool = False) -> ChangeSet:
    """Return a change set of the session's scope; `lock` makes others wait until the transaction ends.

    Raises
    ------
    NotFound
        ``change_set_unknown`` (field `id`).
    """
    found = session.get(ChangeSet, set_id, with_for_update=True if lock else None, populate_existing=lock)
    if found is None or not scope_of(session).holds(found.area_path):
        raise NotFound("change_set_unknown", id=set_id)
    return found


def change_sets(
    session: Session,
    *,
    community_id: int | None = None,
    states: Sequence[str] = OPEN_STATES,
    only: int | None = None,
    most: int = 200,
) -> Sequence[Row[Any]]:
    """Return change sets of the scope, last touched first.

    Each is (ChangeSet, community, author, reviewer, changed, cornered, returner, returned_with): `changed`
    counts the grids that differ from what is published, `cornered` those that only got a corner (see
    `touched_drafts`); names are empty where nobody is. `returner` and `returned_with` (the words) are None
    but for a draft whose last step was that somebody else returned it.
    """
    author, reviewer = Account.__table__.alias("author"), Account.__table__.alias("reviewer")
    touched = (
        _touched().where(AreaDraft.change_set_id == ChangeSet.id).correlate(ChangeSet).lateral("touched")
    )
    counted = (
        select(
            func.count().filter(touched.c.touch == "moved").label("changed"),
            func.count().filter(touched.c.touch == "corner").label("cornered"),
        )
        .select_from(touched)
        .lateral("counted")
    )
    last, returner = _last_step().lateral("last"), Account.__table__.alias("returner")
    query = (
        select(
            ChangeSet,
            Area.name.label("community"),
            author.c.name.label("author"),
            func.coalesce(reviewer.c.name, "").label("reviewer"),
            counted.c.changed,
            counted.c.cornered,
            returner.c.name.label("returner"),
            last.c.body.label("returned_with"),
        )
        .join(Area, Area.id == ChangeSet.area_id)
        .join(author, author.c.id == ChangeSet.author_id)
        .outerjoin(reviewer, reviewer.c.id == ChangeSet.reviewer_id)
        .join(counted, true())
        .outerjoin(last, (ChangeSet.state == "draft") & (last.c.step == "returned"))
        .outerjoin(returner, returner.c.id == last.c.author_id)
        .where(ChangeSet.state.in_(states))
        .order_by(ChangeSet.updated_at.desc(), ChangeSet.id.desc())
        .limit(most)
    )
    if community_id is not None:
        query = query.where(ChangeSet.area_id == community_id)
    if only is not None:
        query = query.where(ChangeSet.id == only)
    return session.execute(query).all()


def _step() -> ColumnElement[str]:
    """Return the kind of a comment; what the author himself returned is ``taken_back``."""
    taken_back = (ChangeComment.kind == "returned") & (ChangeComment.author_id == ChangeSet.author_id)
    return case((taken_back, "taken_back"), else_=ChangeComment.kind).label("step")


def _last_step() -> Select[str, int, str]:
    return (
        select(_step(), ChangeComment.author_id, ChangeComment.body)
        .where(ChangeComment.change_set_id == ChangeSet.id, ChangeComment.kind != "remark")
        .order_by(ChangeComment.id.desc())
        .limit(1)
        .correlate(ChangeSet)
    )


def drafts_of(session: Session, set_id: int) -> list[AreaDraft]:
    """Return the grids of a change set, ended ones too, by key."""
    return list(
        session.scalars(
            select(AreaDraft).where(AreaDraft.change_set_id == set_id).order_by(AreaDraft.key)
        ).all()
    )


type Logged = Row[BoundaryEdit, str, list[int]]  # a line of the log, its author's name, keys it reshaped


def edits_after(session: Session, set_id: int, number: int, *, most: int = 500) -> Sequence[Logged]:
    """Return the lines of the log with a number above `number`, oldest first; shapes are left unread."""
    lines = _log(set_id).where(BoundaryEdit.number > number).order_by(BoundaryEdit.number)
    return session.execute(lines.limit(most)).all()


def newest_edits(session: Session, set_id: int, *, most: int = 500) -> Sequence[Logged]:
    """Return the newest lines of the log, oldest of them first; shapes are left unread."""
    lines = _log(set_id).order_by(BoundaryEdit.number.desc())
    return list(reversed(session.execute(lines.limit(most)).all()))


def _log(set_id: int) -> Select[BoundaryEdit, str, list[int]]:
    # Five hundred edits of grids with some hundred corners are twenty megabytes of shapes.
    keys = select(cast(func.jsonb_object_keys(BoundaryEdit.before.op("||")(BoundaryEdit.after)), Integer))
    return (
        select(BoundaryEdit, Account.name, func.array(keys.correlate(BoundaryEdit).scalar_subquery()))
        .options(defer(BoundaryEdit.before), defer(BoundaryEdit.after))
        .join(Account, Account.id == BoundaryEdit.author_id)
        .where(BoundaryEdit.change_set_id == set_id)
    )


def edits_by(session: Session, set_id: int, author_id: int) -> Sequence[BoundaryEdit]:
    """Return an author's own edits of a change set that can be taken back or redone, newest first."""
    return session.scalars(
        select(BoundaryEdit)
        .where(
            BoundaryEdit.change_set_id == set_id,
            BoundaryEdit.author_id == author_id,
            BoundaryEdit.of.is_(None),
            BoundaryEdit.state != "dropped",
        )
        .order_by(BoundaryEdit.number.desc())
    ).all()


def comments_of(session: Session, set_id: int) -> Sequence[Row[Any]]:
    """Return (ChangeComment, step, author's name, name of who settled it, "" while open), oldest first.

    `step` is the comment's kind; what the author of the change set returned is ``taken_back``.
    """
    settler = Account.__table__.alias("settler")
    return session.execute(
        select(
            ChangeComment,
            _step(),
            Account.name.label("author"),
            func.coalesce(settler.c.name, "").label("settled_by"),
        )
        .join(ChangeSet, ChangeSet.id == ChangeComment.change_set_id)
        .join(Account, Account.id == ChangeComment.author_id)
        .outerjoin(settler, settler.c.id == ChangeComment.settled_by_id)
        .where(ChangeComment.change_set_id == set_id)
        .order_by(ChangeComment.id)
    ).all()


type Box = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True, slots=True)
class Homes:
    """Dwellings as arrays of one length.

    (n, 2) lon/lat, households living there, their area's id, and whether they were placed there by hand.
    """

    lonlat: NDArray[np.float64]
    households: NDArray[np.int64]
    area_id: NDArray[np.int64]
    held: NDArray[np.bool_]


def homes_under(session: Session, path: str) -> Homes:
    """Return the dwellings at or below the area at `path`; persons are not read."""
    rows = session.execute(
        text(
            "SELECT ST_X(d.geom), ST_Y(d.geom), d.area_id, (EXISTS (SELECT FROM household AS h "
            "WHERE h.dwelling_id = d.id AND h.moved_out_on IS NULL))::int, (p.id IS NOT NULL)::int "
            "FROM dwelling AS d LEFT JOIN hand_placement AS p ON p.subject_kind = 'dwelling' "
            "AND p.subject_id = d.id AND p.ended_at IS NULL "
            # By the areas, of which there are few: below policies no index serves `@>` on dwellings.
            "WHERE d.area_id = ANY (ARRAY(SELECT id FROM area WHERE CAST(:path AS ltree) @> path))"
        ),
        {"path": path},
    ).all()
    values = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 5)
    area_id, living, held = values[:, 2:].astype(np.int64).T
    return Homes(values[:, :2], living, area_id, held.astype(bool))


def buildings_in(session: Session, county_id: int, box: Box) -> NDArray[np.object_]:
    """Return the building footprints (EPSG:4326 polygons) that meet a box west, south, east, north."""
    return _shapes_in(session, "building", county_id, box)


def roads_in(session: Session, county_id: int, box: Box) -> NDArray[np.object_]:
    """Return the road centre lines (EPSG:4326) that meet a box west, south, east, north."""
    return _shapes_in(session, "road_section", county_id, box)


def waters_in(session: Session, county_id: int, box: Box) -> NDArray[np.object_]:
    """Return the waters (EPSG:4326 polygons or lines) that meet a box west, south, east, north."""
    return _shapes_in(session, "ground_cover", county_id, box, condition="AND t.kind IN ('water', 'river')")


def _shapes_in(
    session: Session, table: str, county_id: int, box: Box, *, condition: str = ""
) -> NDArray[np.object_]:
    west, south, east, north = box
    rows = session.scalars(
        text(
            f"SELECT ST_AsBinary(t.geom) FROM {table} AS t WHERE t.county_id = :county "
            f"AND t.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) {condition} ORDER BY t.id"
        ),
        {"county": county_id, "west": west, "south": south, "east": east, "north": north},
    ).all()
    return np.asarray(shapely.from_wkb([bytes(wkb) for wkb in rows]), dtype=object)


def lineage_of(session: Session, area_id: int) -> Sequence[Row[Any]]:
    """Return (AreaLineage, from code, from name, to code, to name) that name the area, newest first.

    Codes and names are those of the day: the giver's up to it, the taker's from it on.
    """
    giver, taker = _called_at(before=True).lateral("giver"), _called_at(before=False).lateral("taker")
    return session.execute(
        select(
            AreaLineage,
            giver.c.code.label("from_code"),
            giver.c.name.label("from_name"),
            taker.c.code.label("to_code"),
            taker.c.name.label("to_name"),
        )
        .select_from(AreaLineage)
        .join(giver, true())
        .join(taker, true())
        .where((AreaLineage.area_id == area_id) | (AreaLineage.from_area_id == area_id))
        .order_by(AreaLineage.effective_on.desc(), AreaLineage.id.desc())
    ).all()


def _called_at(*, before: bool) -> Select[str, str]:
    """Return the query of what the giver (`before`) or the taker of a line of lineage was called then.

    A name that began and ended on that day was never valid: where an area had no other, it is the one told.
    """
    lower = func.lower(AreaName.valid)
    day = AreaLineage.effective_on
    return (
        select(AreaName.code, AreaName.name)
        .where(AreaName.area_id == (AreaLineage.from_area_id if before else AreaLineage.area_id))
        .order_by(
            func.coalesce(lower < day if before else lower <= day, false()).desc(),
            lower.desc().nulls_last(),
            AreaName.id.desc(),
        )
        .limit(1)
        .correlate(AreaLineage)
    )


def shape_of(draft: AreaDraft) -> Ground:
    """Return the draft's ground, EPSG:4326: a Polygon, or a MultiPolygon where it has several parts."""
    return as_ground(to_shape(draft.geom))


@dataclass(frozen=True, slots=True)
class Base:
    """A published grid as a draft was taken from it: code, name, shape (EPSG:4326) and area."""

    code: str
    name: str
    shape: BaseGeometry
    area_m2: float


def bases_of(session: Session, drafts: Sequence[AreaDraft]) -> dict[int, Base]:
    """Return by key the published grid that each draft was taken from; new grids have none."""
    rows = session.execute(
        select(
            AreaDraft.key,
            AreaName.code,
            AreaName.name,
            func.ST_AsBinary(AreaBoundary.geom),
            AreaBoundary.area_m2,
        )
        .join(AreaBoundary, AreaBoundary.id == AreaDraft.base_id)
        .join(AreaName, AreaName.id == AreaDraft.base_name_id)
        .where(AreaDraft.id.in_([draft.id for draft in drafts if draft.base_id is not None]))
    ).all()
    return {row[0]: Base(row[1], row[2], shapely.from_wkb(bytes(row[3])), row[4]) for row in rows}


def published(session: Session, drafts: Sequence[AreaDraft]) -> dict[int, tuple[Area, AreaBoundary]]:
    """Return by key the published area and boundary that each draft was taken from; new grids have none."""
    keys = {draft.base_id: draft.key for draft in drafts if draft.base_id is not None}
    rows = session.execute(
        select(Area, AreaBoundary)
        .join(AreaBoundary, AreaBoundary.area_id == Area.id)
        .where(AreaBoundary.id.in_(keys))
    ).all()
    return {keys[boundary.id]: (area, boundary) for area, boundary in rows}


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows that an area is counted by: our own table, and which of its rows count (SQL, "" for all)."""

    table: str
    where: str = ""


def counted_kinds() -> dict[str, Counted]:
    """Return everything that a grid owns and that is counted, by kind.

    Tables whose rows lie at a point, what a model counts apart of its rows (``__counted_apart__``: kind and
    condition), households that live there now, and posts that somebody holds.
    """
    kinds = {table.name: Counted(table.name) for table in point_tables()}
    for mapper in Model.registry.mappers:
        for kind, where in getattr(mapper.class_, "__counted_apart__", {}).items():
            kinds[kind] = Counted(str(getattr(mapper.local_table, "name", "")), where)
    return kinds | {
        "household": Counted("household", "moved_out_on IS NULL"),
        "post": Counted(
            "post", "valid_to IS NULL AND (coalesce(holder_name, '') <> '' OR account_id IS NOT NULL)"
        ),
    }


def rows_per_area(session: Session, kind: str, areas: Sequence[int]) -> dict[int, int]:
    """Return how many rows of a kind of `counted_kinds` each of the areas owns."""
    counted = counted_kinds()[kind]
    where = f" AND {counted.where}" if counted.where else ""
    rows = session.execute(
        text(
            f"SELECT area_id, count(*) FROM {counted.table} "
            f"WHERE area_id = ANY (:areas){where} GROUP BY area_id"
        ),
        {"areas": list(areas)},
    ).all()
    return {row[0]: int(row[1]) for row in rows}


def rows_of_kind(session: Session, kind: str, ids: Sequence[int]) -> set[int]:
    """Return those of the ids of a kind's table that count as this kind."""
    counted = counted_kinds()[kind]
    where = f" AND {counted.where}" if counted.where else ""
    found = session.scalars(
        text(f"SELECT id FROM {counted.table} WHERE id = ANY (:ids){where}"), {"ids": list(ids)}
    ).all()
    return set(map(int, found))


@dataclass(frozen=True, slots=True)
class PointRows:
    """Rows of a table as arrays of one length, by id: ids, their area's id, and (n, 2) lon/lat."""

    ids: NDArray[np.int64]
    area_id: NDArray[np.int64]
    lonlat: NDArray[np.float64]


def rows_with_points(session: Session, table: str, areas: Sequence[int]) -> PointRows:
    """Return the rows of one of our own tables with a point that the areas own."""
    rows = session.execute(
        text(
            f"SELECT id, area_id, ST_X(geom), ST_Y(geom) FROM {table} "
            "WHERE area_id = ANY (:areas) ORDER BY id"
        ),
        {"areas": list(areas)},
    ).all()
    values = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 4)
    return PointRows(values[:, 0].astype(np.int64), values[:, 1].astype(np.int64), values[:, 2:])


def households_in(session: Session, dwelling_ids: Sequence[int]) -> dict[int, int]:
    """Return how many households live in each of the dwellings now; dwellings without any are left out."""
    rows = session.execute(
        text(
            "SELECT dwelling_id, count(*) FROM household WHERE dwelling_id = ANY (:ids) "
            "AND moved_out_on IS NULL GROUP BY dwelling_id"
        ),
        {"ids": list(dwelling_ids)},
    ).all()
    return {row[0]: int(row[1]) for row in rows}


def areas_with(session: Session, ids: Iterable[int]) -> Sequence[Area]:
    """Return the areas with these ids, by id."""
    return session.scalars(select(Area).where(Area.id.in_(list(ids))).order_by(Area.id)).all()


def posts_on(session: Session, areas: Sequence[int]) -> Sequence[Post]:
    """Return the posts held on the areas today, by area and kind."""
    return session.scalars(
        select(Post)
        .where(Post.area_id.in_(areas), Post.valid_to.is_(None))
        .order_by(Post.area_id, Post.kind, Post.id)
    ).all()


def roles_on(session: Session, area_id: int) -> Sequence[AccountRole]:
    """Return the roles held over exactly this area."""
    return session.scalars(
        select(AccountRole).where(AccountRole.area_id == area_id).order_by(AccountRole.id)
    ).all()


def planned_meeting(session: Session, table: str, until: str, ground: BaseGeometry) -> int:
    """Return how many rows of one of our own tables meet `ground` (EPSG:4326) and are not over.

    `until` is the column that says when a row is over.
    """
    west, south, east, north = ground.bounds
    return int(
        session.scalar(
            text(
                f"SELECT count(*) FROM {table} AS t WHERE t.{until} > now() "
                "AND t.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) "
                "AND ST_Intersects(t.geom, ST_GeomFromWKB(:ground, 4326))"
            ),
            {
                "west": west, "south": south, "east": east, "north": north,
                "ground": shapely.to_wkb(ground),
            },
        )
        or 0
    )  # fmt: skip


def boundaries_near(
    session: Session, county_id: int, corners: NDArray[np.float64], *, on: date
) -> Sequence[AreaBoundary]:
    """Return the boundaries of a county valid on a day whose box meets the box of (n, 2) corners, by id."""
    west, south = corners.min(axis=0)
    east, north = corners.max(axis=0)
    return session.scalars(
        select(AreaBoundary)
        .where(AreaBoundary.county_id == county_id, AreaBoundary.valid.contains(on))
        .where(text("area_boundary.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)"))
        .params(west=float(west), south=float(south), east=float(east), north=float(north))
        .order_by(AreaBoundary.id)
    ).all()


def due_change_sets(session: Session) -> Sequence[ChangeSet]:
    """Return approved change sets whose day has come, oldest day first; who asks too waits for the commit."""
    return session.scalars(
        select(ChangeSet)
        .where(ChangeSet.state == "approved", ChangeSet.effective_on <= today())
        .order_by(ChangeSet.effective_on, ChangeSet.id)
        .with_for_update()
    ).all()


def classed_roads_in(session: Session, county_id: int, box: Box) -> tuple[list[BaseGeometry], list[str]]:
    """Return centre lines (EPSG:4326) and classes of the roads that meet a box, tunnels left out."""
    west, south, east, north = box
    rows = session.execute(
        text(
            "SELECT ST_AsBinary(geom), road_class FROM road_section WHERE county_id = :county AND NOT tunnel "
            "AND geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) ORDER BY id"
        ),
        {"county": county_id, "west": west, "south": south, "east": east, "north": north},
    ).all()
    return [shapely.from_wkb(bytes(row[0])) for row in rows], [row[1] for row in rows]


def proposals_of(session: Session, set_id: int) -> Sequence[GridProposal]:
    """Return what the newest run proposed for a change set, best first."""
    newest = (
        select(func.max(GridProposal.run_id)).where(GridProposal.change_set_id == set_id).scalar_subquery()
    )
    return session.scalars(
        select(GridProposal)
        .where(GridProposal.change_set_id == set_id, GridProposal.run_id == newest)
        .order_by(GridProposal.rank)
    ).all()


def editors_of(session: Session, set_id: int) -> set[int]:
    """Return the accounts that have edited a change set."""
    return set(
        session.scalars(
            select(BoundaryEdit.author_id).where(BoundaryEdit.change_set_id == set_id).distinct()
        ).all()
    )


def uploads_of(session: Session, set_id: int, *, author_id: int, at: datetime) -> Sequence[UploadedFile]:
    """Return a person's files that wait for a change set at a moment, newest first; their content unread."""
    return session.scalars(
        select(UploadedFile)
        .where(
            UploadedFile.change_set_id == set_id,
            UploadedFile.author_id == author_id,
            UploadedFile.expires_at > at,
        )
        .order_by(UploadedFile.at.desc(), UploadedFile.id.desc())
    ).all()


def delete_expired_uploads(session: Session, *, at: datetime) -> int:
    """Delete the waiting files whose time has passed at a moment and return how many."""
    gone = delete(UploadedFile).where(UploadedFile.expires_at <= at).returning(UploadedFile.id)
    return len(session.scalars(gone).all())


def delete_older_uploads(session: Session, author_id: int, *, most: int) -> None:
    """Delete a person's waiting files but the newest `most`."""
    newest = (
        select(UploadedFile.id)
        .where(UploadedFile.author_id == author_id)
        .order_by(UploadedFile.at.desc(), UploadedFile.id.desc())
        .limit(most)
    )
    session.execute(
        delete(UploadedFile).where(UploadedFile.author_id == author_id, UploadedFile.id.not_in(newest))
    )


def touched_drafts(session: Session, set_id: int) -> dict[int, str]:
    """Return by key what each edited grid of a change set is: ``moved`` or ``corner``.

    ``moved``: new, ended, renamed, or with other ground than published. ``corner``: a neighbour's edit put
    a corner on its edge. A grid that is as published again, and one that was made and went again, is neither.
    """
    rows = session.execute(_touched().where(AreaDraft.change_set_id == set_id)).all()
    return {row.key: row.touch for row in rows if row.touch}


def _touched() -> Select[Any]:
    """Return the query of (change_set_id, key, touch) of edited drafts; touch is null where none is left."""
    base, called = AreaBoundary.__table__.alias("base"), AreaName.__table__.alias("called")
    is_new = AreaDraft.grid_id.is_(None) & ~AreaDraft.ended
    renamed = (called.c.name != AreaDraft.name) | (called.c.code != AreaDraft.code)
    # Both ways from vertices to lines: a corner on a straight edge is as far away as rounding put it.
    apart = func.ST_HausdorffDistance(AreaDraft.geom, base.c.geom)
    touch = case(
        (AreaDraft.ended & AreaDraft.grid_id.is_(None), None),
        (is_new | AreaDraft.ended | base.c.id.is_(None) | renamed, "moved"),
        (func.ST_AsBinary(AreaDraft.geom) == func.ST_AsBinary(base.c.geom), None),
        (apart > SETTLE_DEG, "moved"),
        else_="corner",
    )
    return (
        select(AreaDraft.change_set_id, AreaDraft.key, touch.label("touch"))
        .outerjoin(base, base.c.id == AreaDraft.base_id)
        .outerjoin(called, called.c.id == AreaDraft.base_name_id)
        .where(AreaDraft.changed)
    )
