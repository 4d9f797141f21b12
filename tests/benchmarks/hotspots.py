"""Hotspots over half a million incidents: from a file, in memory, from the database and back.

The incidents are the 532,222 of Chicago 2016-2017 when ../shared/data is present, else a generated city of
500,000 with planted hotspots; ``quick`` takes every tenth. Beside them the permutations of esda on the same
lattice, growth with the number of incidents, maps of pure noise, and a backtest of a year of weeks.
"""

import csv
import gzip
import io
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import shapely
from esda.getisord import G_Local
from libpysal.weights import WSP
from scipy import sparse, stats
from sqlalchemy import text

from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.shapes.crs import metric_epsg, shape_to_metric, to_lonlat, to_metric
from incidents.hotspots import HotspotMap, HotspotParams, Incidents, find_hotspots
from incidents.hotspots.cube import bin_incidents
from incidents.hotspots.development import developments
from incidents.hotspots.forecast import (
    SIMPLE_NAMES,
    Backtest,
    BacktestParams,
    Rhythm,
    backtest,
    ground_of_incidents,
    past_of,
)
from incidents.hotspots.lattice import lattice_of_incidents, lattice_over
from incidents.hotspots.local_statistics import gi_star, window_weights
from incidents.hotspots.scan import cell_map, surroundings_map
from incidents.jobs import request_find
from incidents.register import Reading, read_register
from incidents.service import HotspotQuestion, load_task, store_map
from tests.benchmarks.figure import Figure, at_least, at_most, measured
from tests.benchmarks.scratch import scratch_database

CHICAGO = "chicago_crimes/chicago_all_2016_2017.csv.gz"
GENERATED_COUNT = 500_000
BURGLARIES = "chicago_crimes/chicago_burglary_2011_2018.csv.gz"
# The issues' own limits: for 500,000 incidents from the database, from a file, and for 52 origins.
LIMIT_S = 5.0
FILE_LIMIT_S = 2.0
BACKTEST_LIMIT_S = 120.0
REPEATS = 5


@dataclass(frozen=True)
class City:
    """Incidents of a city: degrees (EPSG:4326), seconds of local wall clock, and the name of each type."""

    label: str
    lonlat: npt.NDArray[np.float64]
    t_s: npt.NDArray[np.int64]
    type_id: npt.NDArray[np.int32]
    type_names: list[str]


def run(quick: bool, seed: int) -> list[Figure]:
    """Return seconds in memory and from the database, and what was found."""
    city = _thinned(_city(seed), 10 if quick else 1)
    margin_deg = 0.005
    box = shapely.box(*(city.lonlat.min(axis=0) - margin_deg), *(city.lonlat.max(axis=0) + margin_deg))
    figures = [measured(f"incidents ({city.label})", len(city.t_s), "rows")]
    figures += _from_file(city) + _in_memory(city, box, seed) + _beside_esda(city, box)
    figures += _growth(seed, quick=quick) + _noise(seed, 20 if quick else 500)
    return figures + _backtest(seed, quick=quick) + _from_database(city, box, seed)


def _from_file(city: City) -> list[Figure]:
    """Return seconds from a file to tested windows, emerging classes and polygons."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.csv.gz"
        rows = zip(city.lonlat.tolist(), city.t_s.astype("datetime64[s]").tolist(), city.type_id, strict=True)
        lines = [f"{lon},{lat},{t.isoformat()},{city.type_names[k]}" for (lon, lat), t, k in rows]
        path.write_bytes(gzip.compress("\n".join(["lon,lat,datetime,type", *lines]).encode(), 6))
        spent, found = _timed(lambda: _file_to_places(path), REPEATS)
    return [
        at_most("file to cube, tests, classes, polygons (median)", spent, "s", limit=FILE_LIMIT_S),
        measured("places found in the file", len(found.places), "places"),
    ]


def _file_to_places(path: Path) -> HotspotMap:
    register = read_register(path, Reading("lon", "lat", "datetime", {}))
    params = HotspotParams(as_of_s=int(register.incidents.t_s.max()) + 1)
    found = find_hotspots(register.incidents, None, params, 1)
    assert isinstance(found, HotspotMap)
    developments(bin_incidents(register.incidents, found.lattice), found.lattice, params)
    return found


def _beside_esda(city: City, box: shapely.Polygon) -> list[Figure]:
    """Return seconds of 999 permutations of esda's local G on the counts, for comparison."""
    epsg = metric_epsg(*city.lonlat[0])
    xy = to_metric(city.lonlat, epsg)
    lattice = lattice_of_incidents(xy[:, 0], xy[:, 1], 200.0)
    counts = np.bincount(lattice.cell_index(xy[:, 0], xy[:, 1]), minlength=lattice.share.size)
    values = counts[lattice.inside.ravel()].astype(float)
    weights = window_weights(lattice, 300.0, star=True)
    theirs = WSP(sparse.csr_matrix(weights)).to_W(silence_warnings=True)
    spent, _ = _timed(lambda: G_Local(values, theirs, transform="B", star=None, permutations=999), 1)
    ours, _ = _timed(lambda: gi_star(values, weights), 1)
    return [
        measured(f"esda G_Local, 999 permutations, {len(values)} cells", spent, "s"),
        measured("the same Gi* scores here, without permutations", ours, "s"),
    ]


def _growth(seed: int, *, quick: bool) -> list[Figure]:
    """Return seconds in memory for ten and a hundred times as many incidents."""
    rng = np.random.default_rng(seed)
    area = shapely.box(0, 0, 20_000, 20_000)
    figures = []
    for count in (5_000, 50_000) if quick else (50_000, 500_000, 5_000_000):
        xy = rng.uniform(0, 20_000, (count, 2))
        t_s = rng.integers(0, 730 * 86_400, count)
        hours = rng.integers(0, 168, count).astype(np.int16)
        made = Incidents(xy[:, 0], xy[:, 1], t_s, hours, np.zeros(count, np.int32))
        params = HotspotParams(as_of_s=730 * 86_400)
        spent, _ = _timed(partial(find_hotspots, made, area, params, seed), 1)
        figures.append(measured(f"arrays to places, {count} incidents", spent, "s"))
    return figures


def _noise(seed: int, towns: int) -> list[Figure]:
    """Return the share of towns of pure noise that show anything, with the binomial margin for 5 %."""
    lattice = lattice_over(shapely.box(0, 0, 10_000, 10_000), 200.0)
    params = HotspotParams(as_of_s=0)
    limit = float(stats.binom.isf(0.001, towns, params.q)) / towns
    figures = []
    for per_cell in (0.1, 0.3, 1.0, 7.0):
        rng = np.random.default_rng([seed, int(10 * per_cell)])
        shown = alone = 0
        for _ in range(towns):
            recent = rng.poisson(per_cell, lattice.shape)
            blocks = list(rng.poisson(per_cell, (13, *lattice.shape)))
            history = np.sum(blocks, axis=0) + rng.poisson(per_cell * 13, lattice.shape)
            shown += bool(cell_map(recent, history, lattice, params, blocks=blocks).flagged.any())
            alone += bool(surroundings_map(recent, 0 * recent, lattice, params).flagged.any())
        name = f"of {towns} noise towns at {per_cell:g} per cell show anything"
        figures.append(at_most(f"{name}: against history", shown / towns, "share", limit=limit))
        figures.append(at_most(f"{name}: surroundings", alone / towns, "share", limit=limit))
    return figures


def _backtest(seed: int, *, quick: bool) -> list[Figure]:
    """Return seconds and hit rates of a year of weekly origins over Chicago's burglaries, if present.

    `quick`: one origin on cells of 500 m with a shortened training, too little to judge the hit rate by.
    """
    path = Path(os.environ.get("GRIDPATROL_TEST_DATA", "../shared/data")) / BURGLARIES
    if not path.exists():
        return []
    register = read_register(path, Reading("lon", "lat", "datetime", {}))
    first_d, last_d = (float(np.datetime64(day, "D").astype(int)) for day in ("2017-01-01", "2018-01-01"))
    known = register.incidents.t_s < first_d * 86_400
    ground = ground_of_incidents(
        register.incidents.x_m[known], register.incidents.y_m[known], 500.0 if quick else 200.0
    )
    past = past_of(register.incidents, ground)
    params = (
        BacktestParams(first_d, first_d + 7, rhythm=Rhythm(training=13), warm_up=4)
        if quick
        else BacktestParams(first_d, last_d)
    )
    spent, found = _timed(lambda: backtest(past, ground, params, seed), 1)
    assert isinstance(found, Backtest)
    simple = max(found.scores[name][1].hit_rate for name in SIMPLE_NAMES)
    chosen = found.chosen[1].hit_rate
    return [
        at_most(f"backtest, {len(found.origins_d)} weekly origins", spent, "s", limit=BACKTEST_LIMIT_S),
        measured("hit rate at 5 % of the area: chosen", chosen, "share")
        if quick
        else at_least("hit rate at 5 % of the area: chosen", chosen, "share", limit=0.98 * simple),
        measured("hit rate at 5 % of the area: counting", found.scores["count"][1].hit_rate, "share"),
        measured("hit rate at 5 % of the area: best simple map", simple, "share"),
    ]


def _in_memory(city: City, box: shapely.Polygon, seed: int) -> list[Figure]:
    epsg = metric_epsg(*city.lonlat[0])
    area = shape_to_metric(box, epsg)
    xy = to_metric(city.lonlat, epsg)
    hour_of_week = ((city.t_s // 86_400 + 3) % 7 * 24 + city.t_s // 3600 % 24).astype(np.int16)
    incidents = Incidents(xy[:, 0], xy[:, 1], city.t_s, hour_of_week, city.type_id)
    params = HotspotParams(as_of_s=int(city.t_s.max()) + 1)
    spent, found = _timed(lambda: find_hotspots(incidents, area, params, seed), REPEATS)
    assert isinstance(found, HotspotMap)
    return [
        at_most("arrays to places, in memory (median)", spent, "s", limit=LIMIT_S),
        measured("cells tested", found.tested_cells, "cells"),
        measured("places found", len(found.places), "places"),
    ]


def _from_database(city: City, box: shapely.Polygon, seed: int) -> list[Figure]:
    question = HotspotQuestion(seed=seed, as_of=datetime.fromtimestamp(int(city.t_s.max()) + 1, UTC))
    with scratch_database():
        area_id = _fill(city, box)
        first, *later = [_job_seconds(area_id, question) for _ in range(4)]
        with transaction(Scope.everything(), statement_timeout_s=600) as session:
            area = session.get_one(Area, area_id)
            load_s, task = _timed(lambda: load_task(session, area, question), 3)
            found = find_hotspots(task.incidents, task.study_area, task.params, seed)
            assert isinstance(found, HotspotMap)
            run_id = session.execute(text("SELECT max(id) FROM job_run")).scalar_one()
            store_s, _ = _timed(lambda: store_map(session, run_id, area, task=task, found=found), 1)
    return [
        at_most("request to stored hotspots, first after the import", first, "s", limit=LIMIT_S),
        at_most("request to stored hotspots, later (median)", statistics.median(later), "s", limit=LIMIT_S),
        measured("of which loading", load_s, "s"),
        measured("of which naming and storing", store_s, "s"),
    ]


def _job_seconds(area_id: int, question: HotspotQuestion) -> float:
    started = time.perf_counter()
    with transaction(Scope.everything()) as session:
        run_id = request_find(session, session.get_one(Area, area_id), question).id
    execute(run_id)
    spent = time.perf_counter() - started
    with transaction(Scope.everything()) as session:
        done = session.get_one(JobRun, run_id)
        assert done.state == "done", (done.state, done.error)
    return spent


def _fill(city: City, box: shapely.Polygon) -> int:
    with transaction(Scope.everything(), statement_timeout_s=600) as session:
        county = create_area(session, NewArea("county", "999999", "Benchmark", boundary=box), None)
        codes = [f"benchmark_{number}" for number in range(len(city.type_names))]
        session.execute(
            text(
                "INSERT INTO incident_type (code, name_zh, name_en) "
                "SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]), CAST(:names AS text[]))"
            ),
            {"codes": codes, "names": city.type_names},
        )
        for part in np.array_split(np.arange(len(city.t_s)), max(len(city.t_s) // 50_000, 1)):
            session.execute(
                text(
                    "INSERT INTO incident (county_id, area_id, area_path, type_code, occurred_at, geom) "
                    "SELECT :area, :area, CAST(:path AS ltree), :prefix || type, to_timestamp(t), "
                    "ST_SetSRID(ST_MakePoint(lon, lat), 4326) FROM unnest(CAST(:lon AS float8[]), "
                    "CAST(:lat AS float8[]), CAST(:t AS bigint[]), CAST(:type AS int[])) "
                    "AS u(lon, lat, t, type)"
                ),
                {
                    "area": county.id,
                    "path": county.path,
                    "prefix": "benchmark_",
                    "lon": city.lonlat[part, 0].tolist(),
                    "lat": city.lonlat[part, 1].tolist(),
                    "t": city.t_s[part].tolist(),
                    "type": city.type_id[part].tolist(),
                },
            )
        return county.id


def _timed[T](work: Callable[[], T], repeats: int) -> tuple[float, T]:
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = work()
        spent.append(time.perf_counter() - started)
    return statistics.median(spent), result


def _city(seed: int) -> City:
    path = Path(os.environ.get("GRIDPATROL_TEST_DATA", "../shared/data")) / CHICAGO
    return _read(path) if path.exists() else _generated(seed)


def _thinned(city: City, step: int) -> City:
    return City(city.label, city.lonlat[::step], city.t_s[::step], city.type_id[::step], city.type_names)


def _read(path: Path) -> City:
    with gzip.open(path) as raw:
        rows = list(csv.DictReader(io.TextIOWrapper(raw, "utf-8")))
    lonlat = np.array([(float(row["lon"]), float(row["lat"])) for row in rows])
    t_s = np.array([row["datetime"] for row in rows], dtype="datetime64[s]").astype(np.int64)
    names, type_id = np.unique([row["type"] for row in rows], return_inverse=True)
    return City("Chicago 2016-2017", lonlat, t_s, type_id.astype(np.int32), names.tolist())


def _generated(seed: int) -> City:
    """Return two years of a town of 20 x 20 km, three centres, and five hotspots in the last four weeks."""
    rng = np.random.default_rng(seed)
    end_s = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    centres = np.array([(0, 0), (5_000, 2_000), (-4_000, 6_000)])
    usual = centres[rng.integers(3, size=GENERATED_COUNT)] + rng.normal(0, 3_000, (GENERATED_COUNT, 2))
    t_s = end_s - rng.integers(1, 730 * 86_400, GENERATED_COUNT)
    hot = rng.choice(np.flatnonzero(t_s > end_s - 28 * 86_400), 600, replace=False)
    usual[hot] = rng.uniform(-6_000, 6_000, (5, 2))[rng.integers(5, size=600)] + rng.normal(0, 120, (600, 2))
    epsg = metric_epsg(119.2, 30.1)
    origin = to_metric(np.array([[119.2, 30.1]]), epsg)
    type_id = rng.integers(8, size=GENERATED_COUNT).astype(np.int32)
    return City("generated", to_lonlat(usual + origin, epsg), t_s, type_id, [f"type {n}" for n in range(8)])
