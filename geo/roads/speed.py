"""Travel speeds by road class and mode: a visible table that a deployment may override.

The figures are ours: quiet patrol speeds that leave time to look around, door to door, including
crossings and turns. They are below the legal limits on purpose. A speed of zero closes the class to
the mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray


class Mode(StrEnum):
    """How a team moves."""

    FOOT = "foot"
    BICYCLE = "bicycle"
    E_SCOOTER = "e_scooter"
    CAR = "car"


OTHER_CLASS = "other"
"""Class under which an unknown road class is looked up, so that new data never stops a plan."""

SPEED_TABLE_VERSION = "speeds v1"

# Columns: foot, bicycle, e-scooter (Chinese e-bikes may go 25 km/h at most, GB 17761), car; km/h.
_DEFAULT_ROWS: dict[str, tuple[float, float, float, float]] = {
    "motorway": (0.0, 0.0, 0.0, 80.0),
    "trunk": (4.8, 14.0, 22.0, 60.0),
    "primary": (4.8, 14.0, 22.0, 45.0),
    "secondary": (4.8, 14.0, 22.0, 40.0),
    "tertiary": (4.8, 14.0, 20.0, 35.0),
    "residential": (4.8, 13.0, 18.0, 25.0),
    "service": (4.8, 10.0, 12.0, 15.0),
    "track": (4.0, 9.0, 10.0, 12.0),
    "cycleway": (4.8, 14.0, 20.0, 0.0),
    "footway": (4.8, 5.0, 0.0, 0.0),
    OTHER_CLASS: (4.8, 10.0, 12.0, 20.0),
}

_FASTEST_KMH = 150.0


@dataclass(frozen=True)
class SpeedTable:
    """Speed in km/h for every mode and road class; a missing class falls back to ``other``.

    Attributes
    ----------
    kmh
        Mode to road class to km/h; 0 closes the class to the mode.
    """

    kmh: Mapping[Mode, Mapping[str, float]]

    def override(self, changes: Mapping[Mode, Mapping[str, float]]) -> SpeedTable:
        """Return a table in which the given figures replace ours.

        Raises
        ------
        ValueError
            If a speed is negative, not finite or above 150 km/h.
        """
        for speeds in changes.values():
            for road_class, speed in speeds.items():
                if not 0.0 <= speed <= _FASTEST_KMH:
                    msg = f"speed of {road_class} must lie in 0..{_FASTEST_KMH:g} km/h"
                    raise ValueError(msg)
        return SpeedTable(
            MappingProxyType(
                {mode: MappingProxyType({**row, **changes.get(mode, {})}) for mode, row in self.kmh.items()}
            )
        )

    def speed_mps(self, mode: Mode, road_class: NDArray[np.str_]) -> NDArray[np.float64]:
        """Return the speed in m/s of each road class, shape ``(n,)``, in the order given."""
        row = self.kmh[mode]
        names, where = np.unique(np.asarray(road_class, dtype=np.str_), return_inverse=True)
        kmh = [row.get(str(name), row[OTHER_CLASS]) for name in names]
        return np.asarray(kmh, dtype=np.float64)[where] / 3.6

    def rows(self) -> list[tuple[str, dict[str, float]]]:
        """Return (road class, {mode: km/h}) in the order of the table, for pages and documents."""
        classes = list(next(iter(self.kmh.values())))
        return [(name, {str(mode): row[name] for mode, row in self.kmh.items()}) for name in classes]


DEFAULT_SPEEDS = SpeedTable(
    MappingProxyType(
        {
            mode: MappingProxyType({name: row[column] for name, row in _DEFAULT_ROWS.items()})
            for column, mode in enumerate((Mode.FOOT, Mode.BICYCLE, Mode.E_SCOOTER, Mode.CAR))
        }
    )
)
"""The speeds a deployment starts with [ours]."""
