"""The smallest territory on which scope can be tried: one county, two grids, two dwellings.

::

      119.00   119.01   119.02
    30.01 ┌────────┬────────┐
          │ west   │ east   │   two grids that tile their community
    30.00 └────────┴────────┘
"""

from dataclasses import dataclass

import shapely
from geoalchemy2.shape import from_shape
from shapely import box
from sqlalchemy.orm import Session

from core.db import Scope, transaction
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.households.models import Dwelling, Household, HouseholdContact
from geo.staff.service import create_account


@dataclass(frozen=True)
class SmallTown:
    """Ids and paths of what `build_small_town` stored."""

    county: Area
    community: Area
    west: Area
    east: Area
    west_dwelling: int
    west_household: int
    east_dwelling: int
    east_household: int
    captain: int
    drawer: int


def build_small_town() -> SmallTown:
    """Store the town and return its parts; two communities, the second one (north) without grids."""
    with transaction(Scope.everything()) as session:
        ground = box(119, 30, 119.02, 30.02)
        county = create_area(session, NewArea("county", "990001", "试验县", ground), None)
        town = create_area(session, NewArea("town", "990001001", "试验镇", ground), county)
        community = create_area(
            session, NewArea("community", "990001001001", "南社区", box(119, 30, 119.02, 30.01)), town
        )
        create_area(
            session, NewArea("community", "990001001002", "北社区", box(119, 30.01, 119.02, 30.02)), town
        )
        west = create_area(
            session, NewArea("grid", "990001001001001", "西网格", box(119, 30, 119.01, 30.01)), community
        )
        east = create_area(
            session, NewArea("grid", "990001001001002", "东网格", box(119.01, 30, 119.02, 30.01)), community
        )
        west_dwelling, west_household = add_dwelling(session, west, 119.005, 30.005, head="王小明")
        east_dwelling, east_household = add_dwelling(session, east, 119.015, 30.005, head="李四")
        captain, _ = create_account(session, login="captain", name="赵", role_code="captain", area=west)
        drawer, _ = create_account(session, login="drawer", name="钱", role_code="boundary", area=county)
        return SmallTown(
            county, community, west, east, west_dwelling, west_household, east_dwelling, east_household,
            captain.id, drawer.id,
        )  # fmt: skip


def add_dwelling(session: Session, grid: Area, lon: float, lat: float, *, head: str) -> tuple[int, int]:
    """Store a dwelling with a household; return their ids."""
    owner = {"county_id": grid.county_id, "area_id": grid.id, "area_path": grid.path}
    dwelling = Dwelling(
        address=f"{grid.name}1号",
        tenure="owner",
        geom=from_shape(shapely.Point(lon, lat), srid=4326),
        **owner,
    )
    session.add(dwelling)
    session.flush()
    household = Household(dwelling_id=dwelling.id, head_masked=head[0] + "**", **owner)
    session.add(household)
    session.flush()
    session.add(HouseholdContact(household_id=household.id, head_name=head, phone="19900000001", **owner))
    session.flush()
    return dwelling.id, household.id
