"""Which rows change hands when a change set is published: read before, done at the publishing.

One function decides (`movings`), so the preview shows what the publishing does. Only rows of the
grids concerned are read: those of changed grids, of grids that end, and of the community itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.areas.ownership import hand_over, point_tables
from geo.boundaries.placement import owners_elsewhere
from geo.boundaries.placement_queries import held_in
from geo.boundaries.queries import rows_with_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground

#: Key of the ground that stays with the community itself: no grid holds the row.
COMMUNITY = 0


@dataclass(frozen=True, slots=True)
class Moving:
    """Rows of one table that change hands: ids, the areas they leave, the draft keys they come to.

    `to_key` is `COMMUNITY` where the row falls to the community, and an area's id with a minus before it
    where the row lies outside the community (it was placed here by hand); `beyond` has that area's id and
    path. Arrays of one length, by id.
    """

    table: Table
    ids: NDArray[np.int64]
    from_area: NDArray[np.int64]
    to_key: NDArray[np.int64]
    beyond: Mapping[int, tuple[int, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def counted(self) -> dict[tuple[int, int], int]:
        """Return how many rows go from each area id to each draft key."""
        pairs, counts = np.unique(np.column_stack([self.from_area, self.to_key]), axis=0, return_counts=True)
        return {(int(a), int(b)): int(n) for (a, b), n in zip(pairs, counts, strict=True)}


def movings(session: Session, drafted: Drafted) -> list[Moving]:
    """Return the rows that publishing would move, tables without any left out.

    Rows placed by hand stay where somebody put them as long as that grid exists, and then go where their
    point lies. On a shared border a row stays with its grid, if that still touches it, and else goes to the
    lower key.
    """
    changed = {key for key, draft in drafted.grids.items() if draft.changed and not draft.ended}
    leaving = [draft.grid_id for draft in drafted.grids.values() if draft.changed and draft.grid_id]
    if not leaving and not changed:
        return []
    home = {draft.grid_id: key for key, draft in drafted.grids.items() if draft.grid_id}
    ended = np.array([d.grid_id for d in drafted.grids.values() if d.ended and d.grid_id], dtype=np.int64)
    fixed = held_in(session, drafted.row.area_path)
    found = []
    for table in point_tables():
        rows = rows_with_points(session, table.name, (*leaving, drafted.row.area_id))
        here = np.array([home.get(int(area), COMMUNITY) for area in rows.area_id], dtype=np.int64)
        to_key = _located(rows.lonlat, here, drafted.tiling.parts)
        gone = np.isin(rows.area_id, ended)
        pinned = np.array([(table.name, int(row)) in fixed for row in rows.ids], dtype=bool)
        # A row that lies in no changed grid leaves its area only when that area ends.
        outside = ~np.isin(to_key, sorted(changed)) & ~gone
        goes = (to_key != here) & ~(pinned & ~gone) & ~outside
        astray = np.flatnonzero(goes & pinned & (to_key == COMMUNITY))
        beyond = _beyond(session, drafted, rows.lonlat[astray])
        for place, owner in zip(astray, beyond, strict=True):
            if owner is not None:
                to_key[place] = -owner[0]
        if goes.any():
            known = {-owner[0]: owner for owner in beyond if owner is not None}
            found.append(Moving(table, rows.ids[goes], rows.area_id[goes], to_key[goes], known))
    return found


def _beyond(session: Session, drafted: Drafted, lonlat: NDArray[np.float64]) -> list[tuple[int, str] | None]:
    """Return who owns the ground at points (n, 2) outside the community, None for those inside it."""
    row = drafted.row
    return owners_elsewhere(session, row.county_id, lonlat, apart=row.area_path) if len(lonlat) else []


def _located(
    lonlat: NDArray[np.float64], here: NDArray[np.int64], parts: Mapping[int, Ground]
) -> NDArray[np.int64]:
    """Return for each point (n, 2) the key of the part that holds it, `COMMUNITY` where none does."""
    to_key = np.full(len(lonlat), COMMUNITY, dtype=np.int64)
    if not parts or not len(lonlat):
        return to_key
    keys = np.array(sorted(parts), dtype=np.int64)
    tree = shapely.STRtree([parts[int(key)] for key in keys])
    point, shape = tree.query(np.asarray(shapely.points(lonlat), dtype=object), predicate="intersects")
    order = np.lexsort((keys[shape], keys[shape] != here[point], point))
    first = np.unique(point[order], return_index=True)[1]
    to_key[point[order][first]] = keys[shape[order][first]]
    return to_key


def move_rows(session: Session, found: list[Moving], owners: Mapping[int, tuple[int, str]]) -> dict[str, int]:
    """Give the rows to their new owners; what is part of a moved row follows it.

    `owners` maps draft keys, and `COMMUNITY`, to (area id, area path). Returns table name to number
    of rows that changed hands.
    """
    session.flush()
    moved: dict[str, int] = {}
    for moving in found:
        known = {**owners, **moving.beyond}
        rows = [(int(row), *known[int(key)]) for row, key in zip(moving.ids, moving.to_key, strict=True)]
        for name, count in hand_over(session, moving.table, rows).items():
            moved[name] = moved.get(name, 0) + count
    return moved
