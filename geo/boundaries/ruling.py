"""The rules of a county: which are in force, what breaks them, and how they are changed.

A draft is judged by what lies on the ground, today's grids by what they own. Flushes, never commits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import mapping

from core import audit
from core.db import actor_of, scope_of
from core.errors import Conflict, Forbidden, InvalidInput
from core.text import visible
from geo.areas.models import GridRuleSet
from geo.boundaries import queries, rule_queries
from geo.boundaries.rule_set import LIMITS, SHIPPED, GridRules, changes, read_rules
from geo.shapes.edits.rule import PARTITION, Found, Kind, Severity, judge
from geo.shapes.partition import is_noise
from geo.shapes.tiling import Tiling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from geo.areas.models import Area
    from geo.boundaries.rule_queries import Buildings, Divided
    from geo.boundaries.service import Drafted
    from geo.shapes.tiling import Difference, Ground

#: A reason is a sentence.
REASON_LIMIT = 200
_LIMIT_NAMES = {limit.kind: limit.name for limit in LIMITS}


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that hold in a county: their number (0: as shipped), since when, and who set them."""

    rules: GridRules
    number: int = 0
    since: datetime | None = None
    by: str = ""


def rules_in_force(session: Session, county_id: int) -> InForce:
    """Return the newest rules of a county, those that ship where nobody has set any."""
    newest = next(iter(rule_queries.rule_sets(session, county_id, most=1)), None)
    if newest is None:
        return InForce(SHIPPED)
    row, author = newest
    return InForce(read_rules(row.rules), row.number, row.made_at, author)


def store_rules(
    session: Session, county: Area, given: Mapping[str, Any], *, seen: int, reason: str
) -> GridRuleSet:
    """Put new rules in force for a county; the old ones stay on record.

    `seen` is the number of the rules that the person looked at.

    Raises
    ------
    Forbidden
        ``rules_outside_area`` (field `name`): the county is larger than the actor's own area.
    InvalidInput
        What `read_rules` refuses, ``nothing_changes``, ``reason_missing`` or ``reason_too_long`` (field
        `limit`).
    Conflict
        ``rules_changed`` (field `number`): somebody set others meanwhile.
    """
    if not scope_of(session).holds(county.path):
        raise Forbidden("rules_outside_area", name=county.name)
    new, reason = read_rules(given), visible(reason)
    rule_queries.hold_rules(session, county.id)
    old = rules_in_force(session, county.id)
    if old.number != seen:
        raise Conflict("rules_changed", number=old.number)
    changed = changes(old.rules, new)
    if not changed:
        raise InvalidInput("nothing_changes")
    if not reason:
        raise InvalidInput("reason_missing")
    if len(reason) > REASON_LIMIT:
        raise InvalidInput("reason_too_long", limit=REASON_LIMIT)
    row = GridRuleSet(
        number=seen + 1, rules=new.as_json(), reason=reason, made_by=actor_of(session),
        county_id=county.id, area_id=county.id, area_path=county.path,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.refresh(row)
    audit.record(session, "grid_rules.change", subject=row, number=row.number, changed=changed, reason=reason)
    return row


def households_of(
    session: Session,
    drafted: Drafted,
    shapes: Mapping[int, Ground],
    *,
    standing: Mapping[int, int] | None = None,
) -> dict[int, int]:
    """Return how many households each of the shapes (EPSG:4326) would have, by key.

    Those live in it, or were placed in its grid by hand. On a shared border the lower key counts the
    dwelling, as when rows are moved. `standing` has the key of each published grid that stands, by its id;
    left out, those of the draft.
    """
    keys = sorted(shapes)
    if not keys:
        return {}
    homes = queries.homes_under(session, drafted.row.area_path)
    at = np.full(len(homes.lonlat), -1, dtype=np.int64)
    if len(homes.lonlat):
        tree = shapely.STRtree([shapes[key] for key in keys])
        point, shape = tree.query(
            np.asarray(shapely.points(homes.lonlat), dtype=object), predicate="intersects"
        )
        order = np.lexsort((shape, point))
        point, first = np.unique(point[order], return_index=True)
        at[point] = shape[order][first]
    # The grids that still stand hold what was placed in them, whether they are asked for or not.
    if standing is None:
        standing = {d.grid_id: key for key, d in drafted.grids.items() if d.grid_id and not d.ended}
    for index in np.flatnonzero(homes.held):
        key = standing.get(int(homes.area_id[index]))
        if key is not None:
            at[index] = keys.index(key) if key in shapes else -1
    inside = at >= 0
    counts = np.bincount(at[inside], homes.households[inside], minlength=len(keys))
    return {key: int(count) for key, count in zip(keys, counts, strict=True)}


def findings(session: Session, drafted: Drafted) -> list[dict[str, Any]]:
    """Return what breaks a rule in a draft, refusals first, as JSON values.

    Keys: kind, severity, grids (keys), size, limit, place (GeoJSON), at, buildings (those that are cut:
    id, name, kind and at).
    """
    buildings = rule_queries.named_buildings_in(session, drafted.row.county_id, drafted.tiling.frame.bounds)
    rules = rules_in_force(session, drafted.row.county_id).rules
    found = _judged(session, drafted, rules, buildings)
    cut = sorted({buildings.ids[index] for one in found for index in one.buildings})
    addresses = rule_queries.addresses_of_buildings(session, cut) if cut else {}
    return [_told(one, rules, buildings, addresses) for one in found]


def _judged(session: Session, drafted: Drafted, rules: GridRules, buildings: Buildings) -> list[Found]:
    living = households_of(session, drafted, drafted.tiling.parts)
    return judge(drafted.tiling, rules.judged(), households=living, buildings=list(buildings.shapes))


def broken_by(
    session: Session, drafted: Drafted, difference: Difference, living: Mapping[int, int]
) -> list[dict[str, Any]]:
    """Return which rules the grids that an edit would leave break, refusals first, as JSON values.

    Each is rule, gravity, grid (key), size, limit: one for each grid concerned. A grid that only gets a
    corner is not asked; that the draft stays a partition is the edit's own proof. `living` are the
    households of the grids in `difference`, by key.
    """
    pieces = {
        key: shape for key, shape in difference.after.items() if _moves(difference.before.get(key), shape)
    }
    if not pieces:
        return []
    rules = rules_in_force(session, drafted.row.county_id).rules
    chosen = {kind: severity for kind, severity in rules.severity.items() if kind not in PARTITION}
    west, south, east, north = (float(value) for value in shapely.total_bounds(list(pieces.values())))
    found = judge(
        replace(drafted.tiling, parts=pieces),
        replace(rules.judged(), severity=chosen),
        households={key: float(living[key]) for key in pieces},
        buildings=list(queries.buildings_in(session, drafted.row.county_id, (west, south, east, north))),
    )
    return [
        {
            "rule": one.kind.value,
            "gravity": one.severity.value,
            "grid": key,
            "size": round(one.size, 1),
            "limit": _limit_of(rules, one.kind),
        }
        for one in found
        for key in one.keys
    ]


def _moves(before: Ground | None, after: Ground) -> bool:
    return before is None or not is_noise(shapely.symmetric_difference(before, after))


def require_rules(session: Session, drafted: Drafted) -> None:
    """Refuse a change set in which a grid that it changes breaks a rule that refuses.

    A grid that the change set leaves alone, or gives no more than a corner, may break one: it did so before,
    and may be mended later.

    Raises
    ------
    Conflict
        ``grid_rules_broken`` (fields `number` of the rules, `broken`: kind, grids by name, size).
    """
    in_force = rules_in_force(session, drafted.row.county_id)
    buildings = rule_queries.named_buildings_in(session, drafted.row.county_id, drafted.tiling.frame.bounds)
    touched = queries.touched_drafts(session, drafted.row.id)
    changed = {key for key, touch in touched.items() if touch == "moved"}
    refused = [
        one
        for one in _judged(session, drafted, in_force.rules, buildings)
        if one.severity is Severity.REFUSE and not changed.isdisjoint(one.keys)
    ]
    if refused:
        broken = [
            {
                "kind": one.kind.value,
                "grids": [drafted.grids[key].name for key in one.keys],
                "size": round(one.size, 1),
            }
            for one in refused[:50]
        ]
        raise Conflict("grid_rules_broken", number=in_force.number, broken=broken)


def _told(one: Found, rules: GridRules, buildings: Buildings, addresses: Mapping[int, str]) -> dict[str, Any]:
    at = one.place.representative_point()
    return {
        "kind": one.kind.value,
        "severity": one.severity.value,
        "grids": list(one.keys),
        "size": round(one.size, 1),
        "limit": _limit_of(rules, one.kind),
        "place": mapping(one.place),
        "at": [round(at.x, 7), round(at.y, 7)],
        "buildings": [_building(index, buildings, addresses) for index in one.buildings],
    }


def _limit_of(rules: GridRules, kind: Kind) -> float | None:
    return rules.limits[_LIMIT_NAMES[kind]] if kind in _LIMIT_NAMES else None


def _building(index: int, buildings: Buildings, addresses: Mapping[int, str]) -> dict[str, Any]:
    at = buildings.shapes[index].representative_point()
    building_id = buildings.ids[index]
    return {
        "id": building_id,
        "name": buildings.names[index] or addresses.get(building_id, ""),
        "kind": buildings.kinds[index],
        "at": [round(at.x, 7), round(at.y, 7)],
    }


@dataclass(frozen=True, slots=True)
class Breaking:
    """A grid of today that breaks a rule: which rule, how grave, the grid, its community, the figure.

    `size` is in the unit of the kind (see `geo.shapes.edits.rule.Found`); `limit` the number it passes.
    """

    kind: Kind
    severity: Severity
    grid: Area
    community: Area
    size: float
    limit: float | None


def broken_today(
    session: Session, county_id: int, rules: GridRules, divided: Sequence[Divided]
) -> list[Breaking]:
    """Return which of today's grids of a county (as `divided_now` reads them) break `rules`.

    A grid that breaks two rules stands twice. What is no grid's own (a gap) is not told here.
    """
    shapes = _footprints(session, county_id, divided) if Kind.BUILDING_CUT in rules.severity else None
    return [
        Breaking(
            item.kind, item.severity, one.grids[key], one.community, item.size, _limit_of(rules, item.kind)
        )
        for one in divided
        for item in _judged_today(one, rules, shapes)
        for key in item.keys
    ]


def _judged_today(one: Divided, rules: GridRules, shapes: shapely.STRtree | None) -> Sequence[Found]:
    tiling = Tiling(one.frame, one.parts, 1 + max(one.parts, default=0))
    own = {key: float(count) for key, count in one.households.items()}
    near = [] if shapes is None else list(shapes.geometries[np.sort(shapes.query(one.frame))])
    return judge(tiling, rules.judged(), households=own, buildings=near)


def _footprints(session: Session, county_id: int, divided: Sequence[Divided]) -> shapely.STRtree:
    box = shapely.total_bounds([one.frame for one in divided]) if divided else (0.0, 0.0, 0.0, 0.0)
    west, south, east, north = (float(value) for value in box)
    return shapely.STRtree(queries.buildings_in(session, county_id, (west, south, east, north)))
