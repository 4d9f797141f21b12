"""Which map is used at an origin, decided by the origins before it.

The mixture of all maps is used unless another one did better by more than chance explains, and counting is
used when nothing beat it: a planner should not be shown a model that has not earned it.
"""

from dataclasses import dataclass

import numpy as np

from incidents.hotspots.forecast.candidates import COUNT
from incidents.hotspots.values import Floats

STACK = "stack"
BOOSTING = "boosting"
#: Origins, and incidents in them, without which nothing is preferred on the strength of a trial.
FEWEST_TRIALS = 4
FEWEST_INCIDENTS = 50
#: Standard errors by which another map must beat the mixture.
MARGIN_SE = 1.0


@dataclass(frozen=True)
class Trial:
    """One earlier origin: hits of each method at each share of area, and the incidents there were."""

    hits: dict[str, Floats]
    incidents: int


@dataclass(frozen=True)
class Choice:
    """The method used, and its mean advantage over counting in the trials (0.05: five per cent more hits)."""

    method: str
    advantage: float
    trials: int


def choose(trials: list[Trial]) -> Choice:
    """Return the method to use after these trials, oldest first.

    A method's figure is the mean over the shares of area of its hits divided by those of counting, so that
    1 % and 20 % of the area weigh the same.
    """
    known = [trial for trial in trials if STACK in trial.hits]
    if len(known) < FEWEST_TRIALS or sum(trial.incidents for trial in known) < FEWEST_INCIDENTS:
        return Choice(STACK if known else "kde_200m", 0.0, len(known))
    methods = sorted(set.intersection(*(set(trial.hits) for trial in known)))
    gain = {name: _gain(known, name) for name in methods}
    best = max(methods, key=lambda name: (gain[name].mean(), name))
    lead = gain[best] - gain[STACK]
    error = float(lead.std(ddof=1)) / np.sqrt(len(lead))
    method = best if lead.mean() > MARGIN_SE * error else STACK
    advantage = float(gain[method].mean())
    return Choice(method, advantage, len(known)) if advantage > 0 else Choice(COUNT, 0.0, len(known))


def _gain(trials: list[Trial], name: str) -> Floats:
    """Return each trial's part of the relative gain over counting; their mean is the gain itself."""
    counting = np.array([trial.hits[COUNT] for trial in trials])
    mine = np.array([trial.hits[name] for trial in trials])
    usual = np.maximum(counting.mean(axis=0), 1e-9)
    return np.asarray(((mine - counting) / usual).mean(axis=1))
