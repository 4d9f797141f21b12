"""What makes a drawing a map: coordinates at the frame, crosses on the ground, the scale bar."""

from dataclasses import dataclass

import numpy as np

from geo.shapes.sheet.projection import Projection

#: Seconds of arc between ticks that people can add up in their heads.
STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
#: Labels of ticks must not touch: 119°12′30″ takes about 14 mm.
APART_MM = 32.0
#: Lengths a scale bar shows, in metres.
BARS_M = tuple(step * power for power in (1, 10, 100, 1_000, 10_000) for step in (1, 2, 5))
#: A scale bar is about so long, and never longer.
BAR_MM = 52.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A meridian or parallel where it meets an edge of the window: `side` top, right, bottom or left."""

    side: str
    at_mm: float
    words: str


@dataclass(frozen=True, slots=True)
class Graticule:
    """Ticks along the edges, and the (x, y) of crosses where meridians and parallels meet in the window."""

    ticks: tuple[Tick, ...]
    crosses: tuple[tuple[float, float], ...]


def graticule(projection: Projection) -> Graticule:
    """Return ticks and crosses of round meridians and parallels, in degrees, minutes and seconds."""
    west, south, east, north = projection.extent()
    width, height = projection.window
    step = _step_s((east - west) * 3600 / width, (north - south) * 3600 / height)
    lons, lats = _round(west, east, step), _round(south, north, step)
    ticks = [tick for side in ("top", "bottom") for tick in _along(projection, side, lons)]
    ticks += [tick for side in ("left", "right") for tick in _along(projection, side, lats)]
    knots = np.array([(lon, lat) for lon in lons for lat in lats]).reshape(-1, 2)
    crosses = projection.points_mm(knots)
    seen = [(x, y) for x, y in crosses.tolist() if 3 < x < width - 3 and 3 < y < height - 3]
    return Graticule(tuple(ticks), tuple((round(x, 2), round(y, 2)) for x, y in seen))


def _step_s(across_s_per_mm: float, down_s_per_mm: float) -> float:
    # A second of longitude is the shorter one: the finer step is that of the meridians.
    needed = max(across_s_per_mm, down_s_per_mm) * APART_MM
    return next((float(step) for step in STEPS_S if step >= needed), float(STEPS_S[-1]))


def _round(low: float, high: float, step_s: float) -> list[float]:
    first, last = np.ceil(low * 3600 / step_s), np.floor(high * 3600 / step_s)
    return [float(k * step_s / 3600) for k in np.arange(first, last + 1)]


def _along(projection: Projection, side: str, wanted: list[float]) -> list[Tick]:
    """Return the ticks of one edge; coordinates along an edge rise steadily, so they are read backwards."""
    width, height = projection.window
    level = side in {"top", "bottom"}
    run = np.linspace(0, width if level else height, 65)
    fixed = np.full(65, {"top": 0.0, "bottom": height, "left": 0.0, "right": width}[side])
    points = np.column_stack([run, fixed] if level else [fixed, run])
    value = projection.points_lonlat(points)[:, 0 if level else 1]
    order = np.argsort(value)
    low, high = float(value.min()), float(value.max())
    return [
        Tick(side, round(float(np.interp(degree, value[order], run[order])), 2), degrees_words(degree))
        for degree in wanted
        if low < degree < high
    ]


def degrees_words(degree: float) -> str:
    """Return an angle in degrees, minutes and whole seconds.

    >>> degrees_words(119.208333333), degrees_words(-0.5)
    ('119°12′30″', '-0°30′00″')
    """
    seconds = round(abs(degree) * 3600)
    sign = "-" if degree < 0 else ""
    return f"{sign}{seconds // 3600}°{seconds // 60 % 60:02d}′{seconds % 60:02d}″"


def scale_bar(denominator: int) -> tuple[float, int, int]:
    """Return (millimetres on paper, metres, parts) of the longest round bar up to `BAR_MM`.

    >>> scale_bar(2000)
    (50.0, 100, 4)
    """
    fitting = [length for length in BARS_M if length * 1000 / denominator <= BAR_MM]
    length = fitting[-1] if fitting else BARS_M[0]
    first = int(str(length)[0])
    return length * 1000 / denominator, length, {1: 4, 2: 4, 5: 5}[first]
