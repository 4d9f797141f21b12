"""Simplifying the boundaries inside a community, all at once."""

import shapely

from geo.shapes.edits.lattice import to_steps
from geo.shapes.edits.patch import Patch
from geo.shapes.edits.plane import Plane
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.tiling import Difference, EditRefused, Ground, Tiling


def simplify(tiling: Tiling, tolerance_m: float) -> Difference:
    """Return the difference that takes superfluous vertices out of the boundaries between grids.

    A vertex goes if the triangle with its neighbours is smaller than the square of `tolerance_m`
    (Visvalingam-Whyatt 1993, kept free of crossings by `shapely.coverage_simplify`). The boundary along
    the frame and free ground keeps its vertices, junctions stay, and no grid loses a part or hole.

    Raises
    ------
    EditRefused
        ``edit_width_unusable`` (field `width_m`): no tolerance above zero; ``edit_changes_nothing``;
        ``edit_grid_vanishes`` (field `grid`); what `proved` raises.
    """
    if not 0 < tolerance_m < float("inf"):
        raise EditRefused("edit_width_unusable", width_m=tolerance_m)
    patch = Patch(to_steps(tiling.frame), {key: to_steps(part) for key, part in tiling.parts.items()})
    if not patch.parts:
        raise EditRefused("edit_changes_nothing")
    plane = Plane.at(patch.frame)
    drawn_m = [plane.metres(part) for part in patch.parts.values()]
    simple_m = shapely.coverage_simplify(drawn_m, tolerance_m, simplify_boundary=False)
    after = {key: plane.steps(part) for key, part in zip(patch.parts, simple_m, strict=True)}
    for key, part in after.items():
        if _rings(part) != _rings(patch.parts[key]):
            raise EditRefused("edit_grid_vanishes", grid=key, place=tiling.parts[key])
    return proved(tiling, difference_of(tiling, patch, after))


def _rings(part: Ground) -> int:
    return len(shapely.get_rings(shapely.get_parts(part)))
