"""Comments at places: written by keyboard and by touch, answered and settled, seen by both."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.grounds import longest_side, middle
from tests.browser.studio_page import Finger, Keyboard, Studio

pytestmark = pytest.mark.browser


def shown(page: Page, studio: Studio) -> Studio:
    """Show a change set, at its comments, on another person's page."""
    other = Studio(page, studio.id)
    other.show()
    page.click("[data-tab=impact]")
    return other


def test_a_comment_at_a_place_by_keyboard_alone_is_answered_and_settled_by_another(
    desk: Page, start: Callable[..., Studio], sign_in: Callable[..., Page]
) -> None:
    studio = start(desk)
    studio.show()
    reviewer = sign_in("approver")
    shown(reviewer, studio)
    place = middle(longest_side(studio.parts)[2])
    hands = Keyboard(studio)
    hands.reach("[data-tab=grids]")
    desk.keyboard.press("ArrowRight")
    hands.reach("[data-comment]")
    desk.keyboard.insert_text("这里应沿河")
    hands.reach("[data-spot]")
    desk.keyboard.type(f"{place[0]:.7f}, {place[1]:.7f}")
    expect(desk.locator(".remark-pin", has_text="+")).to_be_attached()
    with desk.expect_response("**/comments") as sent:
        desk.keyboard.press("Control+Enter")
    assert sent.value.status == 201
    expect(desk.locator(".toast", has_text="意见已保存")).to_be_visible()
    assert sent.value.json()["spot"] == [round(place[0], 7), round(place[1], 7)]

    expect(reviewer.locator(".talk")).to_contain_text("这里应沿河")
    expect(reviewer.locator(".remark-pin", has_text="A")).to_be_attached()
    expect(reviewer.locator("[data-tab=impact] .badge")).to_have_text("1")
    reviewer.click("[data-act=answer]")
    reviewer.fill("[data-comment]", "已改")
    reviewer.click("[data-step=comment]")
    expect(reviewer.locator(".toast", has_text="回复已保存")).to_be_visible()

    expect(desk.locator(".talk__answer")).to_contain_text("已改")
    hands.reach("[data-act=settle]")
    desk.keyboard.press("Enter")
    expect(desk.locator(".talk__settled summary")).to_contain_text("1")
    expect(desk.locator(".remark-pin")).to_have_count(0)
    expect(reviewer.locator(".talk__settled summary")).to_contain_text("1")
    expect(reviewer.locator("[data-tab=impact] .badge")).to_have_count(0)
    reviewer.click(".talk__settled summary")
    reviewer.click("[data-act=reopen]")
    expect(desk.locator("[data-act=settle]")).to_be_visible()


def test_a_comment_at_a_place_by_touch(
    desk: Page, start: Callable[..., Studio], sign_in: Callable[..., Page]
) -> None:
    studio = start(desk)
    reviewer = sign_in("approver", **PHONE)
    other = Studio(reviewer, studio.id)
    other.show()
    reviewer.locator("[data-tab=impact]").tap()
    place = middle(longest_side(studio.parts)[2])
    reviewer.locator("[data-pick]").tap()
    expect(reviewer.locator('.panel[data-height="peek"]')).to_be_attached()
    Finger(other).tap(place)
    expect(reviewer.locator("[data-spot]")).not_to_have_value("")
    reviewer.fill("[data-comment]", "请核对")
    reviewer.locator("[data-step=comment]").tap()

    expect(reviewer.locator(".talk")).to_contain_text("请核对")
    (said,) = studio.whole["comments"]
    assert said["spot"] is not None
    reviewer.locator("[data-act=place]").tap()
    expect(reviewer.locator(".remark-pin")).to_be_in_viewport()


def test_a_comment_that_is_not_sent_is_kept(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk)
    studio.show()
    desk.click("[data-tab=impact]")
    desk.fill("[data-comment]", "还没写完")
    desk.reload()
    desk.click("[data-tab=impact]")
    expect(desk.locator("[data-comment]")).to_have_value("还没写完")


def test_a_returned_set_can_be_edited_again_without_a_reload(
    desk: Page, start: Callable[..., Studio], sign_in: Callable[..., Page]
) -> None:
    studio = start(desk)
    one, two, _ = longest_side(studio.parts)
    studio.do(kind="merge", grids=[one, two])
    studio.show()
    desk.click("[data-tab=impact]")
    desk.click("[data-step=submit]")
    expect(desk.locator(".studio-tools")).to_be_hidden()
    reviewer = sign_in("approver")
    shown(reviewer, studio)
    reviewer.click("[data-step=return]")
    expect(reviewer.locator("[data-note]")).to_be_focused()
    reviewer.fill("[data-note]", "请改回")
    reviewer.click("[data-step=return]")

    expect(desk.locator(".studio-tools")).to_be_visible()
    expect(desk.locator(".talk", has_text="请改回")).to_be_visible()
