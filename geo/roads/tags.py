"""What the tags of a mapped thing mean to us: road class and access, building, cover, key place.

Keys and values are those of OpenStreetMap; tables of other origin are translated to them first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    type Tags = Mapping[str, str]

_CLASS_OF = {
    "motorway": "motorway", "trunk": "trunk", "primary": "primary", "secondary": "secondary",
    "tertiary": "tertiary", "unclassified": "residential", "residential": "residential",
    "living_street": "residential", "road": "residential", "service": "service", "busway": "service",
    "track": "track", "cycleway": "cycleway", "footway": "footway", "path": "footway",
    "pedestrian": "footway", "steps": "footway", "bridleway": "footway", "corridor": "footway",
    # Words of Chinese road tables.
    "高速公路": "motorway", "高速": "motorway", "国道": "trunk", "快速路": "trunk", "城市快速路": "trunk",
    "省道": "primary", "主干道": "primary", "主干路": "primary", "次干道": "secondary", "次干路": "secondary",
    "县道": "secondary", "支路": "tertiary", "乡道": "tertiary", "村道": "residential", "街巷": "residential",
    "内部道路": "service", "机耕路": "track", "自行车道": "cycleway", "人行道": "footway",
    "步行街": "footway",
}  # fmt: skip

# foot, bicycle, car where no tag says otherwise.
_ACCESS_OF = {
    "motorway": (False, False, True),
    "cycleway": (True, True, False),
    "footway": (True, False, False),
}
_RIDEABLE_FOOTWAYS = frozenset({"path", "pedestrian", "bridleway", "步行街"})
_CLOSED = frozenset({"no", "private", "use_sidepath", "agricultural", "forestry", "military"})
_OPEN = frozenset({"yes", "designated", "permissive", "official", "destination"})

_PLACE_OF = {
    ("amenity", "police"): "station",
    ("amenity", "school"): "school",
    ("amenity", "college"): "school",
    ("amenity", "university"): "school",
    ("amenity", "kindergarten"): "kindergarten",
    ("amenity", "marketplace"): "market",
    ("shop", "supermarket"): "market",
    ("shop", "mall"): "market",
    ("shop", "department_store"): "market",
    ("amenity", "hospital"): "hospital",
    ("amenity", "clinic"): "hospital",
    ("tourism", "hotel"): "hotel",
    ("tourism", "hostel"): "hotel",
    ("tourism", "motel"): "hotel",
    ("tourism", "guest_house"): "hotel",
    ("amenity", "internet_cafe"): "net_bar",
    ("amenity", "bus_station"): "bus_station",
    ("amenity", "bank"): "bank",
    ("amenity", "fuel"): "hazardous_store",
    ("amenity", "townhall"): "government",
    ("office", "government"): "government",
    ("amenity", "community_centre"): "service_point",
    ("leisure", "park"): "park",
    ("man_made", "works"): "factory",
    ("amenity", "post_depot"): "logistics",
    ("railway", "station"): "railway_station",
}

_GREEN = {
    "leisure": frozenset({"park", "garden", "pitch", "golf_course", "nature_reserve", "playground"}),
    "landuse": frozenset({"grass", "forest", "meadow", "recreation_ground", "village_green", "cemetery"}),
    "natural": frozenset({"wood", "grassland", "scrub", "heath"}),
}
_FARM = frozenset({"farmland", "farmyard", "orchard", "vineyard", "allotments", "greenhouse_horticulture"})
_WATER_USE = frozenset({"reservoir", "basin"})

# Width in metres of a watercourse that is mapped as a line, where no tag tells it [ours].
WATERCOURSE_WIDTH_M = {"river": 14.0, "canal": 8.0, "stream": 3.0, "ditch": 2.0, "drain": 2.0}


@dataclass(frozen=True, slots=True)
class RoadUse:
    """Class, direction and access of a road."""

    road_class: str
    oneway: str
    foot: bool
    bicycle: bool
    car: bool
    bridge: bool
    tunnel: bool


def road_use(tags: Tags) -> RoadUse | None:
    """Return how a way is used, None when it is no road (railway, planned, platform, ...)."""
    kind = tags.get("highway", "").removesuffix("_link")
    road_class = _CLASS_OF.get(kind)
    if road_class is None:
        return None
    foot, bicycle, car = _access(tags, kind, road_class)
    return RoadUse(
        road_class=road_class,
        oneway=_oneway(tags, road_class),
        foot=foot,
        bicycle=bicycle,
        car=car,
        bridge=tags.get("bridge", "no") not in {"no", ""},
        tunnel=tags.get("tunnel", "no") not in {"no", ""},
    )


def _access(tags: Tags, kind: str, road_class: str) -> tuple[bool, bool, bool]:
    foot, bicycle, car = _ACCESS_OF.get(road_class, (True, True, True))
    bicycle = bicycle or kind in _RIDEABLE_FOOTWAYS
    if tags.get("motorroad") == "yes":
        foot = bicycle = False
    general = tags.get("access", "")
    vehicle = tags.get("vehicle", "")
    motor = tags.get("motorcar") or tags.get("motor_vehicle") or ""
    return (
        _allowed(foot, general, tags.get("foot", "")),
        _allowed(bicycle, general, vehicle, tags.get("bicycle", "")),
        _allowed(car, general, vehicle, motor),
    )


def _allowed(default: bool, *answers: str) -> bool:  # noqa: FBT001 - private, read at one place
    """Let the most special tag that says something decide; a general "yes" opens nothing by itself."""
    for rank, answer in enumerate(reversed(answers)):
        if answer in _CLOSED:
            return False
        if answer in _OPEN:
            return default or rank == 0
    return default


def _oneway(tags: Tags, road_class: str) -> str:
    value = tags.get("oneway", "").lower()
    if value in {"yes", "1", "true", "forward"}:
        return "forward"
    if value in {"-1", "reverse", "backward"}:
        return "backward"
    circling = tags.get("junction") in {"roundabout", "circular"}
    if value != "no" and (circling or road_class == "motorway"):
        return "forward"
    return "both"


def building_kind(tags: Tags) -> str | None:
    """Return the kind of a building ("" when it is only known to be one), None for anything else."""
    value = tags.get("building", "no")
    if value == "no" or ("location" in tags and tags["location"] == "underground"):
        return None
    return "" if value == "yes" else value


def building_levels(tags: Tags) -> int | None:
    """Return the number of levels above ground, from the tag or from the height at 3 m a level."""
    for key, metres_per_level in (("building:levels", 1.0), ("height", 3.0)):
        try:
            levels = round(float(tags.get(key, "").removesuffix("m").strip()) / metres_per_level)
        except ValueError:
            continue
        if 1 <= levels <= 200:
            return levels
    return None


def cover_kind(tags: Tags) -> str | None:
    """Return water, green or farmland, None for anything else."""
    use = tags.get("landuse", "")
    if tags.get("natural") == "water" or tags.get("waterway") == "riverbank" or use in _WATER_USE:
        return "water"
    if use in _FARM:
        return "farmland"
    return "green" if any(tags.get(key) in values for key, values in _GREEN.items()) else None


def watercourse_width_m(tags: Tags) -> float | None:
    """Return the width to draw a watercourse line with, None when the thing is none or runs in a pipe."""
    nominal_m = WATERCOURSE_WIDTH_M.get(tags.get("waterway", ""))
    if nominal_m is None or tags.get("tunnel", "no") != "no":
        return None
    try:
        width_m = float(tags.get("width", "").removesuffix("m").strip())
    except ValueError:
        return nominal_m
    return width_m if 0.5 <= width_m <= 2000 else nominal_m


def place_kind(tags: Tags) -> str | None:
    """Return the kind of key place, None when the thing is none."""
    return next((kind for (key, value), kind in _PLACE_OF.items() if tags.get(key) == value), None)


def name_of(tags: Tags) -> str | None:
    """Return the name in the country's own language; the English one only for lack of another."""
    for key in ("name", "name:zh", "official_name", "name:en"):
        name = tags.get(key, "").strip()
        if name:
            return name[:200]
    return None


def address_of(tags: Tags) -> str:
    """Return street and number as one line, empty when the tags tell neither."""
    street = tags.get("addr:street") or tags.get("addr:place") or ""
    return f"{street} {tags.get('addr:housenumber', '')}".strip()
