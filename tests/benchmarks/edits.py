"""Boundary edits in a county of 10,000 grids, 2,000,000 vertices and 1,000,000 households.

Every edit goes through the application as the browser sends it: sign-in, scope, lock, edit, proof that the
touched community is a partition, storage, answer. Publishing runs in one transaction as its job does.
``quick`` takes a county of 400 grids and 20,000 households.

::

    communities of 5 x 4 grids; every border between two corners is a wave of 50 vertices
    ┌~~~~┬~~~~┬~~~~┬~~~~┬~~~~┐
    ├~~~~┼~~~~┼~~~~┼~~~~┼~~~~┤
    └~~~~┴~~~~┴~~~~┴~~~~┴~~~~┘
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely
from flask.testing import FlaskClient
from numpy.typing import NDArray
from shapely import LineString, Polygon

import webapp.kept
from core.db import Scope, transaction
from geo.areas.models import Area
from geo.areas.queries import area_by_code
from geo.areas.service import NewArea, create_area
from geo.boundaries import review, service
from geo.boundaries.command import Sent, difference_for
from geo.boundaries.publish import publish
from geo.staff.service import create_account
from tests.benchmarks.figure import Figure, at_most, measured
from tests.benchmarks.scratch import scratch_database
from webapp.factory import create_app

type Floats = NDArray[np.float64]

WIDE, HIGH = 5, 4
PER_SIDE = 50
CELL_DEG = 0.004  # about 400 m
WEST, SOUTH = 119.0, 29.0
EDIT_MS, PREVIEW_MS, PUBLISH_S, MOVED = 150.0, 500.0, 2.0, 5_000
PASSWORD = "benchmark-only-password"  # of a database that lives for minutes


@dataclass(frozen=True)
class Size:
    """Communities across and up, households in a grid and in one of the dense community, edits."""

    across: int
    up: int
    per_grid: int
    per_dense: int
    edits: int


FULL = Size(25, 20, 99, 600, 40)
QUICK = Size(5, 4, 50, 600, 10)


def run(quick: bool, seed: int) -> list[Figure]:
    """Return times of edits, previews and a publication."""
    size = QUICK if quick else FULL
    os.environ["GRIDPATROL_LOG_LEVEL"] = "ERROR"  # logs of requests would be measured along
    os.environ["GRIDPATROL_REQUEST_LIMIT"] = "1000000 per minute"
    with scratch_database():
        began = time.perf_counter()
        grids, vertices, households = _load(size, seed)
        loaded_s = time.perf_counter() - began
        client = _client("boundary")
        edits, previews = _measure_edits(client, size, seed)
        moved, published_s = _measure_publication()
    return [
        measured("grids", grids, "rows"),
        measured("vertices", vertices, "vertices"),
        measured("households", households, "rows"),
        measured("loading the county", loaded_s, "s"),
        measured("edits", len(edits), "edits"),
        measured("edit: p50", float(np.percentile(edits, 50)), "ms"),
        at_most(
            "edit with proof of the community: p95", float(np.percentile(edits, 95)), "ms", limit=EDIT_MS
        ),
        at_most("preview: p95", float(np.percentile(previews, 95)), "ms", limit=PREVIEW_MS),
        measured("households that change hands", moved, "rows"),
        at_most("publication with these", published_s, "s", limit=PUBLISH_S),
    ]


def _waves(size: Size, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return corners (rows, columns, 2) and the waves along rows and columns between them, in degrees."""
    rng = np.random.default_rng(seed)
    rows, columns = size.up * HIGH + 1, size.across * WIDE + 1
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    corners = np.stack([WEST + x * CELL_DEG, SOUTH + y * CELL_DEG], axis=-1)
    share = np.arange(1, PER_SIDE) / PER_SIDE

    def wave(start: Floats, end: Floats, across: int) -> Floats:
        line = start[..., None, :] + (end - start)[..., None, :] * share[:, None]
        size_deg = rng.uniform(0.02, 0.05, (*start.shape[:2], 1)) * CELL_DEG
        line[..., across] += size_deg * np.sin(share * 2 * np.pi * rng.integers(1, 4, (*start.shape[:2], 1)))
        return line

    flat = wave(corners[:, :-1], corners[:, 1:], 1)
    steep = wave(corners[:-1], corners[1:], 0)
    return np.round(corners, 7), np.round(flat, 7), np.round(steep, 7)


def _grid(waves: tuple[Floats, ...], row: int, column: int) -> Polygon:
    corners, flat, steep = waves
    ring = [
        corners[row, column], *flat[row, column],
        corners[row, column + 1], *steep[row, column + 1],
        corners[row + 1, column + 1], *flat[row + 1, column][::-1],
        corners[row + 1, column], *steep[row, column][::-1],
    ]  # fmt: skip
    return Polygon(ring)


def _load(size: Size, seed: int) -> tuple[int, int, int]:
    """Store the county; return its numbers of grids, vertices and households."""
    waves = _waves(size, seed)
    shapes = {
        (row, column): _grid(waves, row, column)
        for row in range(size.up * HIGH)
        for column in range(size.across * WIDE)
    }
    with transaction(Scope.everything(), statement_timeout_s=3600) as session:
        frame = shapely.coverage_union_all(list(shapes.values()))
        county = create_area(session, NewArea("county", "990001", "基准县", frame), None)
        town = create_area(session, NewArea("town", "990001001", "基准镇", frame), county)
        owners = _communities(session, town, size, shapes)
    households = _homes(size, seed, owners)
    return len(shapes), sum(shapely.get_num_coordinates(shape) for shape in shapes.values()), households


def _communities(
    session: Any, town: Area, size: Size, shapes: dict[tuple[int, int], Polygon]
) -> dict[tuple[int, int], tuple[int, int, str]]:
    """Store communities and grids; return (grid id, county id, path) by row and column."""
    owners = {}
    for up in range(size.up):
        for across in range(size.across):
            cells = [(up * HIGH + r, across * WIDE + c) for r in range(HIGH) for c in range(WIDE)]
            ground = shapely.coverage_union_all([shapes[cell] for cell in cells])
            code = f"990001001{up * size.across + across:03d}"
            community = create_area(session, NewArea("community", code, f"社区{code[-3:]}", ground), town)
            for number, cell in enumerate(cells, start=1):
                new = NewArea("grid", f"{code}{number:03d}", f"第{number}网格", shapes[cell])
                grid = create_area(session, new, community)
                owners[cell] = (grid.id, grid.county_id, grid.path)
    return owners


def _homes(size: Size, seed: int, owners: dict[tuple[int, int], tuple[int, int, str]]) -> int:
    """Store a dwelling with a household for each home by COPY, the counted squares afterwards in one go."""
    rng = np.random.default_rng(seed + 1)
    url = os.environ["GRIDPATROL_OWNER_URL"].replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dwelling DISABLE TRIGGER USER")
        columns = "county_id, area_id, area_path, address, tenure, geom"
        with cursor.copy(f"COPY dwelling ({columns}) FROM STDIN") as copy:
            for row in _dwellings(size, rng, owners):
                copy.write_row(row)
        cursor.execute(
            "INSERT INTO household (dwelling_id, county_id, area_id, area_path) "
            "SELECT id, county_id, area_id, area_path FROM dwelling"
        )
        count = cursor.rowcount
        cursor.execute("ALTER TABLE dwelling ENABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO dwelling_cell (zoom, x, y, county_id, area_id, area_path, dwelling_count) "
            "SELECT zoom, map_square(ST_X(geom_tile)) >> (20 - zoom), "
            "map_square(-ST_Y(geom_tile)) >> (20 - zoom), "
            "county_id, area_id, area_path, count(*) FROM dwelling, generate_series(8, 20) AS zoom "
            "GROUP BY 1, 2, 3, 4, 5, 6"
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return count


def _dwellings(
    size: Size, rng: np.random.Generator, owners: dict[tuple[int, int], tuple[int, int, str]]
) -> Iterator[tuple[Any, ...]]:
    for (row, column), (area_id, county_id, path) in owners.items():
        dense = row < HIGH and column < WIDE
        # The waves reach at most a twentieth of a cell: these places are inside without asking.
        places = rng.uniform(0.1, 0.9, (size.per_dense if dense else size.per_grid, 2))
        lonlat = np.array([WEST + column * CELL_DEG, SOUTH + row * CELL_DEG]) + places * CELL_DEG
        points = shapely.to_wkb(
            shapely.set_srid(shapely.points(np.round(lonlat, 7)), 4326), hex=True, include_srid=True
        )
        for number, point in enumerate(points, start=1):
            yield county_id, area_id, path, f"{number}号", "owner", point


def _client(role: str) -> FlaskClient:
    with transaction(Scope.everything()) as session:
        county = area_by_code(session, "990001")
        for login in (role, "second"):
            create_account(session, login=login, name=login, role_code=role, area=county, password=PASSWORD)
    webapp.kept.quick_redis.cache_clear()
    client = create_app().test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)
    assert token is not None
    form = {"login_name": role, "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/login", data=form).status_code == 303
    page = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/style").text)
    assert page is not None
    client.environ_base["HTTP_X_CSRFTOKEN"] = page[1]
    return client


def _measure_edits(client: FlaskClient, size: Size, seed: int) -> tuple[list[float], list[float]]:
    """Return milliseconds of edits of many kinds in many communities, and of previews before them."""
    rng = np.random.default_rng(seed + 2)
    edits: list[float] = []
    previews: list[float] = []
    for number in rng.choice(size.across * size.up - 1, size.edits // 5, replace=False) + 1:
        opened = _post(client, "/api/change-sets", _community_body(f"990001001{number:03d}"))[0]
        base = f"/api/change-sets/{opened['id']}"
        for body in _bodies(opened, rng):
            _, took = _post(client, f"{base}/preview", body)
            previews.append(took)
            grids = client.get(base).json["grids"]
            body["versions"] = {str(grid["key"]): grid["version"] for grid in grids}
            _, took = _post(client, f"{base}/edits", body)
            edits.append(took)
    return edits, previews


def _community_body(code: str) -> dict[str, Any]:
    with transaction(Scope.everything()) as session:
        return {"community_id": area_by_code(session, code).id}


def _bodies(opened: dict[str, Any], rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return a split, a merge of others, a moved and an inserted corner, and a redrawn boundary."""
    shapes = {grid["key"]: shapely.geometry.shape(grid["geometry"]) for grid in opened["grids"]}
    keys = sorted(shapes)
    west, south, east, north = shapes[keys[0]].bounds
    level = (south + north) / 2 + rng.uniform(-0.1, 0.1) * CELL_DEG
    inner = LineString(shapes[keys[6]].intersection(shapes[keys[7]]).geoms[20].coords)  # type: ignore[attr-defined]
    at = list(inner.coords[0])
    border = shapely.line_merge(shapes[keys[11]].intersection(shapes[keys[12]]))
    start, end = border.interpolate(0.2, normalized=True), border.interpolate(0.8, normalized=True)
    bend = [(start.x + end.x) / 2 + 0.1 * CELL_DEG, (start.y + end.y) / 2]
    return [
        {"kind": "split", "grid": keys[0], "lines": [[[west - 0.001, level], [east + 0.001, level]]]},
        {"kind": "merge", "grids": [keys[2], keys[3]]},
        {"kind": "move_vertex", "at": at, "to": [at[0] + 2e-6, at[1] + 1e-6]},
        {"kind": "insert_vertex", "at": [inner.centroid.x, inner.centroid.y]},
        {"kind": "reshape", "line": [[start.x, start.y], bend, [end.x, end.y]]},
    ]


def _post(client: FlaskClient, address: str, body: dict[str, Any]) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    answer = client.post(address, json=body)
    took_ms = (time.perf_counter() - began) * 1000
    assert answer.status_code in (200, 201), (body, answer.text)
    return answer.json, took_ms


def _measure_publication() -> tuple[int, float]:
    """Return how many households the dense community's change set moved, and how long publishing took."""
    with transaction(Scope.everything()) as session:
        people = [account_id for (account_id,) in session.execute(_people()).all()]
        county = area_by_code(session, "990001")
        community = area_by_code(session, "990001001000")
        scope = Scope((county.path,))
    with transaction(scope, actor_id=people[0]) as session:
        row = service.open_change_set(session, community.id)
        for key in range(1, 2 * MOVED // FULL.per_dense + 2):
            drafted = service.load_to_edit(session, row.id)
            west, south, east, north = drafted.tiling.part(key).bounds
            middle = (south + north) / 2
            body = {"grid": key, "lines": [[[west - 0.001, middle], [east + 0.001, middle]]]}
            difference = difference_for(session, drafted, "split", Sent(body))
            service.store_edit(session, drafted, difference, kind="split", params=body)
        review.submit(session, row.id)
        set_id = row.id
    with transaction(scope, actor_id=people[1]) as session:
        review.approve(session, set_id)
    began = time.perf_counter()
    with transaction(scope, actor_id=people[1]) as session:
        moved = publish(session, set_id)
    return moved["rows"]["household"], time.perf_counter() - began


def _people() -> Any:
    from sqlalchemy import select

    from geo.staff.models import Account

    return select(Account.id).where(Account.login.in_(("boundary", "second"))).order_by(Account.login)
