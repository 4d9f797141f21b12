"""What is proposed, and the figures by which proposals are compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon


class Style(StrEnum):
    """What a proposal puts first (the tolerance comes before it in all of them)."""

    BALANCED = "balanced"
    COMPACT = "compact"
    STREETS = "streets"
    TODAY = "today"


class Why(StrEnum):
    """Why a grid lies outside the tolerance."""

    WITHIN = ""
    #: Its community (or separate part of one) holds too few or an awkward number of households.
    COMMUNITY = "community_size"
    #: One block that cannot be divided (a tower, households at one point) holds too much.
    BLOCK = "block_indivisible"
    #: The blocks around it do not add up.
    BLOCKS = "blocks_do_not_add_up"


@dataclass(frozen=True, slots=True)
class Grid:
    """A proposed grid.

    Attributes
    ----------
    code : str
        Three digits within its community, west to east in rows from north to south.
    community : str
        Code of the community it lies in.
    shape : Polygon or MultiPolygon
        EPSG:4326 on the 1e-7 degree grid. The grids of a community share their vertices, also with the
        grids of the communities beside it.
    households : int
    area_m2 : float
    compactness : float
        Polsby and Popper (1991): 4 pi area / perimeter², 1 for a circle, 0.785 for a square.
    why : Why
        Why it lies outside the tolerance; ``Why.WITHIN`` when it does not.
    """

    code: str
    community: str
    shape: Polygon | MultiPolygon
    households: int
    area_m2: float
    compactness: float
    why: Why


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figures of one proposal.

    Attributes
    ----------
    grids : int
    within_tolerance : float
        Share of grids whose households deviate from the size by no more than the tolerance.
    attainable : float
        The share of these grids that could be within the tolerance at best, as no building is cut: a place
        that holds more by itself makes a grid of its own, and the others share what is left. What streets
        and neighbours allow besides is not asked.
    indivisible : int
        Such places: buildings, buildings drawn over each other, or points with more households than a grid
        may have.
    worst_deviation : float
        Largest deviation of a grid, as a share of the size.
    compactness : float
        Mean over the grids (Polsby-Popper).
    least_compact : float
    edge_on_street : float
        Share (by length) of the edges between two grids of one community that lie on a street (motorway to
        service road or track, no footpath), a bank, or within `STREET_NEAR_M` of one; 1 without such edges.
    inner_edge_m : float
        Length of those edges.
    buildings_cut : int
        Buildings that such an edge cuts by more than 2 cm. Always 0.
    buildings_on_border : int
        Buildings cut by the border of a community, which was given.
    households : int
        Households in the grids.
    outside : int
        Households outside every community, hence in no grid.
    moved : int or None
        Households that would change their grid: all but those in the one grid that best matches each of
        today's (Kuhn 1955). None without grids of today.
    """

    grids: int
    within_tolerance: float
    attainable: float
    indivisible: int
    worst_deviation: float
    compactness: float
    least_compact: float
    edge_on_street: float
    inner_edge_m: float
    buildings_cut: int
    buildings_on_border: int
    households: int
    outside: int
    moved: int | None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to divide the ground.

    Attributes
    ----------
    style : Style
    rank : int
        1 for the one to look at first.
    best_at : tuple of str
        Figures of `Comparison` in which no other proposal is better, in the order of ranking.
    size : float
        Households a grid should hold.
    grids : tuple of Grid
        In the order of community and code.
    comparison : Comparison
    """

    style: Style
    rank: int
    best_at: tuple[str, ...]
    size: float
    grids: tuple[Grid, ...]
    comparison: Comparison
