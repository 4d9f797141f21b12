"""What publishing a change set would do, in counts: shown before, frozen when it happened."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import shapely

from core.db import Base
from geo.boundaries import queries
from geo.boundaries.moving import COMMUNITY, movings
from geo.columns import has_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from geo.boundaries.models import AreaDraft
    from geo.boundaries.moving import Moving
    from geo.boundaries.service import Drafted

    type Pair = tuple[int, int]  # area id a row leaves, draft key it comes to

#: A corner put on an edge moves it by half a step of the coordinate grid: some dm2 along a street block.
FELT_M2 = 1.0


def impact(session: Session, drafted: Drafted, found: Sequence[Moving] | None = None) -> dict[str, Any]:
    """Return what publishing would change, as JSON values.

    Keys: ``grids`` (each touched grid with state new, changed or ended, areas in m2 and counts of rows
    before and after), ``moves`` (rows that change hands by kind, from, to and number), ``staff`` (posts
    on grids that end, and where they go), ``routes`` (planned routes that cross ground changing hands).
    Counts are of places and households, never of persons.
    """
    touched = [draft for draft in drafted.grids.values() if draft.changed and _exists(draft)]
    pairs = _pairs(session, movings(session, drafted) if found is None else found)
    bases = queries.bases_of(session, touched)
    before = _counts_before(session, [draft.grid_id for draft in touched if draft.grid_id], list(pairs))
    return {
        "grids": [grid for draft in touched if _is_felt(grid := _grid(draft, bases, before, pairs))],
        "moves": _moves(drafted, pairs),
        "staff": _staff(session, drafted),
        "routes": _routes(session, touched, bases),
    }


def _is_felt(grid: dict[str, Any]) -> bool:
    """Tell whether a grid gains, loses, begins or ends: a corner put on its edge is felt by nobody."""
    moved_m2 = abs(grid["area_after_m2"] - grid["area_before_m2"])
    counts = grid["before"] != grid["after"]
    return bool(grid["state"] != "changed" or grid["renamed"] or moved_m2 >= FELT_M2 or counts)


def _exists(draft: AreaDraft) -> bool:
    # A grid made and merged again within the draft leaves no trace.
    return draft.grid_id is not None or not draft.ended


def _pairs(session: Session, found: Sequence[Moving]) -> dict[str, dict[Pair, int]]:
    """Return by kind of row how many go from which area to which draft; households beside dwellings."""
    pairs = {moving.table.name: moving.counted() for moving in found}
    dwellings = next((moving for moving in found if moving.table.name == "dwelling"), None)
    if dwellings is not None:
        living = queries.households_in(session, [int(row) for row in dwellings.ids])
        homes: Counter[Pair] = Counter()
        for row, area, key in zip(dwellings.ids, dwellings.from_area, dwellings.to_key, strict=True):
            homes[int(area), int(key)] += living.get(int(row), 0)
        pairs["household"] = {pair: count for pair, count in homes.items() if count}
    return pairs


def _counts_before(session: Session, areas: Sequence[int], kinds: Sequence[str]) -> dict[str, dict[int, int]]:
    return {
        kind: queries.rows_per_area(session, kind, areas) for kind in dict.fromkeys((*kinds, "household"))
    }


def _grid(
    draft: AreaDraft,
    bases: Mapping[int, queries.Base],
    before: Mapping[str, Mapping[int, int]],
    pairs: Mapping[str, Mapping[Pair, int]],
) -> dict[str, Any]:
    base = bases.get(draft.key)
    had = {kind: counts.get(draft.grid_id or 0, 0) for kind, counts in before.items()}
    has = {
        kind: count
        - sum(number for (area, _), number in pairs.get(kind, {}).items() if area == draft.grid_id)
        + sum(number for (_, key), number in pairs.get(kind, {}).items() if key == draft.key)
        for kind, count in had.items()
    }
    return {
        "key": draft.key,
        "code": draft.code,
        "name": draft.name,
        "state": "ended" if draft.ended else "changed" if draft.grid_id else "new",
        "renamed": base is not None and (base.code, base.name) != (draft.code, draft.name),
        "area_before_m2": round(base.area_m2, 1) if base else 0.0,
        "area_after_m2": 0.0 if draft.ended else round(draft.area_m2, 1),
        "before": had,
        "after": dict.fromkeys(has, 0) if draft.ended else has,
    }


def _moves(drafted: Drafted, pairs: Mapping[str, Mapping[Pair, int]]) -> list[dict[str, Any]]:
    names = {draft.grid_id: draft for draft in drafted.grids.values() if draft.grid_id}
    return [
        {
            "kind": kind,
            "from": _named(names.get(area)),
            "to": _named(drafted.grids.get(key) if key != COMMUNITY else None),
            "count": count,
        }
        for kind, counts in sorted(pairs.items())
        for (area, key), count in sorted(counts.items())
    ]


def _named(draft: AreaDraft | None) -> dict[str, str] | None:
    """Return a grid's code and name; None stands for the community itself."""
    return None if draft is None else {"code": draft.code, "name": draft.name}


def successor_of(drafted: Drafted, ended: AreaDraft) -> AreaDraft | None:
    """Return the grid that takes over most of the ground of a grid that ends; None where none does."""
    ground = queries.shape_of(ended)
    shares = {
        key: shape.intersection(ground).area
        for key, shape in drafted.tiling.parts.items()
        if shape.intersects(ground)
    }
    if not shares:
        return None
    return drafted.grids[max(sorted(shares), key=lambda key: shares[key])]


def _staff(session: Session, drafted: Drafted) -> list[dict[str, Any]]:
    ended = {draft.grid_id: draft for draft in drafted.grids.values() if draft.ended and draft.grid_id}
    return [
        {
            "post": post.kind,
            "holder": post.holder_name or "",
            "from": _named(ended[post.area_id]),
            "to": _named(successor_of(drafted, ended[post.area_id])),
        }
        for post in queries.posts_on(session, list(ended))
    ]


def _routes(
    session: Session,
    touched: Sequence[AreaDraft],
    bases: Mapping[int, queries.Base],
) -> int:
    """Return how many stored routes cross ground that changes hands."""
    moved = shapely.union_all(
        [
            shape if draft.ended else queries.shape_of(draft).symmetric_difference(shape)
            for draft in touched
            for shape in ([bases[draft.key].shape] if draft.key in bases else [])
        ]
    )
    if moved.is_empty:
        return 0
    tables = [
        table.name
        for table in Base.metadata.sorted_tables
        if "area_path" in table.columns and has_line(table)
    ]
    return sum(queries.lines_meeting(session, table, moved) for table in tables)
