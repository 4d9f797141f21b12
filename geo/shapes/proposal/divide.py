"""First divisions of a task: METIS k-way, or the grids of today made whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pymetis
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import BoolArray, FloatArray, IntArray
    from geo.shapes.proposal.task import Task

# METIS takes whole numbers; a hundredth of a metre of the dearest edge of a town stays far below 2^31.
_COST_STEPS = 100.0
# Blocks a grid needs for k-way partitioning to have a choice.
_FEW = 4


def metis(task: Task, cost: FloatArray, seed: int, *, slack: float = 0.03) -> IntArray:
    """Return the part 0..count-1 of each block, every part connected.

    Multilevel k-way partitioning (Karypis and Kumar 1998), minimising the cost of the edges between parts.

    Parameters
    ----------
    cost : (m,) array
        Of cutting each pair of ``task.pairs``.
    seed : int
        Non-negative.
    slack : float
        How far the heaviest part may exceed the mean.
    """
    if task.count == 1:
        return np.zeros(len(task.weight), np.int64)
    whole = np.maximum(np.round(cost * _COST_STEPS), 1).astype(np.int64)
    return renumbered(whole_parts(_cut(task, whole, seed, slack), task))


def start_of(task: Task, cost: FloatArray, seed: int, *, slack: float) -> IntArray:
    """Return a first division into ``task.count`` connected parts, fewer only where blocks are too few.

    METIS leaves parts empty where single blocks are as heavy as a grid; there the heaviest part that can
    be is halved until there are enough.
    """
    few = len(task.weight) < _FEW * task.count
    part = np.zeros(len(task.weight), np.int64) if few else metis(task, cost, seed, slack=slack)
    return _filled(part, [], task=task, cost=cost, seed=seed)


def renumbered(part: IntArray) -> IntArray:
    """Return the parts numbered 0, 1, ... without a gap."""
    return np.unique(part, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _filled(part: IntArray, home: list[int], *, task: Task, cost: FloatArray, seed: int) -> IntArray:
    """Return the parts with the heaviest halved until there are enough; `home` gets -1 for each new one."""
    while len(np.unique(part)) < task.count:
        halved = _halved(part, int(part.max()) + 1, task=task, cost=cost, seed=seed)
        if halved is None:
            break
        part = halved
        home.append(-1)
    return part


def _cut(task: Task, whole: IntArray, seed: int, slack: float) -> IntArray:
    number = len(task.weight)
    both = np.concatenate([task.pairs, task.pairs[:, ::-1]])
    graph = csr_array((np.tile(whole, 2), (both[:, 0], both[:, 1])), shape=(number, number))
    graph.sort_indices()
    options = pymetis.Options(seed=seed, contig=1, ncuts=1, niter=10, ufactor=max(1, round(slack * 1000)))
    found = pymetis.part_graph(
        task.count,
        pymetis.CSRAdjacency(graph.indptr.tolist(), graph.indices.tolist()),
        # A block beyond a grid's size cannot be balanced; at its true weight it would starve other parts.
        vweights=np.minimum(task.weight, round(task.mean)).tolist(),
        eweights=graph.data.tolist(),
        recursive=False,
        options=options,
    )
    return np.asarray(found.vertex_part, np.int64)


def whole_parts(part: IntArray, task: Task) -> IntArray:
    """Return the parts with every piece but the heaviest of each given to a neighbour; numbers are kept.

    METIS keeps parts connected unless its start forbids it; grids of today may be anything.
    """
    part = part.copy()
    for _ in range(len(part)):
        piece = _pieces(part, task)
        load = np.bincount(piece, task.weight + 1e-6 * task.area_m2 / task.area_m2.sum())
        main = np.zeros(len(load), np.bool_)
        owner = np.zeros(len(load), np.int64)
        owner[piece] = part
        order = np.lexsort((load, owner))
        main[order[np.append(owner[order][1:] != owner[order][:-1], True)]] = True
        stray = ~main[piece]
        if not stray.any():
            break
        part = _given_away(part, stray, task)
    return part


def _pieces(part: IntArray, task: Task) -> IntArray:
    a, b = task.pairs.T
    same = part[a] == part[b]
    number = len(part)
    graph = coo_array((np.ones(int(same.sum())), (a[same], b[same])), shape=(number, number))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _given_away(part: IntArray, stray: BoolArray, task: Task) -> IntArray:
    """Give each stray block that touches a settled one to the part it shares most edge with."""
    both = np.concatenate([task.pairs, task.pairs[:, ::-1]])
    length = np.tile(task.length_m.sum(axis=1), 2)
    open_to = stray[both[:, 0]] & ~stray[both[:, 1]]
    table = coo_array(
        (length[open_to], (both[open_to, 0], part[both[open_to, 1]])), shape=(len(part), int(part.max()) + 1)
    ).tocsr()
    out = part.copy()
    for block in np.unique(both[open_to, 0]):
        row = table[[block], :].toarray()[0]
        out[block] = int(row.argmax())
    return out


def as_today(task: Task, cost: FloatArray, seed: int) -> tuple[IntArray, IntArray]:
    """Return parts made of today's grids, as many as the task asks for, and the grid of today each is.

    Blocks without a grid join a neighbour. While there are too many parts the lightest joins its lightest
    neighbour; while there are too few the heaviest is halved by METIS, and its lighter half is new (-1).
    """
    names, part = np.unique(task.today, return_inverse=True)
    part = part.reshape(-1).astype(np.int64)
    if names[0] == -1 and len(names) > 1:
        part = _settled(part, task)
    part = whole_parts(part, task)
    while len(np.unique(part)) > task.count:
        part = _merged(part, task)
    kept, part = np.unique(part, return_inverse=True)
    home = names[kept].tolist()
    part = _filled(part.reshape(-1).astype(np.int64), home, task=task, cost=cost, seed=seed)
    return part, np.array(home, np.int64)


def _settled(part: IntArray, task: Task) -> IntArray:
    for _ in range(len(part)):
        stray = part == 0
        after = _given_away(part, stray, task) if stray.any() else part
        if np.array_equal(after, part):
            break
        part = after
    return part


def _halved(part: IntArray, fresh: int, *, task: Task, cost: FloatArray, seed: int) -> IntArray | None:
    """Return the parts with the heaviest divisible one halved, None when no part has two inhabited blocks."""
    load = np.bincount(part, task.weight)
    inhabited = np.bincount(part, task.weight > 0)
    for label in np.argsort(-load, kind="stable"):
        if inhabited[label] < 2:
            continue
        members = np.flatnonzero(part == label)
        inner, own = task.within(members, 2)
        pieces = metis(inner, cost[own], seed) if len(members) >= 2 * _FEW else _grown(inner)
        if len(np.unique(pieces)) < 2:
            pieces = _grown(inner)
        if len(np.unique(pieces)) == 2:
            lighter = int(np.bincount(pieces, inner.weight, 2).argmin())
            return _renamed(part, members[pieces == lighter], fresh)
    return None


def _renamed(part: IntArray, members: IntArray, label: int) -> IntArray:
    out = part.copy()
    out[members] = label
    return out


def _grown(task: Task) -> IntArray:
    """Return two connected parts: blocks in the order of steps from an outer one, up to half the weight."""
    number = len(task.weight)
    both = np.concatenate([task.pairs, task.pairs[:, ::-1]])
    graph = csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(number, number))
    outer = int(breadth_first_order(graph, 0, return_predecessors=False)[-1])
    order = breadth_first_order(graph, outer, return_predecessors=False)
    before = np.cumsum(task.weight[order]) - task.weight[order]
    part = np.zeros(number, np.int64)
    part[order[before >= task.weight.sum() / 2]] = 1
    if part.max() == 0:
        # All weight up to the last block: that one stands alone.
        part[order[-1]] = 1
    return renumbered(whole_parts(part, task))


def _merged(part: IntArray, task: Task) -> IntArray:
    """Return the parts with the lightest joined to its lightest neighbour."""
    load = np.bincount(part, task.weight).astype(np.float64)
    load[np.bincount(part, minlength=len(load)) == 0] = np.inf
    least = int(load.argmin())
    a, b = task.pairs.T
    near = {*part[b[part[a] == least]].tolist(), *part[a[part[b] == least]].tolist()} - {least}
    return np.where(part == least, min(near, key=lambda label: (load[label], label)), part)
