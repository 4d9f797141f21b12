"""A few columns of a large table as arrays: half a million rows in a fraction of a second.

`read_table` keeps every cell as an object, which is right for records that are stored one by one and too slow
for incidents that are only counted. Here pyarrow reads the columns that are asked for and nothing else;
encodings, delimiters, compression and refusals are those of `read_table`. A cell that is no number or no time
makes its column be read again cell by cell, as imports read it, and the rows that stay unreadable are
counted.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from core.errors import InvalidInput
from core.intake.cell import number_of, text_of, time_of
from core.intake.file import checked_path, container, read_plain
from core.intake.table import decode, delimiter_of, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from core.intake.table import Cell

_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns by what they hold; a name may stand in one list only."""

    numbers: Sequence[str] = ()
    times: Sequence[str] = ()
    words: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """All names, numbers first."""
        return [*self.numbers, *self.times, *self.words]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of text: `names[code[i]]` is the text of row i."""

    code: npt.NDArray[np.int32]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns as arrays of one length, in the order of the rows.

    Attributes
    ----------
    numbers : dict of float64
        NaN where the cell is empty or no number.
    times : dict of datetime64[s]
        Wall clock as written, whatever zone a cell names. NaT where the cell is empty or no time.
    words : dict of Words
    skipped : int
        Rows with more or fewer cells than the header, left out.
    """

    numbers: dict[str, npt.NDArray[np.float64]]
    times: dict[str, npt.NDArray[np.datetime64]]
    words: dict[str, Words]
    skipped: int

    def __len__(self) -> int:
        return len(next(iter((self.numbers | self.times).values()), ()))


def header_of(path: Path) -> tuple[str, ...]:
    """Return the column names of a table.

    Raises
    ------
    InvalidInput
        What `read_columns` raises for the file itself.
    """
    if container(checked_path(path)) in {"zip", "ole"}:
        return read_table(path).columns
    return _Text.read(path, whole=False).header


def read_columns(path: Path, wanted: Wanted) -> Columns:
    """Read columns of a csv or tsv (plain, gzip, bzip2) or of a workbook's first sheet.

    Raises
    ------
    InvalidInput
        ``column_not_found`` (fields `column`, `found`), ``table_broken``, ``table_empty``, and what
        `checked_path`, `read_plain`, `decode` and `read_table` raise.
    """
    if container(checked_path(path)) in {"zip", "ole"}:
        return _of_workbook(path, wanted)
    text = _Text.read(path)
    _require(wanted, text.header)
    typed = dict.fromkeys(wanted.numbers, pa.float64()) | dict.fromkeys(wanted.times, pa.timestamp("us"))
    try:
        table, skipped = text.parsed(wanted, typed)
    except pa.ArrowInvalid:
        # Some cell is no number or time as pyarrow knows them: take all as text and read each as imports do.
        table, skipped = text.parsed(wanted, dict.fromkeys([*wanted.numbers, *wanted.times], pa.string()))
        return _cell_by_cell(table, wanted, skipped)
    numbers = {name: table[name].to_numpy().astype(np.float64) for name in wanted.numbers}
    times = {name: table[name].to_numpy().astype("datetime64[s]") for name in wanted.times}
    return _whole(Columns(numbers, times, {n: _words(table[n]) for n in wanted.words}, skipped), path)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text table as UTF-8 bytes, its header and delimiter."""

    content: bytes
    header: tuple[str, ...]
    delimiter: str
    name: str

    @classmethod
    def read(cls, path: Path, *, whole: bool = True) -> _Text:
        if container(path) not in {"text", "gzip", "bzip2"}:
            raise InvalidInput(
                "file_type_wrong", file=path.name, found=container(path), wanted="csv, xlsx, xls, ods"
            )
        content = read_plain(path) if whole else _head(path)
        # Plain ASCII, the usual case, needs no look at encodings.
        if not content.isascii() or b"\x00" in content[:4096]:
            content = decode(content, path.name)[0].encode()
        content = content.lstrip(b"\r\n")
        head = content[:_HEAD_BYTES].decode("utf-8", "ignore")
        delimiter = delimiter_of(head)
        first = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
        header = tuple(cell.strip() for cell in first)
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise InvalidInput("column_twice", file=path.name, columns=twice)
        return cls(content, header, delimiter, path.name)

    def parsed(self, wanted: Wanted, types: dict[str, Any]) -> tuple[pa.Table, int]:
        """Return the wanted columns and how many rows were of another length than the header."""
        skipped = 0

        def skip(_row: object) -> str:
            nonlocal skipped
            skipped += 1
            return "skip"

        words = pa.dictionary(pa.int32(), pa.string())
        table = pyarrow.csv.read_csv(
            pa.BufferReader(self.content),
            # Names are given so that pyarrow sees them trimmed; an unnamed column keeps a name of its own.
            read_options=pyarrow.csv.ReadOptions(
                column_names=[name or f"\x00{place}" for place, name in enumerate(self.header)], skip_rows=1
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=b'"' in self.content,
                invalid_row_handler=skip,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=wanted.names, column_types=types | dict.fromkeys(wanted.words, words)
            ),
        )
        return table, skipped


def _head(path: Path) -> bytes:
    """Return the first lines; all of a file that cannot be begun without the rest, or is damaged."""
    openers: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open}
    try:
        with openers.get(container(path), open)(path, "rb") as handle:
            content: bytes = handle.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        return read_plain(path)
    lines, _, _ = content.rpartition(b"\n")
    # A line end of UTF-16 is two bytes long.
    return read_plain(path) if b"\x00" in content or not lines.strip() else lines


def _require(wanted: Wanted, header: Sequence[str]) -> None:
    for name in wanted.names:
        if name not in header:
            raise InvalidInput("column_not_found", column=name, found=list(header))


def _words(column: Any) -> Words:
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    return Words(np.asarray(whole.indices.fill_null(0), dtype=np.int32), whole.dictionary.to_pylist())


def _cell_by_cell(table: Any, wanted: Wanted, skipped: int) -> Columns:
    numbers = {name: _numbers(table[name].to_pylist()) for name in wanted.numbers}
    times = {name: _times(table[name].to_pylist()) for name in wanted.times}
    return Columns(numbers, times, {name: _words(table[name]) for name in wanted.words}, skipped)


def _of_workbook(path: Path, wanted: Wanted) -> Columns:
    table = read_table(path)
    _require(wanted, table.columns)

    def column(name: str) -> list[Cell]:
        place = table.columns.index(name)
        return [row[place] if place < len(row) else None for row in table.rows]

    words = {}
    for name in wanted.words:
        names, code = np.unique([text_of(cell) for cell in column(name)], return_inverse=True)
        words[name] = Words(code.astype(np.int32), names.tolist())
    return Columns(
        {name: _numbers(column(name)) for name in wanted.numbers},
        {name: _times(column(name)) for name in wanted.times},
        words,
        skipped=0,
    )


def _numbers(cells: Sequence[Cell]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if (n := number_of(cell)) is None else n for cell in cells], dtype=np.float64)


def _times(cells: Sequence[Cell]) -> npt.NDArray[np.datetime64]:
    return np.array([_wall_clock(time_of(cell, UTC)) for cell in cells], dtype="datetime64[s]")


def _wall_clock(moment: datetime | None) -> np.datetime64:
    if moment is None:
        return np.datetime64("NaT", "s")
    return np.datetime64(moment.replace(tzinfo=None, microsecond=0), "s")


def _whole(columns: Columns, path: Path) -> Columns:
    if len(columns) == 0:
        raise InvalidInput("table_empty", file=path.name)
    return columns
