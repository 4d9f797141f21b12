"""Boundary staff at work in a browser: a grid is drawn, refused with its place, saved, discarded."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Scope, transaction
from geo.areas.models import AreaDraft
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

TO_SCREEN = """async ([lon, lat]) => {
  const { mapReady } = await import("/static/js/map/registry.js");
  const { map } = await mapReady;
  const at = map.latLngToContainerPoint([lat, lon]);
  const box = map.getContainer().getBoundingClientRect();
  return [at.x + box.x, at.y + box.y];
}"""


@pytest.fixture
def page(new_page: Callable[..., Page], live_server: LiveServer) -> Page:
    """The boundary editor's page."""
    page = new_page()
    login = live_server.login("boundary")
    page.goto("/login")
    page.fill("[name=login_name]", login["username"])
    page.fill("[name=password]", login["password"])
    page.click("form .btn--primary")
    page.wait_for_url("**/boundaries*")
    expect(page.locator("html[data-boundaries-ready]")).to_be_attached()
    yield page
    for draft in overview(page)["drafts"]:
        page.locator(f'[data-discard="{draft["id"]}"]').click()
        expect(page.locator(f'[data-discard="{draft["id"]}"]')).to_have_count(0)


def overview(page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = page.request.get("/api/boundaries/overview").json()
    return answer


def open_undivided(page: Page) -> dict[str, Any]:
    """Open the community without grids and return it with a free square around an inner point."""
    community = next(one for one in overview(page)["communities"] if not one["divided"])
    page.locator(f'[data-open="{community["id"]}"]').click()
    expect(page.locator(f'[data-shown="{community["id"]}"]')).to_be_visible()
    opened: dict[str, Any] = page.request.get(f"/api/boundaries/communities/{community['id']}").json()
    return opened


def square(opened: dict[str, Any], share: float = 0.05) -> list[tuple[float, float]]:
    """Return the corners of a small square around the inner point of the largest free ground."""
    (lon, lat), (west, south, east, north) = opened["free"][0]["at"], opened["bbox"]
    x, y = (east - west) * share, (north - south) * share
    return [(lon - x, lat - y), (lon + x, lat - y), (lon + x, lat + y), (lon - x, lat + y)]


def outside(opened: dict[str, Any]) -> list[tuple[float, float]]:
    """Return a strip from the inner point far over the community's eastern edge."""
    (lon, lat), (_, south, east, north) = opened["free"][0]["at"], opened["bbox"]
    beyond, low = east + (east - lon) * 0.2, lat - (north - south) * 0.05
    return [(lon, lat), (beyond, lat), (beyond, low), (lon, low)]


def draw_by_mouse(page: Page, corners: list[tuple[float, float]]) -> None:
    page.click("[data-tool=draw]")
    for corner in corners:
        x, y = page.evaluate(TO_SCREEN, list(corner))
        page.mouse.click(x, y)
    page.click("[data-tool=finish]")


def draw_by_form(page: Page, corners: list[tuple[float, float]]) -> None:
    if page.locator("#draw-coordinates").is_hidden():
        page.click("[data-tool=coordinates]")
    page.fill("#draw-coordinates", "\n".join(f"{lon:.7f}, {lat:.7f}" for lon, lat in corners))
    page.click("form:has(#draw-coordinates) button[type=submit]")


def drafts(live_server: LiveServer) -> list[str]:
    with live_server.settings(), transaction(Scope.everything()) as session:
        return list(session.scalars(select(AreaDraft.name)))


@pytest.mark.parametrize("draw", [draw_by_mouse, draw_by_form], ids=["mouse", "coordinate form"])
def test_a_grid_is_drawn_and_saved(
    page: Page, live_server: LiveServer, draw: Callable[[Page, list[tuple[float, float]]], None]
) -> None:
    opened = open_undivided(page)
    page.locator("[data-shown] button").first.click()
    draw(page, square(opened))

    expect(page.locator("[data-drawing-facts]")).to_contain_text(opened["name"])
    expect(page.locator("[data-name]")).not_to_have_value("")
    page.fill("[data-name]", "新建网格")
    page.click("[data-save]")

    expect(page.locator("[data-drafts] [data-discard]")).to_have_count(1)
    expect(page.locator("[data-drawing]")).to_be_hidden()
    assert drafts(live_server) == ["新建网格"]


def test_a_drawing_over_the_edge_is_refused_and_kept(page: Page, live_server: LiveServer) -> None:
    opened = open_undivided(page)
    page.locator("[data-shown] button").first.click()
    draw_by_form(page, outside(opened))
    page.fill("[data-name]", "越界网格")
    with page.expect_response("**/api/boundaries/drafts") as answered:
        page.click("[data-save]")

    assert answered.value.status == 409
    expect(page.locator(".toast--alarm")).to_be_visible()
    expect(page.locator("[data-findings] [data-finding]").first).to_be_visible()
    expect(page.locator(".finding-pin").first).to_be_visible()
    assert page.locator('path[fill="url(#finding-hatch)"]').count() >= 1
    assert drafts(live_server) == []

    page.reload()
    expect(page.locator("[data-drawing]")).to_be_visible()
    expect(page.locator("[data-name]")).to_have_value("越界网格")
    expect(page.locator(".finding-pin").first).to_be_visible()
    page.click("[data-cancel]")
    expect(page.locator("[data-drawing]")).to_be_hidden()


def test_a_grid_over_a_draft_is_refused_by_name(page: Page) -> None:
    opened = open_undivided(page)
    page.locator("[data-shown] button").first.click()
    draw_by_form(page, square(opened))
    page.fill("[data-name]", "先画的网格")
    page.click("[data-save]")
    expect(page.locator("[data-drafts] [data-discard]")).to_have_count(1)

    draw_by_form(page, square(opened, share=0.06))
    expect(page.locator("[data-findings]")).to_contain_text("先画的网格")
    page.click("[data-cancel]")


def test_free_ground_drawn_as_a_whole_divides_it(page: Page, live_server: LiveServer) -> None:
    opened = open_undivided(page)
    page.locator("[data-finding] .btn").last.click()
    expect(page.locator("[data-drawing-facts]")).to_contain_text(opened["name"])
    page.fill("[data-name]", "整片网格")
    page.click("[data-save]")

    expect(page.locator("[data-drafts] [data-discard]")).to_have_count(1)
    expect(page.locator("[data-undivided] [data-open]")).to_have_count(0)
    assert drafts(live_server) == ["整片网格"]


def test_a_discarded_draft_comes_back_by_undo(page: Page, live_server: LiveServer) -> None:
    opened = open_undivided(page)
    page.locator("[data-shown] button").first.click()
    draw_by_form(page, square(opened))
    page.fill("[data-name]", "误删网格")
    page.click("[data-save]")
    expect(page.locator("[data-drafts] [data-discard]")).to_have_count(1)

    page.locator("[data-discard]").click()
    expect(page.locator("[data-drafts] [data-discard]")).to_have_count(0)
    page.locator(".toast").last.locator(".btn").first.click()

    expect(page.locator("[data-drafts] [data-discard]")).to_have_count(1)
    assert drafts(live_server) == ["误删网格"]
