"""Edits with a finger on a phone of 360 px: the map stays free, the bar above the sheet applies."""

import re
from collections.abc import Callable, Iterator

import pytest
import shapely
from playwright.sync_api import Page, Route, expect

from geo.shapes.partition import is_partition
from tests.browser.conftest import PHONE
from tests.browser.edits import COMMUNITY, PLANS, Edit, break_by_file, followed, lies_on, split
from tests.browser.grounds import METRE, Features
from tests.browser.studio_page import KEYS, Finger, Studio, legs_of

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("plan", PLANS)
def test_an_edit_by_touch(phone: Page, start: Callable[..., Studio], plan: str) -> None:
    studio = start(phone, COMMUNITY.get(plan, "桥东社区"))
    done(studio, PLANS[plan](studio))


@pytest.mark.parametrize("along", ["road", "water"])
def test_a_boundary_follows_a_street_and_a_water_by_touch(
    phone: Page, start: Callable[..., Studio], features: Features, along: str
) -> None:
    studio, edit = followed(phone, start, features[along], along)
    done(studio, edit)
    lies_on(studio, edit, features[along])


def done(studio: Studio, edit: Edit) -> None:
    """Let a finger do an edit and judge what the server has then: the edit, and that the grids still tile."""
    before = studio.parts
    studio.show()
    Finger(studio).edit(edit)
    after = studio.parts
    edit.check(before, after)
    if before:
        assert is_partition(list(after.values()), studio.frame)


@pytest.mark.parametrize("which", ["0", "all"])
def test_a_broken_import_is_repaired_by_touch(phone: Page, start: Callable[..., Studio], which: str) -> None:
    studio = start(phone)
    break_by_file(studio)
    grave = studio.grave
    assert {one["kind"] for one in grave} >= {"gap", "overlap"}
    studio.show()
    Finger(studio).repair(which)
    assert len(studio.grave) == (0 if which == "all" else len(grave) - 1)
    assert is_partition(list(studio.parts.values()), studio.frame) == (which == "all")


def test_an_edit_by_touch_is_taken_back_and_done_again(phone: Page, start: Callable[..., Studio]) -> None:
    studio = start(phone)
    edit, hands = split(studio), Finger(studio)
    first = studio.parts
    studio.show()
    hands.edit(edit)
    second = studio.parts
    expect(phone.locator(".map-bar__words")).to_contain_text("已拆分")
    expect(phone.locator('[data-bar="drop"]')).to_be_hidden()
    hands.turn("undo")
    assert {key: part.wkb for key, part in studio.parts.items()} == {key: p.wkb for key, p in first.items()}
    hands.turn("redo")
    assert {key: part.wkb for key, part in studio.parts.items()} == {key: p.wkb for key, p in second.items()}


MEASURED = r"测量 共 ([\d.]+) 米 · 最后一段 ([\d.]+)°，([\d.]+) 米 · 围成 ([\d,]+) m²"


def test_a_finger_measures(phone: Page, start: Callable[..., Studio]) -> None:
    studio = start(phone, "清湖新区社区")
    at, hands = studio.frame.representative_point(), Finger(studio)
    corner = [(at.x + x * 60 * METRE, at.y + y * 60 * METRE) for x, y in ((-1, -1), (1, -1), (1, 1))]
    studio.show()
    hands.take(Edit("measure", lambda *_: None))
    studio.look_at(shapely.MultiPoint(corner))
    for place in corner:
        hands.tap(place)
    words = phone.locator(".map-bar__words")
    expect(words).to_contain_text("最后一段")
    said = re.fullmatch(MEASURED, words.inner_text())
    assert said, words.inner_text()
    total, bearing, last, inside = (float(figure.replace(",", "")) for figure in said.groups())
    (_, east), (_, north) = legs_of(corner)
    # A pixel of the finger is a metre of ground here.
    assert total == pytest.approx(east + north, abs=3)
    assert last == pytest.approx(north, abs=2)
    assert min(bearing, 360 - bearing) < 1.5
    assert inside == pytest.approx(east * north / 2, rel=0.05)
    assert studio.whole["last_edit"] == 0


#: Every place of the bar; corners hold three tools.
TOOLS = tuple(dict.fromkeys("corners" if kind.endswith("_vertex") else kind for kind in KEYS))
#: Who is narrower or lower than a thumb, sticks out of the screen or cuts his words off.
MISFITS = """(roots) => {
  const fits = (one) => {
    const { left, right, width, height } = one.getBoundingClientRect();
    const [wide, inside] = [Math.min(width, height) >= 44, left >= 0 && right <= innerWidth];
    return wide && inside && one.scrollWidth <= one.clientWidth;
  };
  const pressed = "button, input, select, summary";
  const all = roots.flatMap((root) => [...document.querySelectorAll(`${root} :is(${pressed})`)]);
  const shown = all.filter((one) => one.checkVisibility() && !fits(one));
  return shown.map((one) => [one.textContent || one.id, JSON.stringify(one.getBoundingClientRect())]);
}"""
HANDLED = [".map-bar", ".studio-form", ".studio-tools", ".studio-looks"]


@pytest.fixture
def speaking(sign_in: Callable[..., Page]) -> Iterator[Callable[[str], Page]]:
    """The boundary staff's phone in a language; the account speaks Chinese again when the test ends."""
    yield lambda locale: sign_in("boundary", **PHONE, locale=locale)
    sign_in("boundary", **PHONE, locale="zh")


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_tool_is_in_sight_tells_what_it_does_and_fits_a_thumb(
    speaking: Callable[[str], Page], start: Callable[..., Studio], locale: str
) -> None:
    page = speaking(locale)
    studio = start(page)
    hands = Finger(studio)
    studio.show()
    for tool in (*TOOLS, "undo", "redo"):
        expect(page.locator(f'.studio-tools [data-tool="{tool}"]')).to_be_in_viewport(ratio=1)
    for tool in TOOLS:
        hands.open_sheet()
        button = page.locator(f'.studio-tools [data-tool="{tool}"]')
        button.tap()
        sentence = (button.get_attribute("title") or "").split("\n")[0].split(": ", 1)[1]
        said = ".studio-form" if tool == "simplify" else ".map-bar__words"
        expect(page.locator(said)).to_contain_text(sentence)
        assert page.evaluate(MISFITS, HANDLED) == [], tool
        if tool != "simplify":
            page.locator(".map-bar__words").tap()
            expect(page.locator(".studio-form h2")).to_be_in_viewport(ratio=1)
        assert page.evaluate(MISFITS, HANDLED) == [], tool
        expect(page.locator("[data-keys] dd").filter(has_text=sentence)).not_to_have_count(0)


def test_the_head_of_a_change_set_is_read_on_a_sheet_that_is_pulled_down(
    phone: Page, start: Callable[..., Studio]
) -> None:
    studio = start(phone)
    studio.show()
    Finger(studio).take(split(studio))
    expect(phone.locator('.panel[data-height="peek"]')).to_be_visible()
    line, navigation = (phone.locator(one).bounding_box() for one in (".studio-standing .badge", ".rail"))
    assert line
    assert navigation
    assert line["y"] + line["height"] <= navigation["y"]


def test_who_looks_for_a_community_sees_what_is_found(phone: Page) -> None:
    phone.goto("/boundaries")
    phone.locator("[data-filter]").tap()
    phone.keyboard.type("桥东")
    expect(phone.locator("[data-communities] [data-open]")).to_be_in_viewport(ratio=1)
    expect(phone.locator('.panel[data-height="full"]')).to_be_visible()


def test_a_change_set_opened_from_the_list_fills_the_map_above_the_sheet(
    phone: Page, start: Callable[..., Studio]
) -> None:
    studio = start(phone)
    phone.goto("/boundaries?at=119.5,30.1,9")
    phone.locator(f'[data-set="{studio.id}"]').tap()
    expect(phone.locator(".studio-tools")).to_be_visible()
    west, south, east, north = studio.frame.bounds

    def share() -> float:
        (left, bottom), (right, top) = studio.on_screen((west, south)), studio.on_screen((east, north))
        map_top = phone.locator(".stage").bounding_box()["y"]
        sheet = phone.locator(".panel").bounding_box()["y"]
        assert left >= 0
        assert right <= PHONE["width"]
        return max((right - left) / PHONE["width"], (bottom - top) / (sheet - map_top))

    phone.wait_for_function("() => !document.querySelector('.leaflet-zoom-anim')")
    assert share() > 0.7


def test_the_list_of_what_is_placed_by_hand_does_not_move_while_communities_load(phone: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    phone.route("**/api/boundaries/overview", hold)
    phone.goto("/boundaries")
    expect(phone.locator("[data-home] .skeleton").first).to_be_visible()
    link = phone.locator("[data-home] [data-placed-list]")
    before = link.bounding_box()
    held[0].continue_()
    expect(phone.locator("[data-open]").first).to_be_visible()
    assert link.bounding_box() == before
    phone.unroute("**/api/boundaries/overview")


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
    grids = "[data-community] > ul:last-of-type"
    assert edge("[data-community] > [data-placed-list]", "top") - edge(grids, "bottom") >= 16
