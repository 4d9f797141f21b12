"""Whether a file of boundaries is small enough to be read whole, before any reader is let at it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

import shapely

from core.errors import InvalidInput
from core.intake.archive import wanted_members
from core.intake.file import checked_path, container

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
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
_XML = (".kml", ".gml")
# What names an entity in XML; one entity of a few bytes can stand for gigabytes. UTF-16 is XML too.
_ENTITY = b"<!entity"
_ENTITIES = (_ENTITY, _ENTITY.decode().encode("utf-16-le"), _ENTITY.decode().encode("utf-16-be"))


def refuse_large(path: Path) -> Path:
    """Return `path` if it is a readable file whose stated sizes a reader can take in; nothing is unpacked.

    Raises
    ------
    InvalidInput
        What `checked_path` raises, ``file_unreadable`` for devices and pipes too; ``file_too_large`` (fields
        `file`, `cap_mb`), ``file_damaged`` or ``xml_entities`` (field `file`).
    """
    kind = path.suffix.lower()
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InvalidInput("file_unreadable", file=path.name, cause="not a regular file")
    checked_path(path, cap_bytes=HEAVY_KML_BYTES if kind in _KML else HEAVY_BYTES)
    if container(path) == "zip":
        _refuse_large_members(path)
    elif kind in _XML:
        with path.open("rb") as handle:
            if any(_occurrences(handle, _ENTITIES).values()):
                raise InvalidInput("xml_entities", file=path.name)
    return path


def refuse_heavy(path: Path) -> Path:
    """Return `path` if it can be read whole and checked in well under 2 GB of memory.

    Raises
    ------
    InvalidInput
        What `refuse_large` raises; ``too_many_vertices`` (fields `file`, `most`).
    """
    refuse_large(path)
    if path.suffix.lower() in _JSON and container(path) == "text":
        with path.open("rb") as handle:
            # A vertex is a pair in brackets; other lists in the file are few.
            if _occurrences(handle, (b"[",))[b"["] > 2 * MOST_VERTICES:
                raise InvalidInput("too_many_vertices", file=path.name, most=MOST_VERTICES)
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


def _refuse_large_members(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = [entry for entry, _ in wanted_members(archive)]
            # A KMZ of many parts is read by GDAL as it is; all its members count.
            counted = archive.infolist() if path.suffix.lower() == ".kmz" else wanted
            kml = sum(entry.file_size for entry in counted if _ending(entry) == ".kml")
            for size, cap in ((kml, HEAVY_KML_BYTES), (sum(e.file_size for e in counted), HEAVY_BYTES)):
                if size > cap:
                    raise InvalidInput("file_too_large", file=path.name, cap_mb=cap // 1_000_000)
            for entry in counted:
                if _ending(entry) in _XML and not entry.flag_bits & 0x1:
                    with archive.open(entry) as member:
                        if any(_occurrences(member, _ENTITIES).values()):
                            raise InvalidInput("xml_entities", file=path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error


def _ending(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()


def _occurrences(handle: IO[bytes], wanted: Sequence[bytes]) -> dict[bytes, int]:
    """Count each of `wanted` (lower case) in a stream, a piece at a time."""
    counts = dict.fromkeys(wanted, 0)
    overlap = max(map(len, wanted)) - 1
    tail = b""
    while chunk := handle.read(_CHUNK_BYTES):
        piece = tail + chunk.lower()
        for word in wanted:
            # What lies wholly in the tail was counted with the piece before.
            counts[word] += piece.count(word) - tail.count(word)
        tail = piece[max(0, len(piece) - overlap) :] if overlap else b""
    return counts
