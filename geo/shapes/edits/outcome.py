"""From cut faces with their new owners back to grids."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import shapely
from shapely import Polygon

from geo.shapes.edits.cut import Cut
from geo.shapes.edits.lattice import with_chains
from geo.shapes.edits.patch import FREE, Patch
from geo.shapes.tiling import EditRefused, Ground


def assigned(patch: Patch, cut: Cut, owners: Sequence[int | None]) -> dict[int, Ground]:
    """Return the grids of `patch` (steps) after each face of `cut` went to its owner; None belongs to nobody.

    Grids that were not cut get the vertices which the cut put on their edges, and the faces given to them.

    Raises
    ------
    EditRefused
        ``edit_grid_vanishes`` (field `grid`): a cut grid is left without ground.
    """
    given: defaultdict[int, list[Ground]] = defaultdict(list)
    for face, owner in zip(cut.faces, owners, strict=True):
        if owner is not None:
            given[owner].append(face)
    for key in patch.parts.keys() - set(cut.origins):
        given[key].append(with_chains(patch.parts[key], cut.chains))
    given.pop(FREE, None)
    for key in patch.parts.keys() - {FREE}:
        if not given[key]:
            raise EditRefused("edit_grid_vanishes", grid=key)
    return {key: joined(parts) for key, parts in given.items()}


def joined(parts: Iterable[Ground]) -> Ground:
    """Return the union of `parts`, which share the vertices of their common edges; no vertex is lost."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return cast("Ground", shapely.coverage_union_all(parts))


def by_size(faces: Mapping[int, Polygon]) -> list[int]:
    """Return the numbers of `faces`, the largest first, of equal ones the western and southern first."""
    return sorted(faces, key=lambda index: (-faces[index].area, faces[index].bounds))


def own_faces(cut: Cut, key: int) -> dict[int, Polygon]:
    """Return the faces of `cut` that lie in the grid `key`, by their number."""
    return {index: face for index, face in enumerate(cut.faces) if cut.origins[index] == key}
