"""What publishing a change set would do, in counts: shown before, frozen when it happened."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import shapely
from sqlalchemy import Table

from core.db import Base
from geo.boundaries import queries
from geo.boundaries.dividing import FELT_M2, GridGround, divided_districts, size_m2
from geo.boundaries.moving import COMMUNITY, movings
from geo.boundaries.placement_queries import held_by
from geo.boundaries.succession import successions
from geo.columns import has_line, has_point

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry
    from sqlalchemy.orm import Session

    from geo.areas.models import Area
    from geo.boundaries.models import AreaDraft
    from geo.boundaries.moving import Moving
    from geo.boundaries.service import Drafted
    from geo.boundaries.succession import Succession

    type Pair = tuple[int, int]  # area id a row leaves, draft key it comes to (see Moving.to_key)

_NONE = shapely.Polygon()


def impact(session: Session, drafted: Drafted, found: Sequence[Moving] | None = None) -> dict[str, Any]:
    """Return what publishing would change, as JSON values.

    Keys: ``grids`` (each touched grid with state new, restored, changed or ended, areas in m2 and counts
    of rows before and after), ``corners`` (how many others only got a corner on their edge), ``moves`` (rows
    that change hands by kind, from, to and number; ``open_case`` are incidents that nobody has closed),
    ``staff`` (posts on grids that end, where they go and what they become there, null where they end with
    their grid), ``placements`` (rows placed by hand in grids that end: they go where they lie), ``routes``
    and ``stops`` (planned routes that cross ground changing hands, planned stops on it: the plans stay as
    they are), ``districts`` (patrol districts over ground changing hands, see `divided_districts`: they stay
    too).
    Counts are of places and households, never of persons.
    """
    touched = [draft for draft in drafted.grids.values() if draft.changed and _exists(draft)]
    pairs = _pairs(session, movings(session, drafted) if found is None else found)
    bases = queries.bases_of(session, touched)
    owners = [draft.grid_id for draft in touched if draft.grid_id]
    before = {kind: queries.rows_per_area(session, kind, owners) for kind in queries.counted_kinds()}
    succeeding = successions(session, drafted)
    grounds = _grounds(touched, bases)
    moved = shapely.union_all([one.moved for one in grounds])
    moving = {one.draft.key for one in grounds if size_m2(one.moved) >= FELT_M2}
    grids = [_grid(draft, bases, before, pairs | _posts(succeeding)) for draft in touched]
    felt = [grid for grid in grids if grid["key"] in moving or _is_felt(grid)]
    touches = queries.touched_drafts(session, drafted.row.id)
    return {
        "grids": felt,
        "corners": len(touches.keys() - {grid["key"] for grid in felt}),
        "moves": _moves(session, drafted, pairs),
        "staff": _staff(drafted, succeeding),
        "placements": _placements(session, drafted),
        "routes": _crossing(session, moved, points=False),
        "stops": _crossing(session, moved, points=True),
        "districts": divided_districts(session, drafted.row.county_id, grounds),
    }


def _grounds(touched: Sequence[AreaDraft], bases: Mapping[int, queries.Base]) -> list[GridGround]:
    """Return each touched grid with its ground as published and as drafted."""
    return [
        GridGround.of(
            draft,
            bases[draft.key].shape if draft.key in bases else _NONE,
            _NONE if draft.ended else queries.shape_of(draft),
        )
        for draft in touched
    ]


def _is_felt(grid: dict[str, Any]) -> bool:
    """Tell whether a grid begins, ends, gets another name or other counts, wherever its ground is."""
    return bool(grid["state"] != "changed" or grid["renamed"] or grid["before"] != grid["after"])


def _exists(draft: AreaDraft) -> bool:
    # A grid made and merged again within the draft leaves no trace.
    return draft.grid_id is not None or not draft.ended


def _pairs(session: Session, found: Sequence[Moving]) -> dict[str, dict[Pair, int]]:
    """Return by kind of row how many go from which area to which draft.

    Households stand beside their dwellings, open cases beside all incidents.
    """
    pairs = {moving.table.name: moving.counted() for moving in found}
    counted = queries.counted_kinds()
    for moving in found:
        ids = [int(row) for row in moving.ids]
        each = {
            kind: dict.fromkeys(queries.rows_of_kind(session, kind, ids), 1)
            for kind, one in counted.items()
            if one.table == moving.table.name and kind != moving.table.name
        }
        if moving.table.name == "dwelling":
            each["household"] = queries.households_in(session, ids)
        pairs |= {kind: _summed(moving, counts) for kind, counts in each.items()}
    return pairs


def _summed(moving: Moving, counts: Mapping[int, int]) -> dict[Pair, int]:
    summed: Counter[Pair] = Counter()
    for row, area, key in zip(moving.ids, moving.from_area, moving.to_key, strict=True):
        summed[int(area), int(key)] += counts.get(int(row), 0)
    return {pair: count for pair, count in summed.items() if count}


def _posts(found: Sequence[Succession]) -> dict[str, dict[Pair, int]]:
    """Return how many people go on in a post, from a grid that ends to which draft."""
    return {"post": dict(Counter((one.post.area_id, one.target.key) for one in found if one.kind))}


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
        "state": draft.fate,
        "renamed": base is not None and (base.code, base.name) != (draft.code, draft.name),
        "area_before_m2": round(base.area_m2, 1) if base else 0.0,
        "area_after_m2": 0.0 if draft.ended else round(draft.area_m2, 1),
        "before": had,
        "after": dict.fromkeys(has, 0) if draft.ended else has,
    }


def _moves(
    session: Session, drafted: Drafted, pairs: Mapping[str, Mapping[Pair, int]]
) -> list[dict[str, Any]]:
    named: dict[int, AreaDraft | Area] = {d.grid_id: d for d in drafted.grids.values() if d.grid_id}
    beyond = {-key for counts in pairs.values() for _, key in counts if key < COMMUNITY}
    keyed: dict[int, AreaDraft | Area] = {-area.id: area for area in queries.areas_with(session, beyond)}
    keyed |= drafted.grids
    return [
        {
            "kind": kind,
            "from": _named(named.get(area)),
            "to": _named(keyed.get(key)),
            "count": count,
        }
        for kind, counts in sorted(pairs.items())
        for (area, key), count in sorted(counts.items())
    ]


def _named(grid: AreaDraft | Area | None) -> dict[str, str] | None:
    """Return a grid's code and name; None stands for the community itself."""
    return None if grid is None else {"code": grid.code, "name": grid.name}


def _ended(drafted: Drafted) -> dict[int, AreaDraft]:
    return {draft.grid_id: draft for draft in drafted.grids.values() if draft.ended and draft.grid_id}


def _staff(drafted: Drafted, found: Sequence[Succession]) -> list[dict[str, Any]]:
    ended = _ended(drafted)
    return [
        {
            "post": one.post.kind,
            "holder": one.post.holder_name or "",
            "from": _named(ended[one.post.area_id]),
            "to": _named(one.target) if one.kind else None,
            "becomes": one.kind or None,
        }
        for one in found
    ]


def _placements(session: Session, drafted: Drafted) -> list[dict[str, Any]]:
    """Return the rows placed by hand in grids that end: from now on they go where they lie."""
    ended = _ended(drafted)
    return [
        {
            "kind": placement.subject_kind,
            "row": placement.subject_id,
            "label": label,
            "from": _named(ended[placement.area_id]),
            "reason": placement.reason,
            "author": author,
        }
        for placement, label, author in held_by(session, list(ended))
    ]


def _crossing(session: Session, moved: BaseGeometry, *, points: bool) -> int:
    """Return how many planned routes meet the ground, or how many planned stops lie on it.

    Both are rows that lie somewhere but belong to an area for another reason, so they do not move.
    """
    if moved.is_empty:
        return 0
    found = 0
    for mapper in Base.registry.mappers:
        until, table = getattr(mapper.class_, "__planned_until__", ""), mapper.local_table
        if until and isinstance(table, Table) and (has_point(table) if points else has_line(table)):
            found += queries.planned_meeting(session, table.name, until, moved)
    return found
