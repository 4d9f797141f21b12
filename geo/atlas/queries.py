"""Reads for a sheet: the ground under its window, and the facts of the area it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import today
from geo.shapes.sheet.ground import Cover, Roads

type Box = tuple[float, float, float, float]  # west, south, east, north in degrees

_IN_BOX = "t.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)"


def _box(county_id: int, box: Box) -> dict[str, Any]:
    west, south, east, north = box
    return {"county": county_id, "west": west, "south": south, "east": east, "north": north}


def shapes_of(wkb: Sequence[Any]) -> NDArray[np.object_]:
    """Return shapes for as many WKB values, in a flat array of objects."""
    found = np.empty(len(wkb), dtype=object)
    found[:] = list(shapely.from_wkb([bytes(one) for one in wkb]))
    return found


def roads_under(session: Session, county_id: int, box: Box, *, classes: Sequence[str] = ()) -> Roads:
    """Return the road sections of a county that meet a box, by id; only those of `classes` where given."""
    chosen = "AND t.road_class = ANY (:classes) " if classes else ""
    rows = session.execute(
        text(
            "SELECT ST_AsBinary(t.geom), coalesce(t.name, ''), t.road_class, t.tunnel FROM road_section AS t "
            f"WHERE t.county_id = :county AND {_IN_BOX} {chosen}ORDER BY t.id"
        ),
        _box(county_id, box) | ({"classes": list(classes)} if classes else {}),
    ).all()
    return Roads(
        shapes_of([row[0] for row in rows]),
        [row[1] for row in rows],
        [row[2] for row in rows],
        [bool(row[3]) for row in rows],
    )


def cover_under(session: Session, county_id: int, box: Box) -> Cover:
    """Return the ground cover of a county that meets a box, by id."""
    rows = session.execute(
        text(
            "SELECT ST_AsBinary(t.geom), t.kind, coalesce(t.name, '') FROM ground_cover AS t "
            f"WHERE t.county_id = :county AND {_IN_BOX} ORDER BY t.id"
        ),
        _box(county_id, box),
    ).all()
    return Cover(shapes_of([row[0] for row in rows]), [row[1] for row in rows], [row[2] for row in rows])


def buildings_under(session: Session, county_id: int, box: Box) -> NDArray[np.object_]:
    """Return the building footprints of a county that meet a box, by id."""
    rows = session.scalars(
        text(
            f"SELECT ST_AsBinary(t.geom) FROM building AS t WHERE t.county_id = :county AND {_IN_BOX} "
            "ORDER BY t.id"
        ),
        _box(county_id, box),
    ).all()
    return shapes_of(rows)


def has_osm_ground(session: Session, county_id: int, box: Box) -> bool:
    """Tell whether streets in a box came from OpenStreetMap, whose licence wants to be named."""
    return bool(
        session.scalar(
            text(
                f"SELECT EXISTS (SELECT FROM road_section AS t WHERE t.county_id = :county AND {_IN_BOX} "
                "AND t.source_ref LIKE 'osm:%')"
            ),
            _box(county_id, box),
        )
    )


def finest_areas_under(session: Session, county_id: int, box: Box) -> Sequence[Row[Any]]:
    """Return the present grids that meet a box, and the communities there that have no grids, by code.

    Columns: id, parent_id, level, code, name, community (name of the community), wkb.
    """
    return session.execute(
        text(
            "SELECT a.id, a.parent_id, a.level, a.code, a.name, "
            "CASE WHEN a.level = 'grid' THEN p.name ELSE a.name END AS community, "
            "ST_AsBinary(t.geom) AS wkb "
            "FROM area_boundary AS t JOIN area AS a ON a.id = t.area_id "
            "LEFT JOIN area AS p ON p.id = a.parent_id "
            f"WHERE t.county_id = :county AND {_IN_BOX} AND t.valid @> CAST(:today AS date) "
            "AND a.valid_to IS NULL AND (a.level = 'grid' OR (a.level = 'community' AND NOT EXISTS ("
            "SELECT FROM area AS g WHERE g.parent_id = a.id AND g.level = 'grid' AND g.valid_to IS NULL))) "
            "ORDER BY a.code"
        ),
        _box(county_id, box) | {"today": today()},
    ).all()


def communities_under(session: Session, county_id: int, box: Box) -> Sequence[Row[Any]]:
    """Return (id, code, name, wkb) of the present communities that meet a box, by code."""
    return session.execute(
        text(
            "SELECT a.id, a.code, a.name, ST_AsBinary(t.geom) AS wkb "
            "FROM area_boundary AS t JOIN area AS a ON a.id = t.area_id "
            f"WHERE t.county_id = :county AND {_IN_BOX} AND t.valid @> CAST(:today AS date) "
            "AND a.valid_to IS NULL AND a.level = 'community' ORDER BY a.code"
        ),
        _box(county_id, box) | {"today": today()},
    ).all()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many dwellings, present households and people living there an area has."""

    dwellings: int
    households: int
    people: int


def counts_by_area(session: Session, areas: Sequence[int]) -> dict[int, Counts]:
    """Return the counts of each of the areas' own rows; no person is read."""
    rows = session.execute(
        text(
            "SELECT d.area_id, count(*), count(h.id), coalesce(sum(h.occupant_count), 0) FROM dwelling AS d "
            "LEFT JOIN household AS h ON h.dwelling_id = d.id AND h.moved_out_on IS NULL "
            "WHERE d.area_id = ANY (:areas) GROUP BY d.area_id"
        ),
        {"areas": list(areas)},
    ).all()
    found = {row[0]: Counts(int(row[1]), int(row[2]), int(row[3])) for row in rows}
    return {area: found.get(area, Counts(0, 0, 0)) for area in areas}


def posts_on(session: Session, areas: Sequence[int]) -> Sequence[Row[Any]]:
    """Return (area_id, kind, holder, full_time) of the posts of today; `holder` is empty for a vacancy."""
    return session.execute(
        text(
            "SELECT p.area_id, p.kind, p.full_time, coalesce(nullif(p.holder_name, ''), a.name, '') AS holder"
            " "
            "FROM post AS p LEFT JOIN account AS a ON a.id = p.account_id "
            "WHERE p.area_id = ANY (:areas) AND p.valid_to IS NULL ORDER BY p.area_id, p.kind, p.id"
        ),
        {"areas": list(areas)},
    ).all()


def addresses_in(session: Session, areas: Sequence[int]) -> Sequence[Row[Any]]:
    """Return (address, building_no, lon, lat), one for each place with dwellings in the areas.

    Of flats that share an entrance the first by room; who lives there is not read.
    """
    return session.execute(
        text(
            "SELECT address, building_no, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM ("
            "SELECT DISTINCT ON (coalesce(building_id, -id), geom) address, building_no, geom FROM dwelling "
            "WHERE area_id = ANY (:areas) ORDER BY coalesce(building_id, -id), geom, room_no, id) AS entrance"
        ),
        {"areas": list(areas)},
    ).all()


def places_in(session: Session, areas: Sequence[int]) -> Sequence[Row[Any]]:
    """Return (kind, name, lon, lat) of the key places of the areas, by name."""
    return session.execute(
        text(
            "SELECT kind, name, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM place "
            "WHERE area_id = ANY (:areas) ORDER BY kind, name, id"
        ),
        {"areas": list(areas)},
    ).all()
