"""Placing labels: none may overlap another or a symbol, the most important first.

Each label brings a few spots where it may stand, each with a cost; labels are taken by rank and put on their
cheapest free spot, or left out. Greedy search over discrete candidates as described by Christensen, Marks and
Shieber (1995), "An Empirical Study of Algorithms for Point-Feature Label Placement"; the order of the eight
places around a point is Imhof's (1975), "Positioning Names on Maps", as Yoeli (1972) numbers them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.shapes.sheet.letter import text_width_mm

#: Lines of a label stand this far apart, in letter heights.
LEADING = 1.18
#: Letters that touch cannot be told apart: free paper around each label.
AIR_MM = 0.35


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a label may stand: its middle in paper millimetres, its turn clockwise, and what that costs."""

    x: float
    y: float
    angle_deg: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """A label to be placed. Lower `rank` first; labels of one `key` stand at least `apart_mm` apart."""

    kind: str
    lines: tuple[str, ...]
    size_mm: float
    rank: float
    spots: tuple[Spot, ...]
    bold: bool = False
    key: str = ""
    apart_mm: float = 0.0

    def box_mm(self) -> tuple[float, float]:
        """Return width and height of the words."""
        widths = [text_width_mm(line, self.size_mm, bold=self.bold) for line in self.lines]
        return max(widths), self.size_mm * (1 + LEADING * (len(self.lines) - 1))


@dataclass(frozen=True, slots=True)
class Label:
    """A placed label: middle in paper millimetres, turn clockwise in degrees, width and height of its box."""

    kind: str
    lines: tuple[str, ...]
    size_mm: float
    bold: bool
    x: float
    y: float
    angle_deg: float
    width_mm: float
    height_mm: float


@dataclass(slots=True)
class Board:
    """The paper on which labels are placed.

    `window` is its width and height; no label leaves it. `forbidden` are shapes no label may touch,
    `disliked` lines that cost a label `dislike` when it crosses them.
    """

    window: tuple[float, float]
    forbidden: Sequence[BaseGeometry] = ()
    disliked: Sequence[BaseGeometry] = ()
    dislike: float = 4.0
    _boxes: list[NDArray[np.float64]] = field(default_factory=list)
    _placed: list[tuple[str, float, float]] = field(default_factory=list)

    def place(self, wishes: Iterable[Wish]) -> list[Label]:
        """Return the labels that found room, in the order of their rank; they take up the board's room."""
        barred = shapely.STRtree([shape for shape in self.forbidden if not shape.is_empty])
        shunned = shapely.STRtree([shape for shape in self.disliked if not shape.is_empty])
        found: list[Label] = []
        for wish in sorted(wishes, key=lambda one: (one.rank, len(one.spots))):
            label = self._put(wish, barred, shunned)
            if label is not None:
                found.append(label)
        return found

    def _put(self, wish: Wish, barred: shapely.STRtree, shunned: shapely.STRtree) -> Label | None:
        spots = [spot for spot in wish.spots if self._apart(wish, spot)]
        if not spots or not all(wish.lines):
            return None
        width, height = wish.box_mm()
        corners = corners_of(spots, width + 2 * AIR_MM, height + 2 * AIR_MM)
        free = self._inside(corners)
        boxes = shapely.polygons(corners)
        if len(barred):
            free[np.unique(barred.query(boxes, predicate="intersects")[0])] = False
        cost = np.array([spot.cost for spot in spots])
        if len(shunned):
            cost[np.unique(shunned.query(boxes, predicate="intersects")[0])] += self.dislike
        taken = np.array(self._boxes).reshape(-1, 4, 2)
        for at in np.argsort(np.where(free, cost, np.inf), kind="stable"):
            if free[at] and not overlaps_any(corners[at], taken):
                return self._take(wish, spots[at], corners[at])
        return None

    def _take(self, wish: Wish, spot: Spot, corners: NDArray[np.float64]) -> Label:
        self._boxes.append(corners)
        if wish.key:
            self._placed.append((wish.key, spot.x, spot.y))
        width, height = wish.box_mm()
        return Label(
            wish.kind, wish.lines, wish.size_mm, wish.bold, spot.x, spot.y, spot.angle_deg, width, height
        )

    def _apart(self, wish: Wish, spot: Spot) -> bool:
        return not wish.key or all(
            key != wish.key or np.hypot(x - spot.x, y - spot.y) >= wish.apart_mm for key, x, y in self._placed
        )

    def _inside(self, corners: NDArray[np.float64]) -> NDArray[np.bool_]:
        low, high = corners.min(axis=(1, 2)), corners.max(axis=1)
        width, height = self.window
        return np.asarray((low >= 0) & (high[:, 0] <= width) & (high[:, 1] <= height))


def corners_of(spots: Sequence[Spot], width: float, height: float) -> NDArray[np.float64]:
    """Return the (n, 4, 2) corners of boxes turned around the spots."""
    half = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    turns = np.radians([spot.angle_deg for spot in spots])
    across, down = np.cos(turns)[:, None], np.sin(turns)[:, None]
    x = half[:, 0] * across - half[:, 1] * down + np.array([spot.x for spot in spots])[:, None]
    y = half[:, 0] * down + half[:, 1] * across + np.array([spot.y for spot in spots])[:, None]
    return np.stack([x, y], axis=-1)


def overlaps_any(box: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Tell whether a turned rectangle (4, 2) overlaps any of (n, 4, 2); touching is no overlap.

    Separating axes: two rectangles are apart exactly when the direction of a side of one tells them apart
    (Gottschalk, Lin and Manocha 1996).
    """
    if len(others) == 0:
        return False
    low, high = box.min(axis=0), box.max(axis=0)
    near = others[((others.max(axis=1) > low) & (others.min(axis=1) < high)).all(axis=1)]
    if len(near) == 0:
        return False
    apart = np.zeros(len(near), dtype=bool)
    for side in (0, 1):
        axis = box[side + 1] - box[side]
        apart |= _gap(box @ axis, near @ axis)
        axes = near[:, side + 1] - near[:, side]
        apart |= _gap(axes @ box.T, np.einsum("nij,nj->ni", near, axes))
    return bool((~apart).any())


def _gap(one: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((one.max(axis=-1) <= others.min(axis=-1)) | (others.max(axis=-1) <= one.min(axis=-1)))


def around_point(x: float, y: float, box: tuple[float, float], *, clear_mm: float) -> tuple[Spot, ...]:
    """Return the eight spots around a symbol of radius `clear_mm`, best first (right above, right, ...).

    >>> [round(spot.cost, 1) for spot in around_point(0, 0, (4, 2), clear_mm=1)]
    [0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1]
    """
    width, height = box
    across, down = width / 2 + clear_mm, height / 2 + clear_mm
    slant = clear_mm * 0.3
    places = (
        (across - slant, -down + slant), (across, 0.0), (across - slant, down - slant), (0.0, -down),
        (0.0, down), (-across + slant, -down + slant), (-across, 0.0), (-across + slant, down - slant),
    )  # fmt: skip
    return tuple(Spot(x + dx, y + dy, cost=0.3 * k) for k, (dx, dy) in enumerate(places))
