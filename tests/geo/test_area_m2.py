"""Areas on the ellipsoid, whatever way rings run."""

import pytest
import shapely
from pyproj import Geod
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.polygon import orient

from geo.shapes.crs import area_m2

OUTER, HOLE = box(119, 30, 119.1, 30.1), box(119.02, 30.02, 119.05, 30.06)


def ring(shape: Polygon, *, counter_clockwise: bool) -> list[tuple[float, ...]]:
    return list(orient(shape, 1 if counter_clockwise else -1).exterior.coords)


@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("hole", [True, False])
def test_a_hole_counts_less_whichever_way_it_runs(outer: bool, hole: bool) -> None:
    courtyard = Polygon(ring(OUTER, counter_clockwise=outer), [ring(HOLE, counter_clockwise=hole)])

    assert area_m2(courtyard) == pytest.approx(area_m2(OUTER) - area_m2(HOLE), abs=1e-3)


def test_an_area_is_karneys() -> None:
    for shape in (OUTER, box(-70, -33, -69.9, -32.9), shapely.buffer(Point(119, 30), 0.01)):
        karney_m2, _ = Geod(ellps="WGS84").geometry_area_perimeter(orient(shape))
        assert area_m2(shape) == pytest.approx(karney_m2, rel=1e-12)


@pytest.mark.parametrize("shape", [Polygon(), MultiPolygon(), LineString([(0, 0), (1, 1)]), Point(0, 0)])
def test_what_has_no_ground_has_no_area(shape: shapely.Geometry) -> None:
    assert area_m2(shape) == 0.0


def test_parts_are_summed() -> None:
    apart = box(120, 30, 120.1, 30.1)
    mixed = GeometryCollection([OUTER, apart, Point(0, 0)])

    assert area_m2(MultiPolygon([OUTER, apart])) == pytest.approx(2 * area_m2(OUTER))
    assert area_m2(mixed) == pytest.approx(2 * area_m2(OUTER))
