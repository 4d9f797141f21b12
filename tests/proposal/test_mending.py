"""Dividing grids out of bounds anew with their neighbours, on checkerboards of blocks of uneven weight."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.shapes.proposal import Style
from geo.shapes.proposal.borders import RANKS
from geo.shapes.proposal.divide import start_of
from geo.shapes.proposal.linework import Rank
from geo.shapes.proposal.mend import mend
from geo.shapes.proposal.refine import refine
from geo.shapes.proposal.task import TASTES, Task, grid_count

SIDE_M = 100.0


def board(weight: NDArray[np.int64], size: float = 300.0) -> Task:
    """Return a checkerboard of blocks between lanes: their households, shape (rows, columns)."""
    rows, columns = weight.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    up = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    pairs = np.vstack([across, up])
    length_m = np.zeros((len(pairs), RANKS))
    length_m[:, Rank.LANE] = SIDE_M
    return Task(
        blocks=number.ravel(),
        weight=weight.ravel(),
        area_m2=np.full(number.size, SIDE_M**2),
        perimeter_m=np.full(number.size, 4 * SIDE_M),
        pairs=pairs,
        length_m=length_m,
        today=np.full(number.size, -1),
        count=grid_count(float(weight.sum()), size),
        size=size,
        low=0.9 * size,
        high=1.1 * size,
    )


def pieces(task: Task, part: NDArray[np.int64]) -> int:
    """Return into how many connected pieces the parts fall."""
    same = part[task.pairs[:, 0]] == part[task.pairs[:, 1]]
    ends = task.pairs[same]
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(part), len(part)))
    return int(connected_components(graph, directed=False)[0])


def within(task: Task, part: NDArray[np.int64]) -> int:
    load = np.bincount(part, task.weight)
    return int(((load >= task.low) & (load <= task.high)).sum())


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 7),
    columns=st.integers(1, 7),
    towers=st.integers(0, 4),
    style=st.sampled_from([Style.BALANCED, Style.COMPACT, Style.STREETS]),
)
def test_grids_stay_whole_none_is_lost_and_nothing_gets_worse(
    seed: int, rows: int, columns: int, towers: int, style: Style
) -> None:
    dice = np.random.default_rng(seed)
    weight = dice.integers(0, 150, (rows, columns))
    weight.flat[dice.integers(0, weight.size, towers)] = 700
    weight.flat[0] += 1
    task, taste = board(weight), TASTES[style]
    start = refine(task, start_of(task, task.length_m @ taste.cost, 1, slack=0.02), taste)

    mended = mend(task, start, taste, seed=seed)

    assert mended.objective <= start.objective
    assert len(np.unique(mended.part)) == len(np.unique(start.part)) == pieces(task, mended.part)
    assert np.array_equal(mended.part, mend(task, start, taste, seed=seed).part)


@pytest.mark.parametrize("seed", range(2))
def test_few_heavy_blocks_are_recombined_until_nearly_all_grids_fit(seed: int) -> None:
    # Four blocks make a grid: moves of single blocks leave a quarter of the grids outside.
    task, taste = board(np.random.default_rng(seed).integers(20, 130, (14, 14))), TASTES[Style.BALANCED]
    start = refine(task, start_of(task, task.length_m @ taste.cost, 1, slack=0.02), taste)

    mended = mend(task, start, taste, seed=seed)

    assert within(task, start.part) <= 0.8 * task.count
    assert within(task, mended.part) >= 0.9 * task.count
