"""The running house in a real browser, with the network cable out."""

import json
import urllib.request

import pytest

ROLES = ("captain", "dispatcher", "leader", "boundary", "admin")


def test_the_house_is_healthy(live_server):
    with urllib.request.urlopen(f"{live_server.url}/healthz", timeout=5) as answer:
        assert json.load(answer) == {"status": "ok", "failing": []}


def test_the_demo_has_one_login_a_role_with_passwords_of_this_installation(live_server):
    assert sorted(login["role"] for login in live_server.logins) == sorted(ROLES)
    passwords = {login["password"] for login in live_server.logins}
    assert len(passwords) == len(ROLES)
    assert all(len(password) >= 12 for password in passwords)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "locale"), [(360, "zh"), (1440, "en")])
@pytest.mark.parametrize("role", ROLES)
def test_every_login_lands_on_its_own_page(sign_in, live_server, role, width, locale):
    page = sign_in(role, width=width, locale=locale)
    assert page.url.startswith(live_server.url)
    assert page.locator("html").get_attribute("lang").startswith(locale)
    page.locator(".leaflet-container canvas, .leaflet-container .leaflet-tile").first.wait_for(
        state="attached"
    )
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, "the page scrolls sideways"
