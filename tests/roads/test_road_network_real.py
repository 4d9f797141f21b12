"""The road network of a real city: size, connectedness, and paths that are as long as they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.roads.network import RoadNetwork, SectionArrays
from geo.roads.osm import read_osm
from geo.roads.queries import oneway_signs
from geo.roads.speed import DEFAULT_SPEEDS, Mode
from geo.roads.travel import travel_times
from geo.shapes.crs import metric_epsg, to_metric


@pytest.fixture(scope="module")
def sections(shared_data: Path) -> SectionArrays:
    found = read_osm(shared_data / "osm_campo_grande" / "campo-grande.osm.gz").sections
    lonlat, owner = shapely.get_coordinates([one.line for one in found], return_index=True)
    return SectionArrays(
        section_id=np.arange(len(found)),
        from_node=np.array([one.from_node for one in found]),
        to_node=np.array([one.to_node for one in found]),
        road_class=np.array([one.road_class for one in found]),
        oneway=oneway_signs([one.oneway for one in found]),
        foot=np.array([one.foot for one in found]),
        bicycle=np.array([one.bicycle for one in found]),
        car=np.array([one.car for one in found]),
        coordinates=to_metric(lonlat, metric_epsg(-54.6, -20.4)),
        offsets=np.searchsorted(owner, np.arange(len(found) + 1)),
    )


@pytest.mark.shared
def test_the_city_is_one_network_for_cars_with_ways_between_all_places(sections: SectionArrays) -> None:
    network = RoadNetwork.build(sections, mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    assert 8_000 < network.node_count < 9_500
    assert 23_000 < len(network.arcs.tail) < 27_000
    assert network.left_out < 0.05 * network.edge_count
    rng = np.random.default_rng(1)
    vertices = network.coordinates[rng.integers(len(network.coordinates), size=40)]
    points_m = vertices + rng.normal(0, 20, (40, 2))
    travel = travel_times(network, network.snap(points_m))
    assert np.isfinite(travel.durations_s).all()
    straight_m = np.hypot(*(points_m[:, None] - points_m[None]).transpose(2, 0, 1))
    offset_m = network.snap(points_m).offset_m
    assert np.all(travel.distances_m >= straight_m - offset_m[:, None] - offset_m[None] - 1e-6)
    for start, end in rng.integers(40, size=(60, 2)):
        drawn = shapely.LineString(travel.path(int(start), int(end)))
        assert drawn.length == pytest.approx(travel.distances_m[start, end], abs=1e-3)


@pytest.mark.shared
def test_walkers_have_at_least_the_network_of_cars_except_motorways(sections: SectionArrays) -> None:
    cars = RoadNetwork.build(sections, mode=Mode.CAR, speeds=DEFAULT_SPEEDS)
    walkers = RoadNetwork.build(sections, mode=Mode.FOOT, speeds=DEFAULT_SPEEDS)
    assert walkers.node_count > 0.95 * cars.node_count
    assert walkers.forward.all()
    assert walkers.backward.all()
