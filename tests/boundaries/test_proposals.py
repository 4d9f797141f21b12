"""Taking over a proposal: grids go on where they can, and grids it says nothing of stay."""

from dataclasses import dataclass
from typing import Any

import shapely
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, box

from geo.boundaries.proposing import taken_over
from geo.shapes.tiling import Tiling, apply

# ::
#
#   ┌───┬───┬───┬───┐     ┌──────┬┬───┬───┐
#   │ 1 │ 2 │ 3 │ 4 │  →  │      ││ 3 │ 4 │   a proposal for grids 1 and 2 alone
#   └───┴───┴───┴───┘     └──────┴┴───┴───┘
PARTS = {key: box(key - 1, 0, key, 1) for key in (1, 2, 3, 4)}


@dataclass
class Drafted:
    """What of a change set the function looks at."""

    tiling: Tiling


@dataclass
class Row:
    """A stored proposal."""

    geom: Any


def proposed(*shapes: Any) -> Row:
    return Row(from_shape(shapely.GeometryCollection([MultiPolygon([s]) for s in shapes]), srid=4326))


def test_grids_outside_a_partial_proposal_stay() -> None:
    tiling = Tiling(box(0, 0, 4, 1), PARTS, next_key=5)

    difference = taken_over(Drafted(tiling), proposed(box(0, 0, 1.6, 1), box(1.6, 0, 2, 1)))

    assert sorted(difference.touched) == [1, 2]
    after = apply(tiling, difference).parts
    assert after[3] is PARTS[3]
    assert after[1].equals(box(0, 0, 1.6, 1))
    assert after[2].equals(box(1.6, 0, 2, 1))


def test_a_grid_that_only_touches_gives_no_name_away() -> None:
    tiling = Tiling(box(0, 0, 4, 1), PARTS, next_key=5)

    difference = taken_over(Drafted(tiling), proposed(box(0, 0, 0.5, 1), box(0.5, 0, 1, 1)))

    assert sorted(difference.after) == [1, 5]
    assert difference.lineage == {5: (1,)}
