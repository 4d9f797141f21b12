"""Mending a tiling that is no partition, such as an import leaves: as an edit like any other."""

from collections.abc import Sequence

from shapely import Point
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import canonical
from geo.shapes.mending import find_flaws, mend_one, repair
from geo.shapes.tiling import Difference, Ground, Tiling, as_ground


def mend(tiling: Tiling, *, at: Point | None = None) -> Difference:
    """Return the difference that mends every flaw of a tiling, or the one nearest to `at` (EPSG:4326).

    A grid that was drawn twice ends. What no rule can decide stays (see `geo.shapes.mending.repair`): the
    difference is empty where there is nothing else.

    >>> from shapely import box
    >>> gap = Tiling(box(0, 0, 2e-3, 1e-3), {1: box(0, 0, 1e-3, 1e-3), 2: box(0.00101, 0, 2e-3, 1e-3)}, 3)
    >>> mend(gap).after[1].bounds
    (0.0, 0.0, 0.00101, 0.001)
    """
    keys = sorted(tiling.parts)
    mended = _mended([tiling.parts[key] for key in keys], tiling.frame, at)
    after = {key: canonical(as_ground(shape)) for key, shape in zip(keys, mended, strict=True)}
    changed = [key for key in keys if not after[key].equals_exact(canonical(tiling.parts[key]))]
    return Difference(
        {key: tiling.parts[key] for key in changed},
        {key: after[key] for key in changed if not after[key].is_empty},
    )


def _mended(shapes: Sequence[BaseGeometry], frame: Ground, at: Point | None) -> Sequence[BaseGeometry]:
    if at is None:
        return repair(shapes, frame).shapes
    nearest = min(find_flaws(shapes, frame), key=lambda flaw: flaw.place.distance(at), default=None)
    return shapes if nearest is None else mend_one(shapes, nearest, frame).shapes
