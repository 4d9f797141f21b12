"""Where imported shapes came from and what was done to them, to be stored beside them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """The account of one file as read.

    Attributes
    ----------
    file, sha256, format, layer : str
        Name without folder, digest of the whole file, GDAL's name of the format, layer read.
    encoding, encoding_why : str
        Of the attributes; `encoding_why` is a code of `core.intake.encoding.Reason`, empty where the
        format has one encoding only.
    source_crs : str
        As the file names it or as a person chose it.
    datum, datum_why : str
        What the coordinates were in (``wgs84``, ``gcj02``, ``bd09``; empty: nobody looked) and who said so
        (a verdict of `geo.shapes.datum_fit`, ``chosen`` or ``marked``).
    converted : bool
        Whether the coordinates were moved from `datum` to WGS 84. Once true, never again.
    """

    file: str
    sha256: str
    format: str
    layer: str
    encoding: str
    encoding_why: str
    source_crs: str
    datum: str = ""
    datum_why: str = ""
    converted: bool = False

    def as_json(self) -> dict[str, object]:
        """Return the account as JSON types."""
        return asdict(self)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()
