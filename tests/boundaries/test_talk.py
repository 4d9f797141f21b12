"""Comments: answered, settled, and never in another area than their change set."""

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from core.db import Scope, transaction
from core.errors import Conflict, InvalidInput, NotFound
from geo.areas.models import ChangeSet
from geo.boundaries import talk
from geo.boundaries.models import ChangeComment
from tests.boundaries.studio_town import opened
from tests.small_town import SmallTown


def said(town: SmallTown, set_id: int, body: str = "看这里", *, actor: int = 0, **more) -> int:
    with transaction(Scope((town.county.path,)), actor_id=actor or town.drawer) as session:
        return talk.comment(session, set_id, body, **more).id


def settled(town: SmallTown, set_id: int, comment: int, *, actor: int, is_settled: bool = True) -> None:
    with transaction(Scope((town.county.path,)), actor_id=actor) as session:
        talk.settle(session, set_id, comment, settled=is_settled)


def test_a_comment_is_answered_settled_and_opened_again(town: SmallTown, reviewer: int) -> None:
    set_id = opened(town)
    first = said(town, set_id, at=(119.005, 30.005))
    answer = said(town, set_id, answers=first, actor=reviewer)
    settled(town, set_id, first, actor=reviewer)
    with pytest.raises(Conflict) as late:
        said(town, set_id, answers=first)
    settled(town, set_id, first, actor=town.drawer, is_settled=False)

    assert late.value.code == "comment_settled"
    with transaction(Scope.everything()) as session:
        rows = {row.id: row for row in session.scalars(select(ChangeComment)).all()}
        assert rows[answer].answers_id == first
        assert (rows[first].settled_at, rows[first].settled_by_id) == (None, None)
        assert session.get_one(ChangeSet, set_id).last_said == 4


@pytest.mark.parametrize(
    "body", [" \n", "\u200b\u2060", "\u202e\n\x01"], ids=["blank", "zero width", "control"]
)
def test_a_comment_that_nobody_sees_is_refused(town: SmallTown, body: str) -> None:
    set_id = opened(town)

    with pytest.raises(InvalidInput) as no:
        said(town, set_id, body)

    assert no.value.code == "comment_missing"


def test_a_comment_keeps_its_lines_and_loses_what_nobody_sees(town: SmallTown) -> None:
    said(town, opened(town), "第一行\u202e\n\n第二行\x07\u200b\n")

    with transaction(Scope.everything()) as session:
        assert session.scalars(select(ChangeComment.body)).all() == ["第一行\n\n第二行"]


def test_only_a_comment_of_this_set_is_answered_or_settled(town: SmallTown, reviewer: int) -> None:
    one, two = opened(town), opened(town)
    first = said(town, one)
    answer = said(town, one, answers=first)
    for act in (
        lambda: said(town, two, answers=first),
        lambda: said(town, one, answers=answer),
        lambda: settled(town, two, first, actor=reviewer),
        lambda: settled(town, one, answer, actor=reviewer),
    ):
        with pytest.raises(NotFound) as no:
            act()
        assert no.value.code == "comment_unknown"


def test_the_database_keeps_a_comment_in_the_area_of_its_change_set(
    town: SmallTown, owner_engine: Engine
) -> None:
    set_id = opened(town)
    first = said(town, set_id)
    moved = (
        "UPDATE change_comment SET area_id = a.id, area_path = a.path FROM area AS a "
        "WHERE a.id = :area AND change_comment.id = :comment"
    )
    # As the owner of the table: the application may not change a comment at all.
    with pytest.raises(IntegrityError), owner_engine.begin() as owner:
        owner.execute(text(moved), {"area": town.west.id, "comment": first})
