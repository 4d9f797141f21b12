"""Patrol districts in a browser: what a split does to them, and the layer on the dispatcher's map."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import shapely
from geoalchemy2.shape import to_shape
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Scope, transaction
from geo.areas.models import Area
from geo.areas.queries import dated_grids
from geo.shapes.crs import area_m2
from patrols.models import PatrolDistrict
from tests.browser.grounds import across
from tests.browser.studio_page import Studio
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

#: The lines of the grids: what is said of each, and by district the hectares now and before.
SHOWN = """() => [...document.querySelectorAll("[data-divided]")].map((line) => ({
  words: line.querySelector(".list__title").textContent,
  shares: Object.fromEntries([...line.querySelectorAll("[data-share]")]
    .map((share) => [share.dataset.share, share.textContent.match(/[0-9.]+/g)])),
}))"""
#: Whether one thing is marked on the map, and the place in its middle lies inside it.
LIT = """async () => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const marked = [];
  map.eachLayer((layer) => layer instanceof L.GeoJSON && marked.push(layer));
  return marked.length === 1 && marked[0].getBounds().contains(map.getCenter());
}"""
TO_SCREEN = """async ([lon, lat]) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  map.setView([lat, lon], 17, { animate: false });
  const at = map.latLngToContainerPoint([lat, lon]);
  const box = map.getContainer().getBoundingClientRect();
  return [at.x + box.x, at.y + box.y];
}"""


def districts_of(live_server: LiveServer) -> dict[str, tuple[str, shapely.Geometry]]:
    """Return name and ground of the stored districts by code."""
    with live_server.settings(), transaction(Scope.everything()) as session:
        rows = session.scalars(select(PatrolDistrict).where(PatrolDistrict.valid_to.is_(None))).all()
        return {row.code: (row.name, to_shape(row.geom)) for row in rows}


def divided_grid(live_server: LiveServer) -> tuple[str, str]:
    """Return the names of a community and of its grid that is divided most evenly among two districts."""
    districts = districts_of(live_server)
    best = (0.0, "", "")
    with live_server.settings(), transaction(Scope.everything()) as session:
        for community in session.scalars(select(Area).where(Area.level == "community")).all():
            for grid in dated_grids(session, community.id):
                inside = sorted(
                    grid.shape.intersection(ground).area / grid.shape.area for _, ground in districts.values()
                )
                best = max(best, (inside[-2], community.name, grid.name))
    assert best[0] > 0.1, "the demo has a grid that is divided among two districts"
    return best[1:]


def ha(size_m2: float) -> str:
    """Return hectares as the page writes them."""
    return f"{size_m2 / 10_000:.{2 if size_m2 < 100_000 else 1}f}"


def test_a_split_shows_which_part_lies_in_which_district(
    desk: Page, start: Callable[..., Studio], live_server: LiveServer
) -> None:
    community, name = divided_grid(live_server)
    studio = start(desk, community)
    studio.show()
    key = next(grid["key"] for grid in studio.whole["grids"] if grid["name"] == name)
    before = studio.parts[key]
    studio.by_form("split", [key], across(before))

    desk.click("[data-tab=impact]")

    expect(desk.get_by_role("heading", name="巡区", exact=True)).to_be_visible()
    shown = desk.evaluate(SHOWN)
    halves = [grid for grid in studio.parts if studio.parts[grid].intersects(before.buffer(-1e-6))]
    assert len(halves) == len(shown) == 2, "one line a grid"
    for district, ground in districts_of(live_server).values():
        figures = [one["shares"][district] for one in shown if district in one["shares"]]
        if not figures:
            continue
        wanted = {ha(area_m2(studio.parts[half].intersection(ground))) for half in halves}
        assert {now for now, *_ in figures} == wanted - {"0.00"}
        assert ha(area_m2(before.intersection(ground))) in {was for *_, was in figures}
    assert any("分属 2 个巡区" in one["words"] for one in shown)


class OnDistrict(NamedTuple):
    """The dispatcher's map with its districts, and one of them: its words and where to press it."""

    page: Page
    code: str
    name: str
    at: tuple[float, float]
    lon: float


@pytest.fixture
def on_district(sign_in: Callable[..., Page], live_server: LiveServer) -> OnDistrict:
    """Show the districts to the dispatcher and bring the widest place of one to the middle of the map."""
    page = sign_in("dispatcher", width=1440, height=900)
    code, (name, ground) = next(iter(districts_of(live_server).items()))
    inner = shapely.maximum_inscribed_circle(ground).coords[0]
    with page.expect_response(lambda answer: "/tiles/districts/" in answer.url and answer.status == 200):
        page.goto("/dispatch?layers=districts")
    x, y = page.evaluate(TO_SCREEN, list(inner))
    return OnDistrict(page, code, name, (x, y), inner[0])


def test_the_dispatcher_sees_the_districts_and_is_told_which_one_is_pressed(on_district: OnDistrict) -> None:
    page, code, name, (x, y), _ = on_district
    page.get_by_role("button", name="图例").click()
    expect(page.locator(".legend__row")).to_contain_text("巡区")
    page.get_by_role("button", name="图例").click()

    page.mouse.click(x, y)

    expect(page.locator(".toast", has_text=f"{name} · {code} · ")).to_be_visible()
    page.wait_for_function(LIT)
    page.mouse.click(x + 5, y)
    expect(page.locator(".toast", has_text=name)).to_have_count(1)
    page.wait_for_function(LIT)


def test_a_press_that_sets_the_station_of_a_team_names_no_district(on_district: OnDistrict) -> None:
    page, _, name, (x, y), lon = on_district
    page.mouse.click(x, y)
    expect(page.locator(".toast", has_text=name)).to_be_visible()

    page.locator("#tab-teams").click()
    page.mouse.click(x + 5, y)

    expect(page.locator(".toast", has_text="驻地已设为您点的位置。")).to_have_count(1)
    expect(page.locator(".toast", has_text=name)).to_have_count(0)
    assert float(page.locator("[name=lon]").input_value()) == pytest.approx(lon, abs=0.001)
