"""What all tile queries share: the extent of a tile, its margins, and the limit on its size.

Every condition is written ``geom_tile && envelope``: under row level security only that operator may
use the index, because only it is LEAKPROOF (see docs/security.md).
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.tile_address import WORLD_M, Tile

EXTENT = 4096
#: No tile is larger than this: on a weak network it still arrives in a few seconds.
MOST_BYTES = 200_000
#: Margin around a tile, as a share of its side and in tile units: a symbol of 16 px on a tile drawn
#: 512 px wide is not cut at the edge.
MARGIN_SHARE, MARGIN = "0.03125", 128
#: A margin of one square of the next four zooms, for circles that stand for a square.
CELL_MARGIN_SHARE, CELL_MARGIN = "0.0625", 256

BOUNDS = "ST_TileEnvelope(:z, :x, :y)"
AROUND = f"ST_TileEnvelope(:z, :x, :y, margin => {MARGIN_SHARE})"
AROUND_CELLS = f"ST_TileEnvelope(:z, :x, :y, margin => {CELL_MARGIN_SHARE})"


def drawn(geometry: str, *, margin: int = MARGIN) -> str:
    """Return the SQL that puts `geometry` (SQL, EPSG:3857) into tile units, clipped to tile and margin."""
    return f"ST_AsMVTGeom({geometry}, {BOUNDS}, {EXTENT}, {margin}, true)"


def frame(tile: Tile) -> Mapping[str, float]:
    """Return what `placed` and `drawn_whole` need to know of `tile`, as parameters."""
    units = EXTENT / tile.size_m
    return {
        "shift_x": WORLD_M / 2 - tile.x * tile.size_m,
        "shift_y": tile.y * tile.size_m - WORLD_M / 2,
        "units": units,
        "units_down": -units,
    }


def placed(geometry: str, *, step: int = 1) -> str:
    """Return the SQL that puts `geometry` (SQL, EPSG:3857) into tile units, rounded to `step`, uncut.

    Neighbours that share a border keep sharing it. Several times as fast as `ST_AsMVTGeom`, which cuts and
    mends every geometry: for what is small, or sure to lie in the tile. Needs the parameters of `frame`.
    """
    return f"ST_SnapToGrid(ST_TransScale({geometry}, :shift_x, :shift_y, :units, :units_down), {step})"


def drawn_whole(geometry: str, *, column: str, step: int = 1) -> str:
    """Return the SQL of `drawn` for polygons: those that lie in tile and margin whole are not cut.

    `geometry` is made of `column`; both are SQL in EPSG:3857. Borders are rounded to `step` tile units in
    either case, from the tile's corner on, so that a cut polygon still meets its uncut neighbour.
    """
    rounded = f"ST_SnapToGrid({geometry}, -:shift_x, -:shift_y, {step} / :units, {step} / :units)"
    # Down is up in tile units: clockwise rings come out as the format wants outer rings to run.
    whole = placed(f"ST_ForcePolygonCW({geometry})", step=step)
    return f"CASE WHEN {column} @ {AROUND} THEN {whole} ELSE {drawn(rounded)} END"


#: SQL of the coordinates by which the next two group points, each worked out once.
XY = "ST_X(geom_tile) AS x, ST_Y(geom_tile) AS y"
#: SQL that groups points (x, y in EPSG:3857) by squares of side :square_m.
BY_SQUARE = "floor((x + :half) / :square_m), floor((:half - y) / :square_m)"
#: SQL of the mean of grouped points (x, y in EPSG:3857), in tile units.
MEAN_POINT = drawn("ST_SetSRID(ST_MakePoint(avg(x), avg(y)), 3857)", margin=CELL_MARGIN)


def layer(name: str, rows: str) -> str:
    """Return the SQL of one MVT layer made of `rows`, a query with a column ``geom`` in tile units."""
    # OFFSET 0 keeps PostgreSQL from moving the test for NULL inwards, where it would clip everything twice.
    return (
        f"(SELECT coalesce(ST_AsMVT(q, '{name}', {EXTENT}, 'geom'), ''::bytea) "  # noqa: S608
        f"FROM ({rows} OFFSET 0) AS q WHERE NOT ST_IsEmpty(q.geom))"
    )


def cut(session: Session, layers: str, binds: Mapping[str, Any], *, given: str = "") -> bytes:
    """Return the tile that the SQL `layers` (joined by ``||``) makes, after the WITH clause `given`."""
    return bytes(session.execute(text(f"{given} SELECT {layers}"), dict(binds)).scalar_one())


def fit(cut_share: Callable[[float], bytes]) -> bytes:
    """Return the tile, asking for smaller and smaller shares of its features until it is small enough.

    `cut_share` takes the share of its usual limits and drops the least important features first.
    """
    share = 1.0
    tile = cut_share(share)
    while len(tile) > MOST_BYTES and share > 0.01:
        share *= min(0.8 * MOST_BYTES / len(tile), 0.8)
        tile = cut_share(share)
    return tile if len(tile) <= MOST_BYTES else b""
