"""What the tests of the studio share: change sets of the small town, edited, approved and published."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from shapely import Polygon, box
from sqlalchemy import select

from core.clock import today
from core.db import Scope, transaction
from geo.areas.models import Area, AreaBoundary, AreaName
from geo.boundaries import review, service
from geo.boundaries.publish import publish
from geo.shapes.tiling import Difference
from tests.small_town import SmallTown

# ::
#
#     119.00  .005  119.01      119.02
#       ┌──────┬──────┬───────────┐
#       │ west │ new  │   east    │   the split of the west grid
#       └──────┴──────┴───────────┘
WEST, EAST = box(119, 30, 119.01, 30.01), box(119.01, 30, 119.02, 30.01)
WEST_HALF, MIDDLE = box(119, 30, 119.005, 30.01), box(119.005, 30, 119.01, 30.01)
WHOLE = box(119, 30, 119.02, 30.01)
SPLIT_WEST = {1: WEST_HALF, 3: MIDDLE}


def dated_back(days: int) -> None:
    """Let everything have been there for some days already."""
    with transaction(Scope.everything()) as session:
        for row in (*session.scalars(select(AreaBoundary)), *session.scalars(select(AreaName))):
            row.valid = type(row.valid)(today() - timedelta(days=days), None)
        for area in session.scalars(select(Area)).all():
            area.valid_from = today() - timedelta(days=days)


def opened(town: SmallTown, community_id: int = 0) -> int:
    """Return the id of a new change set."""
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        return service.open_change_set(session, community_id or town.community.id).id


def difference(
    drafted: service.Drafted, after: Mapping[int, Polygon], ended: tuple[int, ...] = ()
) -> Difference:
    """Return what makes the stored grids look like `after`; a new grid comes from the first."""
    stored = drafted.tiling.parts
    before = {key: stored[key] for key in (*after, *ended) if key in stored}
    return Difference(before, dict(after), {key: (1,) for key in after if key not in stored})


def do(
    town: SmallTown,
    set_id: int,
    after: Mapping[int, Polygon],
    *,
    ended: tuple[int, ...] = (),
    actor: int = 0,
) -> None:
    """Store one edit."""
    with transaction(Scope((town.county.path,)), actor_id=actor or town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        service.store_edit(session, drafted, difference(drafted, after, ended), kind="edit", params={})


def submitted(town: SmallTown, set_id: int) -> None:
    """Hand a change set to its reviewer."""
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        review.submit(session, set_id)


def approved(town: SmallTown, set_id: int, reviewer: int, *, on: date | None = None) -> None:
    """Submit a change set and have it approved."""
    submitted(town, set_id)
    with transaction(Scope((town.county.path,)), actor_id=reviewer) as session:
        review.approve(session, set_id, effective_on=on)


def published(town: SmallTown, set_id: int, reviewer: int, *, on: date | None = None) -> dict[str, Any]:
    """Have a change set approved and published in one transaction; return its impact."""
    submitted(town, set_id)
    with transaction(Scope((town.county.path,)), actor_id=reviewer) as session:
        review.approve(session, set_id, effective_on=on)
        return publish(session, set_id)
