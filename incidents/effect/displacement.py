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
from incidents.hotspots.values import Floats

#: Draws of an interval: its ends then vary by about a tenth of their distance to the middle.
DRAWS = 4_000


@dataclass(frozen=True)
class Flow:
    """Incidents before, counted or as a level, and after."""

    level: float
    after: float


def displacement(
    beside: tuple[Flow, Flow],
    rings: list[Counts],
    found: Change,
    *,
    params: EffectParams,
    rng: np.random.Generator,
) -> tuple[Displacement, ...]:
    """Return for each ring whether incidents moved there.

    Parameters
    ----------
    beside : (Flow, Flow)
        The place A, and the control places C together.
    rings : list of Counts
        From the inside, as many as `params.rings_m`. Nobody chose them for a bad month: they are counted.
    found : Change
        Of the place: without a detected fall nothing can have moved.
    """
    treated, control = beside
    inner_m = (0.0, *params.rings_m[:-1])
    answers = []
    for inner, outer, counts in zip(inner_m, params.rings_m, rings, strict=True):
        ring = Flow(counts.before, counts.after)
        draw = _Draw(treated, ring, control, found.dispersion)
        why_not = _why_not(found, counts, params)
        low, high = draw.interval(params.confidence, rng) if why_not is None else (None, None)
        quotient = wdq(treated, ring, control) if found.ratio < 1 else None
        answers.append(Displacement(inner, outer, counts, quotient, low, high, why_not))
    return tuple(answers)


def wdq(treated: Flow, ring: Flow, control: Flow) -> float:
    """Return the weighted displacement quotient (Bowers and Johnson 2003).

    Examples
    --------
    >>> round(wdq(Flow(100, 60), Flow(100, 110), Flow(1000, 1000)), 3)
    -0.25
    """
    moved = ring.after / control.after - ring.level / control.level
    return moved / (treated.after / control.after - treated.level / control.level)


@dataclass(frozen=True)
class _Draw:
    treated: Flow
    ring: Flow
    control: Flow
    dispersion: float

    def interval(self, confidence: float, rng: np.random.Generator) -> tuple[float, float]:
        """Return percentiles of the quotient over means the counts could have had.

        Means are drawn from their gamma posterior (Jeffreys), those after with the spread that places have
        where nothing is done. Draws in which the place did not fall are left out: the quotient says nothing
        there.
        """
        a0, b0, c0 = (self._drawn(n.level, 0.0, rng) for n in (self.treated, self.ring, self.control))
        a1, b1 = (self._drawn(n.after, self.dispersion, rng) for n in (self.treated, self.ring))
        c1 = self._drawn(self.control.after, 0.0, rng)
        fall = a1 / c1 - a0 / c0
        quotient = (b1 / c1 - b0 / c0)[fall < 0] / fall[fall < 0]
        tail = 100 * (1 - confidence) / 2
        low, high = np.percentile(quotient, [tail, 100 - tail])
        return float(low), float(high)

    @staticmethod
    def _drawn(count: float, dispersion: float, rng: np.random.Generator) -> Floats:
        shape = 1 / (1 / (count + 0.5) + dispersion)
        return np.asarray(rng.gamma(shape, (count + 0.5) / shape, DRAWS))


def _why_not(found: Change, ring: Counts, params: EffectParams) -> Uninterpretable | None:
    if found.ratio >= 1:
        return Uninterpretable.NO_FALL
    if found.verdict is not Verdict.FELL:
        return Uninterpretable.FALL_NOT_DETECTED
    return Uninterpretable.RING_TOO_FEW if ring.before < params.min_before else None
