"""The faces into which the outlines of a few shapes cut the plane, and who owns each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.measure import Points, Shapes, as_array, joined, polygons_of
from geo.shapes.mending.ring import vertices_of
from geo.shapes.snap import GRID_DEG

type Owners = frozenset[int]
type Borders = dict[int, list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces of noded outlines; `owners` is the list that decisions change.

    Attributes
    ----------
    shapes : array of Polygon
        The faces: they share all edges exactly, on the 1e-7 degree grid.
    inner : array of Point
        A point inside each.
    owners : list of frozenset of int
        The shapes that claim each face; none for free ground.
    borders : dict of int to list of (int, float)
        For each face the faces beside it and the length of the edge, metres.
    area_m2 : (n,) array
        From the scaled plane: good for comparing.
    """

    shapes: Shapes
    inner: Shapes
    owners: list[Owners]
    borders: Borders
    area_m2: Points

    def border_m(self, piece: Sequence[int]) -> dict[int, float]:
        """Return how many metres of the outline of `piece` (faces) lie on each owner's ground."""
        inside = set(piece)
        total: dict[int, float] = defaultdict(float)
        for face in piece:
            for beside, length in self.borders.get(face, ()):
                if beside not in inside:
                    for owner in self.owners[beside]:
                        total[owner] += length
        return dict(total)

    def ground_of(self, owner: int) -> BaseGeometry:
        """Return the union of the faces that `owner` claims; every node on its outline is kept."""
        own = [shape for shape, claim in zip(self.shapes, self.owners, strict=True) if owner in claim]
        return joined(polygons_of(shapely.coverage_union_all(own)))


def cut(members: dict[int, BaseGeometry], extra: Iterable[BaseGeometry], scale: Points) -> Faces:
    """Return the faces between the outlines of `members` (by index) and `extra` lines (EPSG:4326).

    Noded by snap rounding on the 1e-7 degree grid (Hobby 1999): outlines meet in shared vertices, and a
    vertex that lies on an edge to half a cell is put into it.
    """
    lines = [shape.boundary for shape in members.values()]
    noded = shapely.union_all([*lines, *extra], grid_size=GRID_DEG)
    rounded = shapely.transform(noded, lambda points: np.round(points, 7))
    shapes = as_array(shapely.get_parts(shapely.polygonize(shapely.get_parts(rounded))))
    inner = shapely.point_on_surface(shapes)
    keys = list(members)
    owners: list[set[int]] = [set() for _ in shapes]
    for row, face in (
        shapely.STRtree(inner).query(as_array(members.values()), predicate="contains").T.tolist()
    ):
        owners[face].add(keys[row])
    return Faces(
        shapes, inner, [frozenset(claim) for claim in owners], _borders(shapes, scale),
        shapely.area(shapes) * float(scale.prod()),
    )  # fmt: skip


def _borders(shapes: Shapes, scale: Points) -> Borders:
    vertices = vertices_of(shapes)
    inner = vertices.ring[1:] == vertices.ring[:-1]
    start, end, face = vertices.xy[:-1][inner], vertices.xy[1:][inner], vertices.owner[:-1][inner]
    length = np.hypot(*((end - start) * scale).T)
    swap = (start[:, :1] > end[:, :1]) | ((start[:, :1] == end[:, :1]) & (start[:, 1:] > end[:, 1:]))
    ends = np.hstack([np.where(swap, end, start), np.where(swap, start, end)])
    order = np.lexsort(ends.T)
    ends, face, length = ends[order], face[order], length[order]
    twin = np.flatnonzero((ends[1:] == ends[:-1]).all(axis=1))
    borders: Borders = defaultdict(list)
    for one, other, metres in zip(
        face[twin].tolist(), face[twin + 1].tolist(), length[twin].tolist(), strict=True
    ):
        borders[one].append((other, metres))
        borders[other].append((one, metres))
    return dict(borders)
