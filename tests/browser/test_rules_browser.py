"""Rules for grids and placing by hand in a browser: tried while typing, put in force, undone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from core.db import Scope, transaction
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

ASK = """async ([method, address, body]) => {
  const { request } = await import("/static/js/api.js");
  return (await request(address, { method, body })).body;
}"""
AT = """async ([lon, lat]) => {
  const { map } = await (await import("/static/js/map/registry.js")).mapReady;
  while (map._animatingZoom) await new Promise(requestAnimationFrame);
  map.setView([lat, lon], 19, { animate: false });
  const at = map.latLngToContainerPoint([lat, lon]);
  const box = map.getContainer().getBoundingClientRect();
  return [at.x + box.x, at.y + box.y];
}"""


def test_rules_are_tried_while_they_are_typed_and_put_in_force(sign_in: Callable[..., Page]) -> None:
    page = sign_in("boundary")
    page.goto("/boundaries/rules")
    page.locator("html[data-rules-ready]").wait_for(state="attached")
    before = page.request.get("/api/grid-rules").json()

    page.fill("[name=max_households]", "1")
    expect(page.locator("[data-counts]")).to_contain_text("户数偏多")
    page.fill("[name=min_households]", "9")
    expect(page.locator("[data-refusal]")).to_contain_text("户数下限（9）大于上限（1）")
    # What was typed stays, and nothing holds yet.
    expect(page.locator("[name=min_households]")).to_have_value("9")
    page.click("[data-save]")
    expect(page.locator("[data-refusal]")).to_be_visible()
    assert page.request.get("/api/grid-rules").json()["number"] == before["number"]

    page.fill("[name=min_households]", "")
    page.fill("[name=max_households]", "640")
    page.click("[data-save]")
    question = page.locator("[data-question]")
    expect(question.locator("[data-changes]")).to_contain_text("→ 640")
    expect(question.locator("[data-consequence]")).to_contain_text("按新规则，现有")
    page.click("[data-confirm]")
    expect(question.locator("[role=alert]")).to_contain_text("请说明原因")
    expect(page.locator("[name=max_households]")).to_have_value("640")
    assert page.request.get("/api/grid-rules").json()["number"] == before["number"]
    page.fill("[data-reason]", "高层小区")
    # Going back to the form keeps the reason, and what changes there is asked for anew.
    page.click("[data-keep-editing]")
    expect(question).to_be_hidden()
    page.click("[data-save]")
    expect(page.locator("[data-reason]")).to_have_value("高层小区")
    page.click("[data-confirm]")
    expect(page.locator("[data-versions] li").first).to_contain_text("640")
    expect(page.locator("[data-versions] li").first).to_contain_text("高层小区")
    assert page.request.get("/api/grid-rules").json()["rules"]["max_households"] == 640


def test_the_studio_says_by_which_rules_it_checks_and_numbers_grids_anew(
    sign_in: Callable[..., Page],
) -> None:
    page = sign_in("boundary")
    community = page.request.get("/api/boundaries/overview").json()["communities"][0]
    made = page.evaluate(ASK, ["POST", "/api/change-sets", {"community_id": community["id"]}])
    grid = made["grids"][0]
    rename = {"kind": "rename", "grid": grid["key"], "name": grid["name"], "code": "temporary7"}
    page.evaluate(ASK, ["POST", f"/api/change-sets/{made['id']}/edits", rename])
    try:
        page.goto(f"/boundaries?sel=change_set:{made['id']}")
        page.click("[data-tab=findings]")
        expect(page.locator("[data-rules-line]")).to_contain_text("规则")
        page.click("[data-renumber]")
        expect(page.locator("[data-new-codes]")).to_contain_text("temporary7")
        page.click("[data-give-codes]")
        expect(page.locator("[data-new-codes]")).to_have_count(0)
        codes = {one["code"] for one in page.request.get(f"/api/change-sets/{made['id']}").json()["grids"]}
        assert "temporary7" not in codes
        page.click("[data-tab=log]")
        expect(page.locator("[data-view=log]")).to_contain_text("重新编号")
        page.click("[data-tab=grids]")
        expect(page.locator("[data-rules-line]")).to_be_hidden()
    finally:
        page.evaluate(ASK, ["POST", f"/api/change-sets/{made['id']}/discard", {}])


def test_a_key_place_is_placed_by_hand_from_the_map_and_taken_back(
    sign_in: Callable[..., Page], live_server: LiveServer
) -> None:
    with live_server.settings(), transaction(Scope.everything()) as session:
        lon, lat, name, owner = session.execute(
            text("SELECT ST_X(p.geom), ST_Y(p.geom), p.name, p.area_id FROM place AS p JOIN area AS a "
                 "ON a.id = p.area_id WHERE a.level = 'grid' AND NOT EXISTS (SELECT FROM dwelling AS d "
                 "WHERE ST_DistanceSphere(d.geom, p.geom) < 25) ORDER BY p.id LIMIT 1")
        ).one()  # fmt: skip
    page = sign_in("boundary")
    page.goto("/boundaries?layers=areas,places")
    page.locator("html[data-boundaries-ready]").wait_for(state="attached")
    x, y = page.evaluate(AT, [lon, lat])
    page.mouse.click(x, y)
    box = page.locator("[data-placing]")
    expect(box).to_be_visible()
    if box.locator("[data-place-thing]").count():
        box.locator("[data-place-thing^=place]").first.click()
    expect(box).to_contain_text(name)

    page.click("[data-place]")
    expect(box.locator("[role=alert]")).to_contain_text("请说明原因")
    other = page.locator(f"[data-placing-grid] option:not([value='{owner}'])").first.get_attribute("value")
    page.select_option("[data-placing-grid]", other)
    page.fill("[data-placing-reason]", "由邻格照看")
    page.click("[data-place]")
    expect(box.locator("[data-held]")).to_contain_text("由邻格照看")

    listing = sign_in("boundary", width=360, height=780)
    listing.goto("/boundaries/placed")
    expect(listing.locator("[data-placement]")).to_contain_text("由邻格照看")
    listing.click("[data-undo-placement]")
    expect(listing.locator("[data-placement]")).to_have_count(0)
    with live_server.settings(), transaction(Scope.everything()) as session:
        left = session.scalar(
            text("SELECT area_id FROM place WHERE name = :name ORDER BY id LIMIT 1"), {"name": name}
        )
    assert left == owner
