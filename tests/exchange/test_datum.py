"""GCJ-02 and BD-09: equal to gcoord, undone to a millimetre, and told apart by the roads."""

import time
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict
from core.intake.provenance import Provenance
from core.intake.vector import Layer
from geo.areas.inlet import in_wgs84
from geo.shapes.datum import (
    SHIFTED_BOX,
    Datum,
    bd09_of_gcj02,
    from_wgs84,
    gcj02_of_bd09,
    gcj02_of_wgs84,
    to_wgs84,
    wgs84_of_gcj02,
)
from geo.shapes.datum_fit import LEAST_RATIO, Verdict, detect_datum
from webapp.demo.frame import to_lonlat
from webapp.demo.town import make_town

# lon, lat, as GCJ-02 of WGS 84 and as BD-09 of GCJ-02 by the npm package gcoord 1.0.7; the last two lie
# outside its box, the two before on its corners.
GCOORD = [
    (119.2, 30.1, 119.20513860588163, 30.09756785559295, 119.20652835649038, 30.105816959383844),
    (116.403988, 39.914266, 116.41023240747266, 39.915670251113426, 116.41035800409783, 39.920603218738634),
    (121.4737, 31.2304, 121.47822305927693, 31.22845773757727, 121.48023740342614, 31.236334819793708),
    (113.2644, 23.1291, 113.26972959210308, 23.126423339922844, 113.27083292703821, 23.13532860729331),
    (87.6168, 43.8256, 87.61964994946926, 43.82680539311119, 87.62323360789793, 43.831776257793095),
    (91.1409, 29.6456, 91.14242933648593, 29.642863987365978, 91.14749433480691, 29.651328668751127),
    (126.535, 45.8038, 126.54104035015793, 45.80578152514843, 126.54161490510698, 45.8094268777196),
    (110.3312, 20.0311, 110.33557084396945, 20.029053664963516, 110.3377449840336, 20.03680191981772),
    (75.9898, 39.4704, 75.99275499023025, 39.470627026037526, 75.99629020958527, 39.47639794600236),
    (104.0668, 30.5728, 104.06930547724922, 30.570346141080414, 104.07326572102076, 30.57884648835962),
    (72.004, 0.8293, 72.00770910286256, 0.8305627680116211, 72.01048693889018, 0.8355111691861248),
    (137.8347, 55.8271, 137.84372854975533, 55.829618112159295, 137.84133859634227, 55.83281047338818),
    (72.003, 30, 72.003, 30, 72.00941110773327, 30.00621334943907),
    (-87.6298, 41.8781, -87.6298, 41.8781, -87.6232995233672, 41.88409639056736),
]
# One metre is 9e-6 degrees of latitude.
MILLIMETRE_DEG = 9e-9


@pytest.mark.parametrize("row", GCOORD, ids=lambda row: f"{row[0]},{row[1]}")
def test_the_shifts_equal_the_reference_package(row):
    there = np.array([row[:2]])
    assert np.abs(gcj02_of_wgs84(there) - [row[2:4]]).max() < 1e-9
    assert np.abs(bd09_of_gcj02(there) - [row[4:6]]).max() < 1e-9


@given(st.floats(73.5, 134.8), st.floats(3.8, 53.6))
def test_both_shifts_can_be_undone_to_a_millimetre(lon, lat):
    there = np.array([[lon, lat]])
    for datum in (Datum.GCJ02, Datum.BD09):
        assert np.abs(to_wgs84(from_wgs84(there, datum), datum) - there).max() < MILLIMETRE_DEG
    assert np.abs(gcj02_of_bd09(bd09_of_gcj02(there)) - there).max() < 1e-9


@given(st.floats(-180, 180), st.floats(-85, 85))
def test_outside_the_box_gcj02_is_wgs84(lon, lat):
    west, south, east, north = SHIFTED_BOX
    there = np.array([[lon, lat]])
    if not (west <= lon <= east and south <= lat <= north):
        assert (gcj02_of_wgs84(there) == there).all()
        assert (wgs84_of_gcj02(there) == there).all()


def test_the_inverse_ends_on_the_edge_of_the_box_too():
    west, south, east, north = SHIFTED_BOX
    edge = np.array([[west, lat] for lat in np.linspace(south, north, 200)])
    edge = np.concatenate([edge, np.array([[lon, north] for lon in np.linspace(west, east, 200)])])
    assert np.isfinite(wgs84_of_gcj02(edge)).all()
    # Nowhere is anything moved further than the shift itself reaches.
    assert np.abs(wgs84_of_gcj02(edge) - edge).max() < 0.02


def test_no_points_are_no_error():
    assert gcj02_of_bd09(np.empty((0, 2))).shape == (0, 2)
    assert wgs84_of_gcj02(np.empty((0, 2))).shape == (0, 2)


@cache
def town():
    made = make_town(7, 1_200, datetime(2026, 11, 1, tzinfo=UTC))
    return made.areas.shapes[made.areas.rows("grid")], list(to_lonlat(made.roads.sections.lines_m))


def shifted(shapes, datum):
    return list(shapely.transform(np.asarray(shapes, object), lambda xy: from_wgs84(xy, datum)))


@pytest.mark.parametrize("datum", list(Datum))
def test_the_datum_of_a_towns_grids_is_found(datum):
    grids, roads = town()
    fit = detect_datum(shifted(grids, datum), roads)
    assert (fit.verdict, fit.datum) == (Verdict.FOUND, datum)
    assert fit.ratio > 2 * LEAST_RATIO
    assert [candidate.near_share for candidate in fit.ranking] == sorted(
        (candidate.near_share for candidate in fit.ranking), reverse=True
    )
    assert detect_datum(shifted(grids, datum), roads) == fit


@pytest.mark.parametrize("datum", list(Datum))
def test_a_single_grid_is_never_taken_for_another_datum(datum):
    grids, roads = town()
    for grid in grids[::9]:
        assert detect_datum(shifted([grid], datum), roads).datum in {datum, None}


def test_points_on_streets_tell_it_as_well():
    grids, roads = town()
    corners = shapely.points(from_wgs84(shapely.get_coordinates(grids), Datum.BD09))
    assert detect_datum(list(corners), roads).datum is Datum.BD09


@pytest.mark.parametrize("seed", range(4))
def test_polygons_that_ignore_the_streets_tell_nothing(seed):
    grids, roads = town()
    west, south, east, north = shapely.total_bounds(grids)
    rng = np.random.default_rng(seed)
    centres = np.column_stack([rng.uniform(west, east, 40), rng.uniform(south, north, 40)])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(centres)))
    fit = detect_datum(list(cells), roads)
    assert (fit.verdict, fit.datum) == (Verdict.ALIKE, None)


def test_a_shift_applied_twice_is_told_but_no_datum():
    grids, roads = town()
    twice = shapely.transform(grids, lambda xy: gcj02_of_wgs84(gcj02_of_wgs84(xy)))
    fit = detect_datum(list(twice), roads)
    assert (fit.verdict, fit.datum) == (Verdict.SHIFTED, None)
    moved = (gcj02_of_wgs84(gcj02_of_wgs84(np.array([[119.2, 30.1]]))) - [119.2, 30.1]) * [96_450, 110_850]
    # Two cells of the search, for the shift differs across the town by some metres.
    assert np.abs(np.array(fit.offset_m) + moved[0]).max() < 20


def test_what_cannot_be_told_says_why():
    grids, roads = town()
    assert detect_datum([], roads).verdict is Verdict.TOO_LITTLE
    assert detect_datum([shapely.box(119.2, 30.1, 119.201, 30.101)], roads).verdict is Verdict.TOO_LITTLE
    assert detect_datum(list(shapely.points([[119.2, 30.1]] * 20)), roads).verdict is Verdict.TOO_LITTLE
    far = shapely.transform(grids, lambda xy: xy + np.array([2, 1]))
    assert detect_datum(list(far), roads).verdict is Verdict.NO_ROADS
    assert detect_datum(list(grids), []).verdict is Verdict.NO_ROADS
    chicago = shapely.transform(grids, lambda xy: xy - [206, -12])
    assert detect_datum(list(chicago), roads).verdict is Verdict.OUTSIDE_CHINA


def test_a_file_across_the_edge_of_the_box_is_judged_by_its_part_inside():
    grids, roads = town()
    step = [SHIFTED_BOX[0] - 119.2, 8.0]
    across = shapely.transform(grids, lambda xy: xy + step)
    streets = list(shapely.transform(np.asarray(roads, object), lambda xy: xy + step))
    fit = detect_datum(shifted(across, Datum.GCJ02), streets)
    assert fit.datum in {Datum.GCJ02, None}
    assert detect_datum(list(across), streets).datum in {Datum.WGS84, None}


def layer_of(shapes):
    origin = Provenance("grids.gpkg", "0" * 64, "GPKG", "grids", "utf-8", "", "EPSG:4326")
    return Layer("grids", np.asarray(shapes, object), (), [], "EPSG:4326", "utf-8", provenance=origin)


def test_a_layer_is_converted_once_and_never_twice():
    grids, roads = town()
    layer = layer_of(shifted(grids, Datum.GCJ02))
    once = in_wgs84(layer, detect_datum(list(layer.geometries), roads))
    assert shapely.equals_exact(once.geometries, grids, tolerance=1.1e-7).all()
    assert (once.provenance.datum, once.provenance.datum_why, once.provenance.converted) == (
        "gcj02",
        "found",
        True,
    )
    with pytest.raises(Conflict, match="datum_converted"):
        in_wgs84(once, Datum.GCJ02)


def test_a_fit_that_says_wgs84_moves_nothing():
    grids, roads = town()
    layer = layer_of(grids)
    same = in_wgs84(layer, detect_datum(list(grids), roads))
    assert same.geometries is layer.geometries
    assert not same.provenance.converted


def test_without_a_clear_fit_a_person_must_choose():
    layer = layer_of([shapely.box(119.2, 30.1, 119.201, 30.101)])
    with pytest.raises(Conflict, match="datum_unsure"):
        in_wgs84(layer, detect_datum(list(layer.geometries), town()[1]))
    assert in_wgs84(layer, Datum.BD09).provenance.datum_why == "chosen"


def test_a_ring_of_countless_corners_is_sampled_in_one_walk() -> None:
    """Processor time: what other programs do meanwhile does not count."""
    turns = np.arange(150_000.0)
    ring = shapely.Polygon(np.column_stack([120 + 1e-4 * np.cos(turns), 30 + 1e-4 * np.sin(1.7 * turns)]))
    roads = [shapely.LineString([(119.99, 30 + n / 1e4), (120.01, 30 + n / 1e4)]) for n in range(20)]
    began = time.process_time()

    detect_datum([ring], roads)

    assert time.process_time() - began < 4
