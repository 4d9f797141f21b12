"""Splitting one grid along drawn lines."""

from collections import Counter
from collections.abc import Mapping, Sequence

import shapely
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon

from geo.shapes.edits.attach import REACH_M, led_to
from geo.shapes.edits.cut import Cut, cut
from geo.shapes.edits.lattice import Edge, edges_along, edges_of, to_degrees
from geo.shapes.edits.outcome import assigned, by_size, own_faces
from geo.shapes.edits.patch import Patch, patch_of
from geo.shapes.edits.plane import Plane, is_thin
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.edits.sketch import read_lines
from geo.shapes.tiling import Difference, EditRefused, Ground, Tiling

#: Where a line wobbles along the border it cuts slivers that nobody wants; no patrol fits into half a metre.
SLIVER_M = 0.5


def split(
    tiling: Tiling,
    key: int,
    lines: Sequence[LineString],
    *,
    reach_m: float = REACH_M,
    sliver_m: float = SLIVER_M,
) -> Difference:
    """Return the difference that splits the grid `key` along `lines` (EPSG:4326).

    Ends inside the grid that lie within `reach_m` of its boundary, or of another line, are led to it.
    Crossing lines give three parts or more, a closed line cuts its inside out. The largest part keeps the
    key, and with it the parts (exclaves) that no line divides; new keys go by size, largest first. Parts
    thinner than `sliver_m` stay with the neighbouring part they have the longest edge with.

    Raises
    ------
    EditRefused
        ``edit_line_misses`` (field `grid`): a line does not run inside the grid; ``edit_line_loose``
        (field `grid`): it ends inside, the place is the loose end; ``edit_line_idle`` (field `grid`): it
        leads to ground that the grid surrounds, and divides nothing; ``edit_part_thin`` (fields `grid`,
        `width_m`): it only cuts slivers off; what `read_lines` and `proved` raise.
    """
    patch = patch_of(tiling, [key])
    part = patch.parts[key]
    made = cut(patch, [key], led_to_border(read_lines(lines), part, reach_m))
    refuse_idle(patch, key, made)
    faces = own_faces(made, key)
    part_of = without_slivers(faces, Plane.at(part), sliver_m)
    names = _names(part, faces, part_of, (key, tiling.next_key))
    if len(set(names.values())) == 1:
        raise EditRefused("edit_part_thin", grid=key, width_m=sliver_m, place=to_degrees(_routes(made)))
    after = assigned(patch, made, [names.get(index) for index in range(len(made.faces))])
    lineage = {new: (key,) for new in after if new not in patch.parts}
    return proved(tiling, difference_of(tiling, patch, after, lineage))


def without_slivers(faces: Mapping[int, Polygon], plane: Plane, width_m: float) -> dict[int, int]:
    """Return for each face (steps) the face whose part it becomes: itself, unless thinner than `width_m`.

    A thin face goes to the neighbour it has the longest edge with, the smallest thin face first.
    """
    part_of = {index: index for index in faces}
    edges = {index: set(edges_of(face)) for index, face in faces.items()}
    for index in reversed(by_size(faces)):
        others = [other for other in faces if part_of[other] != index and edges[index] & edges[other]]
        if others and is_thin(plane.metres(faces[index]), width_m):
            best = max(others, key=lambda other: plane.length_m(edges[index] & edges[other]))
            taken = part_of[best]
            part_of = {face: taken if part == index else part for face, part in part_of.items()}
    return part_of


def _names(
    part: Ground, faces: Mapping[int, Polygon], part_of: Mapping[int, int], keys: tuple[int, int]
) -> dict[int, int]:
    """Return the key for each face: the old one for the largest divided part and for what no line divides."""
    old, new = keys
    pieces = shapely.STRtree(shapely.get_parts(part))
    roots = sorted(set(part_of.values()))
    inner = shapely.point_on_surface([faces[root] for root in roots])
    piece_of = dict(zip(*pieces.query(inner, predicate="intersects").tolist(), strict=True))
    count = Counter(piece_of.values())
    divided = {root: faces[root] for n, root in enumerate(roots) if count[piece_of.get(n, -1)] > 1}
    ranked = by_size(divided)
    key_of = {root: new + rank - 1 for rank, root in enumerate(ranked) if rank}
    return {index: key_of.get(root, old) for index, root in part_of.items()}


def led_to_border(lines: Sequence[LineString], part: Ground, reach_m: float) -> list[LineString]:
    """Return `lines` (steps) whose ends inside `part` are led to its boundary or to one another."""
    plane = Plane.at(part)
    part_m = plane.metres(part)
    drawn = [plane.metres(line) for line in lines]
    for index in range(len(drawn)):
        others = drawn[:index] + drawn[index + 1 :]
        target = shapely.union_all([part_m.boundary, *others])
        for _ in range(2):
            line = shapely.reverse(drawn[index])
            inside = not line.is_closed and part_m.contains(Point(line.coords[0]))
            drawn[index] = led_to(line, target, reach_m) if inside else line
    return [plane.steps(line) for line in drawn]


def refuse_idle(patch: Patch, key: int, made: Cut) -> None:
    """Refuse lines that do not run inside the grid `key`, end inside it, or divide nothing.

    Raises
    ------
    EditRefused
        ``edit_line_misses``, ``edit_line_loose``, ``edit_line_idle`` (field `grid`), with the place.
    """
    part = patch.parts[key]
    shapely.prepare(part)
    dividing = {edge for face in own_faces(made, key).values() for edge in edges_of(face)}
    loose: set[Edge] = set()
    for route in made.routes:
        inner = {edge for edge in edges_along(route) if edge not in made.outline and _runs_inside(edge, part)}
        if not inner:
            raise EditRefused("edit_line_misses", grid=key, place=to_degrees(LineString(route)))
        loose |= inner - dividing
    ends = _ends(loose, dividing)
    if not ends.is_empty:
        raise EditRefused("edit_line_loose", grid=key, place=to_degrees(ends))
    if loose:
        # From one boundary to another that it surrounds: the grid hangs together around that ground.
        raise EditRefused("edit_line_idle", grid=key, place=to_degrees(MultiLineString(sorted(loose))))


def _runs_inside(edge: Edge, part: Ground) -> bool:
    (x, y), (u, v) = edge
    return bool(shapely.contains_xy(part, (x + u) / 2, (y + v) / 2))


def _ends(loose: set[Edge], held: set[Edge]) -> MultiPoint:
    """Return the ends of loose edges where no other edge goes on."""
    count = Counter(vertex for edge in loose for vertex in edge)
    firm = {vertex for edge in held for vertex in edge}
    return MultiPoint([vertex for vertex, times in count.items() if times == 1 and vertex not in firm])


def _routes(made: Cut) -> MultiLineString:
    return MultiLineString(list(made.routes))
