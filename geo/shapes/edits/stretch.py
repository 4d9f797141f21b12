"""The stretch of old boundary that a drawn line replaces, and what lies between the two."""

from collections.abc import Collection, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString

from geo.shapes.edits.lattice import Edge, Vertex, segments, to_degrees
from geo.shapes.edits.network import cheapest_path
from geo.shapes.tiling import EditRefused


def nearest_stretch(edges: Collection[Edge], line: Sequence[Vertex]) -> list[Vertex]:
    """Return the path along `edges` from the start to the end of `line` that stays nearest to it.

    Nearest is the path with the least integral of the distance to the line along it, about the area
    between the two: of two ways round a courtyard it is the one that the line was drawn beside, however long.

    Raises
    ------
    EditRefused
        ``edit_no_boundary``: the edges do not lead from end to end.
    """
    listed = sorted(edges)
    path = cheapest_path(listed, _costs(listed, line), line[0], line[-1])
    if path is None or len(path) < 2:
        raise EditRefused("edit_no_boundary", place=to_degrees(LineString(line)))
    return path


def is_inside(points: NDArray[np.object_], loop: Sequence[Vertex]) -> NDArray[np.bool_]:
    """Tell for each Point whether it lies inside the closed `loop` by the even-odd rule, shape (n,).

    A ray to the east is counted across the loop's edges (Shimrat 1962); an edge run twice cancels out,
    where the line follows the old boundary.
    """
    x, y = shapely.get_coordinates(points).T[:, :, None]
    first = np.array(loop)
    second = np.roll(first, -1, axis=0)
    spans = (first[:, 1] > y) != (second[:, 1] > y)
    rise = np.where(second[:, 1] == first[:, 1], 1, second[:, 1] - first[:, 1])
    crossing = first[:, 0] + (y - first[:, 1]) / rise * (second[:, 0] - first[:, 0])
    return np.asarray((spans & (x < crossing)).sum(axis=1) % 2 == 1)


def _costs(edges: Sequence[Edge], line: Sequence[Vertex]) -> NDArray[np.float64]:
    """Return for each edge its length times its mean distance to the line (Simpson's rule), in steps."""
    pieces = segments(edges)
    drawn = LineString(line)
    shapely.prepare(drawn)
    near = [
        shapely.distance(shapely.line_interpolate_point(pieces, at, normalized=True), drawn)
        for at in (0, 0.5, 1)
    ]
    # One step more, so that even a boundary under the line has a cost and the shortest is taken.
    return np.asarray(shapely.length(pieces) * ((near[0] + 4 * near[1] + near[2]) / 6 + 1))
