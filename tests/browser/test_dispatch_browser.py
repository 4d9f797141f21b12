"""The dispatcher at work in a browser: tonight's plan on map, time line and list; stopping; a new team."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]

#: Pixels of the routes' canvas that are painted.
PAINTED = """() => [...document.querySelectorAll(".leaflet-overlay-pane canvas")].reduce((sum, canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return sum + data.reduce((n, value, at) => n + (at % 4 === 3 && value > 0 ? 1 : 0), 0);
}, 0)"""


def ask(page: Page, *, search_s: int) -> None:
    page.goto("/dispatch?view=ask")
    expect(page.locator("[data-ask-teams] input").first).to_be_checked()
    page.click("#view-ask details summary")
    page.fill("#time-limit", str(search_s))
    page.click("[data-ask]")
    expect(page.locator("[data-working] [data-job]")).to_be_visible()


@pytest.fixture
def desk(sign_in: SignIn) -> Page:
    """The dispatcher's page on a desk."""
    return sign_in("dispatcher", width=1440, height=900)


def test_tonight_is_planned_with_progress_routes_and_times(desk: Page) -> None:
    ask(desk, search_s=3)
    expect(desk.locator("[data-working] progress")).to_be_visible()

    expect(desk.locator("[data-route]").first).to_be_visible(timeout=90_000)

    assert desk.locator("[data-route]").count() > 3
    expect(desk.locator("[data-working] [data-job]")).to_have_count(0)
    expect(desk.locator(".gantt__hour").first).to_have_text("19:00")
    expect(desk.locator(".gantt__hour").last).to_have_text("23:00")
    assert desk.evaluate(PAINTED) > 2_000
    assert desk.locator(".panel__scroll").evaluate("element => element.scrollTop") == 0

    # List, time line and map are one selection.
    route = desk.locator("[data-route]").first
    route.locator("summary").click()
    stop = desk.locator("[data-route][open] [data-stop]").first
    expect(stop).to_contain_text(":")
    expect(desk.locator(".stop-pin")).to_have_count(desk.locator("[data-route][open] [data-stop]").count())
    stop.click()
    expect(desk.locator(".gantt__stop[aria-pressed=true]")).to_have_count(1)
    expect(desk.locator(".list__item[aria-selected=true] [data-stop]")).to_have_count(1)
    desk.reload()
    expect(desk.locator("[data-route]").first).to_be_visible()


def test_planning_is_stopped_and_the_earlier_plan_stays(desk: Page) -> None:
    desk.goto("/dispatch")
    desk.locator("[data-view=plan]:not([hidden]), [data-view=ask]:not([hidden])").first.wait_for()
    ask(desk, search_s=60)

    desk.click("[data-working] [data-job] button")

    expect(desk.locator("[data-working] [data-job]")).to_have_count(0, timeout=30_000)
    expect(desk.locator("[data-ask]")).to_be_enabled()
    expect(desk.locator(".toast")).to_be_visible()


def test_an_impossible_shift_is_refused_in_words(desk: Page) -> None:
    desk.goto("/dispatch?view=ask")
    expect(desk.locator("[data-ask-teams] input").first).to_be_checked()
    desk.fill("#shift-to", desk.input_value("#shift-from"))
    desk.click("[data-ask]")

    expect(desk.locator(".toast--alarm")).to_be_visible()
    expect(desk.locator("[data-ask]")).to_be_enabled()


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_a_team_is_added_on_a_phone(sign_in: SignIn, locale: str) -> None:
    name = {"zh": "河边队", "en": "River team"}[locale]
    page = sign_in("dispatcher", width=360, height=740, locale=locale)
    page.goto("/dispatch?view=teams")
    station = page.locator("[data-team]").first
    expect(station).to_be_visible()
    station.click()
    lon, lat = (page.input_value(f"#team-{name_}") for name_ in ("lon", "lat"))
    page.click("[data-team-reset]")
    page.fill("#team-name", name)
    page.fill("#team-lon", lon)
    page.fill("#team-lat", lat)
    page.click("[data-team-form] .btn--primary")

    expect(page.locator("[data-team]", has_text=name)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
