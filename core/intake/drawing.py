"""CAD drawings (DXF) as areas: closed polylines become polygons, texts inside them their attributes.

A drawing has no attributes and no reference system. Grids drawn in CAD carry their name as a text placed
inside the outline; the layer of the text says which attribute it is when `core.outlet.dxf` wrote it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Prefix of the layers on which our own drawings put attributes: ``GP_TEXT_code`` holds column ``code``.
TEXT_LAYER = "GP_TEXT_"
#: Layer of the outlines of holes in our own drawings.
HOLE_LAYER = "GP_HOLE"
# A polyline whose ends lie closer than this (drawing units, metres) was meant to be closed.
_CLOSED_M = 0.01
# How CAD writes a character outside its code page.
_ESCAPE = re.compile(r"\\U\+([0-9A-Fa-f]{4})")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes of a drawing with their layer, the texts inside them, and what was done to them."""

    shapes: NDArray[np.object_]
    columns: tuple[str, ...]
    values: list[NDArray[Any]]
    filled: int
    labelled: int


def as_areas(
    shapes: NDArray[np.object_], layers: NDArray[Any], texts: NDArray[Any], *, is_metric: bool
) -> Drawing:
    """Return the drawing's areas and lines; text entities are given to the area they stand in.

    Parameters
    ----------
    shapes : (n,) array of geometry
    layers, texts : (n,) arrays
        Layer of each entity, and its text (None where it has none).
    is_metric : bool
        Whether the units are metres; in degrees only exactly closed polylines count as closed.
    """
    flat = np.array([_filled(shape, is_metric=is_metric) for shape in shapes], dtype=object)
    filled = int(sum(new is not old for new, old in zip(flat, shapes, strict=True)))
    kind = shapely.get_type_id(flat)
    is_text = (kind == 0) & np.array([text is not None and str(text) != "" for text in texts], bool)
    is_hole = (layers == HOLE_LAYER) & (kind == 3)
    kept = np.flatnonzero(~is_text & ~is_hole)
    areas = flat[kept]
    _cut_holes(areas, flat[is_hole])
    columns, values = _attributes(areas, flat[is_text], layers[is_text], texts[is_text])
    labelled = int(sum(any(column[row] is not None for column in values) for row in range(len(areas))))
    return Drawing(areas, ("layer", *columns), [layers[kept], *values], filled, labelled)


def _filled(shape: Any, *, is_metric: bool) -> Any:
    if not isinstance(shape, shapely.LineString) or len(shape.coords) < 4:
        return shape
    ends = np.asarray(shape.coords)[[0, -1], :2]
    gap = float(np.hypot(*(ends[0] - ends[1])))
    if gap > (_CLOSED_M if is_metric else 0.0):
        return shape
    ring = np.asarray(shape.coords)[:, :2]
    return shapely.Polygon(ring if gap == 0.0 else np.vstack([ring, ring[:1]]))


def _cut_holes(areas: NDArray[np.object_], holes: NDArray[np.object_]) -> None:
    """Take each hole out of the smallest area around it, in place."""
    if not len(holes):
        return
    tree = shapely.STRtree(areas)
    for hole in holes:
        around = [row for row in tree.query(hole, predicate="covered_by") if _is_around(areas[row], hole)]
        if around:
            row = min(around, key=lambda row: float(shapely.area(areas[row])))
            areas[row] = areas[row].difference(hole)


def _is_around(area: Any, hole: Any) -> bool:
    # A grid that fills the hole has the hole's own outline.
    return area.geom_type == "Polygon" and not area.equals(hole)


def _attributes(
    areas: NDArray[np.object_], places: NDArray[np.object_], layers: NDArray[Any], texts: NDArray[Any]
) -> tuple[list[str], list[NDArray[Any]]]:
    names = [str(name)[len(TEXT_LAYER) :] if str(name).startswith(TEXT_LAYER) else "text" for name in layers]
    columns = list(dict.fromkeys(names))
    values: list[NDArray[Any]] = [np.full(len(areas), None, dtype=object) for _ in columns]
    if len(places):
        points, rows = shapely.STRtree(areas).query(places, predicate="within")
        for point, row in sorted(zip(points.tolist(), rows.tolist(), strict=True)):
            column = values[columns.index(names[point])]
            text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), str(texts[point]))
            column[row] = text if column[row] is None else f"{column[row]} {text}"
    return columns, values
