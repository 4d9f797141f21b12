"""Loading the demo town into the database, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from cameras.models import Camera
from core import audit
from core.cluster import write_private
from core.db import touch_layer
from core.intake.bulk import stage
from core.intake.report import ImportReport
from geo.areas.feature import Feature
from geo.areas.models import Area
from geo.areas.service import NewArea, create_area
from geo.households.masking import mask_name, mask_phone
from geo.households.models import Building, Dwelling, Household, HouseholdContact
from geo.places.models import Place
from geo.roads.models import GroundCover, RoadSection
from incidents.models import Incident
from patrols.districts.intake import DistrictOptions, store_districts
from patrols.models import Force, Team
from webapp.demo.dwellings import NEVER
from webapp.demo.forces import FORCES
from webapp.demo.frame import GeometryArray, IntArray, lonlat, to_lonlat
from webapp.demo.listed import list_places
from webapp.demo.people import Login, make_staff
from webapp.demo.street_names import nearest_street
from webapp.demo.streets import CLASSES, FOOTWAY
from webapp.demo.territory import COUNTY_CODE
from webapp.demo.town import Town

LAYERS = ("base", "areas", "dwellings", "cameras", "incidents", "places")


@dataclass(frozen=True)
class Loading:
    """What every table's rows need: the town, the stored areas of its tree, and the county's id."""

    town: Town
    areas: list[Area]
    county_id: int

    def owner(self, row: int) -> tuple[int, int, str]:
        """Return (county_id, area_id, area_path) for a row of the town's area tree."""
        area = self.areas[row]
        return (self.county_id, area.id, area.path)

    def owners_of_blocks(self, blocks: IntArray) -> list[tuple[int, int, str]]:
        """Return the owner of what stands in each of `blocks`."""
        known = [self.owner(row) for row in range(len(self.areas))]
        return [known[row] for row in self.town.areas.of_block[blocks].tolist()]


def is_loaded(session: Session) -> bool:
    """Return whether the demo county is there."""
    return session.scalar(select(Area.id).where(Area.code == COUNTY_CODE, Area.level == "county")) is not None


def load_town(session: Session, town: Town) -> dict[str, int]:
    """Write the town; return rows per table, none when its county is there already.

    Needs the scope of everything. Neither the planted hotspots nor any hint at them are written.
    """
    if is_loaded(session):
        return {}
    areas = _load_areas(session, town)
    loading = Loading(town, areas, areas[0].id)
    counts = {"area": len(areas)}
    counts["road_section"] = _put(session, RoadSection, _ROAD_COLUMNS, _road_rows(loading))
    counts["ground_cover"] = _put(session, GroundCover, _GROUND_COLUMNS, _ground_rows(loading))
    counts |= _load_homes(session, loading)
    counts["place"] = _put(session, Place, _PLACE_COLUMNS, _place_rows(loading))
    counts["camera"] = _put(session, Camera, _CAMERA_COLUMNS, _camera_rows(loading))
    counts["incident"] = _put(session, Incident, _INCIDENT_COLUMNS, _incident_rows(loading))
    counts |= _load_teams(session, loading)
    counts |= _load_districts(session, loading)
    touch_layer(session, *LAYERS)
    audit.record(session, "demo.load", subject=areas[0], seed=town.seed, households=town.household_count)
    return counts


def load_demo(session: Session, town: Town, folder: Path) -> tuple[dict[str, int], list[Login]]:
    """Write town, posts and demo accounts; keep the truth and the logins in `folder`, readable by us alone.

    The files are written last, inside the transaction: a town without its logins can never be committed.
    """
    counts = load_town(session, town)
    if not counts:
        return {}, []
    areas = {area.code: area for area in session.scalars(select(Area).where(Area.level != "grid"))}
    grids = session.scalars(select(Area).where(Area.level == "grid").order_by(Area.code)).all()
    logins = make_staff(session, areas, list(grids), np.random.default_rng(town.seed))
    counts["listed_area"] = list_places(session, areas[COUNTY_CODE], town.reference)
    folder.mkdir(parents=True, exist_ok=True)
    truth = {"seed": town.seed, "households": town.household_count, "reference": town.reference.isoformat()}
    write_private(folder / "truth.json", json.dumps(truth | {"hotspots": town.truth()}, indent=1))
    keep_logins(folder, logins)
    return counts, logins


def keep_logins(folder: Path, logins: list[Login]) -> None:
    """Write the demo logins, readable by their owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [login.as_dict() for login in logins]
    write_private(folder / "logins.json", json.dumps(rows, ensure_ascii=False, indent=1))


def _load_areas(session: Session, town: Town) -> list[Area]:
    tree = town.areas
    since = (town.reference - timedelta(days=3 * 365)).date()
    stored: list[Area] = []
    for row in range(len(tree.name)):
        new = NewArea(
            level=str(tree.level[row]),
            kind=str(tree.kind[row]),
            code=str(tree.code[row]),
            name=str(tree.name[row]),
            boundary=tree.shapes[row],
            valid_from=since,
        )
        parent = int(tree.parent[row])
        stored.append(create_area(session, new, stored[parent] if parent >= 0 else None))
    return stored


def _put(session: Session, model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    table: Table = model.__table__
    staged, count = stage(session, table, columns, rows)
    listed = ", ".join(f'"{column}"' for column in columns)
    session.execute(text(f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {staged}"))  # noqa: S608
    session.execute(text(f"DROP TABLE {staged}"))
    return count


def _numbers(session: Session, table: str, count: int) -> list[int]:
    """Return `count` fresh primary keys of `table`."""
    found = session.execute(
        text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"),
        {"table": table, "count": count},
    )
    return list(found.scalars())


def _ewkb(shapes: GeometryArray) -> list[str]:
    """Return hexadecimal EWKB of shapes in EPSG:4326."""
    stamped = shapely.set_srid(shapes, 4326)
    texts: list[str] = np.asarray(shapely.to_wkb(stamped, hex=True, include_srid=True)).tolist()
    return texts


def _points(points_m: Any) -> list[str]:
    return _ewkb(np.asarray(shapely.points(lonlat(points_m)), dtype=object))


def _polygons(polygons_m: GeometryArray) -> list[str]:
    stored = to_lonlat(polygons_m)
    return _ewkb(np.asarray(shapely.multipolygons(stored, indices=np.arange(len(stored))), dtype=object))


_ROAD_COLUMNS = (
    "county_id", "source_ref", "from_node", "to_node", "road_class", "name", "oneway", "foot", "bicycle",
    "car", "bridge", "length_m", "geom",
)  # fmt: skip


def _road_rows(loading: Loading) -> Iterable[Sequence[Any]]:
    roads = loading.town.roads
    sections = roads.sections
    shapes = _ewkb(to_lonlat(sections.lines_m))
    for k, shape in enumerate(shapes):
        road_class = int(sections.road_class[k])
        yield (
            loading.county_id, f"demo-r-{k + 1}", int(sections.from_node[k]), int(sections.to_node[k]),
            CLASSES[road_class], str(roads.names[k]) or None, "forward" if sections.oneway[k] else "both",
            True, True, road_class != FOOTWAY, bool(sections.bridge[k]), float(sections.length_m[k]), shape,
        )  # fmt: skip


_GROUND_COLUMNS = ("county_id", "source_ref", "kind", "name", "geom")


def _ground_rows(loading: Loading) -> Iterable[Sequence[Any]]:
    ground = loading.town.ground
    for k, shape in enumerate(_polygons(ground.polygons_m)):
        yield (loading.county_id, f"demo-g-{k + 1}", str(ground.kind[k]), str(ground.name[k]) or None, shape)


_BUILDING_COLUMNS = ("id", "county_id", "source_ref", "kind", "name", "levels", "geom")
_DWELLING_COLUMNS = (
    "id", "county_id", "area_id", "area_path", "building_id", "source_ref", "address", "plate", "building_no",
    "unit_no", "room_no", "tenure", "rooms", "last_visit_on", "geom",
)  # fmt: skip
_HOUSEHOLD_COLUMNS = (
    "id", "county_id", "area_id", "area_path", "dwelling_id", "head_masked", "phone_masked", "occupant_count",
)  # fmt: skip
_CONTACT_COLUMNS = ("county_id", "area_id", "area_path", "household_id", "head_name", "phone")


def _load_homes(session: Session, loading: Loading) -> dict[str, int]:
    town = loading.town
    building_ids = _numbers(session, "building", len(town.buildings.kind))
    dwelling_ids = _numbers(session, "dwelling", len(town.dwellings.building))
    household_ids = _numbers(session, "household", len(town.households.dwelling))
    owners = loading.owners_of_blocks(town.buildings.block[town.dwellings.building])
    buildings = _building_rows(loading, building_ids)
    dwellings = _dwelling_rows(loading, (building_ids, dwelling_ids), owners)
    households = _household_rows(town, (dwelling_ids, household_ids), owners)
    contacts = _contact_rows(town, household_ids, owners)
    return {
        "building": _put(session, Building, _BUILDING_COLUMNS, buildings),
        "dwelling": _put(session, Dwelling, _DWELLING_COLUMNS, dwellings),
        "household": _put(session, Household, _HOUSEHOLD_COLUMNS, households),
        "household_contact": _put(session, HouseholdContact, _CONTACT_COLUMNS, contacts),
    }


def _building_rows(loading: Loading, ids: list[int]) -> Iterable[Sequence[Any]]:
    town = loading.town
    names = building_names(town)
    for k, shape in enumerate(_polygons(town.buildings.polygons_m)):
        yield (
            ids[k], loading.county_id, f"demo-b-{k + 1}", str(town.buildings.kind[k]), names[k],
            int(town.buildings.levels[k]), shape,
        )  # fmt: skip


def building_names(town: Town) -> list[str | None]:
    """Return the names of the buildings that have one: places and numbered blocks of estates."""
    estate, number = town.frontage.estate.tolist(), town.frontage.estate_no.tolist()
    names: list[str | None] = [f"{e}{n}幢" if e else None for e, n in zip(estate, number, strict=True)]
    for building, name, kind in zip(
        town.places.building.tolist(), town.places.name.tolist(), town.places.kind.tolist(), strict=True
    ):
        # A service point is a room in a building, not the building.
        if building >= 0 and kind != "service_point":
            names[building] = name
    return names


def street_addresses(town: Town) -> list[str]:
    """Return the address of each building: town, street, number."""
    areas = town.areas
    of_area = [
        str(areas.name[areas.ancestor(row, "town")]) if areas.level[row] != "county" else ""
        for row in range(len(areas.name))
    ]
    towns = [of_area[row] for row in areas.of_block[town.buildings.block].tolist()]
    street, number = town.frontage.street.tolist(), town.frontage.number.tolist()
    return [f"{t}{s}{n}号" for t, s, n in zip(towns, street, number, strict=True)]


def _dwelling_rows(
    loading: Loading, ids: tuple[list[int], list[int]], owners: list[tuple[int, int, str]]
) -> Iterable[Sequence[Any]]:
    town, homes = loading.town, loading.town.dwellings
    addresses = street_addresses(town)
    estate = town.frontage.estate.tolist()
    estate_no = town.frontage.estate_no.tolist()
    shapes = _points(homes.points_m)
    today = town.reference.date()
    visits = [None if d == NEVER else today - timedelta(days=d) for d in homes.last_visit_days.tolist()]
    columns = (
        homes.building.tolist(),
        homes.unit_no.tolist(),
        homes.room_no.tolist(),
        homes.tenure.tolist(),
        homes.rooms.tolist(),
    )
    for k, (b, unit, room, tenure, rooms) in enumerate(zip(*columns, strict=True)):
        number = str(estate_no[b]) if estate[b] else ""
        inside = f"{estate[b]}{number}幢{unit}单元" if estate[b] else ""
        address = addresses[b] + inside + (f"{room}室" if room else "")
        yield (
            ids[1][k], *owners[k], ids[0][b], f"demo-d-{k + 1}", address, f"Q{k + 1:07d}", number, unit, room,
            tenure, rooms, visits[k], shapes[k],
        )  # fmt: skip


def _household_rows(
    town: Town, ids: tuple[list[int], list[int]], owners: list[tuple[int, int, str]]
) -> Iterable[Sequence[Any]]:
    people = town.households
    columns = (
        people.dwelling.tolist(),
        people.head_name.tolist(),
        people.phone.tolist(),
        people.occupant_count.tolist(),
    )
    for k, (d, name, phone, count) in enumerate(zip(*columns, strict=True)):
        yield (ids[1][k], *owners[d], ids[0][d], mask_name(name), mask_phone(phone), count)


def _contact_rows(town: Town, ids: list[int], owners: list[tuple[int, int, str]]) -> Iterable[Sequence[Any]]:
    people = town.households
    columns = (people.dwelling.tolist(), people.head_name.tolist(), people.phone.tolist())
    for k, (d, name, phone) in enumerate(zip(*columns, strict=True)):
        yield (*owners[d], ids[k], name, phone)


_PLACE_COLUMNS = (
    "county_id", "area_id", "area_path", "source_ref", "kind", "name", "address", "staff_count",
    "last_inspected_on", "geom",
)  # fmt: skip


def _place_rows(loading: Loading) -> Iterable[Sequence[Any]]:
    town, places = loading.town, loading.town.places
    owners = loading.owners_of_blocks(places.block)
    addresses = street_addresses(town)
    shapes = _points(places.points_m)
    for k, shape in enumerate(shapes):
        building = int(places.building[k])
        inspected = town.reference.date() - timedelta(days=int(places.inspected_days[k]))
        yield (
            *owners[k], f"demo-p-{k + 1}", str(places.kind[k]), str(places.name[k]),
            addresses[building] if building >= 0 else "", int(places.staff_count[k]), inspected, shape,
        )  # fmt: skip


_CAMERA_COLUMNS = (
    "county_id", "area_id", "area_path", "source_ref", "code", "name", "kind", "owner_kind", "status",
    "linked_110", "linked_centre", "bearing_deg", "view_angle_deg", "range_m", "height_m", "geom",
)  # fmt: skip


def _camera_rows(loading: Loading) -> Iterable[Sequence[Any]]:
    cameras = loading.town.cameras
    owners = loading.owners_of_blocks(loading.town.block_at(cameras.points_m))
    for k, shape in enumerate(_points(cameras.points_m)):
        yield (
            *owners[k], f"demo-c-{k + 1}", str(cameras.code[k]), str(cameras.name[k]), str(cameras.kind[k]),
            str(cameras.owner_kind[k]), str(cameras.status[k]), bool(cameras.linked_110[k]),
            bool(cameras.linked_centre[k]), float(cameras.bearing_deg[k]), float(cameras.view_angle_deg[k]),
            float(cameras.range_m[k]), float(cameras.height_m[k]), shape,
        )  # fmt: skip


_INCIDENT_COLUMNS = (
    "county_id", "area_id", "area_path", "source_ref", "type_code", "occurred_at", "reported_at", "source",
    "state", "address", "geom",
)  # fmt: skip


def _incident_rows(loading: Loading) -> Iterable[Sequence[Any]]:
    town, incidents = loading.town, loading.town.incidents
    owners = loading.owners_of_blocks(town.block_at(incidents.points_m))
    streets = nearest_street(town.roads.sections, town.roads.names, incidents.points_m).tolist()
    shapes = _points(incidents.points_m)
    columns = (
        incidents.kind.tolist(), incidents.occurred_s.tolist(), incidents.reported_s.tolist(),
        incidents.source.tolist(), incidents.state.tolist(),
    )  # fmt: skip
    for k, (kind, occurred, reported, source, state) in enumerate(zip(*columns, strict=True)):
        yield (
            *owners[k], f"demo-i-{k + 1}", kind, town.reference - timedelta(seconds=occurred),
            town.reference - timedelta(seconds=reported), source, state, f"{streets[k]}附近", shapes[k],
        )  # fmt: skip


def _load_teams(session: Session, loading: Loading) -> dict[str, int]:
    town = loading.town
    county_id, area_id, path = loading.owner(0)
    own = {"county_id": county_id, "area_id": area_id, "area_path": path}
    forces = [Force(name=name, kind=kind, **own) for name, kind in FORCES]
    session.add_all(forces)
    session.flush()
    teams = town.teams
    shapes = [f"SRID=4326;POINT({lon!r} {lat!r})" for lon, lat in lonlat(teams.points_m).tolist()]
    session.add_all(
        Team(
            name=str(teams.name[k]), force_id=forces[int(teams.force[k])].id, mode=str(teams.mode[k]),
            size=int(teams.size[k]), active=bool(teams.on_duty[k]),
            station_name=str(town.places.name[teams.station[k]]), geom=shapes[k], **own,
        )
        for k in range(len(teams.name))
    )  # fmt: skip
    session.flush()
    return {"force": len(forces), "team": len(teams.name)}


def _load_districts(session: Session, loading: Loading) -> dict[str, int]:
    """Store the districts as an import would: the forces are there, and what does not fit is refused."""
    districts = loading.town.districts
    columns = (districts.code, districts.name, districts.force, districts.shapes)
    records = [
        Feature(k + 1, str(code), str(name), {"force": FORCES[int(force)][0]}, shape, {})
        for k, (code, name, force, shape) in enumerate(zip(*columns, strict=True))
    ]
    report = ImportReport("districts", "demo")
    store_districts(session, records, loading.areas[0], report=report, options=DistrictOptions())
    return dict(report.loaded)
