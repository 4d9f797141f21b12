"""Mending what `find_flaws` finds, with an account of what moved.

The way is that of GEOS's coverage cleaner (`shapely.coverage_clean`, whose rules of the longest border are
kept): node all outlines, give every face of the result to one polygon. The cleaner itself does not say what
it gave to whom, gives a long gap whole to one neighbour, knows no parent, lets a polygon drawn on top of
another vanish and returns every polygon anew; here only the polygons around a finding are noded.
"""

from collections.abc import Iterable

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.shapes.mending.account import Move, Repaired, Rule
from geo.shapes.mending.finding import Finding, Kind, Limits
from geo.shapes.mending.flaws import find_flaws
from geo.shapes.mending.matching import Key, Miss, inserted, misses, moved
from geo.shapes.mending.measure import Given, as_array, scale_of
from geo.shapes.mending.retile import retile
from geo.shapes.mending.ring import blunt
from geo.shapes.mending.scene import made_valid, scene_of
from geo.shapes.partition import NOISE_DEG

_BY_ITSELF = {
    Kind.SELF_CROSSING: Rule.MADE_VALID,
    Kind.SPIKE: Rule.SPIKE_CUT,
    Kind.DUPLICATE_VERTEX: Rule.VERTEX_REMOVED,
}
# Cutting one flaw away may uncover a smaller one beside it; three rounds settled every case that was tried.
_ROUNDS = 6


def repair(
    shapes: Given,
    parent: BaseGeometry | None = None,
    *,
    limits: Limits | None = None,
) -> Repaired:
    """Return `shapes` (EPSG:4326) as a partition, and what was done about each finding.

    The result is a valid coverage on the 1e-7 degree grid. What no rule can decide is left and listed as
    `remaining`: gaps wider than ``limits.gap_m`` and narrow parts alone in one, grids narrower than a sliver,
    shapes without ground.
    Polygons without a finding come back as the objects that were given.

    >>> from shapely import box
    >>> mended = repair([box(0, 0, 1e-3, 1e-3), box(0.00101, 0, 2e-3, 1e-3)])
    >>> [(move.rule.value, move.giver, move.taker, round(move.area_m2)) for move in mended.moves]
    [('longest_edge', None, 0, 123)]
    >>> mended.remaining
    []
    """
    work = _Work(shapes, parent, limits or Limits())
    found = find_flaws(work.shapes, parent, limits=work.limits)
    for _ in range(_ROUNDS):
        if not work.mend([finding for finding in found if work.can_mend(finding)], tidy=True):
            break
        found = find_flaws(work.shapes, parent, limits=work.limits)
    return work.outcome(found)


def mend_one(
    shapes: Given,
    finding: Finding,
    parent: BaseGeometry | None = None,
    *,
    limits: Limits | None = None,
) -> Repaired:
    """Return `shapes` with one finding of `find_flaws` mended, whatever its width.

    Only the polygons of the finding, and those that touch its place, are changed; `remaining` is what
    `find_flaws` says of the result.
    """
    work = _Work(shapes, parent, limits or Limits())
    work.mend([finding], tidy=False)
    return work.outcome(find_flaws(work.shapes, parent, limits=work.limits))


class _Work:
    """Shapes while they are mended."""

    def __init__(self, shapes: Given, parent: BaseGeometry | None, limits: Limits) -> None:
        self.shapes = scene_of(shapes, limits).bare
        self.parent = parent
        self.limits = limits
        self.scale = scale_of(self.shapes)
        self.moves: list[Move] = []
        self.dropped: list[int] = []

    def can_mend(self, finding: Finding) -> bool:
        """Tell whether a rule of `repair` decides about `finding`."""
        if finding.kind is Kind.GAP:
            return finding.width_m is not None and finding.width_m < self.limits.gap_m
        return finding.wrong and finding.kind is not Kind.EMPTY and finding.of != "grid"

    def outcome(self, found: list[Finding]) -> Repaired:
        """Return what was reached; a shape that was dropped is no finding any more."""
        remaining = [
            finding
            for finding in found
            if not (finding.kind is Kind.EMPTY and finding.parts[0] in self.dropped)
        ]
        return Repaired(list(self.shapes), self.moves, remaining, tuple(self.dropped))

    def mend(self, findings: list[Finding], *, tidy: bool) -> bool:
        """Mend findings; tell whether anything changed."""
        before, done = list(self.shapes), len(self.moves)
        self._mend(findings, tidy=tidy)
        return len(self.moves) > done or any(
            old is not new for old, new in zip(before, self.shapes, strict=True)
        )

    def _mend(self, findings: list[Finding], *, tidy: bool) -> None:
        alone = [finding for finding in findings if finding.kind in _BY_ITSELF]
        if alone:
            self._clean(alone)
            if tidy:
                return  # the other findings may have been of the crossing's making
        self._drop([finding for finding in findings if finding.kind is Kind.DUPLICATE])
        loose = [finding for finding in findings if finding.kind is Kind.UNMATCHED_VERTEX]
        unknown = self._match(loose) if loose else []
        grounds = [
            finding
            for finding in findings
            if finding.free or finding.shared or finding.of == "part" or finding.kind is Kind.OUTSIDE_PARENT
        ]
        for cluster in self._clusters([*grounds, *unknown]):
            self._retile(*cluster, tidy=tidy)

    def _clean(self, findings: list[Finding]) -> None:
        rules: dict[int, list[Finding]] = {}
        for finding in findings:
            for part in finding.parts:
                rules.setdefault(part, []).append(finding)
        for part, own in rules.items():
            old = self.shapes[part]
            new = blunt(old, self.scale, self.limits.sliver_m, self.limits.match_m)
            self.shapes[part] = new if new.is_valid else made_valid(new)
            for finding in own:
                shift = finding.distance_m or 0.0
                lost = finding.size_m2 if finding.kind is Kind.SPIKE else 0.0
                self.moves.append(Move(finding, _BY_ITSELF[finding.kind], part, None, lost, shift))

    def _drop(self, findings: list[Finding]) -> None:
        for finding in findings:
            first, later = finding.parts
            if later not in self.dropped and first not in self.dropped:
                self.dropped.append(later)
                self.shapes[later] = Polygon()
                self.moves.append(Move(finding, Rule.DROPPED, later, first, finding.size_m2))

    def _match(self, findings: list[Finding]) -> list[Finding]:
        """Insert and snap vertices; return the findings that no single vertex explains."""
        places = shapely.STRtree([finding.place for finding in findings])
        missed: list[Miss] = []
        known: dict[int, list[Miss]] = {}
        for miss in misses(self.shapes, self.scale, self.limits.match_m):
            hits = [
                hit
                for hit in places.query(shapely.Point(miss.vertex), predicate="intersects").tolist()
                if miss.other in findings[hit].parts
            ]
            missed += [miss] if hits else []
            for hit in hits:
                known.setdefault(hit, []).append(miss)
        self.moves += [_matched(findings[hit], known[hit]) for hit in sorted(known)]
        self._insert([miss for miss in missed if miss.near is None])
        self._snap([miss for miss in missed if miss.near is not None])
        return [finding for row, finding in enumerate(findings) if row not in known]

    def _insert(self, missed: list[Miss]) -> None:
        wanted: dict[int, dict[tuple[Key, Key], list[Key]]] = {}
        for miss in missed:
            wanted.setdefault(miss.other, {}).setdefault((miss.start, miss.end), []).append(miss.vertex)
        for part, edges in wanted.items():
            self._put(part, inserted(self.shapes[part], edges))

    def _snap(self, missed: list[Miss]) -> None:
        if not missed:
            return
        tree = shapely.STRtree(self.shapes)
        places = _places({miss.vertex: miss.near for miss in missed if miss.near is not None})
        having: dict[Key, set[int]] = {}
        for group in places:
            for place in group:
                near = tree.query(shapely.Point(place), predicate="dwithin", distance=NOISE_DEG)
                having[place] = {index for index in near.tolist() if _has(self.shapes[index], place)}
        changes: dict[int, dict[Key, Key]] = {}
        for group in places:
            kept = max(sorted(group), key=lambda place: len(having[place]))
            for place in group - {kept}:
                for index in having[place]:
                    changes.setdefault(index, {})[place] = kept
        for index, change in changes.items():
            self._put(index, moved(self.shapes[index], change))

    def _put(self, index: int, shape: BaseGeometry) -> None:
        plain = blunt(shape, self.scale, 0.0, self.limits.match_m)
        self.shapes[index] = plain if plain.is_valid else made_valid(plain)

    def _clusters(self, findings: list[Finding]) -> Iterable[tuple[list[int], list[Finding]]]:
        """Return findings that share polygons, with those polygons and the ones that touch their places."""
        if not findings:
            return []
        tree = shapely.STRtree(self.shapes)
        places = as_array(finding.place for finding in findings)
        touching: list[set[int]] = [set(finding.parts) for finding in findings]
        for row, index in tree.query(places, predicate="dwithin", distance=NOISE_DEG).T.tolist():
            touching[row].add(index)
        return _grouped(touching, findings)

    def _retile(self, members: list[int], findings: list[Finding], *, tidy: bool) -> None:
        present = {index: self.shapes[index] for index in members if not self.shapes[index].is_empty}
        result = retile(present, findings, self.scale, tidy=tidy)
        for index, shape in result.shapes.items():
            self.shapes[index] = shape
        self.moves += result.moves


def _matched(finding: Finding, missed: list[Miss]) -> Move:
    worst = max(missed, key=lambda miss: (miss.near is not None, miss.distance))
    rule = Rule.MATCHED if worst.near is None else Rule.SNAPPED
    return Move(finding, rule, None, worst.other, 0.0, worst.distance)


def _grouped(touching: list[set[int]], findings: list[Finding]) -> list[tuple[list[int], list[Finding]]]:
    groups: dict[int, tuple[set[int], list[Finding]]] = {}
    home: dict[int, int] = {}
    for row, members in enumerate(touching):
        met = {home[index] for index in members if index in home}
        joint, own = set(members), [findings[row]]
        for group in met:
            others, theirs = groups.pop(group)
            joint |= others
            own = theirs + own
        groups[row] = (joint, own)
        home.update(dict.fromkeys(joint, row))
    return [(sorted(members), own) for members, own in groups.values()]


def _places(near: dict[Key, Key]) -> list[set[Key]]:
    groups: list[set[Key]] = []
    for pair in near.items():
        joint = set(pair)
        apart = [group for group in groups if not group & joint]
        groups = [*apart, joint.union(*(group for group in groups if group & joint))]
    return groups


def _has(shape: BaseGeometry, place: Key) -> bool:
    return bool((shapely.get_coordinates(shape) == np.array(place)).all(axis=1).any())
