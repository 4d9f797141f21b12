"""Small towns for tests: a lattice of streets with houses, and the demo town, as ground for proposals."""

from datetime import UTC, datetime

import numpy as np
import shapely

from geo.roads.ground import Ground
from geo.shapes.crs import metric_epsg, shape_to_lonlat, shape_to_metric, to_metric
from geo.shapes.proposal import Community, ProposalGround, TodayGrid
from geo.shapes.snap import snap
from webapp.demo.frame import lonlat, to_lonlat
from webapp.demo.streets import CLASSES
from webapp.demo.town import make_town

LON, LAT = 119.2, 30.1
EPSG = metric_epsg(LON, LAT)
BLOCK_M = 100.0


def lattice(columns: int, rows: int, *, homes: int = 8, gap_at: int | None = None) -> ProposalGround:
    """Return blocks of 100 m with 8 houses each; a house holds `homes` households.

    Every fourth street is secondary, the others residential. `gap_at` is a column of blocks whose streets
    between rows are missing, so that only gaps between houses divide it.

        +---+---+---+
        | h | h | h |
        +---+---+---+
    """
    origin = to_metric(np.array([[LON, LAT]]), EPSG)[0]
    lines, classes = [], []
    for column in range(columns + 1):
        lines.append([(column * BLOCK_M, 0), (column * BLOCK_M, rows * BLOCK_M)])
        classes.append("secondary" if column % 4 == 0 else "residential")
    for row in range(rows + 1):
        for column in range(columns):
            if column != gap_at or row in {0, rows}:
                lines.append([(column * BLOCK_M, row * BLOCK_M), ((column + 1) * BLOCK_M, row * BLOCK_M)])
                classes.append("secondary" if row % 4 == 0 else "residential")
    houses = [
        shapely.box(x + dx - 6, y + dy - 5, x + dx + 6, y + dy + 5)
        for x in np.arange(columns) * BLOCK_M
        for y in np.arange(rows) * BLOCK_M
        for dx in (20, 40, 60, 80)
        for dy in (25, 75)
    ]
    shift = [np.asarray(line) + origin for line in lines]
    buildings = [
        snap(shape_to_lonlat(shapely.transform(house, lambda xy: xy + origin), EPSG)) for house in houses
    ]
    middles = np.round([house.centroid.coords[0] for house in buildings], 7)
    return ProposalGround(
        roads=[snap(shape_to_lonlat(shapely.LineString(line), EPSG)) for line in shift],
        road_classes=classes,
        households=middles,
        counts=np.full(len(middles), homes, np.int64),
        buildings=buildings,
    )


def square(ground: ProposalGround, west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a rectangle given in blocks of the lattice, EPSG:4326."""
    del ground
    origin = to_metric(np.array([[LON, LAT]]), EPSG)[0]
    box = shapely.box(west * BLOCK_M, south * BLOCK_M, east * BLOCK_M, north * BLOCK_M)
    return snap(shape_to_lonlat(shapely.transform(box, lambda xy: xy + origin), EPSG))


def demo_ground(households: int, seed: int) -> ProposalGround:
    """Return the demo town with its communities and its grids of today."""
    town = make_town(seed, households, datetime(2026, 11, 1, tzinfo=UTC))
    areas, sections = town.areas, town.roads.sections
    return ProposalGround(
        roads=list(to_lonlat(sections.lines_m)),
        road_classes=[CLASSES[number] for number in sections.road_class],
        households=lonlat(town.dwellings.points_m),
        counts=np.ones(len(town.dwellings.points_m), np.int64),
        water=list(to_lonlat(town.ground.polygons_m[town.ground.kind == "water"])),
        buildings=list(to_lonlat(town.buildings.polygons_m)),
        communities=[Community(str(areas.code[row]), areas.shapes[row]) for row in areas.rows("community")],
        today=[
            TodayGrid(str(areas.code[row]), areas.shapes[row], str(areas.code[areas.parent[row]]))
            for row in areas.rows("grid")
        ],
    )


def lived_in(ground: Ground, seed: int, floor_m2: float = 90.0) -> ProposalGround:
    """Return a real town with generated households: one for each 90 m² of floor of a house, seeded."""
    rng = np.random.default_rng(seed)
    spots, counts = [], []
    for house in ground.footprints:
        if house.kind not in {"", "residential", "house", "apartments", "detached", "terrace"}:
            continue
        middle = house.shape.representative_point()
        ground_m2 = shape_to_metric(house.shape, metric_epsg(middle.x, middle.y)).area
        count = int(ground_m2 * (house.levels or 2) / floor_m2 + rng.random())
        if ground_m2 >= 60 and count:
            spots.append((middle.x, middle.y))
            counts.append(count)
    streets = [section for section in ground.sections if not section.tunnel]
    return ProposalGround(
        roads=[street.line for street in streets],
        road_classes=[street.road_class for street in streets],
        households=np.round(spots, 7),
        counts=np.array(counts, np.int64),
        water=[cover.shape for cover in ground.covers if cover.kind == "water"],
        buildings=[house.shape for house in ground.footprints],
    )
