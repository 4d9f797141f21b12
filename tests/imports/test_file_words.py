"""Whatever a file can be refused for has its sentence on the page, in Chinese and English, with its facts."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from babel.messages.pofile import read_po

from core.errors import InvalidInput
from core.settings import PROJECT_DIR
from tests.webapp.test_words import error_classes, name_of, trees
from webapp.i18n import CATALOGUES
from webapp.problem import problem
from webapp.sentences import FILE_NOTICES, SENTENCES

#: Where files are read and written for the page.
READERS = (
    "core/intake", "core/outlet", "geo/areas/inlet.py", "geo/areas/outlet.py", "geo/areas/polygon_file.py",
    "geo/boundaries/exchange.py", "geo/boundaries/file_look.py", "geo/boundaries/file_place.py",
    "geo/boundaries/file_grids.py", "geo/boundaries/upload.py",
)  # fmt: skip
PLACES = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Raised:
    """A refusal as it is raised: its code, the fields it carries, and where."""

    code: str
    fields: frozenset[str]
    where: str


def codes_of(argument: ast.expr, function: ast.AST) -> Iterator[str]:
    """Yield the codes an argument can be: a literal, or what its name is given in the function."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    if isinstance(argument, ast.Name):
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and any(
                name_of(target) == argument.id for target in node.targets
            ):
                branches = (
                    [node.value.body, node.value.orelse]
                    if isinstance(node.value, ast.IfExp)
                    else [node.value]
                )
                yield from (branch.value for branch in branches if isinstance(branch, ast.Constant))


def raised(names: set[str]) -> list[Raised]:
    found = []
    for path, module in trees().items():
        place = str(path.relative_to(PROJECT_DIR))
        if not place.startswith(READERS):
            continue
        for function in [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]:
            for node in ast.walk(function):
                if not isinstance(node, ast.Call) or name_of(node.func) not in names or not node.args:
                    continue
                fields = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
                codes = list(codes_of(node.args[0], function))
                assert codes, f"{place}:{node.lineno}: what code is this?"
                found += [Raised(code, fields, f"{place}:{node.lineno}") for code in codes]
    return found


@pytest.fixture(scope="module")
def refusals() -> list[Raised]:
    return raised(error_classes(trees()))


@pytest.fixture(scope="module")
def chinese() -> dict[str, str]:
    with (CATALOGUES / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file, locale="zh") if message.id}


def test_the_walk_finds_literal_and_chosen_codes(refusals: list[Raised]) -> None:
    codes = {one.code for one in refusals}
    assert {"file_truncated", "xml_entities", "crs_kind_wrong", "crs_contradicted", "datum_unsure"} <= codes
    assert len(codes) > 35


def test_every_refusal_of_a_file_has_its_sentence_and_its_facts(refusals: list[Raised]) -> None:
    silent = {one.code: one.where for one in refusals if one.code not in SENTENCES}
    assert silent == {}
    for one in refusals:
        wanted = set(PLACES.findall("".join(SENTENCES[one.code])))
        assert wanted <= one.fields, f"{one.where}: {one.code} does not carry {wanted - one.fields}"


def test_every_sentence_is_one_for_the_page_in_both_languages(
    refusals: list[Raised], chinese: dict[str, str]
) -> None:
    for code in {one.code for one in refusals}:
        title, advice = SENTENCES[code]
        for words in filter(None, (title, advice, chinese[title], chinese.get(advice, ""))):
            assert "--" not in words, f"{code}: a page has no options of a command"
            assert words[-1] in ".。"


def test_every_notice_of_reading_has_its_words(chinese: dict[str, str]) -> None:
    told = {
        code
        for path, module in trees().items()
        if str(path.relative_to(PROJECT_DIR)).startswith((*READERS, "webapp/api/change_set_files.py"))
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and name_of(node.func) == "Notice" and node.args
        for code in [getattr(node.args[0], "value", None)]
        if code
    }
    assert {"heights_dropped", "self_crossing"} <= told
    assert {code for code in told if code not in FILE_NOTICES} == set()
    assert all(chinese[words] for words in FILE_NOTICES.values())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_lists_become_words(language: str) -> None:
    guesses = [{"epsg": 4549, "name": "CGCS2000 / 3-degree Gauss-Kruger CM 120E", "northing_first": False}]
    told = problem(InvalidInput("crs_missing", file="a.shp", guesses=guesses), language)
    assert "EPSG:4549 CGCS2000" in told["title"]
    assert "{" not in told["title"]
    found = problem(InvalidInput("layer_choice", file="a.gpkg", found=["甲", "乙"]), language)
    assert ("甲、乙" if language == "zh" else "甲, 乙") in found["title"]
