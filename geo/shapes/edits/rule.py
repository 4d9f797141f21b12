"""The rules a tiling is judged by, as data, and what breaks them, with places."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geo.shapes.crs import area_m2
from geo.shapes.edits.lattice import STEPS_PER_DEG, to_steps
from geo.shapes.edits.plane import Plane
from geo.shapes.mending.measure import degree_m, perhaps_narrow, widths_m
from geo.shapes.partition import flaws, is_noise, is_partition
from geo.shapes.tiling import Ground, Tiling

#: A wall's breadth along the boundary is no cut: footprints are traced from pictures, to some decimetres.
#: Less than this of a building on either side does not count.
CUT_M2 = 2.0
#: How much an area in a plane may differ from that on the ellipsoid, as a share: of a grid 100 km high at 60
#: degrees it is 0.3 %.
PLANE_ERROR = 0.02


class Severity(StrEnum):
    """Whether a finding forbids publishing or only has to be seen."""

    REFUSE = "refuse"
    WARN = "warn"


class Kind(StrEnum):
    """What can be wrong with a tiling."""

    OVERLAP = "overlap"
    GAP = "gap"
    UNMATCHED = "unmatched"
    OUTSIDE_PARENT = "outside_parent"
    DISCONNECTED = "disconnected"
    AREA_SMALL = "area_small"
    AREA_LARGE = "area_large"
    NARROW = "narrow"
    HOUSEHOLDS_FEW = "households_few"
    HOUSEHOLDS_MANY = "households_many"
    BUILDING_CUT = "building_cut"


#: What makes grids no partition: refused under every set of rules.
PARTITION = (Kind.OVERLAP, Kind.GAP, Kind.UNMATCHED, Kind.OUTSIDE_PARENT)
#: A broken partition is never published; sizes are a matter of judgement.
SEVERITY: Mapping[Kind, Severity] = MappingProxyType(
    dict.fromkeys(Kind, Severity.WARN) | dict.fromkeys(PARTITION, Severity.REFUSE)
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits for grids; None is no limit.

    `min_width_m` is the diameter of the largest circle that fits into a grid, or into a part of one.
    `severity` says for each kind how grave it is; a kind that is missing there is not looked for.
    """

    min_area_m2: float | None = None
    max_area_m2: float | None = None
    min_households: float | None = None
    max_households: float | None = None
    min_width_m: float | None = None
    severity: Mapping[Kind, Severity] = field(default=SEVERITY)


@dataclass(frozen=True, slots=True)
class Households:
    """Where households live: points (lon, lat) EPSG:4326, shape (n, 2), and how many at each, shape (n,)."""

    lonlat: NDArray[np.float64]
    weight: NDArray[np.float64]


type _Raw = tuple[Kind, tuple[int, ...], BaseGeometry, float, tuple[int, ...]]
type _Limit = tuple[Kind, float | None]


@dataclass(frozen=True, slots=True)
class Found:
    """A broken rule.

    Attributes
    ----------
    kind, severity
        Which rule, and whether it forbids publishing.
    keys : tuple of int
        The grids concerned; empty for a gap.
    place : geometry
        EPSG:4326: the gap, overlap, buildings or unmatched edges, else the grid.
    size : float
        Square metres; households where the kind is about them; metres of a narrow grid; how many parts a
        disconnected grid has, how many buildings are cut.
    buildings : tuple of int
        For `building_cut` the indices of the buildings that the boundary of the two grids cuts.
    """

    kind: Kind
    severity: Severity
    keys: tuple[int, ...]
    place: BaseGeometry
    size: float
    buildings: tuple[int, ...] = ()


def judge(
    tiling: Tiling,
    rules: Rules,
    *,
    households: Households | Mapping[int, float] | None = None,
    buildings: Sequence[BaseGeometry] = (),
) -> list[Found]:
    """Return what in `tiling` breaks `rules`, refusals first, then by kind and keys.

    `households` say where they live (one on a boundary counts for the grid with the lowest key), or how many
    each grid has, by key. `buildings` are EPSG:4326.
    """
    found = [*_partition(tiling, rules), *_sizes(tiling, rules), *_narrow(tiling, rules)]
    pieces = {key: float(shapely.get_num_geometries(part)) for key, part in tiling.parts.items()}
    found += [(Kind.DISCONNECTED, (key,), tiling.parts[key], n, ()) for key, n in pieces.items() if n > 1]
    if households is not None:
        counts = count_households(tiling, households) if isinstance(households, Households) else households
        found += _populations(tiling, rules, counts)
    if Kind.BUILDING_CUT in rules.severity and len(buildings):
        found += _cut_buildings(tiling, np.asarray(buildings, dtype=object))
    graded = [
        Found(kind, rules.severity[kind], keys, place, size, cut)
        for kind, keys, place, size, cut in found
        if kind in rules.severity
    ]
    return sorted(graded, key=lambda item: (item.severity, list(Kind).index(item.kind), item.keys))


def _partition(tiling: Tiling, rules: Rules) -> Iterator[_Raw]:
    parts = list(tiling.parts.values())
    if rules.severity.keys().isdisjoint(PARTITION) or is_partition(parts, tiling.frame):
        return
    keys = list(tiling.parts)
    overlapping: set[int] = set()
    for flaw in flaws(parts, tiling.frame):
        concerned = tuple(sorted(keys[index] for index in flaw.parts))
        overlapping.update(concerned)
        yield Kind.OVERLAP if concerned else Kind.GAP, concerned, flaw.place, flaw.size_m2, ()
    for key, part in tiling.parts.items():
        outside = shapely.difference(part, tiling.frame)
        if not is_noise(outside):
            yield Kind.OUTSIDE_PARENT, (key,), outside, area_m2(outside), ()
    for key, edges in zip(keys, shapely.coverage_invalid_edges(parts) if parts else [], strict=True):
        if not edges.is_empty and key not in overlapping:
            yield Kind.UNMATCHED, (key,), edges, 0.0, ()


def _sizes(tiling: Tiling, rules: Rules) -> Iterator[_Raw]:
    """Yield the grids beyond the limits; those far from both are not measured on the ellipsoid."""
    if rules.min_area_m2 is None and rules.max_area_m2 is None:
        return
    small, large = (Kind.AREA_SMALL, rules.min_area_m2), (Kind.AREA_LARGE, rules.max_area_m2)
    about_m2 = _about_m2(tiling)
    fits = (about_m2 > (small[1] or 0.0) * (1 + PLANE_ERROR)) & (
        about_m2 < (large[1] or np.inf) * (1 - PLANE_ERROR)
    )
    for grid, surely_fits in zip(tiling.parts.items(), fits.tolist(), strict=True):
        if not surely_fits:
            yield from _beyond(small, large, grid, area_m2(grid[1]))


def _about_m2(tiling: Tiling) -> NDArray[np.float64]:
    """Return the areas of the grids in the plane of each one's middle latitude, right to `PLANE_ERROR`."""
    parts = np.array(list(tiling.parts.values()), dtype=object)
    if not len(parts):
        return np.empty(0)
    middles = shapely.bounds(parts)[:, [1, 3]].mean(axis=1)
    return np.asarray(shapely.area(parts) * np.array([degree_m(lat).prod() for lat in middles.tolist()]))


def _narrow(tiling: Tiling, rules: Rules) -> Iterator[_Raw]:
    """Yield the parts of grids into which no circle of the least width fits."""
    if rules.min_width_m is None:
        return
    keys = list(tiling.parts)
    pieces, owner = shapely.get_parts(list(tiling.parts.values()), return_index=True)
    perhaps = perhaps_narrow(pieces, rules.min_width_m)
    pieces, owner = pieces[perhaps], owner[perhaps]
    for piece, index, width_m in zip(pieces, owner.tolist(), widths_m(pieces).tolist(), strict=True):
        if width_m < rules.min_width_m:
            yield Kind.NARROW, (keys[index],), piece, width_m, ()


def _populations(tiling: Tiling, rules: Rules, counts: Mapping[int, float]) -> Iterator[_Raw]:
    for key, size in counts.items():
        few, many = (Kind.HOUSEHOLDS_FEW, rules.min_households), (Kind.HOUSEHOLDS_MANY, rules.max_households)
        yield from _beyond(few, many, (key, tiling.parts[key]), size)


def count_households(tiling: Tiling, households: Households) -> dict[int, float]:
    """Return how many households each grid has, by key; one on a boundary counts for the lowest key."""
    keys = sorted(tiling.parts)
    tree = STRtree(np.asarray(shapely.points(households.lonlat)))
    grid, point = tree.query([tiling.parts[key] for key in keys], predicate="intersects")
    # The query lists grid after grid, so the first time a point is seen is for the lowest key.
    point, first = np.unique(point, return_index=True)
    counts = np.bincount(grid[first], households.weight[point], minlength=len(keys))
    return dict(zip(keys, counts.tolist(), strict=True))


def _beyond(least: _Limit, most: _Limit, grid: tuple[int, Ground], size: float) -> Iterator[_Raw]:
    key, part = grid
    if least[1] is not None and size < least[1]:
        yield least[0], (key,), part, size, ()
    if most[1] is not None and size > most[1]:
        yield most[0], (key,), part, size, ()


def _cut_buildings(tiling: Tiling, buildings: NDArray[np.object_]) -> Iterator[_Raw]:
    keys = np.array(list(tiling.parts))
    parts = np.array(list(tiling.parts.values()), dtype=object)
    if not len(parts):
        return
    part, building = STRtree(buildings).query(shapely.boundary(parts), predicate="intersects")
    scale = Plane.at(to_steps(tiling.frame)).scale.prod() * STEPS_PER_DEG**2
    size_m2 = shapely.area(shapely.intersection(buildings[building], parts[part])) * scale
    held: defaultdict[int, list[int]] = defaultdict(list)
    large = size_m2 > CUT_M2
    for index, key in sorted(zip(building[large].tolist(), keys[part[large]].tolist(), strict=True)):
        held[index].append(key)
    by_grids: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, grids in held.items():
        if len(grids) > 1:
            by_grids[tuple(grids)].append(index)
    for pair, cut in by_grids.items():
        place = shapely.union_all(buildings[cut])
        yield Kind.BUILDING_CUT, pair, place, float(len(cut)), tuple(cut)
