"""The grid captain at work in a browser: card, contact for a purpose, visits that are never lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.audit import AuditEvent
from core.db import Scope, transaction
from geo.households.models import Household, Visit
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

NOTE = "水管漏水，已联系物业"


def open_captain(new_page: Callable[..., Page], live_server: LiveServer, **form: int) -> Page:
    page = new_page(**form)
    login = live_server.login("captain")
    page.goto("/login")
    page.fill("[name=login_name]", login["username"])
    page.fill("[name=password]", login["password"])
    page.click("form .btn--primary")
    page.wait_for_url("**/captain*")
    expect(page.locator("[data-list] [data-dwelling]").first).to_be_visible()
    return page


@pytest.fixture(params=[pytest.param(1440, id="desk"), pytest.param(360, id="phone")])
def page(request, new_page: Callable[..., Page], live_server: LiveServer) -> Page:
    """The captain's page on a desk and on a phone."""
    return open_captain(new_page, live_server, width=request.param, height=740)


def open_first(page: Page) -> int:
    row = page.locator("[data-list] [data-dwelling]").first
    dwelling_id = int(row.get_attribute("data-dwelling") or 0)
    row.click()
    expect(page.locator("[data-outcome=met]")).to_be_visible()
    return dwelling_id


def visits_of(live_server: LiveServer, dwelling_id: int, note: str) -> list[str]:
    with live_server.settings(), transaction(Scope.everything()) as session:
        rows = session.scalars(select(Visit).where(Visit.dwelling_id == dwelling_id, Visit.note == note))
        return [visit.outcome for visit in rows]


def test_a_phone_shows_the_count_and_two_households_and_the_button_at_once(
    new_page: Callable[..., Page], live_server: LiveServer
) -> None:
    page = open_captain(new_page, live_server, width=360, height=740)
    foot = page.locator("[data-nearest]").bounding_box()
    ring = page.locator("[data-ring] svg").bounding_box()
    rows = [row.bounding_box() for row in page.locator("[data-list] [data-dwelling]").all()[:2]]

    assert foot is not None
    assert foot["height"] >= 44
    assert foot["y"] > 740 / 2, "in reach of a thumb"
    assert ring is not None
    assert ring["y"] > 740 / 4, "the map is seen above it"
    assert len(rows) == 2, "the demo captain has two households to visit"
    for row in rows:
        assert row is not None
        assert row["y"] + row["height"] <= foot["y"]


def test_a_row_opens_its_card_and_the_back_button_closes_it(page: Page) -> None:
    dwelling_id = open_first(page)

    assert f"sel=dwelling:{dwelling_id}" in page.url
    expect(page.locator("h1:focus")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-today]")).to_be_visible()
    page.go_forward()
    expect(page.locator("[data-outcome=met]")).to_be_visible()


def test_a_linked_card_opens_at_once(page: Page) -> None:
    dwelling_id = open_first(page)
    title = page.locator("[data-detail] h1").inner_text()

    page.goto(f"/captain?dwelling={dwelling_id}")

    expect(page.locator("[data-detail] h1")).to_have_text(title)


def test_a_contact_is_shown_for_a_purpose_and_hidden_again(page: Page, live_server: LiveServer) -> None:
    dwelling_id = open_first(page)
    with live_server.settings(), transaction(Scope.everything()) as session:
        household_id = session.scalar(select(Household.id).where(Household.dwelling_id == dwelling_id))

        def logged() -> int:
            with transaction(Scope.everything()) as fresh:
                events = select(AuditEvent).where(
                    AuditEvent.action == "household.reveal", AuditEvent.subject_id == household_id
                )
                return len(fresh.scalars(events).all())

        before = logged()
        assert "*" in page.locator("[data-contact]").inner_text()
        page.click("[data-show]")
        page.click("[data-purpose=visit]")
        expect(page.locator("[data-clear]")).to_be_visible()
        shown = page.locator("[data-contact]").inner_text()
        assert "*" not in shown
        assert logged() == before + 1
        page.locator("[data-contact] button").last.click()
        expect(page.locator("[data-contact]")).to_contain_text("*")


def test_a_visit_is_stored_with_its_note_and_can_be_undone(page: Page, live_server: LiveServer) -> None:
    dwelling_id = open_first(page)
    page.fill("#visit-note", NOTE)
    page.click("[data-outcome=met]")

    expect(page.locator("[data-undo]").first).to_be_visible()
    expect(page.locator("[data-detail] .dot--fresh")).to_be_visible()
    assert visits_of(live_server, dwelling_id, NOTE) == ["met"]
    expect(page.locator("#visit-note")).to_have_value("")

    page.locator("[data-undo]").first.click()
    expect(page.locator("[data-detail] .dot--fresh")).to_have_count(0)
    assert visits_of(live_server, dwelling_id, NOTE) == []


def test_a_visit_noted_without_a_network_is_kept_and_sent_once_later(
    new_page: Callable[..., Page], live_server: LiveServer
) -> None:
    page = open_captain(new_page, live_server, width=360, height=740)
    dwelling_id = open_first(page)
    note = "楼道灯不亮"
    page.fill("#visit-note", note)
    page.context.set_offline(True)
    page.click("[data-outcome=not_met]")
    expect(page.locator("[data-detail] .notice--attend")).to_be_visible()
    assert visits_of(live_server, dwelling_id, note) == []

    page.context.set_offline(False)
    page.goto("/captain")
    expect(page.locator("[data-list] [data-dwelling]").first).to_be_visible()
    expect(page.locator("[data-waiting]")).to_be_hidden()

    assert visits_of(live_server, dwelling_id, note) == ["not_met"]


def test_words_that_cannot_be_stored_stay_with_the_reason_until_deleted(
    new_page: Callable[..., Page], live_server: LiveServer
) -> None:
    page = open_captain(new_page, live_server, width=360, height=740)
    page.evaluate(
        """([dwelling_id, note]) => {
          const { account } = document.querySelector("[data-captain]").dataset;
          const entry = { ref: "gone", dwelling_id, label: "1号", outcome: "met", note, at_ms: Date.now() };
          localStorage.setItem(`gridpatrol.outbox.${account}`, JSON.stringify([entry]));
        }""",
        [999_999_999, NOTE],
    )
    page.goto("/captain")

    held = page.locator("[data-held=gone]")
    expect(held).to_contain_text(NOTE)
    expect(held).to_contain_text("该房屋不存在，或不在您的辖区内。")
    page.reload()
    expect(held).to_contain_text(NOTE)
    held.locator("button").click()
    expect(page.locator("[data-waiting]")).to_be_hidden()


def test_a_note_being_typed_survives_leaving_the_card(page: Page) -> None:
    dwelling_id = open_first(page)
    page.fill("#visit-note", "下周再来")
    page.goto("/captain")
    expect(page.locator("[data-list] [data-dwelling]").first).to_be_visible()

    page.goto(f"/captain?sel=dwelling:{dwelling_id}")

    expect(page.locator("#visit-note")).to_have_value("下周再来")
    page.fill("#visit-note", "")


def test_the_filters_are_worked_by_keys_and_kept_in_the_address(page: Page) -> None:
    page.locator("#filter-all_due").focus()
    page.keyboard.press("ArrowRight")

    expect(page.locator("#filter-overdue")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#filter-overdue")).to_be_focused()
    assert "list=overdue" in page.url


def test_a_dwelling_pressed_on_the_map_opens(page: Page) -> None:
    dwelling_id = open_first(page)
    page.go_back()
    expect(page.locator("[data-today]")).to_be_visible()
    x, y = page.evaluate(
        """async (id) => {
          const { mapReady } = await import("/static/js/map/registry.js");
          const { map } = await mapReady;
          const { lon, lat } = await (await fetch(`/api/captain/dwellings/${id}`)).json();
          // The card brought the map to its dwelling: a zoom under way would still end where it was going.
          while (map._animatingZoom) await new Promise(requestAnimationFrame);
          map.setView([lat, lon], 18, { animate: false });
          map.panBy([0, 120], { animate: false });
          const at = map.latLngToContainerPoint([lat, lon]);
          const box = map.getContainer().getBoundingClientRect();
          return [at.x + box.x, at.y + box.y];
        }""",
        dwelling_id,
    )
    page.mouse.click(x, y)

    expect(page.locator("[data-detail] h1")).to_be_visible()
    assert "sel=" in page.url


def test_a_card_that_is_gone_says_so(page: Page) -> None:
    page.goto("/captain?sel=dwelling:999999999")

    expect(page.locator("[data-detail] .empty")).to_be_visible()
    page.locator("[data-detail] .panel__head button").click()
    expect(page.locator("[data-list] [data-dwelling]").first).to_be_visible()
