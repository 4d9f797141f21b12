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
from geo.mvt import AROUND, AROUND_CELLS, CELL_MARGIN, cut, drawn, fit, layer, mean_point, square_of
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
NAMED_EARLY = ("motorway", "trunk", "primary", "secondary")
#: From this zoom dwellings are drawn one by one (flats of an entrance together), else as squares.
POINTS_FROM = 16
#: A tile with more dwellings than this is drawn as squares at any zoom.
MOST_DWELLINGS = 4_000


def base_tile(session: Session, tile: Tile) -> bytes:
    """Return ground (kind), buildings and roads (class, name)."""
    binds = {
        **tile.binds(),
        "tolerance": tile.pixel_m / 2,
        "least_ground": (2 * tile.pixel_m) ** 2,
        "least_building": _least_building(tile.z),
        "classes": [name for zoom, names in ROAD_STEPS if tile.z >= zoom for name in names],
        "named": list(NAMED_EARLY) if tile.z >= 12 else [],
        "all_named": tile.z >= 14,
    }
    layers = [layer("ground", _GROUND)]
    if tile.z >= 13:
        layers.append(layer("buildings", _BUILDINGS))
    if binds["classes"]:
        layers.append(layer("roads", _ROADS))

    # Farther out a tile holds a whole district: its largest things are all that can be told apart.
    far = tile.z <= 13

    def cut_share(share: float) -> bytes:
        most = {
            "most_ground": int(2_000 * share),
            "most_buildings": int((2_000 if far else 6_000) * share),
            "most_roads": int((3_000 if far else 6_000) * share),
        }
        return cut(session, " || ".join(layers), binds | most)

    return fit(cut_share)


def _least_building(z: int) -> float:
    # m² of EPSG:3857. At zoom 13 a block of flats is a few pixels, at 14 a house is.
    return {13: 1_500.0, 14: 150.0}.get(z, 0.0)


_GROUND = (
    f"SELECT kind, {drawn('ST_Simplify(geom_tile, :tolerance)', margin=64)} AS geom FROM ground_cover "
    f"WHERE geom_tile && {AROUND} AND ST_Area(geom_tile) > :least_ground "
    "ORDER BY ST_Area(geom_tile) DESC LIMIT :most_ground"
)
_BUILDINGS = (
    f"SELECT {drawn('geom_tile', margin=64)} AS geom FROM (SELECT geom_tile FROM building "
    f"WHERE geom_tile && {AROUND} AND ST_Area(geom_tile) >= :least_building "
    "ORDER BY ST_Area(geom_tile) DESC LIMIT :most_buildings) AS largest"
)
# Sections of one street are joined: fewer features, and a street is named once, not at every corner.
_ROADS = (
    f"SELECT class, name, {drawn('ST_LineMerge(ST_Collect(line))')} AS geom FROM ("
    "SELECT road_class AS class, ST_Simplify(geom_tile, :tolerance) AS line, "
    "CASE WHEN :all_named OR road_class = ANY (:named) THEN name END AS name FROM road_section "
    f"WHERE geom_tile && {AROUND} AND road_class = ANY (:classes) "
    "ORDER BY array_position(CAST(:classes AS text[]), road_class), length_m DESC LIMIT :most_roads"
    ") AS section GROUP BY class, name"
)


def areas_tile(session: Session, tile: Tile) -> bytes:
    """Return areas (id, level, code, name, own) and area_labels (code, name, level) of today."""
    levels = [name for zoom, name in AREA_STEPS if tile.z >= zoom]
    binds = {**tile.binds(), "levels": levels, "today": today(), "tolerance": tile.pixel_m / 4}

    def cut_share(share: float) -> bytes:
        layers = f"{layer('areas', _AREAS)} || {layer('area_labels', _AREA_LABELS)}"
        return cut(session, layers, binds | {"most": int(5_000 * share)})

    return fit(cut_share)


_PRESENT_AREAS = (
    "FROM area_boundary AS b JOIN area AS a ON a.id = b.area_id "
    f"WHERE b.geom_tile && {AROUND} AND b.valid @> CAST(:today AS date) "
    "AND a.valid_to IS NULL AND a.level = ANY (:levels) "
)
# Snapping to a grid moves a shared border the same way for both neighbours; simplifying would not.
_AREAS = (
    "SELECT a.id, a.level, a.code, a.name, ((SELECT app_scope()) @> a.path)::int AS own, "
    f"{drawn('ST_SnapToGrid(b.geom_tile, :tolerance)')} AS geom {_PRESENT_AREAS}"
    "ORDER BY nlevel(a.path), a.id LIMIT :most"
)
_AREA_LABELS = (
    f"SELECT a.code, a.name, a.level, {drawn('b.label_tile', margin=0)} AS geom {_PRESENT_AREAS}"
    "ORDER BY nlevel(a.path), a.id LIMIT :most"
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
    if count > MOST_DWELLINGS or (count == 0 and tile.z < POINTS_FROM):
        return _cells(session, tile)
    if tile.z >= POINTS_FROM:
        return cut(session, layer("dwellings", _DWELLINGS), {**tile.binds(), **visit_limits()})
    binds = {**tile.binds(), **visit_limits(), **_square(tile), "areas": areas}
    return cut(session, layer("cells", _COUNTED_CELLS), binds)


def _owners(session: Session, tile: Tile) -> tuple[list[int], int]:
    """Return the areas of the session's scope with dwellings in the tile, and how many these are."""
    rows = session.execute(
        text(
            "SELECT area_id, sum(dwelling_count) AS n FROM dwelling_cell "
            "WHERE zoom = CAST(:cell_zoom AS smallint) AND x BETWEEN :west AND :east "
            "AND y BETWEEN :north AND :south GROUP BY area_id HAVING sum(dwelling_count) > 0"
        ),
        tile.squares(max(8, min(20, tile.z))),
    ).all()
    return [row.area_id for row in rows], sum(int(row.n) for row in rows)


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
    f"{mean_point('geom_tile')} AS geom "
    f"FROM dwelling WHERE geom_tile && {AROUND_CELLS} AND area_id = ANY (:areas) "
    f"GROUP BY {square_of('geom_tile')}"
)
_DWELLINGS = (
    "SELECT id, n, CASE urgency WHEN 3 THEN 'overdue' WHEN 2 THEN 'due' WHEN 1 THEN 'fresh' "
    f"ELSE 'vacant' END AS state, {drawn('geom_tile')} AS geom FROM ("
    "SELECT min(id) AS id, count(*)::int AS n, geom_tile, max(CASE WHEN tenure = 'vacant' THEN 0 "
    "WHEN last_visit_on IS NULL OR last_visit_on < :overdue_before THEN 3 "
    "WHEN last_visit_on < :due_before THEN 2 ELSE 1 END) AS urgency "
    f"FROM dwelling WHERE geom_tile && {AROUND} GROUP BY geom_tile) AS entrance"
)
