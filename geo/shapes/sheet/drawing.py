"""A sheet as a drawing: paths by layer, symbols, labels, coordinates and scale bar, in paper millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, radians, sin

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import shape_to_metric
from geo.shapes.sheet.graticule import Graticule, graticule, scale_bar
from geo.shapes.sheet.ground import AreaShape, Ground, Mark
from geo.shapes.sheet.label import Board, Label, Wish
from geo.shapes.sheet.neighbour import border_lines
from geo.shapes.sheet.paper import Layout
from geo.shapes.sheet.path import cut, path_of, paths_of
from geo.shapes.sheet.projection import Projection
from geo.shapes.sheet.roadway import Stroke, strokes
from geo.shapes.sheet.wish import (
    BAND_MM,
    CAMERA_MM,
    NAMES_TO,
    NUMBERS_TO,
    SYMBOL_MM,
    inner_wishes,
    neighbour_wishes,
    number_wishes,
    place_wishes,
    street_wishes,
    water_wishes,
)

#: The north arrow stands in the upper right corner of the window: middle from the corner, and radius.
ARROW_MM, ARROW_RADIUS_MM = 9.5, 8.0
#: Borders of two areas nearer than this are one; what is left of a cut border below a speck is not drawn.
_SAME_M, _SPECK_MM = 0.5, 0.3
#: Surfaces have thin edges or none: cut so near the window, what is drawn is seen.
_EDGE_MM = 0.2
#: Radius of the disc with a place's number.
BADGE_MM = 2.2
#: How far the sector of a camera reaches on paper.
SECTOR_MM = 4.2
#: As many pale tints tell the grids of an overview apart; a plane map needs at most four, greed a few more.
TINTS = 6


@dataclass(frozen=True, slots=True)
class Symbol:
    """A key place, or a camera: `sector` is the path of what it faces, "" all round."""

    kind: str
    x: float
    y: float
    sector: str = ""
    working: bool = True


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything in the map window, ready to be written as SVG; layers in the order they are drawn."""

    projection: Projection
    layout: Layout
    green: list[str]
    farmland: list[str]
    water: list[str]
    tints: list[list[str]]
    buildings: list[str]
    roads: list[Stroke]
    veil: str
    borders: list[str]
    community_borders: list[str]
    band: list[str]
    boundary: list[str]
    symbols: list[Symbol]
    labels: list[Label]
    graticule: Graticule
    bar: tuple[float, int, int]
    hidden_labels: int
    places: list[str]
    badges: list[tuple[float, float, str]]


def draw_grid(ground: Ground, projection: Projection, layout: Layout) -> Drawing:
    """Return the sheet of one grid: everything outside it is paled, its neighbours are named."""
    own = projection.shape_mm(ground.subject)
    around = projection.shapes_mm(_shapes(ground.others))
    wishes = [
        *neighbour_wishes(ground.others, around, own, projection.window),
        *street_wishes(ground.roads, projection, own),
        *water_wishes(ground.cover, projection),
    ]
    return _drawn(ground, (projection, layout), own, wishes)


def draw_overview(
    ground: Ground, projection: Projection, layout: Layout, *, grids: Sequence[tuple[str, AreaShape]]
) -> Drawing:
    """Return the sheet of a community with its numbered grids; only main streets and waters are named."""
    own = projection.shape_mm(ground.subject)
    around = projection.shapes_mm(_shapes(ground.others))
    inner = projection.shapes_mm(_shapes([grid for _, grid in grids]))
    wishes = [
        *inner_wishes([(number, grid.name) for number, grid in grids], inner),
        *neighbour_wishes(ground.others, around, own, projection.window),
        *street_wishes(ground.roads, projection, own, only_main=True),
        *water_wishes(ground.cover, projection),
    ]
    return _drawn(ground, (projection, layout), own, wishes, inner=[grid for _, grid in grids])


def draw_area(
    ground: Ground, projection: Projection, layout: Layout, *, places: Sequence[BaseGeometry]
) -> Drawing:
    """Return the sheet of any area with `places` (EPSG:4326) on it, numbered from 1 in their order."""
    own = projection.shape_mm(ground.subject)
    spots = projection.shapes_mm(np.array(places, dtype=object))
    middles = [shapely.point_on_surface(spot) for spot in spots]
    wishes = [
        *street_wishes(ground.roads, projection, own, only_main=True),
        *water_wishes(ground.cover, projection),
    ]
    taken = [middle.buffer(BADGE_MM) for middle in middles]
    return replace(
        _drawn(ground, (projection, layout), own, wishes, taken=taken),
        # Each a path of its own: places may overlap, and paths of one string would cut each other out.
        places=[path_of(spot) for spot in cut(spots.copy(), projection.window)],
        badges=[(round(at.x, 2), round(at.y, 2), str(k + 1)) for k, at in enumerate(middles)],
    )


def _drawn(
    ground: Ground,
    sheet: tuple[Projection, Layout],
    own: BaseGeometry,
    wishes: list[Wish],
    *,
    inner: Sequence[AreaShape] = (),
    taken: Sequence[BaseGeometry] = (),
) -> Drawing:
    projection, layout = sheet
    window = projection.window
    marks = ground.marks
    points = projection.points_mm(np.array([(mark.lon, mark.lat) for mark in marks]).reshape(-1, 2))
    if projection.denominator <= NAMES_TO:
        wishes += place_wishes(marks, points)
    if projection.denominator <= NUMBERS_TO and not inner:
        numbers = ground.house_numbers
        at = projection.points_mm(np.array([(n.lon, n.lat) for n in numbers]).reshape(-1, 2))
        wishes += number_wishes(numbers, at)
    symbols = [_symbol(mark, x, y) for mark, (x, y) in zip(marks, points.tolist(), strict=True)]
    borders = _borders(ground, projection, inner)
    crossed = [shapely.boundary(own), *borders.communities, *borders.grids]
    board = Board(window, forbidden=[*_barred(symbols, window), *taken], disliked=crossed)
    labels = board.place(wishes)
    frame = shapely.box(-1, -1, window[0] + 1, window[1] + 1)
    outside = shapely.difference(frame, own)
    band = shapely.intersection(shapely.difference(shapely.buffer(own, BAND_MM), own), frame)
    return Drawing(
        projection=projection,
        layout=layout,
        **_cover(ground, projection),
        tints=_tints(inner, projection),
        buildings=paths_of(cut(projection.shapes_mm(ground.buildings), window, over_mm=_EDGE_MM)),
        roads=strokes(ground.roads, projection),
        veil=path_of(outside),
        borders=paths_of(cut(np.array(borders.grids, dtype=object), window)),
        community_borders=paths_of(cut(np.array(borders.communities, dtype=object), window)),
        band=paths_of(_simple([band])),
        boundary=paths_of(_simple([shapely.boundary(own)])),
        symbols=symbols,
        labels=labels,
        graticule=graticule(projection),
        bar=scale_bar(projection.denominator),
        hidden_labels=len(wishes) - len(labels),
        places=[],
        badges=[],
    )


def _shapes(areas: Sequence[AreaShape]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    found = np.empty(len(areas), dtype=object)
    found[:] = [area.shape for area in areas]
    return found


def _simple(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    # The boundary is what the sheet is about: half the tolerance of everything else.
    return list(shapely.simplify(np.array(shapes, dtype=object), 0.05))


def _cover(ground: Ground, projection: Projection) -> dict[str, list[str]]:
    kinds = np.array(ground.cover.kinds, dtype=np.str_)
    return {
        kind: paths_of(
            cut(projection.shapes_mm(ground.cover.shapes[kinds == kind]), projection.window, over_mm=_EDGE_MM)
        )
        for kind in ("green", "farmland", "water")
    }


@dataclass(frozen=True, slots=True)
class _Borders:
    """Borders of other areas on the paper, each once: of communities, and of grids inside them."""

    communities: list[BaseGeometry]
    grids: list[BaseGeometry]


def _borders(ground: Ground, projection: Projection, inner: Sequence[AreaShape]) -> _Borders:
    """Return the borders of all other areas without the sheet's own boundary."""
    areas = [*ground.others, *inner]
    shapes = [shape_to_metric(area.shape, projection.epsg) for area in areas]
    subject = shape_to_metric(ground.subject, projection.epsg)
    groups = [area.group for area in areas]
    merged = [
        shapely.union_all([shape for shape, group in zip(shapes, groups, strict=True) if group == one])
        for one in sorted(set(groups))
    ]
    outer = border_lines(
        [
            shapely.union(one, subject) if name == ground.group else one
            for one, name in zip(merged, sorted(set(groups)), strict=True)
        ]
    )
    own = shapely.buffer(shapely.boundary(subject), _SAME_M)
    between = shapely.difference(border_lines(shapes), shapely.buffer(outer, _SAME_M))
    return _Borders(
        _on_paper(shapely.difference(outer, own), projection),
        _on_paper(shapely.difference(between, own), projection),
    )


def _on_paper(lines: BaseGeometry, projection: Projection) -> list[BaseGeometry]:
    middle, scale = np.array(projection.middle), projection.mm_per_m
    half = np.array(projection.window) / 2
    drawn = shapely.transform(lines, lambda metres: (metres - middle) * (scale, -scale) + half)
    return [part for part in shapely.get_parts(drawn) if part.length > _SPECK_MM]


def _tints(inner: Sequence[AreaShape], projection: Projection) -> list[list[str]]:
    """Return the paths of the inner areas by tint; neighbours differ (greedy colouring, largest first)."""
    if not inner:
        return []
    shapes = projection.shapes_mm(_shapes(inner))
    tree = shapely.STRtree(shapes)
    beside: list[set[int]] = [set() for _ in shapes]
    for a, b in tree.query(shapes, predicate="dwithin", distance=0.05).T.tolist():
        if a != b:
            beside[a].add(b)
    tint = np.full(len(shapes), -1)
    for row in sorted(range(len(shapes)), key=lambda k: (-len(beside[k]), k)):
        taken = {int(tint[other]) for other in beside[row]}
        tint[row] = next((k for k in range(TINTS) if k not in taken), 0)
    return [paths_of(cut(shapes[tint == k].copy(), projection.window)) for k in range(TINTS)]


def _symbol(mark: Mark, x: float, y: float) -> Symbol:
    sector = _sector(mark, x, y) if mark.kind == "camera" else ""
    return Symbol(mark.kind, round(x, 2), round(y, 2), sector, mark.working)


def _sector(mark: Mark, x: float, y: float) -> str:
    if mark.bearing_deg is None:
        return ""
    half = min((mark.view_deg or 60.0) / 2, 179.0)
    # Bearings run clockwise from north, which lies upwards but for the convergence: unseen on a symbol.
    turns = [radians(mark.bearing_deg - 90 + step) for step in np.linspace(-half, half, 9)]
    arc = [(x + SECTOR_MM * cos(turn), y + SECTOR_MM * sin(turn)) for turn in turns]
    return path_of(shapely.Polygon([(x, y), *arc]))


def _barred(symbols: Sequence[Symbol], window: tuple[float, float]) -> list[BaseGeometry]:
    arrow = shapely.Point(window[0] - ARROW_MM, ARROW_MM).buffer(ARROW_RADIUS_MM)
    discs = [
        shapely.Point(symbol.x, symbol.y).buffer(CAMERA_MM if symbol.kind == "camera" else SYMBOL_MM)
        for symbol in symbols
    ]
    return [arrow, *discs]
