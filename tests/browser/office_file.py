"""A file of grids as an office has it: shifted, in GBK, with columns of its own."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import Polygon
from shapely.geometry import shape

from geo.shapes.datum import Datum, from_wgs84
from tests.browser.grounds import METRE


def with_a_corner_moved(draft: dict[str, Any]) -> tuple[dict[int, Polygon], set[int]]:
    """Return the grids with one corner that two of them share, 12 m aside, and the two."""
    shapes = {grid["key"]: shape(grid["geometry"]) for grid in draft["grids"]}
    frame = shape(draft["frame"]).boundary
    owners: dict[tuple[float, float], set[int]] = {}
    for key, one in shapes.items():
        for corner in shapely.get_coordinates(one).tolist():
            owners.setdefault(tuple(corner), set()).add(key)
    inner = [
        at for at, keys in owners.items() if len(keys) == 2 and frame.distance(shapely.Point(at)) > 30 * METRE
    ]
    for at in sorted(inner):

        def aside(xy: Any, at: tuple[float, float] = at) -> Any:
            return np.where((xy == at).all(axis=1)[:, None], np.round(xy + 12 * METRE, 7), xy)

        moved = {key: shapely.transform(one, aside) for key, one in shapes.items()}
        if all(one.is_valid for one in moved.values()) and shapely.coverage_is_valid(list(moved.values())):
            return moved, owners[at]
    pytest.fail("no corner can be moved")


def office_file(folder: Path, draft: dict[str, Any], shapes: dict[int, Polygon]) -> Path:
    """Write the grids as an office has them: Shapefile in GBK, GCJ-02 coordinates, its own column names."""
    grids = {grid["key"]: grid for grid in draft["grids"]}
    shifted = [shapely.transform(one, lambda xy: from_wgs84(xy, Datum.GCJ02)) for one in shapes.values()]
    columns = {
        "网格名称": [grids[key]["name"] for key in shapes],
        "网格编码": [grids[key]["code"] for key in shapes],
    }
    pyogrio.raw.write(
        folder / "网格.shp", shapely.to_wkb(np.array(shifted, object)),
        [np.array(cells, object) for cells in columns.values()], list(columns), driver="ESRI Shapefile",
        geometry_type="Polygon", crs="EPSG:4490", encoding="GBK",
    )  # fmt: skip
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for part in sorted(folder.glob("网格.*")):
            if part.suffix != ".cpg":
                archive.write(part, part.name)
    path = folder / "桥东网格.zip"
    path.write_bytes(whole.getvalue())
    return path
