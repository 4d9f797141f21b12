"""Reads of cameras, of the walls around them and of the streets they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import func, select, text

from cameras.models import Camera, CameraView
from geo.households.models import Building

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from geo.areas.models import Area

    type Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Register:
    """Cameras of an area as columns of one length; NaN where the register says nothing.

    `lonlat` is (n, 2), EPSG:4326; `owner` holds (county_id, area_id, area_path); `digest` is the digest of
    what the stored view was computed from, empty without a view.
    """

    ids: NDArray[np.int64]
    lonlat: NDArray[np.float64]
    bearing_deg: NDArray[np.float64]
    view_angle_deg: NDArray[np.float64]
    range_m: NDArray[np.float64]
    working: NDArray[np.bool_]
    owner: Sequence[tuple[int, int, str]]
    digest: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)


def register_of(session: Session, area: Area) -> Register:
    """Return the cameras at or below an area the session may see, by id."""
    rows = session.execute(
        select(
            Camera.id,
            func.ST_X(Camera.geom),
            func.ST_Y(Camera.geom),
            Camera.bearing_deg,
            Camera.view_angle_deg,
            Camera.range_m,
            Camera.status,
            Camera.county_id,
            Camera.area_id,
            Camera.area_path,
            CameraView.input_digest,
        )
        .outerjoin(CameraView, CameraView.camera_id == Camera.id)
        .where(Camera.county_id == area.county_id, Camera.area_path.op("<@")(area.path))
        .order_by(Camera.id)
    ).all()

    def numbers(place: int) -> NDArray[np.float64]:
        return np.array([np.nan if row[place] is None else row[place] for row in rows], np.float64)

    return Register(
        ids=np.array([row[0] for row in rows], np.int64),
        lonlat=np.column_stack([numbers(1), numbers(2)]),
        bearing_deg=numbers(3),
        view_angle_deg=numbers(4),
        range_m=numbers(5),
        working=np.array([row[6] == "working" for row in rows], np.bool_),
        owner=[(row[7], row[8], row[9]) for row in rows],
        digest=[row[10] or "" for row in rows],
    )


def buildings_in(session: Session, county_id: int, box: Box) -> NDArray[np.object_]:
    """Return the building footprints (EPSG:4326) that touch a box, by id."""
    rows = session.scalars(
        select(func.ST_AsBinary(Building.geom))
        .where(Building.county_id == county_id, Building.geom.op("&&")(func.ST_MakeEnvelope(*box, 4326)))
        .order_by(Building.id)
    ).all()
    return np.asarray(shapely.from_wkb(np.array([bytes(wkb) for wkb in rows], dtype=object)), dtype=object)


def streets_in(session: Session, county_id: int, box: Box) -> NDArray[np.object_]:
    """Return the road sections (EPSG:4326 lines) people or cars use in the open that touch a box, by id."""
    rows = session.scalars(
        text(
            "SELECT ST_AsBinary(geom) FROM road_section WHERE county_id = :county AND (foot OR car) "
            "AND NOT tunnel AND geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) ORDER BY id"
        ),
        {"county": county_id, "west": box[0], "south": box[1], "east": box[2], "north": box[3]},
    ).all()
    return np.asarray(shapely.from_wkb(np.array([bytes(wkb) for wkb in rows], dtype=object)), dtype=object)


def views_of(session: Session, area: Area) -> NDArray[np.object_]:
    """Return the stored views (EPSG:4326) of the working cameras at or below an area."""
    rows = session.scalars(
        select(func.ST_AsBinary(CameraView.geom))
        .join(Camera, Camera.id == CameraView.camera_id)
        .where(
            Camera.county_id == area.county_id,
            Camera.area_path.op("<@")(area.path),
            Camera.status == "working",
        )
        .order_by(Camera.id)
    ).all()
    return np.asarray(shapely.from_wkb(np.array([bytes(wkb) for wkb in rows], dtype=object)), dtype=object)


def latest_sight(session: Session, area: Area) -> Row[Any] | None:
    """Return (id, result, finished_at) of the last finished run over the area, None without any."""
    return session.execute(
        text(
            "SELECT id, result, finished_at FROM job_run WHERE kind = 'cameras.sight' AND state = 'done' "
            "AND area_id = :area ORDER BY finished_at DESC LIMIT 1"
        ),
        {"area": area.id},
    ).one_or_none()


def cameras_on(session: Session, areas: Sequence[int]) -> Sequence[Row[Any]]:
    """Return (name, status, bearing_deg, view_angle_deg, lon, lat) of the cameras of areas, by id."""
    return session.execute(
        text(
            "SELECT name, status, bearing_deg, view_angle_deg, ST_X(geom) AS lon, ST_Y(geom) AS lat "
            "FROM camera WHERE area_id = ANY (:areas) ORDER BY id"
        ),
        {"areas": list(areas)},
    ).all()
