"""Vector tiles of the base map, areas, drafts, dwellings and places.

All return MVT bytes, empty where there is nothing. Names inside the tiles are the contract with
static/js/map; ids and class attributes only, never a name or phone of a household.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import today
from geo.households.queries import visit_limits
from geo.mvt import (
    AROUND,
    AROUND_CELLS,
    BY_SQUARE,
    CELL_MARGIN,
    MEAN_POINT,
    XY,
    cut,
    drawn,
    drawn_whole,
    fit,
    frame,
    layer,
    placed,
)
from geo.tile_address import WORLD_M, Tile, cell_zoom

#: Road classes by the tile zoom they first appear at; the screen is one zoom deeper.
ROAD_STEPS = (
    (7, ("motorway", "trunk", "primary")),
    (10, ("secondary",)),
    (11, ("tertiary",)),
    (13, ("residential",)),
    (14, ("service",)),
    (15, ("track", "cycleway", "footway")),
)
AREA_STEPS = ((0, "county"), (7, "town"), (9, "community"), (12, "grid"))
#: Names come later than borders (the screen is one zoom deeper): a thousand grids cannot be named.
AREA_LABEL_STEPS = ((0, "county"), (7, "town"), (11, "community"), (14, "grid"))
#: From this zoom an area in a tile says what it is; farther out only how its border is drawn.
AREAS_SPEAK_FROM = 14
#: m² of EPSG:3857 from which a building is drawn: at zoom 13 a block of flats is a few pixels, at 14 a house.
BUILDING_STEPS_M2 = {13: 1_500.0, 14: 150.0}
#: What is kept of a tile that would be too large, before its share is taken.
MOST_OF_BASE = {"most_ground": 2_000, "most_buildings": 6_000, "most_roads": 8_000}
NAMED_EARLY = ("motorway", "trunk", "primary", "secondary")
#: From this zoom dwellings are drawn one by one (flats of an entrance together), else as squares.
POINTS_FROM = 16
#: A tile with more dwellings than this is drawn as squares at any zoom.
MOST_DWELLINGS = 4_000


def base_tile(session: Session, tile: Tile) -> bytes:
    """Return ground (kind), buildings and roads (class, name)."""
    binds = {
        **tile.binds(),
        **frame(tile),
        "tolerance": tile.pixel_m / 2,
        "least_ground": (2 * tile.pixel_m) ** 2,
        "classes": [name for zoom, names in ROAD_STEPS if tile.z >= zoom for name in names],
        "named": list(NAMED_EARLY) if tile.z >= 12 else [],
        "all_named": tile.z >= 14,
    }

    def cut_share(share: float) -> bytes:
        most = {name: int(number * share) for name, number in MOST_OF_BASE.items()}
        return cut(session, _base_layers(tile.z, share), binds | most)

    return fit(cut_share)


def _base_layers(z: int, share: float) -> str:
    # All there is, unless that is too large: finding the largest costs as much as drawing them.
    def largest(order: str, most: str) -> str:
        return f"ORDER BY {order} LIMIT :{most}" if share < 1 else ""

    layers = [layer("ground", f"{_GROUND} {largest('ST_Area(geom_tile) DESC', 'most_ground')}")]
    if z >= 13:
        least = BUILDING_STEPS_M2.get(z, 0.0)
        buildings = _BUILDINGS.format(
            least=least, largest=largest("ST_Area(geom_tile) DESC", "most_buildings")
        )
        layers.append(layer("buildings", buildings))
    if z >= ROAD_STEPS[0][0]:
        order = "array_position(CAST(:classes AS text[]), road_class), length_m DESC"
        layers.append(layer("roads", _ROADS.format(largest=largest(order, "most_roads"))))
    return " || ".join(layers)


_GROUND = (
    f"SELECT kind, {drawn_whole('ST_Simplify(geom_tile, :tolerance)', column='geom_tile')} AS geom "
    f"FROM ground_cover WHERE geom_tile && {AROUND} AND ST_Area(geom_tile) > :least_ground"
)
# The least size as a number: the partial index ix_building_large holds exactly those of zoom 13.
_BUILDINGS = (
    f"SELECT {drawn_whole('geom_tile', column='geom_tile')} AS geom FROM (SELECT geom_tile FROM building "
    f"WHERE geom_tile && {AROUND} AND ST_Area(geom_tile) >= {{least}} {{largest}}) AS largest"
)
_STREET = "ST_Collect(array_agg(line))"  # faster than ST_Collect as an aggregate
# Sections of one street are joined: a street is named once, not at every corner. Far off, where most have no
# name, joining would cost more than all the rest.
_ROADS = (
    f"SELECT class, name, CASE WHEN name IS NULL AND NOT :all_named THEN {placed(_STREET)} "
    f"ELSE {drawn(f'ST_LineMerge({_STREET})')} END AS geom FROM ("
    "SELECT road_class AS class, ST_Simplify(geom_tile, :tolerance) AS line, "
    "CASE WHEN :all_named OR road_class = ANY (:named) THEN name END AS name FROM road_section "
    f"WHERE geom_tile && {AROUND} AND road_class = ANY (:classes) {{largest}}"
    ") AS section GROUP BY class, name"
)


def areas_tile(session: Session, tile: Tile) -> bytes:
    """Return areas (level, own; from zoom 14 id, code, name) and area_labels (code, name, level) of today."""
    near = tile.z >= AREAS_SPEAK_FROM
    binds = {
        **tile.binds(),
        **frame(tile),
        "levels": [name for zoom, name in AREA_STEPS if tile.z >= zoom],
        "labelled": [name for zoom, name in AREA_LABEL_STEPS if tile.z >= zoom],
        "today": today(),
    }
    layers = f"{layer('areas', _AREAS if near else _BORDERS)} || {layer('area_labels', _AREA_LABELS)}"

    def cut_share(share: float) -> bytes:
        return cut(session, layers, binds | {"most": int(5_000 * share)}, given=_PRESENT_AREAS)

    return fit(cut_share)


# Both layers read what is found once. The areas first and as a whole: the planner takes the boundaries in a
# tile for few, and would look each area up by itself.
_PRESENT_AREAS = (
    "WITH place AS MATERIALIZED (SELECT id, path, level, code, name FROM area "
    "WHERE valid_to IS NULL AND level = ANY (:levels)), "
    "present AS MATERIALIZED (SELECT a.id, a.path, a.level, a.code, a.name, b.geom_tile, b.label_tile "
    "FROM area_boundary AS b JOIN place AS a ON a.id = b.area_id "
    f"WHERE b.geom_tile && {AROUND} AND b.valid @> CAST(:today AS date) "
    "ORDER BY nlevel(a.path), a.id LIMIT :most)"
)
_OWN = "((SELECT app_scope()) @> path)::int AS own"
# Rounding moves a shared border the same way for both neighbours; simplifying would not.
_AREAS = (
    f"SELECT id, level, code, name, {_OWN}, {drawn_whole('geom_tile', column='geom_tile', step=2)} AS geom "
    "FROM present"
)
_BORDERS = (
    f"SELECT level, {_OWN}, {drawn_whole('geom_tile', column='geom_tile', step=4)} AS geom FROM present"
)
_AREA_LABELS = (
    f"SELECT code, name, level, {drawn('label_tile', margin=0)} AS geom FROM present "
    "WHERE level = ANY (:labelled)"
)


def drafts_tile(session: Session, tile: Tile) -> bytes:
    """Return drafts (id, code, name) of change sets that are being drawn or reviewed."""
    return cut(session, layer("drafts", _DRAFTS), tile.binds())


_DRAFTS = (
    f"SELECT d.id, d.code, d.name, {drawn('d.geom_tile')} AS geom FROM area_draft AS d "
    "JOIN change_set AS c ON c.id = d.change_set_id "
    f"WHERE d.geom_tile && {AROUND} AND c.state IN ('draft', 'review', 'approved') "
    "AND d.changed AND NOT d.ended ORDER BY d.id LIMIT 1000"
)


def places_tile(session: Session, tile: Tile) -> bytes:
    """Return places (id, kind, name); below zoom 12 only stations and service points."""
    binds = {**tile.binds(), "few": tile.z < 12}

    def cut_share(share: float) -> bytes:
        return cut(session, layer("places", _PLACES), binds | {"most": int(3_000 * share)})

    return fit(cut_share) if tile.z >= 8 else b""


_PLACES = (
    f"SELECT id, kind, name, {drawn('geom_tile')} AS geom FROM place "
    f"WHERE geom_tile && {AROUND} AND (NOT :few OR kind IN ('station', 'service_point')) "
    "ORDER BY kind = 'station' DESC, staff_count DESC NULLS LAST, id LIMIT :most"
)


def dwellings_tile(session: Session, tile: Tile) -> bytes:
    """Return dwellings (id, n, state), or cells (n, due) where there are too many to tell apart.

    `n` counts the dwellings of one entrance; their state is that of the one longest not seen.
    ``due`` is given where it can be counted at once: up to 4,000 dwellings in the tile.
    """
    areas, count = _owners(session, tile)
    if areas is None or (count == 0 and tile.z < POINTS_FROM):
        return _cells(session, tile)
    if tile.z >= POINTS_FROM:
        return cut(session, layer("dwellings", _DWELLINGS), {**tile.binds(), **visit_limits()})
    binds = {**tile.binds(), **visit_limits(), **_square(tile), "areas": areas}
    return cut(session, layer("cells", _COUNTED_CELLS), binds)


def _owners(session: Session, tile: Tile) -> tuple[list[int] | None, int]:
    """Return the areas of the session's scope with dwellings in the tile, and how many these are.

    None instead of the areas when there are more than `MOST_DWELLINGS` dwellings.
    """
    binds = tile.squares(max(8, min(20, tile.z))) | {"most": MOST_DWELLINGS}
    row = session.execute(text(_OWNERS), binds).one()
    return row.areas, int(row.n)


_OWNERS = (
    "SELECT coalesce(sum(n), 0) AS n, CASE WHEN coalesce(sum(n), 0) <= :most "
    "THEN coalesce(array_agg(area_id), '{}') END AS areas FROM ("
    "SELECT area_id, sum(dwelling_count) AS n FROM dwelling_cell "
    "WHERE zoom = CAST(:cell_zoom AS smallint) AND x BETWEEN :west AND :east "
    "AND y BETWEEN :north AND :south GROUP BY area_id HAVING sum(dwelling_count) > 0) AS owner"
)


def _square(tile: Tile) -> Mapping[str, Any]:
    zoom = cell_zoom(tile.z)
    return {"cell_zoom": zoom, "square_m": WORLD_M / (1 << zoom), "half": WORLD_M / 2}


def _cells(session: Session, tile: Tile) -> bytes:
    zoom = cell_zoom(tile.z)
    ring = 1 if zoom > tile.z else 0
    binds = {**tile.binds(), **_square(tile), **tile.squares(zoom, ring=ring)}

    def cut_share(share: float) -> bytes:
        return cut(session, layer("cells", _CELLS), binds | {"most": int(8_000 * share)})

    return fit(cut_share)


_CENTRE = "ST_SetSRID(ST_MakePoint((x + 0.5) * :square_m - :half, :half - (y + 0.5) * :square_m), 3857)"
# x = ANY lets the index jump from column to column of squares; BETWEEN would read whole strips of them.
_CELLS = (
    "SELECT sum(dwelling_count)::int AS n, "
    f"{drawn(_CENTRE, margin=CELL_MARGIN)} AS geom FROM dwelling_cell "
    "WHERE zoom = CAST(:cell_zoom AS smallint) AND y BETWEEN :north AND :south "
    "AND x = ANY (ARRAY(SELECT generate_series(CAST(:west AS integer), CAST(:east AS integer)))) "
    "GROUP BY x, y HAVING sum(dwelling_count) > 0 ORDER BY n DESC LIMIT :most"
)
# By area as well as by place: policies hide rows after they are read, so a captain's view of the whole
# county would otherwise read every dwelling of it.
_COUNTED_CELLS = (
    "SELECT count(*)::int AS n, (count(*) FILTER (WHERE tenure <> 'vacant' "
    "AND (last_visit_on IS NULL OR last_visit_on < :due_before)))::int AS due, "
    f"{MEAN_POINT} AS geom FROM (SELECT tenure, last_visit_on, {XY} "
    f"FROM dwelling WHERE geom_tile && {AROUND_CELLS} AND area_id = ANY (:areas) OFFSET 0) AS point "
    f"GROUP BY {BY_SQUARE}"
)
_DWELLINGS = (
    "SELECT id, n, CASE urgency WHEN 3 THEN 'overdue' WHEN 2 THEN 'due' WHEN 1 THEN 'fresh' "
    f"ELSE 'vacant' END AS state, {drawn('geom_tile')} AS geom FROM ("
    "SELECT min(id) AS id, count(*)::int AS n, geom_tile, max(CASE WHEN tenure = 'vacant' THEN 0 "
    "WHEN last_visit_on IS NULL OR last_visit_on < :overdue_before THEN 3 "
    "WHEN last_visit_on < :due_before THEN 2 ELSE 1 END) AS urgency "
    f"FROM dwelling WHERE geom_tile && {AROUND} GROUP BY geom_tile) AS entrance"
)
