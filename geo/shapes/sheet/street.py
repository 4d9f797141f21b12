"""Streets on a sheet: how many metres of each lie in a grid, and where its name may stand along it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from geo.shapes.sheet.label import Spot

#: A street that runs this near a grid's boundary runs along it: boundaries drawn on a street's middle line
#: differ from it by less, the other side of a street lies farther off.
ALONG_M = 2.0
#: Of a street that only crosses the boundary, less than this lies so near it: no street along it.
CROSSING_M = 10.0


@dataclass(frozen=True, slots=True)
class Street:
    """A street in a grid; `length_m` counts what lies inside or along the boundary, `border_m` the latter."""

    name: str
    length_m: float
    border_m: float


def streets_in(
    grid: BaseGeometry, lines: NDArray[np.object_], names: Sequence[str], *, factor: float = 1.0
) -> list[Street]:
    """Return the streets of a grid, longest first, with their metres; those without a name come last as "".

    Parameters
    ----------
    grid, lines
        Shapes in one metric CRS; `names` has one name for each line.
    factor
        Metres of that CRS for one metre on the ground.

    Notes
    -----
    A street along the boundary belongs to the grids on both sides and counts whole for each. Lengths are
    those of centre lines: a road with two carriageways counts twice.
    """
    if len(lines) == 0:
        return []
    reach = shapely.buffer(grid, ALONG_M)
    shapely.prepare(reach)
    near = np.flatnonzero(shapely.intersects(reach, lines))
    edge = shapely.buffer(shapely.boundary(grid), ALONG_M)
    border = _lengths_along(lines[near], edge)
    core = shapely.buffer(grid, -ALONG_M)
    inside = shapely.length(shapely.intersection(lines[near], core))
    # What lies inside but near the boundary without running along it: the ends of streets that meet it.
    within = shapely.length(shapely.intersection(lines[near], grid))
    whole = np.where(border > 0, inside + border, within)
    return _summed([names[row] for row in near.tolist()], whole / factor, border / factor)


def _lengths_along(lines: NDArray[np.object_], edge: BaseGeometry) -> NDArray[np.float64]:
    """Return how much of each line runs along `edge` in pieces longer than a crossing."""
    pieces, owner = shapely.get_parts(shapely.intersection(lines, edge), return_index=True)
    lengths = shapely.length(pieces)
    lengths[lengths < CROSSING_M] = 0.0
    return np.bincount(owner, weights=lengths, minlength=len(lines))


def _summed(names: Sequence[str], whole: NDArray[np.float64], border: NDArray[np.float64]) -> list[Street]:
    sums: dict[str, list[float]] = {}
    for name, length, along in zip(names, whole.tolist(), border.tolist(), strict=True):
        both = sums.setdefault(name or "", [0.0, 0.0])
        both[0] += length
        both[1] += along
    found = [Street(name, length, along) for name, (length, along) in sums.items() if length >= 0.5]
    return sorted(found, key=lambda street: (street.name == "", -street.length_m, street.name))


#: A name may leave the line below it by so much of its letters' height before it looks torn off.
_BEND = 0.45
#: Steps in which a name is tried along its street, in millimetres.
_STEP_MM = 3.0
#: A street shorter than its name is named all the same while this share of the name has street beside it.
_OVERHANG = 0.62


def spots_along(
    line: LineString, width_mm: float, size_mm: float, *, road_mm: float, most: int = 24
) -> tuple[Spot, ...]:
    """Return spots for a name along a line on the paper, best first: on a road that is wide, else beside.

    `road_mm` is the drawn width of the road. Names are read from below or from the right; where the street
    bends under the name there is no spot.
    """
    length = line.length
    if length < width_mm * _OVERHANG:
        return ()
    reach = min(width_mm, length)
    count = max(1, min(most, int((length - reach) / _STEP_MM) + 1))
    starts = np.linspace(0, length - reach, count) if count > 1 else np.array([(length - reach) / 2])
    along = np.linspace(0, reach, 7)
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(line, (starts[:, None] + along[None, :]).ravel())
    ).reshape(count, len(along), 2)
    offsets = _offsets(road_mm, size_mm)
    found: list[Spot] = []
    for start, seen in zip(starts.tolist(), points, strict=True):
        bend = _bend(seen) / size_mm
        if bend <= _BEND:
            centred = abs(start + reach / 2 - length / 2) / max(length, 1e-9)
            found += _beside(seen, offsets, 2.0 * bend + 1.5 * centred)
    return tuple(sorted(found, key=lambda spot: spot.cost))


def _offsets(road_mm: float, size_mm: float) -> tuple[tuple[float, float], ...]:
    beside = road_mm / 2 + 0.62 * size_mm + 0.25
    sides = ((-beside, 1.0), (beside, 1.3))
    return ((0.0, 0.0), *sides) if road_mm >= 1.15 * size_mm else sides


def _bend(points: NDArray[np.float64]) -> float:
    chord = points[-1] - points[0]
    length = float(np.hypot(*chord))
    if length < 1e-6:
        return float("inf")
    gaps = points - points[0]
    return float(np.abs(chord[0] * gaps[:, 1] - chord[1] * gaps[:, 0]).max() / length)


def _beside(points: NDArray[np.float64], offsets: tuple[tuple[float, float], ...], cost: float) -> list[Spot]:
    dx, dy = points[-1] - points[0]
    if dx < 0 or (abs(dx) < 1e-9 and dy > 0):
        dx, dy = -dx, -dy
    turn = atan2(dy, dx)
    # Chinese letters stand as well upright as they lie: very steep names are read from the right.
    middle = (points[0] + points[-1]) / 2
    normal = np.array([-np.sin(turn), np.cos(turn)])
    return [
        Spot(
            float(middle[0] + normal[0] * offset),
            float(middle[1] + normal[1] * offset),
            degrees(turn),
            cost + more,
        )
        for offset, more in offsets
    ]
