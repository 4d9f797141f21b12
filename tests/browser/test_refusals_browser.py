"""A refusal names the rule and shows the place; whatever happens, what was drawn is still there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.grounds import METRE, across, roomiest
from tests.browser.studio_page import Finger, Studio
from tests.conftest import LiveServer, enter_as

pytestmark = pytest.mark.browser


def sketched(studio: Studio) -> tuple[int, str]:
    """Give the splitting tool a grid and a good line; return the grid, and the line as the form has it."""
    parts = studio.parts
    key = roomiest(parts)
    studio.choose("split")
    studio.fill("split", [key], across(parts[key]))
    expect(studio.page.locator("[data-preview]")).to_be_visible()
    return key, studio.page.input_value("[data-corners]")


def still_there(studio: Studio, line: str) -> None:
    """Require that the form has the line and that the server has nothing of it."""
    expect(studio.page.locator("[data-corners]")).to_have_value(line)
    assert studio.whole["last_edit"] == 0


def test_a_refused_line_stays_with_its_rule_and_its_place(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk)
    studio.show()
    parts = studio.parts
    key = roomiest(parts)
    at = parts[key].representative_point()
    loose = [(at.x - METRE, at.y), (at.x + METRE, at.y)]
    studio.choose("split")
    studio.fill("split", [key], loose)

    refusal = desk.locator('[data-refusal="edit_line_loose"]')
    expect(refusal).to_contain_text("没有接到边界")
    expect(refusal).to_contain_text("请画到边界为止")
    apply = desk.locator("[data-apply]")
    expect(apply).to_have_attribute("aria-disabled", "true")
    expect(apply).to_have_attribute("title", "线的一端没有接到边界。")
    sent: list[str] = []
    desk.on("request", lambda one: sent.append(one.url))
    apply.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator('[data-refusal][role="alert"]')).to_be_visible()
    assert [url for url in sent if url.endswith("/edits")] == [], "what is refused is not sent"
    expect(desk.locator(".finding-pin", has_text="!")).to_be_attached()
    desk.click("[data-zoom-refusal]")
    line = desk.input_value("[data-corners]")
    assert line.count("\n") == 1

    desk.reload()
    expect(desk.locator("[data-said]")).to_contain_text("还在")
    still_there(studio, line)

    desk.locator("[data-studio] h1").click()
    desk.keyboard.press("Escape")
    desk.click("[data-turn]")
    still_there(studio, line)

    studio.fill("split", [key], across(parts[key]))
    expect(desk.locator("[data-preview]")).to_be_visible()
    expect(apply).not_to_have_attribute("aria-disabled", "true")


def test_the_pieces_of_a_preview_bear_one_mark_on_the_map_and_in_the_table(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    studio.show()
    sketched(studio)

    expect(desk.locator("[data-preview] .piece-mark")).to_have_text(["1", "2"])
    expect(desk.locator(".leaflet-marker-pane .piece-mark")).to_have_text(["1", "2"])


def test_a_phone_says_how_a_refused_line_is_mended(phone: Page, start: Callable[..., Studio]) -> None:
    studio = start(phone)
    studio.show()
    key = roomiest(studio.parts)
    at = studio.parts[key].representative_point()
    hands = Finger(studio)
    hands.open_sheet()
    phone.locator('.studio-tools [data-tool="split"]').tap()
    studio.look_at(studio.parts[key])
    hands.tap((at.x, at.y))
    studio.look_at(at)
    for corner in ((at.x - METRE, at.y), (at.x + METRE, at.y)):
        hands.tap(corner)

    words = phone.locator(".map-bar__words--refused")
    expect(words).to_contain_text("没有接到边界")
    expect(words).to_contain_text("请画到边界为止")
    expect(phone.locator('[data-bar="apply"]')).to_have_attribute("aria-disabled", "true")


def test_the_drawing_outlives_a_server_that_is_away(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk)
    studio.show()
    _, line = sketched(studio)

    def cut(route: Route) -> None:
        route.abort("connectionrefused")

    desk.route(f"**{studio.address}/**", cut)
    desk.click("[data-apply]")
    expect(desk.locator('[data-refusal="offline"]')).to_be_visible()
    expect(desk.locator("[data-corners]")).to_have_value(line)
    desk.unroute(f"**{studio.address}/**", cut)

    # It says so by itself when the server is back, and the same press does it.
    expect(desk.locator("[data-said]")).to_contain_text("恢复")
    expect(desk.locator("[data-refusal]")).to_have_count(0)
    still_there(studio, line)
    studio.apply("split")


def half_drawn(owner: Studio, page: Page) -> tuple[Studio, str]:
    """Return the owner's change set as another browser shows it, with a line drawn there, and the line."""
    studio = Studio(page, owner.id)
    studio.show()
    _, line = sketched(studio)
    return studio, line


def signed_out_elsewhere(page: Page) -> Page:
    """Sign out in a second tab of the same browser and return that tab."""
    other = page.context.new_page()
    other.goto("/boundaries")
    other.click("[data-person-button]")
    other.click('form[action="/logout"] button')
    other.wait_for_url("**/login*")
    return other


def test_the_drawing_outlives_the_end_of_the_session(
    new_page: Callable[..., Page], live_server: LiveServer, desk: Page, start: Callable[..., Studio]
) -> None:
    studio, line = half_drawn(start(desk), enter_as(new_page(), live_server.login("boundary")))
    page = studio.page
    other = signed_out_elsewhere(page)

    page.click("[data-apply]")
    expect(page.locator('[data-refusal="signed_out"]')).to_be_visible()
    expect(page.locator(".toast--alarm")).to_be_visible()
    expect(page.locator("[data-corners]")).to_have_value(line)

    enter_as(other, live_server.login("boundary"))
    page.bring_to_front()
    expect(page.locator("[data-refusal]")).to_have_count(0)
    expect(page.locator(".toast--alarm")).to_have_count(0)
    still_there(studio, line)
    studio.apply("split")


def test_the_drawing_is_not_sent_in_the_name_of_somebody_else(
    new_page: Callable[..., Page], live_server: LiveServer, desk: Page, start: Callable[..., Studio]
) -> None:
    studio, line = half_drawn(start(desk), enter_as(new_page(), live_server.login("boundary")))
    page = studio.page
    other = signed_out_elsewhere(page)
    enter_as(other, live_server.login("approver"))

    page.click("[data-apply]")

    expect(page.locator('[data-refusal="other_account"]')).to_be_visible()
    still_there(studio, line)


def test_after_signing_in_again_on_the_same_page_the_drawing_is_there(
    new_page: Callable[..., Page], live_server: LiveServer, desk: Page, start: Callable[..., Studio]
) -> None:
    studio, line = half_drawn(start(desk), enter_as(new_page(), live_server.login("boundary")))
    page = studio.page
    page.context.clear_cookies()

    page.reload()
    page.wait_for_url(lambda url: "/login" in url)
    login = live_server.login("boundary")
    page.fill("[name=login_name]", login["username"])
    page.fill("[name=password]", login["password"])
    page.click("main [type=submit], main button")

    page.wait_for_url(lambda url: "/boundaries" in url and "/login" not in url)
    expect(page.locator("[data-said]")).to_be_visible()
    still_there(studio, line)
