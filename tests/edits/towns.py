"""Starting partitions for long sequences of edits, irregular enough to find what squares hide."""

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon

from geo.shapes.edits.lattice import canonical, to_degrees
from geo.shapes.tiling import Ground, Tiling

#: Steps of the coordinate grid: a community of about 1.5 km.
_WIDE = 150_000
_WEST, _SOUTH = 1_192_000_000, 301_000_000


def voronoi_town(grids: int = 18, seed: int = 3) -> Tiling:
    """Return grids like Voronoi cells in a bumpy frame with a lake that is no part of it, and an exclave.

    One grid holds a piece of land beyond its neighbours, one lies like a courtyard inside another, and the
    frame has an island apart.
    """
    rng = np.random.default_rng(seed)
    frame = _bumpy(rng, (0.5, 0.5), 0.5, 60).difference(_bumpy(rng, (0.62, 0.6), 0.06, 14))
    island = _bumpy(rng, (1.25, 0.3), 0.12, 20)
    middle = np.array([0.35, 0.4])
    seeds = rng.random((grids, 2))
    # None so near that its border would cut the courtyard.
    seeds = np.vstack([middle, seeds[np.hypot(*(seeds - middle).T) > 0.2]])
    cells = shapely.voronoi_polygons(shapely.multipoints(_placed(seeds)), extend_to=frame, only_edges=True)
    courtyard = _bumpy(rng, (0.35, 0.4), 0.045, 12)
    return _tiled([frame, island], [cells, courtyard.boundary], exclave=True)


def street_town(seed: int = 5) -> Tiling:
    """Return grids like blocks between streets that are not quite straight nor at right angles."""
    rng = np.random.default_rng(seed)
    frame = Polygon(_placed(np.array([(0, 0.03), (0.97, 0), (1.02, 0.55), (0.93, 1.0), (0.05, 0.96)])))
    streets = [_street(rng, place, across) for place in (0.22, 0.48, 0.74) for across in (True, False)]
    return _tiled([frame], streets, exclave=False)


def _placed(unit: np.ndarray) -> np.ndarray:
    return unit * _WIDE + (_WEST, _SOUTH)


def _bumpy(rng: np.random.Generator, middle: tuple[float, float], radius: float, corners: int) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius * (0.85 + 0.15 * rng.random(corners))
    return Polygon(_placed(np.column_stack([np.cos(angle) * reach, np.sin(angle) * reach]) + middle))


def _street(rng: np.random.Generator, place: float, across: bool) -> LineString:
    along = np.linspace(-0.1, 1.1, 25)
    aside = place + 0.05 * (along - 0.5) + 0.004 * rng.standard_normal(25)
    return LineString(_placed(np.column_stack([along, aside] if across else [aside, along])))


def _tiled(frames: list[Polygon], lines: list[shapely.Geometry], *, exclave: bool) -> Tiling:
    rounded = shapely.set_precision(shapely.union_all(frames), 1)
    noded = shapely.union_all([rounded.boundary, *lines], grid_size=1)
    faces = [
        face
        for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        if rounded.contains(face.representative_point())
    ]
    faces.sort(key=lambda face: -face.area)
    grids: list[Ground] = list(faces)
    if exclave:
        # The smallest but the courtyard goes to a grid that does not touch it.
        far = next(n for n, face in enumerate(faces) if not face.intersects(faces[-2]))
        grids = [*faces[:far], MultiPolygon([faces[far], faces[-2]]), *faces[far + 1 : -2], faces[-1]]
    # The frame is what the community's neighbours know: without the vertices that its grids put on it.
    return Tiling(
        to_degrees(canonical(rounded)),
        {key: to_degrees(canonical(grid)) for key, grid in enumerate(grids, start=1)},
        next_key=len(grids) + 1,
    )
