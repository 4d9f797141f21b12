"""Files far too large: one code, at once, in little memory; true ones, in processes of their own."""

import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from core.errors import InvalidInput
from core.intake import archive, weight
from core.intake.archive import layer_files
from core.intake.vector import read_layer
from core.settings import PROJECT_DIR

#: What a process that only loads GDAL and shapely holds is some 150 MB.
MOST_MEMORY_MB = 400
#: Of processor time: what other programs do meanwhile makes a refusal late, but not dearer.
LONGEST_S = 5.0
READ = """
import json, re, sys, time
from pathlib import Path
from core.errors import InvalidInput
from core.intake.preview import preview_layer
from core.intake.vector import read_layer
told = []
for read in (read_layer, preview_layer):
    began = time.process_time()
    try:
        read(Path(sys.argv[1]))
        code = "READ"
    except InvalidInput as error:
        code = error.code
    told.append([code, time.process_time() - began])
# Of this program alone: ru_maxrss would count the one that started it.
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([told, peak_kb / 1024]))
"""
FEATURE = (
    b'{"type":"Feature","properties":{"name":"a"},"geometry":{"type":"Polygon","coordinates":'
    b"[[[119.0,30.0],[119.01,30.0],[119.01,30.01],[119.0,30.0]]]}},\n"
)
KML = (
    '<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE k [<!ENTITY a "{much}"><!ENTITY b "{a}">'
    '<!ENTITY c "{b}">]><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&c;</name></Document></kml>'
)


def large_geojson(folder: Path) -> Path:
    path = folder / "large.geojson"
    piece = FEATURE * (1_000_000 // len(FEATURE))
    with path.open("wb") as handle:
        handle.write(b'{"type":"FeatureCollection","features":[\n')
        for _ in range(500_000_000 // len(piece) + 1):
            handle.write(piece)
        handle.write(piece.rstrip(b",\n") + b"]}")
    assert path.stat().st_size > 500_000_000
    return path


def zipped_shapefile(folder: Path) -> Path:
    """A Shapefile of 500 MB, which packs small, as outlines of one place repeated do."""
    path = folder / "grids.zip"
    piece = bytes(range(256)) * 4_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as whole:
        for ending in (".shx", ".dbf"):
            whole.writestr(f"grids{ending}", b"x")
        with whole.open("grids.shp", "w", force_zip64=True) as member:
            for _ in range(500_000_000 // len(piece) + 1):
                member.write(piece)
    assert path.stat().st_size < 20_000_000
    return path


def stated(folder: Path, sizes: dict[str, int]) -> Path:
    """An archive whose members say how large they are, without being so."""
    path = folder / "stated.zip"
    with zipfile.ZipFile(path, "w") as whole:
        for name in sizes:
            whole.writestr(name, b"tiny")
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    for size in sizes.values():
        content[place + 24 : place + 28] = size.to_bytes(4, "little")
        place = content.find(b"PK\x01\x02", place + 4)
    path.write_bytes(content)
    return path


def bomb(folder: Path, encoding: str) -> Path:
    path = folder / "bomb.kml"
    text = KML.format(encoding=encoding, much="x" * 1_000, a="&a;" * 1_000, b="&b;" * 1_000)
    path.write_bytes(text.encode(encoding))
    return path


def packed_bomb(folder: Path) -> Path:
    path = folder / "bomb.kmz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.write(bomb(folder, "UTF-16"), "doc.kml")
        whole.writestr("more.kml", "<kml/>")
    return path


def blanks(folder: Path) -> Path:
    path = folder / "blank.geojson"
    with path.open("wb") as handle:
        handle.truncate(240_000_000)
    return path


def endless_view(folder: Path, name: str = "view.gpkg") -> Path:
    """A GeoPackage whose layer is a query that never ends."""
    path = plain_package(folder, name)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "ALTER TABLE grids RENAME TO kept;"
            "CREATE VIEW grids AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) "
            "SELECT n.fid AS fid, kept.geom AS geom, kept.name AS name FROM n, kept;"
        )
    return path


def swollen_column(folder: Path, column: str) -> Path:
    """A small GeoPackage with a column that is far larger when it is read."""
    path = plain_package(folder, "swollen.gpkg")
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"ALTER TABLE grids ADD COLUMN more TEXT {column}")
    return path


def plain_package(folder: Path, name: str) -> Path:
    path = folder / name
    shape = np.array([shapely.box(119, 30, 119.01, 30.01)], object)
    pyogrio.raw.write(
        path, shapely.to_wkb(shape), [np.array(["a"], object)], ["name"], driver="GPKG", layer="grids",
        geometry_type="Polygon", crs="EPSG:4326", layer_options={"SPATIAL_INDEX": "NO"},
    )  # fmt: skip
    return path


LARGE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "GeoJSON of 500 MB": (large_geojson, "file_too_large"),
    "zipped Shapefile of 500 MB": (zipped_shapefile, "file_too_large"),
    "archive that states 2 GB": (
        lambda folder: stated(folder, {"a.shp": 2_000_000_000, "a.shx": 9, "a.dbf": 9}), "file_too_large",
    ),
    "archive of many parts": (
        lambda folder: stated(folder, {f"{n}.gpkg": 100_000_000 for n in range(3)}), "file_too_large",
    ),
    "KML bomb": (lambda folder: bomb(folder, "UTF-8"), "xml_entities"),
    "KML bomb in UTF-16": (lambda folder: bomb(folder, "UTF-16"), "xml_entities"),
    "KMZ bomb": (packed_bomb, "xml_entities"),
    "GeoPackage without an end": (endless_view, "layer_computed"),
    "the same by another name": (lambda folder: endless_view(folder, "view.json"), "layer_computed"),
    "GeoPackage that computes a text of 800 MB": (
        lambda folder: swollen_column(folder, "AS (hex(zeroblob(400000000)))"), "layer_computed",
    ),
    "GeoPackage that repeats a long text": (
        lambda folder: swollen_column(folder, f"DEFAULT '{'x' * 900_000}'"), "layer_computed",
    ),
    "240 MB of nothing": (blanks, "file_empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", LARGE)
def test_a_file_far_too_large_is_refused_at_once_in_little_memory(case: str, tmp_path: Path) -> None:
    make, code = LARGE[case]
    done = subprocess.run(
        [sys.executable, "-c", READ, str(make(tmp_path))],
        cwd=PROJECT_DIR, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told, memory_mb = json.loads(done.stdout)
    assert [found for found, _ in told] == [code, code]
    assert max(seconds for _, seconds in told) < LONGEST_S
    assert memory_mb < MOST_MEMORY_MB


def test_nothing_of_an_archive_is_unpacked_before_its_size_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stated(tmp_path, {"a.shp": 300_000_000, "a.shx": 9, "a.dbf": 9})
    unpacked = []
    monkeypatch.setattr(archive, "_copy", lambda *_: unpacked.append(1))
    with pytest.raises(InvalidInput, match="file_too_large"):
        read_layer(path)
    assert unpacked == []


def test_what_no_layer_needs_does_not_count(tmp_path: Path) -> None:
    path = stated(tmp_path, {"video.mp4": 900_000_000, "readme.txt": 900_000_000})
    with pytest.raises(InvalidInput, match="archive_choice"):
        read_layer(path)


@pytest.mark.parametrize("cut", [1, 5, 9])
def test_words_across_pieces_are_counted_once(cut: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "_CHUNK_BYTES", cut)
    text = b"[[1,2],[3,4]] <!ENTITY a> [<!entity b>]"
    counts = weight._occurrences(io.BytesIO(text), (b"[", b"<!entity"))
    assert counts == {b"[": 4, b"<!entity": 2}


def test_an_archive_of_thousands_of_layers_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "crowd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3_000):
            archive.writestr(f"{number}.geojson", "{}")

    with pytest.raises(InvalidInput) as no, layer_files(path):
        pass

    assert (no.value.code, no.value.fields["limit"]) == ("archive_crowded", 500)
