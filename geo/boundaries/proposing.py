"""Proposals for a change set: computed by a job from what the map knows, taken over as one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from geoalchemy2.shape import from_shape, to_shape

from core.errors import InvalidInput, NotFound
from geo.areas.queries import area_by_id
from geo.areas.service import as_multipolygon
from geo.boundaries import queries
from geo.boundaries.models import GridProposal
from geo.shapes.proposal.question import Community, ProposalGround, TodayGrid, Wish, check_wish
from geo.shapes.tiling import Difference, as_ground

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from geo.boundaries.service import Drafted
    from geo.shapes.proposal.answer import Proposal
    from geo.shapes.tiling import Ground

#: Streets and buildings are read this far around the community, in degrees (about 200 m).
ROOM_DEG = 0.002


def wish_of(drafted: Drafted, *, size: int | None, tolerance: float, seed: int, only: Sequence[int]) -> Wish:
    """Return what is wished for; `only` are keys of grids that are divided anew (empty: all).

    Raises
    ------
    InvalidInput
        What `check_wish` refuses, and ``grid_gone`` for a key that is not in the draft.
    """
    numbers = sorted(drafted.tiling.parts)
    for key in only:
        drafted.tiling.part(key)
    wish = Wish(size=size, tolerance=tolerance, seed=seed, only=tuple(numbers.index(key) for key in only))
    check_wish(wish)
    return wish


def ground_of(session: Session, drafted: Drafted) -> ProposalGround:
    """Return streets, waters, buildings, homes and today's drafted grids of a change set's community."""
    row = drafted.row
    west, south, east, north = drafted.tiling.frame.bounds
    box = (west - ROOM_DEG, south - ROOM_DEG, east + ROOM_DEG, north + ROOM_DEG)
    roads, classes = queries.classed_roads_in(session, row.county_id, box)
    homes = queries.homes_under(session, row.area_path)
    lived_in = homes.households > 0
    code = area_by_id(session, row.area_id).code
    return ProposalGround(
        roads=roads,
        road_classes=classes,
        households=homes.lonlat[lived_in],
        counts=homes.households[lived_in],
        water=list(queries.waters_in(session, row.county_id, box)),
        buildings=list(queries.buildings_in(session, row.county_id, box)),
        communities=[Community(code, drafted.tiling.frame)],
        today=[
            TodayGrid(drafted.grids[key].code, shape, code)
            for key, shape in sorted(drafted.tiling.parts.items())
        ],
    )


def store_proposals(
    session: Session, drafted: Drafted, run_id: int, found: Sequence[Proposal]
) -> list[GridProposal]:
    """Store what a run proposed, best first; flushed."""
    rows = [
        GridProposal(
            change_set_id=drafted.row.id,
            run_id=run_id,
            rank=proposal.rank,
            style=proposal.style.value,
            best_at=list(proposal.best_at),
            comparison=proposal.comparison.as_json(),
            households=[grid.households for grid in proposal.grids],
            why=[grid.why.value for grid in proposal.grids],
            geom=from_shape(
                shapely.GeometryCollection([as_multipolygon(grid.shape) for grid in proposal.grids]),
                srid=4326,
            ),
            county_id=drafted.row.county_id,
            area_id=drafted.row.area_id,
            area_path=drafted.row.area_path,
        )
        for proposal in found
    ]
    session.add_all(rows)
    session.flush()
    return rows


def shapes_of(proposal: GridProposal) -> list[Ground]:
    """Return the proposed grids (EPSG:4326) in their order."""
    return [as_ground(whole) for whole in shapely.get_parts(to_shape(proposal.geom))]


def proposal_of(session: Session, drafted: Drafted, proposal_id: int) -> GridProposal:
    """Return a proposal of a change set.

    Raises
    ------
    NotFound
        ``proposal_unknown`` (field `id`).
    """
    found = session.get(GridProposal, proposal_id)
    if found is None or found.change_set_id != drafted.row.id:
        raise NotFound("proposal_unknown", id=proposal_id)
    return found


def taken_over(drafted: Drafted, proposal: GridProposal) -> Difference:
    """Return the edit that makes the drafted grids those of a proposal.

    A proposed grid goes on as the drafted grid with which it shares most ground, so that names, codes
    and captains stay where they can; the pairs with most common ground are taken first.

    Raises
    ------
    InvalidInput
        ``nothing_changes``: the proposal is empty.
    """
    shapes, parts = shapes_of(proposal), drafted.tiling.parts
    if not shapes:
        raise InvalidInput("nothing_changes")
    # A proposal for some grids says nothing of the others.
    covered = shapely.union_all(shapes)
    concerned = {
        key: part for key, part in parts.items() if shapely.intersection(covered, part).area > part.area / 2
    }
    heirs = _heirs(shapes, concerned)
    after: dict[int, Ground] = {}
    lineage: dict[int, tuple[int, ...]] = {}
    next_key = drafted.tiling.next_key
    for number, shape in enumerate(shapes):
        key, origin = heirs.get(number, (None, None))
        if key is None:
            key, next_key = next_key, next_key + 1
            lineage[key] = () if origin is None else (origin,)
        after[key] = shape
    # Corner by corner: one that a neighbour has put on an edge is a change like any other.
    changed = {
        key: shape
        for key, shape in after.items()
        if key not in parts
        or not shapely.equals_exact(shapely.normalize(parts[key]), shapely.normalize(shape))
    }
    before = {
        key: shape
        for key, shape in parts.items()
        if key in changed or (key in concerned and key not in after)
    }
    return Difference(before, changed, lineage)


def _heirs(shapes: Sequence[Ground], parts: Mapping[int, Ground]) -> dict[int, tuple[int | None, int | None]]:
    """Return for each shape (the key it goes on as, the key most of its ground is from)."""
    keys = sorted(parts)
    tree = shapely.STRtree([parts[key] for key in keys])
    number, place = tree.query(list(shapes), predicate="intersects")
    common = shapely.area(
        shapely.intersection(np.asarray(shapes, dtype=object)[number], tree.geometries[place])
    )
    # Grids that only touch have no ground in common.
    some = common > 0
    number, place, common = number[some], place[some], common[some]
    heirs: dict[int, tuple[int | None, int | None]] = {}
    taken: set[int] = set()
    for index in np.lexsort((place, number, -common)):
        shape, key = int(number[index]), keys[int(place[index])]
        held, origin = heirs.get(shape, (None, None))
        if held is None and key not in taken:
            held = key
            taken.add(key)
        heirs[shape] = (held, key if origin is None else origin)
    return heirs
