"""Paper, where the map stands on it, and the round scale at which the ground fits."""

from dataclasses import dataclass
from enum import StrEnum

#: Denominators of the scales a sheet is drawn at: a person can measure them with a ruler.
SCALES = (
    500, 750, 1_000, 1_250, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 7_500, 10_000, 12_500, 15_000,
    20_000, 25_000, 30_000, 40_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 500_000,
)  # fmt: skip
#: Around the ground shown there is room for the names of what lies beside it.
PAD_MM = 13.0


class Size(StrEnum):
    """The sizes an atlas is printed on."""

    A4 = "A4"
    A3 = "A3"


#: Long and short side in millimetres (ISO 216).
SIDES_MM = {Size.A4: (297.0, 210.0), Size.A3: (420.0, 297.0)}
#: Blank rim that every office printer can keep free.
RIM_MM = 8.0
#: Height of the title above the map, and of the line with scale and source below everything.
TITLE_MM, FOOT_MM = 14.0, 11.0
#: Between map and frame stand the coordinates of the ticks.
TICK_MM = 4.0
GAP_MM = 3.0
#: Numbers at the end of one column must not be read with the next.
COLUMN_GAP_MM = 6.0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on the page: left, top, width, height in millimetres."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a page stand: the map window, and the columns of facts beside or below it."""

    size: Size
    landscape: bool
    page: tuple[float, float]
    window: Rectangle
    columns: tuple[Rectangle, ...]


def layout(size: Size, *, landscape: bool) -> Layout:
    """Return the layout of a page: facts in one column right of a wide map, in three below a tall one.

    >>> layout(Size.A4, landscape=True).page, len(layout(Size.A4, landscape=False).columns)
    ((297.0, 210.0), 3)
    """
    long, short = SIDES_MM[size]
    width, height = (long, short) if landscape else (short, long)
    top, bottom = RIM_MM + TITLE_MM, height - RIM_MM - FOOT_MM
    big = size is Size.A3
    if landscape:
        column = 82.0 if big else 66.0
        right = width - RIM_MM - column - GAP_MM
        columns: tuple[Rectangle, ...] = (Rectangle(width - RIM_MM - column, top, column, bottom - top),)
    else:
        right = width - RIM_MM
        deep = 80.0 if big else 63.0
        third = (right - RIM_MM - 2 * COLUMN_GAP_MM) / 3
        columns = tuple(
            Rectangle(RIM_MM + k * (third + COLUMN_GAP_MM), bottom - deep, third, deep) for k in range(3)
        )
        bottom -= deep + GAP_MM
    window = Rectangle(
        RIM_MM + TICK_MM, top + TICK_MM, right - RIM_MM - 2 * TICK_MM, bottom - top - 2 * TICK_MM
    )
    return Layout(size, landscape, (width, height), window, columns)


def scale_for(extent_m: tuple[float, float], window: Rectangle) -> int:
    """Return the denominator of the largest round scale at which an extent fits the window with its rim.

    `extent_m` is width and height on the ground. What is larger than the smallest scale allows is
    drawn at that scale all the same and runs over the edge.

    >>> scale_for((300.0, 200.0), Rectangle(0, 0, 200, 160))
    2000
    """
    room = (max(window.width - 2 * PAD_MM, 1.0), max(window.height - 2 * PAD_MM, 1.0))
    needed = max(extent * 1000 / free for extent, free in zip(extent_m, room, strict=True))
    return next((scale for scale in SCALES if scale >= needed), SCALES[-1])


def best_layout(size: Size, extent_m: tuple[float, float]) -> tuple[Layout, int]:
    """Return the layout, upright or across, that shows an extent at the larger scale, and that scale.

    Of two that are alike the one of the ground's own shape.

    >>> best_layout(Size.A4, (900.0, 300.0))[0].landscape, best_layout(Size.A4, (300.0, 900.0))[0].landscape
    (True, False)
    """
    wide_first = extent_m[0] >= extent_m[1]
    layouts = [layout(size, landscape=landscape) for landscape in (wide_first, not wide_first)]
    return min(((one, scale_for(extent_m, one.window)) for one in layouts), key=lambda found: found[1])
