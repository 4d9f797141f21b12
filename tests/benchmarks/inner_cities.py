"""Proposing grids for real inner cities with generated households: how many grids fit, and why others do not.

Helsinki's centre (perimeter blocks) and Shanghai's Bund and Lujiazui (towers) from ../shared/data, the
latter also with so many households that a fifth of all grids are single buildings; two towns of households
each. ``quick`` takes one, and not the dense one. Without the files there is nothing to measure.
"""

import os
import time
from collections import Counter
from pathlib import Path

from geo.shapes.proposal import Proposal, Why, Wish, propose
from tests.benchmarks.figure import Figure, at_least, at_most, measured
from tests.proposal.cities import read_city, settled

#: City, households, and the share of the attainable grids that lies within 10 % of the size.
CITIES = (("helsinki", 12_000, 0.95), ("lujiazui", 30_000, 0.95))
DENSE = ("lujiazui", 112_000, 0.75)
SIZE = 300


def run(quick: bool, seed: int) -> list[Figure]:
    """Return the figures of each city for the seed and, unless quick, the next one."""
    folder = Path(os.environ.get("GRIDPATROL_TEST_DATA", "../shared/data"))
    if not folder.is_dir():
        return [measured("cities found", 0, "cities")]
    return [
        figure
        for city in (CITIES if quick else (*CITIES, DENSE))
        for number in range(seed, seed + (1 if quick else 2))
        for figure in _city(*city, folder=folder, seed=number)
    ]


def _city(city: str, households: int, floor: float, *, folder: Path, seed: int) -> list[Figure]:
    ground = settled(read_city(city, folder), households, seed)
    worked = time.process_time()
    proposals = propose(ground, Wish(size=SIZE, seed=seed))
    spent = time.process_time() - worked
    for proposal in proposals:
        print(f"{city} {seed}: {_told(proposal)}")
    best = proposals[0].comparison
    cut = max(proposal.comparison.buildings_cut for proposal in proposals)
    name = f"{city}, {households} households, seed {seed}:"
    return [
        measured(f"{name} processor time", spent, "s"),
        measured(f"{name} grids of the first", best.grids, "grids"),
        measured(f"{name} within 10 %", best.within_tolerance, "share"),
        measured(f"{name} attainable", best.attainable, "share"),
        at_least(f"{name} of these reached", best.within_tolerance / best.attainable, "share", limit=floor),
        measured(f"{name} worst deviation", best.worst_deviation, "of the size"),
        measured(f"{name} edge on street", best.edge_on_street, "share of length"),
        *(measured(f"{name} {why.value}", _count(proposals[0], why), "grids") for why in Why if why.value),
        at_most(f"{name} buildings cut", cut, "buildings", limit=0),
    ]


def _count(proposal: Proposal, why: Why) -> int:
    return sum(grid.why is why for grid in proposal.grids)


def _told(proposal: Proposal) -> str:
    """Return the style and the households of every grid outside the tolerance, by reason."""
    off = {
        why.value: sorted(grid.households for grid in proposal.grids if grid.why is why)
        for why in Why
        if why.value
    }
    count = Counter(bool(grid.why.value) for grid in proposal.grids)
    return f"{proposal.style.value}, {count[False]} of {len(proposal.grids)} within, {off}"
