"""The blocks grids are joined from: faces between streets, banks and, where too many live, buildings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.shapes.crs import to_metric
from geo.shapes.proposal.borders import links_of, segments_of, with_party_walls
from geo.shapes.proposal.gaps import gap_lines, lodging
from geo.shapes.proposal.linework import (
    RANK_OF_CLASS,
    Linework,
    Rank,
    as_lines,
    faces_between,
    points_of,
    round_buildings,
)
from geo.shapes.proposal.party import opened
from geo.shapes.proposal.spokes import spokes

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import BoolArray, FloatArray, IntArray, Shapes
    from geo.shapes.proposal.borders import Links, Segments
    from geo.shapes.proposal.frame import Frame
    from geo.shapes.proposal.linework import Solids
    from geo.shapes.proposal.question import ProposalGround

#: Water shorter than this parts nobody: a pond is walked round [ours].
_SHORTEST_WATER_M = 150.0
#: A face without households of less mean width is the strip between carriageways or between a bank and
#: its path, and no block [ours].
_NARROW_M = 12.0
#: A face without households that is smaller is a traffic island or a verge [ours].
_SMALLEST_M2 = 400.0
#: Open ground is divided along tracks too where a face exceeds this share of a mean grid's ground [ours].
_LARGE_SHARE = 0.25
#: How strongly two faces belong together across a metre of edge, by rank: what is no street binds most.
#: Ground belongs to the house at whose wall it lies; a wall two houses share binds neither to the other.
_BOND = np.array([0.0, 0.2, 0.2, 0.4, 0.6, 1.0, 0.8, 1.5, 1.0, 10.0, 3.0, 0.0])


@dataclass(frozen=True, slots=True)
class Blocks:
    """What grids are joined from; ``n`` blocks made of ``f`` faces.

    Attributes
    ----------
    faces : (f,) array of Polygon
        EPSG:4326, a valid coverage on the 1e-7 degree grid that tiles every frame.
    of_face, frame_of_face : (f,) arrays of int
        The block and the frame of each face.
    segments : Segments
        Edges between faces.
    weight : (n,) array of int
        Households.
    area_m2, perimeter_m : (n,) arrays
    frame : (n,) array of int
    links : Links
        Blocks of one frame that share an edge.
    of_household : (m,) array of int
        Block of each household, -1 outside every frame.
    """

    faces: Shapes
    of_face: IntArray
    frame_of_face: IntArray
    segments: Segments
    weight: IntArray
    area_m2: FloatArray
    perimeter_m: FloatArray
    frame: IntArray
    links: Links
    of_household: IntArray


@dataclass(frozen=True, slots=True)
class _Town:
    """What every step needs."""

    frame: Frame
    solids: Solids
    points: Shapes
    counts: IntArray
    epsg: int


def make_blocks(
    ground: ProposalGround, frame: Frame, solids: Solids, *, size: float, tolerance: float, epsg: int
) -> Blocks:
    """Return the blocks of every frame.

    Streets from motorway to residential, banks, today's edges and the borders of the frames come first.
    Where more than `tolerance` of a grid live in a face, service roads and footpaths divide it further,
    and where twice as many live, the gaps between buildings; where more than `tolerance` of a grid live in
    buildings that stand wall to wall, the walls they share divide them.
    """
    town = _Town(frame, solids, points_of(ground.households), np.asarray(ground.counts), epsg)
    town = _with_opened(town, ground, limit=tolerance * size)
    available = _linework(ground, town)
    work = available.of([Rank.BORDER, Rank.BANK, Rank.MAIN, Rank.STREET, Rank.LANE, Rank.TODAY])
    faces, _ = _faces(work, town, walled=False)
    work += _minor_lines(faces, available, town, limit=tolerance * size, size=size)
    faces, cut = _faces(work, town, walled=False)
    empty = _load(_home_of(faces, town.points), town.counts, len(faces)) == 0
    work += spokes(faces, empty, town.frame.shapes)
    work += _gaps(faces, cut, town, limit=2 * tolerance * size)
    faces, cut = _faces(work, town, walled=True)
    return _joined(faces, cut, work, town)


def _with_opened(town: _Town, ground: ProposalGround, *, limit: float) -> _Town:
    """Return the town with clumps of buildings opened in which more than `limit` households live."""
    lodged = lodging(ground.households, town.solids.shapes, epsg=town.epsg)
    inside = _home_of(town.frame.shapes, town.points) >= 0
    load = _load(np.where(inside, lodged, -1), town.counts, town.solids.count)
    return replace(town, solids=opened(town.solids, ground.buildings, load, limit=limit))


def _linework(ground: ProposalGround, town: _Town) -> Linework:
    classes = np.array([RANK_OF_CLASS.get(each, Rank.LANE) for each in ground.road_classes], np.int64)
    roads = as_lines(ground.roads, classes)
    everything = roads + _banks(ground, town.epsg)
    if ground.today:
        everything += as_lines([grid.shape for grid in ground.today], Rank.TODAY)
    near, _ = shapely.STRtree(town.frame.shapes).query(everything.lines, predicate="intersects")
    return everything.pick(np.unique(near)) + as_lines(town.frame.shapes, Rank.BORDER)


def _banks(ground: ProposalGround, epsg: int) -> Linework:
    water = shapely.make_valid(np.asarray(list(ground.water), dtype=object).reshape(-1))
    areal = shapely.get_dimensions(water) == 2
    merged = shapely.get_parts(shapely.union_all(water[areal], grid_size=1e-7))
    shapes = np.concatenate([merged, water[~areal]])
    box = shapely.bounds(shapes).reshape(-1, 4)
    span = to_metric(box[:, 2:], epsg) - to_metric(box[:, :2], epsg) if len(box) else np.zeros((0, 2))
    return as_lines(shapes[np.hypot(span[:, 0], span[:, 1]) >= _SHORTEST_WATER_M], Rank.BANK)


def _faces(work: Linework, town: _Town, *, walled: bool) -> tuple[Shapes, IntArray]:
    """Return the faces, and the solids that stand in one of their own; `walled` says that party ones do."""
    given = work.of([Rank.BORDER])
    walls = town.solids.party & walled
    free, cut = round_buildings(work.pick(work.rank != Rank.BORDER), town.solids, walled=walls)
    return faces_between(given + free), cut


def _home_of(faces: Shapes, points: Shapes) -> IntArray:
    """Return the face each point lies in, the first one on an edge, -1 in none."""
    which, face = shapely.STRtree(faces).query(points, predicate="intersects")
    home = np.full(len(points), len(faces), np.int64)
    np.minimum.at(home, which, face)
    home[home == len(faces)] = -1
    return home


def _load(home: IntArray, counts: IntArray, number: int) -> IntArray:
    lodged = home >= 0
    return np.bincount(home[lodged], counts[lodged], number).astype(np.int64)


def _minor_lines(faces: Shapes, available: Linework, town: _Town, *, limit: float, size: float) -> Linework:
    load = _load(_home_of(faces, town.points), town.counts, len(faces))
    area = shapely.area(faces)
    mean = shapely.area(town.frame.shapes).sum() / max(load.sum() / size, 1.0)
    heavy = load > limit
    large = ~heavy & (area > _LARGE_SHARE * mean)
    paths = available.of([Rank.YARD, Rank.PATH])
    tracks = available.of([Rank.YARD])
    return _inside(paths, faces[heavy]) + _inside(tracks, faces[large])


def _inside(work: Linework, faces: Shapes) -> Linework:
    which, face = shapely.STRtree(faces).query(work.lines, predicate="intersects")
    return as_lines(shapely.intersection(work.lines[which], faces[face]), work.rank[which])


def _gaps(faces: Shapes, cut: IntArray, town: _Town, *, limit: float) -> Linework:
    yard = np.append(_yards(faces, town.solids.shapes[cut]), -1)
    home = yard[_home_of(faces, town.points)]
    heavy = np.flatnonzero(_load(home, town.counts, len(faces)) > limit)
    number = np.full(len(faces) + 1, -1, np.int64)
    number[heavy] = np.arange(len(heavy))
    stands = yard[_home_of(faces, _points_inside(town.solids.shapes))]
    return gap_lines(faces[heavy], (town.points, number[home]), (town.solids, number[stands]), epsg=town.epsg)


def _points_inside(shapes: Shapes) -> Shapes:
    """Return a point inside each shape."""
    return np.asarray(shapely.point_on_surface(shapes), dtype=object).reshape(-1)


def _yards(faces: Shapes, cut: Shapes) -> IntArray:
    """Return for each face that is a building the open one it shares most wall with, else the face."""
    yard = np.arange(len(faces), dtype=np.int64)
    built = _home_of(cut, _points_inside(faces)) >= 0
    ground, walls = np.flatnonzero(~built), np.flatnonzero(built)
    which, near = shapely.STRtree(faces[ground]).query(faces[walls], predicate="intersects")
    rims = shapely.boundary(faces)
    shared = shapely.length(shapely.intersection(rims[walls[which]], rims[ground[near]]))
    order = np.lexsort((near, -shared, which))
    first = order[np.unique(which[order], return_index=True)[1]]
    first = first[shared[first] > 0]
    yard[walls[which[first]]] = ground[near[first]]
    return yard


def _joined(faces: Shapes, cut: IntArray, work: Linework, town: _Town) -> Blocks:
    """Return blocks: faces, with what is no block by itself joined to the neighbour it is bound to most."""
    inside = shapely.point_on_surface(faces)
    frame = _home_of(town.frame.shapes, inside)
    faces, frame, inside = faces[frame >= 0], frame[frame >= 0], inside[frame >= 0]
    segments = segments_of(faces, work + as_lines(town.solids.shapes[cut], Rank.WALL), epsg=town.epsg)
    home = _home_of(faces, town.points)
    weight = _load(home, town.counts, len(faces))
    solid = _home_of(town.solids.shapes[cut], inside)
    segments = with_party_walls(segments, solid)
    area = _areas_m2(faces, town.epsg)
    part = _absorb(np.arange(len(faces)), solid >= 0, (segments, frame))
    for _ in range(6):
        small = _no_blocks(part, (weight, area), (segments, frame))
        joined = _absorb(part, small, (segments, frame))
        if np.array_equal(joined, part):
            break
        part = joined
    return _blocks(faces, part, (segments, frame), (weight, area, home))


def _areas_m2(faces: Shapes, epsg: int) -> FloatArray:
    return np.asarray(shapely.area(shapely.transform(faces, lambda xy: to_metric(xy, epsg))), np.float64)


def _perimeters(segments: Segments, part: IntArray, number: int) -> FloatArray:
    sides = (segments.left, segments.right)
    total = np.zeros(number)
    outer = np.append(part, -1)
    for one, other in (sides, sides[::-1]):
        edge = (outer[one] != outer[other]) & (outer[one] >= 0)
        total += np.bincount(outer[one][edge], segments.length_m[edge], number)
    return total


def _no_blocks(
    part: IntArray, measures: tuple[IntArray, FloatArray], place: tuple[Segments, IntArray]
) -> BoolArray:
    """Tell which parts are empty and narrow, small or surrounded by one other part."""
    segments, frame = place
    number = int(part.max()) + 1
    weight = np.bincount(part, measures[0], number)
    area = np.bincount(part, measures[1], number)
    perimeter = _perimeters(segments, part, number)
    links = links_of(segments, part, frame=frame)
    degree = np.bincount(links.pairs.reshape(-1), minlength=number)
    narrow = 2 * area / np.maximum(perimeter, 1e-9) < _NARROW_M
    empty: BoolArray = (weight == 0) & (narrow | (area < _SMALLEST_M2) | (degree == 1))
    return empty


def _absorb(part: IntArray, small: BoolArray, place: tuple[Segments, IntArray]) -> IntArray:
    """Return the parts with each small one joined to the neighbour it is bound to most."""
    segments, frame = place
    links = links_of(segments, part, frame=frame)
    both = np.concatenate([links.pairs, links.pairs[:, ::-1]])
    # A tenth of a metre breaks ties between bonds of nothing.
    free_m = np.delete(links.length_m, int(Rank.PARTY), axis=1).sum(axis=1)
    bond = np.tile(links.length_m @ _BOND + 0.1 * free_m, 2)
    chosen = small[both[:, 0]] & (bond > 0)
    both, bond = both[chosen], bond[chosen]
    order = np.lexsort((both[:, 1], -bond, both[:, 0]))
    first = np.unique(both[order, 0], return_index=True)[1]
    joins = both[order][first]
    number = int(part.max()) + 1
    graph = coo_array((np.ones(len(joins)), (joins[:, 0], joins[:, 1])), shape=(number, number))
    label = connected_components(graph, directed=False)[1].astype(np.int64)
    return label[part]


def _blocks(
    faces: Shapes,
    part: IntArray,
    place: tuple[Segments, IntArray],
    measures: tuple[IntArray, FloatArray, IntArray],
) -> Blocks:
    segments, frame = place
    weight, area, home = measures
    number = int(part.max()) + 1
    frame_of = np.zeros(number, np.int64)
    frame_of[part] = frame
    links = links_of(segments, part, frame=frame)
    return Blocks(
        faces=faces,
        of_face=part,
        frame_of_face=frame,
        segments=segments,
        weight=np.bincount(part, weight, number).astype(np.int64),
        area_m2=np.bincount(part, area, number),
        perimeter_m=_perimeters(segments, part, number),
        frame=frame_of,
        links=links,
        of_household=np.append(part, -1)[home],
    )
