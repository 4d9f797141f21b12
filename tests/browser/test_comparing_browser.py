"""Before and after a change set: a divider over one map, or two maps that move together."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.edits import split
from tests.browser.studio_page import Studio

pytestmark = pytest.mark.browser

VIEWS = """async () => {
  const { map, parts } = await (await import("/static/js/map/registry.js")).mapReady;
  return [map, parts.get("twin")].map((one) => ({
    at: map.latLngToContainerPoint(one.getCenter()).round(), zoom: one.getZoom(), size: one.getSize(),
    box: one.getContainer().getBoundingClientRect().toJSON(),
    labels: one.getContainer().querySelectorAll(".grid-label").length,
  }));
}"""

MIDDLE = """async () => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const { lat, lng } = map.getCenter();
  return { zoom: map.getZoom(), at: [lat.toFixed(4), lng.toFixed(4)] };
}"""


def opened(page: Page, start: Callable[..., Studio]) -> Studio:
    """Show a change set in which one grid is split in two."""
    studio = start(page)
    edit = split(studio)
    studio.do(kind="split", grid=edit.grids[0], lines=edit.lines)
    studio.show()
    return studio


def together(page: Page) -> None:
    """Wait until both maps show the same ground in frames of one size, and stand still."""
    page.wait_for_function(f"""async () => {{
      const [main, twin] = await ({VIEWS})();
      const near = (a, b) => Math.abs(a - b) <= 2;
      return main.zoom === twin.zoom && near(main.size.x, twin.size.x) && near(main.size.y, twin.size.y)
        && near(twin.at.x, main.size.x / 2) && near(twin.at.y, main.size.y / 2);
    }}""")


def test_two_maps_move_together_on_a_desk(desk: Page, start: Callable[..., Studio]) -> None:
    opened(desk, start)
    desk.keyboard.press("b")
    expect(desk.locator(".beside__name")).to_have_text(["已发布", "草稿"])
    together(desk)
    main, twin = desk.evaluate(VIEWS)
    assert twin["box"]["right"] <= main["box"]["left"]
    assert 0 < twin["labels"] < main["labels"], "the draft has one grid more"

    box = twin["box"]
    desk.mouse.move(box["x"] + 200, box["y"] + 300)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 120, box["y"] + 260, steps=4)
    desk.mouse.up()
    together(desk)
    desk.mouse.move(main["box"]["x"] + 200, main["box"]["y"] + 300)
    expect(desk.locator(".folium-map--twin .twin-pointer")).to_be_visible()
    desk.mouse.wheel(0, -300)
    desk.wait_for_function(f"async () => (await ({VIEWS})())[1].zoom !== {main['zoom']}")
    together(desk)

    desk.keyboard.press("b")
    expect(desk.locator(".beside__name")).to_have_count(0)
    expect(desk.locator(".folium-map--twin")).to_be_hidden()


def test_the_view_is_what_it_was_when_comparing_ends(desk: Page, start: Callable[..., Studio]) -> None:
    studio = opened(desk, start)
    studio.look_at(studio.frame)
    before = desk.evaluate(MIDDLE)
    desk.keyboard.press("b")
    expect(desk.locator(".beside__name")).to_have_count(2)
    together(desk)
    assert desk.evaluate(MIDDLE)["zoom"] < before["zoom"], "on half the width the whole is smaller"

    desk.keyboard.press("b")

    expect(desk.locator(".beside__name")).to_have_count(0)
    assert desk.evaluate(MIDDLE) == before


def test_two_maps_have_one_scale_on_a_phone_between_whole_zooms(
    phone: Page, start: Callable[..., Studio]
) -> None:
    opened(phone, start)
    phone.evaluate(
        """async () => {
          const { map } = await (await import("/static/js/map/registry.js")).mapReady;
          while (map._animatingZoom) await new Promise(requestAnimationFrame);
          map.setZoom(15.25, { animate: false });
        }"""
    )
    phone.click("[data-compare=beside]")
    expect(phone.locator(".beside__name")).to_have_count(2)
    together(phone)
    assert phone.evaluate(VIEWS)[1]["zoom"] == 15.25


def test_keys_change_between_divider_and_two_maps(desk: Page, start: Callable[..., Studio]) -> None:
    opened(desk, start)
    desk.keyboard.press("c")
    expect(desk.locator(".swipe")).to_be_visible()
    expect(desk.locator("[data-compare=swipe]")).to_have_attribute("aria-pressed", "true")
    desk.locator(".swipe").focus()
    desk.keyboard.press("ArrowRight")
    expect(desk.locator(".swipe")).to_have_attribute("aria-valuenow", "55")
    desk.keyboard.press("b")
    expect(desk.locator(".swipe")).to_have_count(0)
    expect(desk.locator("[data-compare=beside]")).to_have_attribute("aria-pressed", "true")
    desk.keyboard.press("c")
    expect(desk.locator(".beside__name")).to_have_count(0)
    expect(desk.locator(".swipe")).to_be_visible()


def test_the_draft_is_edited_while_two_maps_are_compared(desk: Page, start: Callable[..., Studio]) -> None:
    studio = opened(desk, start)
    desk.keyboard.press("b")
    expect(desk.locator(".beside__name")).to_have_count(2)
    keys = sorted(studio.parts)
    new = keys[-1]
    (old,) = studio.whole["edits"][0]["grids"][:1]
    studio.by_form("merge", [old, new], [])
    main, twin = desk.evaluate(VIEWS)
    assert main["labels"] == twin["labels"]


def test_one_map_above_the_other_on_a_phone(phone: Page, start: Callable[..., Studio]) -> None:
    opened(phone, start)
    phone.locator("[data-compare=beside]").tap()
    expect(phone.locator(".beside__name")).to_have_text(["已发布", "草稿"])
    phone.wait_for_function(f"async () => (await ({VIEWS})())[0].size.y < 400")
    together(phone)
    main, twin = phone.evaluate(VIEWS)
    assert twin["box"]["bottom"] <= main["box"]["top"]
    assert main["box"]["height"] > 150


def test_the_keys_are_listed(desk: Page, start: Callable[..., Studio]) -> None:
    opened(desk, start)
    desk.keyboard.press("?")
    listed = desk.locator("[data-keys]")
    expect(listed).to_be_visible()
    expect(listed.locator("kbd", has_text="Ctrl+Enter")).to_be_visible()
    expect(listed.get_by_role("button", name="关闭")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    expect(desk.locator("[data-keys-button]")).to_be_focused()
