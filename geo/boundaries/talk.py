"""What people say about a change set: comments at places, answers, settled or open. Flushes, never commits.

Everything said raises the change set's `last_said`, so that the pages of the others ask for it.
"""

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy.orm import Session

from core.clock import now
from core.db import actor_of
from core.errors import Conflict, InvalidInput, NotFound
from core.text import visible_lines
from geo.areas.models import ChangeSet
from geo.boundaries import queries
from geo.boundaries.models import ChangeComment

COMMENT_LIMIT = 2_000


def comment(
    session: Session,
    set_id: int,
    body: str,
    *,
    at: tuple[float, float] | None = None,
    answers: int | None = None,
) -> ChangeComment:
    """Say something about a change set, at a place (lon, lat) where it concerns one, or as an answer.

    Raises
    ------
    InvalidInput
        ``comment_missing``, ``comment_too_long`` (field `limit`).
    NotFound
        ``change_set_unknown``, ``comment_unknown``: what is to be answered.
    Conflict
        ``comment_settled``: an answer to a comment that is settled would be read by nobody.
    """
    row = queries.change_set(session, set_id, lock=True)
    if answers is not None:
        answered = _remark(session, set_id, answers)
        if answered.settled_at is not None:
            raise Conflict("comment_settled", id=answers)
    return say(session, row, kind="remark", body=body, at=at, answers=answers)


def settle(session: Session, set_id: int, comment_id: int, *, settled: bool) -> ChangeComment:
    """Note that a comment is dealt with, or open it again; whoever may comment may do either.

    Raises
    ------
    NotFound
        ``change_set_unknown``, ``comment_unknown``: none of this change set, or an answer.
    """
    row = queries.change_set(session, set_id, lock=True)
    found = _remark(session, set_id, comment_id)
    found.settled_at, found.settled_by_id = (now(), _actor(session)) if settled else (None, None)
    row.last_said += 1
    session.flush()
    return found


def _remark(session: Session, set_id: int, comment_id: int) -> ChangeComment:
    found = session.get(ChangeComment, comment_id)
    if found is None or found.change_set_id != set_id or found.answers_id is not None:
        raise NotFound("comment_unknown", id=comment_id)
    return found


def say(
    session: Session,
    row: ChangeSet,
    *,
    kind: str,
    body: str,
    at: tuple[float, float] | None = None,
    answers: int | None = None,
) -> ChangeComment:
    """Write a comment of a change set whose row is locked.

    Raises
    ------
    InvalidInput
        ``comment_missing``, ``comment_too_long`` (field `limit`), ``actor_missing``.
    """
    body = visible_lines(body)
    if not body:
        raise InvalidInput("comment_missing")
    if len(body) > COMMENT_LIMIT:
        raise InvalidInput("comment_too_long", limit=COMMENT_LIMIT)
    said = ChangeComment(
        change_set_id=row.id,
        author_id=_actor(session),
        kind=kind,
        body=body,
        answers_id=answers,
        spot=from_shape(shapely.Point(round(at[0], 7), round(at[1], 7)), srid=4326) if at else None,
        county_id=row.county_id,
        area_id=row.area_id,
        area_path=row.area_path,
    )
    row.last_said += 1
    session.add(said)
    session.flush()
    return said


def _actor(session: Session) -> int:
    actor_id = actor_of(session)
    if actor_id is None:
        raise InvalidInput("actor_missing")
    return actor_id
