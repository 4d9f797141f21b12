"""The running house in a real browser, with the network cable out."""

import contextlib
import json
import socket
import time
import urllib.request
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

ROLES = ("captain", "dispatcher", "leader", "boundary", "approver", "admin", "auditor")


def test_the_house_is_healthy(live_server):
    with urllib.request.urlopen(f"{live_server.url}/healthz", timeout=5) as answer:
        assert json.load(answer) == {"status": "ok", "failing": []}


def test_the_demo_has_one_login_a_role_with_passwords_of_this_installation(live_server):
    assert sorted(login["role"] for login in live_server.logins) == sorted(ROLES)
    passwords = {login["password"] for login in live_server.logins}
    assert len(passwords) == len(ROLES)
    assert all(len(password) >= 12 for password in passwords)


def test_a_connection_that_rested_for_some_seconds_still_gets_its_answer(live_server):
    """A browser writes into the connection it has; gunicorn's own 2 s would end it in that moment."""
    connection = HTTPConnection(urlsplit(live_server.url).netloc, timeout=20)
    connection.request("GET", "/login")
    connection.getresponse().read()
    used = connection.sock
    time.sleep(4)

    connection.request("GET", "/login")
    answer = connection.getresponse()

    assert (answer.status, connection.sock) == (200, used)
    connection.close()


@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html", "text/html"), ("application/json", "problem+json")]
)
def test_a_body_beyond_the_limit_is_one_sentence(live_server, accept, kind):
    """The sender has not finished when the answer comes, and reads it all the same."""
    size = 65 << 20
    head = (
        "POST /login HTTP/1.1\r\nHost: house\r\nAccept-Language: en\r\nContent-Type: multipart/form-data; "
        f"boundary=x\r\nAccept: {accept}\r\nContent-Length: {size}\r\n\r\n"
    )
    address = urlsplit(live_server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as sender:
        sender.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            sender.sendall(b"x" * (8 << 20))
        said = b"".join(iter(lambda: sender.recv(65536), b"")).decode()

    assert said.startswith("HTTP/1.1 413")
    assert kind in said
    assert "What was sent is too large." in said


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
