"""The text encoding of a Shapefile's attributes: what it declares, whether that can be true, what else fits.

The order is .cpg, the table's language byte, strict UTF-8, GB18030. A declaration is believed unless the
bytes contradict it: bytes that are no text in the declared encoding, or Chinese text declared as another.
A value cut in the middle of a character at its field's width is no contradiction; the stump is dropped.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

#: Offered to a person when the choice made here looks wrong.
OFFERED = ("utf-8", "gb18030", "big5hkscs", "cp1252")
# A longer character than four bytes exists in none of them, so no stump is longer than three.
_LONGEST_STUMP = 3
_PREVIEWED = 5
# Enough texts to tell which encodings can be: what is wrong shows within a handful.
_WEIGHED = 2_000
# Language driver bytes in use for Chinese tables (dBASE and ESRI). 0x57 (ANSI of the writing machine) and
# 0x00 declare nothing.
_LANGUAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5hkscs", 0x78: "big5hkscs",
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4E: "cp949", 0x79: "cp949"}  # fmt: skip
# What tools write into .cpg. GB18030 contains GBK and GB2312; reading with it loses nothing.
_CODEPAGES = {"936": "gb18030", "54936": "gb18030", "65001": "utf-8", "950": "big5hkscs", "1252": "cp1252",
    "88591": "cp1252", "28591": "cp1252"}  # fmt: skip
_CHINESE = frozenset({"gb18030", "utf-8", "big5hkscs"})


class Reason(StrEnum):
    """Why an encoding was taken."""

    CHOSEN = "chosen"
    CPG = "cpg"
    LANGUAGE_BYTE = "language_byte"
    UTF8 = "utf8_strict"
    GB18030 = "gb18030_fallback"
    CPG_CONTRADICTED = "cpg_contradicted"
    LANGUAGE_CONTRADICTED = "language_contradicted"
    ASCII = "ascii"
    NONE_FITS = "none_fits"


@dataclass(frozen=True, slots=True)
class EncodingChoice:
    """The encoding taken, why, what the file declared (empty: nothing), and values that fit it not at all."""

    encoding: str
    why: Reason
    declared: str = ""
    misfits: int = 0


def declared_encoding(table: Path) -> tuple[str, Reason | None]:
    """Return the encoding a .dbf declares (Python's name, empty where none) and by which means."""
    for ending in (".cpg", ".CPG", ".Cpg"):
        sidecar = table.with_suffix(ending)
        if sidecar.exists():
            named = codec_named(sidecar.read_bytes()[:60].decode("ascii", "ignore"))
            if named:
                return named, Reason.CPG
    with table.open("rb") as handle:
        head = handle.read(32)
    language = _LANGUAGES.get(head[29], "") if len(head) == 32 else ""
    return (language, Reason.LANGUAGE_BYTE) if language else ("", None)


def codec_named(words: str) -> str:
    r"""Return Python's name for an encoding as .cpg files name it, empty when unknown.

    >>> codec_named("UTF-8\n"), codec_named("ANSI 936"), codec_named("GBK"), codec_named("System")
    ('utf-8', 'gb18030', 'gb18030', '')
    """
    plain = words.strip().strip("\x00").lower()
    digits = re.sub(r"\D", "", plain)
    if digits in _CODEPAGES and not plain.startswith("gb"):
        return _CODEPAGES[digits]
    try:
        known = codecs.lookup(plain).name
    except (LookupError, ValueError):
        return ""
    if known in {"gbk", "gb2312", "hz"}:
        return "gb18030"
    return {"iso8859-1": "cp1252", "big5": "big5hkscs", "ascii": ""}.get(known, known)


def choose_encoding(values: Sequence[bytes], declared: str = "", by: Reason | None = None) -> EncodingChoice:
    """Return the encoding of the values, believing the declaration unless the bytes contradict it.

    Parameters
    ----------
    values : sequence of bytes
        Attribute values and column names, as stored.
    declared, by
        What `declared_encoding` returned.
    """
    telling = [value for value in values if not value.isascii()]
    if not telling:
        return EncodingChoice(declared or "utf-8", by or Reason.ASCII, declared)
    # Text of another encoding is hardly ever well-formed UTF-8 with ideographs in it, whatever is declared.
    chinese = _ideographs(telling, "utf-8")
    is_utf8 = misfits(telling, "utf-8") == 0 and (chinese > 0.5 or (not declared and chinese >= 0.0))
    if declared and not _contradicted(telling, declared, is_utf8=is_utf8):
        return EncodingChoice(declared, by or Reason.CPG, declared, misfits(telling, declared))
    contradicted = Reason.CPG_CONTRADICTED if by is Reason.CPG else Reason.LANGUAGE_CONTRADICTED
    if is_utf8:
        return EncodingChoice("utf-8", contradicted if declared else Reason.UTF8, declared)
    wrong = misfits(telling, "gb18030")
    if wrong == 0:
        return EncodingChoice("gb18030", contradicted if declared else Reason.GB18030, declared)
    return EncodingChoice(declared or "gb18030", Reason.NONE_FITS, declared, wrong)


def _contradicted(telling: Sequence[bytes], declared: str, *, is_utf8: bool) -> bool:
    if declared != "utf-8" and is_utf8:
        return True
    if misfits(telling, declared):
        return True
    # A one-byte encoding accepts any bytes: Chinese pairs give it away.
    single = declared not in _CHINESE and not declared.startswith(("cp93", "cp94", "cp95"))
    return single and misfits(telling, "gb18030") == 0 and _ideographs(telling, "gb18030") > 0.9


def misfits(values: Iterable[bytes], encoding: str) -> int:
    """Return how many values are no text in `encoding`; one cut within its last character is text."""
    return sum(decoded(value, encoding)[1] for value in values)


def decoded(value: bytes, encoding: str) -> tuple[str, bool]:
    """Return a value as text and whether bytes of it had to be replaced by U+FFFD.

    >>> decoded("网格".encode("gbk")[:3], "gb18030"), decoded("网格".encode()[:5], "utf-8")
    (('网', False), ('网', False))
    """
    reader = codecs.getincrementaldecoder(encoding)("strict")
    try:
        text = reader.decode(value)
    except UnicodeDecodeError:
        return value.decode(encoding, "replace"), True
    stump = len(reader.getstate()[0])
    return text, stump > _LONGEST_STUMP


@dataclass(frozen=True, slots=True)
class Candidate:
    """How an encoding reads the first telling texts, and how many of the texts are none in it."""

    encoding: str
    texts: tuple[str, ...]
    misfits: int


def candidates(values: Sequence[bytes]) -> tuple[Candidate, ...]:
    """Return the offered encodings with what they make of the values, for a person to compare.

    Empty where every text is ASCII: then all read it alike.
    """
    telling = list(dict.fromkeys(value for value in values if not value.isascii()))[:_WEIGHED]
    if not telling:
        return ()
    return tuple(
        Candidate(
            encoding,
            tuple(decoded(value, encoding)[0] for value in telling[:_PREVIEWED]),
            misfits(telling, encoding),
        )
        for encoding in OFFERED
    )


def _ideographs(values: Sequence[bytes], encoding: str) -> float:
    """Return the share of Chinese signs among all that are not ASCII; -1 where only stumps are left."""
    text = "".join(decoded(value, encoding)[0] for value in values)
    foreign = [sign for sign in text if sign > "\x7f"]
    chinese = sum("一" <= sign <= "鿿" or "　" <= sign <= "〿" or "！" <= sign <= "～" for sign in foreign)
    return chinese / len(foreign) if foreign else -1.0
