"""A shifted office file in a browser: looked at, confirmed, read in; on a phone and on a desk."""

import contextlib
import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import shapely
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from geo.shapes.snap import SETTLE_DEG
from tests.browser.office_file import office_file, with_a_corner_moved
from tests.browser.studio_page import ASK
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser


def opened(page: Page, community: str) -> dict[str, Any]:
    overview = page.request.get("/api/boundaries/overview").json()
    found = next(one for one in overview["communities"] if one["name"] == community)
    made: dict[str, Any] = page.evaluate(ASK, ["/api/change-sets", {"community_id": found["id"]}])
    page.goto(f"/boundaries?sel=change_set:{made['id']}")
    expect(page.locator("[data-view=grids] .table")).to_be_attached()
    return made


@pytest.mark.parametrize(("width", "locale"), [(360, "zh"), (1440, "en")])
def test_a_shifted_office_file_is_confirmed_and_read_in(
    sign_in: Callable[..., Page], tmp_path: Path, width: int, locale: str
) -> None:
    page = sign_in("boundary", width=width, height=800 if width < 700 else 900, locale=locale)
    draft = opened(page, "桥东社区")
    wanted, moved = with_a_corner_moved(draft)
    path = office_file(tmp_path, draft, wanted)

    page.locator("[data-tab=proposals]").click()
    page.locator("[data-file]").set_input_files(str(path))
    card = page.locator("[data-look]")
    expect(card).to_be_visible()
    expect(card.locator("tbody")).to_contain_text(draft["grids"][0]["name"])
    expect(card.locator("[data-encoding]")).to_have_attribute("data-encoding", "gb18030")
    expect(card.locator("[data-datum-reason]")).to_contain_text("GCJ-02")
    expect(card.locator("input[name=look-datum][value=gcj02]")).to_be_checked()
    expect(card.locator("[data-field=code]")).to_have_value("网格编码")
    expect(card.locator("[data-change]")).to_contain_text(
        "2 个网格移动" if locale == "zh" else "2 grids move"
    )
    if width < 700:
        page.locator(".panel__grip .btn").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    card.locator("[data-take-file]").scroll_into_view_if_needed()

    # Read as WGS-84 every grid would move by some hundred metres: the page says so, and goes back.
    card.locator("input[name=look-datum][value=wgs84]").check()
    expect(card.locator("[data-change]")).not_to_contain_text(
        "2 个网格移动" if locale == "zh" else "2 grids move"
    )
    card.locator("input[name=look-datum][value=gcj02]").check()
    expect(card.locator("[data-change]")).to_contain_text(
        "2 个网格移动" if locale == "zh" else "2 grids move"
    )

    card.locator("[data-take-file]").click()
    expect(card).to_be_hidden()
    after = page.request.get(f"/api/change-sets/{draft['id']}").json()
    before = {grid["key"]: grid["geometry"] for grid in draft["grids"]}
    for grid in after["grids"]:
        if grid["key"] in moved:
            apart = shapely.hausdorff_distance(shape(grid["geometry"]), wanted[grid["key"]])
            assert apart <= SETTLE_DEG
        else:
            assert grid["geometry"] == before[grid["key"]], "a grid nobody moved stays to the last digit"
    page.locator("[data-tab=log]").click()
    expect(page.locator("#studio-log [data-origin]")).to_contain_text("桥东网格.zip")
    page.evaluate(ASK, [f"/api/change-sets/{draft['id']}/discard", {}])


def test_a_file_waits_over_a_reload_and_one_too_large_is_not_sent(
    sign_in: Callable[..., Page], tmp_path: Path
) -> None:
    page = sign_in("boundary")
    draft = opened(page, "桥东社区")
    path = tmp_path / "草图.gpkg"
    path.write_bytes(b"no layer at all")
    page.locator("[data-tab=proposals]").click()
    page.locator("[data-file]").set_input_files(str(path))
    expect(page.locator("[data-refused]")).to_contain_text("草图.gpkg")
    page.reload()
    page.locator("[data-tab=proposals]").click()
    page.locator("[data-waits]").click()
    expect(page.locator("[data-refused]")).to_contain_text("草图.gpkg")
    page.locator("[data-put-away]").click()
    expect(page.locator("[data-waits]")).to_have_count(0)

    large = tmp_path / "大.geojson"
    with large.open("wb") as handle:
        handle.truncate(500_000_000)
    sent: list[str] = []
    page.on(
        "request",
        lambda one: sent.append(one.url) if one.url.endswith("/files") and one.method == "POST" else None,
    )
    page.locator("[data-file]").set_input_files(str(large))
    expect(page.locator("[data-refused]")).to_contain_text("500.0 MB")
    assert sent == []
    page.evaluate(ASK, [f"/api/change-sets/{draft['id']}/discard", {}])


def test_500_mb_sent_by_a_script_get_one_sentence_at_once(live_server: LiveServer) -> None:
    place = urlsplit(live_server.url)
    began = time.monotonic()
    line = HTTPConnection(str(place.hostname), place.port, timeout=30)
    line.putrequest("POST", "/api/change-sets/1/files")
    for name, value in (("Content-Length", "500000000"), ("Content-Type", "multipart/form-data; boundary=x")):
        line.putheader(name, value)
    line.endheaders()
    piece, sent = b"x" * 1_000_000, 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(500):
            line.send(piece)
            sent += 1
    answer = line.getresponse()

    assert answer.status == 413
    assert json.loads(answer.read())["code"] == "upload_too_large"
    assert sent < 50, "the house does not wait for what it will not take"
    assert time.monotonic() - began < 10
