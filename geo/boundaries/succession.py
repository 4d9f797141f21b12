"""Who goes on where when grids end: decided once, told by the impact and done by the publication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.boundaries import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from geo.boundaries.models import AreaDraft
    from geo.boundaries.service import Drafted
    from geo.staff.models import Post


@dataclass(frozen=True, slots=True)
class Succession:
    """What becomes of a post on a grid that ends.

    Whoever holds it goes on at `target` as `kind`; empty where the post ends with its grid. `fills` is the
    vacancy there that ends for it.
    """

    post: Post
    target: AreaDraft
    kind: str = ""
    fills: Post | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """A post at a grid that takes over, with the accounts of those who have come meanwhile."""

    kind: str
    account_id: int | None
    is_held: bool
    row: Post | None = None


def successions(session: Session, drafted: Drafted) -> list[Succession]:
    """Return what becomes of each post on grids that end, in the order in which they are done.

    A grid has one captain: a captain fills a vacancy, or goes on as a grid worker where somebody leads.
    Whoever holds the same kind of post there already, or leads there, gets no second one. Vacancies end.
    """
    there: dict[int, list[_Held]] = {}
    found = []
    for ended_id, target in ending(drafted):
        held = there.setdefault(target.key, _held_at(session, target))
        for post in queries.posts_on(session, [ended_id]):
            one = _decided(post, target, held)
            found.append(one)
            if one.kind:
                held[:] = [other for other in held if one.fills is None or other.row is not one.fills]
                held.append(_Held(one.kind, post.account_id, is_held=True))
    return found


def ending(drafted: Drafted) -> Iterator[tuple[int, AreaDraft]]:
    """Yield the id of each published grid that ends, with the drafted grid that takes over most of it."""
    for draft in drafted.grids.values():
        target = _successor_of(drafted, draft) if draft.ended and draft.grid_id else None
        if target is not None and draft.grid_id is not None:
            yield draft.grid_id, target


def _successor_of(drafted: Drafted, ended: AreaDraft) -> AreaDraft | None:
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


def _held_at(session: Session, target: AreaDraft) -> list[_Held]:
    posts = queries.posts_on(session, [target.grid_id]) if target.grid_id else []
    return [_Held(post.kind, post.account_id, post.is_held, post) for post in posts]


def _decided(post: Post, target: AreaDraft, there: list[_Held]) -> Succession:
    captain = next((other for other in there if other.kind == "captain"), None)
    is_led = captain is not None and captain.is_held
    kind = "worker" if post.kind == "captain" and is_led else post.kind
    # Names alone do not tell whether somebody is there already: two people may have the same.
    goes_on = post.account_id is not None and any(
        other.account_id == post.account_id and other.kind in {kind, "captain"} for other in there
    )
    if not post.is_held or goes_on:
        return Succession(post, target)
    return Succession(post, target, kind, captain.row if captain and kind == "captain" else None)
