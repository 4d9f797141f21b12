"""Maps of the rooms: what every map has, plus the layers and tools a room asks for."""

from collections.abc import Sequence

from branca.element import MacroElement
from sqlalchemy.orm import Session

from core.db import scope_of
from geo.areas.queries import ancestors, area_by_id, scope_extent
from geo.roads.queries import has_osm_roads
from patrols.districts.tiles import has_districts
from webapp.maps import (
    BaseTiles,
    LayerControl,
    Legend,
    LocateButton,
    MapParts,
    PatrolMap,
    ScaleBar,
    VectorTiles,
    ZoomButtons,
    compose,
)
from webapp.security import csp_nonce

#: Where a map opens that has nothing to show yet: China, from far.
NOWHERE = (104.0, 35.0, 4)
OSM = "© OpenStreetMap contributors (ODbL)"


def scope_map(
    session: Session,
    shown: Sequence[str],
    *,
    offered: Sequence[str] = (),
    tools: Sequence[MacroElement] = (),
) -> MapParts:
    """Return a map of the reader's areas: layers `shown` at once, `offered` by the layer control.

    Patrol districts are offered where there are any: they come by an import, which not every county has made.
    """
    extent = scope_extent(session, scope_of(session).paths)
    lon, lat, zoom = NOWHERE
    patrol_map = PatrolMap(center=(lon, lat), zoom=15 if extent else zoom, bounds=extent, min_zoom=4)
    named = (*shown, *offered)
    dead = {"districts"} if "districts" in named and not has_districts(session) else set()
    layers = [VectorTiles(name, visible=name in shown) for name in named if name not in dead]
    common = (LayerControl(), Legend(), LocateButton(), ZoomButtons(), ScaleBar())
    for element in (_base(session), *layers, *common, *tools):
        patrol_map.add_child(element)
    return compose(patrol_map, csp_nonce())


def twin_map(session: Session, tools: Sequence[MacroElement]) -> MapParts:
    """Return a second map for the page of a `scope_map`, with nothing on its ground but `tools`."""
    extent = scope_extent(session, scope_of(session).paths)
    lon, lat, zoom = NOWHERE
    patrol_map = PatrolMap(
        center=(lon, lat), zoom=15 if extent else zoom, bounds=extent, min_zoom=4, key="twin", twin=True
    )
    for element in (_base(session), *tools):
        patrol_map.add_child(element)
    return compose(patrol_map, csp_nonce())


def _base(session: Session) -> BaseTiles:
    return BaseTiles(attribution=OSM if has_osm_roads(session) else "")


def place_words(session: Session, area_id: int | None) -> str:
    """Return the names from the county down to an area, as the place switcher shows them."""
    if area_id is None:
        return ""
    return " › ".join(area.name for area in ancestors(session, area_by_id(session, area_id).path))
