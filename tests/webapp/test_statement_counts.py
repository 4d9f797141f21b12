"""Lists ask the database as often for many rows as for one."""

from datetime import timedelta

import pytest
import shapely
from geoalchemy2.shape import from_shape
from shapely import box
from sqlalchemy import select

from core import audit
from core.clock import now
from core.db import Scope, transaction
from core.models import JobRun
from core.queries import STATES
from geo.areas.models import Area, ChangeSet
from geo.areas.service import NewArea, create_area
from geo.boundaries.models import AreaDraft
from geo.staff.service import create_account
from incidents.listed.models import ListedArea
from patrols.models import PatrolPlan, PatrolRoute, PatrolStop, Team
from tests.patrols.street_town import add_hotspot, add_place, owner_of
from tests.small_town import add_dwelling
from tests.webapp.conftest import World, count_statements

PROFILE = {"types": [{"code": "noise", "n": 3, "share": 1.0}], "hours": [0] * 24, "peak_hours": [1, 2]}
RESULT = {"outcome": "found", "place_count": 1, "incidents": {"recent": 50}, "params": {"days": 28},
          "as_of_source": "now",
          "window": {"from": "2026-11-01T00:00:00+00:00", "to": "2026-11-29T00:00:00+00:00"}}  # fmt: skip
LISTS = [
    ("dispatcher", "/api/dispatch/state"),
    ("leader", "/api/leader/state"),
    ("leader", "/leader/listed"),
    ("leader", "/api/listed/table.csv?state=open"),
    ("boundary", "/api/boundaries/overview"),
    ("admin", "/admin?view=system"),
    ("admin", "/admin?view=jobs"),
    ("admin", "/admin?view=accounts"),
    ("admin", "/admin?view=audit"),
    ("admin", "/admin?view=jobs&sort=ended&after=1"),
    ("admin", "/admin?view=audit&sort=who&after=1"),
    ("admin", "/api/admin/jobs.csv"),
    ("admin", "/api/admin/accounts.csv"),
    ("admin", "/api/admin/audit.csv"),
    ("leader", "/api/jobs"),
    ("leader", "/api/areas/tree"),
    ("leader", "/api/areas/boundaries?bbox=118,29,120,31"),
    ("captain", "/api/search?q=1"),
    ("leader", "/api/here?lon=119.0145&lat=30.0035&zoom=14"),
]


def furnish(world: World, numbers: range) -> None:
    """Store one more of everything a list shows for each number."""
    with transaction(Scope.everything()) as session:
        county = session.get_one(Area, world.town.county.id)
        north = session.scalars(select(Area).where(Area.name == "北社区")).one()
        changes = ChangeSet(title="北", author_id=world.accounts["boundary"], **owner_of(north))
        session.add(changes)
        session.flush()
        for number in numbers:
            west = 119.0 + number / 1000
            shape = box(west, 30.011, west + 0.001, 30.012)
            add_dwelling(session, world.town.west, west, 30.002, head="周")
            add_place(session, world.town.west, f"场所1{number}", "market", 119.0145, 30.0035)
            grid = NewArea("grid", f"99000100100200{number}", f"北{number}", shape)
            create_area(session, grid, north)
            session.add(
                AreaDraft(
                    change_set_id=changes.id, key=number + 1, changed=True, code=f"d{number}",
                    name=f"草图{number}", area_m2=1.0,
                    geom=from_shape(shapely.MultiPolygon([shape]), srid=4326), **owner_of(north),
                )
            )  # fmt: skip
            create_account(session, login=f"more{number}", name="更多", role_code="captain", area=north)
            audit.record(session, "job.cancel", subject=county)
            hotspot = add_hotspot(session, county, f"桥东路{number}", 119.0145, 30.0035, observed=40)
            hotspot.profile = PROFILE
            session.get_one(JobRun, hotspot.run_id).result = RESULT
            ground = from_shape(shapely.MultiPolygon([shape]), srid=4326)
            session.add(ListedArea(name=f"挂牌{number}", geom=ground, **owner_of(county)))
            add_plan(session, county, number, stops=len(numbers))


def add_plan(session, county: Area, number: int, *, stops: int) -> None:
    """Store a team and a finished run with a plan of one route; the newest plan is the one shown."""
    owner, start = owner_of(county), now()
    team = Team(name=f"{number}组", mode="car", geom=from_shape(shapely.Point(119, 30), srid=4326), **owner)
    run = JobRun(
        kind="patrols.plan", queue="planning", state=STATES[number % 3], scope=[county.path], **owner
    )
    session.add_all([team, run])
    session.flush()
    plan = PatrolPlan(run_id=run.id, shift_from=start, shift_to=start + timedelta(hours=4), **owner)
    session.add(plan)
    session.flush()
    route = PatrolRoute(
        plan_id=plan.id, team_id=team.id, mode="car", start_at=start, end_at=start, distance_m=1.0,
        travel_s=1.0, prize=1.0,
        geom=from_shape(shapely.LineString([(119, 30), (119.01, 30)]), srid=4326), **owner,
    )  # fmt: skip
    session.add(route)
    session.flush()
    session.add_all(
        PatrolStop(
            plan_id=plan.id, route_id=route.id, sequence=sequence, kind="grid", name="北", prize=1.0,
            dwell_s=600, arrive_at=start, leave_at=start, geom=from_shape(shapely.Point(119, 30), srid=4326),
            **owner,
        )
        for sequence in range(1, stops + 1)
    )  # fmt: skip


@pytest.mark.parametrize(("role", "address"), LISTS, ids=lambda value: value)
def test_a_list_asks_as_often_for_many_as_for_one(sign_in, world: World, role: str, address: str) -> None:
    client = sign_in(role)
    furnish(world, range(1))
    first = client.get(address)  # what is read once for the process is known from here on
    one = count_statements(client, address)
    furnish(world, range(1, 8))

    assert len(client.get(address).data) > len(first.data), "the list did not grow"
    assert count_statements(client, address) == one
