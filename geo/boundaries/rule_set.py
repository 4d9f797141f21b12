"""The rules for grids as people set them: limits, how grave each is, how codes are built (pure).

Every default carries where it comes from; nothing is stored that cannot be meant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from core.errors import InvalidInput
from geo.areas.code_scheme import PARTS, CodeScheme, read_scheme
from geo.shapes.edits.rule import PARTITION, SEVERITY, Kind, Rules, Severity

#: How a finding that is not looked for is written.
OFF = "off"
CHOICES = (*(severity.value for severity in Severity), OFF)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that may be set: what breaks it, what ships, in which range it makes sense, its unit."""

    name: str
    kind: Kind
    default: float | None
    most: float
    unit: str


#: A captain knows 150 to 500 households; 2 km2 are an hour's walk; 500 m2 a single block of flats; into 3 m
#: fits a lane, and what is narrower is a slip of the hand (as in geo.shapes.mending). All [ours]: the
#: documents name no size.
LIMITS = (
    Limit("min_area_m2", Kind.AREA_SMALL, 500.0, 1e9, "m2"),
    Limit("max_area_m2", Kind.AREA_LARGE, 2_000_000.0, 1e10, "m2"),
    Limit("min_households", Kind.HOUSEHOLDS_FEW, None, 100_000, "households"),
    Limit("max_households", Kind.HOUSEHOLDS_MANY, 500.0, 100_000, "households"),
    Limit("min_width_m", Kind.NARROW, 3.0, 1_000, "m"),
)
#: The kinds whose gravity may be chosen; a broken partition always refuses.
CHOSEN = tuple(kind for kind in Kind if kind not in PARTITION)
#: The pairs of which the first may not exceed the second, and the refusal.
_PAIRS = (
    ("min_area_m2", "max_area_m2", "grid_areas_crossed"),
    ("min_households", "max_households", "grid_households_crossed"),
)
_SHIPPED: Mapping[str, float | None] = MappingProxyType({limit.name: limit.default for limit in LIMITS})


@dataclass(frozen=True, slots=True)
class GridRules:
    """One set of rules. `severity` names the kinds that are looked for, `scheme` how codes are built."""

    limits: Mapping[str, float | None] = field(default=_SHIPPED)
    severity: Mapping[Kind, Severity] = field(default=SEVERITY)
    scheme: CodeScheme = field(default=CodeScheme())

    def judged(self) -> Rules:
        """Return the rules in the form in which a tiling is judged."""
        return Rules(**self.limits, severity=self.severity)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored: one value a limit, the gravity of each kind, digits and sweep."""
        return {
            **self.limits,
            "severity": {kind.value: self.gravity(kind) for kind in CHOSEN},
            "codes": {part: getattr(self.scheme, part) for part in PARTS}
            | {"sweep": self.scheme.sweep.value},
        }

    def gravity(self, kind: Kind) -> str:
        """Return ``refuse``, ``warn`` or ``off``."""
        return self.severity[kind].value if kind in self.severity else OFF


SHIPPED = GridRules()


def read_rules(given: Mapping[str, Any]) -> GridRules:
    """Return the rules that a form or a stored row holds; what it does not name is as shipped.

    Raises
    ------
    InvalidInput
        ``grid_rule_unusable`` (fields `rule`, `most`), ``grid_areas_crossed`` or ``grid_households_crossed``
        (fields `low`, `high`), ``grid_gravity_unusable`` (field `rule`), ``code_scheme_unusable`` (fields
        `fewest`, `most`): in each case nothing is changed.
    """
    limits = {limit.name: _limit(limit, given.get(limit.name, limit.default)) for limit in LIMITS}
    for low_name, high_name, code in _PAIRS:
        low, high = limits[low_name], limits[high_name]
        if low is not None and high is not None and low > high:
            raise InvalidInput(code, low=f"{low:g}", high=f"{high:g}")
    return GridRules(
        MappingProxyType(limits), _severity(given.get("severity", {})), read_scheme(given.get("codes", {}))
    )


def _limit(limit: Limit, value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    # Not-a-number fails the comparison.
    if not 0 < number <= limit.most:
        raise InvalidInput("grid_rule_unusable", rule=limit.name, most=f"{limit.most:,.0f}")
    return number


def _severity(given: Any) -> Mapping[Kind, Severity]:
    if not isinstance(given, Mapping):
        raise InvalidInput("grid_gravity_unusable", rule="severity")
    chosen: dict[Kind, Severity] = dict.fromkeys(PARTITION, Severity.REFUSE)
    for kind in CHOSEN:
        word = given.get(kind.value, SEVERITY[kind].value)
        if word not in CHOICES:
            raise InvalidInput("grid_gravity_unusable", rule=kind.value)
        if word != OFF:
            chosen[kind] = Severity(word)
    return MappingProxyType(chosen)


def changes(old: GridRules, new: GridRules) -> dict[str, list[Any]]:
    """Return what differs by name, each as [old, new]: how the audit trail and the list of versions say it.

    >>> changes(SHIPPED, read_rules({"max_households": 400}))
    {'max_households': [500.0, 400.0]}
    """
    before, after = _flat(old), _flat(new)
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}


def _flat(rules: GridRules) -> dict[str, Any]:
    told = rules.as_json()
    severity, codes = told.pop("severity"), told.pop("codes")
    told |= {f"severity.{name}": value for name, value in severity.items()}
    return told | {f"codes.{name}": value for name, value in codes.items()}
