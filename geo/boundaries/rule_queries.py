"""Reads of rule sets, and of today's grids as the rules judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy import func, select, text

from core.clock import today
from geo.areas.models import Area, AreaBoundary, GridRuleSet
from geo.households.models import Household
from geo.shapes.tiling import Ground, as_ground
from geo.staff.models import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import Session

    type Box = tuple[float, float, float, float]  # west, south, east, north in degrees


def hold_rules(session: Session, county_id: int) -> None:
    """Let others who set rules for the county wait until this transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": f"rules {county_id}"}
    )


def rule_sets(session: Session, county_id: int, *, most: int = 100) -> Sequence[Row[GridRuleSet, str]]:
    """Return (GridRuleSet, author's name or "") of a county, newest first; the first is in force."""
    return session.execute(
        select(GridRuleSet, func.coalesce(Account.name, ""))
        .outerjoin(Account, Account.id == GridRuleSet.made_by)
        .where(GridRuleSet.area_id == county_id)
        .order_by(GridRuleSet.number.desc())
        .limit(most)
    ).all()


@dataclass(frozen=True, slots=True)
class Divided:
    """A community of today: its ground (EPSG:4326); its grids, their ground and households by id."""

    community: Area
    frame: Ground
    grids: dict[int, Area]
    parts: dict[int, Ground]
    households: dict[int, int]


def divided_now(session: Session, county_id: int) -> list[Divided]:
    """Return the communities of a county inside the session's scope with their grids of today, by code.

    Grids and households are read by one statement: were boundaries published between two, the households of
    a new grid would be missing.
    """
    grids: dict[int, list[Any]] = {}
    for row in session.execute(_areas_of(county_id, "grid", _living())).all():
        grids.setdefault(row[0].parent_id, []).append(row)
    return [
        Divided(
            area,
            _ground(wkb),
            {row[0].id: row[0] for row in grids.get(area.id, [])},
            {row[0].id: _ground(row[1]) for row in grids.get(area.id, [])},
            {row[0].id: int(row[2]) for row in grids.get(area.id, [])},
        )
        for area, wkb in session.execute(_areas_of(county_id, "community")).all()
    ]


def _areas_of(county_id: int, level: str, *more: ColumnElement[Any]) -> Select[Any]:
    return (
        select(Area, func.ST_AsBinary(AreaBoundary.geom), *more)
        .join(AreaBoundary, AreaBoundary.area_id == Area.id)
        .where(
            Area.county_id == county_id,
            Area.level == level,
            Area.valid_to.is_(None),
            AreaBoundary.valid.contains(today()),
            text("(SELECT app_scope()) @> area.path"),
        )
        .order_by(Area.code, Area.id)
    )


def _living() -> ColumnElement[Any]:
    return (
        select(func.count())
        .select_from(Household)
        .where(Household.area_id == Area.id, Household.moved_out_on.is_(None))
        .correlate(Area)
        .scalar_subquery()
    )


def _ground(wkb: Any) -> Ground:
    return as_ground(shapely.from_wkb(bytes(wkb)))


@dataclass(frozen=True, slots=True)
class Buildings:
    """Building footprints (EPSG:4326) with what is known of each, in one order."""

    shapes: NDArray[np.object_]
    ids: list[int]
    names: list[str]
    kinds: list[str]


def named_buildings_in(session: Session, county_id: int, box: Box) -> Buildings:
    """Return the buildings that meet a box west, south, east, north, by id."""
    west, south, east, north = box
    rows: Sequence[Any] = session.execute(
        text(
            "SELECT b.id, ST_AsBinary(b.geom), coalesce(b.name, ''), b.kind FROM building AS b "
            "WHERE b.county_id = :county AND b.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) "
            "ORDER BY b.id"
        ),
        {"county": county_id, "west": west, "south": south, "east": east, "north": north},
    ).all()
    return Buildings(
        np.array(shapely.from_wkb([bytes(row[1]) for row in rows]), dtype=object),
        [int(row[0]) for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


def addresses_of_buildings(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Return the first door plate or address registered in each of the buildings, by building id."""
    rows = session.execute(
        text(
            "SELECT DISTINCT ON (building_id) building_id, coalesce(nullif(address, ''), plate) "
            "FROM dwelling WHERE building_id = ANY (:ids) ORDER BY building_id, id"
        ),
        {"ids": list(ids)},
    ).all()
    return {int(row[0]): row[1] for row in rows}
