"""Vector files of roads, buildings, ground cover and places (no node ids) read into ground values.

Lines are noded first: cut where they meet, with junctions known by their coordinate. Bridges and
tunnels are noded among themselves only, so that a bridge is not joined to the street below it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.header import normalised
from core.intake.vector import GRID_DEG, Layer, read_layer
from geo.roads.ground import Cover, Footprint, Ground, PlacePoint, Section, as_multipolygon
from geo.roads.tags import (
    address_of,
    building_kind,
    building_levels,
    cover_kind,
    name_of,
    place_kind,
    road_use,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from geo.roads.tags import RoadUse

    type Lines = list[tuple[Any, RoadUse, str | None]]

_CLASS_COLUMNS = ("highway", "fclass", "kind_detail", "class", "road_class", "roadclass", "道路等级", "等级",
                  "道路类型", "类型", "type", "kind")  # fmt: skip
_NAME_COLUMNS = ("name", "道路名称", "名称", "路名", "road_name", "roadname")
_LEVEL_COLUMNS = ("levels", "building:levels", "层数", "楼层", "地上层数", "floors")
_NOT_BUILDINGS = frozenset({"building_part", "address", "entrance"})
_DEFAULT_CLASS = "residential"
_AMENITIES = ("school", "college", "university", "kindergarten", "marketplace", "hospital", "clinic",
              "police",
              "bus_station", "bank", "internet_cafe", "fuel", "townhall", "community_centre")  # fmt: skip
_SHOPS = ("supermarket", "mall", "department_store")
_LODGINGS = ("hotel", "hostel", "motel", "guest_house")
_KIND_TAGS = {
    **{value: ("amenity", value) for value in _AMENITIES},
    **{value: ("shop", value) for value in _SHOPS},
    **{value: ("tourism", value) for value in _LODGINGS},
    "park": ("leisure", "park"),
    "garden": ("leisure", "garden"),
    "government": ("office", "government"),
    "station": ("railway", "station"),
    "water": ("natural", "water"),
    "lake": ("natural", "water"),
    "riverbank": ("waterway", "riverbank"),
    "forest": ("landuse", "forest"),
    "grass": ("landuse", "grass"),
    "meadow": ("landuse", "meadow"),
    "wood": ("natural", "wood"),
    "farmland": ("landuse", "farmland"),
    "水系": ("natural", "water"),
    "绿地": ("landuse", "grass"),
    "耕地": ("landuse", "farmland"),
}


def read_ground_layer(path: Path, *, layer: str | None = None, crs: str | None = None) -> Ground:
    """Return what a vector layer holds: noded sections, buildings, ground cover and places.

    Lines are roads, polygons buildings or cover, points places.

    References are made from the coordinates, so that the same file gives the same references.

    Raises
    ------
    InvalidInput
        What `read_layer` raises, and ``nothing_found``.
    """
    read = read_layer(path, layer=layer, crs=crs)
    ground = Ground()
    lines: Lines = []
    for geometry, row in zip(read.geometries, read.rows(), strict=True):
        if geometry is None or geometry.is_empty:
            ground.skipped["geometry_missing"] += 1
            continue
        tags = tags_of(row)
        if geometry.geom_type in {"LineString", "MultiLineString"}:
            _take_line(geometry, tags, ground, lines)
        elif geometry.geom_type in {"Polygon", "MultiPolygon"}:
            _take_polygon(geometry, tags, _holds_buildings(read), ground)
        else:
            _take_point(geometry, tags, ground)
    ground.sections.extend(node_lines(lines))
    if ground.extent() is None:
        raise InvalidInput("nothing_found", file=path.name)
    return ground


def tags_of(row: dict[str, object]) -> dict[str, str]:
    """Translate the columns of a stranger's table into OpenStreetMap's tags."""
    tags = {key: _word(value) for key, value in row.items() if value not in {None, ""}}
    flat = {normalised(key): value for key, value in tags.items()}
    tags.setdefault("name", next((flat[key] for key in map(normalised, _NAME_COLUMNS) if key in flat), ""))
    levels = next((flat[key] for key in map(normalised, _LEVEL_COLUMNS) if key in flat), None)
    if levels:
        tags.setdefault("building:levels", levels)
    for flag, tag in (("is_bridge", "bridge"), ("is_tunnel", "tunnel")):
        if tags.get(flag) == "yes":
            tags.setdefault(tag, "yes")
    for column, tag in (("addr_street", "addr:street"), ("addr_housenumber", "addr:housenumber")):
        if column in tags:
            tags.setdefault(tag, tags[column])
    kind = tags.get("kind", tags.get("fclass", ""))
    if kind == "building":
        detail = tags.get("kind_detail", "yes")
        tags.setdefault("building", detail)
    elif kind in _KIND_TAGS:
        tags.setdefault(*_KIND_TAGS[kind])
    return tags


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _take_line(geometry: Any, tags: dict[str, str], ground: Ground, lines: Lines) -> None:
    classes = [tags[column] for column in _CLASS_COLUMNS if tags.get(column)]
    use = next((found for value in classes if (found := road_use({**tags, "highway": value}))), None)
    if use is None and classes:
        ground.skipped["not_a_road"] += 1
        return
    if use is None:
        ground.skipped["class_assumed"] += 1
        use = road_use({**tags, "highway": _DEFAULT_CLASS})
    if use is not None:
        lines.extend((part, use, name_of(tags)) for part in shapely.get_parts(geometry) if part.length > 0)


def _holds_buildings(layer: Layer) -> bool:
    """Take a polygon layer without any kind column for building footprints, the common case."""
    known = {normalised(column) for column in layer.columns}
    return not known & {"kind", "building", "natural", "landuse", "leisure", "fclass", "waterway"}


def _take_polygon(
    geometry: Any,
    tags: dict[str, str],
    footprints: bool,  # noqa: FBT001 - private
    ground: Ground,
) -> None:
    cover = cover_kind(tags)
    building = building_kind(tags)
    if building is None and footprints and cover is None:
        building = ""
    shape = as_multipolygon(geometry) if building is not None or cover is not None else None
    if shape is None:
        named = tags.get("kind") in _NOT_BUILDINGS or (building is None and cover is None)
        ground.skipped["not_for_the_map" if named else "area_broken"] += 1
        return
    ref = f"shape:{_digest(shape)}"
    if building is not None:
        footprint = Footprint(ref, building, name_of(tags), building_levels(tags), shape)
        ground.footprints.append(footprint)
    elif cover is not None:
        ground.covers.append(Cover(ref, cover, name_of(tags), shape))


def _take_point(geometry: Any, tags: dict[str, str], ground: Ground) -> None:
    kind = place_kind(tags)
    name = name_of(tags)
    if kind is None or geometry.geom_type != "Point":
        ground.skipped["not_for_the_map"] += 1
    elif not name:
        ground.skipped["place_unnamed"] += 1
    else:
        ref = f"point:{kind}:{_digest(geometry)}"
        ground.places.append(PlacePoint(ref, kind, name, address_of(tags), geometry))


def _digest(geometry: Any) -> str:
    return hashlib.sha256(shapely.to_wkb(shapely.normalize(geometry))).hexdigest()[:20]


def node_lines(lines: Lines) -> list[Section]:
    """Return the lines cut at every meeting point, each piece with the use and name of its source line.

    Lines are snapped to the 1e-7 degree grid. Two lines of one group (ground, bridges, tunnels) are
    joined where they cross; lines of different groups only where one of them ends.
    """
    pieces: list[tuple[Any, int]] = []
    for group in ((False, False), (True, False), (False, True), (True, True)):
        members = [index for index, (_, use, _) in enumerate(lines) if (use.bridge, use.tunnel) == group]
        pieces.extend(_noded(lines, members))
    cut = _cut_at_ends(pieces)
    sections: dict[str, Section] = {}
    for line, source in cut:
        section = _section(line, *lines[source][1:])
        sections.setdefault(section.source_ref, section)
    return list(sections.values())


def _noded(lines: Lines, members: list[int]) -> Iterable[tuple[Any, int]]:
    if not members:
        return
    sources = np.array([lines[index][0] for index in members], dtype=object)
    union = shapely.union_all(sources, grid_size=GRID_DEG)
    found = shapely.get_parts(union)
    middles = shapely.line_interpolate_point(found, 0.5, normalized=True)
    which, nearest = shapely.STRtree(sources).query_nearest(middles, all_matches=True)
    order = np.lexsort((nearest, which))
    first = np.unique(which[order], return_index=True)[1]
    for piece, source in zip(found, nearest[order][first], strict=True):
        yield _along(piece, sources[source]), members[int(source)]


def _along(piece: Any, source: Any) -> Any:
    """Turn a piece into the drawing direction of its source: noding may reverse it, oneway depends on it."""
    start, end = (shapely.line_locate_point(source, shapely.get_point(piece, at)) for at in (0, -1))
    if start == end and shapely.is_closed(piece):
        return piece
    return piece if start <= end else shapely.reverse(piece)


def _cut_at_ends(pieces: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Cut pieces where the end of another group's piece lies inside them."""
    if not pieces:
        return []
    shapes = np.array([piece for piece, _ in pieces], dtype=object)
    keys = np.round(
        shapely.get_coordinates(
            np.concatenate([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)])
        ),
        7,
    )
    ends = np.asarray(shapely.points(np.unique(keys, axis=0)), dtype=object)
    # Snapping moves a vertex by at most half a cell's diagonal; two moved ends lie within 1.5 cells.
    which, piece_of = shapely.STRtree(shapes).query(ends, predicate="dwithin", distance=1.5 * GRID_DEG)
    cuts: dict[int, list[Any]] = {}
    for end, index in zip(which, piece_of, strict=True):
        cuts.setdefault(int(index), []).append(ends[end])
    return [
        (part, source)
        for index, (piece, source) in enumerate(pieces)
        for part in cut_line(piece, cuts.get(index, []))
    ]


def cut_line(line: Any, points: list[Any]) -> list[Any]:
    """Return the line in pieces, cut at the points that lie inside it (ends are no cuts)."""
    coordinates = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coordinates, axis=0).T))])
    located = ((float(shapely.line_locate_point(line, point)), point) for point in points)
    # By place alone: two ends at one place cannot be ordered by their points.
    places = sorted(located, key=lambda place: place[0])
    inner = [(at, point) for at, point in places if 2 * GRID_DEG < at < along[-1] - 2 * GRID_DEG]
    marks = [(0.0, coordinates[0]), *((at, np.array(point.coords[0])) for at, point in inner)]
    marks.append((float(along[-1]), coordinates[-1]))
    parts = []
    for (low, start), (high, end) in pairwise(marks):
        between = coordinates[(along > low + GRID_DEG) & (along < high - GRID_DEG)]
        part: Any = shapely.linestrings(np.round(np.vstack([start, between, end]), 7))
        if part.length > 0:
            parts.append(part)
    return parts


def coordinate_node(lon: float, lat: float) -> int:
    """Return the node id of a place: its 1e-7 degree grid cell, packed into 63 bits.

    >>> coordinate_node(121.5, 31.2) == coordinate_node(121.50000004, 31.2)
    True
    """
    return (round((lon + 180.0) * 1e7) << 31) | round((lat + 90.0) * 1e7)


def _section(line: Any, use: RoadUse, name: str | None) -> Section:
    start, *_, end = shapely.get_coordinates(line)
    ends = coordinate_node(*start), coordinate_node(*end)
    return Section.of(use, line, source_ref=f"line:{_digest(line)}", ends=ends, name=name)


def without_repeats[T: (Footprint, Cover, PlacePoint)](things: list[T], skipped: Counter[str]) -> list[T]:
    """Return the things with each reference once; tiles repeat what crosses their edge."""
    found = {thing.source_ref: thing for thing in reversed(things)}
    skipped["repeated"] += len(things) - len(found)
    return list(reversed(found.values()))
