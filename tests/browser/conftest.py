"""Pages that the tests of a module share, and change sets that end with their test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from core.db import Scope, transaction
from geo.areas.models import Area
from geo.boundaries.queries import roads_in, waters_in
from tests.browser.grounds import Features
from tests.browser.studio_page import Studio
from tests.conftest import LiveServer, enter_as, pages_of

PHONE = {"width": 360, "height": 740, "touch": True}


@pytest.fixture(scope="module")
def shared_pages(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """As `new_page`, for pages that the tests of one module share: signing in costs more than an edit."""
    with pages_of(browser, live_server) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def desk(shared_pages: Callable[..., Page], live_server: LiveServer) -> Page:
    """The boundary staff's page on a desk."""
    return enter_as(shared_pages(), live_server.login("boundary"))


@pytest.fixture(scope="module")
def phone(shared_pages: Callable[..., Page], live_server: LiveServer) -> Page:
    """The boundary staff's page on a phone with a touch screen."""
    return enter_as(shared_pages(**PHONE), live_server.login("boundary"))


@pytest.fixture(scope="module")
def features(live_server: LiveServer) -> Features:
    """Return the lines that a boundary may follow, of the whole town: streets, and the banks of waters."""
    with live_server.settings(), transaction(Scope.everything()) as session:
        county = session.query(Area).filter_by(level="county").one()
        world = (-180.0, -90.0, 180.0, 90.0)
        roads = list(roads_in(session, county.id, world))
        waters = [water.boundary for water in waters_in(session, county.id, world)]
    return {"road": roads, "water": waters}


@pytest.fixture
def start() -> Iterator[Callable[..., Studio]]:
    """Start change sets on a signed-in page; they are discarded when the test ends."""
    opened: list[Studio] = []

    def begin(page: Page, community: str = "桥东社区") -> Studio:
        opened.append(Studio.start(page, community))
        return opened[-1]

    yield begin
    for studio in opened:
        studio.discard()
