"""Every map of the product, composed with Folium from our own elements.

A view builds a `PatrolMap`, adds elements to it and hands it to `compose` with the page's CSP nonce; the
three parts go into the page template. Data never travels inside the page: elements name addresses, the
browser asks.
"""

from webapp.maps.compose import MapParts, compose
from webapp.maps.elements import (
    BaseTiles,
    GridEditor,
    LayerControl,
    Legend,
    LocateButton,
    Picker,
    PlanRoutes,
    ScaleBar,
    VectorTiles,
    ZoomButtons,
)
from webapp.maps.patrol_map import PatrolMap

__all__ = [
    "BaseTiles",
    "GridEditor",
    "LayerControl",
    "Legend",
    "LocateButton",
    "MapParts",
    "PatrolMap",
    "Picker",
    "PlanRoutes",
    "ScaleBar",
    "VectorTiles",
    "ZoomButtons",
    "compose",
]
