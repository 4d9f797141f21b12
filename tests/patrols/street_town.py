"""The small town with streets: a lattice of residential streets 200 m apart, stations, places, a hotspot.

::

      119.000 ──┬──┬──┬── 119.020
        30.010  ├──┼──┼──┤   main street in the middle is secondary and one-way eastwards;
                ├──┼──┼──┤   the outermost streets on the west are for walkers only
        30.000  └──┴──┴──┘
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from shapely import box
from sqlalchemy.orm import Session

from core.clock import now, today
from core.db import Scope, transaction
from core.models import JobRun
from geo.areas.models import Area
from geo.households.models import Dwelling
from geo.places.models import Place
from geo.roads.models import RoadSection
from incidents.models import Hotspot
from patrols.teams import TeamDetails, create_team
from tests.small_town import SmallTown, build_small_town

WEST, SOUTH, STEP_DEG = 119.0, 30.0, 0.002
COLUMNS, ROWS = 11, 6


def build_street_town(*, roads: bool = True, teams: bool = True, spots: bool = True) -> SmallTown:
    """Store the small town, and streets, teams and spots unless told otherwise."""
    town = build_small_town()
    with transaction(Scope.everything()) as session:
        if roads:
            add_streets(session, town.county)
        if teams:
            add_teams(session, town.county)
        if spots:
            add_spots(session, town)
    return town


def add_streets(session: Session, county: Area) -> None:
    """Store the lattice; node ids are column + 100 row."""
    for column in range(COLUMNS):
        for row in range(ROWS):
            if column + 1 < COLUMNS:
                main = row == ROWS // 2
                _add_street(session, county, (column, row), (column + 1, row), main=main)
            if row + 1 < ROWS:
                _add_street(session, county, (column, row), (column, row + 1), walkers=column == 0)


def _add_street(
    session: Session,
    county: Area,
    start: tuple[int, int],
    end: tuple[int, int],
    *,
    main: bool = False,
    walkers: bool = False,
) -> None:
    ends = np.array([start, end]) * STEP_DEG + [WEST, SOUTH]
    session.add(
        RoadSection(
            county_id=county.id,
            source_ref=f"test:{start}{end}",
            from_node=start[0] + 100 * start[1],
            to_node=end[0] + 100 * end[1],
            road_class="secondary" if main else "residential",
            name="解放街" if main else None,
            oneway="forward" if main else "both",
            car=not walkers,
            bicycle=not walkers,
            length_m=200.0,
            geom=from_shape(shapely.LineString(np.round(ends, 7)), srid=4326),
        )
    )


def add_teams(session: Session, county: Area) -> None:
    """Store a car, a foot and an e-scooter team."""
    for name, mode, lon, lat in (
        ("一组", "car", 119.0101, 30.0061),
        ("二组", "foot", 119.0021, 30.0019),
        ("三组", "e_scooter", 119.0159, 30.0081),
    ):
        create_team(session, county, TeamDetails(name=name, mode=mode, lon=lon, lat=lat))


def add_spots(session: Session, town: SmallTown) -> None:
    """Store 24 places over the lattice, a station, and one current hotspot."""
    kinds = ("market", "hotel", "hazardous_store", "school", "bank", "park")
    for number in range(24):
        lon, lat = WEST + 0.0011 + 0.0032 * (number % 6), SOUTH + 0.0007 + 0.0024 * (number // 6)
        grid = town.west if lon < 119.01 else town.east
        add_place(session, grid, f"场所{number}", kinds[number % 6], lon, lat)
    add_place(session, town.west, "派出所", "station", 119.005, 30.005)
    add_hotspot(session, town.county, "桥东路", 119.0145, 30.0035, observed=40)


def owner_of(area: Area) -> dict[str, object]:
    """Return the columns that tell whose a row is."""
    return {"county_id": area.county_id, "area_id": area.id, "area_path": area.path}


def add_place(session: Session, area: Area, name: str, kind: str, lon: float, lat: float) -> Place:
    place = Place(kind=kind, name=name, geom=from_shape(shapely.Point(lon, lat), srid=4326), **owner_of(area))
    session.add(place)
    session.flush()
    return place


def add_hotspot(
    session: Session, area: Area, name: str, lon: float, lat: float, *, observed: int, days_left: float = 14
) -> Hotspot:
    """Store a finished hotspot run and one hotspot of it."""
    run = JobRun(kind="hotspots.find", queue="analysis", state="done", scope=[area.path], **owner_of(area))
    session.add(run)
    session.flush()
    shape = shapely.MultiPolygon([box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001)])
    hotspot = Hotspot(
        run_id=run.id,
        rank=1,
        name=name,
        window_from=now() - timedelta(days=28),
        window_to=now(),
        observed=observed,
        expected=10.0,
        ratio=observed / 10,
        ratio_low=1.5,
        ratio_high=9.0,
        p_value=1e-6,
        q_value=1e-4,
        area_m2=4e4,
        profile={"hours": [0] * 19 + [10, 10, 10, 10, 0]},
        expires_at=now() + timedelta(days=days_left),
        geom=from_shape(shape, srid=4326),
        **owner_of(area),
    )
    session.add(hotspot)
    session.flush()
    return hotspot


def visit_dwelling(session: Session, dwelling_id: int, *, days_ago: int) -> None:
    """Note a visit on a dwelling."""
    session.get_one(Dwelling, dwelling_id).last_visit_on = today() - timedelta(days=days_ago)
