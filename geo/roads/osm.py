"""OpenStreetMap files (.osm.pbf, .osm, .osm.gz, .osm.bz2) read into ground values with pyosmium."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import shapely

from core.errors import InvalidInput
from core.intake.file import checked_path, container, head_bytes, read_plain
from geo.roads.ground import Cover, Footprint, Ground, PlacePoint, Section, as_multipolygon
from geo.roads.tags import (
    address_of,
    building_kind,
    building_levels,
    cover_kind,
    name_of,
    place_kind,
    road_use,
    watercourse_width_m,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geo.roads.tags import RoadUse

_AREA_KEYS = ("building", "natural", "waterway", "landuse", "leisure", "amenity", "shop", "tourism", "office",
              "man_made")  # fmt: skip
_KEYS = ("highway", "railway", *_AREA_KEYS)
# A metre in degrees of latitude; longitude is stretched by the cosine where a line gets its width.
_DEG_PER_M = 1.0 / 111_320.0


@dataclass(frozen=True, slots=True)
class _Way:
    id: int
    nodes: np.ndarray[Any, np.dtype[np.int64]]
    coordinates: np.ndarray[Any, np.dtype[np.float64]]
    use: RoadUse
    name: str | None


def looks_like_osm(path: Path) -> bool:
    """Tell an OpenStreetMap file by its name or first bytes."""
    name = path.name.lower()
    endings = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xml")
    return name.endswith(endings) or b"OSMHeader" in head_bytes(path)


def read_osm(path: Path) -> Ground:
    """Return roads split at junctions, buildings, ground cover and key places of an OSM file.

    Sections follow the order of the file's ways; a section's ``source_ref`` is ``osm:way/ID#NUMBER``, its
    nodes are OSM node ids. Ways that leave the extract are cut where their nodes are missing.

    Raises
    ------
    InvalidInput
        ``file_damaged``, ``file_truncated``, ``file_empty``, ``file_type_wrong`` or ``nothing_found``.
    """
    _check_readable(path)
    ground = Ground()
    ways: list[_Way] = []
    try:
        _read_objects(path, ground, ways)
    except (RuntimeError, ValueError) as error:
        raise InvalidInput("file_damaged", file=path.name) from error
    ground.sections.extend(split_at_junctions(ways, ground))
    if ground.extent() is None:
        raise InvalidInput("nothing_found", file=path.name)
    return ground


def _check_readable(path: Path) -> None:
    kind = container(checked_path(path))
    if kind in {"gzip", "bzip2"}:
        # libosmium reports a cut gzip stream as an XML error or not at all: unpack once to know.
        read_plain(path)
    elif kind != "text":
        raise InvalidInput("file_type_wrong", file=path.name, found=kind, wanted="OSM, GeoJSON, GPKG, SHP")


def _read_objects(path: Path, ground: Ground, ways: list[_Way]) -> None:
    factory = osmium.geom.WKBFactory()
    processor = (
        osmium.FileProcessor(str(path))
        .with_areas(osmium.filter.KeyFilter(*_AREA_KEYS))
        .with_filter(osmium.filter.KeyFilter(*_KEYS))
    )
    thing: Any
    for thing in processor:
        tags = dict(thing.tags)
        if thing.is_area():
            _take_area(thing, tags, factory, ground)
        elif thing.is_way():
            _take_way(thing, tags, ground, ways)
        elif thing.is_node():
            _take_node(thing, tags, ground)


def _take_node(node: Any, tags: dict[str, str], ground: Ground) -> None:
    kind = place_kind(tags)
    if kind is not None and node.location.valid():
        point = shapely.Point(round(node.location.lon, 7), round(node.location.lat, 7))
        _add_place(ground, f"osm:node/{node.id}", kind, tags=tags, point=point)


def _add_place(ground: Ground, ref: str, kind: str, *, tags: dict[str, str], point: shapely.Point) -> None:
    name = name_of(tags) or tags.get("operator", "")
    if not name and kind != "station":
        ground.skipped["place_unnamed"] += 1
        return
    ground.places.append(PlacePoint(ref, kind, name or tags.get("ref", "Police"), address_of(tags), point))


def _take_way(way: Any, tags: dict[str, str], ground: Ground, ways: list[_Way]) -> None:
    use = road_use(tags)
    width_m = watercourse_width_m(tags)
    if use is None and width_m is None:
        if "highway" in tags:
            ground.skipped["not_a_road"] += 1
        return
    located = [(node.ref, node.lon, node.lat) for node in way.nodes if node.location.valid()]
    if len(located) < len(way.nodes):
        ground.skipped["way_leaves_extract"] += 1
    runs = [located] if len(located) == len(way.nodes) else list(_located_runs(way.nodes))
    for number, run in enumerate(runs):
        nodes = np.array([node[0] for node in run], np.int64)
        coordinates = np.array([node[1:] for node in run], np.float64).reshape(-1, 2)
        if len(nodes) < 2:
            continue
        if use is not None:
            ways.append(_Way(way.id, nodes, coordinates, use, name_of(tags)))
        elif width_m is not None:
            _add_watercourse(ground, f"osm:way/{way.id}/{number}", name_of(tags), coordinates, width_m)


def _located_runs(nodes: Any) -> Iterator[list[tuple[int, float, float]]]:
    run: list[tuple[int, float, float]] = []
    for node in nodes:
        if node.location.valid():
            run.append((node.ref, node.lon, node.lat))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _add_watercourse(
    ground: Ground, ref: str, name: str | None, coordinates: np.ndarray[Any, Any], *width_m: float
) -> None:
    squeeze = np.cos(np.radians(coordinates[:, 1].mean()))
    flat = shapely.linestrings(coordinates * [squeeze, 1.0])
    wide = shapely.buffer(flat, width_m[0] / 2 * _DEG_PER_M, quad_segs=3, cap_style="flat")
    shape = as_multipolygon(shapely.transform(wide, lambda xy: xy / [squeeze, 1.0]))
    if shape is not None:
        ground.covers.append(Cover(ref, "water", name, shape))


def _take_area(area: Any, tags: dict[str, str], factory: Any, ground: Ground) -> None:
    kinds = building_kind(tags), cover_kind(tags), place_kind(tags)
    if all(kind is None for kind in kinds):
        return
    ref = f"osm:{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
    try:
        shape = as_multipolygon(shapely.from_wkb(factory.create_multipolygon(area)))
    except (RuntimeError, shapely.errors.GEOSException):
        shape = None
    if shape is None:
        ground.skipped["area_broken"] += 1
        return
    building, cover, place = kinds
    if building is not None:
        ground.footprints.append(Footprint(ref, building, name_of(tags), building_levels(tags), shape))
    elif cover is not None:
        ground.covers.append(Cover(ref, cover, name_of(tags), shape))
    if place is not None:
        inside = shapely.transform(shape.representative_point(), lambda xy: np.round(xy, 7))
        _add_place(ground, ref, place, tags=tags, point=inside)


def split_at_junctions(ways: list[_Way], ground: Ground) -> Iterator[Section]:
    """Yield the pieces of ways between nodes used more than once; pieces without length are skipped."""
    if not ways:
        return
    used, times = np.unique(np.concatenate([way.nodes for way in ways]), return_counts=True)
    junctions = used[times > 1]
    # Counted per way id, not per run: a way that leaves the extract comes back as several runs.
    number: Counter[int] = Counter()
    for way in ways:
        inner = np.isin(way.nodes[1:-1], junctions, kind="sort")
        cuts = [0, *(np.flatnonzero(inner) + 1), len(way.nodes) - 1]
        for start, end in pairwise(cuts):
            line: Any = shapely.linestrings(np.round(way.coordinates[start : end + 1], 7))
            if line.length == 0:
                ground.skipped["no_length"] += 1
                continue
            yield Section.of(
                way.use,
                line,
                source_ref=f"osm:way/{way.id}#{number[way.id]}",
                ends=(int(way.nodes[start]), int(way.nodes[end])),
                name=way.name,
            )
            number[way.id] += 1
