"""Photograph every page for every role: ``python -m tests.screens OUT [--url URL]``.

Runs against a house raised with ./start on the demo town. A page joins by being listed in `PAGES`;
`tests/webapp/test_screens.py` fails while a page that a role may open is not.
Each picture is OUT/<role>-<page>-<width>-<locale>.png; what the page's console said is printed.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.conftest import CHROMIUM_FLAGS

WIDTHS = {360: 740, 768: 1024, 1440: 900}
LOCALES = ("zh", "en")


@dataclass(frozen=True)
class Shot:
    """One page: who looks at it (`role` None: nobody signed in), its address and a file name.

    `press`: what is pressed before the picture is taken, a CSS selector; the first that matches.
    """

    role: str | None
    path: str
    name: str
    press: str | None = None


PAGES = (
    Shot(None, "/login", "login"),
    Shot("captain", "/captain", "today"),
    Shot("captain", "/captain", "card", press="[data-list] [data-dwelling]"),
    Shot("captain", "/account", "account"),
    Shot("dispatcher", "/dispatch?view=plan", "plan"),
    Shot("dispatcher", "/dispatch?view=plan", "stop", press=".gantt__stop, [data-route] summary"),
    Shot("dispatcher", "/dispatch?view=ask", "ask"),
    Shot("dispatcher", "/dispatch?view=teams", "teams"),
    Shot("dispatcher", "/leader", "hotspots"),
    Shot("leader", "/leader", "hotspots"),
    Shot("leader", "/leader", "place", press="[data-open-place]"),
    Shot("leader", "/dispatch", "plan"),
    Shot("leader", "/leader/listed", "listed"),
    Shot("leader", "/leader/listed", "listed-place", press="[data-state=evaluated] .listed__link"),
    Shot("leader", "/leader/listed", "listed-decide", press="[data-state=proposed] .listed__link"),
    Shot("leader", "/leader/listed/propose", "propose"),
    Shot("dispatcher", "/leader/listed", "listed"),
    Shot("dispatcher", "/leader/listed", "listed-plan", press="[data-state=listed] .listed__link"),
    Shot("dispatcher", "/leader/listed/propose", "propose"),
    Shot("admin", "/leader/listed", "listed"),
    Shot("boundary", "/boundaries", "grids"),
    Shot("boundary", "/boundaries", "community", press="[data-open]"),
    Shot("approver", "/boundaries", "grids"),
    Shot("approver", "/boundaries", "community", press="[data-open]"),
    Shot("approver", "/boundaries/placed", "placed"),
    Shot("boundary", "/boundaries/placed", "placed"),
    # Everybody may read the rules; only boundary staff and administrators may change them.
    *(
        Shot(role, "/boundaries/rules", "rules")
        for role in ("captain", "dispatcher", "leader", "boundary", "approver", "admin", "auditor")
    ),
    Shot("admin", "/admin", "system"),
    Shot("admin", "/admin?view=jobs", "jobs"),
    Shot("admin", "/admin?view=accounts", "accounts"),
    Shot("admin", "/admin?view=audit", "audit"),
    Shot("admin", "/admin?view=settings", "settings"),
    Shot("admin", "/leader", "hotspots"),
    Shot("admin", "/dispatch", "plan"),
    Shot("admin", "/style", "style"),
    Shot("auditor", "/admin", "system"),
    Shot("auditor", "/admin?view=audit", "audit"),
)


def main() -> int:
    """Take all pictures; return 1 when a page spoke an error into its console."""
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8600")
    parser.add_argument("--only", help="a role or page name")
    wishes = parser.parse_args()
    wishes.out.mkdir(parents=True, exist_ok=True)
    logins = demo_logins()
    wanted = [shot for shot in PAGES if wishes.only in (None, shot.role, shot.name)]
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=list(CHROMIUM_FLAGS)
        )
        # Once each: signing in for every picture is what the house takes for guessing, and refuses.
        states = {role: _state(browser, wishes.url, logins[role]) for role in _roles(wanted)}
        for locale in LOCALES:
            for width, height in WIDTHS.items():
                complaints += _photograph(browser, wanted, states, wishes, (locale, width, height))
        browser.close()
    print("\n".join(complaints) or "no page complained")
    return 1 if complaints else 0


def _roles(shots: list[Shot]) -> list[str]:
    return sorted({shot.role for shot in shots if shot.role is not None})


def _state(browser: Browser, url: str, login: dict[str, str]) -> StorageState:
    """Return the cookies of a browser that one of the demo logins has signed in to."""
    context = browser.new_context(base_url=url)
    sign_in(context.new_page(), login)
    state = context.storage_state()
    context.close()
    return state


def _photograph(
    browser: Browser,
    shots: list[Shot],
    states: dict[str, StorageState],
    wishes: argparse.Namespace,
    form: tuple[str, int, int],
) -> Iterator[str]:
    locale, width, height = form
    for shot in shots:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            base_url=wishes.url,
            locale=locale,
            storage_state=states[shot.role] if shot.role is not None else None,
        )
        page = context.new_page()
        said: list[str] = []
        page.on(
            "console",
            lambda message, said=said: said.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.goto(shot.path)
        speak(page, locale)
        settle(page)
        said += press(page, shot.press)
        file = wishes.out / f"{shot.role or 'anyone'}-{shot.name}-{width}-{locale}.png"
        page.screenshot(path=file)
        print(file)
        yield from (f"{file.name}: {text}" for text in said)
        context.close()


def sign_in(page: Page, login: dict[str, str]) -> None:
    """Sign in as one of the demo logins."""
    page.goto("/login")
    page.fill("[name=login_name]", login["username"])
    page.fill("[name=password]", login["password"])
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def speak(page: Page, locale: str) -> None:
    """Switch the page to `locale` where it speaks another language."""
    if not (page.get_attribute("html", "lang") or "").startswith(locale):
        with page.expect_navigation():
            page.locator("form[action='/language'] button").first.click()


def press(page: Page, selector: str | None) -> list[str]:
    """Press the first visible element of `selector`, if one is given; return what to complain of."""
    if selector is None:
        return []
    try:
        page.locator(selector).locator("visible=true").first.click(timeout=8_000)
    except PlaywrightTimeoutError:
        return [f"nothing to press: {selector}"]
    settle(page)
    return []


def settle(page: Page) -> None:
    """Wait until tiles and data have come; pages that poll never fall silent, so not for ever."""
    try:
        page.wait_for_load_state("networkidle", timeout=8_000)
    except PlaywrightTimeoutError:
        return


def demo_logins() -> dict[str, dict[str, str]]:
    """Return the demo town's logins (username, password) by role."""
    command = [str(Path(sys.executable).parent / "gridpatrol"), "demo", "logins", "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {login["role"]: login for login in json.loads(said.stdout)}


if __name__ == "__main__":
    sys.exit(main())
