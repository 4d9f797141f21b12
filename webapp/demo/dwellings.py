"""Dwellings and households: flats stacked in apartment blocks, one or two homes in a house.

The number of households decides how tall the apartment blocks are: storeys rise together until there is room
(flats per landing go from two to four above eleven storeys, where blocks have lifts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from webapp.demo.buildings import Buildings
from webapp.demo.frame import FloatArray, IntArray, TextArray
from webapp.demo.streets import Sections
from webapp.demo.words import head_names, phones, stems

VACANT_SHARE = 0.06
MOST_LEVELS = 33
_STAIR_M = 15.5
NEVER = -1


@dataclass(frozen=True)
class Dwellings:
    """Dwellings with their building, point (local metres), labels, and tenure; last_visit_days -1: never."""

    building: IntArray
    points_m: FloatArray
    building_no: TextArray
    unit_no: TextArray
    room_no: TextArray
    tenure: TextArray
    rooms: IntArray
    last_visit_days: IntArray


@dataclass(frozen=True)
class Households:
    """Households, one in each dwelling that is not vacant: dwelling row, head's name, phone, occupants."""

    dwelling: IntArray
    head_name: TextArray
    phone: TextArray
    occupant_count: IntArray


@dataclass(frozen=True)
class Frontage:
    """Where each building stands: street name (may be empty), house number, estate name, number in it."""

    street: TextArray
    number: IntArray
    estate: TextArray
    estate_no: IntArray


def settle(
    buildings: Buildings, household_count: int, rng: np.random.Generator
) -> tuple[Buildings, Dwellings]:
    """Return buildings with their storeys, and dwellings for all households and the vacant ones."""
    wanted = round(household_count / (1 - VACANT_SHARE))
    levels = _levels(buildings, wanted)
    room_for = _capacity(buildings, levels)
    building = np.repeat(np.arange(len(room_for)), room_for)
    slot = np.arange(len(building)) - np.repeat(np.cumsum(room_for) - room_for, room_for)
    kept = np.sort(rng.choice(len(building), min(wanted, len(building)), replace=False))
    buildings = replace(buildings, levels=levels)
    return buildings, _furnish(buildings, building[kept], slot[kept], rng)


def _stairs(buildings: Buildings) -> IntArray:
    return np.clip(np.round(buildings.length_m / _STAIR_M), 1, 4).astype(np.int64)


def _flats(levels: IntArray) -> IntArray:
    return np.where(levels > 11, 4, 2)


def _capacity(buildings: Buildings, levels: IntArray) -> IntArray:
    house = np.where(buildings.levels >= 4, 2, 1)
    room = np.where(buildings.kind == "house", house, 0)
    # Every third shop has a flat above it.
    above = (buildings.kind == "shop") & (np.arange(len(levels)) % 3 == 0)
    room = np.where(above, 1, room)
    flats = _stairs(buildings) * levels * _flats(levels)
    return np.asarray(np.where(buildings.kind == "apartment", flats, room))


def _levels(buildings: Buildings, wanted: int) -> IntArray:
    """Return storeys, the least common factor on the apartment blocks' that makes room for all."""
    tall = buildings.kind == "apartment"
    low, high = 0.35, float(MOST_LEVELS)
    for _ in range(40):
        factor = (low + high) / 2
        levels = np.where(
            tall, np.clip(np.round(buildings.levels * factor), 2, MOST_LEVELS), buildings.levels
        )
        if _capacity(buildings, levels.astype(np.int64)).sum() >= wanted:
            high = factor
        else:
            low = factor
    levels = np.where(tall, np.clip(np.round(buildings.levels * high), 2, MOST_LEVELS), buildings.levels)
    return levels.astype(np.int64)


def _furnish(buildings: Buildings, building: IntArray, slot: IntArray, rng: np.random.Generator) -> Dwellings:
    count = len(building)
    flat = buildings.kind[building] == "apartment"
    stairs = _stairs(buildings)[building]
    flats = _flats(buildings.levels)[building]
    unit = np.where(flat, (slot // flats) % stairs + 1, 0)
    floor = np.where(flat, slot // (flats * stairs) + 1, slot + 1)
    door = np.where(flat, slot % flats + 1, 1)
    share = np.where(flat, (unit - 0.5) / stairs - 0.5, 0.0)
    # Homes in one house stand a hand's breadth apart, flats share the entrance of their stairs.
    offset = buildings.axis[building] * (share * buildings.length_m[building])[:, None]
    points = (
        buildings.middles_m[building] + offset + np.where(flat, 0.0, rng.uniform(-0.7, 0.7, (2, count))).T
    )
    room = np.where(flat | (slot > 0), floor * 100 + door, 0).astype("U5")
    room[room == "0"] = ""
    unit_no = unit.astype("U2")
    unit_no[unit == 0] = ""
    tenure = rng.choice(np.array(["owner", "rented"]), count, p=[0.72, 0.28])
    tenure[rng.choice(count, round(VACANT_SHARE * count), replace=False)] = "vacant"
    rooms = rng.choice(np.arange(1, 6), count, p=[0.06, 0.24, 0.44, 0.2, 0.06])
    blank = np.full(count, NEVER, dtype=np.int64)
    return Dwellings(building, points, np.full(count, "", dtype="U4"), unit_no, room, tenure, rooms, blank)


def visit(dwellings: Dwellings, grid: IntArray, rng: np.random.Generator) -> Dwellings:
    """Return the dwellings with days since the last visit: 0-120, or -1 (never); some grids are behind.

    `grid` is the area row of each dwelling; each grid worker has a pace of his own. In one grid of seven
    nobody has gone round for 25 to 70 days: what a patrol plan calls not visited lately.
    """
    count = int(grid.max()) + 1
    pace = rng.lognormal(np.log(34.0), 0.55, count)
    # Spawned, so that what the seed draws after this stays as it was.
    quiet = rng.spawn(1)[0]
    idle = np.where(quiet.random(count) < 1 / 7, quiet.integers(25, 71, count), 0)
    days = np.clip(rng.gamma(2.0, pace[grid] / 2.0) + idle[grid], 0, 120).astype(np.int64)
    vacant = dwellings.tenure == "vacant"
    never = rng.random(len(grid)) < np.where(vacant, 0.4, 0.06)
    return replace(dwellings, last_visit_days=np.where(never, NEVER, days))


def people(dwellings: Dwellings, rng: np.random.Generator) -> Households:
    """Return the households: invented heads with numbers that cannot ring."""
    lived_in = np.flatnonzero(dwellings.tenure != "vacant")
    count = len(lived_in)
    occupants = rng.choice(np.arange(1, 8), count, p=[0.2, 0.27, 0.24, 0.16, 0.08, 0.04, 0.01])
    return Households(lived_in, head_names(rng, count), phones(rng, count), occupants)


def address_buildings(
    buildings: Buildings, sections: Sections, names: tuple[TextArray, IntArray], rng: np.random.Generator
) -> Frontage:
    """Return street, house number (odd left, even right, rising) and estate of each building."""
    name, street = names
    named = np.flatnonzero(name != "")
    tree = shapely.STRtree(sections.lines_m[named])
    points = shapely.points(buildings.middles_m)
    near = named[tree.nearest(points)]
    number = _numbers(buildings, sections, street, near)
    estate, estate_no = _estates(buildings, rng)
    return Frontage(name[near], number, estate, estate_no)


def _numbers(buildings: Buildings, sections: Sections, street: IntArray, near: IntArray) -> IntArray:
    count = int(street.max()) + 1
    start = shapely.get_coordinates(shapely.get_point(sections.lines_m, 0))
    stop = shapely.get_coordinates(shapely.get_point(sections.lines_m, -1))
    # The way a street runs: its sections' directions, all turned to the east, added up.
    step = (stop - start) * np.where(stop[:, 0] >= start[:, 0], 1.0, -1.0)[:, None]
    way = np.column_stack([np.bincount(street, step[:, k], count) for k in (0, 1)])
    own = way[street[near]]
    gap = buildings.middles_m - start[near]
    along = (buildings.middles_m * own).sum(axis=1) / np.maximum(np.hypot(*own.T), 1e-9)
    left = own[:, 0] * gap[:, 1] - own[:, 1] * gap[:, 0] >= 0
    key = street[near] * 2 + left
    order = np.lexsort([along, key])
    new = np.concatenate([[True], key[order][1:] != key[order][:-1]])
    first = np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key)) - first
    return np.asarray(2 * rank + np.where(left, 1, 2))


def _estates(buildings: Buildings, rng: np.random.Generator) -> tuple[TextArray, IntArray]:
    estate = np.full(len(buildings.block), "", dtype="U10")
    number = np.zeros(len(buildings.block), dtype=np.int64)
    flats = np.flatnonzero(buildings.kind == "apartment")
    stem = stems(rng, [])
    for block in np.unique(buildings.block[flats]):
        members = flats[buildings.block[flats] == block]
        estate[members] = next(stem) + str(rng.choice(["苑", "花园", "小区", "家园"]))
        number[members] = np.arange(1, len(members) + 1)
    return estate, number
