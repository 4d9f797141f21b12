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
    earlier = page.locator("[data-csv]").get_attribute("href") or ""
    page.select_option("#find-days", "28")
    page.click("[data-find]")
    expect(page.locator("[data-working] [data-job]")).to_be_visible()

    expect(page.locator("[data-csv]")).not_to_have_attribute("href", earlier, timeout=60_000)
    first = page.locator("[data-places] li").first
    expect(first).to_be_visible()
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


@pytest.mark.parametrize(
    ("width", "locale"), [pytest.param(1440, "zh", id="desk"), pytest.param(360, "en", id="phone")]
)
def test_a_forecast_is_asked_for_told_and_explained(sign_in: SignIn, width: int, locale: str) -> None:
    page = sign_in("leader", width=width, height=800, locale=locale)
    page.goto("/leader")
    with page.expect_response(re.compile(r"/tiles/forecast_7/\d+/\d+/\d+\.mvt")):
        page.click('[data-view="7"]')
    expect(page.locator("[data-forecast-sentence] .skeleton")).to_have_count(0)
    expect(page.locator("[data-happened]")).to_be_hidden()
    expect(page.locator("[data-takes]")).not_to_be_empty()
    page.click("[data-ask-forecast]")
    expect(page.locator("[data-forecast-working] [data-job]")).to_be_visible()
    expect(page.locator("[data-forecast-working] [data-job]")).to_have_count(0, timeout=120_000)
    expect(page.locator("[data-accuracy]")).to_be_visible()
    assert len(re.findall(r"\d+\.\d %", page.locator("[data-accuracy]").inner_text())) == 3
    for name in ("mine", "counting", "best"):
        page.click(f'[data-defined="{name}"]')
        expect(page.locator(f'[data-defined="{name}"]')).to_have_attribute("aria-expanded", "true")
        expect(page.locator("#forecast-meaning")).not_to_be_empty()
    expect(page.locator("[data-accuracy] [aria-expanded=true]")).to_have_count(1)
    page.click("[data-forecast-accuracy] summary")
    expect(page.locator("[data-forecast-accuracy] details tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.go_back()
    expect(page.locator("[data-happened]")).to_be_visible()


def test_two_runs_are_compared_and_a_run_is_fetched_as_files(sign_in: SignIn) -> None:
    page = sign_in("leader", width=1440, height=900)
    page.goto("/leader")
    for _ in range(2):
        expect(page.locator("[data-sentence] .skeleton")).to_have_count(0)
        page.click("[data-find]")
        expect(page.locator("[data-working] [data-job]")).to_be_visible()
        expect(page.locator("[data-working] [data-job]")).to_have_count(0, timeout=60_000)
    page.locator("[data-compare-with]").first.click()
    expect(page.locator("[data-compare] h2")).to_be_focused()
    expect(page.locator('[data-compare] [data-fate="stayed"] li').first).to_be_visible()
    assert "with=" in page.url
    page.click("[data-end-compare]")
    expect(page.locator("[data-compare]")).to_be_hidden()
    for form in ("csv", "geojson", "gpkg"):
        with page.expect_download() as fetched:
            page.click(f"[data-{form}]")
        assert fetched.value.suggested_filename.endswith(form)


def test_the_year_is_walked_through_by_keys(sign_in: SignIn) -> None:
    page = sign_in("leader", width=1440, height=900, locale="en")
    page.emulate_media(reduced_motion="reduce")
    page.goto("/leader")
    if page.locator("[data-places] li").count() == 0:
        page.click("[data-find]")
        expect(page.locator("[data-places] li").first).to_be_visible(timeout=60_000)
    page.click("[data-months] summary")
    slider = page.locator("[data-months] input[type=range]")
    expect(slider).to_have_value("11")
    latest = slider.get_attribute("aria-valuetext")
    slider.focus()
    slider.press("ArrowLeft")
    expect(slider).to_have_value("10")
    assert slider.get_attribute("aria-valuetext") != latest
    # Whoever wants less motion goes a month on with each press.
    page.click("[data-play]")
    expect(slider).to_have_value("11")
    expect(page.locator("[data-play]")).to_have_text("Next month")
