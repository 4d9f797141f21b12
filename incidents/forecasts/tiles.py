"""The vector tile of forecasts."""

from sqlalchemy.orm import Session

from core.clock import now
from geo.mvt import AROUND, cut, drawn, layer
from geo.tile_address import Tile

#: How far ahead a person may ask, in days: there is a layer for each.
HORIZONS = (7, 30)

# Where an area and one it lies in are both forecast, only the larger one is drawn: two maps over one ground
# would each hide a part of the other.
_BANDS = (
    "SELECT b.id, round(b.share * 100)::int AS percent, "
    f"{drawn('b.geom_tile')} AS geom FROM forecast_band AS b "
    f"WHERE b.geom_tile && {AROUND} AND b.horizon_days = :horizon AND b.expires_at > :now "
    "AND NOT EXISTS (SELECT FROM forecast_band AS a WHERE a.horizon_days = :horizon AND a.expires_at > :now "
    "AND a.county_id = b.county_id AND a.area_path @> b.area_path AND a.area_path <> b.area_path) "
    "ORDER BY b.share LIMIT 500"
)


def forecast_tile(session: Session, tile: Tile, *, horizon_days: int) -> bytes:
    """Return forecast (id, percent) of the bands that have not expired, without any count.

    `percent` of the area lies in a band and those before it.
    """
    binds = {**tile.binds(), "now": now(), "horizon": horizon_days}
    return cut(session, layer("forecast", _BANDS), binds)
