"""Zip archives of layers: unpacked into a folder of their own, names made readable and safe."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.errors import InvalidInput
from core.intake.file import FILE_CAP_BYTES, container

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAYER_ENDINGS = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".gml", ".dxf")
#: Each is opened to see what it holds: 20,000 small ones, two megabytes packed, hold a web thread for 11 s.
MOST_LAYERS = 500
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
# Zip's flag for names in UTF-8; without it they are in the code page of the machine that packed.
_UTF8_NAMES = 0x800


@contextmanager
def layer_files(path: Path) -> Iterator[list[Path]]:
    """Give the layer files of `path`: itself, or what a zip archive holds.

    A Shapefile with upper-case endings, or with parts spelt differently, is given as a tidy copy.

    Raises
    ------
    InvalidInput
        ``file_damaged``, ``file_too_large``, ``file_locked``, ``archive_choice`` (no layer inside) or
        ``archive_crowded`` (fields `file`, `limit`).
    """
    if path.suffix.lower() == ".kmz" and sum(name.lower().endswith(".kml") for name in _names_told(path)) > 1:
        # GDAL follows the links between the parts.
        yield [path]
        return
    if container(path) != "zip" and path.suffix.lower() != ".shp":
        yield [path]
        return
    with TemporaryDirectory(prefix="gridpatrol-layer-") as folder:
        if container(path) == "zip":
            found = _unpacked(path, Path(folder))
            if not found:
                raise InvalidInput("archive_choice", file=path.name, found=_names_told(path))
            yield found
        else:
            yield [_tidy_shape(path, Path(folder))]


def _tidy_shape(path: Path, folder: Path) -> Path:
    """Return the Shapefile itself, or links with lower-case endings where a part is spelt otherwise."""
    parts = {
        part.suffix.lower(): part
        for part in path.parent.iterdir()
        if part.stem == path.stem and part.suffix.lower() in {".shp", *_SIDECARS}
    }
    if all(part.suffix == ending for ending, part in parts.items()):
        return path
    for ending, part in parts.items():
        (folder / f"{path.stem}{ending}").symlink_to(part.resolve())
    return folder / f"{path.stem}.shp"


def member_name(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry: UTF-8 when flagged or well-formed, otherwise GB18030, otherwise as is."""
    if entry.flag_bits & _UTF8_NAMES:
        return entry.filename
    try:
        stored = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return stored.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _unpacked(path: Path, folder: Path) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = wanted_members(archive)
            _refuse_many(wanted, path.name)
            if any(entry.flag_bits & 0x1 for entry, _ in wanted):
                raise InvalidInput("file_locked", file=path.name)
            # Asked before the first byte is unpacked: what is written first is written in vain.
            if sum(entry.file_size for entry, _ in wanted) > FILE_CAP_BYTES:
                raise InvalidInput("file_too_large", file=path.name, cap_mb=FILE_CAP_BYTES // 1_000_000)
            for entry, place in wanted:
                _copy(archive, entry, folder / place)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    return sorted({folder / place for _, place in wanted if place.suffix in LAYER_ENDINGS})


def _refuse_many(wanted: Sequence[tuple[zipfile.ZipInfo, PurePosixPath]], file: str) -> None:
    if sum(place.suffix in LAYER_ENDINGS for _, place in wanted) > MOST_LAYERS:
        raise InvalidInput("archive_crowded", file=file, limit=MOST_LAYERS)


def wanted_members(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Return what of an archive is unpacked, and where to inside a folder; the rest is never touched."""
    placed = [(entry, _place(entry)) for entry in archive.infolist()]
    return [(entry, place) for entry, place in placed if place is not None]


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # The reader stops at the size the entry states, so an entry cannot unpack to more than was counted.
    with archive.open(entry) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def _place(entry: zipfile.ZipInfo) -> PurePosixPath | None:
    """Return where an entry is unpacked to; None for folders, hidden files and what no layer needs."""
    name = PurePosixPath(member_name(entry).replace("\\", "/"))
    ending = name.suffix.lower()
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    if entry.is_dir() or hidden or ending not in {*LAYER_ENDINGS, *_SIDECARS}:
        return None
    # Nothing of a stranger's path may lead out of the folder.
    safe = [part for part in name.parts[:-1] if part not in {"..", "/", ""}]
    return PurePosixPath(*safe, f"{name.stem}{ending}")


def _names_told(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [member_name(entry) for entry in archive.infolist()][:20]
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
