"""Drawings of broken partitions, and a valid partition to damage.

One step of a drawing is 1e-5 degrees: 0.965 m to the east and 1.109 m to the north at 30 degrees north.
"""

import numpy as np
import shapely
from shapely import Polygon

WEST, SOUTH, STEP = 119.0, 30.0, 1e-5
EAST_M, NORTH_M = 0.965, 1.1085


def ground(*corners):
    return Polygon([(round(WEST + x * STEP, 7), round(SOUTH + y * STEP, 7)) for x, y in corners])


def block(west, south, east, north):
    return ground((west, south), (east, south), (east, north), (west, north))


def place(x, y):
    return (round(WEST + x * STEP, 7), round(SOUTH + y * STEP, 7))


def tiles(rng, columns=5, rows=4, bends=3):
    """Return `columns` x `rows` wobbly grids of some 200 m that share every vertex, and their union."""
    corners = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1) * 200
    corners += rng.uniform(-30, 30, corners.shape)

    def edge(start, end):
        share = np.linspace(0, 1, bends + 2)[:, None]
        across = np.array([start[1] - end[1], end[0] - start[0]]) / np.hypot(*(end - start))
        bend = np.r_[0, rng.uniform(-12, 12, bends), 0][:, None]
        return start + share * (end - start) + bend * across

    along = {(r, c): edge(corners[r, c], corners[r, c + 1]) for r in range(rows + 1) for c in range(columns)}
    up = {(r, c): edge(corners[r, c], corners[r + 1, c]) for r in range(rows) for c in range(columns + 1)}
    shapes = []
    for r in range(rows):
        for c in range(columns):
            ring = [along[r, c][:-1], up[r, c + 1][:-1], along[r + 1, c][:0:-1], up[r, c][:0:-1]]
            shapes.append(ground(*np.vstack(ring)))
    return shapes, shapely.coverage_union_all(shapes)
