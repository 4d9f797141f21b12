"""Hotspot engine: pure, seeded; numpy, scipy, scikit-learn and shapely only.

Bin the incidents once (`cube`) on a lattice (`lattice`, `hexagon`, `streets`), learn the background from the
history (`background`) or take it from around (`surroundings`), test every window (`scan`, `significance`,
`overdispersion`), make places of what is flagged (`places`) and name them (`naming`). `find` ties it
together. Beside it: how places develop (`trend`, `development`), near repeats (`near_repeat`), the week
(`profile`), Gi* and Moran (`local_statistics`), and what the next days will bring (`forecast`).
docs/hotspots.md explains the methods and their limits.
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
