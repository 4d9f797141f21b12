"""The administrator at work in a browser: an account that can sign in, camera views, the trail of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]


@pytest.mark.parametrize("width", [pytest.param(1440, id="desk"), pytest.param(360, id="phone")])
def test_an_added_account_signs_in_and_rests_when_deactivated(
    sign_in: SignIn, new_page: Callable[..., Page], live_server: LiveServer, width: int
) -> None:
    login = f"leader.{width}"
    page = sign_in("admin", width=width, height=800)
    page.goto("/admin?view=accounts")
    page.click("[data-add-box] summary")
    page.fill("#new-login", login)
    page.fill("#new-name", "周领导")
    page.select_option("#new-role", "leader")
    page.click("[data-add-account] button")

    told = page.locator(f"[data-password='{login}']")
    expect(told).to_be_visible()
    guest = new_page(width=width, height=800)
    enter(guest, login, told.inner_text())
    guest.wait_for_url("**/account")
    choose_password(guest, old=told.inner_text(), new="known to me alone")
    guest.click("main a.btn--primary")
    guest.wait_for_url("**/leader*")

    page.goto(f"/admin?view=accounts&q={login}")
    page.click("[data-actions]")
    page.click("[data-set-active=no]")
    expect(page.locator("[data-set-active=yes]")).to_be_attached()
    guest.goto("/leader")
    expect(guest.locator("[name=login_name]")).to_be_visible()


def enter(page: Page, login: str, password: str) -> None:
    page.goto("/login")
    page.fill("[name=login_name]", login)
    page.fill("[name=password]", password)
    page.click("main [type=submit], main button")


def choose_password(page: Page, *, old: str, new: str) -> None:
    page.fill("[name=old]", old)
    page.fill("[name=new]", new)
    page.fill("[name=again]", new)
    page.click("form[action='/account/password'] button")


def test_a_person_signs_out_everywhere_from_his_menu(sign_in: SignIn) -> None:
    page, elsewhere = sign_in("boundary", width=1440, height=900), sign_in("boundary", width=360, height=800)
    page.wait_for_load_state("networkidle")
    page.click("[data-person-button]")

    page.get_by_role("button", name="退出所有设备").click()

    page.wait_for_url("**/login")
    elsewhere.goto("/boundaries")
    expect(elsewhere.locator("[name=login_name]")).to_be_visible()


def test_a_refused_account_keeps_what_was_typed(sign_in: SignIn) -> None:
    page = sign_in("admin", width=1440, height=900)
    page.goto("/admin?view=accounts")
    page.click("[data-add-box] summary")
    page.fill("#new-login", "captain")
    page.fill("#new-name", "重名")
    page.click("[data-add-account] button")

    expect(page.locator("[data-add-error]")).to_be_visible()
    expect(page.locator("#new-login")).to_have_value("captain")
    expect(page.locator("[data-password]")).to_have_count(0)


def test_camera_views_are_computed_and_drawn_into_the_figures(sign_in: SignIn) -> None:
    page = sign_in("admin", width=1440, height=900)
    page.goto("/admin")
    before = page.locator("[data-sight] p").first.inner_text()

    page.click("[data-sight-start]")

    expect(page.locator("[data-sight] p").first).to_contain_text("%", timeout=60_000)
    assert page.locator("[data-sight] p").first.inner_text() != before
    page.goto("/admin?view=jobs&kind=cameras.sight&state=done")
    expect(page.locator("[data-run]")).to_have_count(1)


def test_a_new_password_takes_two_presses(sign_in: SignIn) -> None:
    page = sign_in("admin", width=1440, height=900, locale="en")
    page.goto("/admin?view=accounts&q=boundary")
    page.locator("[data-actions]").first.click()
    button = page.locator("[data-new-password]").first

    button.click()
    expect(page.locator("[data-password]")).to_have_count(0)
    expect(button).to_have_class(re.compile("btn--danger"))


def test_the_audit_trail_names_the_act_and_the_back_button_returns(sign_in: SignIn) -> None:
    page = sign_in("admin", width=360, height=740)
    page.goto("/admin?view=audit")
    page.select_option("#act", "account.sign_in")
    page.wait_for_url("**action=account.sign_in*")

    expect(page.locator("tbody tr").first).to_contain_text("admin")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.go_back()
    expect(page.locator("#act")).to_have_value("")


@pytest.mark.parametrize("width", [pytest.param(1440, id="desk"), pytest.param(360, id="phone")])
def test_a_list_is_sorted_by_keys_and_the_address_keeps_it(sign_in: SignIn, width: int) -> None:
    page = sign_in("admin", width=width, height=900)
    page.goto("/admin?view=accounts&state=active")
    heading = page.locator("#sort-sign_in")
    expect(heading).to_be_visible()
    assert (heading.bounding_box() or {})["height"] >= 44

    heading.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=-sign_in*")

    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    assert "state=active" in page.url
    # The administrator has only just come in.
    expect(page.locator("tbody tr").first).to_contain_text("admin")
    page.keyboard.press("Tab")  # goes on from the heading that was pressed
    assert page.evaluate("document.activeElement.closest('.table-wrap') !== null")
    page.select_option("#account-role", "captain")
    page.wait_for_url("**role=captain*")
    assert "sort=-sign_in" in page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= width
