"""Hotspots over half a million incidents: in memory (arrays to places), and from the database and back.

The incidents are the 532,222 of Chicago 2016-2017 when ../shared/data is present, else a generated city of
500,000 with planted hotspots; ``quick`` takes every tenth.
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
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import text

from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.shapes.crs import metric_epsg, shape_to_metric, to_lonlat, to_metric
from incidents.hotspots import HotspotMap, HotspotParams, Incidents, find_hotspots
from incidents.jobs import request_find
from incidents.service import HotspotQuestion, load_task, store_map
from tests.benchmarks.figure import Figure, at_most, measured
from tests.benchmarks.scratch import scratch_database

CHICAGO = "chicago_crimes/chicago_all_2016_2017.csv.gz"
GENERATED_COUNT = 500_000
# The issue's own limit for 500,000 incidents.
LIMIT_S = 5.0
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
    return figures + _in_memory(city, box, seed) + _from_database(city, box, seed)


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
