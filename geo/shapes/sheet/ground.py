"""What a sheet is drawn from: arrays and shapes in EPSG:4326, read by whoever knows the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry


def _shapes() -> NDArray[np.object_]:
    return np.empty(0, dtype=object)


@dataclass(frozen=True, slots=True)
class Roads:
    """Road sections of one length: centre lines, names ("" without one), classes and whether in a tunnel."""

    lines: NDArray[np.object_] = field(default_factory=_shapes)
    names: Sequence[str] = ()
    classes: Sequence[str] = ()
    tunnel: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """Water, green and farmland: shapes, kinds and names ("" without one)."""

    shapes: NDArray[np.object_] = field(default_factory=_shapes)
    kinds: Sequence[str] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AreaShape:
    """An area around or on the sheet: level, code, short name and shape; `group` is its community's code."""

    level: str
    code: str
    name: str
    shape: BaseGeometry
    group: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A key place or camera (kind ``camera``: it may have a bearing and an angle of view, in degrees)."""

    kind: str
    name: str
    lon: float
    lat: float
    bearing_deg: float | None = None
    view_deg: float | None = None
    working: bool = True


@dataclass(frozen=True, slots=True)
class HouseNumber:
    """A house number or block number and where it stands."""

    words: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Ground:
    """All that is drawn on a sheet of `subject`; `others` are the areas around it, `group` its community."""

    subject: BaseGeometry
    group: str = ""
    roads: Roads = field(default_factory=Roads)
    cover: Cover = field(default_factory=Cover)
    buildings: NDArray[np.object_] = field(default_factory=_shapes)
    others: Sequence[AreaShape] = ()
    marks: Sequence[Mark] = ()
    house_numbers: Sequence[HouseNumber] = ()
