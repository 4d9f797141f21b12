"""Boundary files out and in again: every format, marked datums, drafts recognised, bad files refused."""

import json
import sqlite3
import zipfile
from types import MappingProxyType

import numpy as np
import pyogrio
import pytest
import shapely

from core.errors import InvalidInput
from core.intake.preview import preview_layer
from core.intake.vector import Reading, read_layer
from core.outlet.naming import short_names
from core.outlet.vector import Format
from geo.areas.inlet import grid_columns, in_wgs84, other_keys, read_boundaries, returned_grids
from geo.areas.outlet import DraftGrid, draft_layer, write_layer
from geo.shapes.datum import Datum

# +---+---+   2 has a courtyard, filled by 3; 4 lies in two parts
# | 1 | 2 |   east of them.
# |   |[3]|   4  4
# +---+---+
YARD = shapely.box(119.213, 30.103, 119.216, 30.106)
SHAPES = [
    shapely.box(119.2, 30.1, 119.21, 30.11),
    shapely.box(119.21, 30.1, 119.22, 30.11).difference(YARD),
    YARD,
    shapely.union_all(
        [shapely.box(119.23, 30.1, 119.231, 30.11), shapely.box(119.24, 30.1, 119.2412345, 30.11)]
    ),
]
NAMES = ["桥东社区第一网格", "桥东社区第二网格", "院内", "飞地"]
GRIDS = [
    DraftGrid(key, 3 + key, f"33019910100100{key}", name, shape)
    for key, (name, shape) in enumerate(zip(NAMES, SHAPES, strict=True), start=1)
]
MARK = "12-20261201T093000Z"
DRAFT = draft_layer("draft", GRIDS, MARK)
# Metres of a zone are written to a tenth of a millimetre, degrees to the stored grid.
CLOSE_DEG = 1e-7
EVERY = [
    (Format.GEOPACKAGE, "EPSG:4326", "utf-8"),
    (Format.GEOPACKAGE, "EPSG:4490", "utf-8"),
    (Format.GEOPACKAGE, "EPSG:4549", "utf-8"),
    (Format.SHAPEFILE, "EPSG:4490", "utf-8"),
    (Format.SHAPEFILE, "EPSG:4528", "gb18030"),
    (Format.SHAPEFILE, "EPSG:4326", "gbk"),
    (Format.GEOJSON, "EPSG:4326", "utf-8"),
    (Format.GEOJSON, "EPSG:4490", "utf-8"),
    (Format.KML, "EPSG:4326", "utf-8"),
    (Format.KMZ, "EPSG:4326", "utf-8"),
]


def read_back(path, **options):
    return sorted(returned(read_layer(path, **options)), key=lambda grid: grid.key)


def returned(layer, mark=MARK, codes=MappingProxyType({})):
    return returned_grids(layer, grid_columns(layer.columns), mark, codes)


@pytest.mark.parametrize(("form", "crs", "encoding"), EVERY, ids=str)
def test_a_draft_comes_back_as_it_went(tmp_path, form, crs, encoding):
    written = write_layer(tmp_path / "草图.x", DRAFT, form=form, crs=crs, encoding=encoding)
    assert written.path == tmp_path / f"草图.{form.value}"
    assert [each.name for each in tmp_path.iterdir()] == [written.path.name]
    back = read_back(written.path)
    assert [(g.key, g.version, g.code, g.name) for g in back] == [
        (g.key, g.version, g.code, g.name) for g in GRIDS
    ]
    for came, went in zip(back, GRIDS, strict=True):
        assert shapely.hausdorff_distance(came.shape, went.shape) <= CLOSE_DEG * 1.01
        assert came.shape.area == pytest.approx(went.shape.area, rel=1e-4)
        assert came.split_from is None


@pytest.mark.parametrize(("form", "crs", "encoding"), [*EVERY, (Format.DXF, "EPSG:4490", "utf-8")], ids=str)
def test_keys_are_those_of_the_change_set_they_went_out_from(tmp_path, form, crs, encoding):
    layer = read_layer(write_layer(tmp_path / "a", DRAFT, form=form, crs=crs, encoding=encoding).path)
    columns = grid_columns(layer.columns)
    assert other_keys(layer, columns, MARK).count == 0
    # The same number on another installation, or before the town was set up anew, is another set.
    other = other_keys(layer, columns, "12-20261201T093001Z")
    assert (other.count, other.marks, other.every) == (len(layer), (MARK,), True)
    codes = {GRIDS[0].code: 7}
    found = returned(layer, "13-20261201T093000Z", codes)
    assert {(one.code, one.key, one.version) for one in found} == {
        (one.code, codes.get(one.code), None) for one in GRIDS
    }


def test_a_record_without_key_is_known_by_its_code_unless_another_has_that_grid(tmp_path):
    kept = {"gp_key": [1, None, None], "gp_set": [MARK, None, None], "code": ["a", "a", "b"]}
    values = [np.array(cells, object) for cells in kept.values()]
    layer = DRAFT.__class__("d", np.array(SHAPES[:3], object), tuple(kept), values, "", "")
    assert [one.key for one in returned(layer, codes={"a": 1, "b": 2})] == [1, None, 2]


def test_a_partition_is_still_one_after_the_round_trip(tmp_path):
    for form, crs, encoding in EVERY:
        path = write_layer(tmp_path / "p.x", DRAFT, form=form, crs=crs, encoding=encoding).path
        shapes = [grid.shape for grid in read_back(path)][:3]
        assert shapely.coverage_is_valid(shapes), (form, crs)


@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:4490"])
def test_a_drawing_keeps_outlines_holes_and_texts(tmp_path, crs):
    written = write_layer(tmp_path / "cad.dxf", DRAFT, form=Format.DXF, crs=crs)
    assert [notice.code for notice in written.notices] == ["crs_not_in_file"]
    back = returned(read_layer(written.path, crs="EPSG:4549" if crs == "EPSG:4549" else None))
    # The format knows no grid of several parts: those of one key are one grid again.
    assert [(grid.key, grid.code, grid.name) for grid in back] == [(g.key, g.code, g.name) for g in GRIDS]
    for came, went in zip(back, GRIDS, strict=True):
        assert shapely.hausdorff_distance(came.shape, went.shape) <= CLOSE_DEG * 1.01
        assert came.shape.geom_type == went.shape.geom_type
    assert written.path.read_bytes().decode("gbk").count("POLYLINE") == 6


def test_a_drawing_of_an_office_in_code_page_936_is_read(tmp_path):
    ring = [(500000, 3330000), (500100, 3330000), (500100, 3330100), (500000, 3330100)]
    head = "0 SECTION,2 HEADER,9 $ACADVER,1 AC1015,9 $DWGCODEPAGE,3 ANSI_936,0 ENDSEC,0 SECTION,2 ENTITIES"
    outline = "0 LWPOLYLINE,5 A1,100 AcDbEntity,8 网格线,100 AcDbPolyline,90 4,70 1"
    lines = f"{head},{outline}".replace(",", " ").split(" ")
    for x, y in ring:
        lines += ["10", str(x), "20", str(y)]
    lines += ["0", "TEXT", "5", "A2", "100", "AcDbEntity", "8", "注记", "100", "AcDbText"]
    lines += ["10", "500050", "20", "3330050", "40", "5", "1", "桥东第一网格", "100", "AcDbText"]
    path = tmp_path / "office.dxf"
    path.write_bytes("\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]).encode("gbk"))
    layer = read_layer(path, crs="EPSG:4549")
    assert [shape.geom_type for shape in layer.geometries] == ["Polygon"]
    assert layer.row(0) == {"layer": "网格线", "text": "桥东第一网格"}
    assert (layer.notices[0].code, layer.notices[0].fields["count"]) == ("outlines_filled", 1)


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
@pytest.mark.parametrize("form", list(Format))
def test_a_shifted_file_is_marked_and_undone_once(tmp_path, form, datum):
    written = write_layer(tmp_path / "out.x", DRAFT, form=form, datum=datum)
    assert written.path.name == f"out_{datum.value.upper()}.{form.value}"
    with pytest.raises(InvalidInput, match="datum_marked"):
        read_layer(written.path)
    layer = read_boundaries(written.path)
    assert layer.datum_marked == datum.value
    assert shapely.hausdorff_distance(layer.geometries[0], SHAPES[0]) > 0.003
    back = in_wgs84(layer, Datum(layer.datum_marked))
    assert back.provenance.datum_why == "marked"
    whole = shapely.union_all(back.geometries)
    assert shapely.hausdorff_distance(whole, shapely.union_all(SHAPES)) <= 2.5 * CLOSE_DEG


@pytest.mark.parametrize("form", [form for form in Format if form is not Format.DXF])
def test_the_mark_survives_a_change_of_name(tmp_path, form):
    written = write_layer(tmp_path / "a.x", DRAFT, form=form, datum=Datum.GCJ02)
    plain = written.path.rename(tmp_path / f"b.{form.value}")
    if form is Format.SHAPEFILE:
        with zipfile.ZipFile(plain) as archive:
            told = json.loads(archive.read("a_GCJ02.txt"))
        assert told["datum"] == "gcj02"
    elif form is Format.GEOPACKAGE:
        assert pyogrio.read_info(plain)["layer_metadata"]["datum"] == "gcj02"
    assert preview_layer(plain).datum_marked == "gcj02"
    assert read_boundaries(plain).datum_marked == "gcj02"


@pytest.mark.parametrize("form", [Format.GEOJSON, Format.KML])
def test_the_name_of_a_single_grid_marks_no_file(tmp_path, form):
    named = draft_layer("a", [DraftGrid(1, 1, "1", "GCJ-02 试点网格", SHAPES[0])], MARK)
    path = write_layer(tmp_path / "a", named, form=form).path
    assert read_boundaries(path).datum_marked == ""


def test_geojson_follows_rfc_7946(tmp_path):
    path = write_layer(tmp_path / "a.x", DRAFT, form=Format.GEOJSON, datum=Datum.BD09).path
    content = json.loads(path.read_text(encoding="utf-8"))
    assert "crs" not in content
    assert content["metadata"]["datum"] == "bd09"
    plain = json.loads(
        write_layer(tmp_path / "b", DRAFT, form=Format.GEOJSON).path.read_text(encoding="utf-8")
    )
    assert next(iter(plain)) == "type"
    for feature in plain["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        assert all(part.exterior.is_ccw for part in shapely.get_parts(shape))


def test_a_shapefile_says_its_encoding_and_shortened_names(tmp_path):
    layer = draft_layer("a", GRIDS, MARK)
    wide = layer.__class__(
        **{field: getattr(layer, field) for field in layer.__slots__}
        | {"columns": ("gp_key", "gp_version", "gp_set", "网格户籍人口数", "网格户籍人口数量")}
    )
    written = write_layer(tmp_path / "a", wide, form=Format.SHAPEFILE, encoding="gbk")
    assert written.renamed == {"网格户籍人口数": "网格户籍人", "网格户籍人口数量": "网格户籍_2"}
    with zipfile.ZipFile(written.path) as archive:
        assert archive.read("a.cpg") == b"GBK"
        assert json.loads(archive.read("a.txt"))["columns"] == dict(written.renamed)
        assert "网格户籍人".encode("gbk") in archive.read("a.dbf")
    assert read_layer(written.path).columns == ("gp_key", "gp_version", "gp_set", "网格户籍人", "网格户籍_2")


def test_no_text_is_lost_without_a_word(tmp_path):
    rare = draft_layer("a", [DraftGrid(1, 1, "1", "城北㙦村", SHAPES[0])], MARK)
    with pytest.raises(InvalidInput, match="text_not_in_encoding"):
        write_layer(tmp_path / "a", rare, form=Format.SHAPEFILE, encoding="gbk")
    assert not list(tmp_path.iterdir())
    path = write_layer(tmp_path / "a", rare, form=Format.SHAPEFILE, encoding="gb18030").path
    assert read_back(path)[0].name == "城北㙦村"
    drawn = write_layer(tmp_path / "a", rare, form=Format.DXF, crs="EPSG:4549").path
    assert returned(read_layer(drawn, crs="EPSG:4549"))[0].name == "城北㙦村"
    long = draft_layer("a", [DraftGrid(1, 1, "1", "网" * 200, SHAPES[0])], MARK)
    written = write_layer(tmp_path / "b", long, form=Format.SHAPEFILE)
    assert [(n.code, n.fields["columns"]) for n in written.notices] == [("text_shortened", ["name"])]
    assert read_back(written.path)[0].name == "网" * 84


def test_what_a_format_cannot_hold_is_refused_and_the_old_file_kept(tmp_path):
    path = tmp_path / "a.kml"
    path.write_text("old")
    for form, crs, code in (
        (Format.KML, "EPSG:4549", "crs_not_in_format"),
        (Format.GEOJSON, "EPSG:4549", "crs_not_in_format"),
        (Format.GEOPACKAGE, "EPSG:2385", "crs_needs_shift"),
        (Format.GEOPACKAGE, "EPSG:999999", "crs_unknown"),
    ):
        with pytest.raises(InvalidInput, match=code):
            write_layer(path, DRAFT, form=form, crs=crs)
    with pytest.raises(InvalidInput, match="encoding_not_offered"):
        write_layer(path, DRAFT, form=Format.SHAPEFILE, encoding="latin-1")
    assert path.read_text() == "old"
    with pytest.raises(InvalidInput, match="output_unwritable"):
        write_layer(tmp_path / "no" / "a", DRAFT, form=Format.KML)


def test_a_grid_split_in_a_desktop_gis_keeps_its_key_once(tmp_path):
    west, east = shapely.box(119.2, 30.1, 119.203, 30.11), shapely.box(119.203, 30.1, 119.21, 30.11)
    new = shapely.box(119.3, 30.1, 119.31, 30.11)
    values = [
        np.array([1, 1, None], object),
        np.array([4, 4, None], object),
        np.array([MARK, MARK, None], object),
        np.array(["a", "a", None], object),
    ]
    layer = DRAFT.__class__(
        "d", np.array([west, east, new], object), ("gp_key", "gp_version", "gp_set", "name"), values, "", ""
    )
    path = write_layer(tmp_path / "a", layer, form=Format.GEOPACKAGE).path
    back = returned(read_layer(path))
    assert [(g.key, g.version, g.split_from) for g in back] == [
        (None, None, 1),
        (1, 4, None),
        (None, None, None),
    ]


def test_heights_are_dropped_with_a_word_and_zero_heights_without(tmp_path):
    flat = "POLYGON Z((119.2 30.1 {z},119.21 30.1 {z},119.21 30.11 {z},119.2 30.1 {z}))"
    for z, told in ((12, ["heights_dropped"]), (0, [])):
        path = tmp_path / f"z{z}.gpkg"
        shape = shapely.from_wkt(flat.format(z=z))
        pyogrio.raw.write(
            path, shapely.to_wkb(np.array([shape], object)), [np.array(["a"], object)], ["n"],
            driver="GPKG", geometry_type="Polygon Z", crs="EPSG:4326",
        )  # fmt: skip
        layer = read_layer(path)
        assert not layer.geometries[0].has_z
        assert [notice.code for notice in layer.notices] == told


def test_mixed_geometry_is_read_and_named(tmp_path):
    path = tmp_path / "mixed.geojson"
    shapes = [SHAPES[0], shapely.Point(119.2, 30.1), shapely.LineString([(119.2, 30.1), (119.3, 30.1)])]
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(s)} for s in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    layer = read_layer(path)
    assert [notice.code for notice in layer.notices] == ["geometry_mixed"]
    assert preview_layer(path).kinds == {"Polygon": 1, "Point": 1, "LineString": 1}


ARC = """<?xml version="1.0"?>
<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml">
<gml:featureMember><ogr:a fid="1"><ogr:geometryProperty><gml:Polygon srsName="EPSG:4549"><gml:exterior>
<gml:Ring><gml:curveMember><gml:Curve><gml:segments>
<gml:Arc><gml:posList>500000 3330000 500100 3330100 500200 3330000</gml:posList></gml:Arc>
<gml:LineStringSegment><gml:posList>500200 3330000 500000 3330000</gml:posList></gml:LineStringSegment>
</gml:segments></gml:Curve></gml:curveMember></gml:Ring>
</gml:exterior></gml:Polygon></ogr:geometryProperty></ogr:a></gml:featureMember></ogr:FeatureCollection>
"""


def test_arcs_become_short_chords(tmp_path):
    path = tmp_path / "arc.gml"
    path.write_text(ARC)
    shape = read_layer(path).geometries[0]
    assert len(shape.exterior.coords) > 40
    metres = shape.area * 111_320 * np.cos(np.radians(30.09)) * 110_850
    assert metres == pytest.approx(np.pi * 100**2 / 2, rel=0.01)


def test_provenance_names_the_very_file(tmp_path):
    path = write_layer(tmp_path / "a", DRAFT, form=Format.GEOPACKAGE, crs="EPSG:4549").path
    origin = read_layer(path).provenance
    assert (origin.file, origin.format, origin.source_crs, origin.converted) == (
        "a.gpkg",
        "GPKG",
        "EPSG:4549",
        False,
    )
    assert len(origin.sha256) == 64
    json.dumps(origin.as_json())
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 7")
    assert read_layer(path).provenance.sha256 != origin.sha256


def cut(tmp_path, form, share, **options):
    path = write_layer(tmp_path / "cut", DRAFT, form=form, **options).path
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("share", [0.3, 0.8, 0.98])
@pytest.mark.parametrize("form", list(Format))
def test_a_file_cut_off_in_copying_is_refused(tmp_path, form, share):
    path = cut(tmp_path, form, share, crs="EPSG:4549" if form is Format.DXF else "EPSG:4326")
    with pytest.raises(InvalidInput) as refused:
        read_layer(path, crs="EPSG:4549")
    assert refused.value.code in {"file_truncated", "file_damaged", "file_type_wrong"}


@pytest.mark.parametrize("part", [".shp", ".dbf"])
def test_a_shapefile_with_a_short_part_is_refused(tmp_path, part):
    with zipfile.ZipFile(write_layer(tmp_path / "a", DRAFT, form=Format.SHAPEFILE).path) as archive:
        archive.extractall(tmp_path)
    whole = tmp_path / f"a{part}"
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(InvalidInput, match="file_truncated"):
        read_layer(tmp_path / "a.shp")
    (tmp_path / "a.shx").unlink()
    with pytest.raises(InvalidInput, match="shape_part_missing"):
        read_layer(tmp_path / "a.shp")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.gpkg", b"", "file_empty"),
        (
            "empty.kml",
            b"<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document/></kml>",
            "layer_empty",
        ),
        ("empty.dxf", b"0\nSECTION\n2\nENTITIES\n0\nENDSEC\n0\nEOF\n", "layer_empty"),
        ("photo.shp", b"\x89PNG\r\n\x1a\n" + bytes(50), "file_type_wrong"),
        ("paper.zip", b"PK\x03\x04" + bytes(300), "file_damaged"),
        ("text.kml", b"hello", "file_damaged"),
        ("table.gpkg", b"SQLite format 3\x00" + bytes(500), "file_damaged"),
    ],
)
def test_a_file_that_is_no_layer_is_refused(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    for read in (read_layer, preview_layer):
        with pytest.raises(InvalidInput) as refused:
            read(path)
        assert refused.value.code == code


def test_names_are_shortened_without_clashes():
    columns = [f"网格户籍人口统计数量第{k}项" for k in range(30)] + ["population_a", "POPULATION_b"]
    for encoding in ("utf-8", "gb18030"):
        short = short_names(columns, encoding)
        assert len({name.lower() for name in short.values()}) == len(columns)
        assert all(len(name.encode(encoding)) <= 10 for name in short.values())


def test_reading_keeps_its_old_shape(tmp_path):
    path = write_layer(tmp_path / "a", DRAFT, form=Format.GEOPACKAGE).path
    layer = read_layer(path, layer="a", crs="EPSG:4326")
    assert (layer.name, len(layer), layer.columns) == ("a", 4, DRAFT.columns)
    assert next(layer.rows())["name"] == NAMES[0]
    assert Reading() == Reading(encoding=None)
