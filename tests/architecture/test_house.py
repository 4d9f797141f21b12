"""What the house promises about itself and no linter checks."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from core.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
FLOORS = ("core", "geo", "incidents", "cameras", "patrols", "webapp")
#: The cap of STYLE; the migration that makes all tables is written by Alembic.
LONGEST_MODULE = 600
#: What a pure module may not know.
IMPURE = re.compile(
    r"^\s*(?:import|from) (flask|sqlalchemy|geoalchemy2|redis|rq|folium|os|core\.(?!errors)|time|psycopg)\b",
    re.M,
)
PURE = (
    "geo/shapes",
    "geo/roads/network.py",
    "geo/roads/speed.py",
    "geo/roads/travel.py",
    "patrols/planning",
    "incidents/hotspots",
    "incidents/effect",
    "incidents/listed/due.py",
    "incidents/listed/steps.py",
    "cameras/sight",
)


def _modules(*roots: str) -> list[Path]:
    found: list[Path] = []
    for root in roots:
        path = PROJECT / root
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


@pytest.mark.parametrize("path", _modules(*PURE), ids=lambda path: str(path.relative_to(PROJECT)))
def test_pure_module_knows_no_service_clock_or_environment(path: Path) -> None:
    assert IMPURE.findall(path.read_text("utf-8")) == []


#: What the top floor may know of SQLAlchemy: sessions it is handed, rows it reads, errors it answers.
HANDED = re.compile(r"sqlalchemy\.(Row|exc(\.\w+)?|orm\.Session|orm\.exc\.\w+)")
#: The demo town is a loader: it fills and analyses tables in bulk, as a domain's intake does. The house
#: speaks to a database that has no tables yet (docs/decisions/0004).
OWN_SQL = ("webapp/demo/", "webapp/house/")


@pytest.mark.parametrize("path", _modules("webapp"), ids=lambda path: str(path.relative_to(PROJECT)))
def test_the_top_floor_builds_no_sql(path: Path) -> None:
    if str(path.relative_to(PROJECT)).startswith(OWN_SQL):
        return
    words = path.read_text("utf-8")

    assert [name for name in imported(words, "sqlalchemy") if not HANDED.fullmatch(name)] == []
    assert re.findall(r"\bsession\.query\(", words) == []


#: Jobs, and everything about accounts: their SQL stands in core/queries.py and geo/staff/queries.py.
BESIDE_QUERIES = (
    *(path for path in _modules(*FLOORS[:5]) if path.name == "jobs.py"),
    *(path for path in _modules("geo/staff") if path.name not in ("models.py", "queries.py")),
)


@pytest.mark.parametrize("path", BESIDE_QUERIES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_jobs_and_sign_in_leave_sql_to_the_queries(path: Path) -> None:
    words = path.read_text("utf-8")
    allowed = re.compile(HANDED.pattern + r"|sqlalchemy\.event")

    assert [name for name in imported(words, "sqlalchemy") if not allowed.fullmatch(name)] == []
    assert re.findall(r"\b(?:SELECT|UPDATE|DELETE|INSERT)\b .+\b(?:FROM|SET|INTO)\b", words) == []


def imported(words: str, package: str) -> set[str]:
    """Return the full names of what a module imports from a package, wherever in the module it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(words)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.partition(".")[0] == package}


def test_the_search_for_sql_finds_it() -> None:
    words = "def f():\n    from sqlalchemy import select, Row\nimport sqlalchemy.exc\nimport sqlalchemyx"
    assert imported(words, "sqlalchemy") == {"sqlalchemy.select", "sqlalchemy.Row", "sqlalchemy.exc"}
    assert [name for name in imported(words, "sqlalchemy") if not HANDED.fullmatch(name)] == [
        "sqlalchemy.select"
    ]


def test_no_module_is_longer_than_the_cap() -> None:
    long = {
        str(path.relative_to(PROJECT)): lines
        for path in _modules(*FLOORS, "tests")
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_MODULE
    }

    assert long == {}


def test_only_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(PROJECT))
        for path in _modules(*FLOORS)
        if re.search(r"os\.(environ|getenv)", path.read_text("utf-8"))
    }

    assert readers == {
        "core/settings.py",
        "core/intake/gdal.py",  # tells GDAL, before it is loaded, which readers to leave out
        "core/cluster.py",  # hands PATH on to the servers' programs
        "webapp/cli/house.py",  # chooses between private and given servers before settings exist
        "webapp/house/supervisor.py",
    }


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    assert f"GRIDPATROL_{name.upper()}" in (PROJECT / "docs/settings.md").read_text("utf-8")


DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_documents_name_only_files_that_exist(document: Path) -> None:
    words = document.read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", words)
    paths = re.findall(rf"\b((?:{'|'.join(FLOORS)}|docs|static|tests)/[\w/.-]+\.(?:py|js|css|md))\b", words)

    named = [document.parent / link for link in links] + [PROJECT / path for path in paths]
    assert [str(path) for path in named if not path.exists()] == []


def test_nothing_in_the_tree_loads_from_elsewhere() -> None:
    outside = re.compile(r"""(?:src|href)=["']https?://|@import url\(["']?https?:""")
    hits = [
        str(path.relative_to(PROJECT))
        for suffix in ("*.html", "*.css", "*.js")
        for root in ("webapp/templates", "static/css", "static/js")
        for path in (PROJECT / root).rglob(suffix)
        if outside.search(path.read_text("utf-8"))
    ]

    assert hits == []
