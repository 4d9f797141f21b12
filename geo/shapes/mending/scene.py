"""Shapes of any condition brought to where they can be compared: on the grid, flat, valid."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.finding import Limits
from geo.shapes.mending.measure import Given, Points, Shapes, as_array, joined, polygons_of, scale_of

_POLYGONAL = (3, 6)


@dataclass(frozen=True, slots=True)
class Scene:
    """Shapes side by side.

    `bare` are the shapes as drawn, on the 1e-7 degree grid; `shapes` the same made valid, empty polygons
    where there is no ground; `scale` (2,) the metres of a degree; `tree` indexes `shapes`; `invalid` lists
    the bare shapes that are not valid.
    """

    bare: Shapes
    shapes: Shapes
    scale: Points
    limits: Limits
    tree: shapely.STRtree
    invalid: NDArray[np.intp]


def scene_of(shapes: Given, limits: Limits) -> Scene:
    """Return `shapes` (EPSG:4326) as a scene: what is wrong with one alone must not hide the rest.

    A shape that lies on the grid and is valid stays the same object.
    """
    bare = _on_grid(shapes)
    sound = bare.copy()
    valid = shapely.is_valid(bare)
    broken = ~valid | ~np.isin(shapely.get_type_id(bare), _POLYGONAL)
    for index in np.flatnonzero(broken):
        sound[index] = made_valid(bare[index])
    return Scene(
        bare, sound, scale_of(sound), limits, tree=shapely.STRtree(sound), invalid=np.flatnonzero(~valid)
    )


def made_valid(shape: BaseGeometry) -> BaseGeometry:
    """Return the ground of `shape`, valid, on the 1e-7 grid (GEOS, structure method).

    Shells bound ground and holes leave it out; where a ring crosses itself both lobes are kept.
    """
    parts = [
        each
        for part in polygons_of(shape)
        if np.isfinite(shapely.get_coordinates(part)).all()
        for each in polygons_of(shapely.make_valid(part, method="structure", keep_collapsed=False))
    ]
    merged = shapely.union_all(parts) if len(parts) > 1 else joined(parts)
    rounded = joined(polygons_of(shapely.transform(merged, lambda points: np.round(points, 7))))
    if rounded.is_valid:
        return rounded
    # Rounding the crossing moved it by half a cell across another edge: noding on the grid settles that.
    settled = shapely.set_precision(merged, 1e-7)
    return joined(polygons_of(shapely.transform(settled, lambda points: np.round(points, 7))))


def _on_grid(shapes: Given) -> Shapes:
    array = as_array(Polygon() if shape is None else shape for shape in shapes)
    rounded = shapely.transform(shapely.force_2d(array), lambda points: np.round(points, 7))
    same = shapely.equals_exact(array, rounded) & ~shapely.has_z(array)
    return np.where(same, array, rounded)
