"""Whether a vector file is whole: formats that state their own size are checked before GDAL sees them.

GDAL reads what is left of a Shapefile or GeoPackage that was cut off in copying and says nothing; half a
county's grids would come in as if they were all.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

from core.errors import InvalidInput
from core.intake.file import container

if TYPE_CHECKING:
    from pathlib import Path

_SQLITE = b"SQLite format 3\x00"
_DXF_END_BYTES = 400
#: Signs; what a person would have a cell hold of itself is a word.
_LONGEST_DEFAULT = 1_000
# `hidden`: 2 and 3 are computed columns, virtual and stored. An index (virtual table) has none.
_COMPUTED = (
    "SELECT name FROM sqlite_master WHERE type = 'view' UNION "
    "SELECT one.name FROM sqlite_master AS one, pragma_table_xinfo(one.name) AS part "
    "WHERE one.type = 'table' AND one.sql NOT LIKE 'CREATE VIRTUAL%' "
    "AND (part.hidden IN (2, 3) OR length(part.dflt_value) > :most) LIMIT 20"
)


def refuse_cut_file(source: Path, name: str) -> None:
    """Refuse a file that is shorter than it says, or a Shapefile that lacks its index.

    Raises
    ------
    InvalidInput
        ``file_truncated`` or ``file_damaged`` (field `file`), ``shape_part_missing`` (fields `file`, `part`)
        or ``layer_computed`` (fields `file`, `found`): a view may never end when it is read, a computed
        column makes gigabytes of a few bytes.
    """
    ending = source.suffix.lower()
    # GDAL knows a GeoPackage by what it holds, whatever its name says.
    is_database = container(source) == "SQLite"
    if is_database:
        cut = _is_cut_database(source)
    elif ending == ".shp":
        if not source.with_suffix(".shx").exists():
            raise InvalidInput("shape_part_missing", file=name, part=".shx")
        cut = _is_cut_shape(source) or _is_cut_table(source.with_suffix(".dbf"))
    else:
        cut = ending == ".dxf" and _is_cut_drawing(source)
    if cut:
        raise InvalidInput("file_truncated", file=name)
    computed = _computed_layers(source, name) if is_database else []
    if computed:
        raise InvalidInput("layer_computed", file=name, found=computed)


def _is_cut_shape(path: Path) -> bool:
    head = _head(path, 100)
    # The header counts 16-bit words (ESRI Shapefile Technical Description 1998, "File length").
    return len(head) == 100 and path.stat().st_size < 2 * int.from_bytes(head[24:28], "big")


def _is_cut_table(path: Path) -> bool:
    if not path.exists():
        return False
    head = _head(path, 32)
    if len(head) < 32:
        return True
    rows, head_length, row_length = struct.unpack("<IHH", head[4:12])
    return bool(path.stat().st_size < head_length + rows * row_length)


def _is_cut_database(path: Path) -> bool:
    head = _head(path, 100)
    if len(head) < 100 or not head.startswith(_SQLITE):
        return False
    # SQLite file format: page size at 16 (1 means 65536), pages at 28, valid when 24 equals 92.
    page = int.from_bytes(head[16:18], "big")
    page_bytes = 65_536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    return head[24:28] == head[92:96] and path.stat().st_size < pages * page_bytes


def _computed_layers(path: Path, name: str) -> list[str]:
    """Return what a GeoPackage computes when it is read, which its format has no use for.

    These are views, and tables with computed columns or with a long default, which each row that lacks the
    column repeats.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            # The list of contents may be a view itself: only the list of what there is, is asked.
            rows = database.execute(_COMPUTED, {"most": _LONGEST_DEFAULT}).fetchall()
    except sqlite3.Error as error:
        # What cannot be asked is not let through: GDAL brings another SQLite, which may read it.
        raise InvalidInput("file_damaged", file=name) from error
    return [str(row[0]) for row in rows]


def _is_cut_drawing(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(max(0, size - _DXF_END_BYTES))
        return b"EOF" not in handle.read() and not _head(path, 22).startswith(b"AutoCAD Binary DXF")


def _head(path: Path, count: int) -> bytes:
    with path.open("rb") as handle:
        return handle.read(count)
