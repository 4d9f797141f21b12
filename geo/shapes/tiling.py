"""The value every boundary edit takes, and the difference it returns.

An edit is a small pure function ``Tiling -> Difference``; undo is the difference reversed, so nothing
has to be remembered to take an edit back (the way of openstreetmap/iD's ``core/difference.js``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from core.errors import Conflict, InvalidInput

type Ground = Polygon | MultiPolygon

_NONE: Mapping[int, Ground] = MappingProxyType({})
_NOBODY: Mapping[int, tuple[int, ...]] = MappingProxyType({})


def as_ground(shape: BaseGeometry) -> Ground:
    """Return the polygons of `shape` as ground: a Polygon where it is one, else a MultiPolygon.

    Lines and points, such as snapping and mending leave, are dropped; without any polygon the answer is an
    empty MultiPolygon.

    >>> from shapely import GeometryCollection, LineString, MultiPolygon, box
    >>> as_ground(MultiPolygon([box(0, 0, 1, 1)])).geom_type
    'Polygon'
    >>> mixed = GeometryCollection([box(0, 0, 1, 1), box(2, 0, 3, 1), LineString([(0, 0), (1, 0)])])
    >>> as_ground(mixed).geom_type
    'MultiPolygon'
    """
    # A collection may hold a MultiPolygon beside the lines: its parts are taken apart as well.
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if isinstance(part, Polygon)]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


class EditRefused(InvalidInput):
    """An edit that would not leave a partition, or cannot be read; `place` (EPSG:4326) shows where.

    `code` names the rule, `fields` the grids (keys) and sizes concerned, and the place as GeoJSON.
    """

    def __init__(self, code: str, /, *, place: BaseGeometry | None = None, **fields: object) -> None:
        shown = {} if place is None or place.is_empty else {"place": mapping(place)}
        super().__init__(code, **fields, **shown)
        self.place = place


@dataclass(frozen=True, slots=True)
class Tiling:
    """The grids of one community while they are edited.

    Attributes
    ----------
    frame : Polygon or MultiPolygon
        The ground to be tiled, EPSG:4326 on the 1e-7 degree grid. No edit changes it.
    parts : mapping of int to Polygon or MultiPolygon
        The grids by key, EPSG:4326 on the same grid of coordinates. A key is never used twice.
    next_key : int
        The key of the next grid that an edit makes; larger than every key ever used.
    """

    frame: Ground
    parts: Mapping[int, Ground]
    next_key: int

    def part(self, key: int) -> Ground:
        """Return the grid with `key`.

        Raises
        ------
        EditRefused
            ``grid_gone`` (field `grid`): it was merged, removed or never there.
        """
        if key not in self.parts:
            raise EditRefused("grid_gone", grid=key)
        return self.parts[key]


@dataclass(frozen=True, slots=True)
class Difference:
    """What an edit changes: the touched grids as they were and as they become.

    Attributes
    ----------
    before, after : mapping of int to Polygon or MultiPolygon
        Touched grids by key. A key only in `before` ends, a key only in `after` is new.
    lineage : mapping of int to tuple of int
        For every new key the keys its ground came from; empty for a grid drawn on free ground.
    """

    before: Mapping[int, Ground] = _NONE
    after: Mapping[int, Ground] = _NONE
    lineage: Mapping[int, tuple[int, ...]] = field(default=_NOBODY)

    @property
    def touched(self) -> frozenset[int]:
        """Return the keys of all grids that change, end or begin."""
        return frozenset(self.before) | frozenset(self.after)

    def reversed(self) -> Self:
        """Return the difference that takes this one back."""
        return replace(self, before=self.after, after=self.before, lineage=_NOBODY)


def apply(tiling: Tiling, difference: Difference) -> Tiling:
    """Return `tiling` with `difference` done to it.

    Raises
    ------
    Conflict
        ``grid_changed`` (field `grids`: keys): a touched grid is no longer what the difference found.

    >>> from shapely import box
    >>> whole = Tiling(box(0, 0, 2, 1), {1: box(0, 0, 2, 1)}, next_key=2)
    >>> halves = Difference({1: box(0, 0, 2, 1)}, {1: box(0, 0, 1, 1), 2: box(1, 0, 2, 1)}, {2: (1,)})
    >>> sorted(apply(whole, halves).parts)
    [1, 2]
    >>> apply(apply(whole, halves), halves.reversed()).parts == whole.parts
    True
    """
    stale = [
        key
        for key in sorted(difference.touched)
        if not _same(tiling.parts.get(key), difference.before.get(key))
    ]
    if stale:
        raise Conflict("grid_changed", grids=stale)
    parts = {key: shape for key, shape in tiling.parts.items() if key not in difference.touched}
    parts |= difference.after
    return replace(tiling, parts=parts, next_key=max(tiling.next_key, 1 + max(parts, default=0)))


def _same(one: Ground | None, other: Ground | None) -> bool:
    if one is None or other is None:
        return one is other
    # Vertex by vertex: a vertex inserted by a neighbour's edit is a change like any other.
    return bool(shapely.equals_exact(one, other))
