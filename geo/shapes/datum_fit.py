"""Which datum a file of boundaries is in, judged by how well its lines lie on the roads. Pure.

Boundaries of grids mostly follow streets. Undone from the right datum they lie on the road centre lines;
undone from a wrong one they lie some hundred metres off, where only chance puts a road. So every candidate
is undone and the share of boundary length within 8 m of a road is compared: with the runner-up and with
what displacements that no datum makes reach by chance. Without a clear winner the answer is "cannot tell",
and a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geo.shapes.crs import metric_epsg, to_lonlat, to_metric
from geo.shapes.datum import Datum, in_shifted_box, to_wgs84

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    type Points = NDArray[np.float64]

#: A boundary drawn on a street lies within its carriageway: half the width of a two-lane town street, with
#: the metre or two by which a road of the reference may itself be off.
NEAR_M = 8.0
#: The winner's share must be this many times the runner-up's and the chance share. Tessellations that
#: ignore the streets of the demo town stay below 1.3, its own grids reach 5.6.
LEAST_RATIO = 2.0
#: Village grids follow field paths and ditches over most of their length; below this share even a
#: good ratio rests on a handful of streets.
LEAST_SHARE = 0.12
#: Length that must lie on roads under the winner: two blocks' sides at least, or one street decides. Of 120
#: random polygons of 2 to 4 km each, one passed the two tests above and none this one.
LEAST_NEAR_M = 500.0
LEAST_LENGTH_M = 1_500.0
LEAST_POINTS = 100
# A common displacement is searched for among tens of thousands, and for a short outline one of them fits by
# chance: it must stand out more, over the length of some grids.
_SHIFT_RATIO = 2.5
_SHIFT_SHARE = 0.3
_SHIFT_LENGTH_M = 15_000.0
# The largest shift of any datum here (BD-09, about 1.3 km) and the reach of the search.
_REACH_M = 1_300.0
# Below this a common displacement is the drawing's inaccuracy, not a datum.
_SHIFT_LEAST_M = 25.0
_SAMPLES = 4_000
_SEARCH_SAMPLES = 150
_SEARCH_CELL_M = 10.0
# Displacements of the size of a datum's shift in directions that none makes together.
_DECOYS_M = tuple(
    (radius * np.cos(turn), radius * np.sin(turn))
    for radius in (270.0, 640.0)
    for turn in np.linspace(0.2, 2 * np.pi + 0.2, 12, endpoint=False)
)


class Verdict(StrEnum):
    """What the fit says. Only FOUND names a datum."""

    FOUND = "found"
    SHIFTED = "shifted"
    ALIKE = "alike"
    TOO_LITTLE = "too_little"
    NO_ROADS = "no_roads"
    OUTSIDE_CHINA = "outside_china"


@dataclass(frozen=True, slots=True)
class CandidateFit:
    """How well the file lies on the roads once `datum` is undone.

    Attributes
    ----------
    near_share : float
        Share of the boundary's length (of the points, where the file has no lines) within `NEAR_M` of a road.
    typical_m : float
        Mean distance to the nearest road of the nearer three quarters, metres; distances are capped at 100.
    """

    datum: Datum
    near_share: float
    typical_m: float


@dataclass(frozen=True, slots=True)
class DatumFit:
    """The ranking of the candidates and whether it settles the question.

    Attributes
    ----------
    verdict : Verdict
    datum : Datum, optional
        The datum found; None when the verdict is not FOUND.
    ranking : tuple of CandidateFit
        Best first; empty where nothing could be measured.
    chance_share : float
        Mean `near_share` under displacements no datum makes.
    ratio : float
        Share of the best over the larger of the second's and the chance share; compare with `LEAST_RATIO`.
    length_m : float
        Boundary length measured, metres; 0 for points.
    offset_m : tuple of float, optional
        East and north metres by which a SHIFTED file must be moved onto the roads; for a person to judge.
    """

    verdict: Verdict
    datum: Datum | None = None
    ranking: tuple[CandidateFit, ...] = ()
    chance_share: float = 0.0
    ratio: float = 0.0
    length_m: float = 0.0
    offset_m: tuple[float, float] | None = None

    @property
    def is_sure(self) -> bool:
        """Tell whether a datum was found."""
        return self.verdict is Verdict.FOUND


def detect_datum(shapes: Sequence[BaseGeometry], roads: Sequence[BaseGeometry]) -> DatumFit:
    """Return which datum `shapes` are in, by their fit to `roads`. Deterministic.

    Parameters
    ----------
    shapes : sequence of geometry
        The file's polygons, lines or points, degrees (lon, lat) as the file has them.
    roads : sequence of LineString or MultiLineString
        Reference road centre lines, EPSG:4326.

    Returns
    -------
    DatumFit
        WGS 84 (and CGCS2000), GCJ-02 and BD-09 ranked; verdict ``found`` when one stands out by
        `LEAST_RATIO`, ``shifted`` when none does but one common displacement does, else why nothing can
        be told.
    """
    samples, length_m = _samples(shapes)
    samples = samples[in_shifted_box(samples)]
    if not len(samples):
        return DatumFit(Verdict.OUTSIDE_CHINA if len(shapes) else Verdict.TOO_LITTLE)
    if length_m < LEAST_LENGTH_M and not (length_m == 0 and len(samples) >= LEAST_POINTS):
        return DatumFit(Verdict.TOO_LITTLE, length_m=length_m)
    ground = _Ground.around(samples, roads)
    if ground is None:
        return DatumFit(Verdict.NO_ROADS, length_m=length_m)
    return _judged(samples, ground, length_m)


def _judged(samples: Points, ground: _Ground, length_m: float) -> DatumFit:
    ranking = tuple(
        sorted(
            (ground.fit(datum, ground.metres(to_wgs84(samples, datum))) for datum in Datum),
            key=lambda fit: (-fit.near_share, fit.typical_m, fit.datum),
        )
    )
    best = ranking[0]
    undone = ground.metres(to_wgs84(samples, best.datum))
    chance = float(np.mean([ground.near_share(undone[::4] + decoy) for decoy in _DECOYS_M]))
    ratio = best.near_share / max(ranking[1].near_share, chance, 1e-3)
    measured = {"ranking": ranking, "chance_share": chance, "ratio": ratio, "length_m": length_m}
    enough = length_m == 0 or best.near_share * length_m >= LEAST_NEAR_M
    if ratio >= LEAST_RATIO and best.near_share >= LEAST_SHARE and enough:
        return DatumFit(Verdict.FOUND, best.datum, **measured)  # type: ignore[arg-type]
    searched = length_m >= _SHIFT_LENGTH_M
    offset = ground.common_offset(ground.metres(samples), chance) if searched else None
    verdict = Verdict.ALIKE if offset is None else Verdict.SHIFTED
    return DatumFit(verdict, offset_m=offset, **measured)  # type: ignore[arg-type]


def _samples(shapes: Sequence[BaseGeometry]) -> tuple[Points, float]:
    """Return (n, 2) degrees evenly along all lines and outlines, and their length in metres."""
    parts = shapely.get_parts(np.asarray([shape for shape in shapes if shape], dtype=object))
    parts = shapely.get_parts(parts[~shapely.is_empty(parts)])
    kind = shapely.get_type_id(parts)
    lines = np.concatenate([parts[(kind == 1) | (kind == 2)], shapely.get_rings(parts[kind == 3])])
    if not len(lines):
        return _thinned(shapely.get_coordinates(parts[kind == 0])), 0.0
    epsg = metric_epsg(*shapely.get_coordinates(lines).mean(axis=0))
    metric = shapely.transform(lines, lambda xy: to_metric(xy, epsg))
    total = float(shapely.length(metric).sum())
    if not np.isfinite(total) or total == 0.0:
        return np.empty((0, 2)), 0.0
    along = (np.arange(_SAMPLES) + 0.5) * total / _SAMPLES
    # All in one walk: asking each line for each sample takes minutes for a ring of 150,000 corners.
    corners, line = shapely.get_coordinates(metric, return_index=True)
    steps = np.linalg.norm(np.diff(corners, axis=0), axis=1) * (line[1:] == line[:-1])
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    points = np.column_stack([np.interp(along, walked, corners[:, axis]) for axis in (0, 1)])
    return to_lonlat(points, epsg), total


def _thinned(points: Points) -> Points:
    return points[:: max(1, len(points) // _SAMPLES)]


@dataclass(frozen=True)
class _Ground:
    """The roads near the samples, in a metric CRS."""

    epsg: int
    segments: shapely.STRtree
    points_m: Points

    @classmethod
    def around(cls, samples: Points, roads: Sequence[BaseGeometry]) -> _Ground | None:
        """Return the road segments within reach of the samples; None when there are none."""
        epsg = metric_epsg(*samples.mean(axis=0))
        margin = 2 * _REACH_M / 100_000
        window = shapely.box(*(samples.min(axis=0) - margin), *(samples.max(axis=0) + margin))
        lines = np.asarray(roads, dtype=object)
        lines = shapely.get_parts(lines[shapely.intersects(lines, window)])
        if not len(lines):
            return None
        xy, owner = shapely.get_coordinates(lines, return_index=True)
        metres = to_metric(xy, epsg)
        follows = np.flatnonzero(owner[1:] == owner[:-1])
        pairs = np.stack([metres[follows], metres[follows + 1]], axis=1)
        segments = np.asarray(shapely.linestrings(pairs), dtype=object)
        dense = shapely.get_coordinates(shapely.segmentize(segments, _SEARCH_CELL_M))
        return cls(epsg, shapely.STRtree(segments), dense)

    def metres(self, lonlat: Points) -> Points:
        return to_metric(lonlat, self.epsg)

    def _distances(self, points_m: Points) -> NDArray[np.float64]:
        """Return each point's distance to the nearest road, capped at 100 m."""
        found = np.full(len(points_m), 100.0)
        (rows, _), near = self.segments.query_nearest(
            shapely.points(points_m), max_distance=100.0, return_distance=True, all_matches=False
        )
        found[rows] = near
        return found

    def near_share(self, points_m: Points) -> float:
        return float((self._distances(points_m) <= NEAR_M).mean())

    def fit(self, datum: Datum, points_m: Points) -> CandidateFit:
        distances = np.sort(self._distances(points_m))
        nearer = distances[: max(1, 3 * len(distances) // 4)]
        return CandidateFit(datum, float((distances <= NEAR_M).mean()), float(nearer.mean()))

    def common_offset(self, points_m: Points, chance: float) -> tuple[float, float] | None:
        """Return the one displacement (east, north metres) that puts the points on roads, if there is one.

        Every pair of a sample and a road point within reach votes for its displacement (a Hough
        transform: Ballard 1981); the fullest cell must then pass the test on all samples.
        """
        chosen = points_m[:: max(1, len(points_m) // _SEARCH_SAMPLES)]
        around = cKDTree(self.points_m).query_ball_point(chosen, _REACH_M)
        side = int(2 * _REACH_M / _SEARCH_CELL_M) + 1
        counts = np.zeros(side * side, np.int64)
        for near, point in zip(around, chosen, strict=True):
            cell = ((self.points_m[near] - point + _REACH_M) // _SEARCH_CELL_M).astype(np.int64)
            counts += np.bincount(cell[:, 0] * side + cell[:, 1], minlength=side * side)
        place = np.divmod(int(counts.argmax()), side)
        offset = (np.array(place) + 0.5) * _SEARCH_CELL_M - _REACH_M
        share = self.near_share(points_m + offset)
        if share < max(_SHIFT_SHARE, _SHIFT_RATIO * chance) or np.hypot(*offset) < _SHIFT_LEAST_M:
            return None
        return float(offset[0]), float(offset[1])
