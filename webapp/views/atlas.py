"""Printing an atlas, and fetching finished documents."""

from io import BytesIO

from flask import Blueprint, Response, jsonify, send_file
from flask_login import current_user

from core import audit
from core.document import document_of_run
from core.text import visible
from geo.areas.queries import area_by_id
from geo.atlas.content import Shown
from webapp.api.jobs import as_json
from webapp.api.parameter import sent, text_of
from webapp.i18n import choose_locale
from webapp.permission import require, requires
from webapp.print.atlas import SEEN_WITH
from webapp.print.jobs import request_atlas, wish_of
from webapp.session import request_session

blueprint = Blueprint("atlas", __name__)


@blueprint.post("/api/areas/<int:area_id>/atlas")
@requires("atlas.print")
def ask(area_id: int) -> tuple[Response, int]:
    """Ask for the atlas of a grid or community, in the reader's language, with what the reader may see."""
    session = request_session()
    area = area_by_id(session, area_id)
    shown = Shown(**{what: current_user.can(permission) for permission, what in SEEN_WITH.items()})
    run = request_atlas(session, area, wish_of(text_of(sent(), "size") or "A4", choose_locale(), shown))
    audit.record(session, "atlas.requested", subject=area, size=run.params["size"])
    return jsonify(as_json(run)), 202


@blueprint.get("/documents/<int:run>")
@requires("job.view")
def document(run: int) -> Response:
    """Hand out the document a run has made to whoever may see all that is in it; logged as an export."""
    session = request_session()
    found = document_of_run(session, run)
    for permission in found.needs:
        require(permission)
    audit.record(session, "document.export", subject=found, file=found.name, bytes=found.byte_count)
    # Areas of older installations may be called what no header can carry.
    name = visible(found.name)
    return send_file(
        BytesIO(found.content), mimetype=found.media_type, as_attachment=True, download_name=name
    )
