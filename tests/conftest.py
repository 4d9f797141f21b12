"""Real servers for the tests: a throw-away PostGIS cluster and Redis, a running house, Chromium.

The cluster is made once per run and migrated once; a test that asks for `database` gets a copy of
its own (about 0.1 s) and the process's settings point at that copy until the test ends. What a
machine lacks makes the tests fail, never skip: ./test brings everything.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis.internal.conjecture import providers
from playwright.sync_api import Browser, Page, Route, sync_playwright
from sqlalchemy import Engine, create_engine

import core.db
import core.jobs
import core.settings
from core.cluster import APP_ROLE, OWNER_ROLE, PrivateCluster, PrivateRedis, free_port, settle
from webapp.house.migrate import migrate
from webapp.house.processes import Child, end_children
from webapp.house.supervisor import health, make_children
from webapp.i18n import LOCALE_COOKIE

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATE = "migrated"
LIVE_HOUSEHOLDS = 1_200
LIVE_SEED = 7
#: Chromium is not asked to call home, and has no sandbox for root.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# Hypothesis mixes the numbers it finds in loaded modules of ours into its examples. Then a number changed
# anywhere, or a test run alone, would change the examples of every test, derandomised or not.
providers.is_local_module_file = lambda _path: False
# Shared runners are slow at times: an example that takes long is no failure, a changing one is.
hypothesis_settings.register_profile("house", deadline=None, derandomize=True)
hypothesis_settings.load_profile("house")


@dataclass(frozen=True)
class Servers:
    """The servers of this test run and the folder they live in."""

    var: Path
    cluster: PrivateCluster
    redis: PrivateRedis

    def environment(self, database: str, *, redis_number: int = 0) -> dict[str, str]:
        """Return the variables that point a process at `database`."""
        return {
            "GRIDPATROL_VAR_DIR": str(self.var / database),
            "GRIDPATROL_DATABASE_URL": self.cluster.url(APP_ROLE, database),
            "GRIDPATROL_OWNER_URL": self.cluster.url(OWNER_ROLE, database),
            "GRIDPATROL_REDIS_URL": self.redis.url(redis_number),
            "GRIDPATROL_SECRET_KEY": "tests-only-" + secrets.token_hex(16),
            # Tests run at any hour: what a night brings has tests of its own.
            "GRIDPATROL_NIGHTLY_HOUR": "-1",
        }


@dataclass(frozen=True)
class Database:
    """A migrated, empty database of its own."""

    name: str
    app_url: str
    owner_url: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The cluster and Redis of this test run, removed at its end."""
    _sweep()
    var = PROJECT / "var" / f"test-{os.getpid()}"
    cluster = PrivateCluster(settle(var / "postgres"), durable=False)
    redis = PrivateRedis(settle(var / "redis"))
    try:
        cluster.ensure()
        redis.ensure()
        yield Servers(var, cluster, redis)
    finally:
        cluster.remove()
        redis.remove()
        shutil.rmtree(var, ignore_errors=True)


def _sweep() -> None:
    """Remove what test runs left that were killed."""
    for left in (PROJECT / "var").glob("test-*"):
        if left.name[5:].isdigit() and not Path(f"/proc/{left.name[5:]}").exists():
            PrivateCluster(settle(left / "postgres")).remove()
            PrivateRedis(settle(left / "redis")).remove()
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def pointed_at(variables: dict[str, str]) -> Iterator[None]:
    """Point the settings of this process at `variables`; afterwards nothing of them is left."""
    patch = pytest.MonkeyPatch()
    for name, value in variables.items():
        patch.setenv(name, value)
    _forget()
    try:
        yield
    finally:
        _forget()
        patch.undo()


def _forget() -> None:
    if core.db.engine.cache_info().currsize:
        core.db.engine().dispose()
    if core.jobs.redis_connection.cache_info().currsize:
        core.jobs.redis_connection().close()
    for cached in (core.db.engine, core.db._factory, core.jobs.redis_connection, core.settings.settings):
        cached.cache_clear()


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """Name of the migrated database all others are copied from."""
    servers.cluster.create_database(TEMPLATE)
    servers.cluster.prepare_database(TEMPLATE)
    with pointed_at(servers.environment(TEMPLATE)):
        migrate()
    return TEMPLATE


@contextlib.contextmanager
def _copy(servers: Servers, template: str) -> Iterator[Database]:
    name = f"t{secrets.token_hex(5)}"
    servers.cluster.create_database(name, template=template)
    variables = servers.environment(name)
    try:
        with pointed_at(variables):
            core.jobs.redis_connection().flushdb()
            yield Database(name, variables["GRIDPATROL_DATABASE_URL"], variables["GRIDPATROL_OWNER_URL"])
    finally:
        servers.cluster.drop_database(name)
        shutil.rmtree(servers.var / name, ignore_errors=True)


@pytest.fixture
def database(servers: Servers, template: str) -> Iterator[Database]:
    """An empty, migrated database for one test; `core.db.transaction` opens it as the application."""
    with _copy(servers, template) as copy:
        yield copy


@pytest.fixture(scope="module")
def module_database(servers: Servers, template: str) -> Iterator[Database]:
    """As `database`, shared by the tests of one module: for costly contents that no test changes."""
    with _copy(servers, template) as copy:
        yield copy


@pytest.fixture
def owner_engine(database: Database) -> Iterator[Engine]:
    """An engine on `database` as the role that owns the tables."""
    engine = create_engine(database.owner_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project; tests that need it carry the mark ``shared``."""
    folder = (PROJECT / os.environ.get("GRIDPATROL_TEST_DATA", "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real files at {folder}: set GRIDPATROL_TEST_DATA")
    return folder


@dataclass(frozen=True)
class LiveServer:
    """A running house with the demo town: web server, workers and reconciler as in production."""

    url: str
    environment: dict[str, str]
    logins: tuple[dict[str, str], ...]
    children: tuple[Child, ...]

    def login(self, role: str) -> dict[str, str]:
        """Return username and password of the demo login for `role`."""
        return next(login for login in self.logins if login["role"] == role)

    @contextlib.contextmanager
    def settings(self) -> Iterator[None]:
        """Point this process at the live server's database, to look at what a page has done."""
        with pointed_at(self.environment):
            yield


@pytest.fixture(scope="session")
def live_server(servers: Servers, template: str) -> Iterator[LiveServer]:
    """The house, running on a free port with a small demo town."""
    servers.cluster.create_database("live", template=template)
    environment = servers.environment("live", redis_number=1) | {
        "GRIDPATROL_DEMO": "true",
        # Every browser test signs in; the limit has a test of its own.
        "GRIDPATROL_LOGIN_LIMIT": "1000 per minute",
    }
    var = Path(environment["GRIDPATROL_VAR_DIR"])
    var.mkdir(parents=True)
    port = free_port()
    patch = pytest.MonkeyPatch()
    for name, value in environment.items():
        patch.setenv(name, value)  # children inherit it
    children = make_children("127.0.0.1", port, var / "log")
    try:
        _load_demo()
        logins = json.loads((var / "demo" / "logins.json").read_text("utf-8"))
        for child in children:
            child.keep_alive()
        patch.undo()
        _wait_until_healthy(port, children)
        yield LiveServer(f"http://127.0.0.1:{port}", environment, tuple(logins), children)
    finally:
        patch.undo()
        end_children(children, patience_s=5)


def _load_demo() -> None:
    command = [str(Path(sys.executable).parent / "gridpatrol"), "demo"]
    size = ["--households", str(LIVE_HOUSEHOLDS), "--seed", str(LIVE_SEED)]
    done = subprocess.run([*command, *size], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def _wait_until_healthy(port: int, children: tuple[Child, ...]) -> None:
    deadline = time.monotonic() + 90
    while True:
        healthy, said = health("127.0.0.1", port)
        if healthy:
            return
        ended = [child for child in children if not child.is_alive()]
        if ended or time.monotonic() > deadline:
            logs = "\n".join(f"--- {c.name}\n{c.log.read_text('utf-8')[-2000:]}" for c in ended or children)
            pytest.fail(f"the house does not become healthy: {said}\n{logs}", pytrace=False)
        time.sleep(0.2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium of the system."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@contextlib.contextmanager
def pages_of(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open pages of `live_server` with the network cable out: a request to anywhere else fails the test."""
    strangers: list[str] = []
    contexts = []

    def guard(route: Route) -> None:
        if route.request.url.startswith((live_server.url, "data:", "blob:")):
            route.continue_()
        else:
            strangers.append(route.request.url)
            route.abort()

    def open_page(*, width: int = 1440, height: int = 900, locale: str = "zh", touch: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            base_url=live_server.url,
            has_touch=touch,
            is_mobile=touch,
        )
        context.add_cookies([{"name": LOCALE_COOKIE, "value": locale, "url": live_server.url}])
        context.set_default_timeout(15_000)
        context.route("**/*", guard)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert strangers == [], "the page asked other hosts"


def enter_as(page: Page, login: dict[str, str], locale: str = "zh") -> Page:
    """Sign `login` in on a page; it ends where the front door sends that person."""
    page.goto("/login")
    page.fill("[name=login_name]", login["username"])
    page.fill("[name=password]", login["password"])
    page.click("main [type=submit], main button")
    page.wait_for_url(lambda url: "/login" not in url)
    if not (page.get_attribute("html", "lang") or "").startswith(locale):
        # A demo account speaks Chinese until its person says otherwise, as a reader would.
        page.get_by_role("button", name="Switch to English" if locale == "en" else "切换为中文").click()
        page.locator(f"html[lang^={locale}]").wait_for(state="attached")
    return page


@pytest.fixture
def new_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Open pages of `live_server`; they are closed when the test ends."""
    with pages_of(browser, live_server) as open_page:
        yield open_page


@pytest.fixture
def sign_in(new_page: Callable[..., Page], live_server: LiveServer) -> Callable[..., Page]:
    """Open a page signed in as a demo role, on the page the front door sends that role to."""

    def open_signed_in(role: str, **form: Any) -> Page:
        return enter_as(new_page(**form), live_server.login(role), form.get("locale", "zh"))

    return open_signed_in
