"""What a visit is worth: formula v1, its weights in the open, and the reasons kept with every stop.

A stop's value is 100 x (risk x w_risk + thin x w_thin + stale x w_stale), each part between 0 and 1:

- risk: what happens there. Hotspots: incidents above the expected number, weighed by how much of them
  falls into the hours of the shift. Key places: a figure per kind. Grids: recent incidents.
- thin: how little else prevents it there: 1 / (1 + working cameras nearby).
- stale: how long nobody has been there, up to a horizon; never counts as the horizon.

Places are scored, never persons. Incidents found by patrols themselves are left out by the caller, so
that a patrol does not attract the next one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType

import numpy as np

FORMULA = "v1"


class SpotKind(StrEnum):
    """Where a candidate stop comes from."""

    HOTSPOT = "hotspot"
    PLACE = "place"
    GRID = "grid"


PLACE_RISK: Mapping[str, float] = MappingProxyType(
    {
        "hazardous_store": 0.7,
        "net_bar": 0.6,
        "hotel": 0.5,
        "market": 0.5,
        "bus_station": 0.5,
        "logistics": 0.4,
        "hospital": 0.4,
        "bank": 0.4,
        "park": 0.4,
        "school": 0.3,
        "kindergarten": 0.3,
        "factory": 0.3,
        "government": 0.2,
    }
)
"""Risk of a key place by kind [ours]; other kinds take `OTHER_PLACE_RISK`."""

OTHER_PLACE_RISK = 0.2


@dataclass(frozen=True)
class Weights:
    """Everything adjustable in the formula; all figures [ours].

    Attributes
    ----------
    risk, thin, stale
        Shares of the three parts; they are divided by their sum.
    half_excess
        Incidents above expectation (hotspot) or recent incidents (grid) at which risk reaches one half.
    stale_days
        Days without a visit after which a spot counts as fully stale.
    dwell_least_min, dwell_most_min
        Length of a stop in whole minutes; 10-15 min work best (Koper 1995).
    """

    risk: float = 0.6
    thin: float = 0.15
    stale: float = 0.25
    half_excess: float = 10.0
    stale_days: float = 60.0
    dwell_least_min: int = 10
    dwell_most_min: int = 15

    def __post_init__(self) -> None:
        parts = (self.risk, self.thin, self.stale)
        checks = {
            "risk, thin, stale": min(parts) >= 0 and 0 < sum(parts) < math.inf,
            "half_excess": 0 < self.half_excess < math.inf,
            "stale_days": 0 < self.stale_days < math.inf,
            "dwell_least_min, dwell_most_min": 1 <= self.dwell_least_min <= self.dwell_most_min <= 120,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong:
            msg = f"out of range: {', '.join(wrong)}"
            raise ValueError(msg)

    def shown(self) -> dict[str, float | str]:
        """Return formula and weights as stored with every plan and shown beside it."""
        return {"formula": FORMULA, **asdict(self)}

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the weights."""
        return tuple(one.name for one in fields(cls))


@dataclass(frozen=True)
class Spot:
    """What is known about a place that might be visited.

    Attributes
    ----------
    ref_id
        Key of the hotspot, place or grid.
    lon, lat
        EPSG:4326.
    incidents
        Hotspot: incidents found. Grid: incidents reported lately. Place: 0.
    expected
        Hotspot: incidents its background expects.
    hours
        Hotspot: incidents or shares by hour of the day, local time, 24 values; empty when unknown.
    place_kind
        Key place: its kind.
    cameras_near
        Working cameras nearby.
    days_since_visit
        Days since anyone was there (visit to a dwelling, inspection of the place); None for never.
    """

    kind: SpotKind
    ref_id: int
    name: str
    lon: float
    lat: float
    incidents: int = 0
    expected: float = 0.0
    hours: tuple[float, ...] = ()
    place_kind: str = ""
    cameras_near: int = 0
    days_since_visit: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A spot with its value, the length of its stop, and the figures that explain the value."""

    spot: Spot
    value: float
    dwell_s: int
    why: Mapping[str, float | int | str | None] = field(default_factory=dict)


def candidates(
    spots: Sequence[Spot], *, weights: Weights, shift_hours: Sequence[int], seed: int, most: int
) -> list[Candidate]:
    """Return at most ``most`` spots worth a stop, the most valuable first.

    Equal values are ordered by kind and key. Dwell times are drawn from the seed, so that stops cannot
    be timed by watchers; spots without any value are left out.

    Parameters
    ----------
    shift_hours
        Local hours of the day (0-23) the shift touches.
    """
    scored = [(spot, *worth(spot, weights=weights, shift_hours=shift_hours)) for spot in spots]
    scored = [one for one in scored if one[1] > 0]
    scored.sort(key=lambda one: (-one[1], one[0].kind, one[0].ref_id))
    rng = np.random.default_rng(seed)
    minutes = rng.integers(weights.dwell_least_min, weights.dwell_most_min + 1, size=len(scored[:most]))
    return [
        Candidate(spot, value, int(60 * dwell_min), why)
        for (spot, value, why), dwell_min in zip(scored[:most], minutes, strict=True)
    ]


def worth(
    spot: Spot, *, weights: Weights, shift_hours: Sequence[int]
) -> tuple[float, dict[str, float | int | str | None]]:
    """Return the value of a visit (0..100, one decimal) and the figures that explain it."""
    risk, facts = _risk(spot, weights, shift_hours)
    thin = 1.0 / (1.0 + spot.cameras_near)
    stale = 1.0
    if spot.days_since_visit is not None:
        stale = min(1.0, max(0.0, spot.days_since_visit) / weights.stale_days)
    parts = weights.risk * risk + weights.thin * thin + weights.stale * stale
    value = round(100.0 * parts / (weights.risk + weights.thin + weights.stale), 1)
    why: dict[str, float | int | str | None] = {
        "formula": FORMULA,
        "risk": round(risk, 3),
        "thin": round(thin, 3),
        "stale": round(stale, 3),
        "cameras_near": spot.cameras_near,
        "days_since_visit": None if spot.days_since_visit is None else round(spot.days_since_visit, 1),
    }
    return value, why | facts


def _risk(
    spot: Spot, weights: Weights, shift_hours: Sequence[int]
) -> tuple[float, dict[str, float | int | str | None]]:
    if spot.kind is SpotKind.PLACE:
        return PLACE_RISK.get(spot.place_kind, OTHER_PLACE_RISK), {"place_kind": spot.place_kind}
    if spot.kind is SpotKind.GRID:
        return _saturating(spot.incidents, weights.half_excess), {"incidents": spot.incidents}
    excess = max(0.0, spot.incidents - spot.expected)
    timely = timeliness(spot.hours, shift_hours)
    facts: dict[str, float | int | str | None] = {
        "incidents": spot.incidents,
        "expected": round(spot.expected, 1),
        "timely": round(timely, 3),
    }
    return _saturating(excess, weights.half_excess) * (0.5 + 0.5 * timely), facts


def timeliness(hours: Sequence[float], shift_hours: Sequence[int]) -> float:
    """Return how well the shift meets the hours of incidents: 0 none, 0.5 as if even, 1 twice that.

    Unknown hours count as even.
    """
    whole = math.fsum(hours)
    if len(hours) != 24 or whole <= 0 or not shift_hours:
        return 0.5
    share = math.fsum(hours[hour] for hour in set(shift_hours)) / whole
    return min(1.0, share / (len(set(shift_hours)) / 24) / 2)


def _saturating(count: float, half: float) -> float:
    return count / (count + half)
