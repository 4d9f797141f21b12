"""The API of a change set's review: comments and their answers, submit, return, approve, discard."""

from typing import Any

import shapely
from flask import Blueprint, Response, jsonify
from flask_login import current_user
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from core.clock import today
from geo.areas.models import ChangeSet
from geo.boundaries import queries, review, talk
from geo.boundaries.command import Sent
from geo.boundaries.jobs import request_publish
from geo.boundaries.models import ChangeComment
from webapp.api.parameter import day_of, iso, sent, text_of
from webapp.permission import requires
from webapp.session import request_session

blueprint = Blueprint("change_set_review", __name__, url_prefix="/api/change-sets")


@blueprint.post("/<int:set_id>/comments")
@requires("area.review")
def commented(set_id: int) -> tuple[Response, int]:
    """Say something about a change set, at a place where it concerns one, or answer a comment."""
    session, given = request_session(), sent()
    at = Sent(given).point("at") if given.get("at") else None
    answers = Sent(given).key("answers") if given.get("answers") else None
    body = text_of(given, "body")
    said = talk.comment(session, set_id, body, at=(at.x, at.y) if at else None, answers=answers)
    return jsonify(_comment(said, said.kind, current_user.name)), 201


@blueprint.post("/<int:set_id>/comments/<int:comment_id>/settle")
@requires("area.review")
def settled(set_id: int, comment_id: int) -> Response:
    """Note that a comment is dealt with."""
    return _turned(set_id, comment_id, settled=True)


@blueprint.post("/<int:set_id>/comments/<int:comment_id>/reopen")
@requires("area.review")
def reopened(set_id: int, comment_id: int) -> Response:
    """Open a settled comment again."""
    return _turned(set_id, comment_id, settled=False)


def _turned(set_id: int, comment_id: int, *, settled: bool) -> Response:
    session = request_session()
    talk.settle(session, set_id, comment_id, settled=settled)
    return jsonify(talk_of(session, queries.change_set(session, set_id)))


@blueprint.post("/<int:set_id>/submit")
@requires("area.draw")
def submitted(set_id: int) -> Response:
    """Hand a draft to a second person."""
    session = request_session()
    return _state(review.submit(session, set_id, note=text_of(sent(), "note")))


@blueprint.post("/<int:set_id>/return")
@requires("area.review")
def sent_back(set_id: int) -> Response:
    """Give a change set back to its editors, saying why; its author takes it back with or without words."""
    session = request_session()
    return _state(review.send_back(session, set_id, note=text_of(sent(), "note")))


@blueprint.post("/<int:set_id>/approve")
@requires("area.review")
def approved(set_id: int) -> Response:
    """Approve another person's change set; due today it is published by a job at once."""
    session, given = request_session(), sent()
    row = review.approve(
        session,
        set_id,
        effective_on=day_of(given.get("effective_on"), "effective_on"),
        note=text_of(given, "note"),
    )
    run = request_publish(session, row) if row.effective_on == today() else None
    return jsonify(
        id=row.id, state=row.state, effective_on=iso(row.effective_on), run=run.id if run else None
    )


@blueprint.post("/<int:set_id>/discard")
@requires("area.draw")
def discarded(set_id: int) -> Response:
    """Put a change set away; it can be brought back."""
    return _state(review.discard(request_session(), set_id))


@blueprint.post("/<int:set_id>/bring-back")
@requires("area.draw")
def brought_back(set_id: int) -> Response:
    """Make a discarded change set a draft again."""
    return _state(review.bring_back(request_session(), set_id))


def talk_of(session: Session, row: ChangeSet) -> dict[str, Any]:
    """Return what was said about a change set, oldest first, and the count that tells whether it is new."""
    said = queries.comments_of(session, row.id)
    return {
        "last_said": row.last_said,
        "comments": [_comment(one.ChangeComment, one.step, one.author, one.settled_by) for one in said],
    }


def _comment(said: ChangeComment, step: str, author: str, settled_by: str = "") -> dict[str, Any]:
    spot = to_shape(said.spot) if said.spot is not None else None
    return {
        "id": said.id,
        "kind": step,
        "body": said.body,
        "author": author,
        "at": iso(said.at),
        "answers": said.answers_id,
        "settled_at": iso(said.settled_at),
        "settled_by": settled_by,
        "spot": [spot.x, spot.y] if isinstance(spot, shapely.Point) else None,
    }


def _state(row: ChangeSet) -> Response:
    return jsonify(id=row.id, state=row.state)
