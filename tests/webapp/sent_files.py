"""What the tests of boundary files share: an office's file, sent and looked at, over a town with streets."""

import io
import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import shapely
from flask.testing import FlaskClient
from shapely import LineString, Polygon, box
from shapely.geometry import shape

from geo.shapes.datum import Datum, from_wgs84

if TYPE_CHECKING:
    from tests.webapp.conftest import World

WEST, EAST = box(119, 30, 119.01, 30.01), box(119.01, 30, 119.02, 30.01)
CODES = ["990001001001001", "990001001001002"]
NAMES = ["西网格", "东网格"]
#: Streets: the outlines of the grids, and some that no shift of a datum brings onto them.
#:
#:     ──┬────────┬──╱─────┬──
#:       │  ╲     │ ╱      │
#:     ──┴────────┴────────┴──
STREETS = [
    LineString([(118.99, 30), (119.03, 30)]), LineString([(118.99, 30.01), (119.03, 30.01)]),
    LineString([(119, 29.99), (119, 30.02)]), LineString([(119.01, 29.99), (119.01, 30.02)]),
    LineString([(119.02, 29.99), (119.02, 30.02)]), LineString([(119.011, 30), (119.019, 30.02)]),
    LineString([(119.002, 30.008), (119.008, 30.001)]),
]  # fmt: skip


def opened(client: FlaskClient, world: "World") -> dict[str, Any]:
    answer = client.post("/api/change-sets", json={"community_id": world.town.community.id})
    assert answer.status_code == 201, answer.text
    return answer.json


def shapefile(
    folder: Path, shapes: list[Polygon], columns: dict[str, list[object]], *, encoding: str = "GBK",
    cpg: bool = True, crs: str = "EPSG:4490",
) -> bytes:  # fmt: skip
    """Return a zipped Shapefile as an office makes it."""
    path = folder / "网格.shp"
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(shapes, object)),
        [np.array(cells, object) for cells in columns.values()], list(columns),
        driver="ESRI Shapefile", geometry_type="Polygon", crs=crs, encoding=encoding,
    )  # fmt: skip
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for part in sorted(folder.glob("网格.*")):
            if part.suffix != ".cpg" or cpg:
                archive.write(part, part.name)
    return whole.getvalue()


def shifted(shapes: list[Polygon], datum: Datum) -> list[Polygon]:
    return [shapely.transform(one, lambda xy: from_wgs84(xy, datum)) for one in shapes]


def office_file(folder: Path, datum: Datum = Datum.WGS84, **more: Any) -> bytes:
    """Return the published grids under an office's column names, in another order."""
    columns: dict[str, list[object]] = {"备注": ["", ""], "网格名称": NAMES, "网格编码": CODES}
    return shapefile(folder, shifted([WEST, EAST], datum), columns, **more)


def kept(client: FlaskClient, draft: dict, content: bytes, name: str = "网格.zip") -> dict[str, Any]:
    answer = client.post(f"/api/change-sets/{draft['id']}/files", data={"file": (BytesIO(content), name)})
    assert answer.status_code == 201, answer.text
    return answer.json


def look(client: FlaskClient, draft: dict, file: dict, **choices: object) -> dict[str, Any]:
    answer = client.post(f"/api/change-sets/{draft['id']}/files/{file['id']}/look", json=choices)
    assert answer.status_code == 200, answer.text
    return answer.json


def taken(client: FlaskClient, draft: dict, file: dict, **choices: object):
    return client.post(f"/api/change-sets/{draft['id']}/files/{file['id']}/take", json=choices)


def grids_of(client: FlaskClient, draft: dict) -> list[dict[str, Any]]:
    return client.get(f"/api/change-sets/{draft['id']}").json["grids"]


def grounds(client: FlaskClient, draft: dict) -> dict[int, Polygon]:
    return {grid["key"]: shape(grid["geometry"]) for grid in grids_of(client, draft)}


def geojson(shapes: list[Any], **columns: list[object]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {name: cells[row] for name, cells in columns.items()},
            "geometry": shapely.geometry.mapping(one),
        }
        for row, one in enumerate(shapes)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()
