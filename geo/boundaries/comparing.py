"""What a change set is compared with: the grids of its community before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.areas.queries import dated_grids
from geo.areas.service import as_multipolygon
from geo.boundaries import queries
from geo.shapes.crs import area_m2

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Ground

#: Change sets that are over are compared with what they began from; open ones with what is in force now.
OVER = ("published", "discarded")


@dataclass(frozen=True, slots=True)
class FormerGrid:
    """A grid as it was before a change set: area id, code, name and ground (EPSG:4326)."""

    id: int
    code: str
    name: str
    shape: Ground
    area_m2: float


def grids_before(session: Session, drafted: Drafted) -> list[FormerGrid]:
    """Return the grids before a change set, by code.

    Of an open change set these are the grids published today, whoever published them. Of one that is
    published or discarded they are those it was drafted from, with the names and codes they had then:
    also where the boundaries were replaced on the day they began and were never valid on any day.
    """
    if drafted.row.state not in OVER:
        return [
            FormerGrid(grid.area.id, grid.code, grid.name, as_multipolygon(grid.shape), area_m2(grid.shape))
            for grid in dated_grids(session, drafted.row.area_id)
        ]
    drafts = [draft for draft in drafted.grids.values() if draft.base_id is not None]
    bases = queries.bases_of(session, drafts)
    found = []
    for draft in drafts:
        base = bases[draft.key]
        found.append(
            FormerGrid(draft.grid_id or 0, base.code, base.name, as_multipolygon(base.shape), base.area_m2)
        )
    return sorted(found, key=lambda grid: (grid.code, grid.id))
