"""Streets as cells: pieces, windows along them, the surface under them, and what the engine finds on them."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.sparse import csgraph

from incidents.hotspots import HotspotMap, HotspotParams, Incidents, find_hotspots
from incidents.hotspots.naming import street_names
from incidents.hotspots.scan import cell_map
from incidents.hotspots.streets import StreetLattice, Streets, street_lattice
from incidents.hotspots.values import DAY_S

SIDE = 20
BLOCK_M = 150.0
PARAMS = HotspotParams(as_of_s=1_000 * DAY_S, cell_m=100.0, window_radius_m=150.0)


def town(seed: int, side: int = SIDE) -> Streets:
    """Blocks of about 150 m with crooked corners; every tenth street is missing, as in a grown town."""
    rng = np.random.default_rng(seed)
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    corner = np.column_stack([column.ravel(), row.ravel()]) * BLOCK_M + rng.uniform(-40, 40, (side * side, 2))
    number = np.arange(side * side).reshape(side, side)
    east = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    north = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    ends = np.concatenate([east, north])
    names = [f"Row {end[0] // side}" for end in east] + [f"Lane {end[0] % side}" for end in north]
    kept = rng.random(len(ends)) > 0.1
    lines = np.asarray(shapely.linestrings(corner[ends[kept]]))
    return Streets(lines, ends[kept, 0], ends[kept, 1], tuple(np.array(names)[kept].tolist()))


LATTICE = street_lattice(town(1), PARAMS.cell_m, study_area=None)


def middles_apart(lattice: StreetLattice) -> np.ndarray:
    """Return the way between the middles of all pieces, by one search over everything."""
    count = len(lattice.lines)
    half_m = shapely.length(lattice.lines) / 2
    ways = sparse.lil_array((count + lattice.ends.max() + 1, count + lattice.ends.max() + 1))
    for piece, ends in enumerate(lattice.ends):
        for end in ends:
            ways[piece, count + end] = half_m[piece]
    return csgraph.dijkstra(ways.tocsr(), directed=False)[:count, :count]


def test_pieces_are_no_longer_than_a_cell_and_lose_no_street() -> None:
    streets = town(1)
    lengths = shapely.length(LATTICE.lines)
    assert lengths.max() <= PARAMS.cell_m + 1e-6
    assert lengths.sum() == pytest.approx(shapely.length(streets.lines).sum())
    assert LATTICE.share.sum() * PARAMS.cell_m == pytest.approx(lengths.sum())
    touching = shapely.union_all(LATTICE.lines)
    assert touching.length == pytest.approx(lengths.sum())


def test_pieces_of_one_street_stay_joined() -> None:
    line = shapely.LineString([(0, 0), (500, 0)])
    one = Streets(np.array([line]), np.array([7]), np.array([9]), ("Long Street",))
    lattice = street_lattice(one, 200.0, study_area=None)
    assert len(lattice.lines) == 3
    assert lattice.groups(np.ones((1, 3), dtype=np.bool_)).tolist() == [[1, 1, 1]]
    assert lattice.groups(np.array([[True, False, True]])).tolist() == [[1, 0, 2]]
    assert set(lattice.within(1, 170.0)) == {0, 1, 2}


@given(st.integers(0, 10_000), st.floats(60.0, 700.0))
def test_a_window_holds_the_middles_within_its_radius_along_the_streets(seed: int, radius_m: float) -> None:
    lattice = street_lattice(town(seed, 6), 100.0, study_area=None)
    values = np.random.default_rng(seed).integers(0, 9, lattice.shape)
    near = middles_apart(lattice) <= radius_m
    assert (lattice.window_sum(values, radius_m).ravel() == near.astype(np.int64) @ values.ravel()).all()


def test_a_ring_and_twin_streets_are_measured_once() -> None:
    ring = shapely.LineString([(0, 0), (50, 50), (100, 0), (50, -50), (0, 0)])
    lines = np.array([ring, shapely.LineString([(0, 0), (-80, 0)]), shapely.LineString([(0, 0), (-80, 1)])])
    streets = Streets(lines, np.array([0, 0, 0]), np.array([0, 1, 1]), ("", "", ""))
    lattice = street_lattice(streets, 300.0, study_area=None)
    # Half the ring is 141 m, half a twin 40 m.
    assert set(lattice.within(0, 180.0)) == {0}
    assert set(lattice.within(0, 182.0)) == {0, 1, 2}
    assert set(lattice.within(1, 81.0)) == {1, 2}


def test_the_other_bank_of_a_river_is_not_near() -> None:
    lines = np.array([shapely.LineString([(0, y), (100, y)]) for y in (0, 30)])
    banks = Streets(lines, np.array([0, 2]), np.array([1, 3]), ("North", "South"))
    lattice = street_lattice(banks, 200.0, study_area=None)
    assert set(lattice.within(0, 600.0)) == {0}


def test_an_incident_belongs_to_the_nearest_street_within_reach() -> None:
    line = shapely.LineString([(0, 0), (100, 0)])
    lattice = street_lattice(
        Streets(np.array([line]), np.array([0]), np.array([1]), ("",)), 200.0, study_area=None
    )
    x_m, y_m = np.array([50.0, 50.0, np.nan, -99.0]), np.array([99.0, 101.0, 0.0, 0.0])
    assert lattice.cell_index(x_m, y_m).tolist() == [0, -1, -1, 0]


def test_smoothing_is_the_gaussian_over_the_plane() -> None:
    sd_m = 400.0
    values = np.random.default_rng(3).poisson(2.0, LATTICE.shape).astype(np.float64)
    x_m, y_m = LATTICE.centres(np.arange(values.size))
    squared = (x_m[:, None] - x_m) ** 2 + (y_m[:, None] - y_m) ** 2
    kernel = np.exp(-squared / (2 * sd_m**2)) / (2 * np.pi * sd_m**2) * LATTICE.cell_area_m2
    assert LATTICE.smooth(values, sd_m).ravel() == pytest.approx(kernel @ values.ravel(), rel=0.01)


def test_towns_of_noise_show_nothing_in_95_of_100() -> None:
    rng = np.random.default_rng(5)
    towns, shown = 100, 0
    for per_cell in (0.3, 2.0):
        rate = per_cell * LATTICE.share
        for _ in range(towns // 2):
            recent = rng.poisson(rate)
            blocks = list(rng.poisson(rate, (13, *rate.shape)))
            history = np.sum(blocks, axis=0) + rng.poisson(13 * rate)
            shown += bool(cell_map(recent, history, LATTICE, PARAMS, blocks=blocks).flagged.any())
    assert shown <= stats.binom.isf(0.001, towns, PARAMS.q)


def test_a_street_with_four_times_as_many_is_found_and_named() -> None:
    streets = town(1)
    rng = np.random.default_rng(8)
    x_m, _ = LATTICE.centres(np.arange(LATTICE.share.size))
    hot = np.array([name == "Row 10" for name in LATTICE.names]) & (x_m > 1_000) & (x_m < 2_000)
    rate = 4.0 * LATTICE.share[0]
    found = find_hotspots(
        made(rng, recent=rate * np.where(hot, 4.0, 1.0), history=26 * rate),
        None,
        PARAMS,
        1,
        cell_shape="street",
        streets=streets,
    )
    assert isinstance(found, HotspotMap)
    assert len(found.places) == 1
    (place,) = found.places
    truly = [bool(hot[cell]) for cell in place.cells]
    assert sum(truly) >= 0.7 * hot.sum()
    assert np.mean(truly) > 0.35
    assert street_names(found.places, streets)[0][0] == "Row 10"
    assert place.geom_metric.area == pytest.approx(place.area_m2)


def made(rng: np.random.Generator, *, recent: np.ndarray, history: np.ndarray) -> Incidents:
    """Return incidents at the middles of pieces, so many expected on each in the two periods."""
    counts = [rng.poisson(recent), rng.poisson(history)]
    piece = np.concatenate([np.repeat(np.arange(len(each)), each) for each in counts])
    x_m, y_m = LATTICE.centres(piece)
    t_s = np.concatenate(
        [
            rng.integers(span.start_s, span.end_s, int(each.sum()))
            for span, each in zip((PARAMS.recent, PARAMS.history), counts, strict=True)
        ]
    )
    none = np.zeros(len(piece))
    return Incidents(x_m, y_m, t_s, none.astype(np.int16), none.astype(np.int32))


def test_streets_are_needed_and_must_lie_in_the_area() -> None:
    none = np.zeros(1)
    empty = Incidents(none, none, none.astype(np.int64), none.astype(np.int16), none.astype(np.int32))
    with pytest.raises(ValueError, match="no streets"):
        find_hotspots(empty, None, PARAMS, 1, cell_shape="street")
    with pytest.raises(ValueError, match="no street lies"):
        street_lattice(town(1), 100.0, study_area=shapely.box(-900, -900, -800, -800))
