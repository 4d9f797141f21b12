"""How the grids of a change set divide the patrol districts over the ground that changes hands.

A district is a layer of its own and stays as it is; what changes is which grids lie in it, and how many
districts a grid lies in: whoever sends patrols must know a grid that is divided among two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.boundaries.overlay_queries import Overlaid, overlay_in
from geo.shapes.crs import area_m2
from geo.shapes.mending.finding import Limits
from geo.shapes.mending.measure import as_array, degree_m, in_plane, perhaps_narrow, polygons_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely import Polygon
    from shapely.geometry.base import BaseGeometry
    from sqlalchemy.orm import Session

    from geo.boundaries.models import AreaDraft

#: A corner put on an edge moves it by half a step of the coordinate grid: some dm2 along a street block.
FELT_M2 = 1.0
#: Borders of districts and grids are drawn by different people: where both mean the same street, strips
#: narrower than this lie between them. The width below which the check of grids calls ground a sliver.
STRIP_M = Limits().sliver_m


@dataclass(frozen=True, slots=True)
class GridGround:
    """A touched grid and its ground (EPSG:4326) before and after; empty before it begins and when it ends.

    `moved` is the ground it loses or gains.
    """

    draft: AreaDraft
    before: BaseGeometry
    after: BaseGeometry
    moved: BaseGeometry

    @classmethod
    def of(cls, draft: AreaDraft, before: BaseGeometry, after: BaseGeometry) -> GridGround:
        """Return the grid with what it loses or gains."""
        return cls(draft, before, after, before.symmetric_difference(after))


def divided_districts(
    session: Session, county_id: int, grounds: Sequence[GridGround]
) -> list[dict[str, Any]]:
    """Return the districts over ground that changes hands, as JSON values, by code.

    Each has ``code``, ``name`` and ``grids``: every grid that gains or loses ground in it, with key, code,
    name, state, ``before_m2`` and ``after_m2`` (ground of the grid inside the district) and
    ``districts_before`` and ``districts_after`` (in how many districts the grid lies). Pieces narrower than
    `STRIP_M` are inaccuracies of drawing and count nowhere.
    """
    changed = [ground for ground in grounds if size_m2(ground.moved) >= FELT_M2]
    if not changed:
        return []
    whole = [shape for ground in changed for shape in (ground.before, ground.after)]
    west, south, east, north = shapely.total_bounds(np.array(whole, dtype=object)).tolist()
    districts = overlay_in(session, "districts", county_id, (west, south, east, north))
    shares = {ground.draft.key: _Shares.of(ground, districts) for ground in changed}
    found = []
    for place, district in enumerate(districts):
        grids = [
            _grid(ground.draft, shares[ground.draft.key], place)
            for ground in changed
            if shares[ground.draft.key].lies_in(place) and _meets(ground.moved, district)
        ]
        if grids:
            found.append({"code": district.code, "name": district.name, "grids": grids})
    return found


def _meets(moved: BaseGeometry, district: Overlaid) -> bool:
    return moved.intersects(district.shape) and size_m2(moved.intersection(district.shape)) >= FELT_M2


def size_m2(shape: BaseGeometry) -> float:
    """Return the square metres of a shape (EPSG:4326), of its polygons alone."""
    # Grids and districts that only touch share lines and points as well.
    return sum(area_m2(piece) for piece in polygons_of(shape))


@dataclass(frozen=True, slots=True)
class _Shares:
    """Square metres of a grid in each of the districts, by their place in the list; others are absent."""

    before: Mapping[int, float]
    after: Mapping[int, float]

    @classmethod
    def of(cls, ground: GridGround, districts: Sequence[Overlaid]) -> _Shares:
        return cls(_shares(ground.before, districts), _shares(ground.after, districts))

    def lies_in(self, place: int) -> bool:
        return place in self.before or place in self.after


def _shares(ground: BaseGeometry, districts: Sequence[Overlaid]) -> dict[int, float]:
    each = {place: _inside_m2(ground, district.shape) for place, district in enumerate(districts)}
    return {place: size_m2 for place, size_m2 in each.items() if size_m2 > 0}


def _inside_m2(ground: BaseGeometry, district: BaseGeometry) -> float:
    """Return the square metres that both share, pieces narrower than `STRIP_M` left out."""
    pieces = polygons_of(ground.intersection(district)) if ground.intersects(district) else []
    if not pieces:
        return 0.0
    perhaps = perhaps_narrow(as_array(pieces), STRIP_M)
    return sum(
        area_m2(piece)
        for piece, may_be in zip(pieces, perhaps, strict=True)
        if not (may_be and _is_strip(piece))
    )


def _is_strip(piece: Polygon) -> bool:
    """Tell whether no circle of the diameter `STRIP_M` fits into a piece."""
    # One shrinking answers that; to find the width itself (`widths_m`) takes twenty.
    flat = in_plane(piece, degree_m(piece.centroid.y))
    return bool(flat.buffer(-STRIP_M / 2, quad_segs=1, join_style="mitre").is_empty)


def _grid(draft: AreaDraft, shares: _Shares, place: int) -> dict[str, Any]:
    return {
        "key": draft.key,
        "code": draft.code,
        "name": draft.name,
        "state": draft.fate,
        "before_m2": round(shares.before.get(place, 0.0), 1),
        "after_m2": round(shares.after.get(place, 0.0), 1),
        "districts_before": len(shares.before),
        "districts_after": len(shares.after),
    }
