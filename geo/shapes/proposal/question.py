"""What grids are proposed from, and what is wished for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.errors import InvalidInput, NotEnough

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely import MultiPolygon, Polygon
    from shapely.geometry.base import BaseGeometry

    from geo.shapes.proposal.arrays import FloatArray, IntArray

#: A grid of one household is a dwelling, one of more than a town is no grid [ours].
SIZE_RANGE = (2, 100_000)
#: Below 1 % no partition along streets exists; beyond 50 % a grid is no longer of the wished size [ours].
TOLERANCE_RANGE = (0.01, 0.5)


@dataclass(frozen=True, slots=True)
class Community:
    """A community whose border no grid crosses; `shape` in EPSG:4326 on the 1e-7 degree grid."""

    code: str
    shape: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class TodayGrid:
    """A grid as it is today; `shape` in EPSG:4326, `community` the code of its community ("": unknown)."""

    code: str
    shape: Polygon | MultiPolygon
    community: str = ""


@dataclass(frozen=True, slots=True)
class ProposalGround:
    """Everything grids are made from, EPSG:4326.

    Attributes
    ----------
    roads : sequence of LineString
        Street centre lines without tunnels; they need not be noded.
    road_classes : sequence of str
        motorway, trunk, primary, secondary, tertiary, residential, service, track, cycleway or footway for
        each of `roads`.
    water : sequence of Polygon, MultiPolygon or LineString
    buildings : sequence of Polygon or MultiPolygon
        Footprints, which no grid's edge cuts.
    households : (n, 2) array
        lon, lat of each dwelling.
    counts : (n,) array
        Households at each of these points.
    communities : sequence of Community
        Empty: the ground around the households is one community with the code "".
    today : sequence of TodayGrid
        Grids to compare with; empty when there are none.
    """

    roads: Sequence[BaseGeometry]
    road_classes: Sequence[str]
    households: FloatArray
    counts: IntArray
    water: Sequence[BaseGeometry] = ()
    buildings: Sequence[BaseGeometry] = ()
    communities: Sequence[Community] = ()
    today: Sequence[TodayGrid] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes
    ----------
    size : int or None
        Households a grid should hold. None: as many grids as there are today, of equal size.
    tolerance : float
        Share of `size` a grid may deviate by.
    seed : int
        The same ground, wish and seed give the same proposals.
    only : tuple of int
        Numbers into ``ProposalGround.today``: re-divide the union of these grids and nothing else.
    """

    size: int | None = 300
    tolerance: float = 0.1
    seed: int = 1
    only: tuple[int, ...] = field(default=())


def check_wish(wish: Wish) -> None:
    """Refuse numbers that cannot be used.

    Raises
    ------
    InvalidInput
        ``proposal_size_unusable`` (fields `size`, `low`, `high`) or ``proposal_tolerance_unusable`` (fields
        `tolerance`, `low`, `high`).
    """
    low, high = SIZE_RANGE
    if wish.size is not None and not low <= wish.size <= high:
        raise InvalidInput("proposal_size_unusable", size=wish.size, low=low, high=high)
    least, most = TOLERANCE_RANGE
    if not least <= wish.tolerance <= most:
        raise InvalidInput("proposal_tolerance_unusable", tolerance=wish.tolerance, low=least, high=most)


def check_question(ground: ProposalGround, wish: Wish) -> None:
    """Refuse what no grids can be proposed from.

    Raises
    ------
    InvalidInput
        What `check_wish` raises, ``proposal_grids_unknown`` (field `grids`: numbers that are none),
        ``proposal_coordinates_unusable`` (field `count`).
    NotEnough
        ``proposal_no_roads``, ``proposal_no_households`` (field `outside`), ``proposal_no_today`` when no
        size is given and there are no grids whose number could be kept.
    """
    check_wish(wish)
    unknown = [number for number in wish.only if not 0 <= number < len(ground.today)]
    if unknown:
        raise InvalidInput("proposal_grids_unknown", grids=unknown)
    if wish.size is None and not ground.today:
        raise NotEnough("proposal_no_today")
    if not len(ground.roads):
        raise NotEnough("proposal_no_roads")
    if not len(ground.households) or not np.sum(ground.counts):
        raise NotEnough("proposal_no_households", outside=0)
    bad = ~np.isfinite(ground.households).all(axis=1) | (np.abs(ground.households) > (180.0, 90.0)).any(
        axis=1
    )
    if bad.any():
        raise InvalidInput("proposal_coordinates_unusable", count=int(bad.sum()))
