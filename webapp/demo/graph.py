"""Small graph tools for the street mesh: chains of edges, cheapest ways, groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from webapp.demo.frame import FloatArray, IntArray


def chains(edges: IntArray, labels: IntArray) -> list[tuple[list[int], list[int]]]:
    """Return (node numbers, edge indexes) of each longest run of edges without a junction or label change.

    Every edge is in exactly one chain; closed loops start at their lowest node.
    """
    at: dict[int, list[int]] = defaultdict(list)
    for k, (u, v) in enumerate(edges.tolist()):
        at[u].append(k)
        at[v].append(k)
    ends = {n for n, ks in at.items() if len(ks) != 2 or labels[ks[0]] != labels[ks[1]]}
    used = np.zeros(len(edges), dtype=bool)
    pairs = edges.tolist()
    found = [_run(n, k, (at, ends, pairs, used)) for n in sorted(ends) for k in at[n] if not used[k]]
    found += [_run(pairs[k][0], k, (at, ends, pairs, used)) for k in range(len(edges)) if not used[k]]
    return [run for run in found if run[1]]


def _run(
    node: int, first: int, state: tuple[dict[int, list[int]], set[int], list[list[int]], np.ndarray]
) -> tuple[list[int], list[int]]:
    at, ends, pairs, used = state
    nodes, along, k = [node], [], first
    while not used[k]:
        used[k] = True
        along.append(k)
        u, v = pairs[k]
        node = v if node == u else u
        nodes.append(node)
        if node in ends:
            break
        k = at[node][0] if at[node][1] == k else at[node][1]
    return nodes, along


class Ways:
    """Cheapest ways over the mesh, whose costs fall where a way already runs."""

    def __init__(self, edges: IntArray, cost: FloatArray, node_count: int) -> None:
        self._edges = edges
        self.cost = cost.astype(np.float64).copy()
        self._count = node_count
        self._index = {(u, v): k for k, (u, v) in enumerate(edges.tolist())}

    def route(self, stops: Sequence[int], reuse: float = 0.6) -> list[int]:
        """Return the edges of the cheapest way through `stops`; they cost `reuse` as much afterwards."""
        found: list[int] = []
        for a, b in pairwise(stops):
            found += self._leg(a, b)
        self.cost[found] *= reuse
        return found

    def _leg(self, a: int, b: int) -> list[int]:
        u, v = self._edges.T
        shape = (self._count, self._count)
        graph = csr_array((self.cost, (u, v)), shape=shape)
        before = dijkstra(graph, directed=False, indices=a, return_predecessors=True)[1]
        found = []
        while b != a:
            previous = int(before[b])
            if previous < 0:
                return []
            found.append(self._index[(min(previous, b), max(previous, b))])
            b = previous
        return found


def largest_part(edges: IntArray, node_count: int) -> np.ndarray:
    """Return for each edge whether it belongs to the part with the most edges."""
    graph = csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(node_count, node_count))
    label = connected_components(graph, directed=False)[1][edges[:, 0]]
    return np.asarray(label == np.bincount(label).argmax())


def is_strongly_connected(arcs: IntArray) -> bool:
    """Return whether every node of the directed arcs (n, 2) reaches every other."""
    nodes, index = np.unique(arcs, return_inverse=True)
    pair = index.reshape(-1, 2)
    graph = csr_array((np.ones(len(pair)), (pair[:, 0], pair[:, 1])), shape=(len(nodes), len(nodes)))
    return int(connected_components(graph, directed=True, connection="strong")[0]) == 1


class Groups:
    """Union-find over 0..n-1."""

    def __init__(self, count: int) -> None:
        self._owner = list(range(count))

    def of(self, item: int) -> int:
        """Return the representative of the item's group."""
        while self._owner[item] != item:
            self._owner[item] = self._owner[self._owner[item]]
            item = self._owner[item]
        return item

    def join(self, a: int, b: int) -> None:
        """Put two items into one group."""
        self._owner[self.of(a)] = self.of(b)
