"""Travel times, distances and drawn paths between positions on a road network.

The positions become nodes of their own: each edge that carries positions gets, beside its whole arcs, a
chain of partial arcs from end to end through them. One Dijkstra per position (Dijkstra 1959, scipy's
compiled version) then covers starts and ends in mid-edge and two positions on one edge alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.roads.network import Arcs, FloatArray, IntArray, Positions, RoadNetwork

# csgraph reads a missing weight as no arc; two positions at one place must stay joined, so a zero
# duration becomes this: a billion such arcs add up to a second.
_LEAST_DURATION_S = 1e-9

# Rows searched at once: bounds the memory of predecessors and distances to rows x nodes x 24 bytes.
_BLOCK_ROWS = 64

_NO_PREDECESSOR = -9999


@dataclass(frozen=True)
class TravelGraph:
    """Compressed rows of the network with its positions inserted, sorted by (tail, head).

    Nodes ``0..n-1`` are the network's; node ``n + i`` is position ``i``.
    """

    network: RoadNetwork
    position_count: int
    arcs: Arcs
    duration_s: FloatArray
    length_m: FloatArray
    indptr: IntArray

    @property
    def node_count(self) -> int:
        """Number of network nodes plus positions."""
        return self.network.node_count + self.position_count

    @staticmethod
    def build(network: RoadNetwork, positions: Positions) -> TravelGraph:
        """Return the graph with one node per position; of parallel arcs the quickest is kept."""
        chain = _chain_arcs(network, positions)
        arcs = Arcs.join([network.arcs, chain])
        arcs = arcs.take(arcs.tail != arcs.head)
        length_m = np.abs(arcs.end_fraction - arcs.start_fraction) * network.length_m[arcs.edge]
        duration_s = np.maximum(length_m / network.speed_mps[arcs.edge], _LEAST_DURATION_S)
        node_count = network.node_count + len(positions)
        order = np.lexsort((duration_s, arcs.head, arcs.tail))
        key = arcs.tail[order] * node_count + arcs.head[order]
        kept = order[np.unique(key, return_index=True)[1]]
        counts = np.bincount(arcs.tail[kept], minlength=node_count)
        return TravelGraph(
            network=network,
            position_count=len(positions),
            arcs=arcs.take(kept),
            duration_s=duration_s[kept],
            length_m=length_m[kept],
            indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        )

    def search(self, rows: IntArray) -> tuple[FloatArray, NDArray[np.int32]]:
        """Return durations to every node and predecessors for the given positions' numbers."""
        matrix: csr_array[np.float64, tuple[int, int]] = csr_array(
            (self.duration_s, self.arcs.head, self.indptr), shape=(self.node_count, self.node_count)
        )
        durations, before = dijkstra(
            matrix, directed=True, indices=self.network.node_count + rows, return_predecessors=True
        )
        return durations, before

    def arc_between(self, tail: IntArray, head: IntArray) -> IntArray:
        """Return the number of the arc from each tail to each head; both must be joined by one."""
        key = self.arcs.tail * self.node_count + self.arcs.head
        return np.searchsorted(key, tail.astype(np.int64) * self.node_count + head).astype(np.int64)


@dataclass(frozen=True)
class TravelTimes:
    """Travel between all pairs of positions.

    Attributes
    ----------
    durations_s
        Quickest travel time from row to column, shape ``(k, k)``; inf where either is off the road.
    distances_m
        Length of that quickest path, shape ``(k, k)``; not necessarily the shortest path.
    """

    durations_s: FloatArray
    distances_m: FloatArray
    graph: TravelGraph = field(repr=False)
    _before: dict[int, NDArray[np.int32]] = field(default_factory=dict, repr=False)

    def path(self, start: int, end: int) -> FloatArray:
        """Return the metric vertices of the quickest path along the roads, shape ``(v, 2)``, v >= 2.

        The first and last vertex are the two positions; for a position and itself both are the same.
        The path's length equals ``distances_m[start, end]`` up to rounding.

        Raises
        ------
        LookupError
            If the end cannot be reached.
        """
        if not np.isfinite(self.durations_s[start, end]):
            msg = f"position {end} cannot be reached from position {start}"
            raise LookupError(msg)
        nodes = self._nodes(start, end)
        numbers = self.graph.arc_between(nodes[:-1], nodes[1:])
        arcs, network = self.graph.arcs.take(numbers), self.graph.network
        pieces = [
            network.piece(int(edge), first, last)
            for edge, first, last in zip(arcs.edge, arcs.start_fraction, arcs.end_fraction, strict=True)
        ]
        return _without_repeats(np.vstack(pieces)) if pieces else self._standing(start)

    def _nodes(self, start: int, end: int) -> IntArray:
        if start not in self._before:
            self._before[start] = self.graph.search(np.asarray([start], dtype=np.int64))[1][0]
        before, base = self._before[start], self.graph.network.node_count
        nodes = [base + end]
        while nodes[-1] != base + start:
            nodes.append(int(before[nodes[-1]]))
        return np.asarray(nodes[::-1], dtype=np.int64)

    def _standing(self, position: int) -> FloatArray:
        node = self.graph.network.node_count + position
        arc = self.graph.arcs.take(np.asarray([self.graph.indptr[node]]))
        place = self.graph.network.piece(int(arc.edge[0]), arc.start_fraction[0], arc.start_fraction[0])
        return place[[0, -1]]


def travel_times(network: RoadNetwork, positions: Positions) -> TravelTimes:
    """Return quickest travel times and their distances between all positions.

    Durations obey the triangle inequality; they are symmetric when no edge is one-way. Everything is
    deterministic: equal inputs give equal outputs.
    """
    count = len(positions)
    graph = TravelGraph.build(network, positions)
    durations_s = np.full((count, count), np.inf)
    distances_m = np.full((count, count), np.inf)
    on_road = np.flatnonzero(positions.edge >= 0)
    for first in range(0, len(on_road), _BLOCK_ROWS):
        rows = on_road[first : first + _BLOCK_ROWS]
        durations, before = graph.search(rows)
        durations_s[rows] = durations[:, network.node_count :]
        distances_m[rows] = _distances(graph, before)[:, network.node_count :]
    distances_m[~np.isfinite(durations_s)] = np.inf
    np.fill_diagonal(durations_s, 0.0)
    np.fill_diagonal(distances_m, 0.0)
    return TravelTimes(durations_s, distances_m, graph)


def _chain_arcs(network: RoadNetwork, positions: Positions) -> Arcs:
    """Return the partial arcs of every edge that carries positions, in its allowed directions."""
    on_road = np.flatnonzero(positions.edge >= 0)
    order = on_road[np.lexsort((on_road, positions.fraction[on_road], positions.edge[on_road]))]
    edge, fraction, node = positions.edge[order], positions.fraction[order], network.node_count + order
    starts = np.concatenate([[True], edge[1:] != edge[:-1]])[: len(edge)]
    ends = np.concatenate([edge[1:] != edge[:-1], [True]])[: len(edge)]
    into = Arcs(
        tail=np.where(starts, network.from_index[edge], np.roll(node, 1)),
        head=node,
        edge=edge,
        start_fraction=np.where(starts, 0.0, np.roll(fraction, 1)),
        end_fraction=fraction,
    )
    last = Arcs(node[ends], network.to_index[edge[ends]], edge[ends], fraction[ends], np.ones(ends.sum()))
    links = Arcs.join([into, last])
    return Arcs.join(
        [links.take(network.forward[links.edge]), links.reversed().take(network.backward[links.edge])]
    )


def _distances(graph: TravelGraph, before: NDArray[np.int32]) -> FloatArray:
    """Return the length of each tree path, shape as ``before``, by pointer doubling.

    Each round adds the ancestor's partial sum and skips to the ancestor's ancestor, so a path of
    ``h`` arcs is summed in ``log2 h`` rounds over whole arrays.
    """
    row, node = np.nonzero(before != _NO_PREDECESSOR)
    ancestor = np.broadcast_to(np.arange(graph.node_count), before.shape).copy()
    ancestor[row, node] = before[row, node]
    length_m = np.zeros(before.shape)
    length_m[row, node] = graph.length_m[graph.arc_between(before[row, node].astype(np.int64), node)]
    while True:
        further = np.take_along_axis(ancestor, ancestor, axis=1)
        if np.array_equal(further, ancestor):
            return length_m
        length_m += np.take_along_axis(length_m, ancestor, axis=1)
        ancestor = further


def _without_repeats(vertices: FloatArray) -> FloatArray:
    """Drop a vertex equal to the one before it; keep at least two."""
    moved = np.concatenate([[True], np.any(np.diff(vertices, axis=0) != 0.0, axis=1)])
    return vertices[moved] if moved.sum() > 1 else vertices[[0, -1]]
