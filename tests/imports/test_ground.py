"""Roads and ground: small drawn OpenStreetMap files and line layers."""

import bz2
import gzip
import json

import pytest
import shapely

from core.errors import InvalidInput
from geo.roads.lines import coordinate_node, read_ground_layer
from geo.roads.osm import read_osm
from geo.roads.tags import road_use

#      4
#      |          way 10: 1-2-3, way 11: 2-4, both roads
#  1---2---3      way 12: 1-4 is a railway
#
OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="30.1" lon="119.1"/><node id="2" lat="30.1" lon="119.101"/>
<node id="3" lat="30.1" lon="119.102"/><node id="4" lat="30.101" lon="119.101"/>
<node id="5" lat="30.2" lon="119.2"><tag k="amenity" v="police"/><tag k="name" v="派出所"/></node>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/>
<tag k="highway" v="primary"/><tag k="name" v="桥东街"/></way>
<way id="11"><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/><tag k="oneway" v="-1"/></way>
<way id="12"><nd ref="1"/><nd ref="4"/><tag k="railway" v="rail"/></way>
<way id="13"><nd ref="1"/><nd ref="2"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/>
<tag k="building:levels" v="6"/></way>
<way id="14"><nd ref="3"/><nd ref="99"/><nd ref="4"/><tag k="highway" v="service"/></way>
</osm>"""


@pytest.mark.parametrize(
    ("name", "pack"),
    [("t.osm", lambda b: b), ("t.osm.gz", gzip.compress), ("t.osm.bz2", bz2.compress)],
    ids=["xml", "gzip", "bzip2"],
)
def test_ways_are_split_where_they_share_a_node(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(OSM.encode()))
    ground = read_osm(path)
    sections = {each.source_ref: each for each in ground.sections}
    assert set(sections) == {"osm:way/10#0", "osm:way/10#1", "osm:way/11#0"}
    assert (sections["osm:way/10#0"].from_node, sections["osm:way/10#0"].to_node) == (1, 2)
    assert sections["osm:way/10#1"].name == "桥东街"
    assert sections["osm:way/11#0"].oneway == "backward"
    assert [(each.levels, each.shape.area > 0) for each in ground.footprints] == [(6, True)]
    assert [(each.kind, each.name) for each in ground.places] == [("station", "派出所")]
    assert ground.skipped["way_leaves_extract"] == 1


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "motorway"}, ("motorway", "forward", False, False, True)),
        ({"highway": "primary_link", "oneway": "yes"}, ("primary", "forward", True, True, True)),
        ({"highway": "steps"}, ("footway", "both", True, False, False)),
        ({"highway": "path"}, ("footway", "both", True, True, False)),
        ({"highway": "footway", "bicycle": "yes"}, ("footway", "both", True, True, False)),
        ({"highway": "service", "access": "private"}, ("service", "both", False, False, False)),
        ({"highway": "service", "access": "private", "foot": "yes"}, ("service", "both", True, False, False)),
        ({"highway": "residential", "motor_vehicle": "no"}, ("residential", "both", True, True, False)),
        ({"highway": "tertiary", "junction": "roundabout"}, ("tertiary", "forward", True, True, True)),
        ({"highway": "次干道"}, ("secondary", "both", True, True, True)),
    ],
)
def test_tags_tell_class_direction_and_access(tags, expected):
    use = road_use(tags)
    assert (use.road_class, use.oneway, use.foot, use.bicycle, use.car) == expected


@pytest.mark.parametrize("kind", ["construction", "proposed", "platform", "", "elevator"])
def test_what_is_no_road_is_left_out(kind):
    assert road_use({"highway": kind}) is None


def layer(tmp_path, *features):
    path = tmp_path / "lines.geojson"
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": tags,
                "geometry": shapely.geometry.mapping(shapely.from_wkt(wkt)),
            }
            for wkt, tags in features
        ],
    }
    path.write_text(json.dumps(collection), "utf-8")
    return path


def test_crossing_lines_are_noded_and_keep_their_names(tmp_path):
    #     |
    #  ---+---
    #     |
    path = layer(
        tmp_path,
        ("LINESTRING(119.1 30.1, 119.2 30.1)", {"highway": "primary", "name": "东西街", "oneway": "yes"}),
        ("LINESTRING(119.15 30.05, 119.15 30.15)", {"highway": "residential", "name": "南北街"}),
    )
    sections = read_ground_layer(path).sections
    assert sorted(each.name for each in sections) == ["东西街", "东西街", "南北街", "南北街"]
    middle = coordinate_node(119.15, 30.1)
    assert all(middle in {each.from_node, each.to_node} for each in sections)
    oneways = [each.line.coords for each in sections if each.oneway == "forward"]
    assert all(line[0][0] < line[-1][0] for line in oneways)


def test_a_bridge_is_not_joined_to_the_street_below_but_to_its_ramps(tmp_path):
    path = layer(
        tmp_path,
        ("LINESTRING(119.1 30.1, 119.12 30.1)", {"highway": "primary"}),
        ("LINESTRING(119.12 30.1, 119.18 30.1)", {"highway": "primary", "bridge": "yes"}),
        ("LINESTRING(119.15 30.05, 119.15 30.15)", {"highway": "residential"}),
        ("LINESTRING(119.18 30.05, 119.18 30.15)", {"highway": "residential"}),
    )
    sections = read_ground_layer(path).sections
    bridge = [each for each in sections if each.bridge]
    assert len(bridge) == 1
    below = [each for each in sections if each.line.covers(shapely.Point(119.15, 30.1)) and not each.bridge]
    assert len(below) == 1
    # The street at the bridge's far end is cut there although the bridge is of another group.
    assert sum(bridge[0].to_node in {each.from_node, each.to_node} for each in sections) == 3


def test_the_same_lines_give_the_same_references(tmp_path):
    path = layer(
        tmp_path,
        ("LINESTRING(119.1 30.1, 119.2 30.1)", {"highway": "primary"}),
        ("LINESTRING(119.15 30.05, 119.15 30.15)", {"highway": "residential"}),
    )
    first, second = (read_ground_layer(path).sections for _ in range(2))
    assert [each.source_ref for each in first] == [each.source_ref for each in second]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cut.osm.gz", gzip.compress(OSM.encode() * 3, mtime=0)[:-30], "file_truncated"),
        ("cut.osm", OSM[:600].encode(), "file_damaged"),
        ("none.osm", b'<?xml version="1.0"?><osm version="0.6"></osm>', "nothing_found"),
        ("bad.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeaderxxxxxxxxxxx", "file_damaged"),
        ("empty.osm.pbf", b"", "file_empty"),
        ("photo.osm", b"\xff\xd8\xff" + bytes(100), "file_type_wrong"),
    ],
)
def test_bad_map_files_are_refused(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read_osm(path)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cut.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "file_damaged"),
        ("text.txt", b"hello", "file_type_wrong"),
        ("bad.gpkg", b"SQLite format 3\x00" + bytes(500), "file_damaged"),
        ("none.geojson", b'{"type": "FeatureCollection", "features": []}', "layer_empty"),
    ],
)
def test_bad_layers_are_refused(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read_ground_layer(path)
    assert refused.value.code == code
