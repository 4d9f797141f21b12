"""Every edit by mouse, and again by keyboard alone; the server's grids tell whether it was done."""

from collections.abc import Callable

import pytest
import shapely
from playwright.sync_api import Page, expect

from geo.shapes.partition import is_partition
from tests.browser import edits, grounds
from tests.browser.edits import COMMUNITY, PLANS, followed, lies_on
from tests.browser.grounds import Features
from tests.browser.studio_page import Hands, Keyboard, Mouse, Studio

pytestmark = pytest.mark.browser

WAYS: dict[str, Callable[[Studio], Hands]] = {
    "mouse": Mouse,
    "keys": Keyboard,
    "bearings": lambda studio: Keyboard(studio, by_bearings=True),
}
#: Edits whose line can be typed as bearings and distances from its first corner.
WITH_LEGS = ("draw", "split", "split_in_three", "reshape", "strip_by_line", "cut_hole")
MATRIX = [(plan, way) for way in WAYS for plan in PLANS if way != "bearings" or plan in WITH_LEGS]


def done(studio: Studio, hands: Hands, edit: edits.Edit) -> None:
    """Let hands do an edit and judge what the server has then: the edit, and that the grids still tile."""
    before = studio.parts
    studio.show()
    hands.edit(edit)
    after = studio.parts
    edit.check(before, after)
    if before:
        assert is_partition(list(after.values()), studio.frame)
    said = studio.page.locator("[data-said]")
    expect(said).to_contain_text("：" if edit.kind != "simplify" else "")


@pytest.mark.parametrize(("plan", "way"), MATRIX, ids=[f"{plan}-{way}" for plan, way in MATRIX])
def test_an_edit(desk: Page, start: Callable[..., Studio], plan: str, way: str) -> None:
    studio = start(desk, COMMUNITY.get(plan, "桥东社区"))
    edit = PLANS[plan](studio)
    done(studio, WAYS[way](studio), edit)


@pytest.mark.parametrize("way", ["mouse", "keys"])
@pytest.mark.parametrize("along", ["road", "water"])
def test_a_boundary_follows_a_street_and_a_water(
    desk: Page,
    start: Callable[..., Studio],
    features: Features,
    along: str,
    way: str,
) -> None:
    studio, edit = followed(desk, start, features[along], along)
    done(studio, WAYS[way](studio), edit)
    lies_on(studio, edit, features[along])


@pytest.mark.parametrize("which", ["0", "all"])
@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_broken_import_is_repaired(desk: Page, start: Callable[..., Studio], way: str, which: str) -> None:
    studio = start(desk)
    edits.break_by_file(studio)
    found, grave = studio.findings, studio.grave
    assert {one["kind"] for one in grave} >= {"gap", "overlap"}
    studio.show()
    expect(desk.locator("[data-tab=findings] .badge")).to_have_text(str(len(found)))

    WAYS[way](studio).repair(which)

    assert len(studio.grave) == (0 if which == "all" else len(grave) - 1)
    assert is_partition(list(studio.parts.values()), studio.frame) == (which == "all")


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_edits_are_taken_back_and_done_again(desk: Page, start: Callable[..., Studio], way: str) -> None:
    studio = start(desk)
    edit, hands = edits.split(studio), WAYS[way](studio)
    first = studio.parts
    studio.show()
    hands.edit(edit)
    second = studio.parts
    hands.turn("undo")
    assert {key: part.wkb for key, part in studio.parts.items()} == {key: p.wkb for key, p in first.items()}
    hands.turn("redo")
    assert {key: part.wkb for key, part in studio.parts.items()} == {key: p.wkb for key, p in second.items()}


def test_a_corner_is_moved_at_the_cross_of_the_map(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk)
    edit = edits.move_vertex(studio)
    before, (corner, goal) = studio.parts, edit.lines[0]
    studio.show()
    studio.look_at(shapely.LineString([corner, goal]))
    hands = Keyboard(studio)
    hands.choose("move_vertex")
    for place in (corner, goal):
        hands.aim(place)
        desk.keyboard.press("Enter")
    expect(desk.locator("[data-preview]")).to_be_visible()
    studio.answered("move_vertex", lambda: desk.keyboard.press("Control+Enter"))

    after = studio.parts
    assert corner not in grounds.corners_of(after)
    assert is_partition(list(after.values()), studio.frame)
    assert after.keys() == before.keys()


def test_typed_bearings_are_as_exact_as_the_server(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk, "清湖新区社区")
    at = studio.frame.representative_point()
    studio.show()
    hands = Keyboard(studio)
    hands.choose("measure")
    hands.type_line([(at.x, at.y)], [(90.0, 120.5), (0.0, 80.0), (270.0, 120.5)])
    legs = desk.locator("[data-legs-table]")
    expect(legs.locator("tbody tr")).to_have_text(["190.0°120.5", "20.0°80.0", "3270.0°120.5"])
    expect(legs.locator("tfoot td")).to_have_text("321.0")
    expect(desk.locator(".studio-form .facts dd")).to_have_text("9,640 m²")
