"""Real incidents of Chicago moved onto another town: real clustering, invented whereabouts. For trials only.

A window of Chicago as wide and high in metres as the town is taken out, every `thinning`-th incident of it
kept, and laid over the town: moved, and its degrees of longitude stretched so that metres stay metres. Only
what falls near the town's streets is kept. What happened at which street of the town is therefore made up;
how unevenly it happened is real.
"""

from __future__ import annotations

import csv
import gzip
from math import cos, radians
from pathlib import Path

import shapely

SOURCE = "chicago_crimes/chicago_all_2016_2017.csv.gz"
#: The north-west side: blocks of flats and shops without the lake, which would leave a gap.
WINDOW_CENTRE = (-87.700, 41.905)
#: About 150 m from south to north, 100 m from west to east in the middle of Europe.
NEAR_DEG = 0.0014
HEAD = ("id", "datetime", "type", "lon", "lat")


def write_moved_incidents(
    shared_data: Path, out: Path, streets: shapely.Geometry, *, thinning: int = 3
) -> int:
    """Write ``out`` (CSV, EPSG:4326) with incidents within about 150 m of ``streets``; return rows."""
    west, south, east, north = streets.bounds
    near = shapely.buffer(shapely.simplify(streets, 1e-4), NEAR_DEG, quad_segs=2)
    shapely.prepare(near)
    centre = (west + east) / 2, (south + north) / 2
    stretch = cos(radians(WINDOW_CENTRE[1])) / cos(radians(centre[1]))
    written = 0
    with (
        gzip.open(shared_data / SOURCE, "rt", encoding="utf-8") as source,
        out.open("w", encoding="utf-8", newline="") as target,
    ):
        rows = csv.writer(target)
        rows.writerow(HEAD)
        for row in csv.DictReader(source):
            if int(row["id"]) % thinning:
                continue
            lon = centre[0] + (float(row["lon"]) - WINDOW_CENTRE[0]) * stretch
            lat = centre[1] + float(row["lat"]) - WINDOW_CENTRE[1]
            if west < lon < east and south < lat < north and shapely.contains_xy(near, lon, lat):
                rows.writerow((row["id"], row["datetime"], row["type"], f"{lon:.6f}", f"{lat:.6f}"))
                written += 1
    return written
