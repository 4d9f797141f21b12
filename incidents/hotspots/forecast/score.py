"""How good a map is: hits, hit rate, PAI and PEI* of the riskiest part of the area.

Hit rate: share of the next period's incidents that fall in the flagged area. PAI: hit rate divided by the
share of area flagged (Chainey, Tompson, Uhlig 2008). PEI*: hits divided by those of a map that knew the
future and flags as much (Hunt 2016). Only figures at one share of area can be compared.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from incidents.hotspots.values import Floats, Ints


@dataclass(frozen=True)
class Score:
    """One method at one share of area, over all scored origins.

    Attributes
    ----------
    hits : float
        Expected over all ways of breaking ties, hence not whole.
    hit_rate_low, hit_rate_high : float
        95 % interval from the spread between origins.
    """

    area_share: float
    incidents: int
    hits: float
    hit_rate: float
    hit_rate_low: float
    hit_rate_high: float
    pai: float
    pei_star: float

    @property
    def best_hit_rate(self) -> float:
        """Hit rate of the map that knew the outcome."""
        return self.hit_rate / self.pei_star if self.pei_star else 0.0


def hits(risk: Floats, outcome: Ints, cells: Floats) -> Floats:
    """Return the incidents in the riskiest cells, shape of `cells`.

    Cells of equal risk are flagged in random order; what is returned is the mean over all orders, which is
    exact and needs no random number. A cell that is flagged in part counts in part.

    Parameters
    ----------
    risk : float, shape (n,)
    outcome : int64, shape (n,)
        Incidents of the forecast period in each cell.
    cells : float64
        How many cells are flagged, ascending, each 0..n; need not be whole.

    Examples
    --------
    >>> hits(np.array([3.0, 1.0, 1.0, 0.0]), np.array([5, 2, 0, 9]), np.array([1.0, 2.0, 3.5])).tolist()
    [5.0, 6.0, 11.5]
    """
    order = np.argsort(-risk, kind="stable")
    ranked = risk[order]
    # Ends of the runs of equal risk; between them the expectation grows linearly.
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]) + 1, len(ranked))
    held = np.cumsum(outcome[order])[ends - 1]
    return np.asarray(np.interp(cells, np.concatenate([[0], ends]), np.concatenate([[0.0], held])))


def perfect_hits(outcome: Ints, cells: Floats) -> Floats:
    """Return the hits of the map that knew the outcome."""
    return hits(outcome.astype(np.float64), outcome, cells)


def pooled(area_share: float, hit: Floats, best: Floats, incidents: Ints) -> Score:
    """Return the score over origins.

    Parameters
    ----------
    hit, best : float64, shape (origins,)
        Hits of the method and of the perfect map at one share of area.
    incidents : int64, shape (origins,)
        All incidents of each period, those outside the cells included.
    """
    total = int(incidents.sum())
    rate = float(hit.sum() / total) if total else 0.0
    half = _half_width(hit - rate * incidents, total)
    return Score(
        area_share=area_share,
        incidents=total,
        hits=float(hit.sum()),
        hit_rate=rate,
        hit_rate_low=max(rate - half, 0.0),
        hit_rate_high=min(rate + half, 1.0),
        pai=rate / area_share,
        pei_star=float(hit.sum() / best.sum()) if best.sum() else 0.0,
    )


def _half_width(residual: Floats, total: int) -> float:
    """Return half the 95 % interval of a ratio of sums (Cochran 1977, 6.4), Student's t over origins."""
    count = len(residual)
    if count < 2 or total == 0:
        return 1.0
    spread = float(np.sqrt(count * np.sum(residual**2) / (count - 1))) / total
    return float(scipy.stats.t.ppf(0.975, count - 1)) * spread
