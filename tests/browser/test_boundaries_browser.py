"""Boundary staff in a browser: each edit by mouse and by form, two people at one draft, publication."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shapely
from playwright.sync_api import Page, Route, expect
from shapely import LineString, Point, Polygon
from shapely.affinity import rotate, scale, translate
from shapely.geometry import shape
from sqlalchemy import select

from core.db import Scope, transaction
from geo.areas.models import Area
from geo.staff.service import create_account
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

Corners = list[tuple[float, float]]

ON_MAP = """async (box) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const [west, south, east, north] = box;
  map.fitBounds([[south, west], [north, east]], { maxZoom: 19, animate: false });
}"""
TO_SCREEN = """async ([lon, lat]) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const at = map.latLngToContainerPoint([lat, lon]);
  const box = map.getContainer().getBoundingClientRect();
  return [at.x + box.x, at.y + box.y];
}"""
ASK = """async ([address, body]) => {
  const { post } = await import("/static/js/api.js");
  return post(address, body);
}"""
KEYS = {
    "draw": "d",
    "split": "s",
    "merge": "m",
    "move_vertex": "v",
    "insert_vertex": "i",
    "delete_vertex": "x",
    "reshape": "r",
    "follow": "f",
    "give_strip": "g",
    "cut_hole": "h",
    "simplify": "p",
}
#: About a metre north in degrees; the ground here is small enough to be flat.
METRE = 9e-6


class Studio:
    """One open change set in one browser: what its person sees and does, asked of the page and the server."""

    def __init__(self, page: Page, set_id: int) -> None:
        self.page, self.id = page, set_id

    @property
    def whole(self) -> dict[str, Any]:
        """Return the change set as the server has it now."""
        answer: dict[str, Any] = self.page.request.get(f"/api/change-sets/{self.id}").json()
        return answer

    @property
    def parts(self) -> dict[int, Polygon]:
        """Return the grids' ground by key."""
        return {grid["key"]: shape(grid["geometry"]) for grid in self.whole["grids"]}

    def show(self) -> None:
        """Open the change set on the page."""
        self.page.goto(f"/boundaries?sel=change_set:{self.id}")
        expect(self.page.locator("[data-view=grids] .table, [data-view=grids] .empty").first).to_be_attached()

    def look_at(self, ground: shapely.Geometry) -> None:
        """Bring a place to the middle of the map, as near as it goes."""
        self.page.evaluate(ON_MAP, list(ground.buffer(12 * METRE).bounds))

    def press(self, place: Point | tuple[float, float]) -> None:
        """Press on the map."""
        lon, lat = (place.x, place.y) if isinstance(place, Point) else place
        self.page.mouse.click(*self.page.evaluate(TO_SCREEN, [lon, lat]))

    def choose(self, kind: str) -> None:
        """Take a tool in hand with its key."""
        self.page.locator("[data-studio] h1").click()
        self.page.keyboard.press(KEYS[kind])
        expect(self.page.locator(".studio-form")).to_be_visible()

    def apply(self, kind: str) -> dict[str, Any]:
        """Apply what was given and return the answer; the page says that it is done."""
        expect(self.page.locator("[data-apply]")).to_be_enabled()
        with self.page.expect_response(lambda one: one.url.endswith(f"/{self.id}/edits")) as answered:
            self.page.click("[data-apply]")
        answer: dict[str, Any] = answered.value.json()
        assert answered.value.status == 201, f"{kind}: {answer}"
        expect(self.page.locator("[data-said]")).to_contain_text("：")
        assert answer["edit"]["kind"] == kind
        return answer

    def by_mouse(self, kind: str, grids: list[Point], corners: Corners) -> dict[str, Any]:
        """Do an edit with presses on the map alone."""
        self.choose(kind)
        for place in grids:
            self.press(place)
        for corner in corners:
            self.press(corner)
        return self.apply(kind)

    def by_form(self, kind: str, keys: list[int], corners: Corners, **more: Any) -> dict[str, Any]:
        """Do an edit with the form alone."""
        self.choose(kind)
        self.fill(kind, keys, corners, **more)
        return self.apply(kind)

    def fill(self, kind: str, keys: list[int], corners: Corners, *, size: float | None = None) -> None:
        """Give the form of the chosen tool what it asks for."""
        for place, key in enumerate(keys):
            field = 0 if kind == "merge" else place
            self.page.select_option(f'[data-grid-field="{field}"]', str(key))
        if size is not None:
            self.page.fill("[data-size]", str(size))
        if corners:
            if self.page.locator("[data-corners]").is_hidden():
                self.page.click(".studio-form summary")
            self.page.fill("[data-corners]", "\n".join(f"{lon:.7f}, {lat:.7f}" for lon, lat in corners))
            self.page.locator("[data-corners]").blur()


@pytest.fixture
def open_set(sign_in: Callable[..., Page]) -> Iterator[Callable[..., Studio]]:
    """Start a change set of a community in a browser of its own; it is discarded when the test ends."""
    opened: list[Studio] = []

    def start(community: str = "桥东社区") -> Studio:
        page = sign_in("boundary")
        overview = page.request.get("/api/boundaries/overview").json()
        found = next(one for one in overview["communities"] if one["name"] == community)
        made = page.evaluate(ASK, ["/api/change-sets", {"community_id": found["id"]}])
        studio = Studio(page, made["id"])
        opened.append(studio)
        studio.show()
        return studio

    yield start
    for studio in opened:
        if studio.whole["state"] in {"draft", "review", "approved"}:
            studio.page.evaluate(ASK, [f"/api/change-sets/{studio.id}/discard", {}])


def accepted(studio: Studio, body: dict[str, Any]) -> bool:
    """Ask the server whether an edit would be done; nothing is stored."""
    ask = """async ([address, body]) => {
      const { post } = await import("/static/js/api.js");
      return post(address, body).then(() => true, () => false);
    }"""
    answer: bool = studio.page.evaluate(ask, [f"/api/change-sets/{studio.id}/preview", body])
    return answer


def shared(studio: Studio) -> Iterator[tuple[int, int, LineString]]:
    """Yield neighbours with the boundary they share, where it is one line."""
    for (one, first), (two, second) in itertools.combinations(studio.parts.items(), 2):
        line = shapely.line_merge(first.boundary & second.boundary)
        if line.geom_type == "LineString" and line.length > 40 * METRE and not line.is_ring:
            yield one, two, line


def followable(studio: Studio) -> tuple[list[int], Corners, str]:
    """Return neighbours, the ends and what their boundary can be laid along."""
    for one, two, line in shared(studio):
        ends = [middle(line, 0.05), middle(line, 0.95)]
        for along in ("gap", "road"):
            body = {"kind": "follow", "grids": [one, two], "start": ends[0], "end": ends[1], "along": along}
            if accepted(studio, body):
                return [one, two], ends, along
    pytest.fail("no boundary can follow anything")


def strip(studio: Studio) -> tuple[list[int], Corners]:
    """Return a giver, a taker and a line that cuts a strip of 6 m along their boundary."""
    for one, two, line in shared(studio):
        chord = LineString([line.coords[0], line.coords[-1]])
        cut = scale(into(chord, studio.parts[one], 6), 1.3, 1.3)
        body = {"kind": "give_strip", "giver": one, "taker": two, "line": list(cut.coords)}
        if accepted(studio, body):
            return [one, two], list(cut.coords)
    pytest.fail("no grid can give a strip")


def across(ground: Polygon) -> Corners:
    """Return a level line through a grid, ending 3 m outside it."""
    at, (west, _, east, _) = ground.representative_point(), ground.bounds
    level = LineString([(west - METRE, at.y), (east + METRE, at.y)]).intersection(ground)
    piece = next(one for one in shapely.get_parts(level) if one.distance(at) < METRE)
    low, _, high, _ = piece.bounds
    return [(low - 3 * METRE, at.y), (high + 3 * METRE, at.y)]


def longest_side(parts: dict[int, Polygon]) -> tuple[int, int, LineString]:
    """Return two neighbours and the longest straight piece of their boundary."""
    best: tuple[float, int, int, LineString] | None = None
    for one, first in parts.items():
        for two, second in parts.items():
            if one >= two or not first.touches(second):
                continue
            for line in shapely.get_parts(shapely.line_merge(first.boundary & second.boundary)):
                places = list(line.coords) if line.geom_type == "LineString" else []
                for start, end in itertools.pairwise(places):
                    side = LineString([start, end])
                    if best is None or side.length > best[0]:
                        best = (side.length, one, two, side)
    assert best is not None
    return best[1:]


def beside(side: LineString, metres: float) -> LineString:
    """Return a side moved square to itself."""
    (x1, y1), (x2, y2) = side.coords
    long = side.length
    return translate(side, -(y2 - y1) / long * metres * METRE, (x2 - x1) / long * metres * METRE)


def into(side: LineString, ground: Polygon, metres: float) -> LineString:
    """Return a side moved into one of its two grids."""
    one = beside(side, metres)
    return one if ground.contains(one.interpolate(0.5, normalized=True)) else beside(side, -metres)


def middle(line: LineString, share: float = 0.5) -> tuple[float, float]:
    place = line.interpolate(share, normalized=True)
    return (place.x, place.y)


def courtyard(ground: Polygon) -> Corners:
    """Return a square in the widest place of a grid."""
    at = shapely.maximum_inscribed_circle(ground)
    half = min(12 * METRE, at.length / 3)
    ring = rotate(Point(at.coords[0]).buffer(half, quad_segs=1), 45)
    return list(ring.exterior.coords)[:-1]


def test_every_edit_by_mouse(open_set: Callable[..., Studio]) -> None:
    studio = open_set()
    parts = studio.parts
    key = max(parts, key=lambda one: parts[one].minimum_clearance)
    ground = parts[key]
    studio.look_at(ground)
    answer = studio.by_mouse("split", [ground.representative_point()], across(ground))
    assert sum(shape(grid["geometry"]).area for grid in answer["grids"]) >= ground.area * 0.999

    one, two, side = longest_side(studio.parts)
    studio.look_at(Point(middle(side)).buffer(30 * METRE))
    studio.by_mouse("insert_vertex", [], [middle(side)])
    moved = middle(beside(side, 8))
    studio.by_mouse("move_vertex", [], [middle(side), moved])
    studio.by_mouse("delete_vertex", [], [moved])

    studio.look_at(side)
    bow = beside(side, 8)
    studio.by_mouse("reshape", [], [middle(side, 0.3), middle(bow, 0.4), middle(bow, 0.6), middle(side, 0.7)])

    keys, ends, along = followable(studio)
    grounds = studio.parts
    studio.look_at(shapely.union_all([grounds[key] for key in keys]))
    studio.choose("follow")
    studio.page.select_option("[data-along]", along)
    for key in keys:
        studio.press(grounds[key].representative_point())
    for end in ends:
        studio.press(end)
    studio.apply("follow")

    keys, cut = strip(studio)
    grounds = studio.parts
    studio.look_at(shapely.union_all([*(grounds[key] for key in keys), LineString(cut)]))
    studio.by_mouse("give_strip", [grounds[key].representative_point() for key in keys], cut)
    assert studio.parts[keys[1]].area > grounds[keys[1]].area

    giver = studio.parts[one]
    hole = courtyard(giver)
    studio.look_at(Polygon(hole))
    inside = Point(giver.representative_point())
    studio.look_at(giver)
    answer = studio.by_mouse("cut_hole", [inside], hole)
    new = next(grid for grid in answer["grids"] if grid["grid_id"] is None and grid["key"] != one)
    rest = studio.parts[one].representative_point()
    studio.by_mouse("merge", [rest, shape(new["geometry"]).representative_point()], [])
    assert new["key"] not in studio.parts

    studio.page.click("[data-tool=undo]")
    expect(studio.page.locator(f'[data-grid="{new["key"]}"]')).to_be_attached()
    studio.page.click("[data-tool=redo]")
    expect(studio.page.locator(f'[data-grid="{new["key"]}"]')).to_have_count(0)
    studio.page.click("[data-tab=log]")
    expect(studio.page.locator("#studio-log li").first).to_contain_text("您")
    assert two in studio.parts


def test_every_edit_by_form(open_set: Callable[..., Studio]) -> None:
    studio = open_set()
    parts = studio.parts
    key = max(parts, key=lambda one: parts[one].minimum_clearance)
    studio.by_form("split", [key], across(parts[key]))

    one, two, side = longest_side(studio.parts)
    studio.by_form("insert_vertex", [], [middle(side)])
    moved = middle(beside(side, 6))
    studio.by_form("move_vertex", [], [middle(side), moved])
    studio.by_form("delete_vertex", [], [moved])
    bow = beside(side, 6)
    studio.by_form("reshape", [], [middle(side, 0.3), middle(bow, 0.4), middle(bow, 0.6), middle(side, 0.7)])
    keys, ends, along = followable(studio)
    studio.choose("follow")
    studio.page.select_option("[data-along]", along)
    studio.fill("follow", keys, ends)
    studio.apply("follow")
    before = studio.parts[two].area
    studio.by_form("give_strip", [one, two], [], size=2)
    assert studio.parts[two].area > before

    answer = studio.by_form("cut_hole", [one], courtyard(studio.parts[one]))
    new = next(grid["key"] for grid in answer["grids"] if grid["grid_id"] is None and grid["key"] != one)
    studio.by_form("merge", [one, new], [])
    studio.by_form("simplify", [], [], size=2)

    studio.page.keyboard.press("Escape")
    studio.page.click(f'[data-grid="{one}"] button')
    studio.page.click(f'[data-rename="{one}"]')
    studio.page.fill("[data-new-name]", "文庙网格")
    studio.page.keyboard.press("Enter")
    expect(studio.page.locator(f'[data-grid="{one}"]')).to_contain_text("文庙网格")
    studio.page.locator("[data-studio] h1").click()
    studio.page.keyboard.press("Control+z")
    expect(studio.page.locator(f'[data-grid="{one}"]')).not_to_contain_text("文庙网格")


@pytest.mark.parametrize("way", ["mouse", "form"])
def test_free_ground_is_drawn_on(open_set: Callable[..., Studio], way: str) -> None:
    studio = open_set("清湖新区社区")
    at = shape(studio.whole["frame"]).representative_point()
    ring = [(at.x + x * 60 * METRE, at.y + y * 60 * METRE) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    studio.look_at(Polygon(ring))
    if way == "mouse":
        studio.by_mouse("draw", [], ring)
    else:
        studio.by_form("draw", [], ring)
    assert len(studio.parts) == 1


def test_a_refusal_shows_the_place_and_keeps_the_sketch(open_set: Callable[..., Studio]) -> None:
    studio = open_set()
    page, parts = studio.page, studio.parts
    key = max(parts, key=lambda one: parts[one].area)
    at = parts[key].representative_point()
    loose = [(at.x - METRE, at.y), (at.x + METRE, at.y)]
    studio.choose("split")
    studio.fill("split", [key], loose)

    expect(page.locator("[data-refusal]")).to_be_visible()
    expect(page.locator("[data-zoom-refusal]")).to_be_visible()
    expect(page.locator(".finding-pin", has_text="!")).to_be_attached()
    page.click("[data-apply]")
    expect(page.locator("[data-refusal]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-said]")).to_contain_text("还在")
    assert page.input_value("[data-corners]").count("\n") == 1
    assert studio.whole["last_edit"] == 0

    page.locator("[data-studio] h1").click()
    page.keyboard.press("Escape")
    page.click("[data-turn]")
    assert page.input_value("[data-corners]").count("\n") == 1


def second_page(new_page: Callable[..., Page], live_server: LiveServer) -> Page:
    """Sign another boundary editor in, in a browser of his own."""
    login, password = f"second-{secrets.token_hex(3)}", secrets.token_hex(8)
    with live_server.settings(), transaction(Scope.everything()) as session:
        county = session.scalars(select(Area).where(Area.level == "county")).one()
        create_account(
            session, login=login, name="钱编辑", role_code="boundary", area=county, password=password
        )
    page = new_page()
    page.goto("/login")
    page.fill("[name=login_name]", login)
    page.fill("[name=password]", password)
    page.click("form .btn--primary")
    page.wait_for_url("**/boundaries*")
    return page


def test_two_people_edit_one_draft_and_nothing_is_lost(
    open_set: Callable[..., Studio], new_page: Callable[..., Page], live_server: LiveServer
) -> None:
    first = open_set()
    other = Studio(second_page(new_page, live_server), first.id)
    other.show()
    deaf = {"on": True}

    def hear(route: Route) -> None:
        if deaf["on"]:
            route.abort()
        else:
            route.fallback()

    first.page.route("**/since/*", hear)
    one, _, side = longest_side(first.parts)
    line = across(first.parts[one])
    first.choose("split")
    first.fill("split", [one], line)
    expect(first.page.locator("[data-preview]")).to_be_visible()
    other.by_form("insert_vertex", [], [middle(side)])

    with first.page.expect_response("**/edits") as refused:
        first.page.click("[data-apply]")
    assert (refused.value.status, refused.value.json()["code"]) == (409, "grid_changed")
    expect(first.page.locator('[data-refusal="grid_changed"]')).to_be_visible()
    assert first.page.input_value("[data-corners]").count("\n") == 1
    with first.page.expect_response(lambda answer: "/since/" in answer.url and answer.ok):
        deaf["on"] = False
    expect(first.page.locator("#studio-log li")).to_have_count(1)
    first.apply("split")

    expect(other.page.locator("#studio-log li")).to_have_count(2)
    assert [edit["kind"] for edit in first.whole["edits"]] == ["insert_vertex", "split"]
    frame = shape(first.whole["frame"])
    assert shapely.union_all(list(first.parts.values())).symmetric_difference(frame).area < 1e-12
    expect(first.page.locator("#studio-log")).to_contain_text("钱编辑")


def test_the_captain_follows_a_publication(
    open_set: Callable[..., Studio], sign_in: Callable[..., Page], live_server: LiveServer
) -> None:
    grid_name = live_server.login("captain")["area"]
    studio = open_set(grid_name.split("第")[0])
    key = next(grid["key"] for grid in studio.whole["grids"] if grid["name"] == grid_name)
    captain = sign_in("captain")
    before = captain.request.get("/api/captain/today").json()["tally"]["total"]
    studio.by_form("split", [key], across(studio.parts[key]))
    studio.page.click("[data-tab=impact]")
    expect(studio.page.locator("[data-moves] li")).to_have_count(1)
    studio.page.fill("[data-note]", "请审核")
    studio.page.click("[data-step=submit]")
    expect(studio.page.locator(".badge", has_text="待审核").first).to_be_visible()

    reviewer = sign_in("approver")
    reviewer.click(f'[data-set="{studio.id}"]')
    reviewer.click("[data-compare]")
    expect(reviewer.locator(".swipe")).to_be_visible()
    reviewer.click("[data-step=approve]")
    expect(reviewer.locator(".badge--done").first).to_be_visible(timeout=30_000)

    captain.reload()
    after = captain.request.get("/api/captain/today").json()["tally"]["total"]
    assert 0 < after < before
