"""Shapes on the paper as SVG paths: cut at the window, simplified below what print shows."""

from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

#: The eye cannot tell lines a tenth of a millimetre apart, nor can an office printer (600 dpi: 0.04 mm).
TOLERANCE_MM = 0.1
#: Cut this far outside the window, so that the cut itself is never drawn: wider than half of any line.
OVER_MM = 6.0
#: A path string is read once per letter: long ones are given in pieces.
_PIECES = 40


def cut(
    shapes: NDArray[np.object_], window: tuple[float, float], *, over_mm: float = OVER_MM
) -> NDArray[np.object_]:
    """Return the parts of paper shapes in the window or close by, simplified; empty ones left out."""
    if len(shapes) == 0:
        return shapes
    frame = shapely.box(-over_mm, -over_mm, window[0] + over_mm, window[1] + over_mm)
    shapely.prepare(frame)
    near = shapes[shapely.intersects(frame, shapes)]
    if len(near) == 0:
        return near
    whole = shapely.contains_properly(frame, near)
    near[~whole] = shapely.intersection(shapely.make_valid(near[~whole]), frame)
    simple = shapely.simplify(near, TOLERANCE_MM, preserve_topology=True)
    return np.asarray(simple[~shapely.is_empty(simple)], dtype=object)


def path_of(shape: BaseGeometry) -> str:
    """Return the SVG path of a polygon or line, absolute millimetres to two decimals.

    >>> path_of(shapely.box(0, 0, 2, 1.005))
    'M2 0L2 1L0 1L0 0Z'
    """
    return "".join(_rings(shape))


def paths_of(shapes: Iterable[BaseGeometry]) -> list[str]:
    """Return SVG paths that together draw all shapes, some dozens of shapes in each."""
    single = [path for path in map(path_of, shapes) if path]
    return ["".join(single[at : at + _PIECES]) for at in range(0, len(single), _PIECES)]


def _rings(shape: BaseGeometry) -> Iterator[str]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                yield _drawn(shapely.get_coordinates(ring)[:-1]) + "Z"
        elif part.geom_type in {"LineString", "LinearRing"}:
            yield _drawn(shapely.get_coordinates(part))
        elif part.geom_type.startswith(("Multi", "GeometryCollection")):
            yield from _rings(part)


def _drawn(points: NDArray[np.float64]) -> str:
    words = [f"{_number(x)} {_number(y)}" for x, y in np.round(points, 2).tolist()]
    # A letter before every point: WeasyPrint reads what follows a letter over and over again.
    return "M" + "L".join(words)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
