"""What the questions to the analyses of incidents have in common: limits, and how a record holds them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question; its fields are JSON values but for `types` and `as_of`.

    Nothing from `as_of` on is looked at; None takes the present, or the newest incident where the register
    ended long ago (`incidents.tiles.reference_moment`). `types` are codes of types, roll-ups included; empty
    means all that are allowed. `limits` are the lowest and highest value a person may ask for: outside them
    the answer would mislead or not fit in memory.
    """

    limits: ClassVar[Mapping[str, tuple[float, float]]] = {}

    types: tuple[str, ...] = ()
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in self.limits.items():
            value = getattr(self, name)
            # Not-a-number fails the comparison.
            if not (isinstance(value, int | float) and low <= value <= high):
                raise InvalidInput("hotspot_setting_out_of_range", setting=name, low=low, high=high)
        if self.as_of is not None and self.as_of.tzinfo is None:
            raise InvalidInput("time_without_zone", setting="as_of")

    def to_params(self) -> dict[str, Any]:
        """Return the question as JSON values."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return values | {"types": list(self.types), "as_of": self.as_of.isoformat() if self.as_of else None}

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Self:
        """Return the question `to_params` wrote down; what it does not hold keeps its default.

        Raises
        ------
        InvalidInput
            ``hotspot_setting_unknown``, ``hotspot_setting_out_of_range`` or ``time_unreadable``.
        """
        unknown = params.keys() - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            raise InvalidInput("hotspot_setting_unknown", setting=min(unknown))
        values = dict(params)
        if values.get("as_of") is not None:
            try:
                values["as_of"] = datetime.fromisoformat(values["as_of"])
            except (TypeError, ValueError) as error:
                raise InvalidInput("time_unreadable", setting="as_of") from error
        return cls(**values | {"types": tuple(values.get("types") or ())})
