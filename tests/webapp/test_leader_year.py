"""What lies behind the places of a run: the year month by month, and how thickly incidents lie."""

import itertools

import shapely
from flask.testing import FlaskClient
from shapely.geometry import shape

from tests.webapp.conftest import World, stranger
from tests.webapp.test_leader import HOT, add_incidents, find, leader

__all__ = ["leader"]


def test_the_year_is_told_by_month_and_few_incidents_are_not(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)

    year = leader.get(f"/api/leader/months?run={run_id}").json

    assert len(year["months"]) == len(year["totals"]) == 12
    assert year["months"] == sorted(year["months"])
    assert year["totals"][-1] + year["totals"][-2] >= 60
    counts = [n for _, _, of_square in year["squares"] for n in of_square]
    assert counts
    assert all(n == 0 or n >= 5 for n in counts)
    for month, total in enumerate(year["totals"]):
        assert sum(of_square[month] for _, _, of_square in year["squares"]) <= total


def test_the_heat_surface_is_thickest_where_most_happened(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)

    classes = leader.get(f"/api/leader/heat?run={run_id}").json["classes"]

    assert classes
    for lower, higher in itertools.pairwise(classes):
        assert lower["below"] == higher["least"]
    assert classes[-1]["below"] is None
    assert shape(classes[-1]["shape"]).distance(shapely.Point(HOT)) < 0.001


def test_another_countys_year_does_not_exist(leader: FlaskClient, world: World) -> None:
    add_incidents(world.town, burst=60)
    run_id = find(leader)
    foreign = stranger(world, "leader")

    for address in ("months", "heat"):
        answer = foreign.get(f"/api/leader/{address}?run={run_id}")
        assert (answer.status_code, answer.json["code"]) == (404, "hotspot_run_unknown"), address
