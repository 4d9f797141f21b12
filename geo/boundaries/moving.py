"""Which rows change hands when a change set is published: read before, done at the publishing.

One function decides (`movings`), so the preview shows what the publishing does. Only rows of the
grids concerned are read: those of changed grids, of grids that end, and of the community itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import Table, text

from geo.areas.ownership import hand_over, point_tables
from geo.boundaries.queries import hand_placed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground

#: Key of the ground that stays with the community itself: no grid holds the row.
COMMUNITY = 0


@dataclass(frozen=True, slots=True)
class Moving:
    """Rows of one table that change hands: ids, the areas they leave, the draft keys they come to.

    `to_key` is `COMMUNITY` where the row falls to the community. Arrays of one length, by id.
    """

    table: Table
    ids: NDArray[np.int64]
    from_area: NDArray[np.int64]
    to_key: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def counted(self) -> dict[tuple[int, int], int]:
        """Return how many rows go from each area id to each draft key."""
        pairs, counts = np.unique(np.column_stack([self.from_area, self.to_key]), axis=0, return_counts=True)
        return {(int(a), int(b)): int(n) for (a, b), n in zip(pairs, counts, strict=True)}


def movings(session: Session, drafted: Drafted) -> list[Moving]:
    """Return the rows that publishing would move, tables without any left out.

    Rows placed by hand stay where somebody put them as long as that grid exists.
    """
    shapes = {
        key: drafted.tiling.parts[key]
        for key, draft in drafted.grids.items()
        if draft.changed and not draft.ended
    }
    leaving = [draft.grid_id for draft in drafted.grids.values() if draft.changed and draft.grid_id]
    if not leaving and not shapes:
        return []
    home: dict[int | None, int] = {
        draft.grid_id: key for key, draft in drafted.grids.items() if draft.grid_id
    }
    ended = {draft.grid_id for draft in drafted.grids.values() if draft.ended}
    fixed = {(one.subject_kind, one.subject_id) for one in hand_placed(session, drafted.row.area_path)}
    found = (_moving(session, table, (*leaving, drafted.row.area_id), shapes) for table in point_tables())
    return [kept for one in found if len(kept := _really(one, home, ended, fixed))]


def _moving(
    session: Session,
    table: Table,
    areas: tuple[int, ...],
    shapes: Mapping[int, Ground],
) -> Moving:
    rows = session.execute(
        text(
            f"SELECT id, area_id, ST_X(geom), ST_Y(geom) FROM {table.name} "  # noqa: S608 - our own names
            "WHERE area_id = ANY (:areas) ORDER BY id"
        ),
        {"areas": list(areas)},
    ).all()
    values = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 4)
    to_key = np.full(len(values), COMMUNITY, dtype=np.int64)
    if shapes and len(values):
        keys = np.array(sorted(shapes), dtype=np.int64)
        tree = shapely.STRtree([shapes[int(key)] for key in keys])
        point, shape = tree.query(shapely.points(values[:, 2:]), predicate="intersects")
        # On a shared border the lower key owns the point, so the answer never wavers.
        order = np.lexsort((keys[shape], point))
        first = np.unique(point[order], return_index=True)[1]
        to_key[point[order][first]] = keys[shape[order][first]]
    return Moving(table, values[:, 0].astype(np.int64), values[:, 1].astype(np.int64), to_key)


def _really(
    moving: Moving, home: Mapping[int | None, int], ended: set[int | None], fixed: set[tuple[str, int]]
) -> Moving:
    """Return the rows that do change hands."""
    here = np.array([home.get(int(area), COMMUNITY) for area in moving.from_area], dtype=np.int64)
    gone = np.isin(moving.from_area, [area for area in ended if area is not None])
    pinned = np.array([(moving.table.name, int(row)) in fixed for row in moving.ids], dtype=bool)
    # A row that lies in no changed grid leaves its area only when that area ends.
    outside = (moving.to_key == COMMUNITY) & ~gone
    goes = (moving.to_key != here) & ~(pinned & ~gone) & ~outside
    return Moving(moving.table, moving.ids[goes], moving.from_area[goes], moving.to_key[goes])


def move_rows(session: Session, found: list[Moving], owners: Mapping[int, tuple[int, str]]) -> dict[str, int]:
    """Give the rows to their new owners; what is part of a moved row follows it.

    `owners` maps draft keys, and `COMMUNITY`, to (area id, area path). Returns table name to number
    of rows that changed hands.
    """
    session.flush()
    moved: dict[str, int] = {}
    for moving in found:
        rows = [(int(row), *owners[int(key)]) for row, key in zip(moving.ids, moving.to_key, strict=True)]
        for name, count in hand_over(session, moving.table, rows).items():
            moved[name] = moved.get(name, 0) + count
    return moved
