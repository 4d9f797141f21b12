"""What cameras see: load the register and the walls, let the sweep decide, store the views."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy import delete, text

from cameras.models import CameraView
from cameras.queries import Register, buildings_in, register_of, streets_in, views_of
from cameras.sight.mount import mounted
from cameras.sight.view import Cameras, view_polygons, walls_of
from core.db import touch_layer
from core.errors import NotEnough
from core.intake.bulk import stage
from core.settings import settings
from geo.areas.queries import boundary_shape
from geo.shapes.crs import area_m2, metric_epsg, shape_to_metric, to_lonlat, to_metric
from geo.shapes.snap import snap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry import Polygon
    from sqlalchemy.orm import Session

    from geo.areas.models import Area

# Where the register is silent [ours]: a street camera tells a person from a shadow at about 80 m
# (25 px/m at 1080 lines and a 50 degree lens, IEC 62676-4), and a fixed lens opens about 90 degrees.
DEFAULT_RANGE_M = 80.0
DEFAULT_ANGLE_DEG = 90.0
# A change of this text makes every stored view stale.
METHOD = "sweep v1"
_VIEW_COLUMNS = (
    "camera_id",
    "county_id",
    "area_id",
    "area_path",
    "run_id",
    "input_digest",
    "area_m2",
    "geom",
)


@dataclass(frozen=True, slots=True)
class SightTask:
    """All a run needs: the cameras, the buildings around them (metric and as stored) and the metric CRS."""

    register: Register
    cameras: Cameras
    buildings: NDArray[np.object_]
    epsg: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A computed view of the camera at `index` of the register: EPSG:4326, None when it films indoors."""

    index: int
    digest: str
    view: Polygon | None


def load_sight(session: Session, area: Area) -> SightTask:
    """Return the task of an area.

    Raises
    ------
    NotEnough
        ``cameras_none``: the area has no camera.
    """
    register = register_of(session, area)
    if not len(register):
        raise NotEnough("cameras_none", area=area.name)
    west, south = register.lonlat.min(axis=0)
    east, north = register.lonlat.max(axis=0)
    epsg = settings().metric_epsg or metric_epsg(float(west + east) / 2, float(south + north) / 2)
    cameras = _metric_cameras(register, epsg)
    # Degrees for the farthest reach; a building farther away hides nothing.
    reach_deg = (float(cameras.range_m.max()) + 100.0) / 111_320.0
    wide_deg = reach_deg / max(float(np.cos(np.radians(max(abs(south), abs(north))))), 0.05)
    box = (float(west) - wide_deg, float(south) - reach_deg, float(east) + wide_deg, float(north) + reach_deg)
    footprints = buildings_in(session, area.county_id, box)
    metric = [shape_to_metric(shape, epsg) for shape in footprints]
    return SightTask(register, cameras, np.array(metric, dtype=object), epsg)


def _metric_cameras(register: Register, epsg: int) -> Cameras:
    points_m = to_metric(register.lonlat, epsg)
    # Bearings count from true north, the metric grid has a north of its own: turn by the angle between.
    north_m = to_metric(register.lonlat + np.array([0.0, 1e-4]), epsg) - points_m
    turn_deg = np.degrees(np.arctan2(north_m[:, 0], north_m[:, 1]))
    return Cameras(
        points_m=points_m,
        bearing_deg=np.mod(register.bearing_deg + turn_deg, 360.0),
        angle_deg=np.nan_to_num(register.view_angle_deg, nan=DEFAULT_ANGLE_DEG),
        range_m=np.nan_to_num(register.range_m, nan=DEFAULT_RANGE_M),
    )


def stale(task: SightTask) -> dict[int, str]:
    """Return index and new digest of the cameras whose stored view is not of the present walls and values."""
    cameras = task.cameras
    points = shapely.points(cameras.points_m)
    near: dict[int, list[int]] = {}
    if len(task.buildings):
        reach = cameras.range_m + 1.0
        camera, building = shapely.STRtree(task.buildings).query(points, predicate="dwithin", distance=reach)
        for index, which in zip(camera, building, strict=True):
            near.setdefault(int(index), []).append(int(which))
    found: dict[int, str] = {}
    for index in range(len(cameras)):
        values = np.concatenate([
            np.round(cameras.points_m[index], 2),
            [cameras.bearing_deg[index], cameras.angle_deg[index], cameras.range_m[index]],
        ])  # fmt: skip
        content = hashlib.sha256(f"{METHOD}|{task.epsg}|{np.round(values, 3).tolist()}".encode())
        for which in sorted(near.get(index, ())):
            content.update(shapely.to_wkb(task.buildings[which]))
        digest = content.hexdigest()[:32]
        if digest != task.register.digest[index]:
            found[index] = digest
    return found


def compute(task: SightTask, wanted: dict[int, str]) -> list[Sight]:
    """Return the views of the wanted cameras (index to digest), in that order."""
    indexes = np.array(list(wanted), np.int64)
    cameras = task.cameras
    moved, outdoors = mounted(cameras.points_m[indexes], cameras.bearing_deg[indexes], task.buildings)
    placed = Cameras(
        moved, cameras.bearing_deg[indexes], cameras.angle_deg[indexes], cameras.range_m[indexes]
    )
    views = view_polygons(placed, walls_of(task.buildings))
    return [
        Sight(int(index), wanted[int(index)], _stored_form(view, task.epsg) if free else None)
        for index, view, free in zip(indexes, views, outdoors, strict=True)
    ]


def _stored_form(view: Polygon, epsg: int) -> Polygon | None:
    """Return a view in EPSG:4326 on the stored grid, None when nothing is left of it."""
    lonlat = snap(shapely.transform(view, lambda points: to_lonlat(points, epsg)))
    parts = [part for part in shapely.get_parts(lonlat) if part.geom_type == "Polygon" and not part.is_empty]
    return max(parts, key=lambda part: part.area) if parts else None


def store(session: Session, run_id: int, task: SightTask, sights: Sequence[Sight]) -> None:
    """Write the views; a camera that films indoors, or was deleted meanwhile, has none afterwards."""
    register = task.register
    present = {
        int(row[0])
        for row in session.execute(
            text("SELECT id FROM camera WHERE id = ANY (:ids) FOR SHARE"),
            {"ids": [int(register.ids[sight.index]) for sight in sights]},
        )
    }
    rows, gone = [], []
    for sight in sights:
        camera_id = int(register.ids[sight.index])
        if sight.view is None:
            gone.append(camera_id)
        elif camera_id in present:
            geom = shapely.to_wkb(shapely.set_srid(sight.view, 4326), hex=True, include_srid=True)
            owner = register.owner[sight.index]
            rows.append((camera_id, *owner, run_id, sight.digest, area_m2(sight.view), geom))
    if gone:
        session.execute(delete(CameraView).where(CameraView.camera_id.in_(gone)))
    if rows:
        table: Any = CameraView.__table__
        staged, _ = stage(session, table, _VIEW_COLUMNS, rows)
        listed = ", ".join(_VIEW_COLUMNS)
        changed = ", ".join(f"{column} = excluded.{column}" for column in _VIEW_COLUMNS[1:])
        session.execute(
            text(
                f"INSERT INTO camera_view ({listed}) SELECT {listed} FROM {staged} "  # noqa: S608 - our names
                f"ON CONFLICT (camera_id) DO UPDATE SET {changed}, computed_at = now()"
            )
        )
    if rows or gone:
        touch_layer(session, "camera_views")


@dataclass(frozen=True, slots=True)
class StreetSight:
    """How many metres of an area's streets its working cameras see."""

    street_m: float
    seen_m: float

    @property
    def share(self) -> float:
        """Part of the streets that is seen, 0..1; 0 where there are no streets."""
        return self.seen_m / self.street_m if self.street_m else 0.0


def street_sight(session: Session, area: Area, epsg: int) -> StreetSight:
    """Return what the working cameras of an area see of its streets, inside its boundary."""
    boundary = boundary_shape(session, area.id)
    if boundary is None:
        return StreetSight(0.0, 0.0)
    west, south, east, north = boundary.bounds
    lines = streets_in(session, area.county_id, (west, south, east, north))
    views = views_of(session, area)
    streets = np.array([shape_to_metric(line, epsg) for line in lines], dtype=object)
    if not len(streets):
        return StreetSight(0.0, 0.0)
    streets = shapely.intersection(streets, shape_to_metric(boundary, epsg))
    street_m = float(shapely.length(streets).sum())
    if not len(views):
        return StreetSight(street_m, 0.0)
    # Views overlap: their union is cut into disjoint parts so that no metre counts twice.
    seen = shapely.get_parts(shapely.union_all([shape_to_metric(view, epsg) for view in views]))
    street, part = shapely.STRtree(seen).query(streets, predicate="intersects")
    seen_m = float(shapely.length(shapely.intersection(streets[street], seen[part])).sum())
    return StreetSight(street_m, seen_m)
