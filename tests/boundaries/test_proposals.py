"""Taking over a proposal: grids go on where they can, and grids it says nothing of stay."""

import pytest
import shapely
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Polygon, box
from sqlalchemy import select

from core.db import Scope, transaction
from core.errors import InvalidInput, NotFound
from core.jobs import execute
from core.models import JobRun
from geo.areas.queries import area_by_code
from geo.areas.service import NewArea, create_area
from geo.boundaries import queries, review, service
from geo.boundaries.jobs import request_proposals, request_publish
from geo.boundaries.models import GridProposal
from geo.boundaries.proposing import proposal_of, taken_over
from geo.shapes.tiling import Difference
from geo.staff.models import Account
from geo.staff.service import create_account, set_active
from tests.boundaries.studio_town import opened, submitted
from tests.small_town import SmallTown

# ::
#
#   ┌───┬───┬───┬───┐     ┌──────┬┬───┬───┐
#   │ 1 │ 2 │ 3 │ 4 │  →  │      ││ 3 │ 4 │   a proposal for grids 1 and 2 alone
#   └───┴───┴───┴───┘     └──────┴┴───┴───┘
#
# in the northern community, whose four grids are 0.005 degrees wide.
SOUTH, NORTH, WIDE = 30.01, 30.02, 0.005


def strip(west: float, east: float) -> Polygon:
    """Return the ground between two edges, counted in grids from the west."""
    return box(round(119 + WIDE * west, 7), SOUTH, round(119 + WIDE * east, 7), NORTH)


@pytest.fixture
def set_id(town: SmallTown) -> int:
    """A change set of the northern community with four grids, keys 1 to 4 from the west."""
    with transaction(Scope.everything()) as session:
        north = area_by_code(session, "990001001002")
        for number in range(1, 5):
            new = NewArea("grid", f"{north.code}{number:03d}", f"第{number}", strip(number - 1, number))
            create_area(session, new, north)
    return opened(town, north.id)


def proposed(town: SmallTown, set_id: int, *shapes: Polygon) -> int:
    """Store a proposal as a run does, and return its id."""
    owner = {"county_id": town.county.id, "area_id": town.county.id, "area_path": town.county.path}
    whole = shapely.GeometryCollection([MultiPolygon([shape]) for shape in shapes])
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        run = JobRun(kind="area.propose", queue="planning", scope=[town.county.path], **owner)
        session.add(run)
        session.flush()
        row = GridProposal(
            change_set_id=set_id, run_id=run.id, rank=1, style="streets", comparison={"grids": len(shapes)},
            households=[0] * len(shapes), why=[""] * len(shapes), geom=from_shape(whole, srid=4326), **owner,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def taken(town: SmallTown, set_id: int, proposal: int) -> Difference:
    """Take a stored proposal over as an edit, and return what it changed."""
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        drafted = service.load_to_edit(session, set_id)
        difference = taken_over(drafted, proposal_of(session, drafted, proposal))
        service.store_edit(session, drafted, difference, kind="proposal", params={})
        return difference


def drafted_parts(set_id: int) -> dict[int, Polygon]:
    with transaction(Scope.everything()) as session:
        return dict(service.load(session, set_id).tiling.parts)


def test_grids_outside_a_partial_proposal_stay(town: SmallTown, set_id: int) -> None:
    before = drafted_parts(set_id)

    difference = taken(town, set_id, proposed(town, set_id, strip(0, 1.6), strip(1.6, 2)))

    after = drafted_parts(set_id)
    assert sorted(difference.touched) == [1, 2]
    assert after[1].equals(strip(0, 1.6))
    assert after[2].equals(strip(1.6, 2))
    assert {key: after[key].wkb for key in (3, 4)} == {key: before[key].wkb for key in (3, 4)}


def test_a_grid_that_only_touches_gives_no_name_away(town: SmallTown, set_id: int) -> None:
    difference = taken(town, set_id, proposed(town, set_id, strip(0, 0.5), strip(0.5, 1)))

    assert sorted(difference.after) == [1, 5]
    assert difference.lineage == {5: (1,)}
    with transaction(Scope.everything()) as session:
        grids = service.load(session, set_id).grids
    assert (grids[1].name, grids[5].lineage, grids[2].changed) == ("第1", [1], False)


def test_a_proposal_that_is_what_stands_already_changes_nothing(town: SmallTown, set_id: int) -> None:
    proposal = proposed(town, set_id, strip(0, 1), strip(1, 2))

    with pytest.raises(InvalidInput) as no:
        taken(town, set_id, proposal)
    assert no.value.code == "nothing_changes"


def test_a_proposal_for_another_change_set_is_not_taken_over(town: SmallTown, set_id: int) -> None:
    other = opened(town)

    with pytest.raises(NotFound):
        taken(town, other, proposed(town, set_id, strip(0, 1)))


def deactivated(town: SmallTown, account_id: int) -> None:
    """Let an administrator deactivate an account."""
    with transaction(Scope.everything()) as session:
        manager, _ = create_account(session, login="manager", name="", role_code="admin", area=town.county)
        manager_id = manager.id
    with transaction(Scope((town.county.path,)), actor_id=manager_id) as session:
        set_active(session, session.get_one(Account, account_id), active=False)


def test_what_a_deactivated_account_asked_for_is_not_proposed(town: SmallTown, set_id: int) -> None:
    wish = {"size": 1, "tolerance": 0.5, "seed": 1, "only": []}
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        run_id = request_proposals(session, queries.change_set(session, set_id), wish).id
    deactivated(town, town.drawer)

    execute(run_id)

    with transaction(Scope.everything()) as session:
        assert session.get_one(JobRun, run_id).state == "cancelled"
        assert session.scalars(select(GridProposal)).all() == []


def test_what_a_deactivated_account_approved_is_published(
    town: SmallTown, set_id: int, reviewer: int
) -> None:
    taken(town, set_id, proposed(town, set_id, strip(0, 1.6), strip(1.6, 2)))
    submitted(town, set_id)
    with transaction(Scope((town.county.path,)), actor_id=reviewer) as session:
        run_id = request_publish(session, review.approve(session, set_id)).id
    deactivated(town, reviewer)

    execute(run_id)

    with transaction(Scope.everything()) as session:
        assert queries.change_set(session, set_id).state == "published"
