"""Two people at one draft, and what a publication does to the page of a third."""

import re
import secrets
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from shapely.geometry import shape
from sqlalchemy import select

from core.db import Scope, transaction
from geo.areas.models import Area
from geo.shapes.partition import is_partition
from geo.staff.service import create_account
from tests.browser.grounds import across, longest_side, middle, roomiest
from tests.browser.studio_page import ASK, ON_MAP, TO_SCREEN, Studio
from tests.conftest import LiveServer, enter_as

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]

#: Something is drawn on the studio's own canvas above the published grids.
OUTLINED = """() => {
  const canvas = document.querySelector(".leaflet-draft-pane canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0);
}"""


@pytest.fixture
def colleague(new_page: Callable[..., Page], live_server: LiveServer) -> Page:
    """Another boundary editor, in a browser of his own."""
    login, password = f"second-{secrets.token_hex(3)}", secrets.token_hex(8)
    with live_server.settings(), transaction(Scope.everything()) as session:
        county = session.scalars(select(Area).where(Area.level == "county")).one()
        create_account(
            session, login=login, name="钱编辑", role_code="boundary", area=county, password=password
        )
    return enter_as(new_page(), {"username": login, "password": password})


def test_a_press_on_the_map_opens_the_community_of_the_place(sign_in: SignIn) -> None:
    page = sign_in("boundary")
    page.goto("/boundaries")
    overview = page.request.get("/api/boundaries/overview").json()
    found = next(one for one in overview["communities"] if one["name"] == "桥东社区")
    frame = shape(page.request.get(f"/api/boundaries/communities/{found['id']}").json()["frame"])
    page.evaluate(ON_MAP, list(frame.bounds))
    at = frame.representative_point()
    page.mouse.click(*page.evaluate(TO_SCREEN, [at.x, at.y]))
    expect(page.locator("[data-community] h1")).to_have_text("桥东社区")
    expect(page).to_have_url(re.compile(rf"sel=area:{found['id']}\b"))
    page.go_back()
    expect(page.locator("[data-home]")).to_be_visible()


def test_a_tab_pressed_below_the_form_of_a_tool_comes_into_sight(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    studio.show()
    studio.choose("follow")
    desk.click("[data-tab=impact]")
    expect(desk.locator("[data-impact] .empty")).to_be_in_viewport(ratio=1)


def test_proposals_that_come_late_are_not_shown_in_another_change_set(
    desk: Page, start: Callable[..., Studio]
) -> None:
    proposed, other = start(desk, "沙湾村"), start(desk)
    desk.evaluate(ASK, [f"{proposed.address}/proposals", {"size": 60, "tolerance": 0.3}])
    desk.wait_for_function(
        "async (address) => (await (await fetch(address)).json()).proposals.length > 0",
        arg=f"{proposed.address}/proposals",
        timeout=60_000,
    )
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    desk.route(f"**{proposed.address}/proposals", hold)
    proposed.show()
    desk.click("[data-studio-head] .btn--icon")
    desk.click(f'[data-set="{other.id}"]')
    expect(desk.locator("[data-studio-head] h1")).to_have_text("桥东社区")
    (late,) = held

    with desk.expect_response(f"**{proposed.address}/proposals"):
        late.continue_()
    desk.unroute(f"**{proposed.address}/proposals")
    desk.click("[data-tab=proposals]")

    expect(desk.locator("[data-propose]")).to_be_visible()
    expect(desk.locator("[data-proposals]")).to_have_count(0)


def test_two_people_edit_one_draft_and_nothing_is_lost(
    desk: Page, start: Callable[..., Studio], colleague: Page
) -> None:
    first = start(desk)
    first.show()
    other = Studio(colleague, first.id)
    other.show()
    deaf = {"on": True}

    def hear(route: Route) -> None:
        if deaf["on"]:
            route.abort()
        else:
            route.fallback()

    desk.route("**/since/*", hear)
    one, _, side = longest_side(first.parts)
    line = across(first.parts[one])
    first.choose("split")
    first.fill("split", [one], line)
    expect(desk.locator("[data-preview]")).to_be_visible()
    other.by_form("insert_vertex", [], [middle(side)])

    with desk.expect_response("**/edits") as refused:
        desk.click("[data-apply]")
    assert (refused.value.status, refused.value.json()["code"]) == (409, "grid_changed")
    expect(desk.locator('[data-refusal="grid_changed"]')).to_be_visible()
    assert desk.input_value("[data-corners]").count("\n") == 1
    with desk.expect_response(lambda answer: "/since/" in answer.url and answer.ok):
        deaf["on"] = False
    expect(desk.locator("#studio-log li")).to_have_count(1)
    first.apply("split")
    desk.unroute("**/since/*")

    expect(colleague.locator("#studio-log li")).to_have_count(2)
    assert [edit["kind"] for edit in first.whole["edits"]] == ["insert_vertex", "split"]
    assert is_partition(list(first.parts.values()), first.frame)
    expect(desk.locator("#studio-log")).to_contain_text("钱编辑")


def test_what_one_undoes_the_other_sees(desk: Page, start: Callable[..., Studio], colleague: Page) -> None:
    first = start(desk)
    first.show()
    other = Studio(colleague, first.id)
    other.show()
    one = roomiest(first.parts)
    first.by_form("split", [one], across(first.parts[one]))
    count = len(first.parts)
    expect(colleague.locator("[data-view=grids] [data-grid]")).to_have_count(count)
    expect(colleague.locator("[data-tool=undo]")).to_be_disabled()

    desk.keyboard.press("Control+z")

    expect(colleague.locator("[data-view=grids] [data-grid]")).to_have_count(count - 1)
    assert is_partition(list(other.parts.values()), other.frame)


def test_the_captain_follows_a_publication(
    desk: Page, start: Callable[..., Studio], sign_in: Callable[..., Page], live_server: LiveServer
) -> None:
    grid_name = live_server.login("captain")["area"]
    studio = start(desk, grid_name.split("第")[0])
    studio.show()
    key = next(grid["key"] for grid in studio.whole["grids"] if grid["name"] == grid_name)
    captain = sign_in("captain")
    before = captain.request.get("/api/captain/today").json()["tally"]["total"]
    studio.by_form("split", [key], across(studio.parts[key]))
    desk.click("[data-tab=impact]")
    expect(desk.locator("[data-moves] li")).to_have_count(1)
    desk.click("[data-tab=grids]")
    desk.click("[data-go-review]")
    expect(desk.locator("[data-note]")).to_be_focused()
    desk.fill("[data-note]", "请审核")
    desk.click("[data-step=submit]")
    expect(desk.locator(".badge", has_text="待审核").first).to_be_visible()

    expect(desk.locator(".toast", has_text="已送审")).to_be_visible()

    reviewer = sign_in("approver")
    reviewer.click(f'[data-set="{studio.id}"]')
    reviewer.click("[data-go-review]")
    reviewer.click("[data-step=approve]")
    expect(reviewer.locator(".review__ask")).to_contain_text("2 个网格发生变化")
    expect(reviewer.locator(".review__ask")).to_contain_text("尚未与已发布的边界对比")
    reviewer.keyboard.press("Escape")
    expect(reviewer.locator("[data-step=approve]")).to_be_focused()
    assert studio.whole["state"] == "review", "asking publishes nothing"
    reviewer.click("[data-compare=swipe]")
    expect(reviewer.locator(".swipe")).to_be_visible()
    reviewer.click("[data-step=approve]")
    expect(reviewer.locator(".review__ask")).not_to_contain_text("尚未")
    reviewer.click("[data-step=publish]")
    expect(reviewer.locator("[data-studio-head] .badge--done")).to_be_visible(timeout=30_000)

    captain.reload()
    after = captain.request.get("/api/captain/today").json()["tally"]["total"]
    assert 0 < after < before
    # What was published can still be compared: the grid as it was against its two halves.
    reviewer.click("[data-compare=beside]")
    expect(reviewer.locator(".beside__name")).to_have_text(["发布前", "发布后"])
    answer = reviewer.request.get(f"/api/change-sets/{studio.id}/before").json()
    assert len(answer["grids"]) == len(studio.parts) - 1


def test_a_change_set_is_returned_with_words_and_says_so(
    desk: Page, start: Callable[..., Studio], sign_in: Callable[..., Page]
) -> None:
    studio = start(desk)
    one = roomiest(studio.parts)
    studio.do(kind="split", grid=one, lines=[across(studio.parts[one])])
    desk.evaluate(ASK, [f"{studio.address}/submit", {"note": ""}])
    reviewer = sign_in("approver")
    reviewer.goto(f"/boundaries?sel=change_set:{studio.id}")
    reviewer.click("[data-go-review]")
    reviewer.click("[data-step=return]")
    refusal = reviewer.locator(".toast--alarm")
    expect(refusal).to_be_visible()

    reviewer.fill("[data-note]", "请沿街道划分")
    reviewer.click("[data-step=return]")

    expect(reviewer.locator(".toast", has_text="已退回")).to_be_visible()
    expect(refusal).to_have_count(0)
    assert studio.whole["state"] == "draft"
    desk.goto("/boundaries")
    desk.locator("html[data-boundaries-ready]").wait_for(state="attached")
    row = desk.locator(f'[data-set="{studio.id}"]')
    expect(row.locator(".badge")).to_have_text("已退回，待修改")
    expect(row.locator("[data-returned]")).to_contain_text("请沿街道划分")
    row.click()
    expect(desk.locator("[data-studio-head] [data-returned]")).to_contain_text("请沿街道划分")


def test_an_approved_change_set_says_when_it_is_published_and_who_may_stop_it(
    desk: Page, start: Callable[..., Studio], sign_in: Callable[..., Page]
) -> None:
    studio = start(desk)
    one = roomiest(studio.parts)
    studio.do(kind="split", grid=one, lines=[across(studio.parts[one])])
    desk.evaluate(ASK, [f"{studio.address}/submit", {"note": ""}])
    reviewer = sign_in("approver")
    reviewer.goto(f"/boundaries?sel=change_set:{studio.id}")
    reviewer.click("[data-go-review]")
    today = date.fromisoformat(reviewer.get_attribute("[data-boundaries]", "data-today") or "")
    day = (today + timedelta(days=400)).isoformat()
    reviewer.fill("[data-effective]", day)
    expect(reviewer.locator("[data-step=approve]")).to_have_text(f"批准，{day} 发布…")
    reviewer.click("[data-step=approve]")
    expect(reviewer.locator(".review__ask")).to_contain_text("到期之前可以退回")
    reviewer.click("[data-step=publish]")

    for page in (reviewer, desk):
        page.goto(f"/boundaries?sel=change_set:{studio.id}")
        page.click("[data-tab=impact]")
        waits = page.locator("[data-waits]")
        expect(waits).to_contain_text(f"{day} 发布")
        expect(waits).to_contain_text("审核（示例） 于 ")
        expect(waits).to_contain_text("可以撤回修改")
        expect(page.locator("[data-studio-head] .badge")).to_have_text(f"已批准，{day} 发布")
    desk.goto("/boundaries")
    expect(desk.locator(f'[data-set="{studio.id}"] .badge')).to_have_text(f"已批准，{day} 发布")


def test_an_author_takes_the_own_change_set_back_and_nobody_has_returned_it(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    one = roomiest(studio.parts)
    studio.do(kind="split", grid=one, lines=[across(studio.parts[one])])
    studio.show()
    expect(desk.locator(f'[data-grid="{max(studio.parts)}"] .studio-mark')).to_have_text("新增")
    desk.click("[data-go-review]")
    desk.click("[data-step=submit]")
    expect(desk.locator("[data-step=return]")).to_have_count(0)

    desk.click("[data-step=take-back]")

    expect(desk.locator(".toast", has_text="已撤回")).to_be_visible()
    expect(desk.locator(".studio-tools")).to_be_visible()
    expect(desk.locator("[data-studio-head] .badge")).to_have_text("草稿")
    expect(desk.locator("[data-studio-head] [data-returned]")).to_have_count(0)
    expect(desk.locator(".talk").last).to_contain_text("撤回修改")
    expect(desk.locator("[data-step=discard]")).to_have_text("放弃整个变更集")


def test_a_name_is_changed_and_taken_back(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk)
    studio.show()
    key = min(studio.parts)
    desk.click(f'[data-grid="{key}"] button')
    desk.click(f'[data-rename="{key}"]')
    desk.fill("[data-new-name]", "文庙网格")
    desk.keyboard.press("Enter")
    expect(desk.locator(f'[data-grid="{key}"]')).to_contain_text("文庙网格")
    expect(desk.locator(f'[data-grid="{key}"] .studio-mark')).to_be_visible()

    desk.locator("[data-studio] h1").click()
    desk.keyboard.press("Control+z")

    expect(desk.locator(f'[data-grid="{key}"]')).not_to_contain_text("文庙网格")


def test_a_name_given_meanwhile_is_told_before_it_is_written_over(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    studio.show()
    key = min(studio.parts)
    desk.click(f'[data-grid="{key}"] button')
    desk.click(f'[data-rename="{key}"]')
    studio.do(kind="rename", grid=key, name="文庙网格")

    desk.fill("[data-new-name]", "老街网格")
    desk.keyboard.press("Enter")
    expect(desk.locator(".toast--alarm")).to_be_visible()
    expect(desk.locator("[data-new-name]")).to_have_value("老街网格")
    named = {grid["key"]: grid["name"] for grid in studio.whole["grids"]}
    assert named[key] == "文庙网格"

    desk.press("[data-new-name]", "Enter")
    expect(desk.locator(f'[data-grid="{key}"]')).to_contain_text("老街网格")


def test_an_opened_community_is_outlined_and_leads_back_from_an_earlier_day(desk: Page) -> None:
    desk.goto("/boundaries")
    desk.locator("[data-open]").filter(has_text="老街").click()
    expect(desk.locator("[data-community] h1")).to_have_text("老街社区")
    assert desk.evaluate(OUTLINED)

    desk.locator("[data-code]").last.click()
    lineage = desk.locator("[data-lineage-of]:not([hidden])")
    expect(lineage).to_be_focused()
    expect(lineage).to_be_in_viewport()
    desk.locator("[data-code]").last.click()
    expect(lineage).to_have_count(0)

    today = date.fromisoformat(desk.locator("[data-boundaries]").get_attribute("data-today") or "")
    for day in (today - timedelta(days=1), date(1980, 1, 1)):
        desk.fill("[data-day]", day.isoformat())
        desk.click("[data-back-to-today]")
        expect(desk.locator("[data-code]").first).to_be_visible()
        expect(desk.locator("[data-back-to-today]")).to_have_count(0)
        assert desk.evaluate(OUTLINED)


def test_a_community_pressed_far_down_the_list_opens_at_its_head(sign_in: SignIn) -> None:
    page = sign_in("boundary", width=360, height=740, locale="zh")
    page.goto("/boundaries")
    page.locator("[data-open]").last.click()

    expect(page.locator("[data-community] h1")).to_be_in_viewport()
    assert page.locator(".panel__scroll").evaluate("element => element.scrollTop") == 0
