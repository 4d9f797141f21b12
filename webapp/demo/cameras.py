"""The camera register: points at junctions, bridges, gates and key places, looking along the streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from webapp.demo.buildings import Buildings
from webapp.demo.frame import FloatArray, IntArray, TextArray
from webapp.demo.layout import DEFAULT_HOUSEHOLDS
from webapp.demo.places import Places
from webapp.demo.streets import HALF_WIDTH_M, RESIDENTIAL, Sections
from webapp.demo.territory import COUNTY_CODE

DEFAULT_CAMERAS = 205


@dataclass(frozen=True)
class Cameras:
    """Cameras in local metres; bearing clockwise from true north; view_angle 360 for turning heads."""

    code: TextArray
    name: TextArray
    kind: TextArray
    owner_kind: TextArray
    status: TextArray
    points_m: FloatArray
    bearing_deg: FloatArray
    view_angle_deg: FloatArray
    range_m: FloatArray
    height_m: FloatArray
    linked_110: np.ndarray
    linked_centre: np.ndarray


def camera_count(household_count: int) -> int:
    """Return the number of cameras: 205 at the default, growing with the square root, at least 60."""
    return max(60, round(DEFAULT_CAMERAS * float(np.sqrt(household_count / DEFAULT_HOUSEHOLDS))))


def place_cameras(
    streets: tuple[Sections, TextArray],
    places: Places,
    buildings: Buildings,
    plan: tuple[int, np.random.Generator],
) -> Cameras:
    """Return `plan[0]` cameras beside the carriageway, none of them inside a building."""
    count, rng = plan
    spots = _spots(streets, places, rng)
    clear = ~_indoors(spots, buildings)
    spots = spots.take(np.flatnonzero(clear))
    return _fitted(spots.take(_spread(spots, count)), rng)


@dataclass(frozen=True)
class _Spots:
    points_m: FloatArray
    heading: FloatArray
    name: TextArray
    score: FloatArray

    def take(self, chosen: IntArray) -> _Spots:
        """Return the chosen rows."""
        return _Spots(self.points_m[chosen], self.heading[chosen], self.name[chosen], self.score[chosen])


def _spots(streets: tuple[Sections, TextArray], places: Places, rng: np.random.Generator) -> _Spots:
    """Return the ends of all public streets, looking into the street, and the key places' doors."""
    sections, names = streets
    inner = np.flatnonzero(sections.road_class <= RESIDENTIAL)
    rows = []
    for k in inner.tolist():
        xy = shapely.get_coordinates(sections.lines_m[k])
        for a, b in ((xy[0], xy[1]), (xy[-1], xy[-2])):
            rows.append((k, *a, *(b - a)))
    table = np.array(rows)
    section = table[:, 0].astype(int)
    step = table[:, 3:5] / np.hypot(table[:, 3], table[:, 4])[:, None]
    aside = (
        np.column_stack([-step[:, 1], step[:, 0]])
        * (0.72 * HALF_WIDTH_M[sections.road_class[section]])[:, None]
    )
    points = table[:, 1:3] + 3.0 * step + aside
    worth = 4.0 - sections.road_class[section] + 1.5 * sections.bridge[section] + rng.random(len(section))
    label = np.strings.add(np.where(names[section] == "", "乡道", names[section]), "路口")
    at = shapely.STRtree(sections.lines_m)
    near = at.nearest(shapely.points(places.points_m))
    foot = shapely.line_interpolate_point(
        sections.lines_m[near],
        shapely.line_locate_point(sections.lines_m[near], shapely.points(places.points_m)),
    )
    door = shapely.get_coordinates(foot)
    towards = places.points_m - door
    gap = np.maximum(np.hypot(*towards.T), 1.0)
    # On the kerb across from the door: a fifth of the way and never farther than the kerb is.
    kerb = (
        door
        - towards / gap[:, None] * np.minimum(0.6 * HALF_WIDTH_M[sections.road_class[near]], gap)[:, None]
    )
    return _Spots(
        np.vstack([points, kerb]),
        np.concatenate([np.arctan2(step[:, 1], step[:, 0]), np.arctan2(towards[:, 1], towards[:, 0])]),
        np.concatenate([label, np.strings.add(places.name, "门前")]),
        np.concatenate([worth, np.full(len(places.kind), 3.6) + rng.random(len(places.kind))]),
    )


def _indoors(spots: _Spots, buildings: Buildings) -> np.ndarray:
    inside = np.zeros(len(spots.score), dtype=bool)
    inside[
        shapely.STRtree(buildings.polygons_m).query(shapely.points(spots.points_m), predicate="intersects")[0]
    ] = True
    return inside


def _spread(spots: _Spots, count: int) -> IntArray:
    """Return the best spots, at most three within 25 m and closer ones only when looking another way."""
    tree = shapely.STRtree(np.asarray(shapely.points(spots.points_m), dtype=object))
    left = np.ones(len(spots.score), dtype=bool)
    chosen: list[int] = []
    for k in np.argsort(-spots.score, kind="stable").tolist():
        if len(chosen) == count:
            break
        if left[k]:
            chosen.append(k)
            near = tree.query(shapely.Point(spots.points_m[k]), predicate="dwithin", distance=45.0)
            turn = np.abs(np.angle(np.exp(1j * (spots.heading[near] - spots.heading[k]))))
            left[near[turn < np.deg2rad(100)]] = False
    taken = set(chosen)
    rest = [k for k in np.argsort(-spots.score, kind="stable").tolist() if k not in taken]
    return np.array(sorted((chosen + rest)[:count]))


def _fitted(spots: _Spots, rng: np.random.Generator) -> Cameras:
    count = len(spots.score)
    kind = rng.choice(np.array(["fixed", "ptz", "dome"]), count, p=[0.7, 0.18, 0.12])
    bearing = (90.0 - np.rad2deg(spots.heading) + rng.normal(0, 6, count)) % 360.0
    angle = np.where(
        kind == "fixed", rng.choice([46.0, 60.0, 72.0, 90.0], count), np.where(kind == "ptz", 360.0, 110.0)
    )
    # GB/T 28181: 8 centre, 2 industry (00 public roads), 3 type (132 network camera), 1 network, 6 serial.
    code = [f"{COUNTY_CODE}00" + "00" + "132" + "0" + f"{k + 1:06d}" for k in range(count)]
    status = rng.choice(
        np.array(["working", "offline", "faulty", "planned"]), count, p=[0.9, 0.055, 0.03, 0.015]
    )
    owner = rng.choice(np.array(["public", "department", "private"]), count, p=[0.76, 0.16, 0.08])
    range_m = rng.choice(np.array([45.0, 60.0, 80.0, 120.0]), count)
    return Cameras(
        np.array(code), _numbered(spots.name), kind, owner, status, spots.points_m,
        np.round(bearing, 1) % 360.0, angle.astype(np.float64), range_m,
        np.round(rng.uniform(3.5, 7.5, count), 1), rng.random(count) < 0.78, rng.random(count) < 0.64,
    )  # fmt: skip


def _numbered(names: TextArray) -> TextArray:
    seen: dict[str, int] = {}
    found = []
    for name in names.tolist():
        seen[name] = seen.get(name, 0) + 1
        found.append(f"{name}{seen[name]}号")
    return np.array(found)
