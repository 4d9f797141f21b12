"""`propose`: several partitions of the ground into grids of the wished size, measured and ranked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.shapes.crs import metric_epsg
from geo.shapes.proposal.answer import Grid, Proposal, Style, Why
from geo.shapes.proposal.blocks import make_blocks
from geo.shapes.proposal.divide import as_today, start_of
from geo.shapes.proposal.frame import frame_of, owner_of_households
from geo.shapes.proposal.linework import points_of, solids_of
from geo.shapes.proposal.measure import compare, owners_today, yardstick_of
from geo.shapes.proposal.mend import mend
from geo.shapes.proposal.question import check_question
from geo.shapes.proposal.refine import Outcome, refine
from geo.shapes.proposal.task import TASTES, Task, fitting, tasks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.shapes.proposal.arrays import IntArray
    from geo.shapes.proposal.blocks import Blocks
    from geo.shapes.proposal.frame import Frame
    from geo.shapes.proposal.measure import Yardstick
    from geo.shapes.proposal.question import ProposalGround, Wish

#: METIS starts for each style and piece of ground, and how many of them are improved: a start costs
#: milliseconds, improving one up to a second.
_STARTS = 12
_IMPROVED = 3
#: Slacks METIS is given in turn: a tight one balances, a loose one finds shorter edges to balance later.
_SLACKS = (0.02, 0.06)


def propose(ground: ProposalGround, wish: Wish) -> list[Proposal]:
    """Return different proposals, the one to look at first in front.

    Blocks between streets, banks and (where too many live in one) buildings are joined to grids by METIS
    (Karypis and Kumar 1998) and improved block by block (Fiduccia and Mattheyses 1982). Guaranteed of
    every proposal: its grids are connected within a connected community, tile every community (shared
    vertices, no gap, no overlap up to the rounding of coordinates), cross no community's border and cut
    no building. Equal arguments give equal proposals.

    Parameters
    ----------
    ground : ProposalGround
    wish : Wish
        With ``only`` the union of these grids of today is divided and nothing else; where a new edge ends
        on the rim of that union, the untouched neighbour lacks its vertex.

    Raises
    ------
    InvalidInput, NotEnough
        As `check_question` and `owner_of_households` say.
    """
    check_question(ground, wish)
    epsg = metric_epsg(*np.median(ground.households, axis=0))
    solids = solids_of(ground.buildings)
    frame = frame_of(ground, wish, solids, epsg=epsg)
    points = points_of(ground.households)
    owner = owner_of_households(frame, points)
    size = _size(ground, wish, owner)
    blocks = make_blocks(ground, frame, solids, size=size, tolerance=wish.tolerance, epsg=epsg)
    today = owners_today(ground, points) if ground.today else np.full(len(points), -1, np.int64)
    tasks = tasks_of(blocks, _today_of_blocks(blocks, today, ground), size, wish.tolerance)
    yard = yardstick_of(ground, frame, today, epsg=epsg)
    survey = _Survey(blocks, frame, yard, size, wish)
    return _ranked(_different(survey, tasks))


@dataclass(frozen=True, slots=True)
class _Survey:
    """What all styles share."""

    blocks: Blocks
    frame: Frame
    yard: Yardstick
    size: float
    wish: Wish


def _size(ground: ProposalGround, wish: Wish, owner: IntArray) -> float:
    if wish.size is not None:
        return float(wish.size)
    total = int(np.asarray(ground.counts)[owner >= 0].sum())
    return total / len(set(wish.only) or ground.today)


def _today_of_blocks(blocks: Blocks, today: IntArray, ground: ProposalGround) -> IntArray:
    """Return the grid of today that holds most households of each block, or its ground where nobody lives."""
    number = len(blocks.weight)
    if not ground.today:
        return np.full(number, -1, np.int64)
    inside = shapely.point_on_surface(blocks.faces)
    of_face = owners_today(ground, inside)
    share = np.zeros((number, len(ground.today)))
    known = of_face >= 0
    # Ground decides only where no household does.
    area = shapely.area(blocks.faces)
    np.add.at(share, (blocks.of_face[known], of_face[known]), 1e-3 * (area / area.sum())[known])
    lodged = (blocks.of_household >= 0) & (today >= 0)
    counts = np.asarray(ground.counts)
    np.add.at(share, (blocks.of_household[lodged], today[lodged]), counts[lodged])
    return np.where(share.sum(axis=1) > 0, share.argmax(axis=1), -1)


def _different(survey: _Survey, tasks: list[Task]) -> list[Proposal]:
    styles = [style for style in Style if style is not Style.TODAY or (survey.yard.today >= 0).any()]
    found: list[Proposal] = []
    seen: list[IntArray] = []
    for style in styles:
        part = _divided(survey, tasks, style)
        canonical = np.unique(part, return_index=True)[1][np.unique(part, return_inverse=True)[1].reshape(-1)]
        if not any(np.array_equal(canonical, other) for other in seen):
            seen.append(canonical)
            found.append(_proposal(survey, tasks, part, style))
    return found


def _divided(survey: _Survey, tasks: list[Task], style: Style) -> IntArray:
    """Return the grid of every block, numbered through all pieces of ground."""
    grid = np.full(len(survey.blocks.weight), -1, np.int64)
    count = 0
    for number, task in enumerate(tasks):
        part = _best(task, style, survey.wish.seed * 1000 + number).part
        grid[task.blocks] = count + part
        count += int(part.max()) + 1
    return _with_empty_ground(grid, count, survey)


def _best(task: Task, style: Style, seed: int) -> Outcome:
    taste = TASTES[style]
    cost = task.length_m @ taste.cost
    if style is Style.TODAY:
        start, home = as_today(task, cost, seed)
        outcome = refine(task, start, taste, home=home)
        return mend(task, outcome, taste, seed=seed, home=home)
    if task.count == 1:
        return Outcome(np.zeros(len(task.blocks), np.int64), 0.0)
    starts = [start_of(task, cost, seed + 17 * n, slack=_SLACKS[n % len(_SLACKS)]) for n in range(_STARTS)]
    rough = [(refine(task, start, taste, passes=0), n) for n, start in enumerate(starts)]
    rough.sort(key=lambda each: (each[0].objective, each[1]))
    finished = (refine(task, outcome.part, taste) for outcome, _ in rough[:_IMPROVED])
    best = min(finished, key=lambda outcome: outcome.objective)
    return mend(task, best, taste, seed=seed)


def _with_empty_ground(grid: IntArray, count: int, survey: _Survey) -> IntArray:
    """Give ground that touches nothing inhabited to the nearest grid of its community, else its own grid."""
    blocks = survey.blocks
    grid = grid.copy()
    for frame in range(len(survey.frame.shapes)):
        own = np.flatnonzero(blocks.frame == frame)
        empty = own[grid[own] < 0]
        if not len(empty):
            continue
        settled = own[grid[own] >= 0]
        if not len(settled):
            grid[empty] = count
            count += 1
            continue
        faces = np.flatnonzero(np.isin(blocks.of_face, settled))
        tree = shapely.STRtree(blocks.faces[faces])
        lost = np.flatnonzero(np.isin(blocks.of_face, empty))
        # Faces come largest first, so that a block goes where its largest face is nearest.
        for face in lost[np.argsort(shapely.area(blocks.faces[lost]), kind="stable")]:
            near = faces[int(tree.nearest(blocks.faces[face]))]
            grid[blocks.of_face[face]] = grid[blocks.of_face[near]]
    return grid


def _proposal(survey: _Survey, tasks: list[Task], part: IntArray, style: Style) -> Proposal:
    blocks = survey.blocks
    grids = [_grid(survey, tasks, part, number) for number in range(int(part.max()) + 1)]
    order = _reading_order(grids, survey.frame)
    coded = []
    serial: dict[str, int] = {}
    for number in order:
        community = grids[number].community
        serial[community] = serial.get(community, 0) + 1
        coded.append(replace(grids[number], code=f"{serial[community]:03d}"))
    place = np.zeros(len(grids), np.int64)
    place[order] = np.arange(len(order))
    band = (survey.size, survey.wish.tolerance)
    comparison = compare(
        coded, blocks, place[part], survey.yard, band=band, bound=_bound(survey, tasks, part)
    )
    return Proposal(style, 0, (), survey.size, tuple(coded), comparison)


def _bound(survey: _Survey, tasks: list[Task], part: IntArray) -> tuple[int, int]:
    """Return how many grids could be within the tolerance, and how many blocks hold more by themselves."""
    slack = survey.wish.tolerance * survey.size + 1e-9
    low, high = survey.size - slack, survey.size + slack
    fits = (fitting(task.weight, len(np.unique(part[task.blocks])), low, high) for task in tasks)
    return sum(fits), int((survey.blocks.weight > high).sum())


def _grid(survey: _Survey, tasks: list[Task], part: IntArray, number: int) -> Grid:
    blocks = survey.blocks
    members = part == number
    faces = members[blocks.of_face]
    shape: Any = shapely.coverage_union_all(blocks.faces[faces])
    edge = blocks.segments
    inside = np.append(faces, False)
    perimeter_m = float(edge.length_m[inside[edge.left] != inside[edge.right]].sum())
    area_m2 = float(blocks.area_m2[members].sum())
    households = int(blocks.weight[members].sum())
    frame = int(blocks.frame[members][0])
    return Grid(
        code="",
        community=survey.frame.codes[frame],
        shape=shape,
        households=households,
        area_m2=area_m2,
        compactness=4 * math.pi * area_m2 / perimeter_m**2,
        why=_why(survey, tasks, members, households),
    )


def _why(survey: _Survey, tasks: list[Task], members: IntArray, households: int) -> Why:
    size, slack = survey.size, survey.wish.tolerance * survey.size + 1e-9
    if abs(households - size) <= slack:
        return Why.WITHIN
    piece = next((task for task in tasks if members[task.blocks].any()), None)
    if piece is None or abs(piece.mean - size) > slack:
        return Why.COMMUNITY
    heavy = survey.blocks.weight[members].max() > size + slack
    return Why.BLOCK if heavy else Why.BLOCKS


def _reading_order(grids: Sequence[Grid], frame: Frame) -> list[int]:
    """Return the numbers of grids by community, then in rows from north to south, each west to east.

    A row is as high as a grid is on average.
    """
    middles = [shapely.centroid(grid.shape) for grid in grids]
    keys = []
    for number, grid in enumerate(grids):
        community = frame.codes.index(grid.community)
        _, south, _, north = shapely.bounds(frame.shapes[community])
        mates = sum(1 for other in grids if other.community == grid.community)
        height = (north - south) / max(1, round(math.sqrt(mates)))
        row = int((north - middles[number].y) // height)
        keys.append((community, row, middles[number].x, number))
    return [key[-1] for key in sorted(keys)]


#: Figures a proposal can be best at: whether more is better.
_FIGURES = {
    "within_tolerance": True,
    "worst_deviation": False,
    "edge_on_street": True,
    "compactness": True,
    "moved": False,
}


def _ranked(proposals: list[Proposal]) -> list[Proposal]:
    """Return proposals by share of grids within the tolerance, then by compactness and street share.

    Households moved against today count against a proposal by their share.
    """

    def key(proposal: Proposal) -> tuple[float, float]:
        figures = proposal.comparison
        moved = (figures.moved or 0) / max(figures.households, 1)
        return (-round(figures.within_tolerance, 2), moved - figures.compactness - figures.edge_on_street)

    ordered = sorted(proposals, key=key)
    return [
        replace(proposal, rank=rank, best_at=_best_at(proposal, ordered))
        for rank, proposal in enumerate(ordered, start=1)
    ]


def _best_at(proposal: Proposal, rivals: list[Proposal]) -> tuple[str, ...]:
    found = []
    for name, more in _FIGURES.items():
        values = [getattr(rival.comparison, name) for rival in rivals]
        own = getattr(proposal.comparison, name)
        if own is not None and own == (max(values) if more else min(values)):
            found.append(name)
    return tuple(found)
