"""The generated town keeps its promises: checked in the stored coordinates wherever they are stored."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tests.demo.conftest import REFERENCE
from webapp.demo.dwellings import NEVER
from webapp.demo.frame import lonlat, to_lonlat
from webapp.demo.landuse import Use
from webapp.demo.streets import HALF_WIDTH_M
from webapp.demo.territory import NEW_COMMUNITY
from webapp.demo.town import Town, make_town

type Make = Callable[[int, int], Town]


def test_grids_form_a_valid_partition_as_stored(town: Town) -> None:
    grids = town.areas.shapes[town.areas.rows("grid")]
    assert shapely.coverage_is_valid(grids)
    assert shapely.is_valid(grids).all()
    assert (shapely.get_type_id(grids) == 3).all()


def test_all_community_boundaries_form_a_valid_partition(town: Town) -> None:
    assert shapely.coverage_is_valid(town.areas.shapes[town.areas.rows("community")])


def test_districts_share_out_the_dry_ground_and_cut_grids_along_streets(town: Town) -> None:
    districts, areas = town.districts, town.areas
    dry = ~np.isin(town.blocks.use, (Use.BED, Use.LAKE))
    ground = shapely.coverage_union_all(to_lonlat(town.blocks.polygons_m[dry]))
    grids = areas.shapes[areas.rows("grid")]
    pieces = np.array([shapely.intersection(grids, shape) for shape in districts.shapes])
    shares = shapely.area(pieces) / shapely.area(grids)

    assert shapely.coverage_is_valid(districts.shapes)
    assert shapely.coverage_union_all(districts.shapes).symmetric_difference(ground).area < 1e-15
    assert len(set(districts.code)) == len(set(districts.name)) == len(districts.shapes) >= 2
    assert ((shares > 0.05).sum(axis=0) >= 2).any(), "no grid lies in two districts"


def test_every_area_is_exactly_the_union_of_its_children(town: Town) -> None:
    areas = town.areas
    for row in range(len(areas.name)):
        children = np.flatnonzero(areas.parent == row)
        if len(children):
            union = shapely.coverage_union_all(areas.shapes[children])
            assert shapely.equals(union, areas.shapes[row]), areas.name[row]
            assert shapely.symmetric_difference(union, areas.shapes[row]).area == 0.0


def test_sixteen_communities_and_only_the_new_one_has_no_grids(town: Town) -> None:
    areas = town.areas
    communities = areas.rows("community")
    without = [str(areas.name[row]) for row in communities if not (areas.parent == row).any()]
    assert len(communities) == 16
    assert without == [NEW_COMMUNITY]


def test_about_96_grids_at_the_default_size(town_of: Make) -> None:
    town = town_of(7, 12_000)
    assert 90 <= len(town.areas.rows("grid")) <= 102


def test_codes_follow_the_scheme_6_3_3_3_and_are_unique(town: Town) -> None:
    areas = town.areas
    length = {"county": 6, "town": 9, "community": 12, "grid": 15}
    assert len(set(areas.code.tolist())) == len(areas.code)
    for row, code in enumerate(areas.code.tolist()):
        assert len(code) == length[str(areas.level[row])]
        if areas.parent[row] >= 0:
            assert code.startswith(str(areas.code[areas.parent[row]]))


def test_grid_borders_run_along_borders_of_blocks_nodes_and_nothing_else(town: Town) -> None:
    nodes = {tuple(xy) for xy in lonlat(town.borders.nodes_m).tolist()}
    for row in town.areas.rows("grid"):
        assert {tuple(xy) for xy in shapely.get_coordinates(town.areas.shapes[row]).tolist()} <= nodes


def test_stored_coordinates_are_snapped(town: Town) -> None:
    xy = shapely.get_coordinates(town.areas.shapes)
    assert np.array_equal(xy, np.round(xy, 7))
    assert (np.abs(xy - [119.2, 30.1]) < 0.6).all()


def test_streets_are_one_network_also_where_some_are_one_way(town: Town) -> None:
    sections = town.roads.sections
    arcs = np.column_stack([sections.from_node, sections.to_node])
    arcs = np.vstack([arcs, arcs[~sections.oneway][:, ::-1]])
    nodes, index = np.unique(arcs, return_inverse=True)
    pair = index.reshape(-1, 2)
    graph = csr_array((np.ones(len(pair)), (pair[:, 0], pair[:, 1])), shape=(len(nodes), len(nodes)))
    assert connected_components(graph, directed=True, connection="strong")[0] == 1
    assert 0 < sections.oneway.sum() < 0.05 * len(sections.oneway)


def test_streets_are_noded_they_meet_only_at_their_ends(town: Town) -> None:
    sections = town.roads.sections
    first, second = shapely.STRtree(sections.lines_m).query(sections.lines_m, predicate="crosses")
    assert len(first) == len(second) == 0
    ends = shapely.get_coordinates(shapely.get_point(sections.lines_m, 0))
    assert np.array_equal(ends, town.borders.nodes_m[sections.from_node])
    assert (sections.length_m > 0).all()


def test_every_class_of_street_is_there_and_town_streets_have_names(town_of: Make) -> None:
    roads = town_of(7, 12_000).roads
    assert set(np.unique(roads.sections.road_class)) == {1, 2, 3, 4, 5, 6}
    middles = shapely.get_coordinates(
        shapely.line_interpolate_point(roads.sections.lines_m, 0.5, normalized=True)
    )
    inner = town_of(7, 12_000).layout.core(middles) < 1.0
    assert (roads.names[inner] != "").all()
    assert len(np.unique(roads.names)) > 150
    assert "青溪大道" in roads.names


def test_streets_cross_the_river_on_bridges_only(town: Town) -> None:
    sections = town.roads.sections
    wet = shapely.intersects(sections.lines_m, town.river.water())
    assert wet.any()
    assert sections.bridge[wet].all()


def test_blocks_are_no_chessboard(town_of: Make) -> None:
    town = town_of(7, 12_000)
    steps = town.borders.nodes_m[town.borders.edges[:, 1]] - town.borders.nodes_m[town.borders.edges[:, 0]]
    bearing = np.arctan2(steps[:, 1], steps[:, 0]) % (np.pi / 2)
    share = np.histogram(bearing, bins=9, range=(0, np.pi / 2), weights=np.hypot(*steps.T))[0]
    # A chessboard has its whole length in one of nine classes of bearing; here none has a quarter.
    assert share.max() / share.sum() < 0.25


def test_buildings_keep_apart_from_each_other_streets_and_water_as_stored(town: Town) -> None:
    shapes = to_lonlat(town.buildings.polygons_m)
    assert shapely.is_valid(shapes).all()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (first == second).all()
    streets = shapely.STRtree(to_lonlat(town.roads.sections.lines_m))
    assert len(streets.query(shapes, predicate="intersects")[0]) == 0
    water = town.ground.polygons_m[town.ground.kind == "water"]
    assert len(shapely.STRtree(to_lonlat(water)).query(shapes, predicate="intersects")[0]) == 0


def test_buildings_stand_behind_the_street_front(town: Town) -> None:
    sections = town.roads.sections
    half_m = np.array(HALF_WIDTH_M)[sections.road_class]
    tree = shapely.STRtree(town.buildings.polygons_m)
    line, _ = tree.query(sections.lines_m, predicate="dwithin", distance=0.9 * half_m)
    assert len(line) == 0


def test_buildings_lie_in_one_block(town: Town) -> None:
    blocks = town.blocks.polygons_m[town.buildings.block]
    assert shapely.contains_properly(blocks, town.buildings.polygons_m).all()


def test_building_count_suits_the_default_town(town_of: Make) -> None:
    assert 3_000 <= len(town_of(7, 12_000).buildings.kind) <= 5_500


@pytest.mark.parametrize("households", [100, 600, 2_500, 12_000])
def test_there_are_as_many_households_as_asked_for(town_of: Make, households: int) -> None:
    town = town_of(7 if households == 12_000 else 1, households)
    assert len(town.households.dwelling) == pytest.approx(households, abs=1)
    vacant = (town.dwellings.tenure == "vacant").mean()
    assert vacant == pytest.approx(0.06, abs=0.01)


def test_dwellings_are_inside_their_building_and_their_own_area_as_stored(town: Town) -> None:
    homes = town.dwellings
    points = shapely.points(lonlat(homes.points_m))
    assert shapely.contains(to_lonlat(town.buildings.polygons_m)[homes.building], points).all()
    own = town.areas.of_block[town.buildings.block[homes.building]]
    assert shapely.contains(town.areas.shapes[own], points).all()


def test_only_the_new_community_has_dwellings_outside_a_grid(town: Town) -> None:
    own = town.areas.of_block[town.buildings.block[town.dwellings.building]]
    gridless = own[town.areas.level[own] != "grid"]
    assert set(town.areas.name[gridless].tolist()) <= {NEW_COMMUNITY}
    assert len(gridless) < 0.06 * len(own)


def test_flats_of_one_stair_share_its_entrance(town_of: Make) -> None:
    homes = town_of(7, 12_000).dwellings
    flat = np.flatnonzero(homes.unit_no != "")
    key = homes.building[flat] * 10 + homes.unit_no[flat].astype(int)
    for axis in (0, 1):
        low = np.full(key.max() + 1, np.inf)
        high = np.full(key.max() + 1, -np.inf)
        np.minimum.at(low, key, homes.points_m[flat, axis])
        np.maximum.at(high, key, homes.points_m[flat, axis])
        used = np.isfinite(low)
        assert np.array_equal(low[used], high[used])


def test_addresses_of_dwellings_are_distinct(town_of: Make) -> None:
    town = town_of(7, 12_000)
    b = town.dwellings.building
    street = town.frontage.street[b]
    rows = zip(street.tolist(), town.frontage.number[b].tolist(), town.dwellings.unit_no.tolist(),
               town.dwellings.room_no.tolist(), strict=True)  # fmt: skip
    assert len(set(rows)) == len(b)
    assert (street != "").all()


def test_visits_lie_within_120_days_and_some_homes_were_never_visited(town: Town) -> None:
    days = town.dwellings.last_visit_days
    assert days.max() <= 120
    assert 0.02 < (days == NEVER).mean() < 0.2


def test_some_grids_were_not_visited_lately_and_most_were(town_of: Make) -> None:
    town = town_of(7, 12_000)
    homes = town.dwellings
    grid = town.areas.of_block[town.buildings.block[homes.building]]
    visited = homes.last_visit_days != NEVER
    latest = np.array([homes.last_visit_days[visited & (grid == row)].min() for row in np.unique(grid)])
    assert 0.08 < (latest >= 25).mean() < 0.25
    assert (latest < 7).mean() > 0.6


def test_phones_begin_with_the_unallotted_prefix(town: Town) -> None:
    phones = town.households.phone
    assert np.strings.startswith(phones, "154").all()
    assert (np.strings.str_len(phones) == 11).all()


def test_cameras_are_205_with_true_codes_outside_buildings(town_of: Make) -> None:
    town = town_of(7, 12_000)
    cameras = town.cameras
    assert len(cameras.code) == 205
    assert len(set(cameras.code.tolist())) == 205
    assert all(
        len(code) == 20 and code.startswith("33019900") and code[10:13] == "132" for code in cameras.code
    )
    assert ((cameras.bearing_deg >= 0) & (cameras.bearing_deg < 360)).all()
    inside = shapely.STRtree(town.buildings.polygons_m).query(
        shapely.points(cameras.points_m), predicate="intersects"
    )
    assert inside.size == 0
    assert 3 <= (cameras.status == "offline").sum() <= 30


def test_key_places_and_teams_are_there(town: Town) -> None:
    kinds = set(town.places.kind.tolist())
    assert {
        "school",
        "market",
        "hospital",
        "hotel",
        "bus_station",
        "logistics",
        "station",
        "service_point",
    } <= kinds
    assert (town.places.kind == "station").sum() == 3
    assert len(town.teams.name) == 12
    assert set(town.teams.mode.tolist()) == {"foot", "bicycle", "e_scooter", "car"}


def test_the_lake_district_has_a_lake(town: Town) -> None:
    assert (town.blocks.use == Use.LAKE).sum() == 1
    assert "清湖" in town.ground.name


def test_ground_cover_reaches_into_no_street_but_under_bridges(town: Town) -> None:
    open_ground = town.ground.name != "青溪"
    lines = town.roads.sections.lines_m
    hits = shapely.STRtree(town.ground.polygons_m[open_ground]).query(lines, predicate="intersects")
    assert hits.size == 0 or town.roads.sections.bridge[np.unique(hits[0])].all()


def test_same_seed_same_town(town_of: Make) -> None:
    again = make_town(1, 600, REFERENCE)
    for part in ("dwellings", "households", "incidents", "cameras", "buildings", "places", "districts"):
        for field in dataclasses.fields(getattr(again, part)):
            mine, theirs = (
                getattr(getattr(again, part), field.name),
                getattr(getattr(town_of(1, 600), part), field.name),
            )
            if mine.dtype == object:
                assert shapely.equals_exact(mine, theirs).all()
            else:
                assert np.array_equal(mine, theirs), (part, field.name)
    assert again.truth() == town_of(1, 600).truth()


def test_other_seed_other_town(town_of: Make) -> None:
    other = make_town(5, 600, REFERENCE)
    assert not np.array_equal(other.river.centre_m, town_of(1, 600).river.centre_m)


def test_seeds_0_to_11_all_give_a_valid_partition(town_of: Make) -> None:
    for seed in range(12):
        grids = make_town(seed, 300, REFERENCE).areas
        assert shapely.coverage_is_valid(grids.shapes[grids.rows("grid")]), seed


def test_more_households_need_more_ground_taller_blocks_and_more_grids(town_of: Make) -> None:
    small, big = town_of(7, 12_000), make_town(7, 60_000, REFERENCE)
    area = [float(t.areas.area_m2[0]) for t in (small, big)]
    tall = [float(np.median(t.buildings.levels[t.buildings.kind == "apartment"])) for t in (small, big)]
    grids = [len(t.areas.rows("grid")) for t in (small, big)]
    assert 1.6 < area[1] / area[0] < 3.2
    assert tall[1] > tall[0]
    assert grids[1] / grids[0] == pytest.approx(5**0.778, rel=0.1)


def test_the_present_is_an_argument_not_the_clock() -> None:
    before = make_town(1, 300, REFERENCE - timedelta(days=100))
    assert before.truth()[0]["until"] == (REFERENCE - timedelta(days=100)).isoformat()
