"""Corners that a neighbour has put on an edge are put into all shapes that have the edge."""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from geo.shapes.matching import corners_on, matched

# ::
#
#   (0,2) ┌────┬────┐
#         │ a  ●    │ ●: the corner a split of b has put on the edge of a
#         │    ├────┤
#   (0,0) └────┴────┘ (2,2)
WEST, EAST = box(0, 0, 1, 2), Polygon([(1, 0), (2, 0), (2, 2), (1, 2), (1, 0.7000001)])


def test_a_corner_on_an_edge_is_found_and_put_in() -> None:
    corners = corners_on(EAST, WEST.boundary)

    assert corners.tolist() == [[1.0, 0.7000001]]
    both = [matched(WEST, corners), EAST]
    assert shapely.coverage_is_valid(both)
    assert not shapely.coverage_is_valid([WEST, EAST])
    assert both[0].equals(WEST)


def test_what_has_the_corner_or_not_the_edge_stays_as_it_is() -> None:
    corners = np.array([[1.0, 0.7000001], [1.0, 2.0]])

    assert shapely.equals_exact(matched(EAST, corners), EAST)
    far = box(5, 5, 6, 6)
    assert shapely.equals_exact(matched(far, corners), far)


@pytest.mark.parametrize("corner", [[0.5, 0.0], [0.25, 0.75]], ids=["outer ring", "hole"])
def test_rings_of_every_kind_take_corners(corner: list[float]) -> None:
    ground = MultiPolygon([box(0, 0, 1, 1) - box(0.25, 0.5, 0.75, 0.9), box(3, 3, 4, 4)])

    got = matched(ground, np.array([corner]))

    assert shapely.get_num_coordinates(got) == shapely.get_num_coordinates(ground) + 1
    assert got.is_valid
    assert got.equals(ground)


def test_several_corners_of_one_edge_keep_their_order() -> None:
    got = matched(box(0, 0, 1, 1), np.array([[0.2, 0.0], [0.8, 0.0], [0.5, 0.0]]))

    along = [x for x, y in got.exterior.coords[:-1] if y == 0.0]
    assert along in ([0.0, 0.2, 0.5, 0.8, 1.0], [1.0, 0.8, 0.5, 0.2, 0.0], [1.0, 0.0, 0.2, 0.5, 0.8])
    assert got.is_valid


def test_a_corner_beside_a_vertex_does_not_fold_the_ring() -> None:
    square = box(0, 0, 1, 1)

    assert matched(square, np.array([[1 + 1e-7, 0.0]])).is_valid
