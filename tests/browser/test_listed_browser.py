"""Listed areas in a browser: deciding, drawing by finger and by keys, and nothing typed is lost."""

import re
from collections.abc import Callable

import pytest
import shapely
from geoalchemy2.shape import to_shape
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Scope, transaction
from geo.areas.models import Area
from incidents.listed.models import ListedArea
from incidents.service import boundary_of
from tests.browser.conftest import PHONE
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

OPENED = "html[data-listed-ready=true]"
#: The page of one listed area; the map adds where it stands.
OF_ONE = re.compile(r"/leader/listed/\d+(\?|$)")
#: A square around a place on the screen.
CORNERS = ((-40, -40), (40, -40), (40, 40), (-40, 40))


def ids(live_server: LiveServer) -> dict[str, int]:
    """Return the id of the latest listed area by state."""
    with live_server.settings(), transaction(Scope.everything()) as session:
        return {row.state: row.id for row in session.scalars(select(ListedArea).order_by(ListedArea.id))}


def free_ground(live_server: LiveServer) -> str:
    """Return where the form opens on the middle of the community farthest from what is listed."""
    with live_server.settings(), transaction(Scope.everything()) as session:
        taken = shapely.union_all([to_shape(row.geom) for row in session.scalars(select(ListedArea))])
        communities = session.scalars(select(Area).where(Area.level == "community"))
        middles = [boundary_of(session, area).representative_point() for area in communities]
    spot = max(middles, key=taken.distance)
    return f"/leader/listed/propose?at={spot.x:.5f},{spot.y:.5f},16"


def open_page(page: Page, address: str) -> Page:
    page.goto(address)
    page.locator(OPENED).wait_for(state="attached")
    page.locator(".folium-map[data-ready=true]").wait_for(state="attached")
    return page


def test_a_leader_decides_and_a_refusal_keeps_what_was_typed(
    sign_in: Callable[..., Page], live_server: LiveServer
) -> None:
    page = open_page(sign_in("leader"), f"/leader/listed/{ids(live_server)['proposed']}")
    page.fill("#decide-reason", "情况属实，同意")
    page.fill("#decide-day", "2020-01-01")
    page.click("[data-act=confirm]")

    expect(page.locator("form:has(#decide-reason) [data-refusal]")).to_contain_text("最后一天须在")
    assert page.input_value("#decide-reason") == "情况属实，同意"

    page.fill("#decide-reason", "先做好路灯再说")
    page.click("[data-act=decline]")
    expect(page.locator("[data-timeline]")).to_contain_text("先做好路灯再说")
    expect(page.locator(".listed__marks")).to_contain_text("不予挂牌")


def test_a_plan_gets_one_more_line_and_a_mark(sign_in: Callable[..., Page], live_server: LiveServer) -> None:
    page = open_page(sign_in("dispatcher"), f"/leader/listed/{ids(live_server)['listed']}")
    page.get_by_text("修改方案").click()
    before = page.locator("[data-measures] [data-measure]").count()
    page.click("[data-more]")
    line = page.locator("[data-measures] [data-measure]").nth(before)
    line.locator("[data-what]").fill("清理堵塞通道")
    page.click("[data-act=plan]")
    expect(page.locator("[data-plan-form] [data-refusal]")).to_contain_text(f"第 {before + 1} 项")
    line.locator("[data-who]").fill("社区居委会")
    page.click("[data-act=plan]")

    expect(page.locator(".measures").first).to_contain_text("清理堵塞通道")


def draw(page: Page, press: Callable[[float, float], None]) -> None:
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    # Above the sheet of a phone.
    middle = (box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 160))
    for number, (dx, dy) in enumerate(CORNERS, 1):
        press(middle[0] + dx, middle[1] + dy)
        expect(page.locator("[data-drawn-size]")).to_contain_text(f"{number} 个拐角")


def test_a_dispatcher_draws_a_place_with_a_finger(
    sign_in: Callable[..., Page], live_server: LiveServer
) -> None:
    page = open_page(sign_in("dispatcher", **PHONE), free_ground(live_server))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    draw(page, page.touchscreen.tap)
    page.evaluate("document.querySelector('[data-undo-corner]').click()")
    expect(page.locator("[data-drawn-size]")).to_contain_text("3 个拐角")
    page.fill("#reason", "傍晚多发")
    page.locator("[data-propose-form] .btn--primary").click()

    page.wait_for_url(OF_ONE)
    expect(page.locator("[data-timeline]")).to_contain_text("傍晚多发")


def test_a_grid_is_pressed_and_proposed(sign_in: Callable[..., Page], live_server: LiveServer) -> None:
    page = open_page(sign_in("dispatcher"), free_ground(live_server))
    page.get_by_text("整个网格").click()
    page.fill("#reason", "连续偏多")
    page.locator("[data-propose-form] .btn--primary").click()
    expect(page.locator("[data-refusal]")).to_contain_text("请先在地图上按一个网格")

    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chosen = page.locator("[data-from=area] [data-chosen]")
    expect(chosen).to_contain_text("网格 ·")
    name = (chosen.text_content() or "").partition(" · ")[0]
    page.locator("[data-propose-form] .btn--primary").click()

    page.wait_for_url(OF_ONE)
    expect(page.locator("h1")).to_have_text(name)


def test_a_place_is_typed_where_nobody_can_draw(sign_in: Callable[..., Page]) -> None:
    page = open_page(sign_in("leader"), "/leader/listed/propose")
    page.get_by_text("输入拐角坐标").click()
    page.fill("[data-ring]", "119, 30\n30, 119")
    expect(page.locator("[data-drawn-size]")).to_contain_text("第 2 行")
    page.fill("[data-ring]", "1, 1\n1.001, 1\n1.001, 1.001")
    page.fill("#reason", "试一试")
    page.locator("[data-propose-form] .btn--primary").click()

    expect(page.locator("[data-refusal]")).to_contain_text("挂牌整治地区在县内的面积")
    assert page.input_value("[data-ring]").startswith("1, 1")
    assert page.input_value("#reason") == "试一试"
