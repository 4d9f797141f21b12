"""Reads of listed areas: one, the list, its steps, what lies around and what happened inside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, Select, func, literal, select, text
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import NotFound
from core.listing import Page, Sortable
from geo.areas.models import Area, AreaBoundary
from geo.staff.models import Account
from incidents.listed.models import ListedArea, ListedStep
from incidents.listed.steps import HOLDING, State

#: An area without an end stands behind all that have one.
_NO_DAY = literal(date.max)
_SHAPE = func.ST_AsGeoJSON(ListedArea.geom, 7).label("shape")


def listed_area(session: Session, listed_id: int, *, lock: bool = False) -> ListedArea:
    """Return one listed area; with `lock` nobody else changes it until the transaction ends.

    Raises
    ------
    NotFound
        ``listed_unknown`` (field `id`): none in the session's scope; with `lock` none it may change.
    """
    # True makes the session look at the row's version anew; False would be taken for a wish of its own.
    found = session.get(ListedArea, listed_id, with_for_update=True if lock else None)
    if found is None:
        raise NotFound("listed_unknown", id=listed_id)
    return found


def _rows() -> Select[ListedArea, str]:
    return select(ListedArea, Area.name.label("area")).join(Area, Area.id == ListedArea.area_id)


def listed_page(session: Session, page: Page, states: Iterable[State]) -> Sequence[Row[ListedArea, str]]:
    """Return (ListedArea, area: name) of one page in the session's scope, and one more when there are more.

    Columns to sort by: name, state, end, proposed.
    """
    sortable = Sortable(
        _rows(),
        {
            "name": ListedArea.name,
            "state": ListedArea.state,
            "end": func.coalesce(ListedArea.ends_on, _NO_DAY),
            "proposed": ListedArea.proposed_at,
        },
        ListedArea.id,
    )
    return session.execute(
        sortable.page(page, [ListedArea.state.in_([str(state) for state in states])])
    ).all()


def state_counts(session: Session) -> dict[State, int]:
    """Return how many listed areas the session sees, by state; states without any are absent."""
    rows = session.execute(select(ListedArea.state, func.count()).group_by(ListedArea.state)).all()
    return {State(state): int(count) for state, count in rows}


def steps_of(session: Session, listed_id: int) -> Sequence[Row[ListedStep, str]]:
    """Return (ListedStep, who: name or None) of a listed area, oldest first."""
    return session.execute(
        select(ListedStep, Account.name.label("who"))
        .join(Account, Account.id == ListedStep.actor_id, isouter=True)
        .where(ListedStep.listed_id == listed_id)
        .order_by(ListedStep.id)
    ).all()


def shape_of(session: Session, listed_id: int) -> str:
    """Return the ground of a listed area as GeoJSON text (EPSG:4326)."""
    return str(session.scalar(select(_SHAPE).where(ListedArea.id == listed_id)))


def renewal_of(session: Session, listed_id: int) -> int | None:
    """Return the id of the listing that carries this one on, None when there is none."""
    return session.scalar(select(ListedArea.id).where(ListedArea.renews_id == listed_id))


def owner_areas(session: Session, listed_id: int) -> Sequence[Row[int, str, str]]:
    """Return (id, name, level) of today's areas that meet the ground of a listed area, largest first."""
    return session.execute(
        select(Area.id, Area.name, Area.level)
        .join(AreaBoundary, AreaBoundary.area_id == Area.id)
        .join(ListedArea, ListedArea.county_id == Area.county_id)
        .where(
            ListedArea.id == listed_id,
            Area.valid_to.is_(None),
            AreaBoundary.valid.contains(today()),
            AreaBoundary.geom.op("&&")(ListedArea.geom),
            func.ST_Intersects(AreaBoundary.geom, ListedArea.geom),
        )
        .order_by(func.nlevel(Area.path), Area.code)
    ).all()


def hold_listing(session: Session, county_id: int) -> None:
    """Let nobody else propose ground in a county until the transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": f"listed_area {county_id}"}
    )


@dataclass(frozen=True, slots=True)
class HeldGround:
    """Ground (EPSG:4326) that a proposed or listed area holds: nobody proposes it again meanwhile."""

    id: int
    name: str
    shape: BaseGeometry


def held_ground(session: Session, county_id: int, box: tuple[float, float, float, float]) -> list[HeldGround]:
    """Return what holds ground in a box west, south, east, north, oldest first."""
    rows = session.execute(
        select(ListedArea.id, ListedArea.name, func.ST_AsBinary(ListedArea.geom))
        .where(
            ListedArea.county_id == county_id,
            ListedArea.state.in_([str(state) for state in HOLDING]),
            ListedArea.geom.op("&&")(func.ST_MakeEnvelope(*box, 4326)),
        )
        .order_by(ListedArea.id)
    ).all()
    return [HeldGround(row[0], row[1], shapely.from_wkb(bytes(row[2]))) for row in rows]


def declined_ground(session: Session, county_id: int, *, since: datetime) -> list[BaseGeometry]:
    """Return the ground (EPSG:4326) of what was declined, or left by everybody, since a moment."""
    rows = session.scalars(
        select(func.ST_AsBinary(ListedArea.geom)).where(
            ListedArea.county_id == county_id,
            ListedArea.state.in_((State.DECLINED.value, State.LAPSED.value)),
            ListedArea.updated_at > since,
        )
    )
    return [shapely.from_wkb(bytes(wkb)) for wkb in rows]


def over(session: Session, *, today: date, proposed_before: datetime) -> Sequence[ListedArea]:
    """Return, locked, listings whose last day is over and proposals of the job that nobody answered in time.

    None that another transaction holds: it is looked at again in an hour.
    """
    ended = (ListedArea.state == State.LISTED.value) & (ListedArea.ends_on < today)
    left = (
        (ListedArea.state == State.PROPOSED.value)
        & ListedArea.proposed_by.is_(None)
        & (ListedArea.proposed_at < proposed_before)
    )
    return session.scalars(
        select(ListedArea).where(ended | left).order_by(ListedArea.id).with_for_update(skip_locked=True)
    ).all()


def listed_meanwhile(session: Session, row: ListedArea, start: date, end: date) -> list[BaseGeometry]:
    """Return the ground (EPSG:4326) of the county's other areas that were listed between two days."""
    rows = session.scalars(
        select(func.ST_AsBinary(ListedArea.geom)).where(
            ListedArea.county_id == row.county_id,
            ListedArea.id != row.id,
            ListedArea.starts_on <= end,
            ListedArea.ends_on >= start,
        )
    )
    return [shapely.from_wkb(bytes(wkb)) for wkb in rows]


def incidents_inside(
    session: Session, listed_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    """Return how many incidents lie inside a listed area in each span [start, end).

    Those that patrols found, and types no hotspot may be made of, are left out, as in the hotspot job.
    """
    rows = session.execute(
        text(
            "SELECT s.position, count(i.id) AS n FROM listed_area AS l CROSS JOIN "
            "unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) "
            "WITH ORDINALITY AS s (starts, ends, position) "
            "LEFT JOIN (incident AS i JOIN incident_type AS t ON t.code = i.type_code AND t.hotspot_allowed) "
            "ON i.county_id = l.county_id AND i.geom && l.geom AND ST_Intersects(i.geom, l.geom) "
            "AND i.source <> 'patrol' AND i.occurred_at >= s.starts AND i.occurred_at < s.ends "
            "WHERE l.id = :id GROUP BY s.position ORDER BY s.position"
        ),
        {"id": listed_id, "starts": [start for start, _ in spans], "ends": [end for _, end in spans]},
    ).all()
    return [int(row.n) for row in rows]


def owner_names(session: Session, listed: Iterable[ListedArea]) -> dict[int, str]:
    """Return the names of the areas that answer for listed areas, by id."""
    wanted = {row.owner_area_id for row in listed} - {None}
    rows = session.execute(select(Area.id, Area.name).where(Area.id.in_(wanted))).all()
    return {row.id: row.name for row in rows}
