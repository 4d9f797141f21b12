"""What a preview says and shows before Apply: rules that would break, marks beside labels, corners alone."""

import re
from collections.abc import Callable

import pytest
import shapely
from playwright.sync_api import Page, expect

from tests.browser.edits import insert_vertex, simplify
from tests.browser.grounds import METRE, Grounds, Place
from tests.browser.studio_page import Finger, Mouse, Studio

pytestmark = pytest.mark.browser

#: Hectares of a piece of some square metres.
SOME_M2 = re.compile(r"^0\.00\d\d$")

#: Marks and labels of the map that lie on each other, with a pixel of play.
COVERED = """() => {
  const box = (one) => (one.firstElementChild ?? one).getBoundingClientRect();
  const boxes = (selector) => [...document.querySelectorAll(selector)].map(box);
  const labels = boxes(".leaflet-draft-labels-pane .grid-label");
  const marks = boxes(".leaflet-marker-pane .piece-mark");
  const meet = (a, b) =>
    a.left + 1 < b.right && b.left + 1 < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
  const covered = marks.filter((mark) => labels.some((label) => meet(mark, label)));
  return { marks: marks.length, covered: covered.length };
}"""


def tip(parts: Grounds) -> tuple[int, list[Place]]:
    """Return a grid, and a line 10 m from its sharpest corner: some square metres lie beyond it."""
    corners = [
        (angle_area(before, at, after), key, before, at, after)
        for key, part in parts.items()
        for ring in [list(shapely.get_parts(part)[0].exterior.coords)[:-1]]
        for before, at, after in zip(ring[-1:] + ring[:-1], ring, ring[1:] + ring[:1], strict=True)
    ]
    _, key, *corner = min(one for one in corners if one[0] > 15 * METRE**2)
    before, at, after = corner
    return key, [beyond(at, before), beyond(at, after)]


def beyond(at: Place, towards: Place) -> Place:
    """Return the place 10 m from a corner along one of its sides."""
    x, y = shapely.LineString([at, towards]).interpolate(10 * METRE).coords[0]
    return x, y


def angle_area(before: Place, at: Place, after: Place) -> float:
    """Return the area between a corner and the places 10 m along its sides."""
    return float(shapely.Polygon([at, beyond(at, before), beyond(at, after)]).area)


def test_a_tiny_piece_is_named_with_the_rule_before_it_is_applied(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    studio.show()
    key, line = tip(studio.parts)
    studio.choose("split")
    studio.fill("split", [key], line)

    warned = desk.locator("[data-broken]")
    expect(warned).to_contain_text("网格过小")
    expect(warned).to_contain_text("至少 500 m²")
    expect(warned.locator(".piece-mark")).to_have_text(["2"])
    expect(desk.locator("[data-preview] tbody tr").nth(1).locator("td").first).to_have_text(SOME_M2)
    expect(desk.locator("[data-apply]")).to_be_enabled()


def test_the_bar_of_a_phone_names_the_rule_too(phone: Page, start: Callable[..., Studio]) -> None:
    studio = start(phone)
    studio.show()
    key, line = tip(studio.parts)
    phone.locator('.studio-tools [data-tool="split"]').tap()
    studio.look_at(studio.parts[key])
    hands = Finger(studio)
    hands.tap(studio.parts[key].representative_point().coords[0])
    studio.look_at(shapely.MultiPoint(line))
    for corner in line:
        hands.tap(corner)

    expect(phone.locator(".map-bar__broken")).to_contain_text("网格过小")


def test_marks_of_pieces_leave_the_labels_readable(desk: Page, start: Callable[..., Studio]) -> None:
    studio = start(desk)
    studio.show()
    studio.look_at(studio.frame)
    Mouse(studio).give(simplify(studio))
    expect(desk.locator("[data-preview]")).to_be_visible()

    seen = desk.evaluate(COVERED)

    assert seen["marks"] >= 2
    assert seen["covered"] == 0


def test_a_corner_that_moves_no_ground_is_previewed_in_a_sentence(
    desk: Page, start: Callable[..., Studio]
) -> None:
    studio = start(desk)
    studio.show()
    Mouse(studio).give(insert_vertex(studio))

    expect(desk.locator("[data-result]")).to_contain_text("只动拐角")
    expect(desk.locator("[data-preview]")).to_have_count(0)
