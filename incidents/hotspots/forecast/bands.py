"""A map of risk as bands: the riskiest 1 % of the area, the next 4 %, and so on, each with its outline."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from incidents.hotspots.forecast.ground import Ground
from incidents.hotspots.values import Floats, Ints


def band_cells(risk: Floats, shares: Sequence[float], seed: int) -> list[Ints]:
    """Return the positions of the cells of each band, disjoint; with those before it a band holds a share.

    Cells of equal risk are taken in an order drawn by `seed`: in their own order the south-west would win.

    Parameters
    ----------
    risk : float, shape (n,)
    shares : sequence of float
        Shares of the cells, ascending, in (0, 1].

    Examples
    --------
    >>> [cells.tolist() for cells in band_cells(np.array([1.0, 4.0, 3.0, 2.0]), (0.25, 0.75), 1)]
    [[1], [2, 3]]
    """
    drawn = np.random.default_rng(seed).random(len(risk))
    order = np.lexsort((drawn, -risk))
    ends = [round(share * len(risk)) for share in shares]
    return [np.sort(order[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def outline(cells: Ints, ground: Ground, grid: int, *, study_area: BaseGeometry) -> shapely.MultiPolygon:
    """Return the ground of cells (numbers, not positions) cut to the study area, metric CRS; may be empty."""
    cut = shapely.intersection(shapely.union_all(ground.boxes(cells, grid)), study_area)
    # A square that only touches the boundary's edge leaves a line or a point behind.
    parts = shapely.get_parts(shapely.get_parts(cut))
    return shapely.MultiPolygon([part for part in parts if shapely.get_dimensions(part) == 2])
