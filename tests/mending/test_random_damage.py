"""Sound partitions damaged at random, and repaired: a partition again, and a second repair finds nothing."""

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending import Finding, Kind, repair
from geo.shapes.partition import is_noise
from geo.shapes.tiling import Tiling
from tests.edits.towns import street_town, voronoi_town

#: About a metre, in degrees.
METRE = 1e-5


def _shift(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    return translate(shape, dice.uniform(-5, 5) * METRE, dice.uniform(-5, 5) * METRE)


def _grow(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    return shape.buffer(dice.uniform(-3, 3) * METRE, join_style="mitre")


def _drop_vertices(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    return shapely.simplify(shape, dice.uniform(0, 2) * METRE)


def _jitter(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    reach = dice.uniform(0, 0.3) * METRE
    return shapely.transform(shape, lambda points: points + np.sin(points * 7e6) * reach)


def _cross(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    """Exchange two vertices that follow each other."""
    return _with_shell(shape, lambda ring, at: [*ring[:at], *ring[at : at + 2][::-1], *ring[at + 2 :]], dice)


def _spike(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    aside = np.array([dice.uniform(-30, 30), dice.uniform(-30, 30)]) * METRE
    return _with_shell(shape, lambda ring, at: [*ring[: at + 1], ring[at] + aside, *ring[at:]], dice)


def _twice(shape: BaseGeometry, dice: Random) -> BaseGeometry:
    return _with_shell(shape, lambda ring, at: [*ring[:at], ring[at], *ring[at:]], dice)


def _with_shell(shape: BaseGeometry, change: Callable[..., list[np.ndarray]], dice: Random) -> BaseGeometry:
    part = shapely.get_parts(shape)[0]
    ring = list(shapely.get_coordinates(part.exterior)[:-1])
    return Polygon(change(ring, dice.randrange(len(ring) - 1)), part.interiors)


DAMAGES = (_shift, _grow, _drop_vertices, _jitter, _cross, _spike, _twice)


def damaged(tiling: Tiling, dice: Random) -> list[BaseGeometry]:
    """Return the grids with some of them damaged, drawn twice, or with another drawn on top."""
    parts: list[BaseGeometry] = list(tiling.parts.values())
    for _ in range(dice.randint(1, 6)):
        at = dice.choice([at for at, part in enumerate(parts) if not part.is_empty])
        if dice.random() < 0.1:
            parts.append(parts[at])
        elif dice.random() < 0.1:
            parts.append(parts[at].centroid.buffer(dice.uniform(1, 10) * METRE, quad_segs=2))
        else:
            parts[at] = dice.choice(DAMAGES)(parts[at], dice)
    return [shapely.transform(part, lambda points: np.round(points, 7)) for part in parts]


def _borders_another(shapes: Sequence[BaseGeometry], part: Finding) -> bool:
    others = [shape for at, shape in enumerate(shapes) if at not in part.parts]
    return bool(any(shape.intersection(part.place).length > 0 for shape in others))


@pytest.mark.parametrize("town", [voronoi_town, street_town])
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
@example(seed=50)
def test_what_was_damaged_tiles_its_ground_again_and_stays(town: Callable[[], Tiling], seed: int) -> None:
    tiling = town()

    mended = repair(damaged(tiling, Random(seed)), tiling.frame)

    shapes = [shape for shape in mended.shapes if not shape.is_empty]
    assert shapely.coverage_is_valid(shapes)
    assert all(shape.is_valid for shape in shapes)
    left = [
        each for each in mended.remaining if each.wrong and each.kind is not Kind.EMPTY and each.of != "grid"
    ]
    gaps, alone = ([each for each in left if (each.of == "part") is part] for part in (False, True))
    assert {each.kind for each in gaps} <= {Kind.GAP}, "wide gaps are what a person has to decide"
    assert not any(_borders_another(mended.shapes, each) for each in alone)
    filled = shapely.union_all([*shapes, *(gap.place for gap in gaps)])
    assert is_noise(tiling.frame.symmetric_difference(filled))
    again = repair(mended.shapes, tiling.frame)
    assert again.moves == []
    assert all(old is new for old, new in zip(mended.shapes, again.shapes, strict=True))
