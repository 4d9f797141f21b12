"""Redrawing a shared boundary along a line.

The line and the stretch of old boundary between its ends form a loop. Ground inside the loop (by the
even-odd rule, so the line may cross the old boundary any number of times) goes to the grid on the other
side of the old boundary.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import LineString, MultiPoint, Point

from geo.shapes.edits.attach import REACH_M, led_or_cut_back, touches
from geo.shapes.edits.cut import Cut, cut
from geo.shapes.edits.lattice import Edge, Vertex, edges_along, edges_of, lines_of, to_degrees
from geo.shapes.edits.outcome import assigned
from geo.shapes.edits.patch import DEGREE_M, Patch, patch_around, patch_of
from geo.shapes.edits.plane import Plane
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.edits.sketch import read_line
from geo.shapes.edits.stretch import is_inside, nearest_stretch
from geo.shapes.tiling import Difference, EditRefused, Tiling

#: A street's middle or a river runs beside the boundary that was once drawn by eye along it.
FOLLOW_REACH_M = 30.0


def reshape(
    tiling: Tiling, line: LineString, *, pair: tuple[int, int] | None = None, reach_m: float = REACH_M
) -> Difference:
    """Return the difference that redraws the boundary between the ends of `line` (EPSG:4326) along it.

    Ends within `reach_m` of a boundary are led to it, ends that overshoot are cut back to where the line
    first crosses one. Of several stretches of boundary between the ends the one nearest to the line is
    replaced. With `pair` only the boundary of these two grids is redrawn. Without, the line may run
    through any number of grids, as long as one grid lies behind the old boundary: a grid can push its
    boundary into several neighbours at once, but not withdraw from several (nobody could say which of
    them gets what).

    Raises
    ------
    EditRefused
        ``edit_line_loose``: an end reaches no boundary; ``edit_no_boundary``: no boundary leads from end to
        end; ``edit_boundary_unclear`` (field `grids`): the ground could go to each of these;
        ``edit_crosses_others`` (field `grids`): with `pair`, ground of a third grid would change hands;
        ``edit_leaves_grids``: the line encloses ground that no grid holds; ``edit_not_neighbours`` (field
        `grids`); ``edit_grid_vanishes`` (field `grid`); what `read_line` and `proved` raise.
    """
    drawn = read_line(line)
    patch, keys = _ground(tiling, drawn, pair or (), reach_m)
    made = cut(patch, keys, [_attached(drawn, _boundary(patch.owners, pair), reach_m)])
    owners = _owners(patch, made)
    stretch = nearest_stretch(_boundary(owners, pair), made.routes[0])
    new = _new_owners(made, owners, stretch, pair)
    return proved(tiling, difference_of(tiling, patch, assigned(patch, made, new)))


def follow(
    tiling: Tiling, first: int, second: int, path: LineString, *, reach_m: float = FOLLOW_REACH_M
) -> Difference:
    """Return the difference that lays the boundary of two neighbours along `path` (EPSG:4326).

    `path` comes from `path_along` (streets, rivers) or `path_between_buildings`; where its ends lie beside
    the boundary, within `reach_m`, a straight piece joins them to it.

    Raises
    ------
    EditRefused
        As `reshape` with a pair.
    """
    return reshape(tiling, path, pair=(first, second), reach_m=reach_m)


def _ground(
    tiling: Tiling, drawn: LineString, pair: Sequence[int], reach_m: float
) -> tuple[Patch, list[int]]:
    """Return the grids the line may cut, with their neighbours, and the keys of the former."""
    if pair:
        _refuse_strange_pair(patch_of(tiling, pair), pair)
    near = patch_around(tiling, [to_degrees(drawn)], reach_deg=reach_m / DEGREE_M).parts.keys() | set(pair)
    return patch_of(tiling, near), sorted(near)


def _refuse_strange_pair(patch: Patch, pair: Sequence[int]) -> None:
    if not any(set(keys) == set(pair) for keys in patch.owners.values()) or pair[0] == pair[1]:
        place = shapely.union_all([patch.parts[key] for key in pair])
        raise EditRefused("edit_not_neighbours", grids=list(pair), place=to_degrees(place))


def _boundary(owners: Mapping[Edge, tuple[int, ...]], pair: tuple[int, int] | None) -> list[Edge]:
    """Return the edges that may be redrawn, or lead to them along the frame."""
    if pair is None:
        return list(owners)
    return [
        edge
        for edge, keys in owners.items()
        if set(keys) == set(pair) or (len(keys) == 1 and keys[0] in pair)
    ]


def _attached(drawn: LineString, boundary: Sequence[Edge], reach_m: float) -> LineString:
    plane = Plane.at(drawn)
    target_m = plane.metres(lines_of(boundary))
    line_m = plane.metres(drawn)
    for _ in range(2):
        line_m = shapely.reverse(led_or_cut_back(line_m, target_m, reach_m))
    loose = [end for end in (line_m.coords[0], line_m.coords[-1]) if not touches(Point(end), target_m)]
    if loose:
        raise EditRefused("edit_line_loose", place=to_degrees(plane.steps(MultiPoint(loose))))
    line = shapely.remove_repeated_points(plane.steps(line_m))
    if line.length == 0:
        raise EditRefused("edit_changes_nothing")
    return line


def _owners(patch: Patch, made: Cut) -> dict[Edge, tuple[int, ...]]:
    """Return who has each edge of old boundary after the cut."""
    owners = {
        edge: {key for index in sides if (key := made.origins[index]) is not None}
        for edge, sides in made.sides.items()
    }
    cut_keys = set(made.origins)
    for edge, keys in patch.owners.items():
        others = set(keys) - cut_keys
        if others and len(keys) > len(others):
            first, second = edge
            for part in edges_along([first, *made.chains.get(edge, ()), second]):
                owners[part] |= others
    return {
        edge: tuple(sorted(keys)) for edge, keys in owners.items() if len(keys) == 2 or edge in made.outline
    }


def _new_owners(
    made: Cut,
    owners: Mapping[Edge, tuple[int, ...]],
    stretch: Sequence[Vertex],
    pair: tuple[int, int] | None,
) -> list[int | None]:
    """Return the owner of each face: inside the loop the grid behind the old boundary, else the old one."""
    new = list(made.origins)
    old_boundary = set(edges_along(stretch)) - set(edges_along(made.routes[0]))
    for group in _groups(made, [*made.routes[0], *reversed(stretch)]):
        _refuse_strangers(made, group, pair)
        behind = {
            key
            for index in group
            for edge in old_boundary & set(edges_of(made.faces[index]))
            for key in set(owners[edge]) - {made.origins[index]}
        }
        if len(behind) != 1:
            place = to_degrees(shapely.union_all([made.faces[index] for index in group]))
            code = "edit_boundary_unclear" if behind else "edit_no_boundary"
            raise EditRefused(code, place=place, **({"grids": sorted(behind)} if behind else {}))
        for index in group:
            new[index] = next(iter(behind))
    return new


def _groups(made: Cut, loop: Sequence[Vertex]) -> list[list[int]]:
    """Return the faces inside `loop` in groups that hang together by edges."""
    inner = np.flatnonzero(is_inside(shapely.point_on_surface(made.faces), loop)).tolist()
    number = {index: n for n, index in enumerate(inner)}
    shared = {tuple(number[index] for index in sides if index in number) for sides in made.sides.values()}
    pairs = np.array([pair for pair in shared if len(pair) == 2], dtype=np.intp).reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(inner), len(inner)))
    count, group = connected_components(links, directed=False)
    return [[inner[n] for n in np.flatnonzero(group == label)] for label in range(count)]


def _refuse_strangers(made: Cut, group: Sequence[int], pair: tuple[int, int] | None) -> None:
    """Refuse faces that no grid holds, or a grid outside `pair`."""
    nobodys = [made.faces[index] for index in group if made.origins[index] is None]
    if nobodys:
        raise EditRefused("edit_leaves_grids", place=to_degrees(shapely.union_all(nobodys)))
    others = [index for index in group if pair and made.origins[index] not in pair]
    if others:
        grids = sorted({key for index in others if (key := made.origins[index]) is not None})
        place = shapely.union_all([made.faces[index] for index in others])
        raise EditRefused("edit_crosses_others", grids=grids, place=to_degrees(place))
