"""Keeping teams: adding one and changing one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.errors import Conflict, InvalidInput
from geo.areas.models import Area
from patrols import queries
from patrols.models import MODES, Team

NAME_LIMIT = 40
SIZES = (1, 50)


@dataclass(frozen=True)
class TeamDetails:
    """What a person says about a team; the station is EPSG:4326."""

    name: str
    mode: str
    lon: float
    lat: float
    size: int = 2
    station_name: str = ""
    active: bool = True
    force_id: int | None = None

    def checked(self) -> TeamDetails:
        """Return the details with blanks trimmed.

        Raises
        ------
        InvalidInput
            ``team_name_unusable`` (`limit`), ``team_mode_unknown`` (`mode`, `modes`),
            ``team_size_unusable`` (`low`, `high`) or ``position_unusable`` (`lon`, `lat`).
        """
        name = " ".join(self.name.split())
        if not 1 <= len(name) <= NAME_LIMIT:
            raise InvalidInput("team_name_unusable", limit=NAME_LIMIT)
        if self.mode not in MODES:
            raise InvalidInput("team_mode_unknown", mode=self.mode, modes=", ".join(MODES))
        if not SIZES[0] <= self.size <= SIZES[1]:
            raise InvalidInput("team_size_unusable", low=SIZES[0], high=SIZES[1])
        # Not-a-number fails both comparisons.
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise InvalidInput("position_unusable", lon=self.lon, lat=self.lat)
        return replace(self, name=name, station_name=" ".join(self.station_name.split()))


def create_team(session: Session, area: Area, details: TeamDetails) -> Team:
    """Store a team of an area; flushed, not committed.

    Raises
    ------
    InvalidInput
        See `TeamDetails.checked`.
    Conflict
        ``team_name_taken`` (field `name`): the county has a team of this name.
    """
    team = Team(county_id=area.county_id, area_id=area.id, area_path=area.path)
    _store(session, team, details.checked())
    audit.record(session, "team.create", subject=team, mode=team.mode)
    return team


def update_team(session: Session, team_id: int, details: TeamDetails) -> Team:
    """Replace what is known about a team; flushed, not committed.

    Raises
    ------
    NotFound
        ``team_unknown``.
    InvalidInput, Conflict
        As `create_team`.
    """
    team = queries.team(session, team_id)
    _store(session, team, details.checked())
    audit.record(session, "team.change", subject=team, mode=team.mode, active=team.active)
    return team


def _take(team: Team, details: TeamDetails) -> None:
    team.name, team.mode, team.size = details.name, details.mode, details.size
    team.station_name, team.active, team.force_id = details.station_name, details.active, details.force_id
    lon, lat = round(details.lon, 7), round(details.lat, 7)
    team.geom = from_shape(shapely.Point(lon, lat), srid=4326)


def _store(session: Session, team: Team, details: TeamDetails) -> None:
    # The team that has the name may lie outside the session's scope: only the constraint sees it.
    # Everything changes inside the savepoint, which flushes what was changed before it.
    try:
        with session.begin_nested():
            _take(team, details)
            session.add(team)
            session.flush()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", "") != "uq_team_county_id_name":
            raise
        raise Conflict("team_name_taken", name=details.name) from error
