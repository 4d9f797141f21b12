"""The studio's files: an export, and a file on its way in: kept aside, looked at, read into the draft."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from flask_login import current_user
from shapely.geometry import mapping
from sqlalchemy.orm import Session

from core import audit
from core.errors import Conflict, InvalidInput
from core.intake.report import Notice
from core.outlet.vector import Format
from geo.boundaries import queries, service, upload
from geo.boundaries.exchange import export_drafted, read_back
from geo.boundaries.file_grids import Touch
from geo.boundaries.file_look import FileLook, FileWish, look
from geo.boundaries.models import BoundaryEdit, UploadedFile
from geo.boundaries.service import Drafted
from geo.shapes.crs import area_m2
from geo.shapes.datum import Datum
from webapp.api.file_wish import choice, member, system, wish_of
from webapp.api.parameter import sent
from webapp.i18n import choose_locale, translate
from webapp.permission import requires
from webapp.problem import spoken
from webapp.sentences import FILE_NOTICES
from webapp.session import request_session

blueprint = Blueprint("change_set_files", __name__, url_prefix="/api/change-sets")

#: Codes and names that a list of a panel can hold.
MOST_TOLD = 50


@blueprint.get("/<int:set_id>/export")
@requires("area.review")
def exported(set_id: int) -> Response:
    """Send the drafted grids as a file that can be edited elsewhere and read back."""
    drafted = service.load(request_session(), set_id)
    form = choice("format", Format, Format.GEOPACKAGE)
    with TemporaryDirectory() as folder:
        written = export_drafted(
            drafted,
            Path(folder) / f"change_set_{set_id}.{form.value}",
            form=form,
            crs=system(request.args.get("crs", "EPSG:4326")),
            encoding=request.args.get("encoding", "utf-8"),
            datum=choice("datum", Datum, Datum.WGS84),
        )
        content = written.path.read_bytes()
    audit.record(request_session(), "change_set.export", subject=drafted.row, format=form.value)
    return send_file(BytesIO(content), download_name=written.path.name, as_attachment=True)


@blueprint.post("/<int:set_id>/import")
@requires("area.draw")
def imported(set_id: int) -> tuple[Response, int]:
    """Read an edited file back in one step, for scripts; what cannot be told for sure is refused."""
    session = request_session()
    drafted = service.load_to_edit(session, set_id)
    files = _sent_files()
    if not files:
        raise InvalidInput("file_missing_in_form")
    datum = request.form.get("datum", "")
    wish = FileWish(datum=member(Datum, datum, "datum") if datum else None)
    kept = upload.keep(session, drafted.row, files)
    with upload.as_file(kept) as path:
        found = look(session, drafted, path, wish)
    upload.put_away(session, kept)
    return jsonify(_taken(session, drafted, found) | {"notices": _notices(found, drafted)}), 201


@blueprint.get("/<int:set_id>/files")
@requires("area.draw")
def files_waiting(set_id: int) -> Response:
    """List the reader's files that wait to be read into a change set, newest first."""
    session = request_session()
    queries.change_set(session, set_id)
    return jsonify(files=[_waiting(kept) for kept in upload.waiting(session, set_id)])


@blueprint.post("/<int:set_id>/files")
@requires("area.draw")
def file_kept(set_id: int) -> tuple[Response, int]:
    """Keep a file aside for a look; parts sent together become one archive."""
    session = request_session()
    drafted = service.load_to_edit(session, set_id)
    kept = upload.keep(session, drafted.row, _sent_files())
    return jsonify(_waiting(kept)), 201


@blueprint.post("/<int:set_id>/files/<int:file_id>/look")
@requires("area.draw")
def file_looked_at(set_id: int, file_id: int) -> Response:
    """Show what a waiting file holds and would change, read as chosen; nothing is stored."""
    session = request_session()
    drafted = service.load(session, set_id)
    kept = upload.waiting_file(session, set_id, file_id)
    with upload.as_file(kept) as path:
        found = look(session, drafted, path, wish_of(sent()))
    return jsonify(_waiting(kept) | _looked(found, drafted))


@blueprint.post("/<int:set_id>/files/<int:file_id>/take")
@requires("area.draw")
def file_taken(set_id: int, file_id: int) -> tuple[Response, int]:
    """Read a waiting file into the draft as it was looked at (`seen`: number of the last edit then)."""
    session, given = request_session(), sent()
    drafted = service.load_to_edit(session, set_id)
    kept = upload.waiting_file(session, set_id, file_id)
    if given.get("seen") != drafted.row.last_edit:
        raise Conflict("file_look_old", seen=given.get("seen"), last_edit=drafted.row.last_edit)
    with upload.as_file(kept) as path:
        found = look(session, drafted, path, wish_of(given))
    answer = _taken(session, drafted, found)
    upload.put_away(session, kept)
    return jsonify(answer), 201


@blueprint.post("/<int:set_id>/files/<int:file_id>/discard")
@requires("area.draw")
def file_put_away(set_id: int, file_id: int) -> Response:
    """Delete a waiting file."""
    session = request_session()
    upload.put_away(session, upload.waiting_file(session, set_id, file_id))
    return jsonify(id=file_id)


def _sent_files() -> list[tuple[str, bytes]]:
    return [(one.filename, one.read()) for one in request.files.getlist("file") if one.filename]


def _taken(session: Session, drafted: Drafted, found: FileLook) -> dict[str, Any]:
    """Store what a file brings: its ground as one edit, each name as another."""
    back = read_back(found, drafted)
    edits: list[BoundaryEdit] = []
    if back.difference.touched:
        params = {"origin": back.origin}
        edits.append(
            service.store_edit(
                session, drafted, back.difference, kind="import", params=params, versions=back.versions
            )
        )
    edits += service.take_names(session, drafted, back.names)
    if not edits:
        raise InvalidInput("nothing_changes")
    audit.record(
        session, "change_set.import", subject=drafted.row, file=back.origin.get("file"),
        sha256=back.origin.get("sha256"), datum=back.origin.get("datum"),
    )  # fmt: skip
    return {"last_edit": drafted.row.last_edit, "edits": [edit.number for edit in edits]}


def _waiting(kept: UploadedFile) -> dict[str, Any]:
    return {
        "id": kept.id,
        "name": kept.name,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
        "at": kept.at.isoformat(),
        "expires_at": kept.expires_at.isoformat(),
        "sender": current_user.name,
    }


def _looked(found: FileLook, drafted: Drafted) -> dict[str, Any]:
    seen = found.preview
    shown = [place for place, name in enumerate(seen.columns) if name not in found.hidden]
    return {
        "layers": [{"name": one.name, "count": one.count} for one in seen.layers],
        "layer": seen.layer,
        "count": seen.count,
        "columns": [seen.columns[place] for place in shown],
        "rows": [[_cell(row[place]) for place in shown] for row in seen.rows],
        "fields": {name: getattr(found.columns, name) for name in ("key", "code", "name")},
        "encoding": _encoding(found),
        "system": _system(found),
        "datum": _datum(found),
        "change": _change(found, drafted),
        "drawn": [mapping(shape) for shape in found.drawn],
        "notices": _notices(found, drafted),
        "open": list(found.open),
        "seen": drafted.row.last_edit,
    }


def _cell(value: object) -> str:
    return "" if value is None or value != value else str(value)[:200]  # noqa: PLR0124 - not a number


def _encoding(found: FileLook) -> dict[str, Any]:
    choice = found.preview.encoding
    return {
        "taken": choice.encoding,
        "why": choice.why.value,
        "declared": choice.declared,
        "candidates": [
            {"encoding": one.encoding, "texts": one.texts, "misfits": one.misfits}
            for one in found.preview.candidates
        ],
    }


def _system(found: FileLook) -> dict[str, Any]:
    seen, told = found.preview, found.system
    return {
        "taken": told.taken,
        "name": told.name,
        "why": told.why,
        "old_datum": told.old_datum,
        "northing_first": told.is_northing_first,
        "elsewhere": found.elsewhere,
        "guesses": [
            {
                "crs": f"EPSG:{guess.epsg}",
                "name": guess.name,
                "why": guess.why,
                "exact": guess.is_exact,
                "northing_first": guess.is_northing_first,
            }
            for guess in seen.guesses[:8]
        ],
        "bounds": [round(each, 3) for each in seen.bounds],
    }


def _datum(found: FileLook) -> dict[str, Any] | None:
    if found.datum is None:
        return None
    taken = found.datum.taken
    told = {
        "taken": None if taken is None else taken.value,
        "why": found.datum.why,
        "marked": found.datum.marked,
    }
    return told | found.datum.as_json()


def _change(found: FileLook, drafted: Drafted) -> dict[str, Any] | None:
    """Return what becomes of the grids; None while something is open."""
    told = found.compared
    if told is None:
        return None
    known = {draft.code for draft in drafted.grids.values() if not draft.ended}
    unknown = [grid.code for grid in told.grids if grid.code and grid.code not in known]
    counts = {touch.value: sum(grid.touch is touch for grid in told.grids) for touch in Touch}
    return {
        "counts": counts | {"ended": len(told.ended), "renamed": len(_renamed(found, drafted))},
        "grids": [
            {
                "key": grid.key,
                "line": grid.line,
                "touch": grid.touch.value,
                "code": grid.code,
                "name": grid.name or _drafted_name(drafted, grid.key),
                "moved_m": grid.moved_m,
                "area_m2": round(area_m2(grid.shape), 1),
            }
            for grid in told.grids
            if grid.touch is not Touch.SAME
        ],
        "ended": [
            {"key": key, "code": drafted.grids[key].code, "name": drafted.grids[key].name}
            for key in told.ended
        ],
        "renamed": _renamed(found, drafted)[:MOST_TOLD],
        "unknown_codes": unknown[:MOST_TOLD],
        "outside": told.outside,
    }


def _renamed(found: FileLook, drafted: Drafted) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "from": [drafted.grids[key].name, drafted.grids[key].code],
            "to": [name, code],
        }
        for key, (name, code) in sorted(found.names.items())
        if key in drafted.grids
    ]


def _drafted_name(drafted: Drafted, key: int) -> str:
    return drafted.grids[key].name if key in drafted.grids else ""


def _notices(found: FileLook, drafted: Drafted) -> list[str]:
    told = [*found.preview.notices, *found.notices]
    if found.hidden:
        told.append(Notice("columns_forbidden", {"columns": list(found.hidden)}))
    if found.compared and found.compared.mended:
        lines = set(found.compared.mended)
        names = [grid.name or _drafted_name(drafted, grid.key) for grid in found.grids if grid.line in lines]
        told.append(Notice("self_crossing", {"count": len(lines), "names": names[:MOST_TOLD]}))
    language = choose_locale()
    return [
        translate(FILE_NOTICES[notice.code], language, **spoken(notice.fields, language)) for notice in told
    ]
