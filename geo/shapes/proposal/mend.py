"""Mending what moves of single blocks cannot: grids out of bounds are divided anew with their neighbours.

Recombination (DeFord, Duchin and Solomon 2021): some grids are joined, a random spanning tree of their blocks
is drawn and cut where every piece fits. Simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983) decides
whether the outcome stays.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from geo.shapes.proposal.refine import Division, Outcome, refine

if TYPE_CHECKING:
    from geo.shapes.proposal.arrays import IntArray
    from geo.shapes.proposal.task import Task, Taste

#: Tries for each grid out of bounds, and the fewest and most of all [ours]: a try takes about a millisecond.
_TRIES = 200
_FEWEST, _MOST = 500, 6_000
#: A group joins two to this many grids; five grids of 12 blocks are divided in a millisecond [ours].
_LARGEST_GROUP = 6
#: Trees that are drawn for a group [ours].
_TREES = 6
#: How much worse an outcome may be at first and stay with a chance of 1/e; it falls to nothing [ours]: less
#: than what a grid outside the tolerance costs.
_HEAT = 8.0
#: How far, as a share of the tolerance, a cut may miss its mark: what is left is done by moving blocks.
_MISS = 0.7


def mend(task: Task, outcome: Outcome, taste: Taste, *, seed: int, home: IntArray | None = None) -> Outcome:
    """Return the outcome with grids outside the tolerance divided anew where that lowers the objective.

    The tries are fixed by the seed.
    """
    search = _Search(task, outcome.part, taste, seed=seed, home=home)
    tries = min(max(_TRIES * len(search.off()), _FEWEST), _MOST)
    best, least, total = outcome.part, 0.0, 0.0
    for number in range(tries):
        off = search.off()
        if not off:
            break
        total += search.step(off, 2 + number % (_LARGEST_GROUP - 1), _HEAT * (1 - number / tries))
        if total < least - 1e-9:
            best, least = np.array(search.division.part, np.int64), total
    polished = refine(task, best, taste, home=home)
    return min(outcome, polished, key=lambda each: each.objective)


class _Search:
    """A division with the blocks of each of its grids, and the dice."""

    def __init__(
        self, task: Task, part: IntArray, taste: Taste, *, seed: int, home: IntArray | None = None
    ) -> None:
        self.division = Division(task, part, taste, home)
        self._low, self._high = task.low, task.high
        self._weight: list[int] = task.weight.tolist()
        self._members: list[list[int]] = [[] for _ in self.division.load]
        for block, grid in enumerate(self.division.part):
            self._members[grid].append(block)
        # No division takes households from a tower: a grid that holds one stays outside the tolerance.
        self._towers = {self.division.part[block] for block in np.flatnonzero(task.weight > task.high)}
        self._dice = random.Random(seed)

    def off(self) -> list[int]:
        """Return the grids outside the tolerance, but for those that hold a tower."""
        return [
            grid
            for grid, load in enumerate(self.division.load)
            if grid not in self._towers and self._miss(load, 1) > 0
        ]

    def _miss(self, load: float, count: int) -> float:
        """Return how many households `count` grids with this load lie outside the tolerance together."""
        return max(count * self._low - load, load - count * self._high, 0.0)

    def step(self, off: list[int], most: int, heat: float) -> float:
        """Try one group round a grid out of bounds; return the change of the objective, 0 when taken back."""
        group = self._group(self._dice.choice(off), most)
        if group is None:
            return 0.0
        blocks = [block for grid in group for block in self._members[grid]]
        old = {block: self.division.part[block] for block in blocks}
        before, after, chosen = self.division.price(group, blocks), math.inf, old
        for _ in range(_TREES):
            pieces = self._split(blocks, len(group))
            if pieces is not None:
                new = self._named(pieces, old)
                self._assign(group, new)
                price = self.division.price(group, blocks)
                after, chosen = min((after, chosen), (price, new), key=lambda each: each[0])
        worse = after - before
        if worse < 0 or (heat > 0 and self._dice.random() < math.exp(-worse / heat)):
            self._assign(group, chosen)
            return worse
        self._assign(group, old)
        return 0.0

    def _group(self, first: int, most: int) -> list[int] | None:
        """Return the grid and some around it that fit together, None where none are found."""
        group, load = [first], float(self.division.load[first])
        while len(group) < most:
            near = self._around(group)
            if not near:
                return None
            wanted = (len(group) + 1) * (self._low + self._high) / 2 - load
            # Mostly the one that evens the group out, now and then any.
            even = min(near, key=lambda grid: abs(self.division.load[grid] - wanted))
            group.append(even if self._dice.random() < 0.5 else self._dice.choice(near))
            load += self.division.load[group[-1]]
            if self._miss(load, len(group)) == 0:
                return group
        return None

    def _around(self, group: list[int]) -> list[int]:
        part, near = self.division.part, self.division.near
        found = {
            part[other] for grid in group for block in self._members[grid] for other, _, _ in near[block]
        }
        return sorted(found.difference(group, self._towers))

    def _split(self, blocks: list[int], count: int) -> list[list[int]] | None:
        """Return `count` connected pieces near the tolerance, None where the tree allows none."""
        if count == 1:
            return [blocks]
        above = self._tree(blocks)
        load = {block: self._weight[block] for block in above}
        for block in reversed(above):
            if above[block] >= 0:
                load[above[block]] += load[block]
        total = load[blocks[0]]
        miss, _, cut, number = min(
            (
                (self._miss(load[block], part) + self._miss(total - load[block], count - part),
                 self._dice.random(), block, part)
                for block in above if above[block] >= 0
                for part in range(1, count)
            ),
            default=(math.inf, 0.0, -1, 0),
        )  # fmt: skip
        if miss > _MISS * (self._high - self._low) / 2:
            return None
        below = {cut}
        for block, parent in above.items():
            if parent in below:
                below.add(block)
        one = self._split([block for block in blocks if block in below], number)
        other = self._split([block for block in blocks if block not in below], count - number)
        return None if one is None or other is None else one + other

    def _tree(self, blocks: list[int]) -> dict[int, int]:
        """Return the block above each in a random spanning tree from `blocks[0]` downwards; -1 above that."""
        inside, above = set(blocks), {}
        front = [(0.0, blocks[0], -1)]
        while front:
            _, block, parent = heapq.heappop(front)
            if block in above:
                continue
            above[block] = parent
            for other, _, _ in self.division.near[block]:
                if other in inside and other not in above:
                    heapq.heappush(front, (self._dice.random(), other, block))
        return above

    def _named(self, pieces: list[list[int]], old: dict[int, int]) -> dict[int, int]:
        """Return the grid of each block: a piece gets the name that most of its households had, each once."""
        free, new = sorted(set(old.values())), {}
        for piece in pieces:
            held = Counter[int]()
            for block in piece:
                held[old[block]] += self._weight[block]
            name = max(free, key=held.__getitem__)
            free.remove(name)
            new.update(dict.fromkeys(piece, name))
        return new

    def _assign(self, group: list[int], new: dict[int, int]) -> None:
        for block, grid in new.items():
            if self.division.part[block] != grid:
                self.division.move(block, grid)
        for grid in group:
            self._members[grid] = []
        for block, grid in new.items():
            self._members[grid].append(block)
