"""One connected piece of ground as a graph of blocks, how many grids it takes, and what is preferred."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.shapes.proposal.answer import Style

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import FloatArray, IntArray
    from geo.shapes.proposal.blocks import Blocks


@dataclass(frozen=True, slots=True)
class Taste:
    """What a style prefers [ours]: cost of a metre of edge by rank, and the weights of the objective.

    `even`, `compact`, `edge` and `moved` weigh, for a grid, the square of its deviation from the mean, its
    lack of compactness, the cost of its edges, and the households that leave their grid of today.
    """

    cost: FloatArray
    even: float
    compact: float
    edge: float
    moved: float


# Ranks: border, bank, main, street, lane, yard, field, path, today, wall, gap, party.
_USUAL = np.array([0.0, 0.15, 0.15, 0.3, 0.5, 1.0, 0.5, 1.6, 1.6, 2.5, 2.5, 3.0])
_STEEP = np.array([0.0, 0.1, 0.1, 0.15, 0.25, 0.8, 0.3, 3.0, 4.0, 6.0, 6.0, 8.0])
_FLAT = np.array([0.0, 0.8, 0.8, 0.85, 0.9, 1.0, 0.9, 1.2, 1.2, 1.4, 1.4, 1.6])
_AS_TODAY = np.array([0.0, 0.4, 0.4, 0.5, 0.7, 1.0, 0.7, 1.6, 0.2, 2.5, 2.5, 3.0])

TASTES = {
    Style.BALANCED: Taste(_USUAL, even=40.0, compact=3.0, edge=0.5, moved=0.0),
    Style.COMPACT: Taste(_FLAT, even=2.0, compact=8.0, edge=0.1, moved=0.0),
    Style.STREETS: Taste(_STEEP, even=2.0, compact=2.5, edge=1.0, moved=0.0),
    Style.TODAY: Taste(_AS_TODAY, even=1.0, compact=0.8, edge=0.2, moved=4.0),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A connected piece of ground to divide into `count` grids; arrays over its ``n`` blocks.

    Attributes
    ----------
    blocks : (n,) array of int
        Numbers of the blocks in the whole.
    weight, area_m2, perimeter_m : (n,) arrays
    pairs : (m, 2) array of int
        Neighbours, by their place in `blocks`.
    length_m : (m, RANKS) array
        Shared edge by rank.
    today : (n,) array of int
        Grid of today of most of the block's households, -1 where there is none.
    count : int
    size : float
        Wished households of a grid.
    low, high : float
        The tolerance; where the piece as a whole does not allow it, the same width about its mean.
    """

    blocks: IntArray
    weight: IntArray
    area_m2: FloatArray
    perimeter_m: FloatArray
    pairs: IntArray
    length_m: FloatArray
    today: IntArray
    count: int
    size: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Return the households of a grid when all are equal, apart from blocks beyond the tolerance."""
        heavy = self.weight > self.high
        rest = self.count - int(heavy.sum())
        return float(self.weight[~heavy].sum()) / rest if rest > 0 else float(self.weight.sum()) / self.count

    def within(self, members: IntArray, count: int) -> tuple[Task, IntArray]:
        """Return the task of dividing some of the blocks, and which of `pairs` lie among them."""
        place = np.full(len(self.weight), -1, np.int64)
        place[members] = np.arange(len(members))
        own = np.flatnonzero((place[self.pairs] >= 0).all(axis=1))
        inner = replace(
            self,
            blocks=self.blocks[members],
            weight=self.weight[members],
            area_m2=self.area_m2[members],
            perimeter_m=self.perimeter_m[members],
            pairs=place[self.pairs[own]],
            length_m=self.length_m[own],
            today=self.today[members],
            count=count,
        )
        return inner, own


def grid_count(households: float, size: float) -> int:
    """Return the number of grids, at least one, whose mean is nearest to `size`.

    >>> [grid_count(total, 300) for total in (0, 180, 410, 3000)]
    [1, 1, 2, 10]
    """
    few = max(1, int(households // size))
    return min((few, few + 1), key=lambda count: (abs(households / count - size), count))


def fitting(weight: IntArray, count: int, low: float, high: float) -> int:
    """Return how many of `count` grids could hold `low` to `high` households, wherever the blocks lie.

    Each block of more than `high` makes a grid by itself; of the others no grid takes more than all of them.

    >>> [fitting(np.array([400, 100, 200, 300]), count, 270, 330) for count in (2, 3, 4)]
    [1, 2, 2]
    >>> fitting(np.array([100, 150, 200]), 1, 270, 330)  # 450 make neither one grid nor two
    0
    """
    towers = weight > high
    rest, others = float(weight[~towers].sum()), count - int(towers.sum())
    if not towers.any() and not count * low <= rest <= count * high:
        others -= 1
    return max(0, min(others, int(rest // low)))


def tasks_of(blocks: Blocks, today: IntArray, size: float, tolerance: float) -> list[Task]:
    """Return the connected pieces of ground that hold households; the grids of each are its own."""
    number = len(blocks.weight)
    pairs = blocks.links.pairs
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(number, number))
    piece = connected_components(graph, directed=False)[1]
    tasks = []
    for which in range(int(piece.max()) + 1):
        members = np.flatnonzero(piece == which)
        if blocks.weight[members].sum() > 0:
            tasks.append(_task(blocks, members, (piece == which)[pairs[:, 0]], (today, size, tolerance)))
    return tasks


def _task(blocks: Blocks, members: IntArray, own: IntArray, wish: tuple[IntArray, float, float]) -> Task:
    today, size, tolerance = wish
    place = np.full(len(blocks.weight), -1, np.int64)
    place[members] = np.arange(len(members))
    weight = blocks.weight[members]
    # A tower beyond the tolerance makes a grid by itself and must not make the others smaller.
    heavy = weight > (1 + tolerance) * size
    rest, towers = float(weight[~heavy].sum()), int(heavy.sum())
    others = 0 if towers and rest < size / 2 else grid_count(rest, size)
    count = min(towers + others, int((weight > 0).sum()))
    mean = rest / others if others else size
    middle = size if abs(mean - size) <= tolerance * size else mean
    return Task(
        blocks=members,
        weight=weight,
        area_m2=blocks.area_m2[members],
        perimeter_m=blocks.perimeter_m[members],
        pairs=place[blocks.links.pairs[own]],
        length_m=blocks.links.length_m[own],
        today=today[members],
        count=count,
        size=size,
        low=middle - tolerance * size,
        high=middle + tolerance * size,
    )
