"""Who holds a post on a grid that ends goes on at the grid that takes it over: once, and with one captain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.db import Scope, transaction
from geo.areas.models import Area
from geo.areas.queries import area_by_code
from geo.staff.models import Account, Post
from geo.staff.service import create_account
from tests.boundaries.studio_town import SPLIT_WEST, WHOLE, do, opened, published
from tests.small_town import SmallTown


@dataclass(frozen=True)
class Held:
    """A post: its kind, and the login of who holds it, a name without an account, or nobody."""

    kind: str
    login: str = ""
    name: str = ""


@pytest.mark.parametrize(
    ("west", "east", "after"),
    [
        pytest.param(
            [Held("captain", "anna")], [Held("captain")], [("captain", "anna")], id="a vacancy is filled"
        ),
        pytest.param(
            [Held("captain", "anna")],
            [Held("captain", "bela")],
            [("captain", "bela"), ("worker", "anna")],
            id="one captain a grid",
        ),
        pytest.param(
            [Held("captain", "anna")], [Held("captain", "anna")], [("captain", "anna")], id="captain of both"
        ),
        pytest.param(
            [Held("worker", "anna"), Held("worker", "bela")],
            [Held("worker", "anna"), Held("captain", "bela")],
            [("captain", "bela"), ("worker", "anna")],
            id="no post twice",
        ),
        pytest.param(
            [Held("informant", name="王伟")],
            [Held("informant", name="王伟")],
            [("informant", "王伟"), ("informant", "王伟")],
            id="namesakes are two",
        ),
        pytest.param([Held("worker")], [Held("police")], [("police", "")], id="a vacancy ends with its grid"),
    ],
)
def test_whoever_holds_a_post_goes_on_once(
    town: SmallTown, reviewer: int, west: list[Held], east: list[Held], after: list[tuple[str, str]]
) -> None:
    hold(town, {town.west: west, town.east: east})
    set_id = opened(town)
    do(town, set_id, {2: WHOLE}, ended=(1,))

    told = published(town, set_id, reviewer)

    with transaction(Scope.everything()) as session:
        posts = session.scalars(select(Post).where(Post.valid_to.is_(None))).all()
        assert {post.area_id for post in posts} == {town.east.id}
        assert sorted((post.kind, post.holder_name or "") for post in posts) == after
    here = [(post.kind, post.login or post.name) for post in east if post.login or post.name]
    gone_on = [(one["becomes"], one["holder"]) for one in told["staff"] if one["becomes"]]
    assert sorted(here + gone_on) == [post for post in after if post[1]]
    assert len(told["staff"]) == len(west)
    counts = {grid["name"]: grid["after"]["post"] for grid in told["grids"]}
    assert counts == {"西网格": 0, "东网格": len(here + gone_on)}


def test_of_two_captains_who_come_to_a_vacancy_one_leads(town: SmallTown, reviewer: int) -> None:
    split = opened(town)
    do(town, split, SPLIT_WEST)
    published(town, split, reviewer)
    with transaction(Scope.everything()) as session:
        middle = area_by_code(session, "990001001001003")
    vacant = [Held("captain")]
    hold(town, {town.west: [Held("captain", "anna")], town.east: vacant, middle: [Held("captain", "bela")]})
    merge = opened(town)
    do(town, merge, {2: WHOLE}, ended=(1, 3))

    told = published(town, merge, reviewer)

    after = [("captain", "anna"), ("worker", "bela")]
    with transaction(Scope.everything()) as session:
        posts = session.scalars(select(Post).where(Post.valid_to.is_(None))).all()
        assert sorted((post.kind, post.holder_name or "") for post in posts) == after
    assert [(one["becomes"], one["holder"]) for one in told["staff"]] == after


def hold(town: SmallTown, held: Mapping[Area, Sequence[Held]]) -> None:
    """Let these posts be the only ones."""
    with transaction(Scope.everything()) as session:
        session.execute(delete(Post))
        for grid, posts in held.items():
            owner = {"county_id": grid.county_id, "area_id": grid.id, "area_path": grid.path}
            for post in posts:
                account_id, name = account(session, town, post.login), post.login or post.name or None
                session.add(Post(kind=post.kind, account_id=account_id, holder_name=name, **owner))


def account(session: Session, town: SmallTown, login: str) -> int | None:
    """Return the account with a login, made where there is none yet; None without a login."""
    if not login:
        return None
    known = session.scalar(select(Account.id).where(Account.login == login))
    if known is not None:
        return known
    made, _ = create_account(session, login=login, name=login, role_code="leader", area=town.county)
    return made.id
