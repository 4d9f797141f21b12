"""Handing a strip of a grid to its neighbour."""

from collections.abc import Sequence

import shapely
from shapely import LineString

from geo.shapes.edits.attach import REACH_M
from geo.shapes.edits.cut import Cut, cut
from geo.shapes.edits.division import SLIVER_M, led_to_border, refuse_idle, without_slivers
from geo.shapes.edits.lattice import Edge, edges_of, lines_of, to_degrees, with_chains
from geo.shapes.edits.outcome import assigned, by_size, own_faces
from geo.shapes.edits.patch import Patch, patch_of
from geo.shapes.edits.plane import Plane
from geo.shapes.edits.proof import difference_of, proved
from geo.shapes.edits.sketch import read_line
from geo.shapes.tiling import Difference, EditRefused, Tiling

#: An arc round the end of the shared boundary gets this many chords a quarter: they stray by 0.5 % of the
#: width.
_QUARTER_CHORDS = 8
#: A corner of the boundary sharper than about 23 degrees is cut off instead of drawn out beyond five widths.
_MITRE_LIMIT = 5.0


def give_strip(
    tiling: Tiling,
    giver: int,
    taker: int,
    *,
    line: LineString | None = None,
    width_m: float | None = None,
    reach_m: float = REACH_M,
) -> Difference:
    """Return the difference that hands ground of `giver` to its neighbour `taker`.

    Either `line` (EPSG:4326) cuts `giver`, and the parts that have an edge with `taker` are handed over (all
    but the largest, if all have one). Or everything of `giver` within `width_m` of the shared boundary is.

    Raises
    ------
    EditRefused
        ``edit_width_unusable`` (field `width_m`): not above zero, or given together with a line;
        ``edit_not_neighbours`` (field `grids`): no shared edge;
        ``edit_grid_vanishes`` (field `grid`): nothing of `giver` remains; what `split` raises for a line.
    """
    patch = patch_of(tiling, [giver, taker])
    shared = [edge for edge, owners in patch.owners.items() if set(owners) == {giver, taker}]
    if not shared:
        raise _apart(patch, giver, taker)
    if line is not None and width_m is None:
        made, handed = _beside_line(patch, (giver, taker), line, reach_m)
    elif line is None and width_m is not None and 0 < width_m < float("inf"):
        made, handed = _within(patch, giver, shared, width_m)
    else:
        raise EditRefused("edit_width_unusable", width_m=width_m)
    owners = [taker if index in handed else origin for index, origin in enumerate(made.origins)]
    return proved(tiling, difference_of(tiling, patch, assigned(patch, made, owners)))


def _beside_line(
    patch: Patch, pair: tuple[int, int], line: LineString, reach_m: float
) -> tuple[Cut, set[int]]:
    """Return `giver` cut along the line, and the faces to hand over."""
    giver, taker = pair
    made = cut(patch, [giver], led_to_border([read_line(line)], patch.parts[giver], reach_m))
    refuse_idle(patch, giver, made)
    faces = own_faces(made, giver)
    part_of = without_slivers(faces, Plane.at(patch.parts[giver]), SLIVER_M)
    border = set(edges_of(with_chains(patch.parts[taker], made.chains)))
    beside = {part_of[index] for index, face in faces.items() if not border.isdisjoint(edges_of(face))}
    if beside == set(part_of.values()):
        beside -= set(by_size({part: faces[part] for part in beside})[:1])
    if not beside:
        raise EditRefused("edit_part_thin", grid=giver, width_m=SLIVER_M, place=line)
    return made, {index for index, part in part_of.items() if part in beside}


def _within(patch: Patch, giver: int, shared: Sequence[Edge], width_m: float) -> tuple[Cut, set[int]]:
    """Return `giver` cut along the edge of the band around the shared boundary, and the faces inside it."""
    plane = Plane.at(patch.parts[giver])
    middle_m = shapely.line_merge(plane.metres(lines_of(shared)))
    band_m = shapely.buffer(
        middle_m, width_m, quad_segs=_QUARTER_CHORDS, join_style="mitre", mitre_limit=_MITRE_LIMIT
    )
    band = plane.steps(band_m)
    made = cut(patch, [giver], [LineString(ring) for ring in shapely.get_rings(shapely.get_parts(band))])
    faces = own_faces(made, giver)
    # Remains of the giver far thinner than the strip go with it, and crumbs of the strip stay.
    part_of = without_slivers(faces, plane, min(SLIVER_M, width_m / 2))
    inner = {index for index, face in faces.items() if band.intersects(face.representative_point())}
    return made, {index for index, part in part_of.items() if part in inner}


def _apart(patch: Patch, giver: int, taker: int) -> EditRefused:
    place = shapely.union_all([patch.parts[giver], patch.parts[taker]])
    return EditRefused("edit_not_neighbours", grids=[giver, taker], place=to_degrees(place))
