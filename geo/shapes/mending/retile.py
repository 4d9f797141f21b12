"""Giving contested, free and foreign ground away: decisions over the faces of one cluster of findings."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import area_m2
from geo.shapes.mending.account import Move, Rule
from geo.shapes.mending.faces import Faces, Owners, cut
from geo.shapes.mending.finding import Finding, Kind
from geo.shapes.mending.measure import Points, as_array, degree_m, ground, in_plane, joined, polygons_of
from geo.shapes.partition import NOISE_DEG

type Wanted = Callable[[Finding], bool]

_NOBODY: Owners = frozenset()
# More than half of a shape: see Rule.LARGER_SHARE.
_SWALLOWED = 0.5
# A cut is about as long as the gap is wide; at a slant it is longer.
_CUT_REACH = 2.0
# Streets turn corners at more than this, wobbling outlines do not.
_BEND_DEG = 45.0


@dataclass(frozen=True, slots=True)
class Retiled:
    """New ground of the shapes that changed, by index, and the account of it."""

    shapes: dict[int, BaseGeometry]
    moves: list[Move]


def retile(
    members: dict[int, BaseGeometry], findings: Sequence[Finding], scale: Points, *, tidy: bool
) -> Retiled:
    """Return `members` (valid, by index, EPSG:4326) with the ground of `findings` given to one each.

    `tidy` also settles what is thinner than any finding: overlaps and closed gaps of snapping noise.
    Members whose outline gains no vertex and loses none are left out of the result.
    """
    free = [finding for finding in findings if finding.free]
    extra = [finding.place.boundary for finding in findings if finding.size_m2 > 0]
    faces = cut(members, [*extra, *(line for gap in free for line in _cuts(gap, members))], scale)
    told = _Decisions(faces, _located(faces, findings), scale)
    told.share_out(tidy=tidy)
    told.clip()
    told.hand_over()
    told.fill(tidy=tidy)
    changed = {}
    for index, shape in members.items():
        new = faces.ground_of(index)
        if not _same(shape, new):
            changed[index] = new
    return Retiled(changed, told.moves)


def _located(faces: Faces, findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    """Return the findings in whose place each face lies."""
    places = as_array(finding.place for finding in findings)
    found: dict[int, list[Finding]] = defaultdict(list)
    for row, face in shapely.STRtree(faces.inner).query(places, predicate="intersects").T.tolist():
        found[face].append(findings[row])
    return found


class _Decisions:
    """Changes the owners of faces, one rule after the other, and writes down what moved."""

    def __init__(self, faces: Faces, located: dict[int, list[Finding]], scale: Points) -> None:
        self.faces = faces
        self.located = located
        self.scale = scale
        self.moves: list[Move] = []
        self.areas: dict[int, float] = defaultdict(float)
        for claim, area in zip(faces.owners, faces.area_m2.tolist(), strict=True):
            for owner in claim:
                self.areas[owner] += area

    def share_out(self, *, tidy: bool) -> None:
        """Give ground with several owners to one of them."""
        contested = [
            face
            for face, claim in enumerate(self.faces.owners)
            if len(claim) > 1 and (tidy or self._finding(face, lambda each: each.shared))
        ]
        for piece in self._pieces(contested):
            claim = self.faces.owners[piece[0]]
            taker, rule = self._claimant(piece, claim)
            finding = self._finding(piece[0], lambda each: each.shared)
            self._give(piece, frozenset({taker}), finding, rule)

    def _claimant(self, piece: list[int], claim: Owners) -> tuple[int, Rule]:
        area = float(self.faces.area_m2[piece].sum())
        share = {owner: area / self.areas[owner] for owner in claim}
        smallest = max(sorted(claim), key=lambda owner: share[owner])
        if share[smallest] > _SWALLOWED:
            return smallest, Rule.LARGER_SHARE
        border = self.faces.border_m(piece)
        return max(sorted(claim), key=lambda owner: border.get(owner, 0.0)), Rule.LONGEST_BORDER

    def clip(self) -> None:
        """Take ground outside the parent from everybody."""
        outside = [
            face
            for face, claim in enumerate(self.faces.owners)
            if claim and self._finding(face, lambda each: each.kind is Kind.OUTSIDE_PARENT)
        ]
        for piece in self._pieces(outside):
            finding = self._finding(piece[0], lambda each: each.kind is Kind.OUTSIDE_PARENT)
            self._give(piece, _NOBODY, finding, Rule.CLIPPED)

    def hand_over(self) -> None:
        """Give a narrow part of a grid in several parts to its neighbour."""
        narrow = [
            face
            for face, claim in enumerate(self.faces.owners)
            if claim and self._finding(face, lambda each: each.of == "part")
        ]
        for piece in self._pieces(narrow):
            self._give_to_neighbour(piece, self._finding(piece[0], lambda each: each.of == "part"))

    def fill(self, *, tidy: bool) -> None:
        """Give free ground of the findings, and closed gaps of noise, to a neighbour."""
        free = [
            face
            for face, claim in enumerate(self.faces.owners)
            if not claim and (self._finding(face, lambda each: each.free) or (tidy and self._is_noise(face)))
        ]
        # The largest first: what it is given to then borders the smaller ones.
        for face in sorted(free, key=lambda face: -float(self.faces.area_m2[face])):
            self._give_to_neighbour([face], self._finding(face, lambda each: each.free))

    def _is_noise(self, face: int) -> bool:
        # What was clipped may be as thin: given back, it would be found outside for ever.
        outside = self._finding(face, lambda each: each.kind is Kind.OUTSIDE_PARENT)
        return outside is None and not ground(self.faces.shapes[face])

    def _give_to_neighbour(self, piece: list[int], finding: Finding | None) -> None:
        own = self.faces.owners[piece[0]]
        border = self.faces.border_m(piece)
        beside = sorted(owner for owner in border if owner not in own)
        if beside:
            taker = max(beside, key=lambda owner: border[owner])
            self._give(piece, frozenset({taker}), finding, Rule.LONGEST_EDGE)

    def _give(self, piece: list[int], to: Owners, finding: Finding | None, rule: Rule) -> None:
        before = self.faces.owners[piece[0]]
        for face in piece:
            self.faces.owners[face] = to
        if finding is None:
            return
        shape = joined(polygons_of(shapely.coverage_union_all(self.faces.shapes[piece])))
        taker = next(iter(to), None)
        givers: list[int | None] = [*sorted(before - to)] or [None]
        self.moves += [
            Move(
                finding,
                rule,
                giver,
                taker,
                area_m2(shape),
                self._shift(piece, taker if giver is None else giver),
            )
            for giver in givers
        ]

    def _shift(self, piece: list[int], owner: int | None) -> float:
        """Return how far the outline of `owner` moves when it gains or loses `piece`: its farthest vertex."""
        inside = set(piece)
        kept = {
            beside
            for face in piece
            for beside, _ in self.faces.borders.get(face, ())
            if beside not in inside and owner in self.faces.owners[beside]
        }
        if not kept:
            return 0.0
        ground_kept = in_plane(shapely.union_all(self.faces.shapes[sorted(kept)]), self.scale)
        vertices = shapely.points(shapely.get_coordinates(self.faces.shapes[piece]) * self.scale)
        return float(shapely.distance(vertices, ground_kept).max())

    def _finding(self, face: int, wanted: Wanted) -> Finding | None:
        return next((each for each in self.located.get(face, ()) if wanted(each)), None)

    def _pieces(self, chosen: Iterable[int]) -> list[list[int]]:
        """Return the chosen faces in connected groups of the same owners and finding."""
        left = dict.fromkeys(chosen)
        pieces = []
        while left:
            first = next(iter(left))
            del left[first]
            piece, edge = [first], [first]
            while edge:
                for beside, _ in self.faces.borders.get(edge.pop(), ()):
                    if beside in left and self._alike(first, beside):
                        del left[beside]
                        piece.append(beside)
                        edge.append(beside)
            pieces.append(piece)
        return pieces

    def _alike(self, one: int, other: int) -> bool:
        return self.faces.owners[one] == self.faces.owners[other] and self.located.get(
            one
        ) == self.located.get(other)


def _same(old: BaseGeometry, new: BaseGeometry) -> bool:
    """Tell whether two shapes have the same vertices, wherever their rings begin and however they turn."""
    return bool(shapely.equals_exact(shapely.normalize(old), shapely.normalize(new)))


def _cuts(gap: Finding, members: dict[int, BaseGeometry]) -> list[BaseGeometry]:
    """Return lines across a gap between more than two shapes, from their corners to the other side.

    A corner is where the neighbour along the gap changes, or where a neighbour turns away from it.
    """
    parts = [part for part in gap.parts if part in members]
    if len(parts) <= 2:
        return []
    edges = as_array(members[part].boundary for part in parts)
    ring = shapely.get_coordinates(gap.place)
    corners = as_array(shapely.Point(vertex) for vertex in ring)
    apart = shapely.distance(corners[:, None], edges[None, :])
    inside = gap.place.buffer(NOISE_DEG, quad_segs=1)
    reach = _CUT_REACH * (gap.width_m or 0.0)
    scale = degree_m(gap.at.y)
    lines: list[BaseGeometry] = []
    for row in np.flatnonzero((apart <= NOISE_DEG).sum(axis=1) + _turns(gap.place) > 1).tolist():
        for edge in edges[apart[row] > NOISE_DEG]:
            line = shapely.shortest_line(corners[row], edge)
            if line is not None and _length_m(line, scale) <= reach and inside.covers(line):
                lines.append(shapely.transform(line, lambda points: np.round(points, 7)))
    return lines


def _length_m(line: BaseGeometry, scale: Points) -> float:
    return float(np.hypot(*(np.diff(shapely.get_coordinates(line), axis=0)[0] * scale)))


def _turns(place: BaseGeometry) -> NDArray[np.bool_]:
    """Tell at which vertices of `place` its outline bends by more than `_BEND_DEG`."""
    bends = []
    for ring in shapely.get_rings(place):
        points = shapely.get_coordinates(ring)[:-1]
        there, back = np.roll(points, -1, axis=0) - points, points - np.roll(points, 1, axis=0)
        turn = np.abs(np.angle((there[:, 0] + 1j * there[:, 1]) / (back[:, 0] + 1j * back[:, 1]), deg=True))
        bends.append(np.append(turn, turn[:1]) > _BEND_DEG)
    return np.concatenate(bends)
