"""Checks of an imported area tree: levels, parents, children inside, siblings apart (pure)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shapely

from geo.areas.code_scheme import SHIPPED, CodeScheme
from geo.shapes.crs import area_m2
from geo.shapes.partition import NOISE_DEG, beyond, suspected_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

# One word table for every level: Chinese and English words, and depths as numbers.
LEVEL_WORDS: dict[str, tuple[str, ...]] = {
    "county": ("county", "district", "县", "区", "区县", "县级", "县区", "市辖区", "1"),
    "town": ("town", "township", "street", "subdistrict", "镇", "乡", "街道", "乡镇", "乡级", "镇街", "2"),
    "community": ("community", "village", "社区", "村", "行政村", "村社", "村级", "村居", "3"),
    "grid": ("grid", "网格", "单元网格", "责任网格", "4"),
}
_ORDER = ("county", "town", "community", "grid")


@dataclass(frozen=True, slots=True)
class AreaRecord:
    """One area of a file; `shape` a valid multipolygon in EPSG:4326."""

    line: int
    code: str
    name: str
    level: str
    parent_code: str
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where areas (by code) do not fit: overlap of two siblings, or a child outside its parent."""

    code: str
    first: str
    second: str
    at: tuple[float, float]
    size_m2: float


def level_of(word: str, code: str, scheme: CodeScheme = SHIPPED) -> str | None:
    """Return the level a word names, else the one the code's length tells by `scheme`, else None.

    >>> level_of("街道", ""), level_of("", "330199001002"), level_of("planet", "12")
    ('town', 'community', None)
    """
    flat = word.strip().lower()
    for level, words in LEVEL_WORDS.items():
        if flat in words:
            return level
    return None if flat else scheme.level_of(code)


def by_depth(records: Sequence[AreaRecord]) -> list[AreaRecord]:
    """Return the records from the county down, in file order within a level."""
    return sorted(records, key=lambda record: (_ORDER.index(record.level), record.line))


def with_parents(
    records: Sequence[AreaRecord],
    known: dict[str, tuple[str, BaseGeometry]],
    scheme: CodeScheme = SHIPPED,
) -> list[AreaRecord]:
    """Return the records with their parents' codes; what the file leaves open is found by code or place.

    Parameters
    ----------
    records
    known
        Areas already in the house: code to (level, boundary).
    scheme
        How codes are built.

    Notes
    -----
    Open parents are taken from the code's leading digits, else the area of the next higher
    level that holds the record's inner point. A county has no parent.
    """
    candidates = {**known, **{record.code: (record.level, record.shape) for record in records}}
    return [
        record
        if record.parent_code or record.level == "county"
        else replace(record, parent_code=_found_parent(record, candidates, scheme))
        for record in records
    ]


def _found_parent(
    record: AreaRecord, candidates: dict[str, tuple[str, BaseGeometry]], scheme: CodeScheme
) -> str:
    above = _ORDER[: _ORDER.index(record.level)][::-1]
    for length in (scheme.length("community"), scheme.length("town"), scheme.length("county")):
        prefix = record.code[:length]
        if length < len(record.code) and prefix in candidates and candidates[prefix][0] in above:
            return prefix
    inner = record.shape.representative_point()
    for level in above:
        for code, (candidate_level, shape) in candidates.items():
            if candidate_level == level and shape.covers(inner):
                return code
    return ""


def flaws(records: Sequence[AreaRecord], parents: dict[str, BaseGeometry]) -> list[Flaw]:
    """Return every place where siblings overlap or a child leaves its parent, largest first.

    Places thinner than two cells of the coordinate grid are snapping noise (see geo.shapes.partition). A
    parent without a boundary in `parents` is not asked.
    """
    families: dict[str, list[AreaRecord]] = defaultdict(list)
    for record in records:
        families[record.parent_code].append(record)
    found: list[Flaw] = []
    for parent_code, family in families.items():
        found += _overlaps(family)
        if parent_code in parents:
            found += _outside(family, parent_code, parents[parent_code])
    return sorted(found, key=lambda flaw: -flaw.size_m2)


def _overlaps(family: list[AreaRecord]) -> list[Flaw]:
    suspected = suspected_pairs([record.shape for record in family])
    pairs = ((family[i], family[j]) for i, j in suspected)
    judged = (
        _flaw("siblings_overlap", one.code, other.code, one.shape.intersection(other.shape))
        for one, other in pairs
    )
    return [flaw for flaw in judged if flaw is not None]


def _outside(family: list[AreaRecord], parent_code: str, parent: BaseGeometry) -> list[Flaw]:
    places = beyond([record.shape for record in family], parent)
    judged = (_flaw("child_outside", family[row].code, parent_code, place) for row, place in places.items())
    return [flaw for flaw in judged if flaw is not None]


def _flaw(code: str, first: str, second: str, place: BaseGeometry) -> Flaw | None:
    parts = [part for part in shapely.get_parts(place) if part.geom_type == "Polygon"]
    parts = [part for part in parts if not part.buffer(-NOISE_DEG / 2, quad_segs=1).is_empty]
    if not parts:
        return None
    size_m2 = sum(area_m2(part) for part in parts)
    inner = max(parts, key=lambda part: part.area).representative_point()
    return Flaw(code, first, second, (round(inner.x, 6), round(inner.y, 6)), round(size_m2, 1))


def uncovered_m2(records: Sequence[AreaRecord]) -> dict[str, float]:
    """Return for each parent among the records how many square metres its children leave uncovered.

    Only parents that have children and leave more than 1 % of their own ground are named.
    """
    shapes = {record.code: record.shape for record in records}
    families: dict[str, list[BaseGeometry]] = defaultdict(list)
    for record in records:
        if record.parent_code in shapes:
            families[record.parent_code].append(record.shape)
    left: dict[str, float] = {}
    for code, children in families.items():
        rest_m2 = area_m2(shapes[code].difference(shapely.union_all(children)))
        if rest_m2 > 0.01 * area_m2(shapes[code]):
            left[code] = round(rest_m2)
    return left
