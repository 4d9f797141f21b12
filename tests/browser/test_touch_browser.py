"""Edits with a finger on a phone of 360 px: the map stays free, the bar above the sheet applies."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from geo.shapes.partition import is_partition
from tests.browser.edits import COMMUNITY, PLANS, split
from tests.browser.studio_page import Finger, Studio

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("plan", ["draw", "split", "merge", "move_vertex", "reshape", "cut_hole"])
def test_an_edit_by_touch(phone: Page, start: Callable[..., Studio], plan: str) -> None:
    studio = start(phone, COMMUNITY.get(plan, "桥东社区"))
    edit = PLANS[plan](studio)
    before = studio.parts
    studio.show()

    Finger(studio).edit(edit)

    after = studio.parts
    edit.check(before, after)
    if before:
        assert is_partition(list(after.values()), studio.frame)


def test_an_edit_by_touch_is_taken_back(phone: Page, start: Callable[..., Studio]) -> None:
    studio = start(phone)
    edit, hands = split(studio), Finger(studio)
    before = studio.parts
    studio.show()
    hands.edit(edit)
    expect(phone.locator(".map-bar__words")).to_contain_text("已拆分")
    expect(phone.locator('[data-bar="drop"]')).to_be_hidden()
    hands.turn("undo")
    assert {key: part.wkb for key, part in studio.parts.items()} == {key: p.wkb for key, p in before.items()}


def test_a_community_keeps_its_fields_on_one_line_and_its_last_button_apart(phone: Page) -> None:
    found = phone.request.get("/api/boundaries/overview").json()["communities"]
    divided = next(one for one in found if one["name"] == "桥东社区")
    phone.goto(f"/boundaries?sel=area:{divided['id']}")
    atlas = phone.locator("[data-atlas]")
    expect(atlas).to_be_attached()

    def edge(selector: str, side: str) -> float:
        return float(
            phone.locator(selector).evaluate("(one, side) => one.getBoundingClientRect()[side]", side)
        )

    assert edge("#atlas-what", "top") == pytest.approx(edge("#atlas-size", "top"), abs=1)
    assert edge("[data-placed-list]", "top") - edge("[data-atlas]", "bottom") >= 16
