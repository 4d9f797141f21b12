"""The studio's API: change sets, their grids, edits, proposals, files, impact."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_login import current_user
from shapely.geometry import mapping
from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from geo.areas.models import OPEN_STATES, STATES, ChangeSet
from geo.areas.queries import area_by_id
from geo.boundaries import queries, service
from geo.boundaries.command import Sent, difference_for
from geo.boundaries.comparing import grids_before
from geo.boundaries.impact import impact
from geo.boundaries.jobs import request_proposals
from geo.boundaries.models import AreaDraft, BoundaryEdit
from geo.boundaries.proposing import shapes_of, wish_of
from geo.boundaries.review import is_second_person, overtaken_grids
from geo.boundaries.ruling import broken_by, findings, households_of
from geo.boundaries.service import Drafted
from geo.shapes.crs import area_m2
from geo.shapes.tiling import Difference, apply
from webapp.api.parameter import day_of, iso, sent, text_of
from webapp.api.review import talk_of
from webapp.permission import requires
from webapp.session import request_session

blueprint = Blueprint("change_sets", __name__, url_prefix="/api/change-sets")


@blueprint.get("")
@requires("area.review")
def listed() -> Response:
    """List change sets of the reader's areas: open ones, or those in the states asked for."""
    wanted = request.args.get("states", "draft,review,approved").split(",")
    if not set(wanted) <= set(STATES):
        raise InvalidInput("parameter_unusable", name="states", wanted=", ".join(STATES))
    community = request.args.get("community", type=int)
    rows = queries.change_sets(request_session(), community_id=community, states=wanted)
    return jsonify(change_sets=[listed_row(row) for row in rows])


@blueprint.post("")
@requires("area.draw")
def opened() -> tuple[Response, int]:
    """Start a change set of a community, from today's grids or (`as_of`) those of an earlier day."""
    session, given = request_session(), sent()
    row = service.open_change_set(
        session,
        Sent(given).key("community_id"),
        title=text_of(given, "title"),
        as_of=day_of(given.get("as_of"), "as_of"),
    )
    return jsonify(_whole(session, service.load(session, row.id))), 201


@blueprint.get("/<int:set_id>")
@requires("area.review")
def shown(set_id: int) -> Response:
    """Show a change set whole: frame, grids with shapes, log, comments, what the reader may do."""
    session = request_session()
    return jsonify(_whole(session, service.load(session, set_id)))


@blueprint.get("/<int:set_id>/since/<int:number>")
@requires("area.review")
def since(set_id: int, number: int) -> Response:
    """Tell what happened after a line of the log: the lines, the grids now, comments newer than `said`."""
    session = request_session()
    row = queries.change_set(session, set_id)
    talked = talk_of(session, row) if request.args.get("said", type=int) != row.last_said else {}
    if row.last_edit == number:
        return jsonify(last_edit=number, state=row.state, edits=[], grids=[], ended=[], **talked)
    # The log before the grids: an edit stored in between is told with the next question, its grids with this.
    edits = queries.edits_after(session, set_id, number)
    drafted = service.load(session, set_id)
    touched = {key for edit, _, reshaped in edits for key in _keys(edit, reshaped)}
    return jsonify(
        # A log that is cut is asked for again from where it was cut.
        last_edit=edits[-1][0].number if edits else drafted.row.last_edit,
        state=drafted.row.state,
        edits=[_edit(*line) for line in edits],
        **_changed(session, drafted, touched),
        **talked,
    )


@blueprint.post("/<int:set_id>/edits")
@requires("area.draw")
def edited(set_id: int) -> tuple[Response, int]:
    """Do one edit, or refuse it with the rule and the place; nothing is stored then."""
    session, given = request_session(), sent()
    kind = text_of(given, "kind")
    if kind == "renumber":
        edit = service.renumber(session, set_id)
        return _done(session, set_id, edit, _keys(edit, edit.reshaped))
    if kind == "rename":
        key = Sent(given).key("grid")
        edit = service.rename(
            session,
            set_id,
            key,
            name=text_of(given, "name"),
            code=None if given.get("code") is None else text_of(given, "code"),
            seen=_versions(given.get("versions", {})).get(key),
        )
        return _done(session, set_id, edit, {key})
    drafted = service.load_to_edit(session, set_id)
    difference = difference_for(session, drafted, kind, Sent(given))
    params = {name: value for name, value in given.items() if name not in {"kind", "versions"}}
    edit = service.store_edit(
        session, drafted, difference, kind=kind, params=params, versions=_versions(given.get("versions"))
    )
    return _done(session, set_id, edit, difference.touched)


@blueprint.post("/<int:set_id>/preview")
@requires("area.draw")
def previewed(set_id: int) -> Response:
    """Show what one edit would do to the grids, and which rules they would break; nothing is stored."""
    session, given = request_session(), sent()
    drafted = service.load(session, set_id)
    difference = difference_for(session, drafted, text_of(given, "kind"), Sent(given))
    apply(drafted.tiling, difference)
    return jsonify(_previewed(session, drafted, difference))


@blueprint.get("/<int:set_id>/codes")
@requires("area.review")
def codes(set_id: int) -> Response:
    """Tell the code that each drafted grid would get by the county's scheme, by the new code."""
    session = request_session()
    drafted = service.load(session, set_id)
    wanted = sorted(service.codes_by_scheme(session, drafted).items(), key=lambda item: item[1])
    return jsonify(
        codes=[
            {"key": key, "name": drafted.grids[key].name, "before": drafted.grids[key].code, "after": code}
            for key, code in wanted
        ]
    )


@blueprint.post("/<int:set_id>/proposals")
@requires("area.draw")
def proposals_asked(set_id: int) -> tuple[Response, int]:
    """Ask for proposals of grids of a wished size, for all of the draft or for the chosen grids."""
    session, given = request_session(), sent()
    drafted = service.load_to_edit(session, set_id)
    asked = Sent(given)
    wish: dict[str, Any] = {
        "size": None if given.get("size") is None else asked.key("size"),
        "tolerance": asked.metres("tolerance", default=0.1, most=1.0),
        "seed": asked.key("seed") % 2**31 if "seed" in given else 1,
        "only": asked.keys("only") if given.get("only") else [],
    }
    wish_of(drafted, **wish)
    return jsonify(run=request_proposals(session, drafted.row, wish).id), 202


@blueprint.get("/<int:set_id>/proposals")
@requires("area.review")
def proposals_listed(set_id: int) -> Response:
    """List what was proposed last, best first, with its figures and shapes."""
    session = request_session()
    queries.change_set(session, set_id)
    return jsonify(
        proposals=[
            {
                "id": row.id,
                "style": row.style,
                "best_at": row.best_at,
                "comparison": row.comparison,
                "grids": [
                    {"households": households, "why": why, "geometry": mapping(shape)}
                    for households, why, shape in zip(row.households, row.why, shapes_of(row), strict=True)
                ],
            }
            for row in queries.proposals_of(session, set_id)
        ]
    )


@blueprint.post("/<int:set_id>/undo")
@requires("area.draw")
def undone(set_id: int) -> tuple[Response, int]:
    """Take the reader's last edit back."""
    session = request_session()
    edit = service.undo(session, set_id)
    return _done(session, set_id, edit, _keys(edit, edit.reshaped))


@blueprint.post("/<int:set_id>/redo")
@requires("area.draw")
def redone(set_id: int) -> tuple[Response, int]:
    """Do the edit again that the reader took back last."""
    session = request_session()
    edit = service.redo(session, set_id)
    return _done(session, set_id, edit, _keys(edit, edit.reshaped))


@blueprint.get("/<int:set_id>/findings")
@requires("area.review")
def found(set_id: int) -> Response:
    """List what breaks a rule, refusals first, each with its place."""
    session = request_session()
    return jsonify(findings=findings(session, service.load(session, set_id)))


@blueprint.get("/<int:set_id>/impact")
@requires("area.review")
def impacted(set_id: int) -> Response:
    """Tell what publishing would move from where to where, or what it has moved."""
    session = request_session()
    drafted = service.load(session, set_id)
    frozen = drafted.row.impact
    return jsonify(frozen if frozen is not None else impact(session, drafted))


@blueprint.get("/<int:set_id>/before")
@requires("area.review")
def before(set_id: int) -> Response:
    """Answer the grids a change set is compared with: those in force now, or those it replaced."""
    session = request_session()
    drafted = service.load(session, set_id)
    found = grids_before(session, drafted)
    shapes, own = {grid.id: grid.shape for grid in found}, {grid.id: grid.id for grid in found}
    homes = households_of(session, drafted, shapes, standing=own)
    return jsonify(
        grids=[
            {
                "id": grid.id,
                "code": grid.code,
                "name": grid.name,
                "households": homes[grid.id],
                "area_m2": round(grid.area_m2, 1),
                "geometry": mapping(grid.shape),
            }
            for grid in found
        ]
    )


def _versions(value: Any) -> dict[int, int]:
    if not isinstance(value, dict):
        raise InvalidInput("parameter_unusable", name="versions", wanted="{grid: version}")
    try:
        return {int(key): int(version) for key, version in value.items()}
    except (TypeError, ValueError) as error:
        raise InvalidInput("parameter_unusable", name="versions", wanted="{grid: version}") from error


def _keys(edit: BoundaryEdit, reshaped: Iterable[int]) -> set[int]:
    # Undo and redo of a name carry its grid like the renaming itself; other edits name theirs by shape.
    named: set[int] = set()
    if edit.kind in {"rename", "renumber", "undo", "redo"}:
        named = {
            int(key) for key in (edit.params.get("grid"), *edit.params.get("codes", {})) if key is not None
        }
    return named | set(reshaped)


def _done(session: Session, set_id: int, edit: BoundaryEdit, touched: Iterable[int]) -> tuple[Response, int]:
    drafted = service.load(session, set_id)
    answer = {"edit": _edit(edit, current_user.name, edit.reshaped), "last_edit": drafted.row.last_edit}
    return jsonify(answer | _changed(session, drafted, set(touched))), 201


def _changed(session: Session, drafted: Drafted, keys: set[int]) -> dict[str, Any]:
    staying = [key for key in sorted(keys) if key in drafted.tiling.parts]
    touched = queries.touched_drafts(session, drafted.row.id)
    homes = households_of(session, drafted, {key: drafted.tiling.parts[key] for key in staying})
    return {
        "grids": [_grid(drafted.grids[key], homes[key], touched.get(key)) for key in staying],
        "ended": sorted(key for key in keys if key not in drafted.tiling.parts),
    }


def _previewed(session: Session, drafted: Drafted, difference: Difference) -> dict[str, Any]:
    homes = households_of(session, drafted, difference.after)
    return {
        "grids": [
            {
                "key": key,
                "name": drafted.grids[key].name if key in drafted.grids else "",
                "area_m2": round(area_m2(shape), 1),
                "households": homes[key],
                "geometry": mapping(shape),
            }
            for key, shape in sorted(difference.after.items())
        ],
        "ended": sorted(set(difference.before) - set(difference.after)),
        "broken": broken_by(session, drafted, difference, homes),
    }


def _whole(session: Session, drafted: Drafted) -> dict[str, Any]:
    row = drafted.row
    community = area_by_id(session, row.area_id)
    homes = households_of(session, drafted, drafted.tiling.parts)
    touched = queries.touched_drafts(session, row.id)
    listed = next(iter(queries.change_sets(session, community_id=row.area_id, states=STATES, only=row.id)))
    return (
        listed_row(listed)
        | {
            "community_id": community.id,
            "community_code": community.code,
            "bbox": list(drafted.tiling.frame.bounds),
            "frame": mapping(drafted.tiling.frame),
            "grids": [
                _grid(drafted.grids[key], homes[key], touched.get(key))
                for key in sorted(drafted.tiling.parts)
            ],
            "edits": [_edit(*line) for line in queries.newest_edits(session, row.id)],
            "can": _can(session, row),
            "overtaken": overtaken_grids(session, drafted) if row.state in OPEN_STATES else [],
        }
        | talk_of(session, row)
    )


def _can(session: Session, row: ChangeSet) -> dict[str, bool]:
    draws, reviews = current_user.can("area.draw"), current_user.can("area.review")
    approves = reviews and row.state == "review" and is_second_person(session, row)
    return {
        "edit": draws and row.state == "draft",
        "submit": draws and row.state == "draft",
        "return": reviews and row.state in {"review", "approved"},
        "approve": approves,
        "discard": draws and row.state in OPEN_STATES,
        "bring_back": draws and row.state == "discarded",
    }


def listed_row(row: Row[Any]) -> dict[str, Any]:
    """Return a change set as lists show it."""
    found = row.ChangeSet
    return {
        "id": found.id,
        "title": found.title,
        "state": found.state,
        "community": row.community,
        "author": row.author,
        "own": found.author_id == current_user.id,
        "reviewer": row.reviewer,
        "returned": {"by": row.returner, "words": row.returned_with} if row.returner else None,
        "changed": row.changed,
        "cornered": row.cornered,
        "last_edit": found.last_edit,
        "effective_on": iso(found.effective_on),
        "updated_at": iso(found.updated_at),
        "published_at": iso(found.published_at),
    }


def _grid(draft: AreaDraft, households: int, touch: str | None) -> dict[str, Any]:
    return {
        "key": draft.key,
        "grid_id": draft.grid_id,
        "code": draft.code,
        "name": draft.name,
        "version": draft.version_id,
        "changed": touch == "moved",
        "cornered": touch == "corner",
        "area_m2": round(draft.area_m2, 1),
        "households": households,
        "geometry": mapping(queries.shape_of(draft)),
    }


def _edit(edit: BoundaryEdit, author: str, reshaped: Iterable[int]) -> dict[str, Any]:
    return {
        "number": edit.number,
        "kind": edit.kind,
        "of": edit.of,
        "state": edit.state,
        "author": author,
        "own": edit.author_id == current_user.id,
        "at": iso(edit.at),
        "grids": sorted(_keys(edit, reshaped)),
        "origin": _origin(edit) if edit.kind == "import" else None,
    }


def _origin(edit: BoundaryEdit) -> dict[str, Any]:
    """Return where the ground of an import came from, as the log tells it."""
    told = edit.params.get("origin", {})
    names = ("file", "sha256", "format", "layer", "encoding", "source_crs", "datum", "datum_why", "converted")
    return {name: told.get(name) for name in names}
