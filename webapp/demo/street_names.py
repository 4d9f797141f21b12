"""Names for the streets: one name along a street as far as it runs straight on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from webapp.demo.frame import FloatArray, IntArray, TextArray
from webapp.demo.graph import Groups
from webapp.demo.layout import Layout
from webapp.demo.river import River
from webapp.demo.streets import (
    FOOTWAY,
    PRIMARY,
    RESIDENTIAL,
    SECONDARY,
    SERVICE,
    TERTIARY,
    Sections,
    side_of_river,
    strokes,
)
from webapp.demo.words import MAIN_STREETS, OLD_LANES, numeral, stems, village_names

_SUFFIXES = {
    PRIMARY: ("大道",), SECONDARY: ("路",), TERTIARY: ("路", "街"), RESIDENTIAL: ("街", "路", "巷"),
    SERVICE: ("弄", "巷", "里"), FOOTWAY: ("巷", "弄"),
}  # fmt: skip


def name_streets(
    sections: Sections, layout: Layout, river: River, rng: np.random.Generator
) -> tuple[TextArray, IntArray]:
    """Return each section's name (empty: a track without one) and the number of its street, 0..n-1."""
    groups = Groups(len(sections.lines_m))
    for pairs in strokes(sections):
        for a, b in pairs:
            if sections.bank[a] == sections.bank[b] and sections.ring_road[a] == sections.ring_road[b]:
                groups.join(a, b)
    owner = np.array([groups.of(k) for k in range(len(sections.lines_m))])
    street = np.unique(owner, return_inverse=True)[1].astype(np.int64)
    namer = _Namer(sections, layout, river, rng)
    length_m = np.bincount(street, sections.length_m)
    best = np.full(len(length_m), FOOTWAY, dtype=np.int64)
    np.minimum.at(best, street, sections.road_class)
    first = np.unique(street, return_index=True)[1]
    names = np.empty(len(length_m), dtype="U16")
    for k in np.lexsort([-length_m, best]):
        names[k] = namer.name(int(first[k]), int(best[k]))
    return names[street], street


class _Namer:
    """Hands out names, each once."""

    def __init__(self, sections: Sections, layout: Layout, river: River, rng: np.random.Generator) -> None:
        middles = shapely.get_coordinates(
            shapely.line_interpolate_point(sections.lines_m, 0.5, normalized=True)
        )
        self._sections = sections
        self._villages = village_names(len(layout.villages_m))
        self._rng = rng
        self._core = layout.core(middles)
        self._far, nearest = layout.village(middles)
        self._village = nearest.astype(int)
        self._side = side_of_river(river, sections.lines_m)
        self._bearing: FloatArray = np.arctan2(middles[:, 1], middles[:, 0])
        self._main = stems(rng, list(MAIN_STREETS))
        self._old = stems(rng, list(OLD_LANES))
        self._given: set[str] = {""}
        self._first = iter(["青溪大道", "迎宾大道"])

    def name(self, section: int, road_class: int) -> str:
        """Return a name that no other street has, or none for tracks in the fields."""
        town = self._core[section] < 1.35
        if road_class == PRIMARY:
            plain = next(self._first, None)
            if plain is not None:
                return self._once(plain)
        if self._sections.bank[section] and town:
            return self._once(f"滨河{self._side[section]}路")
        if self._sections.ring_road[section]:
            return self._once(f"环城{self._compass(section)}路")
        if not town and self._far[section] < 1.3 and road_class >= TERTIARY:
            return self._village_lane(section, road_class)
        if not town and road_class >= RESIDENTIAL:
            return ""
        return self._drawn(section, road_class)

    def _compass(self, section: int) -> str:
        return "东北西南"[int(np.round(self._bearing[section] / (np.pi / 2))) % 4]

    def _once(self, name: str) -> str:
        """Return the name; a second street that would bear it continues it with 二, 三, ..."""
        number = 1
        unique = name
        while unique in self._given:
            number += 1
            unique = f"{name[:-1]}{numeral(number)}{name[-1]}"
        self._given.add(unique)
        return unique

    def _village_lane(self, section: int, road_class: int) -> str:
        base = self._villages[self._village[section]]
        if road_class <= RESIDENTIAL:
            return self._once(f"{base}路" if road_class == TERTIARY else f"{base}巷")
        return self._once(f"{base}弄")

    def _drawn(self, section: int, road_class: int) -> str:
        source: Iterator[str] = (
            self._old if road_class >= SERVICE or self._core[section] < 0.3 else self._main
        )
        suffix = str(self._rng.choice(_SUFFIXES[road_class]))
        for stem in source:
            if stem + suffix not in self._given:
                return self._once(stem + suffix)
        return ""


def nearest_street(sections: Sections, names: TextArray, points_m: FloatArray) -> TextArray:
    """Return the name of the named street nearest to each point (local metres)."""
    named = np.flatnonzero(names != "")
    near = shapely.STRtree(sections.lines_m[named]).nearest(shapely.points(points_m))
    return names[named[near]]
