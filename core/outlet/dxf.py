"""Drawings for CAD: outlines as closed polylines, attributes as texts inside them.

Written as AutoCAD release 12 text (Autodesk, DXF Reference, group codes 0, 8, 10, 20, 66, 70), the one form
every CAD reads, in code page 936. GDAL's own writer fills polygons with hatches and writes texts in UTF-8
under a header that says ANSI 1252.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from core.intake.drawing import HOLE_LAYER, TEXT_LAYER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

_OUTLINE_LAYER = "GP_GRID"
# Texts stand this share of the outline's width high, so that they can be read at the scale of the grid.
_TEXT_SHARE = 0.02


def write_drawing(
    path: Path, shapes: NDArray[np.object_], columns: Mapping[str, Sequence[object]], *, decimals: int
) -> None:
    r"""Write shapes (in the drawing's own units) and their attributes to `path`.

    Polygons of several parts become several outlines, each with all texts. Characters outside GBK are
    written as ``\U+XXXX``, which CAD shows as they are meant.
    """
    lines = ["0", "SECTION", "2", "HEADER", "9", "$ACADVER", "1", "AC1009",
        "9", "$DWGCODEPAGE", "3", "ANSI_936", "0", "ENDSEC", "0", "SECTION", "2", "ENTITIES"]  # fmt: skip
    for row, shape in enumerate(shapes):
        texts = {name: str(cells[row]) for name, cells in columns.items() if cells[row] is not None}
        for part in shapely.get_parts(shape):
            lines += _entities(part, texts, decimals)
    lines += ["0", "ENDSEC", "0", "EOF", ""]
    path.write_bytes("\r\n".join(_escaped(line) for line in lines).encode("gbk"))


def _entities(part: BaseGeometry, texts: Mapping[str, str], decimals: int) -> Iterator[str]:
    if isinstance(part, shapely.Polygon):
        yield from _polyline(part.exterior, _OUTLINE_LAYER, decimals)
        for hole in part.interiors:
            yield from _polyline(hole, HOLE_LAYER, decimals)
        yield from _texts(part, texts, decimals)
    elif isinstance(part, shapely.LineString):
        yield from _polyline(part, _OUTLINE_LAYER, decimals)
    elif isinstance(part, shapely.Point):
        yield from ("0", "POINT", "8", _OUTLINE_LAYER, *_at(part.x, part.y, decimals))


def _polyline(line: BaseGeometry, layer: str, decimals: int) -> Iterator[str]:
    points = shapely.get_coordinates(line)
    closed = bool((points[0] == points[-1]).all())
    yield from ("0", "POLYLINE", "8", layer, "66", "1", "70", "1" if closed else "0")
    for x, y in points[:-1] if closed else points:
        yield from ("0", "VERTEX", "8", layer, *_at(x, y, decimals))
    yield from ("0", "SEQEND", "8", layer)


def _texts(part: shapely.Polygon, texts: Mapping[str, str], decimals: int) -> Iterator[str]:
    west, _, east, _ = part.bounds
    place = part.representative_point()
    for name, text in texts.items():
        height = f"{max((east - west) * _TEXT_SHARE, 10.0**-decimals):.{decimals}f}"
        flat = " ".join(text.split())
        yield from ("0", "TEXT", "8", f"{TEXT_LAYER}{name}", *_at(place.x, place.y, decimals), "40", height)
        yield from ("1", flat)


def _at(x: float, y: float, decimals: int) -> tuple[str, str, str, str]:
    return "10", f"{x:.{decimals}f}", "20", f"{y:.{decimals}f}"


def _escaped(line: str) -> str:
    try:
        line.encode("gbk")
    except UnicodeEncodeError:
        # Signs beyond the basic plane have no such escape in DXF; a replacement sign keeps the text whole.
        return "".join(_sign(sign) for sign in line)
    return line


def _sign(sign: str) -> str:
    try:
        sign.encode("gbk")
    except UnicodeEncodeError:
        return f"\\U+{ord(sign):04X}" if ord(sign) <= 0xFFFF else "\\U+25A1"
    return sign
