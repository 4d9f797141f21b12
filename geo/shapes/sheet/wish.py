"""Which labels a sheet would like to have, and where each may stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from geo.shapes.sheet.ground import AreaShape, Cover, HouseNumber, Mark, Roads
from geo.shapes.sheet.label import AIR_MM, Spot, Wish, around_point, corners_of
from geo.shapes.sheet.projection import Projection
from geo.shapes.sheet.roadway import MAIN, PATHS, road_width_mm
from geo.shapes.sheet.street import spots_along

#: Height of the letters in millimetres by kind; 1.6 mm (4.5 pt) is the least an eye reads in print.
SIZES_MM = {
    "neighbour": 2.3, "inner": 2.6, "street": 2.1, "main_street": 2.5, "place": 2.0, "water": 2.3,
    "number": 1.6,
}  # fmt: skip
#: Radius of the symbol of a key place, and of a camera.
SYMBOL_MM, CAMERA_MM = 1.55, 0.85
#: House numbers are readable beside their houses down to this scale.
NUMBERS_TO = 4_000
#: Places below it have a symbol and no name: too many of them lie on a sheet.
NAMES_TO = 12_500
#: A long street is named again after so many millimetres.
_AGAIN_MM = 110.0
#: What it costs a street's name to stand beyond the boundary.
_OUTSIDE = 0.9
#: Steps of the lattice on which a name inside an area is tried.
_LATTICE_MM = 4.0
_LATTICE_MOST = 160
#: The band along the boundary stays free of the names of what lies beyond.
BAND_MM = 2.4


def neighbour_wishes(
    others: Sequence[AreaShape], shapes: NDArray[np.object_], own: BaseGeometry, window: tuple[float, float]
) -> Iterator[Wish]:
    """Yield the name and code of each area around `own`, to stand in the part of it that the window shows."""
    frame = shapely.box(1.5, 1.5, window[0] - 1.5, window[1] - 1.5)
    kept_free = shapely.buffer(own, BAND_MM)
    for area, shape in zip(others, shapes, strict=True):
        room = shapely.difference(shapely.intersection(shapely.make_valid(shape), frame), kept_free)
        lines, spots = _outside_name((area.name, area.code), room, own)
        # The fewer places an area has, the earlier it chooses.
        yield Wish("neighbour", lines, SIZES_MM["neighbour"], min(len(spots), 99) / 100, spots)


def _outside_name(
    words: tuple[str, str], room: BaseGeometry, own: BaseGeometry
) -> tuple[tuple[str, ...], tuple[Spot, ...]]:
    """Return how much of name and code finds room, level or along the edge of the sheet, and where."""
    for lines in (words, words[:1]):
        box = Wish("neighbour", lines, SIZES_MM["neighbour"], 0.0, ()).box_mm()
        for turn in (0.0, -90.0):
            spots = spots_inside(room, box, towards=own, angle_deg=turn)
            if spots:
                return lines, spots
    return words, ()


def inner_wishes(numbered: Sequence[tuple[str, str]], shapes: NDArray[np.object_]) -> Iterator[Wish]:
    """Yield number and name of each grid of an overview, to stand in it; in narrow ones the number alone."""
    for (number, name), shape in zip(numbered, shapes, strict=True):
        # A name such as "Grid 3" says its number itself.
        words = (name,) if number in re.findall(r"\d+", name) else (number, name)
        both = Wish("inner", words, SIZES_MM["inner"], 0.0, (), bold=True)
        spots = spots_inside(shape, both.box_mm())
        lines = both.lines if spots else (number,)
        if not spots:
            alone = Wish("inner", lines, SIZES_MM["inner"], 0.0, (), bold=True)
            spots = spots_inside(shape, alone.box_mm()) or (Spot(*_middle(shape)),)
        yield Wish("inner", lines, SIZES_MM["inner"], 0.0, spots, bold=True)


def spots_inside(
    room: BaseGeometry,
    box: tuple[float, float],
    *,
    towards: BaseGeometry | None = None,
    angle_deg: float = 0.0,
) -> tuple[Spot, ...]:
    """Return the spots of a lattice where a box, turned or level, lies wholly in `room`, best first.

    Best is near the middle, or near the shape `towards` where one is given.
    """
    if room.is_empty:
        return ()
    west, north, east, south = room.bounds
    step = max(_LATTICE_MM, float(np.sqrt((east - west) * (south - north) / _LATTICE_MOST)))
    x, y = np.meshgrid(np.arange(west + step / 2, east, step), np.arange(north + step / 2, south, step))
    middle = _middle(room)
    lattice = zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)
    tried = [Spot(*at, angle_deg=angle_deg) for at in (middle, *lattice)]
    shapely.prepare(room)
    fits = np.asarray(shapely.contains(room, shapely.polygons(corners_of(tried, *box))))
    points = shapely.points([(spot.x, spot.y) for spot in tried])
    target = towards if towards is not None else shapely.Point(middle)
    cost = shapely.distance(points, target) / 10.0
    found = [replace(spot, cost=float(c)) for spot, ok, c in zip(tried, fits, cost, strict=True) if ok]
    return tuple(sorted(found, key=lambda spot: spot.cost))


def _middle(shape: BaseGeometry) -> tuple[float, float]:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    if not parts:
        return (0.0, 0.0)
    largest = max(parts, key=lambda part: part.area)
    radius = shapely.maximum_inscribed_circle(largest, tolerance=0.5)
    x, y = radius.coords[0]
    return float(x), float(y)


def street_wishes(
    roads: Roads, projection: Projection, own: BaseGeometry, *, only_main: bool = False
) -> Iterator[Wish]:
    """Yield the names of streets along them; outside `own` (paper) main streets only."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for row, (name, road_class) in enumerate(zip(roads.names, roads.classes, strict=True)):
        if name and not roads.tunnel[row] and (road_class in MAIN or not only_main):
            grouped.setdefault((name, road_class), []).append(row)
    frame = shapely.box(0, 0, *projection.window)
    near_own = shapely.buffer(own, 1.0)
    for (name, road_class), rows in grouped.items():
        lines = projection.shapes_mm(roads.lines[rows])
        main = road_class in MAIN
        merged = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines)))
        seen = shapely.intersection(merged, frame)
        inside = shapely.get_parts(shapely.intersection(seen, near_own))
        road = (road_class, projection.denominator)
        yield from _named(name, road, inside, own=own, rank=1.0 if main else 2.0)
        if main:
            outside = shapely.get_parts(shapely.difference(seen, near_own))
            yield from _named(name, road, outside, own=own, rank=4.0)


def _named(
    name: str, road: tuple[str, int], lines: NDArray[np.object_], *, own: BaseGeometry, rank: float
) -> Iterator[Wish]:
    road_class, denominator = road
    kind = "main_street" if road_class in MAIN else "street"
    size = SIZES_MM[kind] * (0.85 if road_class in PATHS else 1.0)
    parts = [part for part in lines if isinstance(part, LineString)]
    for part in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts))) if parts else ():
        pieces = max(1, int(part.length // _AGAIN_MM))
        for k in range(pieces):
            stretch = LineString(substring(part, k / pieces, (k + 1) / pieces, normalized=True).coords)
            draft = Wish(kind, (name,), size, 0.0, ())
            road_mm = road_width_mm(road_class, denominator)
            spots = spots_along(stretch, draft.box_mm()[0], size, road_mm=road_mm)
            # The longest stretch of a street is named first; shorter ones nearby then do without.
            order = rank - min(stretch.length, 500.0) / 1000
            if spots:
                spots = _rather_inside(spots, own)
                yield Wish(kind, (name,), size, order, spots, key=name, apart_mm=_AGAIN_MM * 0.6)


def _rather_inside(spots: tuple[Spot, ...], own: BaseGeometry) -> tuple[Spot, ...]:
    """Return the spots, those outside dearer: the name of a street along the boundary stands on our side."""
    inside = shapely.contains_xy(own, [spot.x for spot in spots], [spot.y for spot in spots])
    return tuple(
        replace(spot, cost=spot.cost + (0.0 if within else _OUTSIDE))
        for spot, within in zip(spots, np.atleast_1d(inside).tolist(), strict=True)
    )


def water_wishes(cover: Cover, projection: Projection) -> Iterator[Wish]:
    """Yield the names of waters, to stand in them."""
    frame = shapely.box(0, 0, *projection.window)
    shapes = projection.shapes_mm(cover.shapes)
    for kind, name, shape in zip(cover.kinds, cover.names, shapes, strict=True):
        if kind != "water" or not name:
            continue
        draft = Wish("water", (name,), SIZES_MM["water"], 3.0, ())
        room = shapely.intersection(shapely.make_valid(shape), frame)
        spots = spots_inside(room, draft.box_mm())
        yield Wish("water", (name,), draft.size_mm, 3.0, spots, key=name, apart_mm=_AGAIN_MM)


def place_wishes(marks: Sequence[Mark], points: NDArray[np.float64]) -> Iterator[Wish]:
    """Yield the names of key places beside their symbols; stations and service points first."""
    for mark, (x, y) in zip(marks, points.tolist(), strict=True):
        if mark.kind == "camera" or not mark.name:
            continue
        draft = Wish("place", (mark.name,), SIZES_MM["place"], 0.0, ())
        spots = around_point(x, y, draft.box_mm(), clear_mm=SYMBOL_MM + AIR_MM + 0.15)
        rank = 0.5 if mark.kind in {"station", "service_point"} else 2.5
        yield Wish("place", draft.lines, draft.size_mm, rank, spots)


def number_wishes(numbers: Sequence[HouseNumber], points: NDArray[np.float64]) -> Iterator[Wish]:
    """Yield house numbers at their houses."""
    for number, (x, y) in zip(numbers, points.tolist(), strict=True):
        spots = (
            Spot(x, y),
            *(Spot(x + dx, y + dy, cost=0.4) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))),
        )
        yield Wish("number", (number.words,), SIZES_MM["number"], 6.0, spots)


_BLOCK = re.compile(r"(\d+)\s*([幢栋座])")
_HOUSE = re.compile(r"(\d+(?:[-－]\d+)?)\s*号(?!楼)")


def house_number(address: str, building_no: str) -> str:
    """Return the number that stands on a house: of its block in an estate, else of the house in its street.

    >>> house_number("青溪镇人民路12号", ""), house_number("青溪镇人民路12号锦绣苑3幢2单元301室", "3")
    ('12', '3幢')
    """
    block = _BLOCK.search(address)
    if block:
        return "".join(block.groups())
    house = _HOUSE.findall(address)
    return house[-1] if house else building_no
