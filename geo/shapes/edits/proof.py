"""The last look at every edit: what it touched, with the neighbours, is still a partition.

Only grids that touch what changed are looked at: elsewhere nothing changed, so the cost of an edit does
not grow with the community.
"""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.shapes.edits.lattice import canonical, edges_of, to_degrees, to_steps
from geo.shapes.edits.patch import Patch
from geo.shapes.partition import NOISE_DEG
from geo.shapes.snap import GRID_DEG
from geo.shapes.tiling import Difference, EditRefused, Ground, Tiling

_NOISE_STEPS = NOISE_DEG / GRID_DEG


def difference_of(
    tiling: Tiling,
    patch: Patch,
    after: Mapping[int, Ground | None],
    lineage: Mapping[int, tuple[int, ...]] | None = None,
) -> Difference:
    """Return the difference that gives the grids of `patch` the shapes `after` (steps; None ends a grid).

    A grid whose vertices stay as they are is left out, so its shape in the tiling is not touched.

    Raises
    ------
    EditRefused
        ``edit_changes_nothing``: no grid changes.
    """
    spelt = {key: None if shape is None else canonical(shape) for key, shape in after.items()}
    changed = {key: shape for key, shape in spelt.items() if not _is_same(patch.parts.get(key), shape)}
    if not changed:
        raise EditRefused("edit_changes_nothing")
    return Difference(
        {key: tiling.parts[key] for key in changed if key in tiling.parts},
        {key: to_degrees(shape) for key, shape in changed.items() if shape is not None},
        lineage or {},
    )


def proved(tiling: Tiling, difference: Difference, *, may_change_free_ground: bool = False) -> Difference:
    """Return `difference` if it leaves a partition of the ground it touches.

    Proved are: every new shape is a valid area; the touched grids and their neighbours do not overlap and
    share every vertex of their common edges (`shapely.coverage_is_valid`); the touched grids together
    hold the ground they held, to within the noise of `geo.shapes.partition`. With
    `may_change_free_ground` they may take ground that no grid held, or leave some, inside the frame.

    Raises
    ------
    EditRefused
        ``edit_folds_grid`` (fields `grids`), ``edit_breaks_partition`` (fields `grids`),
        ``edit_leaves_frame``, ``edit_loses_ground``: with the place;
        ``tiling_broken`` (field `grids`): the ground was no partition before the edit.
    """
    after = {key: to_steps(shape) for key, shape in difference.after.items()}
    before = {key: to_steps(shape) for key, shape in difference.before.items()}
    _refuse_folded(after)
    _refuse_mismatch(tiling, difference)
    if may_change_free_ground:
        outside = _joined(after.values()).difference(to_steps(tiling.frame))
        _refuse_ground("edit_leaves_frame", outside)
    else:
        moved = _joined(before.values()).symmetric_difference(_joined(after.values()))
        _refuse_ground("edit_loses_ground", moved)
    return difference


def _is_same(old: Ground | None, new: Ground | None) -> bool:
    if old is None or new is None:
        return old is new
    return bool(shapely.equals_exact(canonical(old), new))


def _refuse_folded(after: Mapping[int, Ground]) -> None:
    folded = {key: shape for key, shape in after.items() if shape.is_empty or not shape.is_valid}
    if folded:
        place = shapely.union_all([shape.boundary for shape in folded.values()])
        raise EditRefused("edit_folds_grid", grids=sorted(folded), place=to_degrees(place))


def _refuse_mismatch(tiling: Tiling, difference: Difference) -> None:
    bystanders = {key: part for key, part in tiling.parts.items() if key not in difference.touched}
    shapes = [*difference.before.values(), *difference.after.values()]
    near = _near(bystanders, shapes)
    found = _mismatched({**near, **difference.after}, difference.touched)
    was = (
        set(edges_of(_lines(_mismatched({**near, **difference.before}, difference.touched))))
        if found
        else set()
    )
    new = {key: edge for key, edge in found.items() if not was.issuperset(edges_of(edge))}
    # What was broken before, and is no worse now, hinders nobody: repairing is a series of edits, too.
    if new:
        code = "tiling_broken" if was else "edit_breaks_partition"
        raise EditRefused(code, grids=sorted(new), place=_lines(new))


def _lines(edges: Mapping[int, BaseGeometry]) -> BaseGeometry:
    return shapely.union_all(list(edges.values()))


def _near(parts: Mapping[int, Ground], shapes: Iterable[Ground]) -> dict[int, Ground]:
    keys = list(parts)
    tree = shapely.STRtree([parts[key] for key in keys])
    found = np.unique(tree.query(np.array(list(shapes)))[1]).tolist() if keys else []
    return {keys[index]: parts[keys[index]] for index in found}


def _mismatched(parts: Mapping[int, Ground], touched: Collection[int]) -> dict[int, BaseGeometry]:
    """Return the edges of `touched` grids that overlap another, or lack a vertex of it."""
    shapes = list(parts.values())
    # A gap as narrow as noise is a vertex that one neighbour has and the other lacks: GEOS lets it pass.
    if shapely.coverage_is_valid(shapes, gap_width=NOISE_DEG):
        return {}
    edges = shapely.coverage_invalid_edges(shapes, gap_width=NOISE_DEG)
    # A bystander's far side may look like a gap, because the grid that fills it is not among the parts.
    return {key: edge for key, edge in zip(parts, edges, strict=True) if key in touched and not edge.is_empty}


def _joined(shapes: Iterable[Ground]) -> BaseGeometry:
    shapes = list(shapes)
    # The union of a coverage is undefined where there is none.
    return (
        shapely.coverage_union_all(shapes) if shapely.coverage_is_valid(shapes) else shapely.union_all(shapes)
    )


def _refuse_ground(code: str, ground: BaseGeometry) -> None:
    if not shapely.buffer(ground, -_NOISE_STEPS / 2).is_empty:
        raise EditRefused(code, place=to_degrees(ground))
