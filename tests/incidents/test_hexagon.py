"""Hexagons behave as squares do where it matters, and as hexagons where it does not."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from incidents.hotspots.hexagon import hexagon_lattice_over

AREA = shapely.box(500_000, 3_330_000, 504_000, 3_333_000)
LATTICE = hexagon_lattice_over(AREA, 200.0)
PLACE = st.tuples(st.floats(500_001, 503_999), st.floats(3_330_001, 3_332_999))


@given(PLACE)
def test_a_point_belongs_to_the_nearest_centre(place: tuple[float, float]) -> None:
    x, y = (np.array([value]) for value in place)
    centre_x, centre_y = LATTICE.centres(np.arange(LATTICE.share.size))
    distance = np.hypot(centre_x - x, centre_y - y)
    cell = LATTICE.cell_index(x, y)[0]
    assert cell >= 0
    assert distance[cell] == pytest.approx(distance.min())


def test_the_shares_add_up_to_the_area_and_the_outlines_meet() -> None:
    assert LATTICE.share.sum() * LATTICE.cell_area_m2 == pytest.approx(AREA.area, rel=1e-4)
    row, column = np.nonzero(LATTICE.inside)
    outlines = LATTICE.boxes(row, column)
    whole = shapely.union_all(outlines)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(len(outlines) * LATTICE.cell_area_m2, rel=1e-4)


@pytest.mark.parametrize(
    ("radius_m", "cells"),
    [
        pytest.param(0.0, 1, id="the cell alone"),
        pytest.param(200.0, 7, id="and its six neighbours"),
        pytest.param(300.0, 7, id="the next ring is 346 m away"),
        pytest.param(347.0, 13, id="the corners of the second ring"),
        pytest.param(400.0, 19, id="two rings"),
    ],
)
def test_a_window_holds_the_cells_whose_centres_lie_within_its_radius(radius_m: float, cells: int) -> None:
    assert LATTICE.window(radius_m).sum() == cells


def test_a_window_sum_is_that_of_the_centres_within_the_radius() -> None:
    counts = np.random.default_rng(1).integers(0, 9, LATTICE.shape)
    x, y = LATTICE.centres(np.arange(counts.size))
    middle = int(np.flatnonzero(LATTICE.inside.ravel())[300])
    near = np.hypot(x - x[middle], y - y[middle]) <= 400.0 + 1e-6
    assert LATTICE.window_sum(counts, 400.0).ravel()[middle] == counts.ravel()[near].sum()
    assert set(LATTICE.within(middle, 400.0)) == set(np.flatnonzero(near))


def test_smoothing_keeps_the_sum_and_is_round() -> None:
    one = np.zeros(LATTICE.shape)
    middle = int(np.flatnonzero(LATTICE.inside.ravel())[len(np.flatnonzero(LATTICE.inside)) // 2])
    one.ravel()[middle] = 1.0
    smoothed = LATTICE.smooth(one, 250.0)
    assert smoothed.sum() == pytest.approx(1.0, abs=1e-3)
    ring = [cell for cell in LATTICE.within(middle, 200.0) if cell != middle]
    np.testing.assert_allclose(smoothed.ravel()[ring], smoothed.ravel()[ring[0]], rtol=1e-9)


def test_neighbours_that_touch_make_one_group() -> None:
    middle = int(np.flatnonzero(LATTICE.inside.ravel())[300])
    flagged = np.zeros(LATTICE.shape, dtype=bool)
    flagged.ravel()[LATTICE.within(middle, 200.0)] = True
    assert LATTICE.groups(flagged).max() == 1
