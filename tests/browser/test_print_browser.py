"""What stands on paper around a map: what it is, of which day, by whom, from which data."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.grounds import across, roomiest
from tests.browser.studio_page import Studio

pytestmark = pytest.mark.browser

MINUTE = re.compile(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$")


def on_paper(page: Page) -> None:
    """Show the page as a printer gets it."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")


def test_a_printed_draft_says_what_it_is_and_that_it_is_not_in_force(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    one = roomiest(studio.parts)
    studio.do(kind="split", grid=one, lines=[across(studio.parts[one])])
    studio.show()
    try:
        on_paper(desk)
        expect(desk.locator("[data-print-title]")).to_have_text("桥东社区")
        expect(desk.locator("[data-print-note]")).to_have_text("草稿 · 未生效")
        expect(desk.locator(".print-foot")).to_contain_text("资料：")
        expect(desk.locator(".print-foot")).to_contain_text("打印人：")
        expect(desk.locator("[data-print-time]")).to_have_text(MINUTE)
        for part in (".north-arrow", ".leaflet-control-scale-line"):
            expect(desk.locator(f".folium-map:not(.folium-map--twin) {part}")).to_be_visible()
        head, stage, foot = (
            desk.locator(part).bounding_box() for part in (".print-head", ".stage", ".print-foot")
        )
        assert head
        assert stage
        assert foot
        assert head["y"] < stage["y"] < foot["y"], "title above, source below the map"
    finally:
        desk.emulate_media(media="screen")


def test_a_printed_community_says_the_day_of_its_boundaries(desk: Page) -> None:
    desk.goto("/boundaries")
    desk.locator("[data-open]", has_text="桥东社区").click()
    expect(desk.locator("[data-day]")).to_be_visible()
    today = desk.get_attribute("[data-boundaries]", "data-today")

    try:
        on_paper(desk)
        expect(desk.locator("[data-print-title]")).to_have_text("桥东社区")
        expect(desk.locator("[data-print-note]")).to_have_text(f"{today} 生效的网格")
    finally:
        desk.emulate_media(media="screen")
