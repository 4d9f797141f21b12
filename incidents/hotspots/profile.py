"""When in the week incidents happen: hour by weekday, and the hours that hold most of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from incidents.hotspots.values import Ints


@dataclass(frozen=True)
class WeekProfile:
    """Incidents by weekday (rows, from Monday) and hour (columns), int64, shape (7, 24)."""

    counts: Ints

    @property
    def hours(self) -> tuple[int, ...]:
        """Incidents by hour of the day, 24 of them."""
        return tuple(int(n) for n in self.counts.sum(axis=0))

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Incidents by weekday from Monday, 7 of them."""
        return tuple(int(n) for n in self.counts.sum(axis=1))


def week_profile(hour_of_week: npt.NDArray[np.int16]) -> WeekProfile:
    """Return the profile of incidents given by the hour of the week, 0 being Monday from midnight to one."""
    return WeekProfile(np.bincount(hour_of_week, minlength=168).reshape(7, 24))


def peak_hours(hours: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the shortest run of hours that holds at least half of the incidents, None without any.

    Returns
    -------
    (start, end) : hours of the day, end exclusive and perhaps past midnight (22, 2); (0, 24) is all day.
        Of runs of one length the one with most incidents wins, then the earliest start.

    Examples
    --------
    >>> peak_hours((4,) + (0,) * 21 + (1, 4))
    (23, 1)
    """
    total = sum(hours)
    if total == 0:
        return None
    twice = np.concatenate([[0], np.cumsum(hours + hours)])
    for length in range(1, 25):
        held = twice[length : length + 24] - twice[:24]
        start = int(np.argmax(held))
        if 2 * held[start] >= total:
            return (start, (start + length) % 24) if length < 24 else (0, 24)
    raise AssertionError("a full day holds every incident")
