"""Places named by the streets they lie at."""

from collections.abc import Sequence

import numpy as np
import shapely

from incidents.hotspots.streets import Streets
from incidents.hotspots.values import HotPlace

#: Streets farther from the strongest window's middle name nothing.
REACH_M = 1_000.0
MOST_NAMES = 2


def street_names(places: Sequence[HotPlace], streets: Streets) -> list[tuple[str, ...]]:
    """Return for each place the names of up to two streets, nearest to its strongest window first.

    Parameters
    ----------
    streets : Streets
        In the metric CRS of the places.
    """
    named = np.flatnonzero(np.array([bool(name) for name in streets.names], dtype=np.bool_))
    peaks = shapely.points([(place.peak_x_m, place.peak_y_m) for place in places])
    tree = shapely.STRtree(streets.lines[named])
    place, line = tree.query(peaks, predicate="dwithin", distance=REACH_M)
    found: list[dict[str, float]] = [{} for _ in places]
    distance_m = shapely.distance(peaks[place], streets.lines[named][line])
    for number, each, far_m in zip(place.tolist(), named[line].tolist(), distance_m.tolist(), strict=True):
        name = streets.names[each]
        found[number][name] = min(far_m, found[number].get(name, np.inf))
    return [tuple(sorted(near, key=lambda name: (near[name], name))[:MOST_NAMES]) for near in found]
