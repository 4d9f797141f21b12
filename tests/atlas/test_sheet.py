"""The pure drawing of a sheet: round scales that are true on paper, labels apart, metres of streets."""

import re

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.shapes.sheet.drawing import draw_grid, draw_overview
from geo.shapes.sheet.graticule import degrees_words, graticule, scale_bar
from geo.shapes.sheet.ground import AreaShape, Cover, Ground, HouseNumber, Mark, Roads
from geo.shapes.sheet.label import AIR_MM, Board, Spot, Wish, corners_of, overlaps_any
from geo.shapes.sheet.neighbour import Wind, border_lines, neighbours
from geo.shapes.sheet.paper import PAD_MM, SCALES, SIDES_MM, Size, best_layout, layout, scale_for
from geo.shapes.sheet.path import path_of, paths_of
from geo.shapes.sheet.projection import Projection
from geo.shapes.sheet.street import ALONG_M, CROSSING_M, spots_along, streets_in
from webapp.print.page import total_words

GEOD = Geod(ellps="WGS84")
GRID = box(119.20, 30.10, 119.204, 30.103)


# --- Scale and paper ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", list(Size))
@pytest.mark.parametrize(
    "extent_m", [(60, 40), (300, 900), (1_200, 1_100), (5_000, 800), (40_000, 30_000)], ids=str
)
def test_scale_is_the_largest_round_one_at_which_the_ground_fits(size: Size, extent_m) -> None:
    chosen, scale = best_layout(size, extent_m)

    room = (chosen.window.width - 2 * PAD_MM, chosen.window.height - 2 * PAD_MM)
    assert scale in SCALES
    assert all(extent * 1000 / scale <= free for extent, free in zip(extent_m, room, strict=True))
    larger = [other for other in SCALES if other < scale]
    for landscape in (True, False):
        window = layout(size, landscape=landscape).window
        assert all(scale_for(extent_m, window) > other for other in larger)


@pytest.mark.parametrize("size", list(Size))
@pytest.mark.parametrize("landscape", [True, False])
def test_parts_of_a_page_lie_on_it_and_apart(size: Size, landscape: bool) -> None:
    page = layout(size, landscape=landscape)
    parts = [
        box(part.left, part.top, part.left + part.width, part.top + part.height)
        for part in (page.window, *page.columns)
    ]

    assert sorted(page.page, reverse=True) == list(SIDES_MM[size])
    assert all(box(0, 0, *page.page).contains(part) for part in parts)
    assert all(not a.intersects(b) for k, a in enumerate(parts) for b in parts[:k])
    assert parts[0].area > 0.45 * page.page[0] * page.page[1]


@pytest.mark.parametrize("epsg", [32650, 4549, 4548], ids=["utm", "gauss-120", "gauss-117"])
@pytest.mark.parametrize("size", list(Size))
def test_the_scale_is_true_on_paper(epsg: int, size: Size) -> None:
    projection, _ = Projection.around(GRID, epsg, size)
    lonlat = np.array([[119.2005, 30.1005], [119.2035, 30.1025], [119.2035, 30.1005]])
    paper = projection.points_mm(lonlat)

    for a, b in ((0, 1), (0, 2), (1, 2)):
        _, _, ground_m = GEOD.inv(*lonlat[a], *lonlat[b])
        measured_m = np.hypot(*(paper[a] - paper[b])) * projection.denominator / 1000
        assert measured_m == pytest.approx(ground_m, rel=2e-5)


def test_true_north_is_where_the_meridian_points() -> None:
    projection, _ = Projection.around(GRID, 32650, Size.A4)
    foot, tip = projection.points_mm(np.array([[119.202, 30.1], [119.202, 30.104]]))

    seen = np.degrees(np.arctan2(tip[0] - foot[0], foot[1] - tip[1]))
    assert projection.north_deg == pytest.approx(seen, abs=1e-3)
    assert abs(projection.north_deg) > 0.5, "two degrees off the zone's middle meridian"


def test_paper_and_ground_are_inverse() -> None:
    projection, _ = Projection.around(GRID, 32650, Size.A3)
    paper = np.array([[0.0, 0.0], [100.0, 70.0], list(projection.window)])

    assert projection.points_mm(projection.points_lonlat(paper)) == pytest.approx(paper, abs=1e-6)


def test_the_grid_lies_in_the_middle_of_the_window_with_room_around() -> None:
    projection, chosen = Projection.around(GRID, 32650, Size.A4)
    west, north, east, south = projection.shape_mm(GRID).bounds

    assert west >= PAD_MM - 0.1
    assert north >= PAD_MM - 0.1
    assert west == pytest.approx(chosen.window.width - east, abs=0.1)
    assert north == pytest.approx(chosen.window.height - south, abs=0.1)


def test_ticks_stand_where_their_coordinates_are() -> None:
    projection, _ = Projection.around(GRID, 32650, Size.A4)
    found = graticule(projection)
    width, height = projection.window
    edge = {"top": (None, 0.0), "bottom": (None, height), "left": (0.0, None), "right": (width, None)}

    assert {tick.side for tick in found.ticks} == set(edge)
    for tick in found.ticks:
        point = [tick.at_mm if part is None else part for part in edge[tick.side]]
        degree = projection.points_lonlat(np.array([point]))[0][0 if tick.side in {"top", "bottom"} else 1]
        read = re.fullmatch(r"(\d+)°(\d\d)′(\d\d)″", tick.words)
        said = int(read[1]) + int(read[2]) / 60 + int(read[3]) / 3600
        # Half a hundredth of a millimetre at 1:2,500, and the bend of a parallel between two samples.
        assert degree == pytest.approx(said, abs=2e-6)
    assert found.crosses


@given(st.sampled_from(SCALES))
def test_a_scale_bar_has_a_round_length_that_fits(denominator: int) -> None:
    length_mm, metres, parts = scale_bar(denominator)

    assert length_mm == pytest.approx(metres * 1000 / denominator)
    assert 18 <= length_mm <= 52
    assert str(metres).rstrip("0") in {"1", "2", "5"}
    assert metres % parts == 0 or metres < 10


def test_degrees_are_told_with_two_signs_each() -> None:
    assert degrees_words(30 + 5 / 60) == "30°05′00″"


# --- Paths ----------------------------------------------------------------------------------------


def points_of(path: str) -> list[Polygon]:
    rings = [
        [tuple(map(float, point.split())) for point in re.split("[ML]", ring)[1:]]
        for ring in path.rstrip("Z").split("Z")
    ]
    return [Polygon(ring) for ring in rings]


def test_a_path_draws_its_shape() -> None:
    shape = box(1, 1, 9, 7).difference(box(3, 3, 5, 5))
    outer, inner = points_of(path_of(MultiPolygon([shape])))

    assert outer.difference(inner).symmetric_difference(shape).area == pytest.approx(0)


def test_many_shapes_become_few_paths() -> None:
    shapes = [box(k, 0, k + 0.5, 1) for k in range(100)]

    found = paths_of(shapes)
    assert len(found) == 3
    assert sum(len(points_of(path)) for path in found) == 100


# --- Labels ---------------------------------------------------------------------------------------

spots = st.builds(
    Spot,
    x=st.floats(-5, 105),
    y=st.floats(-5, 85),
    angle_deg=st.floats(-90, 90),
    cost=st.floats(0, 3),
)
wishes = st.builds(
    Wish,
    kind=st.just("street"),
    lines=st.lists(st.sampled_from(["人民路", "Ring Road", "第3网格", "12"]), min_size=1, max_size=2).map(
        tuple
    ),
    size_mm=st.sampled_from([1.6, 2.1, 2.6]),
    rank=st.floats(0, 6),
    spots=st.lists(spots, min_size=1, max_size=5).map(tuple),
)


@given(st.lists(wishes, max_size=40))
def test_labels_never_overlap_nor_leave_the_window_nor_touch_what_is_barred(wanted: list[Wish]) -> None:
    barred = Point(50, 40).buffer(8)
    placed = Board((100.0, 80.0), forbidden=[barred]).place(wanted)

    boxes = [
        shapely.polygons(corners_of([Spot(one.x, one.y, one.angle_deg)], one.width_mm, one.height_mm)[0])
        for one in placed
    ]
    assert all(a.distance(b) > AIR_MM for k, a in enumerate(boxes) for b in boxes[:k])
    assert all(box(0, 0, 100, 80).contains(one) for one in boxes)
    assert all(not one.intersects(barred) for one in boxes)


def test_the_more_important_label_gets_the_place() -> None:
    spot = (Spot(50, 40),)
    board = Board((100.0, 80.0))
    placed = board.place([Wish("b", ("小巷",), 2, 5.0, spot), Wish("a", ("大路",), 2, 1.0, spot)])

    assert [label.kind for label in placed] == ["a"]


def test_a_label_prefers_a_place_that_crosses_no_border() -> None:
    border = LineString([(0, 40), (100, 40)])
    crossing, clear = Spot(50, 40, cost=0.0), Spot(50, 20, cost=1.0)
    placed = Board((100.0, 80.0), disliked=[border]).place([Wish("a", ("人民路",), 2, 0, (crossing, clear))])

    assert (placed[0].x, placed[0].y) == (50, 20)


def test_a_street_is_named_again_only_far_away() -> None:
    wanted = [
        Wish("street", ("人民路",), 2, k, (Spot(10 + 20 * k, 10),), key="人民路", apart_mm=35)
        for k in range(4)
    ]

    assert [label.x for label in Board((100.0, 80.0)).place(wanted)] == [10, 50]


@given(spots, spots, st.floats(1, 12), st.floats(1, 4))
def test_the_test_for_overlaps_agrees_with_geometry(a: Spot, b: Spot, width: float, height: float) -> None:
    one, other = corners_of([a, b], width, height)
    shared = shapely.intersection(shapely.polygons(one), shapely.polygons(other)).area

    if shared > 1e-6:
        assert overlaps_any(one, other[None])
    if shapely.distance(shapely.polygons(one), shapely.polygons(other)) > 1e-6:
        assert not overlaps_any(one, other[None])


# --- Streets --------------------------------------------------------------------------------------


def brute_metres(grid: Polygon, line: LineString) -> tuple[float, list[float]]:
    """Metres of a line in a grid counted in steps of 5 cm, and of its runs along the boundary."""
    points = shapely.line_interpolate_point(line, np.arange(0.025, line.length, 0.05))
    near = shapely.distance(points, grid.boundary) <= ALONG_M
    inside = shapely.covers(grid, points)
    turns = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(int))).reshape(-1, 2)
    along = np.zeros(len(points), bool)
    for start, end in turns:
        along[start:end] = (end - start) * 0.05 >= CROSSING_M
    counted = (inside & ~near) | along if along.any() else inside
    return float(0.05 * counted.sum()), [float(end - start) * 0.05 for start, end in turns]


# Whole centimetres: ends nearer to one another than any map are one place or they are not.
place_m = st.integers(-8_000, 18_000).map(lambda centimetres: centimetres / 100)
corner = st.tuples(place_m, place_m)


@given(st.lists(corner, min_size=2, max_size=5, unique=True))
def test_metres_of_a_street_are_those_counted_step_by_step(corners) -> None:
    grid = Polygon([(0, 0), (120, 0), (120, 50), (60, 50), (60, 100), (0, 100)])
    line = LineString(corners)
    assume(line.is_simple)
    metres, runs = brute_metres(grid, line)
    assume(all(abs(run - CROSSING_M) > 0.3 for run in runs))

    found = streets_in(grid, np.array([line], dtype=object), ["人民路"])
    length = found[0].length_m if found else 0.0
    assert length == pytest.approx(metres, abs=1.2)


def test_a_street_along_the_boundary_belongs_to_both_grids() -> None:
    west, east = box(0, 0, 100, 200), box(100, 0, 200, 200)
    road = np.array([LineString([(100.4, -50), (100.4, 250)])], dtype=object)

    for grid in (west, east):
        (street,) = streets_in(grid, road, ["界路"])
        assert street.length_m == pytest.approx(200, abs=2 * ALONG_M + 0.1)
        assert street.border_m == pytest.approx(street.length_m)


def test_sections_of_a_street_are_added_and_nameless_ones_come_last() -> None:
    lines = np.array(
        [LineString([(0, 10), (40, 10)]), LineString([(40, 10), (90, 10)]), LineString([(10, 50), (95, 50)])],
        dtype=object,
    )

    found = streets_in(box(-5, -5, 100, 100), lines, ["甲路", "甲路", ""], factor=0.9996)
    assert [(street.name, round(street.length_m, 1)) for street in found] == [("甲路", 90.0), ("", 85.0)]


def test_a_name_follows_its_street_and_is_read_from_below() -> None:
    found = spots_along(LineString([(60, 60), (20, 20)]), 12, 2.1, road_mm=4)

    assert found
    assert all(spot.angle_deg == pytest.approx(45) for spot in found)
    assert found[0].x == pytest.approx(found[0].y), "on the road, where it is wide enough"


def test_a_name_finds_no_place_where_its_street_turns() -> None:
    corner = LineString([(0, 0), (6, 0), (6, 6)])

    assert spots_along(corner, 12, 2.1, road_mm=1) == ()


# --- Neighbours -----------------------------------------------------------------------------------


def test_neighbours_are_named_by_the_side_they_lie_on() -> None:
    # ::
    #
    #     ┌────┬─────┬────┐
    #     │ 0  │  1  │ 2  │   0 and 2 touch the grid in a corner only
    #     ├────┼─────┼────┤
    #     │ 3  │ own │ 4  │
    #     └────┴──┬──┴────┘
    #             │ 5 │         5 a road's width away
    own = box(100, 100, 200, 200)
    others = [
        box(0, 200, 100, 300), box(100, 200, 200, 300), box(200, 200, 300, 300),
        box(0, 100, 100, 200), box(200.3, 100, 300, 200), box(120, 0, 200, 90),
    ]  # fmt: skip

    found = neighbours(own, others)
    assert [(one.index, one.side) for one in found] == [(1, Wind.N), (4, Wind.E), (3, Wind.W)]
    assert found[0].border_m == pytest.approx(100, abs=2.1)


def test_a_neighbour_lies_where_their_boundary_faces_not_where_its_middle_is() -> None:
    # ::
    #
    #     ┌─────┐
    #     │ own │
    #     │  ┌──┘
    #     └──┘ 1
    #      0
    own = Polygon([(0, 0), (60, 0), (60, 40), (100, 40), (100, 100), (0, 100)])
    others = [box(-50, -80, 60, 0), Polygon([(60, -80), (200, -80), (200, 40), (60, 40)])]

    assert [(one.index, one.side) for one in neighbours(own, others)] == [(1, Wind.SE), (0, Wind.S)]


def test_a_neighbour_all_around_lies_somewhere() -> None:
    own = box(0, 0, 100, 100)
    around = Polygon([(-50, -50), (150, -50), (150, 150), (-50, 150)], [own.exterior.coords])

    (one,) = neighbours(own, [around])
    assert one.border_m == pytest.approx(400)


def test_a_border_of_two_areas_is_drawn_once() -> None:
    lines = border_lines([box(0, 0, 100, 100), box(100, 0.02, 200, 100)])

    assert lines.length == pytest.approx(700, abs=0.5)


# --- A whole sheet --------------------------------------------------------------------------------


def ground() -> Ground:
    across = LineString([(119.1990, 30.1015), (119.2050, 30.1015)])
    lane = LineString([(119.2012, 30.1001), (119.2012, 30.1029)])
    return Ground(
        subject=GRID,
        roads=Roads(
            np.array([across, lane], dtype=object),
            ["人民路", "柳巷"],
            ["primary", "residential"],
            [False, False],
        ),
        cover=Cover(np.array([box(119.2025, 30.1018, 119.2037, 30.1027)], dtype=object), ["water"], ["清湖"]),
        buildings=np.array([box(119.2002, 30.1003, 119.2005, 30.1006)], dtype=object),
        others=[
            AreaShape("grid", "990001001001002", "第2网格", box(119.204, 30.10, 119.21, 30.103)),
            AreaShape("grid", "990001001001003", "第3网格", box(119.20, 30.103, 119.204, 30.11)),
        ],
        marks=[
            Mark("school", "青溪中学", 119.2018, 30.1010),
            Mark("camera", "", 119.2030, 30.1008, bearing_deg=90.0, view_deg=60.0),
        ],
        house_numbers=[HouseNumber("12", 119.20035, 30.10045)],
    )


def test_a_sheet_names_streets_neighbours_places_waters_and_houses() -> None:
    projection, chosen = Projection.around(GRID, 32650, Size.A4)
    drawing = draw_grid(ground(), projection, chosen)

    words = {line for label in drawing.labels for line in label.lines}
    assert {
        "人民路",
        "柳巷",
        "清湖",
        "青溪中学",
        "第2网格",
        "第3网格",
        "990001001001003",
        "12",
    } - words == set()
    assert [symbol.kind for symbol in drawing.symbols] == ["school", "camera"]
    own = projection.shape_mm(GRID)
    for label in drawing.labels:
        if label.kind == "neighbour":
            around = shapely.polygons(
                corners_of([Spot(label.x, label.y, label.angle_deg)], label.width_mm, label.height_mm)[0]
            )
            assert not around.intersects(own), "names of others stand outside the grid"


def test_a_camera_looks_where_its_bearing_says() -> None:
    projection, chosen = Projection.around(GRID, 32650, Size.A4)
    camera = draw_grid(ground(), projection, chosen).symbols[1]

    (sector,) = points_of(camera.sector)
    assert sector.centroid.x > camera.x + 1
    assert sector.centroid.y == pytest.approx(camera.y, abs=0.1)


def test_an_empty_grid_has_a_sheet_too() -> None:
    projection, chosen = Projection.around(GRID, 32650, Size.A3)
    drawing = draw_grid(Ground(subject=GRID), projection, chosen)

    assert drawing.labels == []
    assert drawing.boundary


def test_neighbouring_grids_of_an_overview_have_different_tints_and_their_names() -> None:
    shapes = [box(119.2 + 0.001 * k, 30.1, 119.201 + 0.001 * k, 30.103) for k in range(4)]
    grids = [(str(k + 1), AreaShape("grid", f"c{k}", f"第{k + 1}网格", one)) for k, one in enumerate(shapes)]
    projection, chosen = Projection.around(GRID, 32650, Size.A4)
    drawing = draw_overview(Ground(subject=GRID), projection, chosen, grids=grids)

    assert {label.lines[0] for label in drawing.labels if label.kind == "inner"} == {
        "第1网格", "第2网格", "第3网格", "第4网格",
    }  # fmt: skip
    assert [len(points_of("".join(tint))) if tint else 0 for tint in drawing.tints][:2] == [2, 2]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        pytest.param([120, 87], "207", id="nothing hidden"),
        pytest.param([120, 87, 0], "207", id="none is no secret"),
        pytest.param([120, 87, 3], "about 210", id="one hidden"),
        pytest.param([2, 1], "<5", id="hidden itself"),
    ],
)
def test_a_sum_does_not_give_a_hidden_number_away(counts: list[int], words: str) -> None:
    assert total_words(lambda message, **fields: message % fields, sum(counts), counts) == words
