"""How wide roads are drawn, and in which order."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.shapes.sheet.ground import Roads
from geo.shapes.sheet.path import cut, paths_of
from geo.shapes.sheet.projection import Projection

#: From the least to the most important: carriageway in metres [ours], least width on paper in millimetres.
WIDTHS = {
    "footway": (2.0, 0.30), "cycleway": (2.5, 0.30), "track": (3.0, 0.35), "service": (4.0, 0.50),
    "residential": (6.5, 0.75), "tertiary": (10.0, 1.0), "secondary": (14.0, 1.2), "primary": (18.0, 1.4),
    "trunk": (20.0, 1.5), "motorway": (22.0, 1.6),
}  # fmt: skip
#: Drawn as one dashed line; all others as a surface with a casing.
PATHS = ("footway", "cycleway", "track")
#: Streets that lead beyond the quarter: coloured, and named outside the grid too.
MAIN = ("tertiary", "secondary", "primary", "trunk", "motorway")
_WIDEST_MM = 6.0
#: Smaller scales than this draw the least widths thinner.
_FINE_FROM = 5_000


@dataclass(frozen=True, slots=True)
class Stroke:
    """The roads of a class: width of the surface in millimetres and the paths to draw, tunnels apart."""

    road_class: str
    width_mm: float
    paths: list[str]
    tunnels: list[str]


def road_width_mm(road_class: str, denominator: int) -> float:
    """Return how wide a road of a class is drawn: true to scale, but never too thin to see.

    >>> road_width_mm("primary", 2000), road_width_mm("residential", 10_000)
    (6.0, 0.65)
    """
    width_m, least_mm = WIDTHS.get(road_class, WIDTHS["residential"])
    least_mm *= min(1.0, max(0.5, _FINE_FROM / denominator))
    return min(_WIDEST_MM, max(least_mm, round(width_m * 1000 / denominator, 2)))


def strokes(roads: Roads, projection: Projection) -> list[Stroke]:
    """Return the roads in the window by class, the least important first."""
    found: list[Stroke] = []
    classes = np.array([name if name in WIDTHS else "residential" for name in roads.classes], dtype=np.str_)
    tunnel = np.array(roads.tunnel, dtype=bool)
    for road_class in WIDTHS:
        rows = np.flatnonzero(classes == road_class)
        if len(rows) == 0:
            continue
        lines = projection.shapes_mm(roads.lines[rows])
        above, below = (_joined(lines[tunnel[rows] == under], projection) for under in (False, True))
        if above or below:
            width = road_width_mm(road_class, projection.denominator)
            found.append(Stroke(road_class, width, above, below))
    return found


def _joined(lines: np.ndarray[tuple[int], np.dtype[np.object_]], projection: Projection) -> list[str]:
    if len(lines) == 0:
        return []
    # Sections that go on into each other are one line: their joint would show as a notch.
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines))))
    return paths_of(cut(merged, projection.window))
