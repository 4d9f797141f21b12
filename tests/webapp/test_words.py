"""Every code has words, every word has its translation."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from core.settings import PROJECT_DIR
from geo.households.models import VISIT_OUTCOMES
from geo.households.queries import DUE_STATES
from geo.households.service import PURPOSES
from patrols.models import MODES
from webapp.cli.areas_words import ERRORS as AREA_WORDS
from webapp.cli.incident_file import ERRORS as INCIDENT_WORDS
from webapp.cli.propose_words import ERRORS as PROPOSE_WORDS
from webapp.house.words import SENTENCES as HOUSE_WORDS
from webapp.i18n import CATALOGUES, translate
from webapp.sentences import HTTP_CODES, SENTENCES
from webapp.sentences.particulars import CODES, FIELDS
from webapp.sentences.work import JOB_TITLES

FLOORS = ("core", "geo", "incidents", "cameras", "patrols", "webapp")
PLACES = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def trees() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text("utf-8"))
        for floor in FLOORS
        for path in sorted((PROJECT_DIR / floor).rglob("*.py"))
    }


def name_of(node: ast.expr) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def error_classes(modules: dict[Path, ast.Module]) -> set[str]:
    """Return the names of DomainError and of all classes below it."""
    found = {"DomainError"}
    while True:
        more = {
            node.name
            for module in modules.values()
            for node in ast.walk(module)
            if isinstance(node, ast.ClassDef) and any(name_of(base) in found for base in node.bases)
        }
        if more <= found:
            return found
        found |= more


def literal_codes(calls: set[str], position: int) -> dict[str, str]:
    """Return {code: where} of literal codes given to any of `calls` at an argument position."""
    modules = trees()
    names = error_classes(modules) if calls == {"DomainError"} else calls
    found: dict[str, str] = {}
    for path, module in modules.items():
        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or name_of(node.func) not in names:
                continue
            for argument in node.args[: position + 1]:
                code: Any = getattr(argument, "value", None)
                if isinstance(code, str) and re.fullmatch(r"[a-z][a-z_]+", code):
                    found[code] = f"{path.relative_to(PROJECT_DIR)}:{node.lineno}"
    return found


def test_every_refusal_has_words() -> None:
    raised = literal_codes({"DomainError"}, 1)
    assert {"area_unknown", "edit_overlaps", "job_unknown"} <= set(raised), "the search finds codes at all"

    known = set(SENTENCES) | set(HOUSE_WORDS) | set(AREA_WORDS) | set(PROPOSE_WORDS) | set(INCIDENT_WORDS)
    assert {code: where for code, where in raised.items() if code not in known} == {}


def test_every_step_of_a_job_has_words() -> None:
    told = literal_codes({"progress"}, 1)
    assert "hotspots_loading" in told
    assert {code: where for code, where in told.items() if code not in SENTENCES} == {}


def test_every_kind_of_job_has_a_title() -> None:
    kinds = literal_kinds()
    assert kinds
    assert kinds <= set(JOB_TITLES)


def literal_kinds() -> set[str]:
    import cameras.jobs
    import incidents.jobs
    import patrols.jobs
    from core.jobs import registered_kinds

    assert {module.__name__ for module in (cameras.jobs, incidents.jobs, patrols.jobs)}
    return {kind for kind in registered_kinds() if not kind.startswith("test")}


def test_every_particular_of_an_act_has_words() -> None:
    told = {
        keyword.arg
        for module in trees().values()
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and name_of(call.func) in {"record", "_note"}
        and any(re.fullmatch(r"[a-z_]+\.[a-z_]+", str(getattr(one, "value", ""))) for one in call.args)
        for keyword in call.keywords
        if keyword.arg and keyword.arg != "subject"
    }  # fmt: skip
    assert {"purpose", "outcome", "role"} <= told, "the search finds acts at all"

    assert told <= set(FIELDS)


def test_every_code_of_a_particular_has_words() -> None:
    assert set(CODES["purpose"]) == set(PURPOSES)
    assert set(CODES["outcome"]) == set(VISIT_OUTCOMES)
    assert set(CODES["mode"]) == set(MODES)
    assert set(CODES["state"]) == set(DUE_STATES)


def test_every_status_of_http_leads_to_words() -> None:
    assert set(HTTP_CODES.values()) <= set(SENTENCES)


@pytest.fixture(scope="module")
def template_of_messages(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The messages that stand in the tree now."""
    target = tmp_path_factory.mktemp("words") / "messages.pot"
    command = [str(Path(sys.executable).parent / "pybabel"), "-q", "extract", "-F", "babel.cfg"]
    subprocess.run(
        [*command, "-k", "mark", "-k", "mark_n:1,2", "-k", "lazy_gettext", "-o", str(target), "."],
        cwd=PROJECT_DIR,
        check=True,
    )
    with target.open("rb") as file:
        return read_po(file)


def chinese() -> Any:
    with (CATALOGUES / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="zh")


def sources(message: Any) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def test_every_message_is_translated(template_of_messages: Any) -> None:
    catalogue = chinese()
    wanted = [message for message in template_of_messages if message.id]
    assert len(wanted) > 100
    missing = []
    for message in wanted:
        found = catalogue.get(message.id, message.context)
        strings = (
            () if found is None else found.string if isinstance(found.string, tuple) else (found.string,)
        )
        if not strings or not all(strings) or (found is not None and found.fuzzy):
            missing.append(sources(message)[0])
    assert missing == [], "add them to webapp/translations/zh/LC_MESSAGES/messages.po"


def blocks_of(words: str) -> list[tuple[str, str, str]]:
    """Return (flags, message, translation) of every entry of a catalogue but its head, as written."""
    found = []
    for block in re.split(r"\n{2,}", words.strip())[1:]:
        flags = "".join(re.findall(r"^#,.*$", block, re.M))
        source, _, rest = re.sub(r"^#.*\n?", "", block, flags=re.M).partition("msgstr")
        quoted = re.findall(r'"(.*)"', rest)
        found.append((flags, "".join(re.findall(r'"(.*)"', source)), "".join(quoted)))
    return found


def test_the_catalogue_has_no_entry_twice_unsure_empty_or_obsolete() -> None:
    words = (CATALOGUES / "zh" / "LC_MESSAGES" / "messages.po").read_text("utf-8")
    blocks = blocks_of(words)
    assert len(blocks) > 300, "the search finds entries at all"

    times = Counter(message for _, message, _ in blocks)
    # The reader takes the first of two equal entries without a word, and somebody then mends the second.
    assert [message for message, count in times.items() if count > 1] == []
    assert [message for flags, message, _ in blocks if "fuzzy" in flags] == []
    assert [message for _, message, translation in blocks if not translation] == []
    assert re.findall(r"^#~.*$", words, re.M) == []
    assert len(blocks) == len([message for message in chinese() if message.id]), "entries stand apart"


def test_translations_keep_the_places_of_their_sources() -> None:
    wrong = []
    for message in chinese():
        if not message.id or not message.string:
            continue
        wanted = {place for source in sources(message) for place in PLACES.findall(source)}
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if any(set(PLACES.findall(string)) != wanted for string in strings):
            wrong.append(message.id)
    assert wrong == []


def test_the_catalogue_holds_nothing_unused(template_of_messages: Any) -> None:
    used = {message.id for message in template_of_messages}
    assert [message.id for message in chinese() if message.id and message.id not in used] == []


def test_one_is_told_from_many_in_english() -> None:
    told = SENTENCES["proposal_coordinates_unusable"][0]

    assert translate(told, "en", count=1) == "1 household has coordinates that are no place on earth."
    assert translate(told, "en", count=4) == "4 households have coordinates that are no place on earth."
    assert translate(told, "zh", count=1) == "有 1 户的坐标超出地球范围。"


def test_words_are_filled_in_both_languages() -> None:
    assert translate("There is no account %(login)s.", "en", login="zhao") == "There is no account zhao."
    assert translate("There is no account %(login)s.", "zh", login="zhao") == "没有账户 zhao。"
    assert translate("There is no account %(login)s.", "en") == "There is no account …login…."
