"""Make the pictures of docs/boundaries.md by doing the edits: ``python -m tests.pictures OUT [--url URL]``.

Runs against a house raised with ./start on the demo town, as its boundary staff. Each picture is
OUT/studio-<what>-zh-<width>.png, with 256 colours. The change sets are discarded at the end,
so a second run makes the same pictures.
"""

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.edits import split
from tests.browser.office_file import office_file, with_a_corner_moved
from tests.browser.studio_page import Finger, Mouse, Studio
from tests.conftest import CHROMIUM_FLAGS
from tests.screens import demo_logins, settle, sign_in, speak

DESK, PHONE = (1440, 900), (360, 740)
COLOURS = 256
DRAWN = """() => [...document.querySelectorAll(".leaflet-tile")].every(
  (tile) => tile.classList.contains("leaflet-tile-loaded") && getComputedStyle(tile).opacity === "1")"""


@dataclass(frozen=True)
class Camera:
    """Takes pictures of one page into a folder."""

    page: Page
    folder: Path

    def take(self, what: str) -> None:
        """Write a picture once tiles and data have come, and nothing fades in any more."""
        settle(self.page)
        self.page.wait_for_function(DRAWN)
        assert self.page.viewport_size
        path = self.folder / named(what, self.page.viewport_size["width"])
        with Image.open(io.BytesIO(self.page.screenshot())) as shot:
            few = shot.convert("RGB").quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        print(path)


def on_a_desk(studio: Studio, camera: Camera) -> None:
    """Split a grid with the mouse; look at the preview, at what moves, and at both ways of comparing."""
    page, hands, edit = studio.page, Mouse(studio), split(studio)
    studio.show()
    hands.give(edit)
    studio.look_at(studio.frame)
    expect(page.locator("[data-preview]")).to_be_visible()
    camera.take("split")
    studio.apply(edit.kind)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(".studio-form")).to_be_hidden()
    page.click("[data-tab=impact]")
    expect(page.locator("[data-moves]")).to_be_visible()
    camera.take("impact")
    page.click("[data-tab=grids]")
    for way in ("swipe", "beside"):
        page.click(f"[data-compare={way}]")
        expect(page.locator(f"[data-compare={way}]")).to_have_attribute("aria-pressed", "true")
        camera.take(way)


def on_a_phone(studio: Studio, camera: Camera) -> None:
    """Split a grid with a finger, up to the bar that says what it would make."""
    studio.show()
    Finger(studio).give(split(studio))
    studio.look_at(studio.frame)
    expect(studio.page.locator(".map-bar .piece-mark").first).to_be_visible()
    camera.take("phone")


def a_file(studio: Studio, camera: Camera) -> None:
    """Send a shifted office file and look at where it lies."""
    page = studio.page
    with tempfile.TemporaryDirectory() as folder:
        path = office_file(Path(folder), studio.whole, with_a_corner_moved(studio.whole)[0])
        studio.show()
        page.locator("[data-tab=proposals]").tap()
        page.locator("[data-file]").set_input_files(str(path))
    expect(page.locator("[data-look]")).to_be_visible()
    page.locator(".panel__grip .btn").tap()
    camera.take("file")


@dataclass(frozen=True)
class Scene:
    """What is done on which screen (width, height), and what the pictures that it leaves show."""

    act: Callable[[Studio, Camera], None]
    screen: tuple[int, int]
    shows: tuple[str, ...]

    @property
    def pictures(self) -> list[str]:
        """Return the names of the pictures."""
        return [named(what, self.screen[0]) for what in self.shows]


def named(what: str, width: int) -> str:
    """Return the file name of a picture."""
    return f"studio-{what}-zh-{width}.png"


SCENES = (
    Scene(on_a_desk, DESK, ("split", "impact", "swipe", "beside")),
    Scene(on_a_phone, PHONE, ("phone",)),
    Scene(a_file, PHONE, ("file",)),
)


def main() -> int:
    """Play all scenes."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8600")
    wishes = parser.parse_args()
    wishes.out.mkdir(parents=True, exist_ok=True)
    login = demo_logins()["boundary"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=list(CHROMIUM_FLAGS)
        )
        for scene in SCENES:
            with opened(browser, wishes.url, login, scene.screen) as studio:
                scene.act(studio, Camera(studio.page, wishes.out))
        browser.close()
    return 0


@contextlib.contextmanager
def opened(browser: Browser, url: str, login: dict[str, str], screen: tuple[int, int]) -> Iterator[Studio]:
    """Open a change set as the demo's boundary staff, in Chinese; it is discarded when the scene ends."""
    width, height = screen
    touch = screen == PHONE
    context = browser.new_context(
        viewport={"width": width, "height": height},
        base_url=url,
        locale="zh",
        has_touch=touch,
        is_mobile=touch,
    )
    page = context.new_page()
    sign_in(page, login)
    speak(page, "zh")
    studio = Studio.start(page)
    try:
        yield studio
    finally:
        studio.discard()
        context.close()


if __name__ == "__main__":
    sys.exit(main())
