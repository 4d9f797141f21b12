"""The dispatcher at work in a browser: tonight's plan on map, time line and list; stopping; a new team."""

from collections.abc import Callable
from datetime import date, timedelta

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
    """Ask for tomorrow's evening: of tonight's only the rest is offered once it has begun."""
    page.goto("/dispatch?view=ask")
    expect(page.locator("[data-ask-teams] input").first).to_be_checked()
    page.click("#view-ask details summary")
    page.fill("#time-limit", str(search_s))
    tomorrow = date.fromisoformat(page.input_value("#shift-from")[:10]) + timedelta(days=1)
    page.fill("#shift-from", f"{tomorrow}T19:00")
    page.fill("#shift-to", f"{tomorrow}T23:00")
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

    expect(desk.locator("[data-weights] summary")).to_contain_text("0.6")

    # List, time line and map are one selection.
    route = desk.locator("[data-route]").first
    route.locator("summary").click()
    stop = desk.locator("[data-route][open] [data-stop]").first
    expect(stop).to_contain_text(":")
    expect(stop).to_contain_text("得分")
    expect(desk.locator(".stop-pin")).to_have_count(desk.locator("[data-route][open] [data-stop]").count())
    stop.click()
    expect(desk.locator(".gantt__stop[aria-pressed=true]")).to_have_count(1)
    expect(desk.locator(".list__item[aria-selected=true] [data-stop]")).to_have_count(1)
    # The address holds the choice with its plan: a link shows the same, the back button takes it back.
    chosen = desk.locator(".list__item[aria-selected=true] [data-stop]").get_attribute("data-stop")
    assert f"sel=stop:{chosen}" in desk.url
    assert "plan=" in desk.url
    desk.reload()
    expect(desk.locator(f".list__item[aria-selected=true] [data-stop='{chosen}']")).to_be_visible()
    expect(desk.locator(".gantt__stop[aria-pressed=true]")).to_have_count(1)
    desk.go_back()
    expect(desk.locator(".gantt__stop[aria-pressed=true]")).to_have_count(0)
    expect(desk.locator("[data-route][open]")).to_have_count(1)
    desk.go_back()
    expect(desk.locator("[data-route][open]")).to_have_count(0)


def test_planning_is_stopped_and_the_earlier_plan_stays(desk: Page) -> None:
    desk.goto("/dispatch")
    desk.locator("[data-view=plan]:not([hidden]), [data-view=ask]:not([hidden])").first.wait_for()
    ask(desk, search_s=60)

    # The curve and the routes found so far are there while it searches.
    expect(desk.locator("[data-working] [data-sketch]")).to_be_visible(timeout=30_000)
    expect(desk.locator("[data-working] .curve")).to_be_visible()
    # A best plan found at once is a level line, whose box has no height.
    expect(desk.locator("[data-working] .curve__line")).to_be_attached()
    assert desk.evaluate(PAINTED) > 500
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


@pytest.mark.parametrize(
    ("width", "locale", "words"),
    [
        pytest.param(1440, "zh", ("班次的结束早于开始。", "4 小时，跨零点"), id="desk"),
        pytest.param(360, "en", ("The shift ends before it begins.", "4 hours, past midnight"), id="phone"),
    ],
)
def test_an_end_after_midnight_is_offered_for_the_next_day(
    sign_in: SignIn, width: int, locale: str, words: tuple[str, str]
) -> None:
    page = sign_in("dispatcher", width=width, height=800, locale=locale)
    page.goto("/dispatch?view=ask")
    told = page.locator("[data-shift-words]")
    expect(told).not_to_be_empty()
    day = page.input_value("#shift-from")[:10]
    page.fill("#shift-from", f"{day}T22:00")
    page.fill("#shift-to", f"{day}T02:00")
    expect(told).to_contain_text(words[0])

    page.click("[data-next-day]")

    expect(told).to_have_text(words[1])
    assert page.input_value("#shift-to")[:10] > day
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_a_chosen_team_nothing_is_asked_for(desk: Page) -> None:
    desk.goto("/dispatch?view=ask")
    expect(desk.locator("[data-ask-teams] input").first).to_be_checked()
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    for box in desk.locator("[data-ask-teams] input").all():
        box.uncheck()
    desk.click("[data-ask]")

    expect(desk.locator(".toast--alarm")).to_contain_text("请至少选一支巡防队")
    assert asked == []


def test_a_team_off_the_road_is_named_and_its_station_moved_to_the_street(desk: Page) -> None:
    desk.goto("/dispatch?view=teams")
    expect(desk.locator("[data-team]").first).to_be_visible()
    desk.fill("#team-name", "远山组")
    desk.select_option("#team-mode", "car")
    desk.fill("#team-lon", "119.9")
    desk.fill("#team-lat", "30.1")
    desk.click("[data-team-form] .btn--primary")
    expect(desk.locator("[data-team]", has_text="远山组")).to_be_visible()

    ask(desk, search_s=1)
    left_out = desk.locator("[data-off-road]")
    expect(left_out).to_contain_text("远山组的驻地距最近可走的道路", timeout=90_000)
    expect(desk.locator(".gantt__row--off")).to_contain_text("远山组")
    assert desk.locator("[data-route]").count() > 0
    left_out.locator("button").click()
    expect(desk.locator("#team-name")).to_have_value("远山组")
    assert float(desk.input_value("#team-lon")) < 119.4
    desk.click("[data-team-form] .btn--primary")

    ask(desk, search_s=1)
    expect(desk.locator("[data-working] [data-job]")).to_have_count(0, timeout=90_000)
    expect(desk.locator("[data-off-road]")).to_have_count(0)


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
