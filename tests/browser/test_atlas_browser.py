"""The atlas in a browser: choose, press, watch it being printed, fetch the file; a captain's own grid."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]

ABOVE_THE_GRIDS = """(atlas) => atlas.getBoundingClientRect().bottom
  <= document.querySelector("[data-code]").getBoundingClientRect().top"""


def fetched(page: Page, place: str) -> PdfReader:
    """Fetch the file of the finished job shown in `place`."""
    link = page.locator(f"{place} a[download]")
    expect(link).to_be_visible(timeout=120_000)
    with page.expect_download() as download:
        link.click()
    path = download.value.path()
    assert download.value.suggested_filename.endswith(".pdf")
    return PdfReader(io.BytesIO(Path(path).read_bytes()))


@pytest.mark.parametrize(
    ("width", "locale"), [pytest.param(1440, "zh", id="desk"), pytest.param(360, "en", id="phone")]
)
def test_a_community_is_printed_with_progress_and_fetched(sign_in: SignIn, width: int, locale: str) -> None:
    page = sign_in("boundary", width=width, height=900, locale=locale)
    page.goto("/boundaries")
    page.locator("html[data-boundaries-ready]").wait_for(state="attached")
    row = page.locator("[data-open]").filter(has_text="老街")
    row.click()
    atlas = page.locator("[data-atlas]")
    expect(atlas.locator("[data-atlas-print]")).to_be_visible()
    sheets = atlas.locator("[data-atlas-what] option").count()
    assert sheets > 2
    assert atlas.evaluate(ABOVE_THE_GRIDS), "found without passing the whole list of grids"
    atlas.locator("[data-atlas-print]").click()
    expect(atlas.locator("progress")).to_be_visible()
    expect(atlas.locator(".job__title")).to_contain_text("老街社区")
    expect(atlas.locator(".job__message")).to_contain_text(str(sheets), timeout=60_000)

    document = fetched(page, "[data-atlas]")
    assert len(document.pages) == sheets
    first, last = document.pages[0].extract_text(), document.pages[-1].extract_text()
    assert "老街社区" in first
    assert ("网格图幅" if locale == "zh" else "Grid sheet") in last
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("[data-tray-button]")
    expect(page.locator("[data-tray-list] a[download]").first).to_be_visible()
    expect(page.locator("[data-tray-list] .job__title").first).to_contain_text("老街社区")


def test_one_grid_is_chosen_and_printed_on_a3(sign_in: SignIn) -> None:
    page = sign_in("approver", width=1440, height=900)
    page.goto("/boundaries")
    page.locator("html[data-boundaries-ready]").wait_for(state="attached")
    page.locator("[data-open]").filter(has_text="老街").click()
    choice = page.locator("[data-atlas-what] option").nth(1)
    name = choice.inner_text().split(" · ")[0]
    page.select_option("[data-atlas-what]", choice.get_attribute("value"))
    page.select_option("[data-atlas-size]", "A3")
    page.locator("[data-atlas-print]").click()

    (sheet,) = fetched(page, "[data-atlas]").pages
    assert name in sheet.extract_text()
    assert max(float(sheet.mediabox.width), float(sheet.mediabox.height)) / 72 * 25.4 == pytest.approx(
        420, abs=0.2
    )


def test_a_captain_prints_the_own_grid(sign_in: SignIn) -> None:
    page = sign_in("captain", width=360, height=760)
    page.goto("/captain")
    own = page.locator("[data-today] [data-place-name]").text_content()
    assert own
    page.get_by_role("button", name="打印我的网格").click()

    (sheet,) = fetched(page, "[data-atlas-job]").pages
    assert own in sheet.extract_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
