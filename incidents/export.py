"""Places of a run as files for other programs."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import shape
from sqlalchemy import Row

#: Column of the file and its type; moments are text, as in the other files of a run.
COLUMNS: tuple[tuple[str, type], ...] = (
    ("rank", np.int32),
    ("name", object),
    ("observed", np.int32),
    ("expected", np.float64),
    ("ratio", np.float64),
    ("ratio_low", np.float64),
    ("ratio_high", np.float64),
    ("p_value", np.float64),
    ("q_value", np.float64),
    ("area_m2", np.float64),
    ("window_from", object),
    ("window_to", object),
    ("expires_at", object),
)


def hotspots_package(rows: Sequence[Row[Any]], shapes: Mapping[int, Mapping[str, Any]]) -> bytes:
    """Return a GeoPackage of one layer, ``hotspots`` (EPSG:4326), with the places `rows` of a run.

    `shapes` are GeoJSON geometries by the id of their place.
    """
    # GDAL is heavy, and wanted by few.
    from pyogrio.raw import write  # noqa: PLC0415

    whole = io.BytesIO()
    write(
        whole,
        shapely.to_wkb(np.array([shape(dict(shapes[row.id])) for row in rows], dtype=object)),
        field_data=[_column(rows, name, kind) for name, kind in COLUMNS],
        fields=np.array([name for name, _ in COLUMNS], dtype=object),
        layer="hotspots",
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
    )
    return whole.getvalue()


def _column(rows: Sequence[Row[Any]], name: str, kind: type) -> npt.NDArray[Any]:
    values = [getattr(row, name) for row in rows]
    return np.array(
        [value.isoformat() if isinstance(value, datetime) else value for value in values], dtype=kind
    )
