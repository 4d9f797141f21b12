"""The studio as a test uses it: what is on the page, what the server has, and three pairs of hands.

`Mouse` presses on the map, `Keyboard` has keys alone, `Finger` taps a phone. Each does an `Edit` (see
tests/browser/edits.py) and leaves the judgement to the server's grids.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

import shapely
from playwright.sync_api import expect
from pyproj import Geod
from shapely.geometry import shape

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.edits import Edit, Place
    from tests.browser.grounds import Grounds

ON_MAP = """async (box) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const [west, south, east, north] = box;
  // A zoom that is under way would still end where it was going.
  while (map._animatingZoom) await new Promise(requestAnimationFrame);
  // On a phone the sheet and the bar cover the lower part: what is to be tapped lies above them.
  const sheet = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--sheet-cover")) || 0;
  const bar = document.querySelector(".map-bar:not([hidden])")?.offsetHeight ?? 0;
  const below = innerWidth < 768 ? sheet + bar + 16 : 0;
  // On a phone the button of the layers stands above it.
  const above = innerWidth < 768 ? 64 : 8;
  const padding = { paddingTopLeft: [8, above], paddingBottomRight: [8, below + 8] };
  map.fitBounds([[south, west], [north, east]], { maxZoom: 19, animate: false, ...padding });
}"""
TO_SCREEN = """async ([lon, lat]) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const at = map.latLngToContainerPoint([lat, lon]);
  const box = map.getContainer().getBoundingClientRect();
  return [at.x + box.x, at.y + box.y];
}"""
FROM_CROSS = """async ([lon, lat]) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  const at = map.latLngToContainerPoint([lat, lon]);
  const middle = map.getSize().divideBy(2);
  return [at.x - middle.x, at.y - middle.y];
}"""
ASK = """async ([address, body]) => {
  const { post } = await import("/static/js/api.js");
  return post(address, body);
}"""
WOULD = """async ([address, body]) => {
  const { post } = await import("/static/js/api.js");
  return post(address, body).then(() => true, () => false);
}"""
READ_BACK = """async ([address, text]) => {
  const { post } = await import("/static/js/api.js");
  const body = new FormData();
  body.append("file", new File([text], "grids.geojson"));
  body.append("datum", "wgs84");
  return post(address, body);
}"""
#: The pin of a finding is on the screen and nothing lies over it.
UNCOVERED = """(number) => [...document.querySelectorAll(".finding-pin")].some((pin) => {
  const { x, y, width, height } = pin.getBoundingClientRect();
  return pin.textContent === number && pin.contains(document.elementFromPoint(x + width / 2, y + height / 2));
})"""
KEYS = {
    "draw": "d", "split": "s", "merge": "m", "move_vertex": "v", "insert_vertex": "i", "delete_vertex": "x",
    "reshape": "r", "follow": "f", "give_strip": "g", "cut_hole": "h", "simplify": "p", "measure": "l",
}  # fmt: skip
#: Half the side of what the map shows around a press, in degrees: about 12 m.
ROOM_DEG = 11e-5


@dataclass
class Studio:
    """One open change set in one browser."""

    page: Page
    id: int

    @classmethod
    def start(cls, page: Page, community: str = "桥东社区") -> Studio:
        """Open a change set of a community; the page is any of the signed-in person's."""
        overview = page.request.get("/api/boundaries/overview").json()
        found = next(one for one in overview["communities"] if one["name"] == community)
        made = page.evaluate(ASK, ["/api/change-sets", {"community_id": found["id"]}])
        return cls(page, made["id"])

    @property
    def address(self) -> str:
        """Return the address of its API."""
        return f"/api/change-sets/{self.id}"

    @property
    def whole(self) -> dict[str, Any]:
        """Return the change set as the server has it now."""
        answer: dict[str, Any] = self.page.request.get(self.address).json()
        return answer

    @property
    def parts(self) -> Grounds:
        """Return the grids' ground by key."""
        return {grid["key"]: shape(grid["geometry"]) for grid in self.whole["grids"]}

    @property
    def frame(self) -> shapely.Geometry:
        """Return the ground of the community."""
        return shape(self.whole["frame"])

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Return what the check of the server finds."""
        found: list[dict[str, Any]] = self.page.request.get(f"{self.address}/findings").json()["findings"]
        return found

    @property
    def grave(self) -> list[dict[str, Any]]:
        """Return the findings that must be mended."""
        return [one for one in self.findings if one["severity"] == "refuse"]

    def do(self, **body: Any) -> dict[str, Any]:
        """Do an edit without the page's tools: what a test needs to be there before it begins."""
        versions = {str(grid["key"]): grid["version"] for grid in self.whole["grids"]}
        answer: dict[str, Any] = self.page.evaluate(
            ASK, [f"{self.address}/edits", {"versions": versions, **body}]
        )
        return answer

    def would(self, **body: Any) -> bool:
        """Ask the server whether an edit would be done; nothing is stored."""
        answer: bool = self.page.evaluate(WOULD, [f"{self.address}/preview", body])
        return answer

    def show(self) -> None:
        """Open the change set on the page."""
        self.page.goto(f"/boundaries?sel=change_set:{self.id}")
        expect(self.page.locator("[data-view=grids] .table, [data-view=grids] .empty").first).to_be_attached()
        expect(self.page.locator("html[data-boundaries-ready]")).to_be_attached()

    def discard(self) -> None:
        """Put the change set away."""
        if self.whole["state"] in {"draft", "review", "approved"}:
            self.page.evaluate(ASK, [f"{self.address}/discard", {}])

    def look_at(self, ground: shapely.Geometry) -> None:
        """Bring a place to the middle of the map, as near as it goes."""
        self.page.evaluate(ON_MAP, list(ground.buffer(ROOM_DEG).bounds))

    def on_screen(self, place: Place) -> tuple[float, float]:
        """Return where a place is on the screen."""
        x, y = self.page.evaluate(TO_SCREEN, list(place))
        return x, y

    def choose(self, kind: str) -> None:
        """Take a tool in hand with its key."""
        self.page.locator("[data-studio] h1").click()
        self.page.keyboard.press(KEYS[kind])
        expect(self.page.locator(".studio-form")).to_be_visible()

    def fill(self, kind: str, keys: list[int], corners: list[Place], *, size: float | None = None) -> None:
        """Give the form of the chosen tool what it asks for."""
        for place, key in enumerate(keys):
            self.page.select_option(f'[data-grid-field="{0 if kind == "merge" else place}"]', str(key))
            if kind == "merge":
                self.page.click("[data-add-grid]")
        if size is not None:
            self.page.fill("[data-size]", str(size))
        if corners:
            if self.page.locator("[data-corners]").is_hidden():
                self.page.click(".studio-form summary")
            self.page.fill("[data-corners]", written(corners))
            self.page.locator("[data-corners]").blur()

    def apply(self, kind: str) -> dict[str, Any]:
        """Press Apply and return the answer; the page says that it is done."""
        expect(self.page.locator("[data-apply]")).to_be_enabled()
        return self.answered(kind, lambda: self.page.click("[data-apply]"))

    def by_form(self, kind: str, keys: list[int], corners: list[Place], **more: Any) -> dict[str, Any]:
        """Do an edit with the form."""
        self.choose(kind)
        self.fill(kind, keys, corners, **more)
        return self.apply(kind)

    def answered(self, kind: str, act: Any, path: str = "edits") -> dict[str, Any]:
        """Do what sends something, and return the server's answer to it; refusals fail the test."""
        # A page that outlived a sign-in is told so (400) and asks again by itself with the new token.
        with self.page.expect_response(
            lambda one: one.url.endswith(f"/{self.id}/{path}") and one.status != HTTPStatus.BAD_REQUEST
        ) as sent:
            act()
        answer: dict[str, Any] = sent.value.json()
        assert sent.value.status == 201, f"{kind}: {answer}"
        assert answer["edit"]["kind"] == kind
        return answer


def written(corners: list[Place]) -> str:
    """Return corners as people type them."""
    return "\n".join(f"{lon:.7f}, {lat:.7f}" for lon, lat in corners)


def legs_of(corners: list[Place]) -> list[tuple[float, float]]:
    """Return (bearing_deg, distance_m) from each corner to the next, on the ellipsoid (Karney 2013)."""
    legs = []
    for (lon1, lat1), (lon2, lat2) in itertools.pairwise(corners):
        bearing, _, metres = Geod(ellps="WGS84").inv(lon1, lat1, lon2, lat2)
        legs.append((bearing % 360, metres))
    return legs


class Hands(Protocol):
    """A way of doing edits."""

    studio: Studio

    def edit(self, edit: Edit) -> None:
        """Do an edit; the server has answered when this returns."""

    def repair(self, which: str) -> None:
        """Mend one finding (its place in the list) or all of them."""

    def turn(self, way: str) -> None:
        """Undo or redo."""


@dataclass
class Mouse:
    """Presses on the map and on buttons; only metres and what is followed are typed or chosen."""

    studio: Studio

    def edit(self, edit: Edit) -> None:
        """Give the tool what it takes, and press Apply."""
        self.give(edit)
        self.studio.apply(edit.kind)

    def give(self, edit: Edit) -> None:
        """Choose the tool in the bar, the grids and corners on the map."""
        page = self.studio.page
        group = "corners" if edit.kind.endswith("_vertex") else edit.kind
        page.click(f'.studio-tools [data-tool="{group}"]')
        if edit.kind in {"insert_vertex", "delete_vertex"}:
            page.click(f'.studio-variants [data-tool="{edit.kind}"]')
        if edit.along:
            page.select_option("[data-along]", edit.along)
        parts = self.studio.parts
        for key in edit.grids:
            self.studio.look_at(parts[key])
            self.press(tuple(parts[key].representative_point().coords[0]))
        for number, corners in enumerate(edit.lines):
            if number:
                page.click("[data-next-line]")
            self.studio.look_at(shapely.MultiPoint(corners))
            for corner in corners:
                self.press(corner)
        if edit.size is not None:
            page.fill("[data-size]", str(edit.size))

    def press(self, place: Place) -> None:
        """Press on the map."""
        self.studio.page.mouse.click(*self.studio.on_screen(place))

    def repair(self, which: str) -> None:
        """Press the finding, look at it, press Repair."""
        page = self.studio.page
        page.click("[data-tab=findings]")
        if which != "all":
            page.click(f'[data-finding="{which}"]')
        self.studio.answered("repair", lambda: page.click(f'[data-repair="{which}"]'))

    def turn(self, way: str) -> None:
        """Press the button of the bar."""
        self.studio.answered(way, lambda: self.studio.page.click(f'[data-tool="{way}"]'), way)


@dataclass
class Keyboard:
    """Keys alone: a page that needs a pointer fails. Lines are typed as coordinates or `by_bearings`."""

    studio: Studio
    by_bearings: bool = False

    def edit(self, edit: Edit) -> None:
        """Choose the tool by its letter, fill its form with Tab, arrows and typing, apply with Ctrl+Enter."""
        page = self.studio.page
        self.choose(edit.kind)
        for place, key in enumerate(edit.grids):
            self.pick(
                '[data-grid-field="0"]' if edit.kind == "merge" else f'[data-grid-field="{place}"]', key
            )
            if edit.kind == "merge":
                page.keyboard.press("Enter")
        if edit.along:
            self.pick("[data-along]", edit.along)
        if edit.size is not None:
            self.reach("[data-size]")
            page.keyboard.type(str(edit.size))
        for number, corners in enumerate(edit.lines):
            if number:
                self.reach("[data-next-line]")
                page.keyboard.press("Enter")
            self.type_line(corners, legs_of(corners) if self.by_bearings else [])
        expect(page.locator("[data-apply]")).to_be_enabled()
        self.studio.answered(edit.kind, lambda: page.keyboard.press("Control+Enter"))

    def choose(self, kind: str) -> None:
        """Take a tool in hand, from wherever the focus is."""
        page = self.studio.page
        page.keyboard.press("Escape")  # out of a field, where letters are letters
        page.keyboard.press(KEYS[kind])
        expect(page.locator(".studio-form")).to_be_visible()

    def type_line(self, corners: list[Place], legs: list[tuple[float, float]]) -> None:
        """Type coordinates, or the first corner and then bearings and distances."""
        page = self.studio.page
        if page.locator("[data-corners]").is_hidden():
            self.reach(".studio-form summary")
            page.keyboard.press("Enter")
        self.reach("[data-corners]")
        page.keyboard.press("Control+a")
        page.keyboard.type(written(corners[:1] if legs else corners))
        if not legs:
            return
        self.reach("[data-legs]")
        page.keyboard.press("Control+a")
        page.keyboard.type("\n".join(f"{bearing:.4f} {metres:.3f}" for bearing, metres in legs))
        self.reach("[data-walk]")
        page.keyboard.press("Enter")

    def reach(self, selector: str) -> None:
        """Walk with Tab until what is meant has the focus."""
        page, has_it = self.studio.page, f"() => document.activeElement.matches({selector!r})"
        expect(page.locator(selector).first).to_be_visible()
        for _ in range(120):
            if page.evaluate(has_it):
                return
            page.keyboard.press("Tab")
        raise AssertionError("Tab never comes to", selector)

    def pick(self, selector: str, value: object) -> None:
        """Choose in a list with the arrow keys."""
        page, chosen = self.studio.page, "() => document.activeElement.value"
        self.reach(selector)
        page.keyboard.press("Home")
        for _ in range(60):
            if page.evaluate(chosen) == str(value):
                return
            page.keyboard.press("ArrowDown")
        raise AssertionError("no such entry", selector, value)

    def aim(self, place: Place) -> None:
        """Bring a place below the cross of the map with steps of Ctrl and the arrow keys."""
        self.reach(".folium-map:not(.folium-map--twin)")
        for _ in range(200):
            x, y = self.studio.page.evaluate(FROM_CROSS, list(place))
            if abs(x) <= 4 and abs(y) <= 4:
                return
            level, upright = "Right" if x > 0 else "Left", "Down" if y > 0 else "Up"
            self.studio.page.keyboard.press(f"Control+Arrow{level if abs(x) > abs(y) else upright}")
        raise AssertionError("the cross never comes to", place)

    def repair(self, which: str) -> None:
        """Walk to the list of findings and press Repair."""
        page = self.studio.page
        self.reach('[role=tab][aria-selected="true"]')
        for _ in range(6):
            if page.evaluate("() => document.activeElement.dataset.tab") == "findings":
                break
            page.keyboard.press("ArrowRight")
        self.reach(f'[data-repair="{which}"]')
        self.studio.answered("repair", lambda: page.keyboard.press("Enter"))

    def turn(self, way: str) -> None:
        """Press Ctrl+Z or Ctrl+Shift+Z."""
        keys = {"undo": "Control+z", "redo": "Control+Shift+z"}[way]
        self.studio.answered(way, lambda: self.studio.page.keyboard.press(keys), way)


@dataclass
class Finger:
    """Taps on a phone of 360 px; only metres are typed. `tap` refuses what something else covers."""

    studio: Studio

    def edit(self, edit: Edit) -> None:
        """Give the tool what it takes, and tap Apply on the bar above the sheet."""
        self.give(edit)
        bar = self.studio.page.locator('[data-bar="apply"]')
        apply = bar if bar.is_visible() else self.studio.page.locator("[data-apply]")
        expect(apply).to_be_enabled()
        self.studio.answered(edit.kind, apply.tap)

    def give(self, edit: Edit) -> None:
        """Tap the tool, the grids and corners on the map."""
        self.take(edit)
        parts = self.studio.parts
        for key in edit.grids:
            self.studio.look_at(parts[key])
            self.tap(tuple(parts[key].representative_point().coords[0]))
        for number, corners in enumerate(edit.lines):
            if number:
                self.studio.page.locator('[data-bar="next"]').tap()
            self.studio.look_at(shapely.MultiPoint(corners))
            for corner in corners:
                if edit.along:  # an end meant to lie on a boundary is looked at closely
                    self.studio.look_at(shapely.Point(corner))
                self.tap(corner)
        if edit.size is not None:
            self.type_metres(edit.size)

    def take(self, edit: Edit) -> None:
        """Tap the tool in the sheet; which corner tool, or what is followed, on the bar of the map."""
        page = self.studio.page
        self.open_sheet()
        group = "corners" if edit.kind.endswith("_vertex") else edit.kind
        page.locator(f'.studio-tools [data-tool="{group}"]').tap()
        way = edit.along or (edit.kind if group == "corners" else "")
        if way:
            page.locator(f'[data-way="{way}"]').tap()
            expect(page.locator(f'[data-way="{way}"][aria-pressed="true"]')).to_be_visible()

    def open_sheet(self) -> None:
        """Tap the sheet's arrow when nothing but its head is to be seen."""
        page = self.studio.page
        if page.locator('.panel[data-height="peek"]').count():
            page.locator(".panel__grip .btn").tap()
        expect(page.locator('.panel[data-height="half"]')).to_be_visible()

    def type_metres(self, metres: float) -> None:
        """Tap the field of the form, which is in sight, and type."""
        page = self.studio.page
        if page.locator('[data-bar="form"]').is_visible():
            page.locator('[data-bar="form"]').tap()
        field = page.locator(".studio-form [data-size]")
        expect(field).to_be_in_viewport(ratio=1)
        field.tap()
        page.keyboard.type(str(metres))

    def tap(self, place: Place) -> None:
        """Tap the map."""
        self.studio.page.touchscreen.tap(*self.studio.on_screen(place))

    def repair(self, which: str) -> None:
        """Tap the tab of the check, look at the finding on the map, tap Repair."""
        page = self.studio.page
        self.open_sheet()
        page.locator("[data-tab=findings]").tap()
        if which != "all":
            page.locator(f'[data-finding="{which}"]').tap()
            page.wait_for_function(UNCOVERED, arg=str(int(which) + 1))
        self.studio.answered("repair", page.locator(f'[data-repair="{which}"]').tap)

    def turn(self, way: str) -> None:
        """Tap Undo or Redo on the bar above the sheet."""
        self.studio.answered(way, self.studio.page.locator(f'[data-bar="{way}"]').tap, way)
