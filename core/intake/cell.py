"""Numbers, text and times out of table cells, as strangers write them."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.intake.table import Cell

# Day 0 of the serial day numbers of spreadsheets; it absorbs their invented 29 February 1900.
_SERIAL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - the zone is added by the caller
_SERIAL_SPAN = (1.0, 80_000.0)

_NUMERIC_DATE = re.compile(
    r"(\d{4})\D(\d{1,2})\D(\d{1,2})\D?(?:[\sT]*(\d{1,2})\D(\d{1,2})(?:\D(\d{1,2})(?:\.\d+)?)?\D?)?"
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?")
_AMERICAN_DATE = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp])\.?[Mm]\.?)"
)


def text_of(cell: object) -> str:
    """Return a cell as trimmed text; 13800000000.0 of a workbook is the text 13800000000."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def number_of(cell: Cell) -> float | None:
    """Return a cell as a finite number, or None; full-width digits and a degree sign are understood.

    A decimal comma is not: "121,48" may as well be a thousand separator.
    """
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return float(cell) if math.isfinite(cell) else None
    if not isinstance(cell, str):
        return None
    try:
        number = float(cell)
    except ValueError:
        flat = unicodedata.normalize("NFKC", cell).strip().rstrip("°米m度 ")
        try:
            number = float(flat)
        except ValueError:
            return None
    return number if math.isfinite(number) else None


def word_of[Meaning: str](text: str, words: Mapping[Meaning, Sequence[str]], other: Meaning) -> Meaning:
    """Return what a word means by a table of meanings and their words, `other` when it is none of them.

    >>> word_of(" Rent ", {"rented": ("rent", "出租")}, "unknown")
    'rented'
    """
    flat = text.strip().lower()
    return next((meaning for meaning, known in words.items() if flat in known), other)


#: First characters that make a spreadsheet program take a text for a formula (CWE-1236).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: object) -> object:
    """Return a cell in the form in which a spreadsheet program runs nothing of it.

    A number with its sign (a phone number, a coordinate) is no formula and stays as it is; None is empty.

    >>> harmless("=1+1"), harmless("+8613800000000"), harmless(None)
    ("'=1+1", '+8613800000000', '')
    """
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) and not _is_number(cell):
        return "'" + cell
    return "" if cell is None else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def time_of(cell: Cell, zone: tzinfo) -> datetime | None:
    """Return a cell as an aware time, or None when it is no time in a documented format.

    Understood: ISO 8601, 2017/3/5 14:22, 2017年3月5日 14时22分, 20170305142233, 03/05/2017 02:22:00 PM (month
    first, only with AM or PM, which no day-first country writes), dates and serial days of workbooks.

    Parameters
    ----------
    cell : Cell
    zone : tzinfo
        Taken for times that name none. A time the clocks skip or repeat is read as the earlier offset.
    """
    naive = _read_time(cell)
    if naive is None:
        return None
    return naive if naive.tzinfo is not None else naive.replace(tzinfo=zone)


def _read_time(cell: Cell) -> datetime | None:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - the zone is added by the caller
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return _serial_time(float(cell))
    return _time_from_text(cell.strip()) if isinstance(cell, str) else None


def _serial_time(days: float) -> datetime | None:
    low, high = _SERIAL_SPAN
    if not low <= days <= high:
        return None
    return _SERIAL_DAY_ZERO + timedelta(seconds=round(days * 86_400))


def _time_from_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    flat = unicodedata.normalize("NFKC", text)
    for pattern in (_NUMERIC_DATE, _COMPACT_DATE):
        match = pattern.fullmatch(flat)
        if match:
            return _built(*(int(part or 0) for part in match.groups()))
    match = _AMERICAN_DATE.fullmatch(flat)
    if match is None:
        return None
    month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if match.group(7).lower() == "p" else 0)
    return _built(year, month, day, hour, minute, second)


def _built(*parts: int) -> datetime | None:
    try:
        return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the zone is added by the caller
    except ValueError:
        return None
