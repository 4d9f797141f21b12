"""Cells over a study area."""

import numpy as np
import pytest
import shapely

from incidents.hotspots.lattice import lattice_over


def test_a_cell_holds_the_share_of_it_that_lies_in_the_study_area() -> None:
    #   +----+----+      the area is 300 m wide and 150 m high,
    #   |####|##  |      cells are 200 m
    #   |####|##  |
    #   +----+----+
    lattice = lattice_over(shapely.box(0, 0, 300, 150), 200.0)
    np.testing.assert_allclose(lattice.share, [[0.75, 0.375]])


def test_shares_add_up_to_the_area_of_a_ragged_shape_with_a_lake() -> None:
    rng = np.random.default_rng(4)
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 3_000 + rng.uniform(-300, 300, 400)
    shore = np.column_stack([500_050 + radius * np.cos(angle), 3_330_070 + radius * np.sin(angle)])
    area = shapely.Polygon(shore).difference(shapely.Point(500_500, 3_330_200).buffer(700))
    lattice = lattice_over(area, 200.0)
    assert lattice.share.sum() * 200.0**2 == pytest.approx(area.area, rel=1e-9)


def test_cells_stand_on_whole_multiples_so_that_runs_over_different_extents_agree() -> None:
    small = lattice_over(shapely.box(1_130, 2_270, 2_000, 3_000), 200.0)
    large = lattice_over(shapely.box(-333, 171, 5_000, 5_000), 200.0)
    assert (small.x0_m % 200, small.y0_m % 200, large.x0_m % 200, large.y0_m % 200) == (0, 0, 0, 0)


def test_points_outside_or_without_a_place_get_no_cell() -> None:
    lattice = lattice_over(shapely.Polygon([(0, 0), (400, 0), (0, 400)]), 200.0)
    x_m = np.array([50.0, 350.0, 390.0, -1.0, 401.0, np.nan])
    y_m = np.array([50.0, 50.0, 390.0, 10.0, 10.0, 10.0])
    assert lattice.cell_index(x_m, y_m).tolist() == [0, 1, -1, -1, -1, -1]


@pytest.mark.parametrize(
    ("radius_m", "cells"),
    [
        pytest.param(0.0, 1, id="the cell alone"),
        pytest.param(200.0, 5, id="a cross"),
        pytest.param(300.0, 9, id="3 x 3"),
        pytest.param(450.0, 21, id="5 x 5 without corners"),
    ],
)
def test_a_window_holds_the_cells_whose_centres_lie_within_its_radius(radius_m: float, cells: int) -> None:
    assert lattice_over(shapely.box(0, 0, 1_000, 1_000), 200.0).window(radius_m).sum() == cells


@pytest.mark.parametrize(
    ("area", "words"),
    [
        pytest.param(shapely.Polygon(), "no surface", id="empty"),
        pytest.param(shapely.LineString([(0, 0), (1, 1)]), "no surface", id="line"),
        pytest.param(shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 7)]), "not valid", id="bow tie"),
        pytest.param(shapely.box(0, 0, 1e7, 1e7), "more than", id="degrees taken for metres"),
    ],
)
def test_a_study_area_that_cannot_be_used_is_refused(area: shapely.Geometry, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lattice_over(area, 200.0)
