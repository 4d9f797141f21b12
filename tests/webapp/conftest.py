"""The web application on a database of its own, and people signed in to it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from geoalchemy2.shape import from_shape
from shapely import box
from sqlalchemy import event

import core.db
import webapp.kept
from core.db import Scope, transaction
from geo.areas.queries import area_by_id
from geo.areas.service import NewArea, create_area
from geo.roads.models import RoadSection
from geo.staff.service import create_account
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town
from tests.webapp.sent_files import STREETS, opened
from webapp.factory import create_app
from webapp.house.translations import compile_catalogues
from webapp.i18n import translations

PASSWORD = "a-password-for-tests"  # long enough for the rule
#: Role -> the area of the small town it is given.
PLACES = {
    "captain": "west",
    "dispatcher": "county",
    "leader": "county",
    "boundary": "county",
    "approver": "county",
    "admin": "county",
    "auditor": "county",
}


@dataclass
class World:
    """The small town, the application that serves it, and account ids by role."""

    town: SmallTown
    app: Flask
    accounts: dict[str, int]


@pytest.fixture(scope="session", autouse=True)
def _chinese() -> None:
    """Pages are read in Chinese as well: the catalogue is compiled from its source."""
    compile_catalogues()
    translations.cache_clear()


@pytest.fixture
def world(database: Database) -> World:
    """The small town served by the application, with one account a role (login = ``the-`` + role)."""
    webapp.kept.quick_redis.cache_clear()
    town = build_small_town()
    accounts = {}
    with transaction(Scope.everything()) as session:
        for role, place in PLACES.items():
            area = area_by_id(session, getattr(town, place).id)
            account, _ = create_account(
                session, login=f"the-{role}", name=role, role_code=role, area=area, password=PASSWORD
            )
            accounts[role] = account.id
    return World(town, create_app(), accounts)


@pytest.fixture
def sign_in(world: World) -> Callable[..., FlaskClient]:
    """Return a client whose session belongs to the account of a role."""

    def as_role(role: str) -> FlaskClient:
        client = world.app.test_client()
        answer = sign_in_with(client, f"the-{role}", PASSWORD)
        assert answer.status_code == 303, answer.text
        return client

    return as_role


def form_token(client: FlaskClient) -> str:
    """Return the form token of the client's session, read from the sign-in or style page."""
    page = client.get("/login", follow_redirects=False)
    if page.status_code == 302:
        page = client.get("/style")
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found, page.text[:300]
    return found[1]


def with_token(client: FlaskClient) -> FlaskClient:
    """Return the client, which sends its session's form token with every request from now on."""
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


def stranger(world: World, role: str) -> FlaskClient:
    """Return a client signed in with a role of another county."""
    with transaction(Scope.everything()) as session:
        county = create_area(session, NewArea("county", "880001", "邻县", box(120, 31, 120.02, 31.02)), None)
        create_account(session, login="stranger", name="外人", role_code=role, area=county, password=PASSWORD)
    client = world.app.test_client()
    sign_in_with(client, "stranger", PASSWORD)
    return with_token(client)


def sign_in_with(client: FlaskClient, login: str, password: str, **more: str):
    """Post the sign-in form."""
    form = {"login_name": login, "password": password, "csrf_token": form_token(client), **more}
    return client.post("/login", data=form)


def count_statements(client: FlaskClient, address: str) -> int:
    """Return how many statements the database is sent while `address` is answered."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(core.db.engine(), "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(core.db.engine(), "before_cursor_execute", note)
    return len(statements)


@pytest.fixture
def drawer(sign_in) -> FlaskClient:
    """A boundary editor of the whole county."""
    client = sign_in("boundary")
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token(client)
    return client


@pytest.fixture
def streets(world: World) -> World:
    """The small town with its streets on the map."""
    with transaction(Scope.everything()) as session:
        for number, line in enumerate(STREETS):
            session.add(
                RoadSection(
                    county_id=world.town.county.id, from_node=2 * number, to_node=2 * number + 1,
                    road_class="residential", length_m=1_000, geom=from_shape(line, srid=4326),
                )
            )  # fmt: skip
    return world


@pytest.fixture
def draft(drawer: FlaskClient, world: World) -> dict[str, Any]:
    return opened(drawer, world)
