"""Column names that fit a format: a Shapefile allows ten bytes in the encoding of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: dBASE III: a field name is eleven bytes, the last of them zero.
NAME_BYTES = 10
#: dBASE III: a text field holds at most 254 bytes.
TEXT_BYTES = 254


def short_names(columns: Sequence[str], encoding: str) -> dict[str, str]:
    """Return for each column a name of at most ten bytes, all different whatever their case.

    >>> short_names(["户籍人口数量", "户籍人口总数", "code"], "gb18030")
    {'户籍人口数量': '户籍人口数', '户籍人口总数': '户籍人口总', 'code': 'code'}
    >>> short_names(["population_2024", "population_2025"], "utf-8")
    {'population_2024': 'population', 'population_2025': 'populati_2'}
    """
    taken: set[str] = set()
    short: dict[str, str] = {}
    for column in columns:
        name = cut_text(column, encoding, NAME_BYTES)
        number = 1
        while name.lower() in taken:
            number += 1
            tail = f"_{number}"
            name = cut_text(column, encoding, NAME_BYTES - len(tail)) + tail
        taken.add(name.lower())
        short[column] = name
    return short


def cut_text(text: str, encoding: str, most: int) -> str:
    """Return the longest beginning of `text` that takes at most `most` bytes, whole characters only.

    >>> cut_text("网格边界", "utf-8", 10), cut_text("网格边界", "gb18030", 10)
    ('网格边', '网格边界')
    """
    while len(text.encode(encoding)) > most:
        text = text[:-1]
    return text
