"""Local improvement of a division: single blocks change their grid (Fiduccia and Mattheyses 1982).

Moves are made in the order of their gain, also bad ones, each block once a pass; then the pass is taken
back to its best moment (Kernighan and Lin 1970). A move never tears a grid apart.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import IntArray
    from geo.shapes.proposal.task import Task, Taste

#: A grid outside the tolerance costs this much at once: more than a move can gain in compactness, which is
#: twice the largest `Taste.compact`. The square of its excess on top leads it back, and is small enough that
#: one grid far outside is cheaper than several just outside, where blocks do not add up [ours].
_OUTSIDE = 20.0
_EXCESS = 500.0
#: A pass ends when this many moves in a row brought no new best.
_PATIENCE = 60
_MOST_PASSES = 20
# Below this a gain is rounding.
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """A division and its objective; lower is better."""

    part: IntArray
    objective: float


def refine(
    task: Task, part: IntArray, taste: Taste, *, home: IntArray | None = None, passes: int = _MOST_PASSES
) -> Outcome:
    """Return the division improved until a whole pass brings nothing.

    Parameters
    ----------
    part : (n,) array of int
        Parts 0..k-1, each connected.
    home : (k,) array of int, optional
        The grid of today each part stands for; needed where the taste weighs moved households.
    """
    division = Division(task, part, taste, home)
    for _ in range(passes):
        if division.improve() > -_TINY:
            break
    return Outcome(np.array(division.part, np.int64), division.objective())


class Division:
    """A division while it changes; plain lists, as single numbers are read millions of times.

    Attributes
    ----------
    part : list of int
        The grid of each block; changed by `move` alone.
    load : list of int
        The households of each grid.
    near : list of list of (int, float, float)
        For each block the blocks beside it, the length of the edge (metres) and what it costs to cut it.
    """

    def __init__(self, task: Task, part: IntArray, taste: Taste, home: IntArray | None) -> None:
        count = int(part.max()) + 1
        self.part: list[int] = part.tolist()
        self._weight: list[int] = task.weight.tolist()
        self._area: list[float] = task.area_m2.tolist()
        self._perimeter: list[float] = task.perimeter_m.tolist()
        self._low, self._high, self._size, self._mean = task.low, task.high, task.size, task.mean
        self._even, self._compact = taste.even, taste.compact
        self._moved = taste.moved / task.size if home is not None else 0.0
        self._today: list[int] = task.today.tolist()
        self._home: list[int] = home.tolist() if home is not None else [-1] * count
        side_m = math.sqrt(float(task.area_m2.sum()) / task.count)
        cost = (task.length_m @ taste.cost) * (taste.edge / side_m)
        self.near: list[list[tuple[int, float, float]]] = [[] for _ in self.part]
        for (a, b), length, price in zip(
            task.pairs.tolist(), task.length_m.sum(axis=1).tolist(), cost.tolist(), strict=True
        ):
            self.near[a].append((b, length, price))
            self.near[b].append((a, length, price))
        self.load, self._ground, self._edge, self._blocks = self._sums(count)
        self._term = [self._terms(g, 0, 0.0, 0.0) for g in range(count)]

    def _sums(self, count: int) -> tuple[list[int], list[float], list[float], list[int]]:
        load, ground, edge, blocks = [0] * count, [0.0] * count, [0.0] * count, [0] * count
        for block, g in enumerate(self.part):
            load[g] += self._weight[block]
            ground[g] += self._area[block]
            blocks[g] += 1
            inner = sum(length for other, length, _ in self.near[block] if self.part[other] == g)
            edge[g] += self._perimeter[block] - inner
        return load, ground, edge, blocks

    def _terms(self, g: int, weight: int, area: float, edge: float) -> float:
        """Return what grid `g` costs when it gains these."""
        load = self.load[g] + weight
        perimeter = self._edge[g] + edge
        out = max(load - self._high, self._low - load, 0.0) / self._size
        cost = _OUTSIDE + _EXCESS * out * out if out > 0 else 0.0
        cost += self._even * ((load - self._mean) / self._size) ** 2
        round_share = (
            4 * math.pi * (self._ground[g] + area) / (perimeter * perimeter) if perimeter > 0 else 0.0
        )
        return cost + self._compact * (1.0 - round_share)

    def objective(self) -> float:
        """Return the objective of the whole division."""
        return self.price(list(range(len(self.load))), list(range(len(self.part))))

    def _strays(self, block: int, g: int) -> float:
        """Return the cost of the block's households being in `g` though they live elsewhere today."""
        if not self._moved or self._today[block] < 0 or self._today[block] == self._home[g]:
            return 0.0
        return self._moved * self._weight[block]

    def _shared(self, block: int) -> dict[int, tuple[float, float]]:
        """Return length and price of the block's edges with each grid around it."""
        shared: dict[int, tuple[float, float]] = {}
        for other, length, price in self.near[block]:
            g = self.part[other]
            old = shared.get(g, (0.0, 0.0))
            shared[g] = (old[0] + length, old[1] + price)
        return shared

    def _moves(self, block: int) -> list[tuple[float, int]]:
        """Return the change of the objective for each grid the block could join."""
        shared = self._shared(block)
        source = self.part[block]
        if len(shared) == 1 and source in shared:
            return []
        weight, area, around = self._weight[block], self._area[block], self._perimeter[block]
        own_length, own_price = shared.get(source, (0.0, 0.0))
        leave = self._terms(source, -weight, -area, 2 * own_length - around) - self._term[source] + own_price
        leave -= self._strays(block, source)
        found = []
        for g, (length, price) in shared.items():
            if g != source:
                join = self._terms(g, weight, area, around - 2 * length) - self._term[g] - price
                found.append((leave + join + self._strays(block, g), g))
        return found

    def price(self, grids: list[int], blocks: list[int]) -> float:
        """Return what some grids cost, with the edges between them; `blocks` are all of theirs."""
        chosen = set(grids)
        cut = sum(
            price
            for block in blocks
            for other, _, price in self.near[block]
            if block < other and self.part[other] != self.part[block] and self.part[other] in chosen
        )
        moved = sum(self._strays(block, self.part[block]) for block in blocks) if self._moved else 0.0
        return sum(self._term[g] for g in grids) + cut + moved

    def move(self, block: int, g: int) -> None:
        """Give a block to grid `g`, which it may not touch."""
        source = self.part[block]
        weight, area, around = self._weight[block], self._area[block], self._perimeter[block]
        shared = self._shared(block)
        for grid, sign in ((source, -1), (g, 1)):
            inner = shared.get(grid, (0.0, 0.0))[0]
            self.load[grid] += sign * weight
            self._ground[grid] += sign * area
            self._edge[grid] += sign * (around - 2 * inner)
            self._blocks[grid] += sign
        self.part[block] = g
        for grid in (source, g):
            self._term[grid] = self._terms(grid, 0, 0.0, 0.0)

    def _tears(self, block: int) -> bool:
        """Tell whether the block's grid would vanish or fall apart without it."""
        g = self.part[block]
        if self._blocks[g] == 1:
            return True
        own = [other for other, _, _ in self.near[block] if self.part[other] == g]
        if len(own) < 2:
            return False
        wanted = set(own[1:])
        seen = {block, own[0]}
        front = [own[0]]
        while front and wanted:
            for other, _, _ in self.near[front.pop()]:
                if other not in seen and self.part[other] == g:
                    seen.add(other)
                    wanted.discard(other)
                    front.append(other)
        return bool(wanted)

    def improve(self) -> float:
        """Do one pass; return the change of the objective, 0 or less."""
        heap = [(gain, block, g) for block in range(len(self.part)) for gain, g in self._moves(block)]
        heapq.heapify(heap)
        done: list[tuple[int, int]] = []
        locked: set[int] = set()
        total = best = 0.0
        kept = 0
        while heap and len(done) - kept < _PATIENCE:
            gain, block, g = heapq.heappop(heap)
            if block in locked:
                continue
            now = next((change for change, to in self._moves(block) if to == g), None)
            if now is None or self._tears(block):
                continue
            if now > gain + _TINY:
                heapq.heappush(heap, (now, block, g))
                continue
            done.append((block, self.part[block]))
            self.move(block, g)
            locked.add(block)
            total += now
            if total < best - _TINY:
                best, kept = total, len(done)
            self._wake(block, locked, heap)
        for block, source in reversed(done[kept:]):
            self.move(block, source)
        return best

    def _wake(self, block: int, locked: set[int], heap: list[tuple[float, int, int]]) -> None:
        for other, _, _ in self.near[block]:
            if other not in locked:
                for gain, g in self._moves(other):
                    heapq.heappush(heap, (gain, other, g))
