"""Merging neighbouring grids into one."""

from collections.abc import Sequence

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.shapes.edits.lattice import to_degrees
from geo.shapes.edits.outcome import joined
from geo.shapes.edits.patch import Patch, patch_of
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.tiling import Difference, EditRefused, Tiling


def merge(tiling: Tiling, keys: Sequence[int]) -> Difference:
    """Return the difference that merges the grids `keys` into the first of them.

    They must hang together by common edges; a common corner is not enough. No vertex is lost, so the
    neighbours stay as they are.

    Raises
    ------
    EditRefused
        ``edit_too_few_grids`` (field `grids`): fewer than two; ``edit_not_neighbours`` (field `grids`: those
        that do not hang together with the first), with their ground as place; ``grid_gone``.
    """
    keys = list(dict.fromkeys(keys))
    if len(keys) < 2:
        raise EditRefused("edit_too_few_grids", grids=keys)
    patch = patch_of(tiling, keys)
    apart = _apart(patch, keys)
    if apart:
        place = shapely.union_all([patch.parts[key] for key in apart])
        raise EditRefused("edit_not_neighbours", grids=apart, place=to_degrees(place))
    after = dict.fromkeys(keys[1:]) | {keys[0]: joined(patch.parts[key] for key in keys)}
    return proved(tiling, difference_of(tiling, patch, after))


def _apart(patch: Patch, keys: Sequence[int]) -> list[int]:
    """Return the keys that no chain of common edges joins to the first."""
    number = {key: index for index, key in enumerate(keys)}
    found = {tuple(number[key] for key in owners if key in number) for owners in patch.owners.values()}
    pairs = np.array([pair for pair in found if len(pair) == 2], dtype=np.intp).reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(keys), len(keys)))
    _, group = connected_components(links, directed=False)
    return [key for key, component in zip(keys, group.tolist(), strict=True) if component != group[0]]
