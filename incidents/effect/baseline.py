"""How many incidents a place is held to have had before: its level.

Without a selection window the level is the count before. A place that was proposed because of a window is
different: to count the window takes its chance part for lasting (regression to the mean), to leave it out
forgets that such places often stay worse. How much of a bad month lasts is learnt from how all copies of the
place went on after *their* windows, as empirical Bayes before-after studies of road safety do (Hauer 1997);
the best linear forecast is the credibility formula (Buhlmann 1967).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy

from incidents.effect.values import Counts
from incidents.hotspots.values import Floats, Ints

#: Beforehand an incident of the window is taken to tell as much as one of the period before, give or take
#: this share of it. [ours]
GIVE_OR_TAKE = 0.5
#: No level is below this share of the mean: a place that had incidents is not held to have had none.
_LEAST_SHARE = 0.01
#: Only to weight places by when variances are learnt.
_USUAL_DISPERSION = 0.2


@dataclass(frozen=True)
class Counted:
    """Counts of places, each int64 of shape (places,)."""

    before: Ints
    after: Ints
    selection: Ints

    def of(self, place: int) -> Counts:
        """Return the counts of one place."""
        return Counts(int(self.before[place]), int(self.after[place]), int(self.selection[place]))

    def only(self, chosen: npt.NDArray[np.intp]) -> "Counted":
        """Return some of the places."""
        return Counted(self.before[chosen], self.after[chosen], self.selection[chosen])

    @property
    def scale(self) -> float:
        """Incidents before for one after, of all places together."""
        return float(self.before.sum() / self.after.sum())


@dataclass(frozen=True)
class Level:
    """Level = a + b (before + selection) + d selection, never below `least`; in incidents before.

    Attributes
    ----------
    weights : float64, shape (3,)
        a, b, d.
    error : float64, shape (3, 3)
        Covariance of the weights.
    usual : float
        Share of a place's incidents that the window usually has; what it has above that is its excess.
    unsettled : float
        Variance of a place's level per squared excess: some bad months last and some do not, so that places
        which stood out go on less alike than others.
    """

    weights: Floats
    error: Floats
    least: float = 0.0
    usual: float = 1.0
    unsettled: float = 0.0

    def of(self, before: Ints, selection: Ints) -> Floats:
        """Return the levels of places."""
        return np.maximum(_given(before, selection) @ self.weights, self.least)

    def doubt(self, before: int, selection: int) -> float:
        """Return the relative variance of a place's level."""
        given = _given(np.array([before]), np.array([selection]))[0]
        level = max(float(given @ self.weights), self.least)
        excess = max(selection - self.usual * (before + selection), 0.0)
        return (float(given @ self.error @ given) + self.unsettled * excess**2) / level**2


#: The count before as it is.
COUNTED = Level(np.array([0.0, 1.0, -1.0]), np.zeros((3, 3)))


def level_of(lessons: Sequence[Counted]) -> Level:
    """Return what counts before and in the selection window tell of the count after, learnt from copies.

    Least squares of the count after, each place weighted by one over its count as the variance grows with it;
    d is drawn to 0 by a normal prior of standard deviation `GIVE_OR_TAKE` b (ridge). In each lesson counts
    after are scaled to those before, so that a growing town teaches no growth.

    Parameters
    ----------
    lessons : sequence of Counted
        The copies, now and at earlier times. They are the same places: as evidence they count once.
        `COUNTED` where no place has an incident in a window.
    """
    taught = [lesson for lesson in lessons if lesson.before.any() and lesson.after.any()]
    before, selection = (
        np.concatenate([getattr(lesson, name) for lesson in taught] or [np.zeros(0, dtype=np.int64)])
        for name in ("before", "selection")
    )
    if not selection.any():
        return COUNTED
    after = np.concatenate([lesson.after * lesson.scale for lesson in taught])
    root = 1 / np.sqrt(before + selection + 1.0)
    given, told = _given(before, selection) * root[:, None], after * root
    plain = np.linalg.lstsq(given[:, :2], told, rcond=None)[0]
    left = told - given[:, :2] @ plain
    noise = len(taught) * float(left @ left) / max(len(after) - 2, 1)
    # Where the count tells nothing of the future, the window does not either.
    prior_sd = GIVE_OR_TAKE * max(float(plain[1]), 1e-3)
    square = given.T @ given + np.diag([0.0, 0.0, noise / prior_sd**2])
    inverse = np.linalg.pinv(square)
    learnt = Level(
        inverse @ (given.T @ told),
        noise * inverse,
        _LEAST_SHARE * float(before.mean()),
        float(selection.sum() / (before + selection).sum()),
    )
    return replace(learnt, unsettled=_unsettled(learnt, taught))


def _unsettled(level: Level, lessons: Sequence[Counted]) -> float:
    """Return the variance of levels per squared excess, beyond what chance and level explain.

    Squared deviations of the counts after from what the levels make expect, less the expectation (chance), on
    expectation, its square and the squared excess; weights >= 0, each place weighted as variances grow.
    """
    columns = []
    for lesson in lessons:
        levels = level.of(lesson.before, lesson.selection)
        expected = levels * lesson.after.sum() / levels.sum()
        excess = np.maximum(lesson.selection - level.usual * (lesson.before + lesson.selection), 0.0)
        told = (lesson.after - expected) ** 2 - expected
        columns.append(np.column_stack([expected, expected**2, (excess / lesson.scale) ** 2, told]))
    rows = np.concatenate(columns)
    root = 1 / (1.0 + rows[:, 0] + _USUAL_DISPERSION * rows[:, 1])
    parts, _ = scipy.optimize.nnls(rows[:, :3] * root[:, None], rows[:, 3] * root)
    return float(parts[2])


def _given(before: Ints, selection: Ints) -> Floats:
    return np.column_stack([np.ones(len(before)), before + selection, selection])
