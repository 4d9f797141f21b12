"""Drafting: opening a change set, editing its grids, undo and redo. Flushes, never commits.

Every edit locks its change set's row, so edits of one set happen one after the other; what a person
saw is checked grid by grid (`versions`), so two people who edit different grids do not disturb each other.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy.orm import Session

from core import audit
from core.clock import now, today
from core.db import actor_of, scope_of
from core.errors import Conflict, InvalidInput, NotEnough, NotFound
from core.text import visible
from geo.areas.code_scheme import CodeScheme, numbered
from geo.areas.models import Area, ChangeSet
from geo.areas.queries import DatedGrid, area_by_id, boundary_shape, code_scheme_of, dated_grids
from geo.areas.service import NAME_LIMIT, as_multipolygon
from geo.boundaries import code_queries, queries
from geo.boundaries.models import AreaDraft, BoundaryEdit
from geo.shapes.crs import area_m2
from geo.shapes.tiling import Difference, Ground, Tiling, apply, as_ground

#: Longer titles do not fit a list.
TITLE_LIMIT = 60
#: The scheme as shipped has 15 digits, the longest one 28; others may have letters.
CODE_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Drafted:
    """A change set as it is edited: its row, its grids by key, and the tiling of those that stay."""

    row: ChangeSet
    grids: dict[int, AreaDraft]
    tiling: Tiling


def open_change_set(
    session: Session, community_id: int, *, title: str = "", as_of: date | None = None
) -> ChangeSet:
    """Start a change set of a community from its grids as published today, or as of an earlier date.

    With `as_of` the drafts have the boundaries, names and codes of that day: publishing them restores it.

    Raises
    ------
    NotFound
        ``area_unknown``, ``area_without_boundary`` (field `name`).
    InvalidInput
        ``not_a_community`` (field `name`), ``title_unusable`` (field `limit`), ``actor_missing``,
        ``restored_day_ahead`` (field `day`), ``restored_day_empty`` (fields `day`, `name`): the community
        had no grids then.
    """
    author_id = actor_of(session)
    if author_id is None:
        raise InvalidInput("actor_missing")
    community = area_by_id(session, community_id)
    # Names and boundaries of a whole county are read by all who work in it; drafting is not.
    if not scope_of(session).holds(community.path):
        raise NotFound("area_unknown", area=community.code)
    if community.level != "community":
        raise InvalidInput("not_a_community", name=community.name)
    frame_of(session, community)
    title = visible(title)
    if len(title) > TITLE_LIMIT:
        raise InvalidInput("title_unusable", limit=TITLE_LIMIT)
    row = ChangeSet(title=title or community.name, author_id=author_id, **_owner(community))
    _require_past(session, community, as_of)
    session.add(row)
    session.flush()
    _take_grids(session, row, community, as_of)
    audit.record(session, "change_set.open", subject=row, community=community.code)
    return row


def _require_past(session: Session, community: Area, as_of: date | None) -> None:
    """Refuse to restore a day that is yet to come, or on which the community was not divided."""
    if as_of is None:
        return
    if as_of > today():
        raise InvalidInput("restored_day_ahead", day=as_of.isoformat())
    if not dated_grids(session, community.id, on=as_of):
        raise InvalidInput("restored_day_empty", day=as_of.isoformat(), name=community.name)


def _owner(community: Area) -> dict[str, Any]:
    return {
        "county_id": community.county_id,
        "area_id": community.id,
        "area_path": community.path,
    }


def _take_grids(session: Session, row: ChangeSet, community: Area, as_of: date | None) -> None:
    """Draft the grids of a day, today without one, and note that those founded after it go."""
    present = {grid.area.id: grid for grid in dated_grids(session, community.id)}
    then = dated_grids(session, community.id, on=as_of) if as_of is not None else list(present.values())
    codes = _codes_then(session, community, then)
    gone = [grid for area_id, grid in present.items() if area_id not in {old.area.id for old in then}]
    for grid in (*then, *gone):
        here = present.get(grid.area.id)
        session.add(
            AreaDraft(
                change_set_id=row.id,
                key=row.next_key,
                grid_id=grid.area.id if here else None,
                revives_id=None if here else grid.area.id,
                base_id=here.boundary_id if here else None,
                base_name_id=here.name_id if here else None,
                code=codes.get(grid.area.id, grid.code),
                name=grid.name,
                # As of another day everything may differ: publishing compares the shapes themselves.
                changed=as_of is not None,
                ended=grid in gone,
                geom=from_shape(as_multipolygon(grid.shape), srid=4326),
                area_m2=area_m2(grid.shape),
                **_owner(community),
            )
        )
        row.next_key += 1
    session.flush()


def _codes_then(session: Session, community: Area, then: Sequence[DatedGrid]) -> dict[int, str]:
    """Return the code of each grid of a day by area id; one that another community has now is replaced."""
    codes = {grid.area.id: grid.code for grid in then}
    taken = code_queries.present_codes(session, community.county_id, beyond=community.id)
    used = taken | set(codes.values()) | code_queries.codes_ever(session, community.id)
    for area_id, code in codes.items():
        if code in taken:
            codes[area_id], _ = _first_free(session, community, used)
            used.add(codes[area_id])
    return codes


def frame_of(session: Session, community: Area) -> Ground:
    """Return the ground that a community's grids have to tile (EPSG:4326).

    Raises
    ------
    NotFound
        ``area_without_boundary`` (field `name`).
    """
    shape = boundary_shape(session, community.id)
    if shape is None:
        raise NotFound("area_without_boundary", name=community.name)
    return as_ground(shape)


def load(session: Session, set_id: int, *, lock: bool = False) -> Drafted:
    """Return a change set with its grids and their tiling.

    Raises
    ------
    NotFound
        ``change_set_unknown``.
    """
    row = queries.change_set(session, set_id, lock=lock)
    grids = {draft.key: draft for draft in queries.drafts_of(session, set_id)}
    frame = frame_of(session, area_by_id(session, row.area_id))
    parts = {key: queries.shape_of(draft) for key, draft in grids.items() if not draft.ended}
    return Drafted(row, grids, Tiling(frame, parts, row.next_key))


def load_to_edit(session: Session, set_id: int) -> Drafted:
    """Return a change set locked for an edit.

    Raises
    ------
    NotFound
        ``change_set_unknown``.
    Conflict
        ``change_set_closed`` (fields `id`, `state`): it is being reviewed or over.
    """
    drafted = load(session, set_id, lock=True)
    if drafted.row.state != "draft":
        raise Conflict("change_set_closed", id=set_id, state=drafted.row.state)
    return drafted


def store_edit(
    session: Session,
    drafted: Drafted,
    difference: Difference,
    *,
    kind: str,
    params: Mapping[str, Any],
    versions: Mapping[int, int] | None = None,
) -> BoundaryEdit:
    """Do `difference` to a locked change set and write its line into the log.

    `versions` are those of the grids the person saw; a touched grid that has a newer one refuses
    the edit. None says that the edit was made from what is stored now (an import, a proposal).

    Raises
    ------
    Conflict
        ``grid_changed`` (fields `grids`: keys, names and versions): somebody edited them meanwhile.
    InvalidInput
        ``nothing_changes``: the edit leaves everything as it is.
    """
    if not difference.touched:
        raise InvalidInput("nothing_changes")
    _refuse_stale(drafted, difference, versions)
    apply(drafted.tiling, difference)
    _drop_undone(session, drafted)
    return _store(session, drafted, difference, kind=kind, params=dict(params))


def _refuse_stale(drafted: Drafted, difference: Difference, versions: Mapping[int, int] | None) -> None:
    if versions is None:
        return
    stale = [key for key in sorted(difference.before) if versions.get(key) != drafted.grids[key].version_id]
    if stale:
        raise Conflict("grid_changed", grids=[_told(drafted.grids[key], versions.get(key)) for key in stale])


def _told(draft: AreaDraft, seen: int | None) -> dict[str, Any]:
    return {"key": draft.key, "name": draft.name, "version": draft.version_id, "seen": seen}


def _actor(session: Session) -> int:
    actor_id = actor_of(session)
    if actor_id is None:
        raise InvalidInput("actor_missing")
    return actor_id


def _store(
    session: Session,
    drafted: Drafted,
    difference: Difference,
    *,
    kind: str,
    params: dict[str, Any],
    of: int | None = None,
) -> BoundaryEdit:
    row = drafted.row
    ending = difference.touched - difference.after.keys()
    for key in sorted(ending):
        _store_grid(session, drafted, difference, key)
    # What ends frees its code, in the database too, before another grid takes it.
    session.flush()
    for key in sorted(difference.touched - ending):
        _store_grid(session, drafted, difference, key)
    row.last_edit += 1
    row.next_key = max(row.next_key, 1 + max(difference.after, default=0))
    # The newest touch orders the list of change sets, and raises the row's version.
    row.updated_at = now()
    edit = BoundaryEdit(
        change_set_id=row.id,
        number=row.last_edit,
        kind=kind,
        of=of,
        author_id=_actor(session),
        params=params,
        before={str(key): _hex(shape) for key, shape in difference.before.items()},
        after={str(key): _hex(shape) for key, shape in difference.after.items()},
        lineage={str(key): list(keys) for key, keys in difference.lineage.items()},
        county_id=row.county_id,
        area_id=row.area_id,
        area_path=row.area_path,
    )
    session.add(edit)
    session.flush()
    return edit


def _store_grid(session: Session, drafted: Drafted, difference: Difference, key: int) -> None:
    draft, after = drafted.grids.get(key), difference.after.get(key)
    if draft is None and after is not None:
        draft = _new_grid(session, drafted, key, difference.lineage.get(key, ()))
    if draft is None:
        raise NotFound("grid_gone", grid=key)
    if draft.ended and after is not None:
        _come_back(session, drafted, draft)
    draft.changed = True
    draft.ended = after is None
    if after is not None:
        draft.geom = from_shape(as_multipolygon(after), srid=4326)
        draft.area_m2 = area_m2(after)
    session.add(draft)


def _new_grid(session: Session, drafted: Drafted, key: int, lineage: tuple[int, ...]) -> AreaDraft:
    community = area_by_id(session, drafted.row.area_id)
    code, name = _free_code(session, drafted, community)
    draft = AreaDraft(
        change_set_id=drafted.row.id, key=key, code=code, name=name, lineage=list(lineage),
        **_owner(community),
    )  # fmt: skip
    drafted.grids[key] = draft
    return draft


def _come_back(session: Session, drafted: Drafted, draft: AreaDraft) -> None:
    """Give a grid that was never published another code where its own was given away while it was gone."""
    others = _others(drafted, draft)
    if draft.code not in {other.code for other in others}:
        return
    if draft.grid_id is not None or draft.revives_id is not None:
        raise Conflict("grid_code_taken", code=draft.code)
    draft.code, name = _free_code(session, drafted, area_by_id(session, drafted.row.area_id))
    if draft.name in {other.name for other in others}:
        draft.name = name


def _others(drafted: Drafted, draft: AreaDraft) -> list[AreaDraft]:
    return [other for other in drafted.grids.values() if other is not draft and not other.ended]


def _free_code(session: Session, drafted: Drafted, community: Area) -> tuple[str, str]:
    """Return the first code of the county's scheme that is free, and the name of a grid with its number.

    A code that was ever published is never free (S6); one that only a draft had is, once its grid is gone.
    """
    used = {draft.code for draft in drafted.grids.values() if draft.grid_id or not draft.ended}
    code, number = _first_free(session, community, used | code_queries.codes_ever(session, community.id))
    return code, f"{community.name}第{number}网格"[:NAME_LIMIT]


def _first_free(session: Session, community: Area, used: Set[str]) -> tuple[str, int]:
    """Return the first code of the county's scheme that is not among those used, and its number."""
    scheme = code_scheme_of(session, community.county_id)
    for number in range(1, scheme.most_grids + 1):
        code = scheme.grid_code(community.code, number)
        if code not in used:
            return code, number
    raise Conflict("codes_used_up", community=community.name)


def _hex(shape: Ground) -> str:
    return shapely.to_wkb(shape, hex=True)


def difference_of(edit: BoundaryEdit) -> Difference:
    """Return what a line of the log did."""
    return Difference(
        before={int(key): shapely.from_wkb(wkb) for key, wkb in edit.before.items()},
        after={int(key): shapely.from_wkb(wkb) for key, wkb in edit.after.items()},
        lineage={int(key): tuple(keys) for key, keys in edit.lineage.items()},
    )


def undo(session: Session, set_id: int) -> BoundaryEdit:
    """Take the acting person's last edit back, unless somebody has built on it.

    Raises
    ------
    NotEnough
        ``nothing_to_undo``.
    Conflict
        ``grid_changed`` (field `grids`: keys), ``change_set_closed``.
    """
    drafted = load_to_edit(session, set_id)
    mine = queries.edits_by(session, set_id, _actor(session))
    edit = next((edit for edit in mine if edit.state == "done"), None)
    if edit is None:
        raise NotEnough("nothing_to_undo")
    return _turn(session, drafted, edit, back=True)


def redo(session: Session, set_id: int) -> BoundaryEdit:
    """Do the edit again that the acting person took back last.

    Raises
    ------
    NotEnough
        ``nothing_to_redo``.
    Conflict
        ``grid_changed`` (field `grids`: keys), ``change_set_closed``.
    """
    drafted = load_to_edit(session, set_id)
    undone = [edit for edit in queries.edits_by(session, set_id, _actor(session)) if edit.state == "undone"]
    if not undone:
        raise NotEnough("nothing_to_redo")
    return _turn(session, drafted, undone[-1], back=False)


def _turn(session: Session, drafted: Drafted, edit: BoundaryEdit, *, back: bool) -> BoundaryEdit:
    kind = "undo" if back else "redo"
    edit.state = "undone" if back else "done"
    if edit.kind == "rename":
        return _turn_name(session, drafted, edit, kind)
    if edit.kind == "renumber":
        return _turn_codes(session, drafted, edit, kind)
    difference = difference_of(edit)
    if back:
        difference = difference.reversed()
    apply(drafted.tiling, difference)
    return _store(session, drafted, difference, kind=kind, params={}, of=edit.number)


def _turn_name(session: Session, drafted: Drafted, edit: BoundaryEdit, kind: str) -> BoundaryEdit:
    draft = drafted.grids[int(edit.params["grid"])]
    found, wanted = ("after", "before") if kind == "undo" else ("before", "after")
    if {"name": draft.name, "code": draft.code} != edit.params[found]:
        raise Conflict("grid_changed", grids=[_told(draft, None)])
    name, code = edit.params[wanted]["name"], edit.params[wanted]["code"]
    _refuse_taken(session, drafted, draft, code)
    draft.name, draft.code = name, code
    return _store(session, drafted, Difference(), kind=kind, params={"grid": draft.key}, of=edit.number)


def _turn_codes(session: Session, drafted: Drafted, edit: BoundaryEdit, kind: str) -> BoundaryEdit:
    found, wanted = (1, 0) if kind == "undo" else (0, 1)
    pairs = {int(key): pair for key, pair in edit.params["codes"].items()}
    stale = [
        key
        for key, pair in pairs.items()
        if key not in drafted.tiling.parts or drafted.grids[key].code != pair[found]
    ]
    if stale:
        raise Conflict("grid_changed", grids=stale)
    codes = {key: pair[wanted] for key, pair in pairs.items()}
    for key, draft in drafted.grids.items():
        if key not in codes and not draft.ended and draft.code in codes.values():
            raise Conflict("grid_code_taken", code=draft.code)
    _give_codes(session, drafted, codes)
    return _store(session, drafted, Difference(), kind=kind, params=edit.params, of=edit.number)


def codes_by_scheme(session: Session, drafted: Drafted, scheme: CodeScheme | None = None) -> dict[int, str]:
    """Return the code that each grid of a draft would get by the county's scheme, or by another one.

    Raises
    ------
    Conflict
        ``codes_used_up`` (field `community`): the digits do not suffice.
    """
    row = drafted.row
    community = area_by_id(session, row.area_id)
    # A grid that is restored may have the code that it had.
    back = {draft.revives_id for draft in drafted.grids.values() if draft.revives_id and not draft.ended}
    taken = code_queries.codes_ended(session, row.area_id, apart=back)
    taken |= code_queries.present_codes(session, row.county_id, beyond=row.area_id)
    taken |= {draft.code for draft in drafted.grids.values() if draft.ended and draft.grid_id}
    codes = numbered(
        drafted.tiling.parts, community.code, scheme or code_scheme_of(session, row.county_id), taken
    )
    if codes is None:
        raise Conflict("codes_used_up", community=community.name)
    return codes


def renumber(session: Session, set_id: int) -> BoundaryEdit:
    """Give the grids of a draft their codes anew, in the order of the county's scheme: one edit.

    Raises
    ------
    InvalidInput
        ``nothing_changes``: every grid has its code already.
    Conflict
        ``codes_used_up``, ``change_set_closed``.
    """
    drafted = load_to_edit(session, set_id)
    wanted = codes_by_scheme(session, drafted)
    pairs = {
        key: [drafted.grids[key].code, code]
        for key, code in sorted(wanted.items())
        if drafted.grids[key].code != code
    }
    if not pairs:
        raise InvalidInput("nothing_changes")
    _drop_undone(session, drafted)
    _give_codes(session, drafted, {key: code for key, (_, code) in pairs.items()})
    params = {"codes": {str(key): pair for key, pair in pairs.items()}}
    return _store(session, drafted, Difference(), kind="renumber", params=params)


def _give_codes(session: Session, drafted: Drafted, codes: Mapping[int, str]) -> None:
    # Codes may go round in a circle: each leaves before any is taken.
    for key in codes:
        drafted.grids[key].code = f"~{key}"
    session.flush()
    for key, code in codes.items():
        drafted.grids[key].code, drafted.grids[key].changed = code, True
    session.flush()


def rename(
    session: Session, set_id: int, key: int, *, name: str, code: str | None = None, seen: int | None = None
) -> BoundaryEdit:
    """Give a drafted grid another name or code; a line of the log like any other edit.

    `seen` is the version of the grid the person saw; None takes what is stored now.

    Raises
    ------
    InvalidInput
        ``draft_name_unusable`` (field `limit`), ``grid_code_unusable`` (field `code`), ``nothing_changes``.
    Conflict
        ``grid_code_taken`` (field `code`), ``grid_changed`` (field `grids`), ``change_set_closed``.
    NotFound
        ``grid_gone`` (field `grid`).
    """
    drafted = load_to_edit(session, set_id)
    draft = drafted.grids.get(key)
    if draft is None or draft.ended:
        raise NotFound("grid_gone", grid=key)
    if seen is not None and seen != draft.version_id:
        raise Conflict("grid_changed", grids=[_told(draft, seen)])
    return rename_drafted(session, drafted, draft, name=name, code=draft.code if code is None else code)


def rename_drafted(
    session: Session, drafted: Drafted, draft: AreaDraft, *, name: str, code: str
) -> BoundaryEdit:
    """Give a grid of a locked change set another name and code; see `rename` for what is refused."""
    name, code = visible(name), code.strip()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise InvalidInput("draft_name_unusable", limit=NAME_LIMIT)
    if not code.isalnum() or len(code) > CODE_LIMIT:
        raise InvalidInput("grid_code_unusable", code=code)
    before, after = {"name": draft.name, "code": draft.code}, {"name": name, "code": code}
    if before == after:
        raise InvalidInput("nothing_changes")
    if code != draft.code:
        _refuse_taken(session, drafted, draft, code)
    _drop_undone(session, drafted)
    draft.name, draft.code, draft.changed = name, code, True
    params = {"grid": draft.key, "before": before, "after": after}
    return _store(session, drafted, Difference(), kind="rename", params=params)


def _refuse_taken(session: Session, drafted: Drafted, draft: AreaDraft, code: str) -> None:
    """Refuse a code that another grid of the draft has, or an area of the county outside the community."""
    drafts = {other.code for other in _others(drafted, draft)}
    row = drafted.row
    if code in drafts or code in code_queries.present_codes(session, row.county_id, beyond=row.area_id):
        raise Conflict("grid_code_taken", code=code)


def _drop_undone(session: Session, drafted: Drafted) -> None:
    """Let the acting person's undone edits be overtaken: after a new edit they cannot be redone."""
    for edit in queries.edits_by(session, drafted.row.id, _actor(session)):
        if edit.state == "undone":
            edit.state = "dropped"


def take_names(
    session: Session, drafted: Drafted, names: Mapping[int, tuple[str, str]]
) -> list[BoundaryEdit]:
    """Take over names and codes that an imported file brings, each as an edit of its own.

    What cannot be used (empty, too long, a code that is taken) is left as it was.
    """
    edits = []
    for key, (name, code) in names.items():
        draft = drafted.grids[key]
        for wanted in ((name or draft.name, code or draft.code), (name or draft.name, draft.code)):
            try:
                edits.append(rename_drafted(session, drafted, draft, name=wanted[0], code=wanted[1]))
                break
            except (InvalidInput, Conflict):
                continue
    return edits
