"""The change of one place beside its control places: ratio of ratios, test, interval, detectable fall.

Given the control places, the count after is negative binomial around what they make expect. Its spread is
learnt from how far the control places are from each other's expectation, so that whatever makes places drift
apart (bursts, local trends and seasons, chance before and after) is in it.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from scipy import special

from incidents.effect.values import Change, EffectParams, Verdict
from incidents.hotspots.values import Floats, Ints

#: A fall is searched to a thousandth.
_FALL_STEP = 1e-3
#: No interval is searched beyond these multiples of what is expected.
_LEAST, _MOST = 1e-6, 1e6


@dataclass(frozen=True)
class Spread:
    """How the count after varies around `expected` where nothing is done.

    Attributes
    ----------
    expected : float
        Mean, > 0.
    dispersion : float
        phi > 0: the variance is expected + phi expected^2.
    freedom : int
        Degrees of freedom phi was estimated with.
    """

    expected: float
    dispersion: float
    freedom: int

    def tails(self, count: int, ratio: float = 1.0) -> tuple[float, float]:
        """Return P(this or fewer) and P(this or more) when measures multiply the mean by `ratio`.

        Mid-p: half of the probability of the count itself in each, so that they sum to 1 (Lancaster 1961);
        the full one would make the test of a sparse place reject far less often than it says. Student's law
        instead of the normal pays for the estimated spread.
        """
        size = 1.0 / self.dispersion
        share = size / (size + ratio * self.expected)
        up_to = special.betainc(size, count + 1.0, share)
        below = special.betainc(size, float(count), share) if count else 0.0
        fewer = float(scipy.stats.t.cdf(special.ndtri((up_to + below) / 2), self.freedom))
        return fewer, 1.0 - fewer


@dataclass(frozen=True)
class Treated:
    """The place.

    Attributes
    ----------
    level : float
        `baseline.Level`, > 0.
    after : int
        Incidents after.
    doubt : float
        Relative variance of its level.
    clump : float
        How many incidents come at once: 1 when each for itself (`clumps_of`).
    """

    level: float
    after: int
    doubt: float = 0.0
    clump: float = 1.0


@dataclass(frozen=True)
class Beside:
    """The control places: at least three, with incidents before and after; arrays of shape (controls,)."""

    levels: Floats
    after: Ints
    clumps: Floats


def change(treated: Treated, beside: Beside, params: EffectParams) -> Change:
    """Return the change of a place beside its control places.

    Parameters
    ----------
    treated : Treated
        The place.
    beside : Beside
        Its control places.
    params : EffectParams
        For `confidence` and `power`.
    """
    spread = spread_of(treated, beside)
    fewer, more = spread.tails(treated.after)
    p = min(1.0, 2 * min(fewer, more))
    low, high = interval(spread, treated.after, params.confidence)
    found = p <= params.alpha
    fell = treated.after < spread.expected
    return Change(
        ratio=treated.after / spread.expected,
        ratio_low=low,
        ratio_high=high,
        level=treated.level,
        expected=spread.expected,
        p=p,
        p_placebo=placebo_p(treated, beside),
        dispersion=spread.dispersion,
        detectable_fall=detectable_fall(spread, params),
        verdict=(Verdict.FELL if fell else Verdict.ROSE) if found else Verdict.NO_DETECTABLE_CHANGE,
    )


def spread_of(treated: Treated, beside: Beside) -> Spread:
    """Return what control places make expect of a place, and how far such places are from it.

    The common ratio r is all incidents after over all levels (Mantel-Haenszel of one stratum). A place of
    level b deviates by chance in b and in its count after, variance c r b (1 + r) where incidents come in
    clumps of c, and by a share of its own, phi (r b)^2, found by moments from the control places; where they
    deviate less than by chance the whole is scaled down, not below the chance after alone. The error of r is
    added, at least that of a count.
    """
    k, r = len(beside.levels), beside.after.sum() / beside.levels.sum()
    expected = r * beside.levels
    square = float(((beside.after - expected) ** 2).sum()) * k / (k - 1)
    chance = float((1 + r) * (beside.clumps * expected).sum())
    own = max(0.0, (square - chance) / float((expected**2).sum()))
    scale = min(1.0, max(square, float(expected.sum())) / chance)
    error_of_r = max(square / float(expected.sum()) ** 2, 1 / float(beside.after.sum()))
    mean = float(r * treated.level)
    by_chance = max(0.0, (1 + r) * scale * treated.clump - 1) / mean
    return Spread(mean, float(by_chance + own + error_of_r + treated.doubt), k - 1)


def clumps_of(blocks: Ints) -> Floats:
    """Return how many incidents come at once in each place, at least 1; shape (places,).

    Of a compound Poisson series the mean of squared counts over the mean of counts, less the mean: a place
    where ten lockers are broken into in one night counts ten and knows one event.

    Parameters
    ----------
    blocks : int64, shape (places, blocks)
        Counts in successive spans before the measures.
    """
    total = np.maximum(blocks.sum(axis=1), 1)
    return np.maximum((blocks**2).sum(axis=1) / total - blocks.mean(axis=1), 1.0)


def interval(spread: Spread, count: int, confidence: float) -> tuple[float, float]:
    """Return the ratios that the test would not reject (inversion of the test)."""
    tail = (1 - confidence) / 2

    def bound(side: int) -> float:
        def surplus(log_ratio: float) -> float:
            return spread.tails(count, float(np.exp(log_ratio)))[side] - tail

        return float(np.exp(scipy.optimize.brentq(surplus, np.log(_LEAST), np.log(_MOST))))

    return (bound(1) if count else 0.0), bound(0)


def detectable_fall(spread: Spread, params: EffectParams) -> float | None:
    """Return the smallest fall that is detected with the chance `params.power`, None without any."""
    counts = np.arange(int(spread.expected) + 1)
    rejected = [count for count in counts.tolist() if 2 * spread.tails(count)[0] <= params.alpha]
    if not rejected:
        return None
    size = 1.0 / spread.dispersion
    ratios = np.arange(1 - _FALL_STEP, 0, -_FALL_STEP)
    chance = special.betainc(size, rejected[-1] + 1.0, size / (size + ratios * spread.expected))
    enough = np.flatnonzero(chance >= params.power)
    return float(1 - ratios[enough[0]]) if len(enough) else 1.0


def placebo_p(treated: Treated, beside: Beside) -> float:
    """Return the randomisation p-value: how many places changed as much (Abadie, Diamond, Hainmueller 2010).

    Each place, the treated one included, is held against all others together; its change is scaled by what
    chance alone gives a place of its size. Two-sided, the treated place counts among those as extreme.
    """
    scores = _scores(
        np.append(beside.levels, treated.level),
        np.append(beside.after, treated.after),
        np.append(beside.clumps, treated.clump),
    )
    low, high = (scores <= scores[-1]).mean(), (scores >= scores[-1]).mean()
    return float(min(1.0, 2 * min(low, high)))


def _scores(levels: Floats, after: Ints, clumps: Floats) -> Floats:
    r = (after.sum() - after) / np.maximum(levels.sum() - levels, 1)
    expected = r * levels
    return np.asarray((after - expected) / np.sqrt(np.maximum(clumps * expected * (1 + r), 1e-9)))
