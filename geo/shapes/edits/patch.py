"""The part of a tiling that an edit looks at: some grids and all their neighbours, in steps."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import Edge, Vertex, edges_of, lines_of, points, to_steps, vertex_of
from geo.shapes.tiling import Ground, Tiling

#: Stands for ground of the frame that no grid holds, where an edit must treat it like a grid.
FREE = -1
#: A vertex put on an edge of the frame lies up to 0.71 steps off it, half a cell's diagonal. Twice that, and
#: rounding: what lies nearer than this to the frame's line belongs to it.
ON_FRAME_STEPS = 1.5
#: A vertex of the frame that lies no farther than this from the edge past it is no corner: the noise of
#: `geo.shapes.partition` swallows slivers of two steps.
_CORNER_STEPS = 1.0
#: A degree of longitude is longer than this up to 80 degrees north: for boxes around what is within reach.
DEGREE_M = 19_000


@dataclass(frozen=True)
class Patch:
    """Grids near an edit.

    Attributes
    ----------
    frame : Polygon or MultiPolygon
        The whole frame, in steps.
    parts : mapping of int to Polygon or MultiPolygon
        The grids by key, in steps.
    """

    frame: Ground
    parts: Mapping[int, Ground]

    @cached_property
    def owners(self) -> Mapping[Edge, tuple[int, ...]]:
        """Return the keys that have each edge: two inside, one along the frame and free ground."""
        found: defaultdict[Edge, tuple[int, ...]] = defaultdict(tuple)
        for key, part in self.parts.items():
            for edge in edges_of(part):
                found[edge] += (key,)
        return found

    @cached_property
    def frame_line(self) -> BaseGeometry:
        """Return the frame's boundary, prepared for repeated questions."""
        line = self.frame.boundary
        shapely.prepare(line)
        return line

    def is_on_frame(self, vertices: Iterable[Vertex]) -> bool:
        """Tell whether all vertices lie on the frame's boundary, as near as whole steps allow."""
        return bool(np.all(shapely.distance(points(vertices), self.frame_line) <= ON_FRAME_STEPS))

    def seat_on_frame(self, vertex: Vertex) -> Vertex:
        """Return the whole step nearest to `vertex` on the frame's own edge.

        Never on the chord between two vertices put there before: a chord already lies up to 0.71 steps off
        the edge, and a vertex rounded onto it would lie 0.71 farther off, and so on with every edit.
        """
        nearest = shapely.shortest_line(shapely.Point(vertex), self.frame_line)
        return vertex_of(shapely.get_coordinates(nearest)[1])

    def keeps_frame(self, old: Iterable[Edge], new: Iterable[Edge]) -> bool:
        """Tell whether edges along the frame may become `new`: no corner of the frame is cut off.

        Asked of the frame's own vertices, so that the smallest bends do not add up over many edits.
        """
        corners = points((x, y) for x, y in shapely.get_coordinates(self.frame).tolist())
        was = shapely.distance(corners, lines_of(old)) <= ON_FRAME_STEPS
        stays = shapely.distance(corners, lines_of(new)) <= _CORNER_STEPS
        return bool(np.all(stays | ~was))

    def with_part(self, key: int, part: Ground) -> "Patch":
        """Return the patch with one more part."""
        return replace(self, parts={**self.parts, key: part})


def patch_around(tiling: Tiling, shapes: Sequence[BaseGeometry], *, reach_deg: float = 0.0) -> Patch:
    """Return the grids whose boxes meet the box of one of `shapes` (EPSG:4326), widened by `reach_deg`.

    Boxes hold at least every neighbour; a few grids too many cost less than exact tests.
    """
    keys = list(tiling.parts)
    bounds = shapely.bounds(np.asarray(shapes, dtype=object)) + np.array([-1, -1, 1, 1]) * reach_deg
    boxes = shapely.box(*bounds.T)
    tree = shapely.STRtree([tiling.parts[key] for key in keys])
    near = np.unique(tree.query(boxes)[1]).tolist() if keys else []
    return Patch(to_steps(tiling.frame), {keys[index]: to_steps(tiling.parts[keys[index]]) for index in near})


def patch_of(tiling: Tiling, keys: Iterable[int]) -> Patch:
    """Return the grids with `keys` and their neighbours.

    Raises
    ------
    EditRefused
        ``grid_gone`` (field `grid`).
    """
    return patch_around(tiling, [tiling.part(key) for key in keys])
