"""The study area where nobody gave a boundary."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.lattice import lattice_of_incidents
from incidents.hotspots.values import Floats

#: Cells the ground is made of, as wide as those of the hotspot job.
CELL_M = 200.0


def ground_of(x_m: Floats, y_m: Floats) -> BaseGeometry:
    """Return the ground that points mark out (`lattice_of_incidents`), Polygon or MultiPolygon of their CRS.

    Parameters
    ----------
    x_m, y_m : float64, shape (n,)
        Metric CRS; n >= 1.
    """
    lattice = lattice_of_incidents(x_m, y_m, CELL_M)
    rows, columns = np.nonzero(lattice.inside)
    return shapely.union_all(lattice.boxes(rows, columns))
