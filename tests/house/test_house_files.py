"""Files that are built at set-up, and the words the house says."""

import ast
import json
import os
import re
import stat
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest

from core.errors import DomainError
from webapp.house.servers import choose_servers
from webapp.house.translations import compile_catalogues
from webapp.house.vendor import fill_vendor
from webapp.house.words import SENTENCES, explain

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "node_modules" / "leaflet" / "images").mkdir(parents=True)
    (tmp_path / "node_modules" / "leaflet" / "leaflet.js").write_text("L = {}")
    (tmp_path / "node_modules" / "leaflet" / "images" / "pin.png").write_bytes(b"\x89PNG")
    return tmp_path


def list_vendor(project: Path, vendor: object) -> None:
    (project / "package.json").write_text(json.dumps({"vendor": vendor}))


def test_listed_files_and_folders_are_copied(project):
    list_vendor(project, {"leaflet/leaflet.js": "leaflet/leaflet.js", "leaflet/images": "leaflet/images"})
    assert len(fill_vendor(project)) == 2
    assert (project / "static/vendor/leaflet/leaflet.js").read_text() == "L = {}"
    assert (project / "static/vendor/leaflet/images/pin.png").read_bytes() == b"\x89PNG"


def test_only_what_changed_is_copied_again(project):
    list_vendor(project, {"leaflet/leaflet.js": "leaflet/leaflet.js"})
    fill_vendor(project)
    assert fill_vendor(project) == ()
    (project / "node_modules" / "leaflet" / "leaflet.js").write_text("L = {v: 2}")
    assert len(fill_vendor(project)) == 1


@pytest.mark.parametrize(
    ("vendor", "code"),
    [
        pytest.param(None, "vendor_unlisted", id="no list"),
        pytest.param({"leaflet/gone.js": "gone.js"}, "vendor_missing", id="missing file"),
        pytest.param({"leaflet/leaflet.js": "../../evil.js"}, "vendor_missing", id="outside static"),
        pytest.param({"../package.json": "p.json"}, "vendor_missing", id="outside node_modules"),
    ],
)
def test_a_wrong_list_is_refused(project, vendor, code):
    list_vendor(project, vendor)
    with pytest.raises(DomainError) as refusal:
        fill_vendor(project)
    assert refusal.value.code == code


def test_catalogues_are_compiled_when_newer_and_leave_fuzzy_out(tmp_path):
    source = tmp_path / "zh" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "grid"\nmsgstr "网格"\n\n'
        '#, fuzzy\nmsgid "route"\nmsgstr "轨迹"\n',
        "utf-8",
    )
    assert compile_catalogues(tmp_path) == ("zh",)
    with source.with_suffix(".mo").open("rb") as file:
        words = GNUTranslations(file)
    assert (words.gettext("grid"), words.gettext("route")) == ("网格", "route")
    assert compile_catalogues(tmp_path) == ()


def raised_codes() -> set[str]:
    """Return the first string argument of every DomainError or ClusterError the house may raise."""
    codes = set()
    for source in (PROJECT / "core/cluster.py", *(PROJECT / "webapp/house").glob("*.py")):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"DomainError", "ClusterError"}:
                codes.add(ast.literal_eval(node.args[0]))
    return codes


def test_everything_that_can_go_wrong_has_a_sentence():
    assert raised_codes() <= SENTENCES.keys()
    assert len(raised_codes()) > 10, "the search above must find them"


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_both_languages_name_the_same_fields(code):
    zh, en = SENTENCES[code]
    assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en))
    assert re.search(r"[一-鿿]", zh)
    assert not re.search(r"[一-鿿]", en)


def test_an_error_without_words_shows_its_code():
    assert "stray_error" in explain(DomainError("stray_error", place=3))


@pytest.fixture
def given() -> dict[str, str]:
    return {
        "GRIDPATROL_DATABASE_URL": "postgresql+psycopg://a@db/x",
        "GRIDPATROL_OWNER_URL": "postgresql+psycopg://o@db/x",
        "GRIDPATROL_REDIS_URL": "redis://cache/0",
    }


def test_named_servers_are_used_and_no_private_one_is_made(tmp_path, given):
    servers = choose_servers(given | {"GRIDPATROL_VAR_DIR": str(tmp_path / "var")})
    assert (servers.cluster, servers.redis) == (None, None)
    servers.write_addresses()
    kept = tmp_path / "var" / "env.json"
    assert json.loads(kept.read_text()).keys() == {"GRIDPATROL_SECRET_KEY"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_secret_key_stays_and_private_addresses_go_when_servers_are_named(tmp_path, given):
    kept = tmp_path / "env.json"
    kept.write_text(json.dumps({"GRIDPATROL_SECRET_KEY": "stays", "GRIDPATROL_OWNER_URL": "old"}))
    choose_servers(given | {"GRIDPATROL_VAR_DIR": str(tmp_path)}).write_addresses()
    assert json.loads(kept.read_text()) == {"GRIDPATROL_SECRET_KEY": "stays"}


def test_a_database_without_its_owner_is_refused(tmp_path, given):
    del given["GRIDPATROL_OWNER_URL"]
    with pytest.raises(DomainError) as refusal:
        choose_servers(given | {"GRIDPATROL_VAR_DIR": str(tmp_path)})
    assert refusal.value.code == "owner_url_missing"


def test_data_on_a_named_server_are_never_deleted(tmp_path, given):
    servers = choose_servers(given | {"GRIDPATROL_VAR_DIR": str(tmp_path)})
    with pytest.raises(DomainError) as refusal:
        servers.remove()
    assert refusal.value.code == "fresh_not_private"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_every_package_by_hash_and_name_no_index(name):
    lock = (PROJECT / name).read_text("utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^([a-z0-9][a-z0-9.\-]*)==\S+(?: ;[^\\]*)? \\$", lock, re.M)
    assert len(pinned) > 50
    assert len(pinned) == len(re.findall(r"^[a-z]", lock, re.M))


def test_what_the_tests_use_has_the_versions_of_what_runs():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", (PROJECT / name).read_text("utf-8"), re.M))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_importing_the_web_application_opens_no_connection_and_starts_no_thread(servers, template):
    """Gunicorn imports it once and forks: a socket shared by two processes mixes their answers."""
    code = (
        "import webapp.wsgi, core.db, core.jobs, threading\n"
        "print(core.db.engine.cache_info().currsize, core.jobs.redis_connection.cache_info().currsize,"
        " threading.active_count(), sep=',')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | servers.environment(template),
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.stdout.strip() == "0,0,1"
