"""How many incidents a place is held to have had before: its level.

Without a selection window the level is the count before. A place that was proposed because of a window is
different: to count the window takes its chance part for lasting (regression to the mean), to leave it out
forgets that such places often stay worse. How much of a bad month lasts is learnt from how all copies of the
place went on after *their* windows, as empirical Bayes before-after studies of road safety do (Hauer 1997);
the best linear forecast is the credibility formula (Buhlmann 1967).
"""

from dataclasses import dataclass

import numpy as np

from incidents.effect.copies import PHASES
from incidents.hotspots.values import Floats, Ints

#: Beforehand an incident of the window is taken to tell as much as one of the period before, give or take
#: this share of it. [ours]
GIVE_OR_TAKE = 0.5
#: No level is below this share of the mean: a place that had incidents is not held to have had none.
_LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Level:
    """Level = a + b (before + selection) + d selection, never below `least`; in incidents before.

    Attributes
    ----------
    weights : float64, shape (3,)
        a, b, d.
    error : float64, shape (3, 3)
        Covariance of the weights.
    """

    weights: Floats
    error: Floats
    least: float = 0.0

    def of(self, before: Ints, selection: Ints) -> Floats:
        """Return the levels of places."""
        return np.maximum(_given(before, selection) @ self.weights, self.least)

    def doubt(self, before: int, selection: int) -> float:
        """Return the relative variance of a place's level."""
        given = _given(np.array([before]), np.array([selection]))[0]
        level = max(float(given @ self.weights), self.least)
        return float(given @ self.error @ given) / level**2


#: The count before as it is.
COUNTED = Level(np.array([0.0, 1.0, -1.0]), np.zeros((3, 3)))


def level_of(before: Ints, selection: Ints, after: Ints) -> Level:
    """Return what counts before and in the selection window tell of the count after, learnt from the copies.

    Least squares of the count after, each place weighted by one over its count as the variance grows with it;
    d is drawn to 0 by a normal prior of standard deviation `GIVE_OR_TAKE` b (ridge). Copies overlap and tell
    less than their number: by `PHASES` squared. Scaled so that the copies' levels sum to their counts before.

    Parameters
    ----------
    before, selection, after : int64, shape (places,)
        `COUNTED` where no place has an incident in the window.
    """
    if not selection.any() or not before.any() or not after.any():
        return COUNTED
    scale = before.sum() / after.sum()
    root = 1 / np.sqrt(before + selection + 1.0)
    given, told = _given(before, selection) * root[:, None], scale * after * root
    plain = np.linalg.lstsq(given[:, :2], told, rcond=None)[0]
    left = told - given[:, :2] @ plain
    noise = PHASES**2 * float(left @ left) / max(len(after) - 2, 1)
    # Where the count tells nothing of the future, the window does not either.
    prior_sd = GIVE_OR_TAKE * max(float(plain[1]), 1e-3)
    square = given.T @ given + np.diag([0.0, 0.0, noise / prior_sd**2])
    inverse = np.linalg.pinv(square)
    return Level(inverse @ (given.T @ told), noise * inverse, _LEAST_SHARE * float(before.mean()))


def _given(before: Ints, selection: Ints) -> Floats:
    return np.column_stack([np.ones(len(before)), before + selection, selection])
