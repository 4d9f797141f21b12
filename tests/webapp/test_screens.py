"""No page is forgotten when all pages are photographed (tests/screens.py)."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.screens import PAGES
from tests.webapp.conftest import PLACES, World

SignIn = Callable[..., FlaskClient]

#: Pages that look the same to everybody: one picture does.
SAME_FOR_ALL = {"/account", "/style"}


def addresses(world: World) -> list[str]:
    """Return the addresses that are asked for without any argument, interfaces and files left out."""
    return sorted(
        rule.rule
        for rule in world.app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and not rule.rule.startswith(("/api/", "/tiles/", "/static/"))
    )


@pytest.mark.parametrize("role", sorted(PLACES))
def test_every_page_a_role_may_open_is_photographed(world: World, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    answers = {address: client.get(address) for address in addresses(world)}
    opened = {
        address
        for address, answer in answers.items()
        if answer.status_code == 200 and answer.mimetype == "text/html"
    }
    assert "/account" in opened, "the search finds pages"

    shown = {(shot.role, shot.path.partition("?")[0]) for shot in PAGES}
    assert {address for address in opened - SAME_FOR_ALL if (role, address) not in shown} == set()
    assert {path for _, path in shown} >= SAME_FOR_ALL
