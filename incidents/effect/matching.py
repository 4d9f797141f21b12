"""Which copies serve as control places: those most like the treated place before the measures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from incidents.effect.copies import Copies
from incidents.effect.values import EffectParams
from incidents.hotspots.values import DAY_S, Floats, Ints, Period

#: How much each likeness counts. [ours]
WEIGHTS = {"level": 2.0, "trend": 0.5, "season": 0.5, "selection": 1.0}
#: The level of a control place is at least half and at most twice that of the place. [ours]
CALIPER = 2.0
YEAR_D = 365.2425


@dataclass(frozen=True)
class Series:
    """Places before the measures, each of shape (places,).

    `season` is the same time of the year as the period after (all 0 where `before` does not reach it), `late`
    the second half of `before`; `level` the float64 of `baseline.Level`.
    """

    before: Ints
    late: Ints
    season: Ints
    selection: Ints
    level: Floats


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
    level = float(treated.level[0])
    like = (places.level * CALIPER >= level) & (places.level <= CALIPER * level)
    order = np.argsort(away, kind="stable")
    return copies.apart(order[like[order]], params.controls)


def distances(places: Series, treated: Series) -> Floats:
    """Return how unlike the place each copy was before, in units of chance.

    Roots of counts have the variance 1/4 whatever their level (Bartlett 1936), so that a difference of the
    size that chance makes weighs the same for level, trend and season.
    """
    parts = {
        "level": _roots(places.level) - _roots(treated.level),
        "trend": _tilt(places.late, places.before) - _tilt(treated.late, treated.before),
        "season": _tilt(places.season, places.before) - _tilt(treated.season, treated.before),
        # Where a bad month was, some stay bad and some do not: such places are spread wider than others.
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


def _roots(counts: Ints | Floats) -> Floats:
    return np.asarray(2 * np.sqrt(counts))


def _tilt(part: Ints, whole: Ints) -> Floats:
    return np.asarray(_roots(part) - _roots(whole - part))
