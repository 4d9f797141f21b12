"""The incidents: two years, planted hotspots that stand out, near repeats, daily rhythm."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from scipy.spatial import KDTree
from scipy.stats import poisson

from incidents.hotspots.find import find_hotspots
from incidents.hotspots.values import HotspotMap, HotspotParams, Incidents
from tests.demo.conftest import REFERENCE
from webapp.demo.incidents import APART_M, DAYS, KINDS
from webapp.demo.town import Town

type Make = Callable[[int, int], Town]
DAY_S = 86_400


@pytest.fixture(scope="module")
def default_town(town_of: Make) -> Town:
    return town_of(7, 12_000)


def test_about_nine_thousand_incidents_in_two_years_before_the_reference(default_town: Town) -> None:
    incidents = default_town.incidents
    assert 8_000 <= len(incidents.kind) <= 10_000
    assert incidents.occurred_s.min() >= 0
    assert incidents.occurred_s.max() <= DAYS * DAY_S
    assert (np.diff(incidents.occurred_s) <= 0).all()
    assert ((incidents.reported_s <= incidents.occurred_s) & (incidents.reported_s >= 0)).all()


def test_planted_hotspots_are_significantly_above_the_two_years_before(default_town: Town) -> None:
    incidents = default_town.incidents
    active = [one for one in default_town.planted if one.stop_days == 0.0]
    assert len(active) >= 4
    days = incidents.occurred_s / DAY_S
    for one in active:
        near = np.hypot(*(incidents.points_m - one.centre_m).T) <= one.radius_m
        recent = int((near & (days <= one.start_days)).sum())
        before = int((near & (days > one.start_days)).sum())
        expected = (before + 1) * one.start_days / (DAYS - one.start_days)
        assert poisson.sf(recent - 1, expected) < 1e-4, one


def test_the_ended_hotspot_is_quiet_now(default_town: Town) -> None:
    incidents = default_town.incidents
    ended = next(one for one in default_town.planted if one.stop_days > 0)
    days = incidents.occurred_s / DAY_S
    near = np.hypot(*(incidents.points_m - ended.centre_m).T) <= ended.radius_m
    then = int((near & (days <= ended.start_days) & (days >= ended.stop_days)).sum())
    others = int((near & (days < 28)).sum())
    assert then > 2.5 * others


def test_truth_tells_centre_time_and_strength(default_town: Town) -> None:
    rows = default_town.truth()
    assert len(rows) == len(default_town.planted) == 6
    for row in rows:
        assert set(row) == {
            "lon", "lat", "radius_m", "from", "until", "active", "type", "multiplier", "background", "added",
        }  # fmt: skip
        assert float(str(row["multiplier"])) > 2.0


def test_no_incident_row_carries_the_truth(default_town: Town) -> None:
    planted = default_town.incidents.planted
    assert (planted >= 0).sum() == pytest.approx(sum(one.added for one in default_town.planted), rel=0.15)
    assert (planted < 0).mean() > 0.97


def _near_pairs(points: np.ndarray, days: np.ndarray) -> int:
    """Return the number of pairs within 100 m and 7 days (Knox 1964)."""
    pairs = KDTree(points).query_pairs(100.0, output_type="ndarray")
    return int((np.abs(days[pairs[:, 0]] - days[pairs[:, 1]]) <= 7.0).sum())


def test_incidents_repeat_near_in_space_and_time_beyond_chance(default_town: Town) -> None:
    incidents = default_town.incidents
    plain = incidents.planted < 0
    points, days = incidents.points_m[plain], incidents.occurred_s[plain] / DAY_S
    rng = np.random.default_rng(0)
    shuffled = [_near_pairs(points, rng.permutation(days)) for _ in range(19)]
    # More near pairs than in any of 19 shuffles of the times: p = 0.05 at most; here by a wide margin.
    assert _near_pairs(points, days) > 1.15 * max(shuffled)


def test_children_follow_their_parent_soon_and_near(default_town: Town) -> None:
    incidents = default_town.incidents
    child = np.flatnonzero(incidents.parent >= 0)
    assert 0.15 < len(child) / len(incidents.kind) < 0.32
    gap = np.hypot(*(incidents.points_m[child] - incidents.points_m[incidents.parent[child]]).T)
    assert np.median(gap) < 100.0


def test_patrol_findings_are_a_small_share_and_marked(default_town: Town) -> None:
    share = (default_town.incidents.source == "patrol").mean()
    assert 0.03 < share < 0.1
    assert {"resident", "hotline"} <= set(default_town.incidents.source.tolist())


def test_types_have_their_hours(default_town: Town) -> None:
    incidents = default_town.incidents
    seconds = REFERENCE.hour * 3600 + REFERENCE.minute * 60
    hour = ((seconds - incidents.occurred_s) % DAY_S) / 3600
    night = (hour >= 20) | (hour < 2)
    assert night[incidents.kind == "noise"].mean() > 0.5
    assert night[incidents.kind == "labour_dispute"].mean() < 0.3


def test_noise_is_louder_at_week_ends(default_town: Town) -> None:
    incidents = default_town.incidents
    back = np.ceil((incidents.occurred_s - (18.5 * 3600)) / DAY_S).astype(int)
    weekday = (REFERENCE.weekday() - back) % 7
    weekend = weekday >= 5
    assert (
        weekend[incidents.kind == "noise"].mean() > weekend[incidents.kind == "labour_dispute"].mean() + 0.08
    )


def test_only_known_types_that_name_no_person_group(default_town: Town) -> None:
    assert set(default_town.incidents.kind.tolist()) <= {kind.code for kind in KINDS}
    refused = ("petition", "assembly", "religion", "speech")
    assert not any(word in kind.code for kind in KINDS for word in refused)


def test_incidents_grow_with_the_town(town_of: Make) -> None:
    small = town_of(2, 2_500)
    assert len(small.incidents.kind) == pytest.approx(9_000 * (2_500 / 12_000) ** 0.9, rel=0.15)


def found_hotspots(town: Town) -> HotspotMap:
    """Return what the hotspot engine makes of a town's reported incidents."""
    incidents = town.incidents
    told = incidents.source != "patrol"
    now_s = int(REFERENCE.timestamp())
    t_s = now_s - incidents.occurred_s[told]
    count = int(told.sum())
    points = incidents.points_m[told]
    given = Incidents(
        points[:, 0].copy(), points[:, 1].copy(), t_s, np.zeros(count, np.int16), np.zeros(count, np.int32)
    )
    ground = shapely.coverage_union_all(town.blocks.polygons_m)
    found = find_hotspots(given, ground, HotspotParams(as_of_s=now_s), 1)
    assert isinstance(found, HotspotMap)
    return found


# Looked at when strength and distances were chosen (2026-11-30): seeds 1 to 8 at 12,000 households, seed 2 at
# 2,500: everywhere five of five found, no two in one place, at most one
# place beside them. Seed 7 at 1,200: four.
@pytest.mark.parametrize(("seed", "households"), [(7, 12_000), (2, 2_500)])
def test_the_hotspot_engine_finds_every_planted_place_each_in_a_place_of_its_own(
    town_of: Make, seed: int, households: int
) -> None:
    town = town_of(seed, households)
    planted = [shapely.Point(one.centre_m) for one in town.planted if one.stop_days == 0.0]
    places = found_hotspots(town).places
    near = np.array([[place.geom_metric.distance(spot) < 150.0 for spot in planted] for place in places])
    assert len(planted) == 5
    assert near.any(axis=0).all(), "recall"
    assert (near.sum(axis=1) <= 1).all(), "two planted places have become one hotspot"
    # Self-exciting incidents make a true cluster of their own now and then.
    assert (~near.any(axis=1)).sum() <= 2


def test_planted_places_lie_far_enough_apart_for_windows_of_600_m(default_town: Town) -> None:
    centres = np.array([one.centre_m for one in default_town.planted])
    apart = np.abs(centres[:, None] - centres[None]).max(axis=2)
    assert apart[np.triu_indices(len(centres), 1)].min() > APART_M


def test_planted_incidents_lie_on_dry_land_and_none_is_lost(default_town: Town) -> None:
    kept = np.bincount(default_town.incidents.planted[default_town.incidents.planted >= 0], minlength=6)
    added = np.array([one.added for one in default_town.planted])
    # A few of the last day lie after the reference by their hour and have not happened yet.
    assert (kept >= 0.85 * added).all(), (kept, added)
