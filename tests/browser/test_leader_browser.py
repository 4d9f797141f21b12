"""The leader in a browser: press once, read the sentence, open a place, go back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]


@pytest.mark.parametrize(
    ("width", "locale"), [pytest.param(1440, "zh", id="desk"), pytest.param(360, "en", id="phone")]
)
def test_hotspots_are_found_told_listed_and_opened(sign_in: SignIn, width: int, locale: str) -> None:
    page = sign_in("leader", width=width, height=800, locale=locale)
    page.goto("/leader")
    expect(page.locator("[data-sentence] .skeleton")).to_have_count(0)
    page.select_option("#find-days", "28")
    page.click("[data-find]")
    expect(page.locator("[data-working] [data-job]")).to_be_visible()

    first = page.locator("[data-places] li").first
    expect(first).to_be_visible(timeout=60_000)
    expect(page.locator("[data-working] [data-job]")).to_have_count(0)
    count = page.locator("[data-places] li").count()
    expect(page.locator("[data-sentence]")).to_contain_text(re.compile("28"))
    expect(page.locator("[data-sentence]")).to_contain_text(
        "one place" if locale == "en" and count == 1 else str(count)
    )

    name = first.locator(".list__title").inner_text()
    first.locator("button, a").first.click()
    expect(page.locator("[data-place]")).to_contain_text(name)
    expect(page.locator("[data-place] .chart").first).to_be_visible()
    assert "sel=" in page.url
    page.go_back()
    expect(page.locator("[data-overview]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_outlines_come_as_tiles_of_the_latest_run(sign_in: SignIn) -> None:
    page = sign_in("leader", width=1440, height=900)
    with page.expect_response(re.compile(r"/tiles/hotspots/\d+/\d+/\d+\.mvt")) as found:
        page.goto("/leader")

    assert found.value.status in (200, 204)


def test_the_outlines_are_asked_for_as_soon_as_they_are_found(sign_in: SignIn) -> None:
    page = sign_in("leader", width=1440, height=900)
    page.goto("/leader")
    expect(page.locator("[data-sentence] .skeleton")).to_have_count(0)
    began_ms = page.evaluate("performance.now()")
    page.click("[data-find]")
    expect(page.locator("[data-working] [data-job]")).to_be_visible()
    expect(page.locator("[data-working] [data-job]")).to_have_count(0, timeout=60_000)

    # The versions are asked for every 30 s anyway: much sooner than that, the run itself was the reason.
    page.wait_for_function(
        """began_ms => performance.getEntriesByType("resource")
          .some((one) => one.name.includes("/tiles/hotspots/") && one.startTime > began_ms)""",
        arg=began_ms,
        timeout=8_000,
    )
