"""Whether a file of boundaries is small enough to be read whole, before any reader is let at it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.file import checked_path, container

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: A county of 10,000 grids with 2,000,000 vertices is 32 MB as GeoPackage and 80 MB as GeoJSON.
HEAVY_BYTES = 250_000_000
#: GDAL keeps a KML document as a tree, some twenty times its size.
HEAVY_KML_BYTES = 60_000_000
#: Checking 2,000,000 vertices was seen to need 0.5 GB; 3,000,000 leave room under 2 GB for the reader.
MOST_VERTICES = 3_000_000
_CHUNK_BYTES = 1 << 22
_JSON = (".geojson", ".json")
_KML = (".kml", ".kmz")
# What names an entity in XML; one entity of a few bytes can stand for gigabytes.
_ENTITY = b"<!entity"


def refuse_heavy(path: Path) -> Path:
    """Return `path` if it is a readable file that can be read whole in well under 2 GB of memory.

    Raises
    ------
    InvalidInput
        What `checked_path` raises, ``file_unreadable`` for devices and pipes too; ``file_too_large`` (fields
        `file`, `cap_mb`), ``too_many_vertices`` (fields `file`, `most`), ``file_damaged`` or
        ``xml_entities`` (field `file`).
    """
    kind = path.suffix.lower()
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InvalidInput("file_unreadable", file=path.name, cause="not a regular file")
    checked_path(path, cap_bytes=HEAVY_KML_BYTES if kind in _KML else HEAVY_BYTES)
    if container(path) == "zip":
        _refuse_heavy_members(path)
    elif kind in _JSON and _occurrences(path, b"[") > 2 * MOST_VERTICES:
        # A vertex is a pair in brackets; other lists in the file are few.
        raise InvalidInput("too_many_vertices", file=path.name, most=MOST_VERTICES)
    elif kind in {".kml", ".gml"} and _occurrences(path, _ENTITY):
        raise InvalidInput("xml_entities", file=path.name)
    return path


def refuse_many_vertices(shapes: NDArray[np.object_], name: str) -> None:
    """Refuse geometries that hold more vertices than a check can keep in memory.

    Raises
    ------
    InvalidInput
        ``too_many_vertices`` (fields `file`, `most`).
    """
    if int(shapely.get_num_coordinates(shapes).sum()) > MOST_VERTICES:
        raise InvalidInput("too_many_vertices", file=name, most=MOST_VERTICES)


def _refuse_heavy_members(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                ending = entry.filename.lower()
                cap = HEAVY_KML_BYTES if ending.endswith(".kml") else HEAVY_BYTES
                if entry.file_size > cap:
                    raise InvalidInput("file_too_large", file=path.name, cap_mb=cap // 1_000_000)
                if ending.endswith((".kml", ".gml")) and not entry.flag_bits & 0x1:
                    with archive.open(entry) as member:
                        if _ENTITY in member.read().lower():
                            raise InvalidInput("xml_entities", file=path.name)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error


def _occurrences(path: Path, wanted: bytes) -> int:
    """Count `wanted` (lower case) in a file, a piece at a time."""
    count, tail = 0, b""
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            piece = tail + chunk.lower()
            count += piece.count(wanted)
            tail = piece[len(piece) - len(wanted) + 1 :] if len(wanted) > 1 else b""
    return count
