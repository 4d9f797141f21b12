"""Inner cities for tests: real streets and buildings, generated households (never real people)."""

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.roads.ground import Footprint, Ground
from geo.shapes.crs import metric_epsg, to_metric
from geo.shapes.proposal import ProposalGround
from webapp.cli.propose_files import read_ground

CITIES = {
    "helsinki": ("osm_helsinki_center/Helsinki.osm.pbf",),
    "lujiazui": ("osm_shanghai_lujiazui/buildings.geojson", "osm_shanghai_lujiazui/roads.geojson"),
}
#: Kinds of buildings people live in; "" is a building of which no more is known.
_HOMES = frozenset({"", "residential", "house", "apartments", "detached", "terrace", "block"})
#: Smaller ones are sheds; taller ones (100 m) are offices.
_SMALLEST_M2 = 60.0
_MOST_LEVELS = 35


def read_city(name: str, folder: Path) -> Ground:
    """Return streets, buildings and water of a city of `CITIES`; `folder` holds the shared files."""
    return read_ground([folder / file for file in CITIES[name]], None)


def settled(ground: Ground, households: int, seed: int) -> ProposalGround:
    """Return the ground with `households` dwellings, each at a random spot inside a building; seeded.

    Dwellings fall to buildings at random in proportion to footprint times levels; buildings without a
    number of levels get the median of those that have one.
    """
    rng = np.random.default_rng(seed)
    homes = [each for each in ground.footprints if each.kind in _HOMES and (each.levels or 0) <= _MOST_LEVELS]
    floor_m2 = _floors(ground, homes)
    number = rng.multinomial(households, floor_m2 / floor_m2.sum())
    spots = [_spots(home.shape, int(count), rng) for home, count in zip(homes, number, strict=True) if count]
    streets = [section for section in ground.sections if not section.tunnel]
    return ProposalGround(
        roads=[street.line for street in streets],
        road_classes=[street.road_class for street in streets],
        households=np.concatenate(spots),
        counts=np.ones(households, np.int64),
        water=[cover.shape for cover in ground.covers if cover.kind == "water"],
        buildings=[each.shape for each in ground.footprints],
    )


def _floors(ground: Ground, homes: list[Footprint]) -> NDArray[np.float64]:
    usual = float(np.median([each.levels for each in ground.footprints if each.levels] or [2]))
    middle = homes[0].shape.representative_point()
    epsg = metric_epsg(middle.x, middle.y)
    shapes = np.array([home.shape for home in homes], dtype=object)
    area_m2 = shapely.area(shapely.transform(shapes, lambda xy: to_metric(xy, epsg)))
    return np.where(area_m2 >= _SMALLEST_M2, area_m2 * [home.levels or usual for home in homes], 0.0)


def _spots(shape: shapely.MultiPolygon, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    found = np.zeros((0, 2))
    west, south, east, north = shape.bounds
    while len(found) < count:
        tried = rng.uniform((west, south), (east, north), (4 * count, 2)).round(7)
        found = np.concatenate([found, tried[shapely.contains_xy(shape, tried)]])
    return found[:count]
