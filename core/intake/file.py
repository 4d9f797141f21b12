"""Opening a stranger's file: every way it can be wrong ends in one coded error."""

from __future__ import annotations

import bz2
import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

# A county's yearly incidents are some tens of megabytes; the cap keeps a wrong file from filling memory.
FILE_CAP_BYTES = 2_000_000_000
TEXT_CAP_BYTES = 1_000_000_000
_CHUNK_BYTES = 1 << 20

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"{\\rtf": "RTF",
    b"SQLite format 3": "SQLite",
}


def checked_path(path: Path, *, cap_bytes: int = FILE_CAP_BYTES) -> Path:
    """Return the path of a readable, non-empty file under the size cap.

    Raises
    ------
    InvalidInput
        ``file_missing``, ``file_is_folder``, ``file_unreadable``, ``file_empty`` or ``file_too_large``.
    """
    name = path.name
    if not path.exists():
        raise InvalidInput("file_missing", file=str(path))
    if path.is_dir():
        raise InvalidInput("file_is_folder", file=name)
    try:
        with path.open("rb") as handle:
            first = handle.read(1)
    except OSError as error:
        raise InvalidInput("file_unreadable", file=name, cause=error.strerror or "") from error
    if not first:
        raise InvalidInput("file_empty", file=name)
    if path.stat().st_size > cap_bytes:
        raise InvalidInput("file_too_large", file=name, cap_mb=cap_bytes // 1_000_000)
    return path


def head_bytes(path: Path, count: int = 64) -> bytes:
    """Return the first bytes of a file, by which its true type is known."""
    with path.open("rb") as handle:
        return handle.read(count)


def container(path: Path) -> str:
    """Name the container by its first bytes: gzip, bzip2, zip, ole, a foreign type or text."""
    head = head_bytes(path)
    for magic, name in ((_GZIP, "gzip"), (_BZIP2, "bzip2"), (_ZIP, "zip"), (_OLE, "ole")):
        if head.startswith(magic):
            return name
    return next((name for magic, name in _FOREIGN.items() if head.startswith(magic)), "text")


def refuse_blank(path: Path) -> None:
    """Refuse a text of nothing but blanks, however long it is; reads as far as the first sign.

    Raises
    ------
    InvalidInput
        ``file_empty``.
    """
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            # Zeros are what a copy leaves that was broken off: a file of them is as empty as one of blanks.
            if chunk.translate(None, b"\0 \t\r\n\f\v"):
                return
    raise InvalidInput("file_empty", file=path.name)


def read_plain(path: Path, *, cap_bytes: int = TEXT_CAP_BYTES) -> bytes:
    """Return the content of a plain, gzip or bzip2 file.

    Raises
    ------
    InvalidInput
        ``file_truncated`` when the compressed stream ends early, ``file_damaged`` when its check fails,
        ``file_too_large`` when it unpacks beyond the cap, ``file_empty`` when nothing is inside.
    """
    openers: dict[str, Callable[..., object]] = {"gzip": gzip.open, "bzip2": bz2.open}
    opener = openers.get(container(path), Path.open)
    try:
        with opener(path, "rb") as handle:
            content: bytes = handle.read(cap_bytes + 1)
    except EOFError as error:
        raise InvalidInput("file_truncated", file=path.name) from error
    except (zlib.error, gzip.BadGzipFile, OSError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    if len(content) > cap_bytes:
        raise InvalidInput("file_too_large", file=path.name, cap_mb=cap_bytes // 1_000_000)
    if not content.strip():
        raise InvalidInput("file_empty", file=path.name)
    return content
