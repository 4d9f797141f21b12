"""The small town with people who propose, plan and decide, and a hotspot in it."""

from dataclasses import dataclass

import pytest
import shapely
from shapely import box

from core.db import Scope, transaction
from geo.staff.service import create_account
from incidents.listed.steps import DECIDE, PLAN, PROPOSE, Actor
from tests.patrols.street_town import add_hotspot
from tests.small_town import SmallTown, build_small_town

#: A block in the east grid, 190 m × 220 m.
GROUND = shapely.MultiPolygon([box(119.012, 30.002, 119.014, 30.004)])


@dataclass(frozen=True)
class People:
    """A town with its hotspot, and who acts in it: dispatcher, leader and a second leader."""

    town: SmallTown
    hotspot_id: int
    dispatcher: Actor
    leader: Actor
    deputy: Actor

    @property
    def scope(self) -> Scope:
        return Scope((self.town.county.path,))


@pytest.fixture
def people(database: object) -> People:
    town = build_small_town()
    with transaction(Scope.everything()) as session:
        found = add_hotspot(session, town.county, "桥东路", 119.005, 30.005, observed=40)
        ids = [
            create_account(session, login=login, name=login, role_code=role, area=town.county)[0].id
            for login, role in (
                ("the-dispatcher", "dispatcher"),
                ("the-leader", "leader"),
                ("deputy", "leader"),
            )
        ]
        hotspot_id = found.id
    leads = frozenset({PROPOSE, PLAN, DECIDE})
    return People(
        town, hotspot_id, Actor(ids[0], leads - {DECIDE}), Actor(ids[1], leads), Actor(ids[2], leads)
    )
