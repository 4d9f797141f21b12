"""Shapefiles of Chinese offices: tables in GBK and UTF-8, sidecars that lie, cut characters, zips."""

import struct
import zipfile

import numpy as np
import pyogrio
import pytest
import shapely

from core.errors import InvalidInput
from core.intake.encoding import Reason, choose_encoding
from core.intake.preview import preview_layer
from core.intake.vector import Reading, read_layer

NAMES = ["桥东社区第一网格", "城北垚村网格", "plain"]


def table(fields, rows, *, language=0, encoding="gbk"):
    """Return the bytes of a dBASE III table of text fields: (name, width) and the rows' values."""
    length = 1 + sum(width for _, width in fields)
    head = struct.pack("<B3BIHH", 3, 126, 11, 30, len(rows), 32 + 32 * len(fields) + 1, length)
    made = head + bytes(17) + bytes([language]) + bytes(2)
    for name, width in fields:
        stored = name.encode(encoding)[:10] if isinstance(name, str) else name
        made += stored.ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
    made += b"\r"
    for row in rows:
        made += b" "
        for value, (_, width) in zip(row, fields, strict=True):
            stored = value if isinstance(value, bytes) else value.encode(encoding)
            made += stored[:width].ljust(width)
    return made + b"\x1a"


def shapefile(folder, dbf, *, cpg=None, stem="grids", upper=False):
    """Write squares as a Shapefile with the given table; return the path of the .shp."""
    count = struct.unpack("<I", dbf[4:8])[0]
    squares = [shapely.box(119.2 + k / 100, 30.1, 119.21 + k / 100, 30.11) for k in range(count)]
    path = folder / f"{stem}.shp"
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(squares, object)), [np.arange(count)], ["n"],
        driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:4490",
    )  # fmt: skip
    path.with_suffix(".dbf").write_bytes(dbf)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    if upper:
        for part in list(folder.glob(f"{stem}.*")):
            part.rename(part.with_suffix(part.suffix.upper()))
        return path.with_suffix(".SHP")
    return path


@pytest.mark.parametrize(
    ("stored", "cpg", "language", "taken", "why"),
    [
        ("gbk", "GBK", 0, "gb18030", Reason.CPG),
        ("gbk", "936", 0, "gb18030", Reason.CPG),
        ("gbk", None, 0x4D, "gb18030", Reason.LANGUAGE_BYTE),
        ("gbk", None, 0, "gb18030", Reason.GB18030),
        ("gbk", None, 0x57, "gb18030", Reason.GB18030),
        ("gbk", "UTF-8", 0, "gb18030", Reason.CPG_CONTRADICTED),
        ("gbk", "ISO-8859-1", 0, "gb18030", Reason.CPG_CONTRADICTED),
        ("gbk", None, 0x03, "gb18030", Reason.LANGUAGE_CONTRADICTED),
        ("utf-8", "UTF-8", 0, "utf-8", Reason.CPG),
        ("utf-8", None, 0, "utf-8", Reason.UTF8),
        ("utf-8", "GBK", 0, "utf-8", Reason.CPG_CONTRADICTED),
        ("utf-8", None, 0x4D, "utf-8", Reason.LANGUAGE_CONTRADICTED),
        ("utf-8", "nonsense", 0, "utf-8", Reason.UTF8),
        ("big5", "950", 0, "big5hkscs", Reason.CPG),
    ],
)  # fmt: skip
def test_the_tables_encoding_is_found_and_explained(tmp_path, stored, cpg, language, taken, why):
    names = ["橋東社區", "城北村", "plain"] if stored == "big5" else NAMES
    heading = "名稱" if stored == "big5" else "名称"
    dbf = table([(heading, 40), ("code", 12)], [(n, "1") for n in names], language=language, encoding=stored)
    path = shapefile(tmp_path, dbf, cpg=cpg)
    layer = read_layer(path)
    assert layer.columns == (heading, "code")
    assert list(layer.values[0]) == names
    assert layer.encoding == taken
    assert (layer.provenance.encoding, layer.provenance.encoding_why) == (taken, why.value)
    told = [notice.code for notice in layer.notices]
    assert ("encoding_contradicted" in told) == (
        why in {Reason.CPG_CONTRADICTED, Reason.LANGUAGE_CONTRADICTED}
    )


@pytest.mark.parametrize(("encoding", "width"), [("gbk", 9), ("utf-8", 11), ("utf-8", 13), ("gb18030", 11)])
def test_a_character_cut_at_the_fields_width_loses_nothing_else(tmp_path, encoding, width):
    text = "网格㙦村边界图" if encoding == "gb18030" else "网格边界图"
    path = shapefile(tmp_path, table([("name", width)], [(text,), ("甲乙",)], encoding=encoding))
    layer = read_layer(path)
    whole = text.encode(encoding)[:width].decode(encoding, "ignore")
    assert list(layer.values[0]) == [whole, "甲乙"]
    assert layer.encoding == ("utf-8" if encoding == "utf-8" else "gb18030")


def test_column_names_cut_in_a_character_are_read_and_stay_different(tmp_path):
    dbf = table([("人均面积一", 8), ("人均面积二", 8)], [("1", "2")], encoding="utf-8")
    layer = read_layer(shapefile(tmp_path, dbf, cpg="UTF-8"))
    assert layer.columns == ("人均面", "人均面_2")


def test_a_person_may_choose_another_encoding(tmp_path):
    path = shapefile(tmp_path, table([("name", 20)], [("橋東",)], encoding="big5"))
    layer = read_layer(path, how=Reading(encoding="big5hkscs"))
    assert list(layer.values[0]) == ["橋東"]
    assert layer.provenance.encoding_why == "chosen"


def test_bytes_that_are_no_text_are_replaced_and_counted(tmp_path):
    path = shapefile(tmp_path, table([("name", 8)], [(b"\xff\xff\xff",), ("网格",)]))
    layer = read_layer(path)
    assert layer.values[0][1] == "网格"
    assert [(n.code, n.fields["count"]) for n in layer.notices] == [("text_replaced", 1)]


@pytest.mark.parametrize("text", ["联通", "网", "中", "网格员"])
def test_short_gbk_texts_without_any_declaration_are_no_utf8(text):
    assert choose_encoding([text.encode("gbk")]).encoding == "gb18030"
    assert choose_encoding([text.encode()]).encoding == "utf-8"


def test_the_preview_shows_rows_and_how_other_encodings_read_them(tmp_path):
    path = shapefile(tmp_path, table([("名称", 40)], [(name,) for name in NAMES]), cpg="UTF-8")
    seen = preview_layer(path)
    assert seen.rows == tuple((name,) for name in NAMES)
    assert (seen.encoding.encoding, seen.encoding.declared) == ("gb18030", "utf-8")
    read = {candidate.encoding: candidate for candidate in seen.candidates}
    assert list(read) == ["utf-8", "gb18030", "big5hkscs", "cp1252"]
    assert read["gb18030"].texts == ("名称", *NAMES[:2])
    assert (read["gb18030"].misfits, read["utf-8"].misfits) == (0, 3)
    assert read["utf-8"].texts[0].count("�") > 0
    assert (seen.count, seen.kinds, seen.layers[0].name) == (3, {"Polygon": 3}, "grids")
    assert seen.crs == "EPSG:4490"
    assert seen.bounds == pytest.approx((119.2, 30.1, 119.23, 30.11))


def test_upper_case_endings_are_read_with_their_table(tmp_path):
    path = shapefile(tmp_path, table([("name", 40)], [(name,) for name in NAMES]), cpg="UTF-8", upper=True)
    assert path.name == "grids.SHP"
    assert list(read_layer(path).values[0]) == NAMES
    mixed = path.with_suffix(".DBF").rename(path.with_suffix(".Dbf"))
    assert mixed.exists()
    assert list(read_layer(path).values[0]) == NAMES


def zipped(folder, stems, *, name_encoding):
    """Zip Shapefiles as a Chinese Windows does: entry names in GBK without the UTF-8 flag."""
    parts = folder / "parts"
    parts.mkdir()
    for number, stem in enumerate(stems):
        shapefile(parts, table([("name", 40)], [(f"网格{number}",)]), stem=stem)
    path = folder / "in.zip"
    bare: dict[bytes, bytes] = {}
    with zipfile.ZipFile(path, "w") as archive:
        for number, part in enumerate(sorted(parts.iterdir())):
            stored = f"边界/{part.name}".encode(name_encoding)
            # An ASCII name of the same length carries no flag; its bytes are exchanged below.
            stand_in = f"{number:0{len(stored)}d}"
            bare[stand_in.encode()] = stored
            archive.writestr(stand_in, part.read_bytes())
    content = path.read_bytes()
    for stand_in, stored in bare.items():
        content = content.replace(stand_in, stored)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name_encoding", ["gbk", "utf-8"])
def test_a_zip_with_chinese_names_is_read(tmp_path, name_encoding):
    path = zipped(tmp_path, ["网格图层"], name_encoding=name_encoding)
    layer = read_layer(path)
    assert layer.name == "网格图层"
    assert list(layer.values[0]) == ["网格0"]


def test_of_several_shapefiles_in_a_zip_one_is_chosen(tmp_path):
    path = zipped(tmp_path, ["网格", "社区"], name_encoding="gbk")
    with pytest.raises(InvalidInput, match="layer_choice") as refused:
        read_layer(path)
    assert sorted(refused.value.fields["found"]) == ["社区", "网格"]
    assert list(read_layer(path, layer="社区").values[0]) == ["网格1"]
    with pytest.raises(InvalidInput, match="layer_missing"):
        read_layer(path, layer="街道")
    assert {entry.name for entry in preview_layer(path).layers} == {"网格", "社区"}


def test_a_zip_leads_nowhere_out_of_its_folder(tmp_path):
    path = tmp_path / "sly.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../out.geojson", "{}")
        archive.writestr("/etc/out.txt", "x")
    with pytest.raises(InvalidInput, match="archive_choice"):
        read_layer(path)
    assert not (tmp_path.parent / "out.geojson").exists()
