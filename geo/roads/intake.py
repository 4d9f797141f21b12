"""Importing the ground of a county: roads, buildings, water and green, key places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from core import audit
from core.db import touch_layer
from core.errors import InvalidInput
from core.intake.bulk import Loaded, hex_wkb, load_new
from core.intake.report import ImportReport
from geo.areas.county import CountyWish, county_for
from geo.areas.queries import boundary_shape
from geo.households.models import Building
from geo.places.intake import load_places
from geo.roads.ground import Cover, Footprint, Ground, Section, lengths_m
from geo.roads.lines import read_ground_layer, without_repeats
from geo.roads.models import GroundCover, RoadSection
from geo.roads.osm import looks_like_osm, read_osm

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from geo.areas.models import Area

_SECTION_COLUMNS = ("county_id", "source_ref", "from_node", "to_node", "road_class", "name", "oneway", "foot",
                    "bicycle", "car", "bridge", "tunnel", "length_m", "geom")  # fmt: skip
_BUILDING_COLUMNS = ("county_id", "source_ref", "kind", "name", "levels", "geom")
_COVER_COLUMNS = ("county_id", "source_ref", "kind", "name", "geom")


@dataclass(frozen=True, slots=True)
class GroundOptions:
    """How to read a vector layer: its name and the CRS to assume. OpenStreetMap files need neither."""

    layer: str | None = None
    crs: str | None = None


def read_ground(path: Path, options: GroundOptions) -> Ground:
    """Return what a map file of any understood type holds."""
    if not path.exists() or looks_like_osm(path):
        return read_osm(path)
    return read_ground_layer(path, layer=options.layer, crs=options.crs)


def import_ground(session: Session, path: Path, wish: CountyWish, options: GroundOptions) -> ImportReport:
    """Read a map file and store what is new of it in its county.

    Things wholly outside a county with a drawn boundary are left out and counted.

    Raises
    ------
    InvalidInput
        What the readers and `county_for` raise.
    """
    report = ImportReport("roads", path.name)
    ground = read_ground(path, options)
    extent = ground.extent()
    if extent is None:
        raise InvalidInput("nothing_found", file=path.name)
    county = county_for(session, extent, wish, report)
    _keep_inside(session, ground, county)
    report.skipped.update({code: count for code, count in ground.skipped.items() if count})
    report.count("road_section", _load_sections(session, ground.sections, county))
    footprints = without_repeats(ground.footprints, report.skipped)
    report.count("building", _load_footprints(session, footprints, county))
    covers = without_repeats(ground.covers, report.skipped)
    report.count("ground_cover", _load_covers(session, covers, county))
    places = without_repeats(ground.places, report.skipped)
    report.count("place", load_places(session, places, county))
    touch_layer(session, "base", "places")
    audit.record(session, "ground.import", subject=county, file=path.name, loaded=dict(report.loaded))
    return report


def _keep_inside(session: Session, ground: Ground, county: Area) -> None:
    boundary = boundary_shape(session, county.id)
    if boundary is None:
        return
    shapely.prepare(boundary)
    before = ground.count()
    ground.sections = [each for each in ground.sections if boundary.intersects(each.line)]
    ground.footprints = [each for each in ground.footprints if boundary.intersects(each.shape)]
    ground.covers = [each for each in ground.covers if boundary.intersects(each.shape)]
    ground.places = [each for each in ground.places if boundary.intersects(each.point)]
    kept = ground.count()
    if kept < before:
        ground.skipped["outside_county"] += before - kept


def _load_sections(session: Session, sections: list[Section], county: Area) -> Loaded:
    lines = [section.line for section in sections]
    rows = (
        (county.id, each.source_ref, each.from_node, each.to_node, each.road_class, each.name, each.oneway,
         each.foot, each.bicycle, each.car, each.bridge, each.tunnel, float(length_m), geom)
        for each, length_m, geom in zip(sections, lengths_m(lines), hex_wkb(lines), strict=True)
    )  # fmt: skip
    table: Any = RoadSection.__table__
    compared = [column for column in _SECTION_COLUMNS[2:] if column != "length_m"]
    return load_new(
        session,
        table,
        columns=_SECTION_COLUMNS,
        rows=rows,
        compared=compared,
    )


def _load_footprints(session: Session, footprints: list[Footprint], county: Area) -> Loaded:
    table: Any = Building.__table__
    rows = (
        (county.id, each.source_ref, each.kind, each.name, each.levels, geom)
        for each, geom in zip(footprints, hex_wkb([each.shape for each in footprints]), strict=True)
    )
    return load_new(
        session,
        table,
        columns=_BUILDING_COLUMNS,
        rows=rows,
        compared=_BUILDING_COLUMNS[2:],
    )


def _load_covers(session: Session, covers: list[Cover], county: Area) -> Loaded:
    table: Any = GroundCover.__table__
    rows = (
        (county.id, each.source_ref, each.kind, each.name, geom)
        for each, geom in zip(covers, hex_wkb([each.shape for each in covers]), strict=True)
    )
    return load_new(
        session,
        table,
        columns=_COVER_COLUMNS,
        rows=rows,
        compared=_COVER_COLUMNS[2:],
    )
