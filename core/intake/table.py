"""Tables from comma-separated text and workbooks, whatever their encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import python_calamine

from core.errors import InvalidInput
from core.intake.file import TEXT_CAP_BYTES, checked_path, container, read_plain

if TYPE_CHECKING:
    from pathlib import Path

type Cell = str | float | int | bool | datetime | date | time | timedelta | None

_DELIMITERS = ",\t;|"
_WIDEST_CELL = 10_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """Header and rows of a table; ``lines[i]`` is the line (or sheet row) of ``rows[i]``, from 1."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]
    lines: list[int]
    encoding: str

    def as_mapping(self, index: int) -> dict[str, object]:
        """Return one row by column name, as it is handed back when refused."""
        row = self.rows[index]
        return {name: row[place] if place < len(row) else "" for place, name in enumerate(self.columns)}


def read_table(path: Path, *, sheet: str | None = None) -> Table:
    """Read csv, tsv (plain, gzip, bzip2), xlsx, xls or ods, told apart by content, not by name.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Sheet of a workbook; the first sheet that holds anything when left out.

    Raises
    ------
    InvalidInput
        One code for each way a file can be unreadable (see docs/imports.md).
    """
    kind = container(checked_path(path))
    if kind in {"zip", "ole"}:
        return _workbook_table(path, sheet)
    if kind not in {"text", "gzip", "bzip2"}:
        raise InvalidInput("file_type_wrong", file=path.name, found=kind, wanted="csv, xlsx, xls, ods")
    text, encoding = decode(read_plain(path), path.name)
    return _text_table(text, encoding, path.name)


def decode(content: bytes, name: str) -> tuple[str, str]:
    """Decode UTF-8 (with or without mark), UTF-16 with mark or GB18030; returns text and encoding.

    GB18030 contains GBK and GB2312, the encodings Chinese spreadsheet programs write without saying so.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ("utf-8-sig", "gb18030")
    if b"\x00" in content[:4096] and candidates[0] != "utf-16":
        raise InvalidInput("file_type_wrong", file=name, found="binary", wanted="csv, xlsx, xls, ods")
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise InvalidInput("encoding_unknown", file=name)


def _text_table(text: str, encoding: str, name: str) -> Table:
    delimiter = delimiter_of(text)
    csv.field_size_limit(_WIDEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    header: list[str] | None = None
    try:
        for row in reader:
            if header is None:
                header = _header_of(row)
            elif any(cell.strip() for cell in row):
                rows.append([*row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise InvalidInput("table_broken", file=name, line=reader.line_num) from error
    return _checked(Table(tuple(header or ()), rows, lines, encoding), name)


def _header_of(row: list[str]) -> list[str] | None:
    cells = [cell.strip() for cell in row]
    return cells if any(cells) else None


def delimiter_of(text: str) -> str:
    """Take the delimiter that the header line uses most, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=lambda mark: (outside.count(mark), -_DELIMITERS.index(mark)))


def _workbook_table(path: Path, sheet: str | None) -> Table:
    rows = _sheet_rows(path, sheet)
    start = next((index for index, row in enumerate(rows) if any(not _blank(cell) for cell in row)), None)
    if start is None:
        raise InvalidInput("table_empty", file=path.name)
    columns = tuple(str(cell).strip() for cell in rows[start])
    body = [
        (start + offset + 2, row)
        for offset, row in enumerate(rows[start + 1 :])
        if any(not _blank(cell) for cell in row)
    ]
    table = Table(columns, [row for _, row in body], [line for line, _ in body], "workbook")
    return _checked(table, path.name)


def _sheet_rows(path: Path, sheet: str | None) -> list[list[Cell]]:
    _refuse_bomb(path)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            names = list(book.sheet_names)
            if sheet is not None and sheet not in names:
                raise InvalidInput("sheet_missing", file=path.name, sheet=sheet, found=names)
            for name in [sheet] if sheet is not None else names:
                found = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                rows: list[list[Cell]] = [[*row] for row in found]
                if any(not _blank(cell) for row in rows for cell in row):
                    return rows
    except python_calamine.PasswordError as error:
        raise InvalidInput("file_locked", file=path.name) from error
    except (python_calamine.CalamineError, OSError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    raise InvalidInput("table_empty", file=path.name)


def _refuse_bomb(path: Path) -> None:
    """Refuse a workbook whose parts unpack beyond the cap: a few kilobytes can hold gigabytes of zeros."""
    if container(path) != "zip":
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    if unpacked > TEXT_CAP_BYTES:
        raise InvalidInput("file_too_large", file=path.name, cap_mb=TEXT_CAP_BYTES // 1_000_000)


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _checked(table: Table, name: str) -> Table:
    if not table.columns:
        raise InvalidInput("table_empty", file=name)
    named = [column for column in table.columns if column]
    twice = sorted({column for column in named if named.count(column) > 1})
    if twice:
        raise InvalidInput("column_twice", file=name, columns=twice)
    if not table.rows:
        raise InvalidInput("table_empty", file=name)
    return table
