"""Whether what fell in the place moved next door: the weighted displacement quotient.

Bowers and Johnson (2003), with A the place, B the ring around it, C the control places, 0 before and 1 after:

    WDQ = (B1 / C1 - B0 / C0) / (A1 / C1 - A0 / C0)
"""

from dataclasses import dataclass

import numpy as np

from incidents.effect.values import (
    Change,
    Counts,
    Displacement,
    EffectParams,
    Uninterpretable,
    Verdict,
)
from incidents.hotspots.values import Floats, Ints

#: Draws of an interval: its ends then vary by about a tenth of their distance to the middle.
DRAWS = 4_000


def displacement(
    places: tuple[Counts, list[Counts]],
    controls: tuple[Ints, Ints],
    found: Change,
    *,
    params: EffectParams,
    rng: np.random.Generator,
) -> tuple[Displacement, ...]:
    """Return for each ring whether incidents moved there.

    Parameters
    ----------
    places : (Counts, list of Counts)
        The place, and its rings from the inside.
    controls : (int64, int64), shape (controls,)
        Control places before and after.
    found : Change
        Of the place: without a detected fall nothing can have moved.
    """
    treated, rings = places
    control = Counts(int(controls[0].sum()), int(controls[1].sum()))
    inner_m = (0.0, *params.rings_m[:-1])
    answers = []
    for inner, outer, ring in zip(inner_m, params.rings_m, rings, strict=True):
        draw = _Draw(treated, ring, control, found.dispersion)
        why_not = _why_not(found, ring, params)
        low, high = draw.interval(params.confidence, rng) if why_not is None else (None, None)
        quotient = wdq(treated, ring, control) if found.ratio < 1 else None
        answers.append(Displacement(inner, outer, ring, quotient, low, high, why_not))
    return tuple(answers)


def wdq(treated: Counts, ring: Counts, control: Counts) -> float:
    """Return the weighted displacement quotient (Bowers and Johnson 2003).

    Examples
    --------
    >>> round(wdq(Counts(100, 60), Counts(100, 110), Counts(1000, 1000)), 3)
    -0.25
    """
    moved = ring.after / control.after - ring.before / control.before
    return moved / (treated.after / control.after - treated.before / control.before)


@dataclass(frozen=True)
class _Draw:
    treated: Counts
    ring: Counts
    control: Counts
    dispersion: float

    def interval(self, confidence: float, rng: np.random.Generator) -> tuple[float, float]:
        """Return percentiles of the quotient over means the counts could have had.

        Means are drawn from their gamma posterior (Jeffreys), those after with the spread that places have
        where nothing is done. Draws in which the place did not fall are left out: the quotient says nothing
        there.
        """
        a0, b0, c0 = (self._drawn(n.before, 0.0, rng) for n in (self.treated, self.ring, self.control))
        a1, b1 = (self._drawn(n.after, self.dispersion, rng) for n in (self.treated, self.ring))
        c1 = self._drawn(self.control.after, 0.0, rng)
        fall = a1 / c1 - a0 / c0
        quotient = (b1 / c1 - b0 / c0)[fall < 0] / fall[fall < 0]
        tail = 100 * (1 - confidence) / 2
        low, high = np.percentile(quotient, [tail, 100 - tail])
        return float(low), float(high)

    @staticmethod
    def _drawn(count: int, dispersion: float, rng: np.random.Generator) -> Floats:
        shape = 1 / (1 / (count + 0.5) + dispersion)
        return np.asarray(rng.gamma(shape, (count + 0.5) / shape, DRAWS))


def _why_not(found: Change, ring: Counts, params: EffectParams) -> Uninterpretable | None:
    if found.ratio >= 1:
        return Uninterpretable.NO_FALL
    if found.verdict is not Verdict.FELL:
        return Uninterpretable.FALL_NOT_DETECTED
    return Uninterpretable.RING_TOO_FEW if ring.before < params.min_before else None
