"""Links between our papers lead somewhere: to a file that is there, and to a heading that is in it."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAPERS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
#: Of a link or a picture: the address without its title.
LINK = re.compile(r"\]\(<?([^()\s>]+)>?(?:\s+\"[^\"]*\")?\)")
BLOCK = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.M | re.S)
CODE = re.compile(rf"{BLOCK.pattern}|`[^`\n]+`", re.M | re.S)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.M)


def anchors(words: str) -> set[str]:
    """Return the anchors of the headings of a page, built as GitHub builds them."""
    found: dict[str, int] = {}
    every: set[str] = set()
    for heading in HEADING.findall(BLOCK.sub("", words)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        times = found.get(anchor, 0)
        found[anchor] = times + 1
        every.add(f"{anchor}-{times}" if times else anchor)
    return every


@cache
def anchors_of(path: Path) -> frozenset[str]:
    return frozenset(anchors(path.read_text("utf-8")))


def dead(path: Path, words: str) -> list[str]:
    """Return the links of a page at `path` that lead nowhere; those into the world are not followed."""
    return [link for link in LINK.findall(CODE.sub("", words)) if not _stands(path, words, unquote(link))]


def _stands(path: Path, words: str, link: str) -> bool:
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return True
    name, _, anchor = link.partition("#")
    if not name:
        return anchor in anchors(words)
    target = (path.parent / name).resolve()
    if not target.is_relative_to(PROJECT) or not target.exists():
        return False
    return not anchor or anchor in anchors_of(target)


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_of_a_paper_leads_somewhere(path: Path) -> None:
    assert dead(path, path.read_text("utf-8")) == []


def test_links_are_found_and_dead_ones_told() -> None:
    page = (
        "# Top 上\n## Two, words\n## Two, words\n```\n# no heading\n[a](code.md)\n```\n`[b](code.md)`\n"
        "[ok](#top-上) [ok](#two-words-1) [ok](../README.md) [ok](https://example.org/x.md)\n"
        "[ok](imports.md#areas)\n"
        "[1](#no-heading) [2](gone.md) ![3](pictures/gone.png) [4](imports.md#gone) [5](../../outside.md)\n"
    )
    assert dead(PROJECT / "docs" / "page.md", page) == [
        "#no-heading", "gone.md", "pictures/gone.png", "imports.md#gone", "../../outside.md",
    ]  # fmt: skip
    assert len(PAPERS) > 10
    assert sum(len(LINK.findall(path.read_text("utf-8"))) for path in PAPERS) > 50
