"""Proposing grids: streets, water, buildings and households become several partitions to choose from."""

from geo.shapes.proposal.answer import Comparison, Grid, Proposal, Style, Why
from geo.shapes.proposal.question import Community, ProposalGround, TodayGrid, Wish, check_wish
from geo.shapes.proposal.solve import propose

__all__ = [
    "Community",
    "Comparison",
    "Grid",
    "Proposal",
    "ProposalGround",
    "Style",
    "TodayGrid",
    "Why",
    "Wish",
    "check_wish",
    "propose",
]
