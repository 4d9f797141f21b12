"""Vector tiles of a demo town of a million households, cut anew through the application, in one process.

Tiles are drawn by zoom and then by where people live, as people look at maps. Every address is asked
once, and kept tiles are thrown away before each, so every answer is cut from the database. ``quick``
takes the town of 12,000 households.

Beside the time a tile takes stands the processor time it costs, in this process and in the database: what
other programs of the machine do meanwhile makes tiles late, but hardly dearer.
"""

import gzip
import math
import os
import re
import statistics
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import psycopg
from flask.testing import FlaskClient
from sqlalchemy import text

import webapp.kept
from core.clock import now
from core.db import Scope, transaction
from geo.areas.queries import counties
from geo.staff.service import create_account
from tests.benchmarks.figure import Figure, at_most, measured
from tests.benchmarks.scratch import scratch_database
from webapp.demo.load import load_town
from webapp.demo.town import make_town
from webapp.factory import create_app
from webapp.tiles.layer import LAYERS

HOUSEHOLDS, QUICK_HOUSEHOLDS = 1_000_000, 12_000
ZOOMS = range(19)
PER_ZOOM = 12
LIMIT_MS, LIMIT_KB = 25.0, 200.0
PASSWORD = "benchmark-only-password"  # of a database that lives for minutes
#: Who looks: one who sees the whole county, one who draws, and one who sees a single grid.
ROLES = ("leader", "boundary", "captain")
WHO_ASKS = {"drafts": ("boundary",), "dwellings": ("leader", "captain")}


@dataclass(frozen=True)
class Answer:
    """One tile: its layer and zoom, how long it took, what it cost and how large it was unpacked."""

    layer: str
    zoom: int
    duration_ms: float
    processor_ms: float
    size_kb: float


def run(quick: bool, seed: int) -> list[Figure]:
    """Return times and sizes of tiles of every layer."""
    households = QUICK_HOUSEHOLDS if quick else HOUSEHOLDS
    # Logs of thousands of requests would be measured along.
    os.environ["GRIDPATROL_LOG_LEVEL"] = "ERROR"
    os.environ["GRIDPATROL_REQUEST_LIMIT"] = "1000000 per minute"
    with scratch_database():
        began = time.perf_counter()
        town = make_town(seed, households, now().replace(microsecond=0))
        generated_s = time.perf_counter() - began
        with transaction(Scope.everything(), statement_timeout_s=3600) as session:
            counts = load_town(session, town)
        loaded_s = time.perf_counter() - began - generated_s
        _settle()
        homes = _homes(seed)
        clients = {role: _client(role) for role in ROLES}
        answers = _measure(clients, homes, seed)
    return [
        measured("households", counts.get("household", households), "rows"),
        measured("generating the town", generated_s, "s"),
        measured("loading the town", loaded_s, "s"),
        *_figures(answers),
    ]


def _settle() -> None:
    """Let the database know its tables as it does some minutes after an import."""
    owner = os.environ["GRIDPATROL_OWNER_URL"].replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _homes(seed: int) -> np.ndarray:
    """Return (n, 2) degrees of dwellings drawn at random."""
    with transaction(Scope.everything()) as session:
        rows = session.execute(
            text(
                "SELECT ST_X(geom), ST_Y(geom) FROM dwelling "
                "WHERE mod(id * 7919 + :seed, (SELECT greatest(count(*) / 5000, 1) FROM dwelling)) = 0"
            ),
            {"seed": seed},
        ).all()
    return np.array([tuple(row) for row in rows])


def _client(role: str) -> FlaskClient:
    with transaction(Scope.everything()) as session:
        area = counties(session)[0]
        if role == "captain":
            busiest = session.scalar(
                text(
                    "SELECT area_id FROM dwelling_cell WHERE zoom = 8 "
                    "ORDER BY dwelling_count DESC, area_id LIMIT 1"
                )
            )
            area = session.get_one(type(area), busiest)
        create_account(
            session, login=f"bench-{role}", name=role, role_code=role, area=area, password=PASSWORD
        )
    webapp.kept.quick_redis.cache_clear()
    client = create_app().test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)
    assert token is not None
    form = {"login_name": f"bench-{role}", "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/login", data=form).status_code == 303
    return client


def _measure(clients: dict[str, FlaskClient], homes: np.ndarray, seed: int) -> list[Answer]:
    rng = np.random.default_rng(seed)
    answers = []
    for layer in LAYERS:
        for role in WHO_ASKS.get(layer, ("leader",)):
            name = layer if role != "captain" else f"{layer} of one grid"
            for _ in range(3):  # connections and plans of a process that has begun
                _ask(clients[role], layer, (0, 0, 0))
            _backends.cache_clear()
            for zoom in ZOOMS:
                addresses = _addresses(homes, zoom, rng)
                answers += [_ask(clients[role], layer, address, name=name) for address in addresses]
    return answers


def _addresses(homes: np.ndarray, zoom: int, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    lon, lat = homes[rng.integers(len(homes), size=PER_ZOOM)].T
    side = 1 << zoom
    x = ((lon + 180) / 360 * side).astype(int)
    y = ((1 - np.arcsinh(np.tan(np.radians(lat))) / math.pi) / 2 * side).astype(int)
    return sorted({(zoom, int(column), int(row)) for column, row in zip(x, y, strict=True)})


def _ask(client: FlaskClient, layer: str, address: tuple[int, int, int], *, name: str = "") -> Answer:
    webapp.kept.quick_redis().delete(*(webapp.kept.quick_redis().keys("gridpatrol:tile:*") or ["none"]))
    z, x, y = address
    spent_ms, began = _processor_ms(), time.perf_counter()
    answer = client.get(f"/tiles/{layer}/{z}/{x}/{y}.mvt", headers={"Accept-Encoding": "gzip"})
    duration_ms = (time.perf_counter() - began) * 1000
    spent_ms = _processor_ms() - spent_ms
    assert answer.status_code in (200, 204), answer.text
    size = len(gzip.decompress(answer.data)) if answer.data else 0
    return Answer(name or layer, z, duration_ms, spent_ms, size / 1000)


@lru_cache(maxsize=1)
def _backends() -> list[int]:
    """Return the processes of the database that serve this one."""
    owner = os.environ["GRIDPATROL_OWNER_URL"].replace("postgresql+psycopg", "postgresql")
    statement = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user"
    )
    with psycopg.connect(owner) as connection:
        return [pid for (pid,) in connection.execute(statement).fetchall()]


def _processor_ms() -> float:
    """Return the processor time spent so far by this process and those of the database that serve it."""
    database_ns = sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in _backends())
    return time.process_time() * 1000 + database_ns / 1e6


def _figures(answers: list[Answer]) -> list[Figure]:
    figures = []
    for name in dict.fromkeys(answer.layer for answer in answers):
        times = [answer.duration_ms for answer in answers if answer.layer == name]
        figures.append(at_most(f"{name}: p95", _p95(times), "ms", limit=LIMIT_MS))
        figures.append(measured(f"{name}: slowest", max(times), "ms"))
        costs = [answer.processor_ms for answer in answers if answer.layer == name]
        figures.append(measured(f"{name}: p95 of processor time", _p95(costs), "ms"))
    for zoom in ZOOMS:
        times = [answer.duration_ms for answer in answers if answer.zoom == zoom]
        figures.append(measured(f"zoom {zoom}: p95", _p95(times), "ms"))
    times = [answer.duration_ms for answer in answers]
    return [
        *figures,
        measured("tiles", len(times), "tiles"),
        measured("all layers: p50", statistics.median(times), "ms"),
        at_most("all layers: p95", _p95(times), "ms", limit=LIMIT_MS),
        measured("all layers: slowest", max(times), "ms"),
        at_most("largest tile, unpacked", max(answer.size_kb for answer in answers), "kB", limit=LIMIT_KB),
    ]


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95))
