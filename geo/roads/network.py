"""Road sections as arrays, made into a routable graph for one mode of travel.

Pure: arrays in, arrays out, no database. Coordinates are metric (the deployment's projected CRS, metres)
throughout; lengths are planar lengths in that CRS, so a path's drawn length is its distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.roads.speed import Mode, SpeedTable

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

OFF_ROAD = -1
"""Edge number of a position that found no road within reach."""


@dataclass(frozen=True)
class SectionArrays:
    """Noded road sections of one county; all arrays but the last two have shape ``(m,)``.

    Attributes
    ----------
    section_id
        Key of the section in its table.
    from_node, to_node
        Node keys; two sections meet exactly where they share a key.
    road_class
        OSM highway value or our own class name.
    oneway
        1 along the drawing direction only, -1 against it only, 0 both ways.
    foot, bicycle, car
        Whether the mode may use the section at all.
    coordinates
        Vertices of all sections one after another, metric, shape ``(v, 2)``.
    offsets
        Section ``i`` owns ``coordinates[offsets[i]:offsets[i + 1]]``, shape ``(m + 1,)``.
    """

    section_id: IntArray
    from_node: IntArray
    to_node: IntArray
    road_class: NDArray[np.str_]
    oneway: NDArray[np.int8]
    foot: BoolArray
    bicycle: BoolArray
    car: BoolArray
    coordinates: FloatArray
    offsets: IntArray

    def allows(self, mode: Mode) -> BoolArray:
        """Return whether each section is open to the mode; e-scooters share the bicycle's rule."""
        return {Mode.FOOT: self.foot, Mode.CAR: self.car}.get(mode, self.bicycle)

    def length_m(self) -> FloatArray:
        """Return the planar length of each section in metres."""
        lines = _lines(self.coordinates, self.offsets)
        return np.asarray(shapely.length(lines), dtype=np.float64)


@dataclass(frozen=True)
class Positions:
    """Points on the network; arrays of shape ``(k,)`` in the order of the points snapped.

    Attributes
    ----------
    edge
        Edge number in the network, ``OFF_ROAD`` where no road was within reach.
    fraction
        Place along the edge in its drawing direction, 0..1.
    offset_m
        Straight distance from the point to its place on the road; inf where off road.
    """

    edge: IntArray
    fraction: FloatArray
    offset_m: FloatArray

    def __len__(self) -> int:
        return len(self.edge)


@dataclass(frozen=True)
class Arcs:
    """Directed pieces of edges; arrays of shape ``(a,)``.

    An arc runs from ``start_fraction`` to ``end_fraction`` of its edge; against the drawing direction
    when the second is smaller.
    """

    tail: IntArray
    head: IntArray
    edge: IntArray
    start_fraction: FloatArray
    end_fraction: FloatArray

    @staticmethod
    def join(parts: list[Arcs]) -> Arcs:
        """Return the arcs of all parts, in order."""
        return Arcs(
            tail=np.concatenate([part.tail for part in parts]),
            head=np.concatenate([part.head for part in parts]),
            edge=np.concatenate([part.edge for part in parts]),
            start_fraction=np.concatenate([part.start_fraction for part in parts]),
            end_fraction=np.concatenate([part.end_fraction for part in parts]),
        )

    def reversed(self) -> Arcs:
        """Return the same pieces travelled the other way."""
        return Arcs(self.head, self.tail, self.edge, self.end_fraction, self.start_fraction)

    def take(self, which: NDArray[np.bool_] | IntArray) -> Arcs:
        """Return the chosen arcs (mask or indices)."""
        return Arcs(
            self.tail[which],
            self.head[which],
            self.edge[which],
            self.start_fraction[which],
            self.end_fraction[which],
        )


@dataclass(frozen=True)
class RoadNetwork:
    """The largest strongly connected part of the roads open to one mode.

    Every node reaches every other, so a finite travel time exists between any two positions on it.
    Edges are the kept sections; nodes are numbered 0..``node_count - 1``.

    Attributes
    ----------
    section_id, from_index, to_index, forward, backward, speed_mps, length_m
        One value per edge, shape ``(e,)``; ``forward`` tells whether the drawing direction is allowed.
    coordinates, offsets
        Metric vertices of the edges, laid out as in `SectionArrays`.
    left_out
        Number of sections open to the mode that hang outside the connected part.
    """

    mode: Mode
    node_count: int
    section_id: IntArray
    from_index: IntArray
    to_index: IntArray
    forward: BoolArray
    backward: BoolArray
    speed_mps: FloatArray
    length_m: FloatArray
    coordinates: FloatArray
    offsets: IntArray
    left_out: int

    @property
    def edge_count(self) -> int:
        """Number of edges kept."""
        return len(self.section_id)

    @staticmethod
    def build(sections: SectionArrays, *, mode: Mode, speeds: SpeedTable) -> RoadNetwork:
        """Return the routable network of one mode; empty when no section is open to it.

        Walkers ignore one-way rules. Parallel edges stay (positions may lie on any of them); the search
        in `geo.roads.travel` uses the quickest.
        """
        speed_mps = speeds.speed_mps(mode, sections.road_class)
        usable = np.flatnonzero(sections.allows(mode) & (speed_mps > 0.0))
        keys, ends = np.unique(
            np.concatenate([sections.from_node[usable], sections.to_node[usable]]), return_inverse=True
        )
        from_index, to_index = ends[: len(usable)], ends[len(usable) :]
        oneway = np.zeros(len(usable), np.int8) if mode is Mode.FOOT else sections.oneway[usable]
        part = _largest_part(from_index, to_index, oneway, len(keys))
        kept = part[from_index] & part[to_index] if len(usable) else np.zeros(0, np.bool_)
        renumbered = np.cumsum(part) - 1
        coordinates, offsets = _take_lines(sections, usable[kept])
        return RoadNetwork(
            mode=mode,
            node_count=int(part.sum()),
            section_id=sections.section_id[usable[kept]],
            from_index=renumbered[from_index[kept]],
            to_index=renumbered[to_index[kept]],
            forward=oneway[kept] >= 0,
            backward=oneway[kept] <= 0,
            speed_mps=speed_mps[usable[kept]],
            length_m=np.asarray(shapely.length(_lines(coordinates, offsets)), dtype=np.float64),
            coordinates=coordinates,
            offsets=offsets,
            left_out=int(len(usable) - kept.sum()),
        )

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Edges as shapely LineStrings in the metric CRS, shape ``(e,)``."""
        return _lines(self.coordinates, self.offsets)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.lines)

    @cached_property
    def arcs(self) -> Arcs:
        """Whole edges in every allowed direction."""
        count = self.edge_count
        whole = Arcs(self.from_index, self.to_index, np.arange(count), np.zeros(count), np.ones(count))
        return Arcs.join([whole.take(self.forward), whole.reversed().take(self.backward)])

    def snap(self, points_m: FloatArray, *, reach_m: float = np.inf) -> Positions:
        """Return the nearest place on an edge for each metric point, shape ``(k, 2)``.

        A point farther than ``reach_m`` from every edge stays ``OFF_ROAD``. Of equally near edges the
        lowest edge number is taken, so the answer does not depend on the index's insides.
        """
        points = np.asarray(shapely.points(np.asarray(points_m, np.float64).reshape(-1, 2)), dtype=object)
        edge = np.full(len(points), OFF_ROAD, dtype=np.int64)
        if self.edge_count and len(points):
            which, found = self._tree.query_nearest(points, all_matches=True)
            order = np.lexsort((found, which))
            first = np.unique(which[order], return_index=True)[1]
            edge[which[order][first]] = found[order][first]
        offset_m = np.full(len(points), np.inf)
        near = edge >= 0
        offset_m[near] = shapely.distance(self.lines[edge[near]], points[near])
        edge[offset_m > reach_m] = OFF_ROAD
        offset_m[offset_m > reach_m] = np.inf
        near = edge >= 0
        fraction = np.zeros(len(points))
        located = shapely.line_locate_point(self.lines[edge[near]], points[near], normalized=True)
        fraction[near] = np.clip(np.nan_to_num(located), 0.0, 1.0)
        return Positions(edge, fraction, offset_m)

    def points_of(self, positions: Positions) -> FloatArray:
        """Return the metric coordinates of positions, shape ``(k, 2)``; nan where off road."""
        points_m = np.full((len(positions), 2), np.nan)
        on_road = positions.edge >= 0
        places = shapely.line_interpolate_point(
            self.lines[positions.edge[on_road]], positions.fraction[on_road], normalized=True
        )
        points_m[on_road] = shapely.get_coordinates(places)
        return points_m

    def piece(self, edge: int, start_fraction: float, end_fraction: float) -> FloatArray:
        """Return the vertices of an edge between two fractions, in travel order, shape ``(v, 2)``."""
        line = self.coordinates[self.offsets[edge] : self.offsets[edge + 1]]
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        low, high = sorted((start_fraction * along[-1], end_fraction * along[-1]))
        inner = line[(along > low) & (along < high)]
        ends = np.column_stack([np.interp([low, high], along, line[:, axis]) for axis in (0, 1)])
        vertices = np.vstack([ends[:1], inner, ends[1:]])
        return vertices if start_fraction <= end_fraction else vertices[::-1]


def _lines(coordinates: FloatArray, offsets: IntArray) -> NDArray[np.object_]:
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    lines: NDArray[np.object_] = np.asarray(
        shapely.linestrings(coordinates, indices=owner) if len(owner) else [], dtype=object
    )
    return lines


def _take_lines(sections: SectionArrays, which: IntArray) -> tuple[FloatArray, IntArray]:
    """Return coordinates and offsets of the chosen sections, re-packed in the order given."""
    counts = np.diff(sections.offsets)[which]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    return sections.coordinates[np.repeat(sections.offsets[which], counts) + within], offsets


def _largest_part(
    from_index: IntArray, to_index: IntArray, oneway: NDArray[np.int8], node_count: int
) -> BoolArray:
    """Return which nodes belong to the largest strongly connected part (lowest label on a tie)."""
    if node_count == 0:
        return np.zeros(0, np.bool_)
    tail = np.concatenate([from_index[oneway >= 0], to_index[oneway <= 0]])
    head = np.concatenate([to_index[oneway >= 0], from_index[oneway <= 0]])
    graph = csr_array((np.ones(len(tail)), (tail, head)), shape=(node_count, node_count))
    _, label = connected_components(graph, directed=True, connection="strong")
    return np.asarray(label == np.bincount(label).argmax())
