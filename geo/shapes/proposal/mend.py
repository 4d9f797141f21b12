"""Mending what moves of single blocks cannot: grids out of bounds are divided anew with their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.shapes.proposal.divide import start_of
from geo.shapes.proposal.refine import Outcome, refine

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import BoolArray, IntArray
    from geo.shapes.proposal.task import Task, Taste

#: New divisions tried for one piece of ground, and how many in a row may bring nothing [ours].
_MOST_TRIES = 60
_PATIENCE = 24
# Slack of METIS in such a small division: it has no room for more.
_SLACK = 0.02


def mend(task: Task, outcome: Outcome, taste: Taste, *, seed: int, home: IntArray | None = None) -> Outcome:
    """Return the outcome with grids outside the tolerance divided anew where that lowers the objective.

    Each try takes one such grid and one to three of its neighbours (large neighbourhood search, Shaw
    1998); the tries are fixed by the seed.
    """
    best = outcome
    idle = 0
    for number in range(_MOST_TRIES):
        off = _outside(task, best.part)
        if idle >= _PATIENCE or not len(off):
            break
        group = _group(task, best.part, int(off[number % len(off)]), number)
        tried = _anew(task, best.part, group, taste, seed=seed + number)
        after = refine(task, tried, taste, home=home, passes=2) if tried is not None else best
        idle = 0 if after.objective < best.objective - 1e-9 else idle + 1
        if idle == 0:
            best = after
    return best


def _outside(task: Task, part: IntArray) -> IntArray:
    """Return the parts outside the tolerance, the worst first, without those one block alone fills."""
    load = np.bincount(part, task.weight)
    out = np.maximum(load - task.high, task.low - load)
    heaviest = np.zeros(len(load))
    np.maximum.at(heaviest, part, task.weight)
    # No division takes households from a tower.
    out[(heaviest > task.high) & (heaviest == load)] = 0
    order = np.lexsort((np.arange(len(out)), -out))
    return order[out[order] > 0]


def _group(task: Task, part: IntArray, worst: int, number: int) -> IntArray:
    """Return the part and one to three parts around it, others each time."""
    a, b = part[task.pairs.T]
    chosen = [worst]
    for step in range(1 + number % 3):
        inside = np.isin(a, chosen)
        around: BoolArray = inside != np.isin(b, chosen)
        near = np.unique(np.where(inside[around], b[around], a[around]))
        if not len(near):
            break
        chosen.append(int(near[(number // 3 + step * 5) % len(near)]))
    return np.array(chosen, np.int64)


def _anew(task: Task, part: IntArray, group: IntArray, taste: Taste, *, seed: int) -> IntArray | None:
    members = np.flatnonzero(np.isin(part, group))
    inner, own = task.within(members, len(group))
    pieces = start_of(inner, task.length_m[own] @ taste.cost, seed, slack=_SLACK)
    if len(np.unique(pieces)) < len(group):
        return None
    out = part.copy()
    out[members] = _named(pieces, part[members], group, task.weight[members])
    return out


def _named(pieces: IntArray, before: IntArray, group: IntArray, weight: IntArray) -> IntArray:
    """Return the pieces under the names of the parts they share most households with, each name once."""
    shared = np.zeros((len(group), len(group)))
    place = np.array([int(np.flatnonzero(group == name)[0]) for name in before])
    np.add.at(shared, (pieces, place), weight + 1e-3)
    names = np.full(len(group), -1, np.int64)
    free = shared.copy()
    for _ in range(len(group)):
        piece, name = np.unravel_index(int(free.argmax()), free.shape)
        names[piece] = group[name]
        free[piece, :] = -1
        free[:, name] = -1
    return names[pieces]
