"""The last twelve months of an area, as counts by month and by square of the map."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.areas.models import Area
from geo.tile_address import DEEPEST_CELL

MONTHS = 12
#: Squares of this zoom are 400 to 600 m wide where people live.
SQUARE_ZOOM = 16
#: Fewer incidents than this in a square and month are not told (S37).
SMALLEST_SHOWN = 5

_OF_AREA = (
    "SELECT square_x >> :levels AS x, square_y >> :levels AS y, "
    "((extract(year FROM local) - :year) * 12 + extract(month FROM local) - :month)::int AS month "
    "FROM (SELECT i.square_x, i.square_y, i.occurred_at AT TIME ZONE :zone AS local FROM incident AS i "
    "WHERE i.county_id = :county AND i.area_path <@ CAST(:path AS ltree) AND i.source <> 'patrol' "
    "AND i.type_code = ANY (:types) AND i.occurred_at >= :start AND i.occurred_at < :end) AS happened"
)


@dataclass(frozen=True)
class Year:
    """Twelve months in order.

    Attributes
    ----------
    months : tuple of str
        2025-12 and so on.
    totals : tuple of int
        Incidents of each month.
    squares : dict
        (x, y) of zoom `SQUARE_ZOOM` -> incidents of each month, 0 for fewer than `SMALLEST_SHOWN`.
    """

    months: tuple[str, ...]
    totals: tuple[int, ...]
    squares: dict[tuple[int, int], tuple[int, ...]]


def year_of(session: Session, area: Area, *, types: Sequence[str], until: datetime, zone: str) -> Year:
    """Return the month `until` lies in and the eleven before it, on the clocks of `zone`."""
    local = until.astimezone(ZoneInfo(zone))
    numbers = [local.year * 12 + local.month - 1 - back for back in reversed(range(MONTHS))]
    months = [divmod(number, 12) for number in numbers]
    first_year, first_month = months[0]
    binds = {
        "levels": DEEPEST_CELL - SQUARE_ZOOM,
        "year": first_year,
        "month": first_month + 1,
        "zone": zone,
        "county": area.county_id,
        "path": area.path,
        "types": list(types),
        "start": datetime(first_year, first_month + 1, 1, tzinfo=ZoneInfo(zone)),
        "end": until,
    }
    totals = dict.fromkeys(range(MONTHS), 0)
    counted = f"SELECT month, count(*)::int AS n FROM ({_OF_AREA}) AS m GROUP BY month"  # noqa: S608
    totals |= {row.month: row.n for row in session.execute(text(counted), binds)}
    by_square: dict[tuple[int, int], list[int]] = {}
    gathered = (
        f"SELECT x, y, month, count(*)::int AS n FROM ({_OF_AREA}) AS m "  # noqa: S608
        "GROUP BY x, y, month HAVING count(*) >= :fewest"
    )
    for row in session.execute(text(gathered), binds | {"fewest": SMALLEST_SHOWN}):
        by_square.setdefault((row.x, row.y), [0] * MONTHS)[row.month] = row.n
    return Year(
        tuple(f"{year}-{month + 1:02}" for year, month in months),
        tuple(totals.values()),
        {square: tuple(counts) for square, counts in by_square.items()},
    )
