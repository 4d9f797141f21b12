"""One plan for each edit: what is there before, what is given to the tool, what the server must have after.

A plan may prepare its change set through the API (a corner to delete, a flaw to repair); the edit itself is
done by hands on the page. `PLANS` names them all: the matrix of tests runs over it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
import shapely
from playwright.sync_api import Page
from shapely import LineString, Point, Polygon
from shapely.geometry import mapping

from tests.browser import grounds
from tests.browser.grounds import METRE, Grounds, Place
from tests.browser.studio_page import READ_BACK, Studio

#: Areas add up to this share: a corner put on a slanting edge of 100 m moves it by up to half a centimetre,
#: a quarter of a square metre of a grid of a hectare.
SAME_AREA = 5e-5


@dataclass(frozen=True)
class Edit:
    """What a person gives to a tool, and `check(before, after)` that judges the grids."""

    kind: str
    check: Callable[[Grounds, Grounds], None]
    grids: Sequence[int] = ()
    lines: Sequence[list[Place]] = ()
    size: float | None = None
    along: str = ""


def draw(studio: Studio) -> Edit:
    """A square of 120 m on the free ground of a community that has no grids."""
    at = studio.frame.representative_point()
    ring = [(at.x + x * 60 * METRE, at.y + y * 60 * METRE) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]

    def check(before: Grounds, after: Grounds) -> None:
        (new,) = (after[key] for key in after.keys() - before.keys())
        # A finger on a phone, from which 120 m are 300 pixels, is off by a metre or two a side.
        assert new.symmetric_difference(Polygon(ring)).area < 0.06 * new.area

    return Edit("draw", check, lines=[ring])


def split(studio: Studio) -> Edit:
    """The roomiest grid, one line."""
    return _split(studio, (0.0,))


def split_in_three(studio: Studio) -> Edit:
    """The roomiest grid, two lines at once."""
    return _split(studio, (-0.4, 0.4))


def _split(studio: Studio, shares: Sequence[float]) -> Edit:
    parts = studio.parts
    key = grounds.roomiest(parts)

    def check(before: Grounds, after: Grounds) -> None:
        pieces = [after[key], *(after[new] for new in after.keys() - before.keys())]
        assert len(pieces) == 1 + len(shares)
        assert sum(piece.area for piece in pieces) == _near(before[key].area)
        assert after[key].area == max(piece.area for piece in pieces), "the largest keeps the name"

    lines = [grounds.across(parts[key], share) for share in shares]
    return Edit("split", check, grids=[key], lines=lines)


def merge(studio: Studio) -> Edit:
    """Two neighbours."""
    one, two, _ = grounds.longest_side(studio.parts)

    def check(before: Grounds, after: Grounds) -> None:
        assert before.keys() - after.keys() == {two}
        assert after[one].area == _near(before[one].area + before[two].area)

    return Edit("merge", check, grids=[one, two])


def insert_vertex(studio: Studio) -> Edit:
    """The middle of the longest straight boundary."""
    one, two, side = grounds.longest_side(studio.parts)
    at = grounds.middle(side)

    def check(before: Grounds, after: Grounds) -> None:
        new = _new_corners(before, after)
        assert [keys for place, keys in new.items() if _apart_m(place, at) < 0.5] == [{one, two}]

    return Edit("insert_vertex", check, lines=[[at]])


def move_vertex(studio: Studio) -> Edit:
    """A corner of two grids, 8 m away from where it was."""
    one, two, start, end = _bump(studio, 0)

    def check(before: Grounds, after: Grounds) -> None:
        moved = grounds.corners_of(after)
        assert start not in moved
        assert [keys for place, keys in moved.items() if _apart_m(place, end) < 0.5] == [{one, two}]
        assert after[one].area + after[two].area == _near(before[one].area + before[two].area)

    return Edit("move_vertex", check, lines=[[start, end]])


def delete_vertex(studio: Studio) -> Edit:
    """A corner that stands 8 m off the straight boundary."""
    one, two, _, at = _bump(studio, 8)

    def check(before: Grounds, after: Grounds) -> None:
        assert not [place for place in grounds.corners_of(after) if _apart_m(place, at) < 0.5]
        assert abs(after[one].area - before[one].area) > (METRE * 8) ** 2
        assert after[one].area + after[two].area == _near(before[one].area + before[two].area)

    return Edit("delete_vertex", check, lines=[[at]])


def _bump(studio: Studio, metres: float) -> tuple[int, int, Place, Place]:
    """Put a corner on the longest side, `metres` off it (0: on it); return it and a place off the side."""
    one, two, side = grounds.longest_side(studio.parts)
    at, away = grounds.middle(side), grounds.middle(grounds.beside(side, metres or 8))
    before = studio.parts
    studio.do(kind="insert_vertex", at=at)
    (corner,) = (place for place in _new_corners(before, studio.parts) if _apart_m(place, at) < 0.5)
    if metres:
        studio.do(kind="move_vertex", at=corner, to=away)
    return one, two, corner, away


def reshape(studio: Studio) -> Edit:
    """A bow of 8 m on the longest straight boundary."""
    one, two, side = grounds.longest_side(studio.parts)
    bow = grounds.beside(side, 8)
    line = [
        grounds.middle(side, 0.3),
        grounds.middle(bow, 0.4),
        grounds.middle(bow, 0.6),
        grounds.middle(side, 0.7),
    ]

    def check(before: Grounds, after: Grounds) -> None:
        wanted = Polygon(line).area
        assert abs(abs(after[one].area - before[one].area) - wanted) < 0.3 * wanted
        assert after[one].area + after[two].area == _near(before[one].area + before[two].area)

    return Edit("reshape", check, lines=[line])


def follow_gap(studio: Studio) -> Edit:
    """The first boundary that can be laid between the buildings beside it."""
    for one, two, line in grounds.shared(studio.parts):
        ends = [grounds.middle(line, 0.05), grounds.middle(line, 0.95)]
        if studio.would(kind="follow", grids=[one, two], start=ends[0], end=ends[1], along="gap"):
            return _follow(one, two, ends, "gap")
    raise AssertionError("no boundary can run between buildings")


def _follow(one: int, two: int, ends: list[Place], along: str) -> Edit:
    def check(before: Grounds, after: Grounds) -> None:
        assert not after[one].equals(before[one])
        assert not after[two].equals(before[two])
        assert after[one].area + after[two].area == _near(before[one].area + before[two].area)
        assert after.keys() == before.keys()

    return Edit("follow", check, grids=[one, two], lines=[ends], along=along)


def follow_feature(studio: Studio, lines: Sequence[LineString], along: str) -> Edit:
    """A boundary that cuts the bends of a street or a bank is laid along it; such a one is made first."""
    parts = studio.parts
    for key, ground in parts.items():
        inner = ground.buffer(-12 * METRE)
        for line in lines:
            for piece in shapely.get_parts(shapely.line_merge(line & inner)):
                edit = _bent(studio, (key, ground), piece, along)
                if edit is not None:
                    return edit
    raise AssertionError("nothing bends inside a grid", along)


def followed(
    page: Page, start: Callable[..., Studio], lines: Sequence[LineString], along: str
) -> tuple[Studio, Edit]:
    """Return a change set of a community in which something bends, with the edit that follows it."""
    overview = page.request.get("/api/boundaries/overview").json()["communities"]
    tried = []
    for one in sorted(overview, key=lambda one: one["name"] != "桥东社区"):
        box = shapely.box(*one["bbox"])
        inside = [line for line in lines if line.intersects(box)]
        if not one["grid_count"] or not inside:
            continue
        studio = start(page, one["name"])
        try:
            return studio, follow_feature(studio, inside, along)
        except AssertionError as none:
            tried.append(f"{one['name']}: {none}")
    pytest.fail("; ".join(tried) or f"no community has any {along}")


def lies_on(studio: Studio, edit: Edit, lines: Sequence[LineString]) -> None:
    """Judge that most of the boundary lies on what it was let follow."""
    line = shapely.union_all(lines).buffer(0.2 * METRE)
    border = studio.parts[edit.grids[0]].boundary & studio.parts[edit.grids[1]].boundary
    assert (border & line).length > 0.8 * LineString(edit.lines[0]).length


def _bent(studio: Studio, grid: tuple[int, Polygon], piece: LineString, along: str) -> Edit | None:
    key, ground = grid
    if piece.geom_type != "LineString" or piece.length < 40 * METRE:
        return None
    ends = [grounds.middle(piece, 0.1), grounds.middle(piece, 0.9)]
    chord = LineString(ends)
    if chord.length < 20 * METRE or chord.hausdorff_distance(piece) < 2 * METRE:
        return None
    cut = _through(chord, ground)
    if not studio.would(kind="split", grid=key, lines=[cut]):
        return None
    before = studio.parts.keys()
    studio.do(kind="split", grid=key, lines=[cut])
    (new,) = studio.parts.keys() - before
    if studio.would(kind="follow", grids=[key, new], start=ends[0], end=ends[1], along=along):
        return _follow(key, new, ends, along)
    studio.page.evaluate(
        "async (address) => (await import('/static/js/api.js')).post(address)", f"{studio.address}/undo"
    )
    return None


def _through(chord: LineString, ground: Polygon) -> list[Place]:
    """Return the straight line through both ends of a chord, from edge to edge of a grid."""
    (x1, y1), (x2, y2) = chord.coords
    far = 5_000 * METRE / chord.length
    long = LineString(
        [(x1 - (x2 - x1) * far, y1 - (y2 - y1) * far), (x2 + (x2 - x1) * far, y2 + (y2 - y1) * far)]
    )
    piece = max(shapely.get_parts(long & ground), key=lambda part: part.intersection(chord).length)
    (ax, ay), (bx, by) = piece.coords[0], piece.coords[-1]
    step = 3 * METRE / piece.length
    return [(ax - (bx - ax) * step, ay - (by - ay) * step), (bx + (bx - ax) * step, by + (by - ay) * step)]


def strip_by_line(studio: Studio) -> Edit:
    """A strip of 6 m along a boundary, cut off by a line."""
    parts = studio.parts
    for one, two, line in grounds.shared(parts):
        cut = grounds.strip_line(line, parts[one], 6)
        if studio.would(kind="give_strip", giver=one, taker=two, line=cut):
            return _strip(one, two, lines=[cut])
    raise AssertionError("no grid can give a strip")


def strip_by_width(studio: Studio) -> Edit:
    """A strip of 3 m along a boundary."""
    for one, two, _ in grounds.shared(studio.parts):
        if studio.would(kind="give_strip", giver=one, taker=two, width_m=3):
            return _strip(one, two, size=3)
    raise AssertionError("no grid can give a strip")


def _strip(one: int, two: int, *, lines: Sequence[list[Place]] = (), size: float | None = None) -> Edit:
    def check(before: Grounds, after: Grounds) -> None:
        assert after[two].area > before[two].area + (3 * METRE) ** 2
        assert after[one].area + after[two].area == _near(before[one].area + before[two].area)

    return Edit("give_strip", check, grids=[one, two], lines=lines, size=size)


def cut_hole(studio: Studio) -> Edit:
    """A square yard in the middle of the roomiest grid."""
    parts = studio.parts
    key = grounds.roomiest(parts)
    ring = grounds.courtyard(parts[key])

    def check(before: Grounds, after: Grounds) -> None:
        (new,) = (after[one] for one in after.keys() - before.keys())
        assert new.symmetric_difference(Polygon(ring)).area < 0.15 * new.area
        assert len(after[key].interiors) == len(before[key].interiors) + 1
        assert after[key].area + new.area == _near(before[key].area)

    return Edit("cut_hole", check, grids=[key], lines=[ring])


def simplify(studio: Studio) -> Edit:
    """A corner that stands 1 m off, with a measure it falls under."""
    *_, at = _bump(studio, 1)

    def check(before: Grounds, after: Grounds) -> None:
        assert len(grounds.corners_of(after)) < len(grounds.corners_of(before))
        assert not [place for place in grounds.corners_of(after) if _apart_m(place, at) < 0.5]

    return Edit("simplify", check, size=30)


def break_by_file(studio: Studio) -> None:
    """Read a file in whose grids leave a gap and overlap: a broken import."""
    file = json.loads(studio.page.request.get(f"{studio.address}/export?format=geojson").text())
    (one, first), (two, second) = _far_apart(studio.parts)
    # A courtyard of one is nobody's, a square of another is claimed by its neighbour too.
    torn = {
        one: first - Polygon(grounds.courtyard(first)),
        two: second | _bite(second, studio.parts),
    }
    for feature in file["features"]:
        key = feature["properties"]["gp_key"]
        if key in torn:
            feature["geometry"] = mapping(torn[key])
    studio.page.evaluate(READ_BACK, [f"{studio.address}/import", json.dumps(file)])


def _far_apart(parts: Grounds) -> tuple[tuple[int, Polygon], tuple[int, Polygon]]:
    """Return the roomiest grid and another that does not touch it, so that two flaws stay two."""
    one = grounds.roomiest(parts)
    two = max((key for key in parts if key != one), key=lambda key: parts[key].distance(parts[one].centroid))
    return (one, parts[one]), (two, parts[two])


def _bite(ground: Polygon, parts: Grounds) -> Polygon:
    """Return half a square of some metres that lies beside the grid's longest boundary, in the neighbour."""
    near = {key: other for key, other in parts.items() if other.touches(ground) and not other.equals(ground)}
    lines = {key: shapely.line_merge(other.boundary & ground.boundary) for key, other in near.items()}
    key = max(lines, key=lambda one: lines[one].length)
    longest = max(shapely.get_parts(lines[key]), key=lambda line: line.length)
    return Point(grounds.middle(longest)).buffer(8 * METRE, quad_segs=1) & near[key]


def _new_corners(before: Grounds, after: Grounds) -> dict[Place, set[int]]:
    old = grounds.corners_of(before)
    return {place: keys for place, keys in grounds.corners_of(after).items() if place not in old}


def _apart_m(one: Place, two: Place) -> float:
    return Point(one).distance(Point(two)) / METRE


def _near(area: float) -> object:
    return pytest.approx(area, rel=SAME_AREA)


PLANS: dict[str, Callable[[Studio], Edit]] = {
    "draw": draw,
    "split": split,
    "split_in_three": split_in_three,
    "merge": merge,
    "move_vertex": move_vertex,
    "insert_vertex": insert_vertex,
    "delete_vertex": delete_vertex,
    "reshape": reshape,
    "follow_gap": follow_gap,
    "strip_by_line": strip_by_line,
    "strip_by_width": strip_by_width,
    "cut_hole": cut_hole,
    "simplify": simplify,
}
#: Where each is done; most where the demo town is densest.
COMMUNITY = {"draw": "清湖新区社区"}
