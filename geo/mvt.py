"""What all tile queries share: the extent of a tile, its margins, and the limit on its size.

Every condition is written ``geom_tile && envelope``: under row level security only that operator may
use the index, because only it is LEAKPROOF (see docs/security.md).
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

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


def mean_point(geometry: str) -> str:
    """Return the SQL of the mean of grouped points (SQL, EPSG:3857), in tile units."""
    point = f"ST_SetSRID(ST_MakePoint(avg(ST_X({geometry})), avg(ST_Y({geometry}))), 3857)"
    return drawn(point, margin=CELL_MARGIN)


def square_of(geometry: str) -> str:
    """Return the SQL that groups points (SQL, EPSG:3857) by squares of side :square_m."""
    return f"floor((ST_X({geometry}) + :half) / :square_m), floor((:half - ST_Y({geometry})) / :square_m)"


def layer(name: str, rows: str) -> str:
    """Return the SQL of one MVT layer made of `rows`, a query with a column ``geom`` in tile units."""
    # OFFSET 0 keeps PostgreSQL from moving the test for NULL inwards, where it would clip everything twice.
    return (
        f"(SELECT coalesce(ST_AsMVT(q, '{name}', {EXTENT}, 'geom'), ''::bytea) "  # noqa: S608
        f"FROM ({rows} OFFSET 0) AS q WHERE q.geom IS NOT NULL)"
    )


def cut(session: Session, layers: str, binds: Mapping[str, Any]) -> bytes:
    """Return the tile that the SQL `layers` (joined by ``||``) makes."""
    return bytes(session.execute(text(f"SELECT {layers}"), dict(binds)).scalar_one())


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
