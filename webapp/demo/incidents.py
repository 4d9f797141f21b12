"""Two years of incidents from a self-exciting process, with planted hotspots whose truth is kept aside.

Background incidents fall on homes, shops, streets, factories and key places by type; each incident sets off
others nearby within days (a Hawkes process as in Mohler, Short, Brantingham, Schoenberg & Tita 2011,
"Self-exciting point process modeling of crime", JASA 106). Planted hotspots add incidents in a circle for
some weeks and are what the hotspot job should find.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import shapely

from webapp.demo.buildings import Buildings
from webapp.demo.dwellings import Dwellings
from webapp.demo.frame import FloatArray, IntArray, TextArray
from webapp.demo.layout import DEFAULT_HOUSEHOLDS, Layout
from webapp.demo.places import Places
from webapp.demo.streets import HALF_WIDTH_M, TERTIARY, Sections

DAYS = 730
DEFAULT_INCIDENTS = 9_000
# Each incident sets off this many others on average, so this share of all incidents is triggered.
BRANCHING = 0.25
TRIGGER_DAYS = 6.0
TRIGGER_M = 65.0
PATROL_SHARE = 0.06
RADIUS_MOST_M = 150.0
# Between two planted circles three whole cells of 200 m: a window of 3 x 3 cells reaches one cell beyond a
# circle's own, so that one cell at least is flagged for neither and the hotspot job tells the two apart.
APART_M = 2 * RADIUS_MOST_M + 4 * 200.0
_SOURCES = ("resident", "hotline", "visit", "informant", "camera", "patrol")
_SOURCE_SHARE = (0.45, 0.40, 0.05, 0.015, 0.025, PATROL_SHARE)


@dataclass(frozen=True)
class Kind:
    """A type of incident: its share, where it happens (weights), and when (hours' profile)."""

    code: str
    share: float
    home: float
    shop: float
    street: float
    factory: float
    place: float
    peak_hours: tuple[tuple[float, float, float], ...]
    weekend: float


# peak_hours: (hour, spread in hours, weight) of wrapped normal bumps over a small flat floor.
KINDS = (
    Kind("e_scooter_theft", 0.13, 0.35, 0.35, 0.1, 0.0, 0.2, ((19, 2.5, 2.0), (11, 3.0, 1.0)), 1.0),
    Kind("theft_from_vehicle", 0.08, 0.45, 0.1, 0.4, 0.0, 0.05, ((2, 2.5, 2.5), (22, 2.0, 1.0)), 1.1),
    Kind("burglary", 0.06, 0.95, 0.05, 0.0, 0.0, 0.0, ((14, 2.5, 1.5), (2, 2.0, 1.5)), 0.9),
    Kind("shoplifting", 0.03, 0.0, 0.7, 0.0, 0.0, 0.3, ((16, 3.0, 2.0),), 1.3),
    Kind("pickpocketing", 0.03, 0.0, 0.2, 0.2, 0.0, 0.6, ((9, 2.0, 2.0), (17, 2.0, 1.0)), 1.3),
    Kind("snatching", 0.01, 0.0, 0.1, 0.9, 0.0, 0.0, ((21, 2.0, 2.0),), 1.0),
    Kind("assault", 0.03, 0.1, 0.3, 0.2, 0.05, 0.35, ((23, 2.0, 2.5),), 1.5),
    Kind("telecom_fraud", 0.1, 0.85, 0.1, 0.0, 0.05, 0.0, ((10, 2.5, 1.5), (15, 2.5, 1.5)), 0.8),
    Kind("street_fraud", 0.02, 0.0, 0.3, 0.3, 0.0, 0.4, ((10, 2.5, 2.0),), 1.0),
    Kind("neighbour_dispute", 0.13, 0.95, 0.05, 0.0, 0.0, 0.0, ((20, 2.5, 2.5),), 1.3),
    Kind("labour_dispute", 0.03, 0.0, 0.15, 0.0, 0.8, 0.05, ((9, 2.0, 2.0), (17, 1.5, 1.0)), 0.4),
    Kind("consumer_dispute", 0.05, 0.0, 0.7, 0.0, 0.0, 0.3, ((15, 4.0, 2.0),), 1.4),
    Kind("fire_hazard", 0.05, 0.6, 0.25, 0.0, 0.1, 0.05, ((10, 3.0, 1.5),), 0.8),
    Kind("electrical_hazard", 0.03, 0.6, 0.2, 0.1, 0.1, 0.0, ((18, 3.0, 1.5),), 0.9),
    Kind("road_hazard", 0.02, 0.0, 0.0, 1.0, 0.0, 0.0, ((8, 2.0, 1.5),), 0.9),
    Kind("noise", 0.1, 0.6, 0.3, 0.05, 0.0, 0.05, ((22, 1.8, 3.0),), 1.5),
    Kind("vandalism", 0.02, 0.3, 0.3, 0.4, 0.0, 0.0, ((1, 2.0, 2.0),), 1.3),
    Kind("traffic_accident", 0.07, 0.0, 0.0, 1.0, 0.0, 0.0, ((8, 1.5, 2.0), (18, 1.5, 2.0)), 0.9),
    Kind("illegal_parking", 0.06, 0.1, 0.2, 0.6, 0.0, 0.1, ((9, 2.0, 1.0), (18, 3.0, 1.5)), 1.0),
    Kind("missing_property", 0.03, 0.0, 0.3, 0.3, 0.0, 0.4, ((12, 4.0, 1.5),), 1.2),
    Kind("first_aid", 0.02, 0.7, 0.1, 0.2, 0.0, 0.0, ((7, 3.0, 1.0), (20, 3.0, 1.0)), 1.0),
)  # fmt: skip
_PULL = {
    "market": 9.0,
    "bus_station": 8.0,
    "hotel": 3.0,
    "net_bar": 4.0,
    "school": 2.0,
    "hospital": 4.0,
    "park": 2.0,
}


@dataclass(frozen=True)
class Planted:
    """A planted hotspot: circle (local metres), days before the reference (start > stop), strength."""

    centre_m: tuple[float, float]
    radius_m: float
    start_days: float
    stop_days: float
    kind: str
    multiplier: float
    background: float
    added: int


@dataclass(frozen=True)
class Incidents:
    """Incidents in order of time; occurred_s and reported_s are seconds before the reference (positive)."""

    kind: TextArray
    points_m: FloatArray
    occurred_s: IntArray
    reported_s: IntArray
    source: TextArray
    state: TextArray
    planted: IntArray
    parent: IntArray


@dataclass(frozen=True)
class _Stage:
    """What the process plays on: anchors of each sort with weights, and the clock."""

    anchors: dict[str, tuple[FloatArray, FloatArray, float]]
    reference: datetime
    land_m: shapely.Geometry


@dataclass(frozen=True)
class _Draft:
    """Incidents being made: kind index, point, days before the reference, parent and planted row or -1."""

    kind: IntArray
    points_m: FloatArray
    days: FloatArray
    parent: IntArray
    planted: IntArray

    def joined(self, other: _Draft) -> _Draft:
        """Return both, `other` after this one."""
        columns = ("kind", "points_m", "days", "parent", "planted")
        return _Draft(*(np.concatenate([getattr(self, c), getattr(other, c)]) for c in columns))


def incident_count(household_count: int) -> int:
    """Return how many incidents two years bring: 9,000 at the default, 480,000 at a million households."""
    return round(float(DEFAULT_INCIDENTS * (household_count / DEFAULT_HOUSEHOLDS) ** 0.9))


def play(
    town: tuple[Dwellings, Buildings, Sections, Places],
    setting: tuple[Layout, shapely.Geometry, datetime],
    household_count: int,
    rng: np.random.Generator,
) -> tuple[Incidents, list[Planted]]:
    """Return two years of incidents ending at the reference, and the truth about the planted hotspots.

    `setting` is the layout, the county's dry land (local metres) and the reference.
    """
    layout, land, reference = setting
    shapely.prepare(land)
    stage = _Stage(_anchors(town, layout, rng), reference, land)
    base = _background(stage, incident_count(household_count), rng)
    draft = _excited(base, rng)
    planted, extra = _plant(draft, stage, layout, rng)
    draft = draft.joined(extra)
    return _dated(draft, stage, rng), planted


def _anchors(
    town: tuple[Dwellings, Buildings, Sections, Places], layout: Layout, rng: np.random.Generator
) -> dict[str, tuple[FloatArray, FloatArray, float]]:
    dwellings, buildings, sections, places = town
    mood = rng.lognormal(0.0, 0.5, len(buildings.block))
    homes = (dwellings.points_m, mood[dwellings.building], 6.0)
    shops = np.flatnonzero(np.isin(buildings.kind, ["shop", "bank", "market", "hotel", "net_bar"]))
    works = np.flatnonzero(np.isin(buildings.kind, ["factory", "logistics", "office"]))
    pull = np.array([_PULL.get(kind, 0.6) for kind in places.kind.tolist()])
    busy = np.array([0.0, 3.0, 2.2, 1.4, 0.5, 0.15, 0.1])[sections.road_class]
    middles = shapely.get_coordinates(shapely.line_interpolate_point(sections.lines_m, 0.5, normalized=True))
    town_side = np.interp(layout.core(middles), [0.6, 1.2, 1.8], [3.0, 1.2, 0.3])
    street_m, street_weight = _beads(sections, busy * town_side, rng)
    return {
        "home": homes,
        "shop": (buildings.middles_m[shops], mood[shops], 9.0),
        "factory": (buildings.middles_m[works], mood[works], 14.0),
        "place": (places.points_m, pull, 18.0),
        "street": (street_m, street_weight, 0.0),
    }


def _beads(sections: Sections, weight: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return points every 15 m along all streets, a few metres beside the centre line, with their weights."""
    count = np.maximum(1, (sections.length_m / 15).astype(np.int64))
    owner = np.repeat(np.arange(len(count)), count)
    share = (np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[owner]
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(sections.lines_m[owner], share, normalized=True)
    )
    reach = 0.7 * HALF_WIDTH_M[sections.road_class[owner]]
    turn = rng.uniform(0, 2 * np.pi, len(owner))
    points += np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, None]
    # Junctions of main roads draw more than the road between them.
    ends = np.abs(share - 0.5) > 0.4
    return points, weight[owner] * np.where(ends & (sections.road_class[owner] <= TERTIARY), 2.5, 1.0)


def _background(stage: _Stage, count: int, rng: np.random.Generator) -> _Draft:
    count = rng.poisson(count * (1 - BRANCHING))
    share = np.array([kind.share for kind in KINDS])
    kind = rng.choice(len(KINDS), count, p=share / share.sum())
    points = np.zeros((count, 2))
    for k, what in enumerate(KINDS):
        rows = np.flatnonzero(kind == k)
        points[rows] = _places_for(what, len(rows), stage, rng)
    none = np.full(count, -1, dtype=np.int64)
    return _Draft(kind, points, _days(count, rng), none, none.copy())


def _places_for(what: Kind, count: int, stage: _Stage, rng: np.random.Generator) -> FloatArray:
    sorts = [sort for sort in stage.anchors if len(stage.anchors[sort][0])]
    share = np.array([getattr(what, sort) for sort in sorts])
    if share.sum() == 0:
        sorts, share = ["home"], np.array([1.0])
    drawn = rng.choice(len(sorts), count, p=share / share.sum())
    points = np.zeros((count, 2))
    for k, sort in enumerate(sorts):
        rows = np.flatnonzero(drawn == k)
        where, weight, jitter_m = stage.anchors[sort]
        picked = np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(len(rows)))
        points[rows] = where[np.minimum(picked, len(where) - 1)] + rng.normal(0, 1, (len(rows), 2)) * jitter_m
    return points


def _days(count: int, rng: np.random.Generator) -> FloatArray:
    """Return whole days before the reference with a mild season: more in summer, fewer around New Year."""
    day = np.arange(DAYS)
    weight = 1.0 + 0.12 * np.cos(2 * np.pi * (day - 110) / 365.25)
    return rng.choice(day, count, p=weight / weight.sum()) + rng.random(count)


def _excited(base: _Draft, rng: np.random.Generator) -> _Draft:
    """Return the incidents with all generations they set off, in order of making."""
    everything, front, start = base, base, 0
    while len(front.kind):
        children = rng.poisson(BRANCHING, len(front.kind))
        parent = np.repeat(np.arange(len(front.kind)), children)
        days = front.days[parent] - rng.exponential(TRIGGER_DAYS, len(parent))
        points = front.points_m[parent] + rng.normal(0, TRIGGER_M, (len(parent), 2))
        now = days > 0
        front = _Draft(
            front.kind[parent][now], points[now], days[now], (parent + start)[now],
            np.full(int(now.sum()), -1, dtype=np.int64),
        )  # fmt: skip
        start = len(everything.kind)
        everything = everything.joined(front)
    return everything


def _plant(
    draft: _Draft, stage: _Stage, layout: Layout, rng: np.random.Generator
) -> tuple[list[Planted], _Draft]:
    recent = ("e_scooter_theft", "theft_from_vehicle", "burglary", "noise", "shoplifting")
    wishes = [(kind, float(rng.uniform(19, 27)), 0.0) for kind in recent]
    # One that ended long ago: a hotspot job that still shows it is wrong.
    wishes.append(("theft_from_vehicle", 300.0, 270.0))
    planted: list[Planted] = []
    extra = _Draft(draft.kind[:0], draft.points_m[:0], draft.days[:0], draft.parent[:0], draft.planted[:0])
    dry = shapely.contains_xy(stage.land_m, draft.points_m[:, 0], draft.points_m[:, 1])
    centres = _apart(draft.points_m[dry], len(wishes), layout, rng)
    for row, (wish, centre) in enumerate(zip(wishes, centres, strict=True)):
        one, new = _planted(draft, (row, wish, centre), (stage.land_m, rng))
        planted.append(one)
        extra = extra.joined(new)
    return planted, extra


def _apart(points: FloatArray, count: int, layout: Layout, rng: np.random.Generator) -> list[FloatArray]:
    """Return centres in town and villages, `APART_M` from each other unless the town is too small for it.

    Distances are those of a lattice: the longer of the steps east and north.
    """
    options = points[rng.permutation(len(points))[:4000]]
    options = options[layout.built(options) & (layout.outline(options) < 0.85)]
    gap_m = APART_M
    while True:
        chosen: list[FloatArray] = []
        for point in options:
            if len(chosen) < count and all(np.abs(point - other).max() > gap_m for other in chosen):
                chosen.append(point)
        if len(chosen) == count:
            return chosen
        gap_m *= 0.9


def _planted(
    draft: _Draft,
    wish: tuple[int, tuple[str, float, float], FloatArray],
    ground: tuple[shapely.Geometry, np.random.Generator],
) -> tuple[Planted, _Draft]:
    row, (code, start, stop), centre = wish
    land, rng = ground
    radius_m = float(rng.uniform(110, RADIUS_MOST_M))
    near = np.hypot(*(draft.points_m - centre).T) < radius_m
    background = float(near.sum()) * (start - stop) / DAYS
    multiplier = float(rng.uniform(4.0, 6.0))
    added = max(int(rng.poisson(background * (multiplier - 1))), _least_added(draft, centre, start - stop))
    points = _on_land(centre, radius_m, added, (land, rng))
    main = next(k for k, kind in enumerate(KINDS) if kind.code == code)
    others = rng.choice(len(KINDS), added, p=np.array([k.share for k in KINDS]) / sum(k.share for k in KINDS))
    kind = np.where(rng.random(added) < 0.75, main, others)
    none = np.full(added, -1, dtype=np.int64)
    new = _Draft(kind, points, rng.uniform(stop, start, added), none, np.full(added, row, dtype=np.int64))
    real = (background + added) / max(background, 1e-9)
    spot = (float(centre[0]), float(centre[1]))
    return Planted(spot, radius_m, start, stop, code, real, background, added), new


def _least_added(draft: _Draft, centre: FloatArray, days: float) -> int:
    """Return how many more incidents than usual nobody takes for chance in the 600 m around the centre.

    Seven standard deviations of the usual number, and at least 28: a quiet spot times five would be lost, and
    where incidents set off others the engine allows for more than chance alone (negative binomial).
    """
    usual = float((np.abs(draft.points_m - centre).max(axis=1) <= 300.0).sum()) * days / DAYS
    return max(28, int(np.ceil(7.0 * np.sqrt(usual) + 12.0)))


def _on_land(
    centre: FloatArray, radius_m: float, count: int, ground: tuple[shapely.Geometry, np.random.Generator]
) -> FloatArray:
    """Return points spread evenly over the dry part of a circle whose centre is dry, shape ``(count, 2)``."""
    land, rng = ground
    points = np.zeros((0, 2))
    while len(points) < count:
        angle, share = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count))
        tried = centre + radius_m * share[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        points = np.vstack([points, tried[shapely.contains_xy(land, tried[:, 0], tried[:, 1])]])
    return points[:count]


def _dated(draft: _Draft, stage: _Stage, rng: np.random.Generator) -> Incidents:
    """Return the incidents in order of time with hours by type, reports, sources and states."""
    outside = ~shapely.contains_xy(stage.land_m, draft.points_m[:, 0], draft.points_m[:, 1])
    keep = ~outside
    seconds = _hours(draft, stage.reference, rng)
    # The hour is drawn after the day: what would lie after the reference has not happened yet.
    keep &= (seconds >= 0) & (seconds <= DAYS * 86_400)
    rows = np.flatnonzero(keep)
    rows = rows[np.argsort(-seconds[rows], kind="stable")]
    position = np.full(len(draft.kind) + 1, -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    occurred = seconds[rows]
    delay = np.minimum(rng.lognormal(np.log(2_400), 1.2, len(rows)), 5 * 86_400)
    reported = np.maximum(occurred - delay, 0).astype(np.int64)
    source = rng.choice(np.array(_SOURCES), len(rows), p=np.array(_SOURCE_SHARE) / sum(_SOURCE_SHARE))
    code = np.array([kind.code for kind in KINDS])[draft.kind[rows]]
    return Incidents(
        code, draft.points_m[rows], occurred, reported, source, _states(occurred, rng),
        draft.planted[rows], position[draft.parent[rows]],
    )  # fmt: skip


def _hours(draft: _Draft, reference: datetime, rng: np.random.Generator) -> IntArray:
    """Return seconds before the reference: the draft's day, moved within its week, at an hour by type."""
    count = len(draft.kind)
    day = np.floor(draft.days).astype(np.int64)
    today = reference.date()
    # A share of weekday incidents of week-end types moves to the next Saturday or Sunday, and the reverse.
    weekday = (today.weekday() - day) % 7
    lively = np.array([kind.weekend for kind in KINDS])[draft.kind]
    move = rng.random(count)
    to_weekend = (weekday < 5) & (move < 0.4 * (lively - 1))
    from_weekend = (weekday >= 5) & (move < 0.9 * (1 - lively))
    day = np.where(to_weekend, day + weekday - rng.integers(5, 7, count), day)
    day = np.where(from_weekend, day + rng.integers(2, 5, count), day)
    hour = np.zeros(count)
    for k, kind in enumerate(KINDS):
        rows = np.flatnonzero(draft.kind == k)
        hour[rows] = _clock(kind, len(rows), rng)
    midnight_s = reference.hour * 3600 + reference.minute * 60 + reference.second
    return (midnight_s + day * 86_400 - (hour * 3600).astype(np.int64)).astype(np.int64)


def _clock(kind: Kind, count: int, rng: np.random.Generator) -> FloatArray:
    weight = np.array([0.6, *(peak[2] for peak in kind.peak_hours)])
    bump = rng.choice(len(weight), count, p=weight / weight.sum())
    centre = np.array([0.0, *(peak[0] for peak in kind.peak_hours)])[bump]
    spread = np.array([0.0, *(peak[1] for peak in kind.peak_hours)])[bump]
    hour = np.where(bump == 0, rng.uniform(0, 24, count), centre + rng.normal(0, 1, count) * spread)
    return np.asarray(hour % 24.0)


def _states(occurred_s: IntArray, rng: np.random.Generator) -> TextArray:
    age = occurred_s / 86_400 * rng.uniform(0.6, 1.6, len(occurred_s))
    names = np.array(["reported", "accepted", "routed", "handling", "closed", "archived"])
    return np.asarray(names[np.searchsorted([0.3, 0.9, 2.0, 6.0, 45.0], age)])


def truth_rows(planted: list[Planted], reference: datetime, centres: FloatArray) -> list[dict[str, object]]:
    """Return the planted hotspots as plain values (centres as lon/lat), for var/demo/truth.json and tests."""
    rows: list[dict[str, object]] = []
    for one, (lon, lat) in zip(planted, centres.tolist(), strict=True):
        rows.append(
            {
                "lon": lon,
                "lat": lat,
                "radius_m": round(one.radius_m, 1),
                "from": (reference - timedelta(days=one.start_days)).isoformat(),
                "until": (reference - timedelta(days=one.stop_days)).isoformat(),
                "active": one.stop_days == 0.0,
                "type": one.kind,
                "multiplier": round(one.multiplier, 2),
                "background": round(one.background, 2),
                "added": one.added,
            }
        )
    return rows
