"""`make_town`: the whole demo town from a seed and a number of households. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely

from webapp.demo.buildings import Buildings, raise_buildings
from webapp.demo.cameras import Cameras, camera_count, place_cameras
from webapp.demo.districts import Districts, lay_districts
from webapp.demo.dwellings import Dwellings, Frontage, Households, address_buildings, people, settle, visit
from webapp.demo.forces import Teams, muster
from webapp.demo.frame import FloatArray, IntArray, TextArray, lonlat
from webapp.demo.incidents import Incidents, Planted, play, truth_rows
from webapp.demo.landuse import Blocks, Ground, cover_ground, survey_blocks
from webapp.demo.layout import Layout, make_layout
from webapp.demo.mesh import Mesh, Ring, subdivide
from webapp.demo.places import Places, choose_places
from webapp.demo.river import River, make_river
from webapp.demo.street_names import name_streets
from webapp.demo.streets import Borders, Sections, lay_streets
from webapp.demo.superblocks import make_superblocks
from webapp.demo.territory import Areas, make_areas


@dataclass(frozen=True)
class Roads:
    """The street sections, the name of each (empty: none), and the number of the street it belongs to."""

    sections: Sections
    names: TextArray
    street: IntArray


@dataclass(frozen=True)
class Town:
    """Everything the demo shows. Shapes are in local metres except `areas.shapes` (EPSG:4326).

    `frame.lonlat` and `frame.to_lonlat` give the stored coordinates of any other shape.
    """

    seed: int
    household_count: int
    reference: datetime
    layout: Layout
    river: River
    borders: Borders
    blocks: Blocks
    ground: Ground
    roads: Roads
    buildings: Buildings
    frontage: Frontage
    dwellings: Dwellings
    households: Households
    areas: Areas
    places: Places
    cameras: Cameras
    teams: Teams
    districts: Districts
    incidents: Incidents
    planted: list[Planted]

    def truth(self) -> list[dict[str, object]]:
        """Return the planted hotspots, never to be stored beside the incidents."""
        centres = np.array([one.centre_m for one in self.planted])
        return truth_rows(self.planted, self.reference, lonlat(centres))

    def block_at(self, points_m: FloatArray) -> IntArray:
        """Return the block each point lies in, the nearest one for points on a border or outside."""
        tree = shapely.STRtree(self.blocks.polygons_m)
        points = np.asarray(shapely.points(points_m), dtype=object)
        found = np.full(len(points_m), -1, dtype=np.int64)
        row, block = tree.query(points, predicate="within")
        found[row] = block
        lost = np.flatnonzero(found < 0)
        if len(lost):
            found[lost] = tree.nearest(points[lost])
        return found


def make_town(seed: int, household_count: int, reference: datetime) -> Town:
    """Return the town: the same for the same three arguments.

    Guaranteed: the grids form a valid partition in the stored coordinates, streets one connected network,
    buildings clear of streets, water and each other, dwellings inside their building and grid.

    Parameters
    ----------
    household_count
        From 300 to 1,000,000; see `layout` for how the town grows.
    reference
        The town's present: the last incident lies before it, visits within 120 days of it.
    """
    rng = np.random.default_rng(seed)
    scale = max(0.55, (household_count / 12_000) ** 0.25)
    river = make_river(rng, scale)
    layout = make_layout(rng, household_count, river.distance_m)
    mesh, rings, special = _ground_plan(layout, river, rng)
    borders, sections = lay_streets(mesh, rings, layout, rng)
    blocks = survey_blocks(mesh, rings, special, (borders, layout, rng))
    ground = cover_ground(blocks, river, shapely.union_all(blocks.polygons_m), rng)
    roads = Roads(sections, *name_streets(sections, layout, river, rng))
    water = ground.polygons_m[ground.kind == "water"]
    buildings, dwellings = settle(raise_buildings(blocks, borders, water, rng), household_count, rng)
    frontage = address_buildings(buildings, sections, (roads.names, roads.street), rng)
    homes = np.bincount(buildings.block[dwellings.building], minlength=len(rings))
    areas = make_areas(blocks, homes, (layout, river, rng))
    districts = lay_districts(blocks, homes, areas, river=river, seed=seed)
    dwellings = visit(dwellings, areas.of_block[buildings.block[dwellings.building]], rng)
    households = people(dwellings, rng)
    buildings, places = choose_places((buildings, blocks, areas), layout, rng)
    cameras = place_cameras((sections, roads.names), places, buildings, (camera_count(household_count), rng))
    incidents, planted = play(
        (dwellings, buildings, sections, places),
        (
            layout,
            shapely.difference(shapely.coverage_union_all(blocks.polygons_m), shapely.union_all(water)),
            reference,
        ),
        household_count,
        rng,
    )
    return Town(
        seed, household_count, reference, layout, river, borders, blocks, ground, roads, buildings, frontage,
        dwellings, households, areas, places, cameras, muster(places), districts, incidents,
        planted,
    )  # fmt: skip


def _ground_plan(
    layout: Layout, river: River, rng: np.random.Generator
) -> tuple[Mesh, list[Ring], tuple[int, int]]:
    """Return the mesh, the blocks' rings (river bed, then lake, last) and how many of those two there are."""
    mesh, rings, bed = make_superblocks(layout, river, rng)
    shapes = [shapely.Polygon(mesh.coordinates(ring)) for ring in rings]
    gap = np.where(bed, np.inf, shapely.distance(shapes, shapely.Point(layout.lake_m)))
    lake = int(gap.argmin())
    dry = [ring for k, ring in enumerate(rings) if not bed[k] and k != lake]
    parts = subdivide(mesh, dry, layout, rng)
    beds = [mesh.expand(ring) for ring, wet in zip(rings, bed, strict=True) if wet]
    return mesh, [*parts, *beds, mesh.expand(rings[lake])], (len(beds), 1)
