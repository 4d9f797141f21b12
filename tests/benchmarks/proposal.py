"""Proposing grids for a town of 20,000 households: four proposals with their figures, reading left out.

``quick`` takes a town of 5,000 households.
"""

import time

from geo.shapes.proposal import Wish, propose
from tests.benchmarks.figure import Figure, at_least, at_most, measured
from tests.proposal.towns import demo_ground

# The issue's own limit for 20,000 households on two cores.
LIMIT_S = 20.0
HOUSEHOLDS = 20_000
SIZE = 300


def run(quick: bool, seed: int) -> list[Figure]:
    """Return the seconds a set of proposals takes, and how good the first one is."""
    return proposal_figures(quick, seed)


def proposal_figures(quick: bool, seed: int) -> list[Figure]:
    """Return the figures; the benchmark of edits shows them too."""
    ground = demo_ground(5_000 if quick else HOUSEHOLDS, seed)
    started, worked = time.perf_counter(), time.process_time()
    proposals = propose(ground, Wish(size=SIZE, seed=seed))
    spent, processor = time.perf_counter() - started, time.process_time() - worked
    best = proposals[0].comparison
    cut = max(proposal.comparison.buildings_cut for proposal in proposals)
    return [
        measured("households", int(ground.counts.sum()), "households"),
        measured("communities", len(ground.communities), "communities"),
        at_most("ground to ranked proposals", spent, "s", limit=LIMIT_S),
        measured("of which processor time", processor, "s"),
        measured("proposals", len(proposals), "proposals"),
        measured("grids of the first", best.grids, "grids"),
        measured("grids within 10 % of the size", best.within_tolerance, "share"),
        measured("mean compactness (Polsby-Popper)", best.compactness, "0..1"),
        measured("edge on street, bank or border", best.edge_on_street, "share of length"),
        at_most("buildings cut", cut, "buildings", limit=0),
        at_least("styles that differ", len({each.style for each in proposals}), "styles", limit=3),
    ]
