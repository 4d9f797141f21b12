"""A register of incidents from a file: what the engine needs of it, and what was left out and why.

Nothing here asks for a database: the columns are read (`core.intake.columns`), the places judged as an import
judges them, and turned into metres. Types that are never analysed and incidents that patrols found stay out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import InvalidInput, NotEnough
from core.intake.cell import word_of
from core.intake.columns import Columns, Wanted, Words, header_of, read_columns
from core.intake.coordinate import judge_coordinates
from core.intake.forbidden import never_incident_type
from core.intake.header import find_columns, refuse_forbidden
from geo.shapes.crs import metric_epsg, to_metric
from incidents.hotspots.values import Incidents
from incidents.words import SOURCE_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    type Mask = npt.NDArray[np.bool_]

# A register of one city spans tens of kilometres. What lies farther out than five times the span of the
# middle 98 % of its incidents (and 10 km) is a slip of a digit, and would stretch the lattice over the
# country.
_FAR_SPANS = 5.0
_FAR_M = 10_000.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read the file: columns, and which incidents are asked about.

    Attributes
    ----------
    where : mapping of column to values
        An incident is asked about when each column holds one of its values; all are when empty.
    with_patrol : bool
        Keep incidents that patrols found.
    """

    lon: str
    lat: str
    time: str
    where: Mapping[str, Sequence[str]]
    with_patrol: bool = False


@dataclass(frozen=True, slots=True)
class Register:
    """The usable incidents of a file.

    Attributes
    ----------
    incidents : Incidents
        All of them, in the metric CRS `epsg`; `t_s` counts the wall clock as if it were UTC.
    asked : bool, shape (n,)
        Those the question is about; the others only tell where the city is.
    type_names : list of str
        `type_names[type_id]`.
    rows : int
        Rows of the file.
    left_out : dict of int
        Rows by the reason they are not used.
    """

    incidents: Incidents
    asked: Mask
    type_names: list[str]
    epsg: int
    rows: int
    left_out: dict[str, int]

    @property
    def selected(self) -> Incidents:
        """The incidents the question is about."""
        all_, asked = self.incidents, self.asked
        return Incidents(
            all_.x_m[asked], all_.y_m[asked], all_.t_s[asked], all_.hour_of_week[asked], all_.type_id[asked]
        )


def read_register(path: Path, reading: Reading) -> Register:
    """Read a file of incidents.

    Raises
    ------
    InvalidInput
        What `read_columns` raises; ``column_forbidden`` for a `where` that asks about persons;
        ``where_matches_nothing`` (fields `column`, `value`, `found`).
    NotEnough
        ``no_incidents_in_file`` (fields `file`, `left_out`).
    """
    refuse_forbidden(list(reading.where), drop=False)
    header = header_of(path)
    found = {field: header[place] for field, place in find_columns(header, ("type", "source"), {}).items()}
    words = list(dict.fromkeys([*reading.where, *found.values()]))
    columns = read_columns(
        path, Wanted(numbers=(reading.lon, reading.lat), times=(reading.time,), words=words)
    )
    asked = _asked(columns, reading)
    usable, left_out = _usable(columns, reading, found)
    if not usable.any():
        raise NotEnough("no_incidents_in_file", file=path.name, left_out=left_out)
    lonlat = np.column_stack([columns.numbers[reading.lon], columns.numbers[reading.lat]])
    epsg = metric_epsg(*np.median(lonlat[usable], axis=0))
    xy = np.full(lonlat.shape, np.nan)
    xy[usable] = to_metric(lonlat[usable], epsg)
    near = usable.copy()
    near[usable] = _near(xy[usable])
    left_out |= _counted({"far_away": usable & ~near})
    types = columns.words[found["type"]] if "type" in found else Words(np.zeros(len(columns), np.int32), [""])
    t_s = columns.times[reading.time][near].astype(np.int64)
    hour_of_week = ((t_s // 86_400 + 3) % 7 * 24 + t_s // 3600 % 24).astype(np.int16)
    incidents = Incidents(xy[near, 0], xy[near, 1], t_s, hour_of_week, types.code[near])
    rows = len(columns) + columns.skipped
    left_out |= {"row_of_wrong_length": columns.skipped} if columns.skipped else {}
    return Register(incidents, asked[near], types.names, epsg, rows, left_out)


def _asked(columns: Columns, reading: Reading) -> Mask:
    asked = np.ones(len(columns), dtype=bool)
    for column, values in reading.where.items():
        words = columns.words[column]
        for value in values:
            if value not in words.names:
                found = sorted(words.names)[:30]
                raise InvalidInput("where_matches_nothing", column=column, value=value, found=found)
        chosen = np.array([name in set(values) for name in words.names])
        asked &= chosen[words.code]
    return asked


def _usable(columns: Columns, reading: Reading, found: dict[str, str]) -> tuple[Mask, dict[str, int]]:
    """Return the rows that can be used, and how many cannot by the first reason that holds."""
    placeless = judge_coordinates(columns.numbers[reading.lon], columns.numbers[reading.lat]) != 0
    timeless = np.isnat(columns.times[reading.time])
    masks = {"coordinate_unusable": placeless, "time_unreadable": timeless}
    if "type" in found:
        types = columns.words[found["type"]]
        never = np.array([never_incident_type(name) is not None for name in types.names], dtype=bool)
        masks["incident_type_never"] = never[types.code]
    if "source" in found and not reading.with_patrol:
        sources = columns.words[found["source"]]
        patrol = np.array([word_of(name, SOURCE_WORDS, "") == "patrol" for name in sources.names], dtype=bool)
        masks["found_by_patrol"] = patrol[sources.code]
    usable = np.ones(len(columns), dtype=bool)
    for reason, mask in masks.items():
        masks[reason] = mask & usable
        usable &= ~mask
    return usable, _counted(masks)


def _near(xy: npt.NDArray[np.float64]) -> Mask:
    low, middle, high = np.percentile(xy, [1, 50, 99], axis=0)
    reach = _FAR_SPANS * (high - low) + _FAR_M
    return np.asarray((np.abs(xy - middle) <= reach).all(axis=1))


def _counted(masks: dict[str, Mask]) -> dict[str, int]:
    return {reason: int(mask.sum()) for reason, mask in masks.items() if mask.any()}
