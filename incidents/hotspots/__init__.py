"""Hotspot engine: pure, seeded; numpy, scipy and shapely only.

Bin the incidents once (`cube`) on a lattice (`lattice`), learn the background from the history
(`background`), test every window (`significance`), make places of what is flagged (`places`); `find` ties it
together. docs/hotspots.md explains the method and its limits.
"""

from incidents.hotspots.find import find_hotspots
from incidents.hotspots.values import (
    HotPlace,
    HotspotMap,
    HotspotParams,
    HotspotResult,
    Incidents,
    TooFew,
)

__all__ = [
    "HotPlace",
    "HotspotMap",
    "HotspotParams",
    "HotspotResult",
    "Incidents",
    "TooFew",
    "find_hotspots",
]
