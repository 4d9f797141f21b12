"""Patrol forces and teams of the demo town, each team starting its shift at a station."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webapp.demo.frame import BoolArray, FloatArray, IntArray, TextArray
from webapp.demo.places import Places

FORCES = (
    ("青溪派出所警组", "police"),
    ("青溪镇专职巡防队", "full_time"),
    ("村居义务巡逻队", "village"),
    ("小区物业保安队", "property"),
    ("平安志愿者", "volunteer"),
)
# name, force row, mode, people, whether on duty this evening. Eight of twelve: with all of them every place
# worth a stop would get one, and nothing would have to be chosen.
TEAMS = (
    ("警组一", 0, "car", 2, True),
    ("警组二", 0, "car", 2, False),
    ("警组三", 0, "e_scooter", 2, True),
    ("巡防一队", 1, "car", 3, True),
    ("巡防二队", 1, "e_scooter", 2, True),
    ("巡防三队", 1, "e_scooter", 2, False),
    ("巡防四队", 1, "bicycle", 2, True),
    ("村巡一队", 2, "e_scooter", 3, True),
    ("村巡二队", 2, "car", 3, False),
    ("物业一队", 3, "foot", 2, True),
    ("志愿一队", 4, "foot", 5, False),
    ("志愿二队", 4, "bicycle", 4, True),
)


@dataclass(frozen=True)
class Teams:
    """Teams with the row of their force and of the station (a place) where they start and end."""

    name: TextArray
    force: IntArray
    mode: TextArray
    size: IntArray
    on_duty: BoolArray
    station: IntArray
    points_m: FloatArray


def muster(places: Places) -> Teams:
    """Return the twelve teams, eight of them on duty, dealt to the stations in turn."""
    stations = np.flatnonzero(places.kind == "station")
    station = stations[np.arange(len(TEAMS)) % len(stations)]
    name, force, mode, size, on_duty = (np.array(column) for column in zip(*TEAMS, strict=True))
    return Teams(name, force, mode, size, on_duty, station, places.points_m[station])
