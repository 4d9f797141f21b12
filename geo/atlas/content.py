"""What one sheet of the atlas shows and says: ground, counts, four bounds, streets and posts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import DatedGrid, ancestors, boundary_shape, dated_grids
from geo.atlas import queries
from geo.shapes.crs import area_m2, metric_epsg, shape_to_metric
from geo.shapes.sheet.drawing import Drawing, draw_grid, draw_overview
from geo.shapes.sheet.ground import AreaShape, Ground, HouseNumber, Mark
from geo.shapes.sheet.neighbour import Wind, neighbours
from geo.shapes.sheet.paper import Size
from geo.shapes.sheet.projection import Projection
from geo.shapes.sheet.street import Street, streets_in
from geo.shapes.sheet.wish import house_number

#: Holders of these posts are public: they hang on the wall of the service point. Of the others (informants,
#: volunteers, building heads, partners) only the number is printed.
NAMED_POSTS = ("captain", "worker", "police", "mediator")
#: Ground is read a little beyond the window, so that lines run to its edge.
_RIM_MM = 8.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What its reader may see on a sheet: key places, cameras, house numbers."""

    places: bool = True
    cameras: bool = True
    numbers: bool = True


@dataclass(frozen=True, slots=True)
class Holder:
    """A post on an area; `name` is empty while it is vacant."""

    kind: str
    name: str
    full_time: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """A neighbour in the list of the four bounds."""

    side: Wind
    code: str
    name: str
    border_m: float


@dataclass(frozen=True, slots=True)
class GridSheet:
    """The sheet of a grid. `above` are the names from the county down to the community."""

    code: str
    name: str
    above: tuple[str, ...]
    area_m2: float
    counts: queries.Counts
    holders: tuple[Holder, ...]
    others_on_posts: int
    bounds: tuple[Bound, ...]
    streets: tuple[Street, ...]
    drawing: Drawing
    kinds: tuple[str, ...]
    osm: bool


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A grid in the index of an overview; `captain` is empty while the post is vacant or missing."""

    number: int
    code: str
    name: str
    short: str
    captain: str
    counts: queries.Counts
    area_m2: float


@dataclass(frozen=True, slots=True)
class Overview:
    """The sheet of a community with its grids, numbered by code."""

    code: str
    name: str
    above: tuple[str, ...]
    area_m2: float
    counts: queries.Counts
    bounds: tuple[Bound, ...]
    rows: tuple[IndexRow, ...]
    drawing: Drawing
    kinds: tuple[str, ...]
    osm: bool


def grid_sheet(
    session: Session, grid: Area, size: Size, *, marks: Sequence[Mark] = (), shown: Shown | None = None
) -> GridSheet:
    """Return the sheet of a grid; `marks` are what other floors want to show in it (cameras).

    Raises
    ------
    NotFound
        ``boundary_missing`` (field `area`): the grid has no boundary today.
    """
    shown = shown or Shown()
    shape, epsg = _shape(session, grid)
    projection, chosen = Projection.around(shape, epsg, size)
    above = _above(session, grid)
    others = _others(session, grid, projection)
    around = [area for _, area in others]
    places = _places(session, [grid.id]) if shown.places else []
    ground = _ground(session, grid, projection, shape)
    ground = _with(ground, others=around, marks=[*places, *marks], numbers=_numbers(session, grid, shown))
    metric = shape_to_metric(shape, epsg)
    posts = list(queries.posts_on(session, [grid.id]))
    return GridSheet(
        code=grid.code,
        name=grid.name,
        above=above,
        area_m2=area_m2(shape),
        counts=queries.counts_by_area(session, [grid.id])[grid.id],
        holders=tuple(
            Holder(row.kind, row.holder, row.full_time)
            for kind in NAMED_POSTS
            for row in posts
            if row.kind == kind
        ),
        others_on_posts=sum(row.kind not in NAMED_POSTS for row in posts),
        bounds=_bounds(metric, epsg, [AreaShape(a.level, a.code, full, a.shape) for full, a in others]),
        streets=tuple(_streets(ground, metric, projection)),
        drawing=draw_grid(ground, projection, chosen),
        kinds=tuple(sorted({mark.kind for mark in ground.marks})),
        osm=queries.has_osm_ground(session, grid.county_id, projection.extent()),
    )


def overview_sheet(
    session: Session, community: Area, size: Size, *, marks: Sequence[Mark] = (), shown: Shown | None = None
) -> Overview:
    """Return the sheet of a community with its grids numbered in the order of their codes.

    Raises
    ------
    NotFound
        ``boundary_missing`` (field `area`).
    """
    shown = shown or Shown()
    shape, epsg = _shape(session, community)
    projection, chosen = Projection.around(shape, epsg, size)
    grids = dated_grids(session, community.id)
    own = [community.id, *(grid.area.id for grid in grids)]
    around = [
        AreaShape("community", row.code, row.name, queries.shapes_of([row.wkb])[0], group=row.code)
        for row in queries.communities_under(session, community.county_id, projection.extent())
        if row.id != community.id
    ]
    # A whole community shows its stations and service points; everything else is on the sheets of its grids.
    places = [mark for mark in _places(session, own) if mark.kind in {"station", "service_point"}]
    ground = _with(
        _ground(session, community, projection, shape),
        others=around,
        marks=[*(places if shown.places else []), *marks],
        numbers=[],
    )
    counts = queries.counts_by_area(session, own)
    numbered = [
        (
            str(k + 1),
            AreaShape(
                "grid", grid.code, short_name(grid.name, community.name), grid.shape, group=community.code
            ),
        )
        for k, grid in enumerate(grids)
    ]
    return Overview(
        code=community.code,
        name=community.name,
        above=_above(session, community),
        area_m2=area_m2(shape),
        counts=_total(list(counts.values())),
        bounds=_bounds(shape_to_metric(shape, epsg), epsg, around),
        rows=tuple(_index(session, grids, counts, place=community.name)),
        drawing=draw_overview(ground, projection, chosen, grids=numbered),
        kinds=tuple(sorted({mark.kind for mark in ground.marks})),
        osm=queries.has_osm_ground(session, community.county_id, projection.extent()),
    )


def short_name(name: str, place: str) -> str:
    """Return a grid's name without its community's, which stands on the sheet already.

    >>> short_name("桥东社区第3网格", "桥东社区"), short_name("东网格", "桥东社区")
    ('第3网格', '东网格')
    """
    return name.removeprefix(place).strip() or name


def _shape(session: Session, area: Area) -> tuple[BaseGeometry, int]:
    shape = boundary_shape(session, area.id)
    if shape is None:
        raise NotFound("boundary_missing", area=area.name)
    centre = shape.centroid
    return shape, settings().metric_epsg or metric_epsg(centre.x, centre.y)


def _above(session: Session, area: Area) -> tuple[str, ...]:
    return tuple(each.name for each in ancestors(session, area.path)[:-1])


def _ground(session: Session, area: Area, projection: Projection, shape: BaseGeometry) -> Ground:
    box = projection.extent(rim_mm=_RIM_MM)
    return Ground(
        subject=shape,
        group=area.code if area.level == "community" else str(area.parent_id),
        roads=queries.roads_under(session, area.county_id, box),
        cover=queries.cover_under(session, area.county_id, box),
        buildings=queries.buildings_under(session, area.county_id, box),
    )


def _with(
    ground: Ground, *, others: Sequence[AreaShape], marks: Sequence[Mark], numbers: Sequence[HouseNumber]
) -> Ground:
    return replace(ground, others=others, marks=marks, house_numbers=numbers)


def _others(session: Session, grid: Area, projection: Projection) -> list[tuple[str, AreaShape]]:
    """Return (full name, area) of what lies around a grid; areas of its own community are named shortly."""
    rows = queries.finest_areas_under(session, grid.county_id, projection.extent(rim_mm=_RIM_MM))
    others = [row for row in rows if row.id != grid.id]
    shapes = queries.shapes_of([row.wkb for row in others])
    return [
        (
            row.name,
            AreaShape(
                row.level,
                row.code,
                short_name(row.name, row.community) if row.parent_id == grid.parent_id else row.name,
                shape,
                # A community without grids is a community of its own.
                group=str(row.parent_id if row.level == "grid" else row.id),
            ),
        )
        for row, shape in zip(others, shapes, strict=True)
    ]


def _bounds(metric: BaseGeometry, epsg: int, areas: Sequence[AreaShape]) -> tuple[Bound, ...]:
    found = neighbours(metric, [shape_to_metric(area.shape, epsg) for area in areas])
    return tuple(Bound(one.side, areas[one.index].code, areas[one.index].name, one.border_m) for one in found)


def _streets(ground: Ground, metric: BaseGeometry, projection: Projection) -> list[Street]:
    if len(ground.roads.lines) == 0:
        return []
    lines = np.array([shape_to_metric(line, projection.epsg) for line in ground.roads.lines], dtype=object)
    return streets_in(metric, lines, ground.roads.names, factor=projection.factor)


def _places(session: Session, areas: Sequence[int]) -> list[Mark]:
    return [Mark(row.kind, row.name, row.lon, row.lat) for row in queries.places_in(session, areas)]


def _numbers(session: Session, grid: Area, shown: Shown) -> list[HouseNumber]:
    if not shown.numbers:
        return []
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in queries.addresses_in(session, [grid.id]):
        words = house_number(row.address, row.building_no)
        if words:
            # Homes and entrances of one house stand a few metres apart and share its number.
            house = (
                row.address[: row.address.rfind(words) + len(words)] if words in row.address else row.address
            )
            found.setdefault((words, house), []).append((row.lon, row.lat))
    return [
        HouseNumber(words, *(float(value) for value in np.mean(points, axis=0)))
        for (words, _), points in found.items()
    ]


def _total(counts: Sequence[queries.Counts]) -> queries.Counts:
    return queries.Counts(
        sum(one.dwellings for one in counts),
        sum(one.households for one in counts),
        sum(one.people for one in counts),
    )


def _index(
    session: Session,
    grids: Sequence[DatedGrid],
    counts: dict[int, queries.Counts],
    *,
    place: str,
) -> list[IndexRow]:
    captains = {
        row.area_id: row.holder
        for row in queries.posts_on(session, [grid.area.id for grid in grids])
        if row.kind == "captain"
    }
    return [
        IndexRow(
            number=k + 1,
            code=grid.code,
            name=grid.name,
            short=short_name(grid.name, place),
            captain=captains.get(grid.area.id, ""),
            counts=counts[grid.area.id],
            area_m2=area_m2(grid.shape),
        )
        for k, grid in enumerate(grids)
    ]
