"""Travel times on small networks against an independent search of our own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.roads.models import ROAD_CLASSES
from geo.roads.network import OFF_ROAD, Positions, RoadNetwork, SectionArrays
from geo.roads.speed import DEFAULT_SPEEDS, Mode
from geo.roads.travel import travel_times

NODES = 9


@dataclass(frozen=True)
class Street:
    start: int
    end: int
    oneway: int = 0
    road_class: str = "residential"
    bend: float = 0.0


def sections_of(streets: list[Street], node_xy: np.ndarray, **access: bool) -> SectionArrays:
    lines = []
    for street in streets:
        first, last = node_xy[street.start], node_xy[street.end]
        middle = (first + last) / 2 + np.array([street.bend, street.bend / 2])
        lines.append(np.array([first, middle, last]) if street.bend else np.array([first, last]))
    counts = [len(line) for line in lines]
    flags = {name: np.full(len(streets), access.get(name, True)) for name in ("foot", "bicycle", "car")}
    return SectionArrays(
        section_id=np.arange(len(streets), dtype=np.int64) + 500,
        from_node=np.array([street.start for street in streets], dtype=np.int64) * 7,
        to_node=np.array([street.end for street in streets], dtype=np.int64) * 7,
        road_class=np.array([street.road_class for street in streets]),
        oneway=np.array([street.oneway for street in streets], dtype=np.int8),
        coordinates=np.vstack(lines),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        **flags,
    )


def brute_force_durations(network: RoadNetwork, positions: Positions) -> np.ndarray:
    """Floyd and Warshall (1962) over the nodes, then every way to leave and enter an edge by hand."""
    full = network.length_m / network.speed_mps
    nodes = np.full((network.node_count, network.node_count), np.inf)
    np.fill_diagonal(nodes, 0.0)
    for edge in range(network.edge_count):
        u, v = network.from_index[edge], network.to_index[edge]
        if network.forward[edge]:
            nodes[u, v] = min(nodes[u, v], full[edge])
        if network.backward[edge]:
            nodes[v, u] = min(nodes[v, u], full[edge])
    for k in range(network.node_count):
        nodes = np.minimum(nodes, nodes[:, k : k + 1] + nodes[k : k + 1, :])
    result = np.full((len(positions), len(positions)), np.inf)
    for i in range(len(positions)):
        for j in range(len(positions)):
            e, f = positions.edge[i], positions.edge[j]
            a, b = positions.fraction[i], positions.fraction[j]
            ways = [0.0] if i == j else []
            if e == f and (b >= a and network.forward[e]) | (b <= a and network.backward[e]):
                ways.append(abs(b - a) * full[e])
            leave = [(network.to_index[e], (1 - a) * full[e])] * int(network.forward[e])
            leave += [(network.from_index[e], a * full[e])] * int(network.backward[e])
            enter = [(network.from_index[f], b * full[f])] * int(network.forward[f])
            enter += [(network.to_index[f], (1 - b) * full[f])] * int(network.backward[f])
            ways += [out + nodes[u, v] + into for u, out in leave for v, into in enter]
            result[i, j] = min(ways)
    return result


@st.composite
def towns(draw: st.DrawFn) -> tuple[SectionArrays, np.ndarray]:
    node = st.integers(0, NODES - 1)
    street = st.builds(
        Street,
        start=node,
        end=node,
        oneway=st.sampled_from([0, 0, 0, 1, -1]),
        road_class=st.sampled_from(["residential", "primary", "footway", "service", "moon_road"]),
        bend=st.sampled_from([0.0, 40.0, -25.0]),
    )
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    node_xy = rng.uniform(0, 1000, (NODES, 2))
    ring = [Street(i, (i + 1) % 5) for i in range(5)]
    streets = ring + draw(st.lists(street, min_size=0, max_size=14))
    points = rng.uniform(-50, 1050, (draw(st.integers(2, 7)), 2))
    return sections_of(streets, node_xy), points


def on_one_edge(network: RoadNetwork, positions: Positions) -> Positions:
    """Move the last position onto the first one's edge, so that the same-edge case always occurs."""
    edge, fraction = positions.edge.copy(), positions.fraction.copy()
    edge[-1], fraction[-1] = edge[0], 1.0 - fraction[0] / 2
    return Positions(edge, fraction, positions.offset_m)


@settings(max_examples=60, deadline=None)
@given(town=towns(), mode=st.sampled_from([Mode.CAR, Mode.FOOT, Mode.BICYCLE]))
def test_durations_equal_an_independent_search_and_paths_have_their_distance(
    town: tuple[SectionArrays, np.ndarray], mode: Mode
) -> None:
    sections, points = town
    network = RoadNetwork.build(sections, mode=mode, speeds=DEFAULT_SPEEDS)
    positions = on_one_edge(network, network.snap(points))
    travel = travel_times(network, positions)
    assert travel.durations_s == pytest.approx(brute_force_durations(network, positions), abs=1e-6)
    through = travel.durations_s[:, :, None] + travel.durations_s[None, :, :]
    assert np.all(travel.durations_s <= through.min(axis=1) + 1e-6), "triangle inequality"
    places = network.points_of(positions)
    for i in range(len(positions)):
        for j in range(len(positions)):
            path = travel.path(i, j)
            assert path[0] == pytest.approx(places[i], abs=1e-6)
            assert path[-1] == pytest.approx(places[j], abs=1e-6)
            length_m = shapely.LineString(path).length
            assert length_m == pytest.approx(travel.distances_m[i, j], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(town=towns())
def test_walking_times_are_symmetric_because_walkers_ignore_oneway_rules(
    town: tuple[SectionArrays, np.ndarray],
) -> None:
    sections, points = town
    network = RoadNetwork.build(sections, mode=Mode.FOOT, speeds=DEFAULT_SPEEDS)
    durations_s = travel_times(network, network.snap(points)).durations_s
    assert durations_s == pytest.approx(durations_s.T, abs=1e-6)


def square(*, oneway: int = 0) -> SectionArrays:
    """Four streets of 100 m.

    3 --- 2
    |     |
    0 --- 1
    """
    node_xy = np.array([[0, 0], [100, 0], [100, 100], [0, 100]], dtype=float)
    return sections_of([Street(i, (i + 1) % 4, oneway=oneway) for i in range(4)], node_xy)


def test_a_car_drives_round_the_block_against_a_oneway_street_and_a_walker_does_not() -> None:
    points = np.array([[20.0, -5.0], [70.0, 3.0]])
    car = RoadNetwork.build(square(oneway=1), mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    foot = RoadNetwork.build(square(oneway=1), mode=Mode.FOOT, speeds=DEFAULT_SPEEDS)
    driven = travel_times(car, car.snap(points))
    walked = travel_times(foot, foot.snap(points))
    assert driven.distances_m == pytest.approx(np.array([[0, 50], [350, 0]]))
    assert walked.distances_m == pytest.approx(np.array([[0, 50], [50, 0]]))
    assert driven.path(1, 0).tolist() == [[70, 0], [100, 0], [100, 100], [0, 100], [0, 0], [20, 0]]


def test_a_point_beyond_reach_stays_off_road_and_is_unreachable_without_harming_the_others() -> None:
    network = RoadNetwork.build(square(), mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    positions = network.snap(np.array([[50.0, 0], [5000.0, 5000], [50.0, 100]]), reach_m=500)
    travel = travel_times(network, positions)
    assert positions.edge[1] == OFF_ROAD
    assert np.isinf(positions.offset_m[1])
    assert np.isinf(travel.durations_s[0, 1])
    assert np.isinf(travel.durations_s[1, 2])
    assert travel.distances_m[0, 2] == pytest.approx(200)
    with pytest.raises(LookupError):
        travel.path(0, 1)


def test_only_the_largest_connected_part_is_kept_and_the_rest_is_counted() -> None:
    """A dead end that may only be entered, and an island, are no part of the network."""
    node_xy = np.array([[0, 0], [100, 0], [100, 100], [0, 100], [200, 0], [900, 900], [950, 900]], float)
    streets = [Street(i, (i + 1) % 4) for i in range(4)] + [Street(1, 4, oneway=1), Street(5, 6)]
    network = RoadNetwork.build(sections_of(streets, node_xy), mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    assert network.section_id.tolist() == [500, 501, 502, 503]
    assert network.left_out == 2
    assert network.node_count == 4


def test_the_quicker_of_two_parallel_streets_is_used_and_drawn() -> None:
    """0 =(bypass, longer but primary)= 1 beside a direct service road."""
    node_xy = np.array([[0, 0], [200, 0]], dtype=float)
    streets = [Street(0, 1, road_class="service"), Street(0, 1, road_class="primary", bend=60.0)]
    network = RoadNetwork.build(sections_of(streets, node_xy), mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    ends = Positions(np.array([0, 0]), np.array([0.0, 1.0]), np.zeros(2))
    travel = travel_times(network, ends)
    assert travel.distances_m[0, 1] == pytest.approx(network.length_m[1])
    assert travel.path(0, 1).tolist() == [[0, 0], [160, 30], [200, 0]]


def test_a_mode_without_any_open_road_gives_an_empty_network_on_which_nothing_is_reachable() -> None:
    sections = sections_of([Street(0, 1)], np.array([[0, 0], [9, 9]], float), car=False)
    network = RoadNetwork.build(sections, mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    travel = travel_times(network, network.snap(np.array([[1.0, 1.0], [2.0, 2.0]])))
    assert network.edge_count == 0
    assert np.isinf(travel.durations_s[0, 1])


def test_overridden_speeds_change_the_quickest_way_and_nonsense_is_refused() -> None:
    slower = DEFAULT_SPEEDS.override({Mode.CAR: {"residential": 5.0, "track": 0.0}})
    network = RoadNetwork.build(square(), mode=Mode.CAR, speeds=slower)
    travel = travel_times(network, network.snap(np.array([[0.0, 50.0], [100.0, 50.0]])))
    assert travel.durations_s[0, 1] == pytest.approx(200 / (5 / 3.6))
    assert DEFAULT_SPEEDS.kmh[Mode.CAR]["residential"] == 25.0
    with pytest.raises(ValueError, match="residential"):
        DEFAULT_SPEEDS.override({Mode.CAR: {"residential": -1.0}})


def test_every_road_class_of_the_table_has_a_speed_for_every_mode() -> None:
    for mode in Mode:
        assert set(ROAD_CLASSES) <= set(DEFAULT_SPEEDS.kmh[mode])
    assert [name for name, _ in DEFAULT_SPEEDS.rows()] == [*ROAD_CLASSES, "other"]
