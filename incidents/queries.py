"""Reads of incidents, of what the hotspot engine needs, and of the hotspots found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import psycopg
from sqlalchemy import Row, exists, select, text
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import NotFound
from core.models import JobRun
from core.queries import runs_of
from geo.areas.models import Area
from incidents.models import Hotspot, IncidentType

#: How many of an area's runs are looked through for one that answered the same question.
LOOKED_THROUGH = 50

# One row of COPY BINARY of the five columns below: a field count, then each field with its length.
# All are of fixed width and never null, so the stream is an array (PostgreSQL manual, "COPY", file formats).
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("lon_bytes", ">i4"), ("lon", ">f8"),
        ("lat_bytes", ">i4"), ("lat", ">f8"),
        ("t_bytes", ">i4"), ("t_s", ">i8"),
        ("hour_bytes", ">i4"), ("hour_of_week", ">i2"),
        ("type_bytes", ">i4"), ("type_id", ">i4"),
    ]
)  # fmt: skip
_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"

# Incidents a patrol found stay out: where patrols go, more is found, and the map would feed itself.
_COPY = """
COPY (
    SELECT ST_X(i.geom), ST_Y(i.geom), floor(extract(epoch FROM i.occurred_at))::bigint,
           ((extract(isodow FROM i.occurred_at AT TIME ZONE %(zone)s) - 1) * 24
            + extract(hour FROM i.occurred_at AT TIME ZONE %(zone)s))::smallint,
           t.position::integer
    FROM incident AS i
    JOIN unnest(%(types)s::text[]) WITH ORDINALITY AS t (code, position) ON t.code = i.type_code
    WHERE i.county_id = %(county)s AND i.area_path <@ %(path)s::ltree AND i.source <> 'patrol'
      AND i.occurred_at >= %(start)s AND i.occurred_at < %(end)s
) TO STDOUT (FORMAT BINARY)
"""

_NAMES = """
SELECT p.position, grid.id AS area_id, grid.path::text AS path, grid.county_id,
       array(SELECT s.name FROM (
           SELECT r.name, min(ST_Distance(r.geom::geography, p.point::geography)) AS distance_m
           FROM road_section AS r
           WHERE r.county_id = :county AND r.name <> ''
             AND r.geom && ST_Expand(p.point, CAST(:reach_lon AS float8), CAST(:reach_lat AS float8))
           GROUP BY r.name
           ORDER BY distance_m, r.name
           LIMIT 2) AS s ORDER BY s.distance_m, s.name) AS streets,
       array(SELECT a.name FROM area AS a
             WHERE a.path @> grid.path AND a.level IN ('community', 'grid', 'town')
             ORDER BY nlevel(a.path)) AS areas
FROM (SELECT position, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point
      FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS u (lon, lat, position)
     ) AS p
LEFT JOIN LATERAL (
    SELECT a.id, a.path, a.county_id FROM area_boundary AS b JOIN area AS a ON a.id = b.area_id
    WHERE b.geom && p.point AND ST_Intersects(b.geom, p.point) AND b.valid @> CAST(:on_date AS date)
      AND a.county_id = :county AND a.valid_to IS NULL
    ORDER BY nlevel(a.path) DESC, a.code LIMIT 1) AS grid ON true
ORDER BY p.position
"""


@dataclass(frozen=True)
class IncidentSelection:
    """Which incidents a hotspot run looks at.

    `type_codes` are exact (roll-ups already opened) and give `type_id` its meaning: 1 is the first.
    `zone` is the name of the time zone that tells the hour of the week.
    """

    county_id: int
    area_path: str
    type_codes: tuple[str, ...]
    start: datetime
    end: datetime
    zone: str


@dataclass(frozen=True)
class IncidentArrays:
    """Incidents as arrays of one length, in no order: degrees (EPSG:4326), seconds UTC, hour of the week."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    t_s: npt.NDArray[np.int64]
    hour_of_week: npt.NDArray[np.int16]
    type_id: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Surroundings:
    """What lies around a point: up to two named streets, nearest first; names of its areas, largest first."""

    streets: tuple[str, ...]
    areas: tuple[str, ...]

    def name(self) -> str:
        """Return streets and owning grid in signs both languages read; empty where nothing is known."""
        areas = list(self.areas[-2:])
        # "桥东社区第3网格" already says where it belongs.
        if len(areas) == 2 and areas[1].startswith(areas[0]):
            areas = areas[1:]
        return " · ".join(part for part in (" / ".join(self.streets), " ".join(areas)) if part)


def hotspot_types(session: Session, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the codes of the types hotspots may be made of, sorted; all, or `wanted` and what they roll up.

    Raises
    ------
    NotFound
        ``incident_type_unknown`` (field `type`): no such type, or hotspots of it are not allowed.
    """
    rows = session.execute(
        select(IncidentType.code, IncidentType.parent_code).where(IncidentType.hotspot_allowed)
    ).all()
    if not wanted:
        return tuple(sorted(row.code for row in rows))
    known = {row.code for row in rows}
    for code in wanted:
        if code not in known:
            raise NotFound("incident_type_unknown", type=code)
    return tuple(sorted(row.code for row in rows if row.code in wanted or row.parent_code in wanted))


def areas_with_incidents(session: Session, *, levels: Sequence[str]) -> Sequence[Row[int, str]]:
    """Return (id, path) of the areas of these levels with a boundary and incidents, larger ones first."""
    return session.execute(
        text(
            "SELECT a.id, a.path::text AS path FROM area AS a "
            "WHERE a.level = ANY (:levels) AND a.valid_to IS NULL AND EXISTS (SELECT FROM area_boundary AS b "
            "WHERE b.area_id = a.id AND b.valid @> CAST(:day AS date)) AND EXISTS (SELECT FROM incident AS i "
            "WHERE i.county_id = a.county_id AND i.area_path <@ a.path) "
            "ORDER BY nlevel(a.path), a.id"
        ),
        {"levels": list(levels), "day": today()},
    ).all()


def latest_incident(
    session: Session, area: Area, *, types: Sequence[str], before: datetime
) -> datetime | None:
    """Return when the last incident a hotspot may be made of happened in `area`, None without any."""
    return cast(
        datetime | None,
        session.execute(
            text(
                "SELECT max(occurred_at) FROM incident WHERE county_id = :county "
                "AND area_path <@ CAST(:path AS ltree) AND source <> 'patrol' "
                "AND type_code = ANY (:types) AND occurred_at < :before"
            ),
            {"county": area.county_id, "path": area.path, "types": list(types), "before": before},
        ).scalar_one(),
    )


def load_incident_arrays(session: Session, selection: IncidentSelection) -> IncidentArrays:
    """Return the selected incidents the session may see; patrol-discovered ones are left out.

    Reads the binary form of COPY straight into arrays: no Python object per incident.
    """
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the house runs on one driver
    binds = {
        "zone": selection.zone,
        "types": list(selection.type_codes),
        "county": selection.county_id,
        "path": selection.area_path,
        "start": selection.start,
        "end": selection.end,
    }
    with driver.cursor() as cursor, cursor.copy(_COPY, binds) as copy:
        stream = b"".join(bytes(block) for block in copy)
    rows = _rows(stream)
    return IncidentArrays(
        lon=rows["lon"].astype(np.float64),
        lat=rows["lat"].astype(np.float64),
        t_s=rows["t_s"].astype(np.int64),
        hour_of_week=rows["hour_of_week"].astype(np.int16),
        type_id=rows["type_id"].astype(np.int32),
    )


def _rows(stream: bytes) -> npt.NDArray[np.void]:
    extension_bytes = int.from_bytes(stream[15:19], "big")
    start, end = 19 + extension_bytes, len(stream) - 2
    if not stream.startswith(_SIGNATURE) or stream[end:] != b"\xff\xff" or (end - start) % _ROW.itemsize:
        raise ValueError("the server's binary COPY stream does not have the expected form")
    rows = np.frombuffer(stream, dtype=_ROW, count=(end - start) // _ROW.itemsize, offset=start)
    # A null or another type would shift every following field: refuse rather than read nonsense.
    if not (
        np.all(rows["fields"] == 5) and np.all(rows["lon_bytes"] == 8) and np.all(rows["type_bytes"] == 4)
    ):
        raise ValueError("the server's binary COPY stream holds a field of unexpected width")
    return rows


def surroundings(
    session: Session, points: Sequence[tuple[float, float]], *, county_id: int, on: date
) -> list[Surroundings]:
    """Return what lies around each point (lon, lat), in order. Streets within about 1 km count."""
    if not points:
        return []
    lat = points[0][1]
    rows = session.execute(
        text(_NAMES),
        {
            "lons": [p[0] for p in points],
            "lats": [p[1] for p in points],
            "county": county_id,
            "on_date": on,
            # 0.009 degrees of latitude are 1 km.
            "reach_lat": 0.009,
            "reach_lon": 0.009 / max(float(np.cos(np.radians(lat))), 0.1),
        },
    ).all()
    return [Surroundings(tuple(row.streets), tuple(row.areas)) for row in rows]


def current_hotspots(session: Session, *, at: datetime, path: str | None = None) -> Sequence[Row[Any]]:
    """Return the hotspots that have not expired `at` the moment, newest run first, then by rank.

    Columns (lon to north in EPSG:4326): id, run_id, area_id, rank, name, window_from, window_to, observed,
    expected, ratio, ratio_low, ratio_high, p_value, q_value, area_m2, profile, expires_at, lon, lat, west,
    south, east, north.
    """
    return _hotspots(
        session,
        "expires_at > :at AND (CAST(:path AS ltree) IS NULL OR area_path <@ CAST(:path AS ltree))",
        {"at": at, "path": path},
    )


def hotspots_of_run(session: Session, run_id: int) -> Sequence[Row[Any]]:
    """Return the hotspots a run stored, by rank, expired or not; columns as `current_hotspots`."""
    return _hotspots(session, "run_id = :run", {"run": run_id})


def answered_before(session: Session, kind: str, area: Area, fingerprint: str) -> JobRun | None:
    """Return the newest run of `kind` for `area` that computed what has this fingerprint, None without."""
    runs = runs_of(session, kind, states=("done",), most=LOOKED_THROUGH, area_id=area.id)
    same = (run for run in runs if (run.result or {}).get("fingerprint") == fingerprint)
    return next((run for run in same if "same_as" not in (run.result or {})), None)


def hotspots_stand(session: Session, run: JobRun, *, at: datetime) -> bool:
    """Tell whether a run's places are still on the map, or it found none."""
    if (run.result or {})["outcome"] != "found":
        return True
    return bool(session.scalar(select(exists().where(Hotspot.run_id == run.id, Hotspot.expires_at > at))))


def hotspot(session: Session, hotspot_id: int) -> Hotspot:
    """Return one hotspot.

    Raises
    ------
    NotFound
        ``hotspot_unknown`` (field `id`).
    """
    found = session.get(Hotspot, hotspot_id)
    if found is None:
        raise NotFound("hotspot_unknown", id=hotspot_id)
    return found


def _hotspots(session: Session, condition: str, binds: dict[str, Any]) -> Sequence[Row[Any]]:
    columns = (
        "id, run_id, area_id, rank, name, window_from, window_to, observed, expected, ratio, ratio_low, "
        "ratio_high, p_value, q_value, area_m2, profile, expires_at, "
        "ST_X(ST_PointOnSurface(geom)) AS lon, ST_Y(ST_PointOnSurface(geom)) AS lat, "
        "ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east, ST_YMax(geom) AS north"
    )
    # `condition` is one of the two constants above; every value is bound.
    return session.execute(
        text(f"SELECT {columns} FROM hotspot WHERE {condition} ORDER BY run_id DESC, rank"),
        binds,
    ).all()


def weekly_counts(
    session: Session, area: Area, *, until: datetime, weeks: int, hotspot_id: int | None = None
) -> Sequence[Row[Any]]:
    """Return (week, n): how many incidents hotspots may be made of fell into each of the last `weeks`.

    Week 0 ends `until`; weeks without incidents are present with 0. With `hotspot_id` only those
    inside that hotspot count.
    """
    return session.execute(
        text(
            "SELECT w.week, count(i.id) AS n FROM generate_series(0, :weeks - 1) AS w (week) "
            "LEFT JOIN (SELECT i.id, "
            "floor(extract(epoch FROM :until - i.occurred_at) / 604800)::integer AS week "
            "FROM incident AS i JOIN incident_type AS t ON t.code = i.type_code AND t.hotspot_allowed "
            "WHERE i.county_id = :county AND i.area_path <@ CAST(:path AS ltree) AND i.source <> 'patrol' "
            "AND i.occurred_at <= :until AND i.occurred_at > :until - make_interval(weeks => :weeks) "
            "AND (CAST(:hotspot AS bigint) IS NULL OR EXISTS (SELECT FROM hotspot AS h "
            "WHERE h.id = :hotspot AND i.geom && h.geom AND ST_Intersects(i.geom, h.geom)))) AS i "
            "ON i.week = w.week GROUP BY w.week ORDER BY w.week DESC"
        ),
        {
            "until": until,
            "weeks": weeks,
            "county": area.county_id,
            "path": area.path,
            "hotspot": hotspot_id,
        },
    ).all()


def period_profile(session: Session, area: Area, *, start: datetime, end: datetime, zone: str) -> Row[Any]:
    """Return (total, by_type {code: n}, by_hour {hour: n}) of an area's incidents in [start, end).

    Hours are those of the time zone `zone`; patrol-discovered incidents are left out.
    """
    return session.execute(
        text(
            "WITH found AS (SELECT i.type_code, "
            "extract(hour FROM i.occurred_at AT TIME ZONE :zone)::integer AS hour "
            "FROM incident AS i JOIN incident_type AS t ON t.code = i.type_code AND t.hotspot_allowed "
            "WHERE i.county_id = :county AND i.area_path <@ CAST(:path AS ltree) AND i.source <> 'patrol' "
            "AND i.occurred_at >= :start AND i.occurred_at < :end) "
            "SELECT (SELECT count(*) FROM found) AS total, "
            "(SELECT coalesce(jsonb_object_agg(type_code, n), '{}') FROM "
            "(SELECT type_code, count(*) AS n FROM found GROUP BY type_code) AS t) AS by_type, "
            "(SELECT coalesce(jsonb_object_agg(hour, n), '{}') FROM "
            "(SELECT hour, count(*) AS n FROM found GROUP BY hour) AS h) AS by_hour"
        ),
        {"zone": zone, "county": area.county_id, "path": area.path, "start": start, "end": end},
    ).one()


def hotspot_shapes(session: Session, run_id: int) -> dict[int, dict[str, Any]]:
    """Return the GeoJSON geometry (EPSG:4326) of each hotspot of a run, by its id."""
    rows = session.execute(
        text("SELECT id, ST_AsGeoJSON(geom, 7)::jsonb AS shape FROM hotspot WHERE run_id = :run"),
        {"run": run_id},
    )
    return {row.id: row.shape for row in rows}


def places_also_of(session: Session, run_id: int, other_run_id: int) -> set[int]:
    """Return the ids of the places of a run that share more than an edge with a place of another run."""
    rows = session.scalars(
        text(
            "SELECT h.id FROM hotspot AS h WHERE h.run_id = :run AND EXISTS (SELECT FROM hotspot AS o "
            "WHERE o.run_id = :other AND o.geom && h.geom AND ST_Relate(o.geom, h.geom, '2********'))"
        ),
        {"run": run_id, "other": other_run_id},
    )
    return set(rows)


def incident_types(session: Session) -> Sequence[Row[str, str | None, str, str, bool]]:
    """Return (code, parent_code, name_zh, name_en, hotspot_allowed) of all types, groups first."""
    return session.execute(
        select(
            IncidentType.code,
            IncidentType.parent_code,
            IncidentType.name_zh,
            IncidentType.name_en,
            IncidentType.hotspot_allowed,
        ).order_by(IncidentType.parent_code.nulls_first(), IncidentType.code)
    ).all()
