"""Which copies serve as control places: those most like the treated place before the measures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from incidents.effect.copies import Copies
from incidents.effect.values import EffectParams
from incidents.hotspots.values import DAY_S, Floats, Ints, Period

#: How much each likeness counts: level, trend, season, and the window that made the place be proposed.
WEIGHTS = {"level": 2.0, "trend": 0.5, "season": 0.5, "selection": 1.0}
#: A control place held at least half and at most twice as many incidents before. [ours]
CALIPER = 2.0
YEAR_D = 365.2425


@dataclass(frozen=True)
class Series:
    """Counts of places in the spans before the measures, each int64 of shape (places,).

    `season` is the same time of the year as the period after, `late` the second half of `before`; `selection`
    and `season` are all 0 where there is no such span.
    """

    before: Ints
    late: Ints
    season: Ints
    selection: Ints


def nearest(places: Series, treated: Series, copies: Copies, params: EffectParams) -> npt.NDArray[np.intp]:
    """Return the control places: copies most like the place, best first, none sharing ground with another.

    Parameters
    ----------
    places : Series
        Of the copies.
    treated : Series
        Of the place, shape (1,).
    """
    away = distances(places, treated)
    level = int(treated.before[0])
    like = (places.before * CALIPER >= level) & (places.before <= CALIPER * level)
    free = like.copy()
    chosen: list[int] = []
    for copy in np.lexsort((np.arange(len(copies)), away)).tolist():
        if len(chosen) == params.controls:
            break
        if free[copy]:
            chosen.append(copy)
            free &= ~copies.overlapping(copy)
    return np.array(chosen, dtype=np.intp)


def distances(places: Series, treated: Series) -> Floats:
    """Return how unlike the place each copy was before, in units of chance.

    Roots of counts have the variance 1/4 whatever their level (Bartlett 1936), so that a difference of the
    size that chance makes weighs the same for level, trend and season.
    """
    parts = {
        "level": _roots(places.before) - _roots(treated.before),
        "trend": _tilt(places.late, places.before) - _tilt(treated.late, treated.before),
        "season": _tilt(places.season, places.before) - _tilt(treated.season, treated.before),
        "selection": _roots(places.selection) - _roots(treated.selection),
    }
    return np.asarray(np.sqrt(sum(WEIGHTS[name] * part**2 for name, part in parts.items())))


def aligned(params: EffectParams) -> Period | None:
    """Return the period after moved back by the fewest whole years that end it within `before`, or None."""
    for years in range(1, 30):
        back_s = round(years * YEAR_D) * DAY_S
        moved = Period(params.after.start_s - back_s, params.after.end_s - back_s)
        if moved.end_s <= params.before.end_s:
            return moved if moved.start_s >= params.before.start_s else None
    return None


def _roots(counts: Ints) -> Floats:
    return np.asarray(2 * np.sqrt(counts))


def _tilt(part: Ints, whole: Ints) -> Floats:
    return np.asarray(_roots(part) - _roots(whole - part))
