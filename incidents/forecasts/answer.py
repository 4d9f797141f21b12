"""What a backtest found as JSON values: the same on the terminal, in a run's record and on a page."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from incidents.hotspots.forecast import SIMPLE_NAMES, Backtest, Score, TooShort
from incidents.hotspots.forecast.candidates import COUNT


def told_too_short(found: TooShort) -> dict[str, Any]:
    """Return that there are too few incidents, and what there are too few of."""
    few = {"what": found.what, "found": found.found, "minimum": found.minimum}
    return {"outcome": "too_few", "too_few": few}


def told_backtest(found: Backtest, percents: Sequence[float]) -> dict[str, Any]:
    """Return the figures of every method by per cent of the area, and those of the maps that were chosen.

    `best_possible` is the hit rate of a map that knew the outcome (what PEI* divides by).
    """
    used = Counter(choice.method for choice in found.choices)
    last = found.choices[-1]
    return {
        "origins": len(found.origins_d),
        "incidents": found.chosen[0].incidents,
        "best_possible": {
            f"{percent:g}": round(score.best_hit_rate, 4)
            for percent, score in zip(percents, found.chosen, strict=True)
        },
        "methods": {
            name: {"simple": name in SIMPLE_NAMES} | _figures(scores, percents)
            for name, scores in found.scores.items()
        },
        "chosen": {
            "method": last.method,
            "used": dict(used.most_common()),
            "by_origin": [
                {"origin": day_words(origin), "method": choice.method}
                for origin, choice in zip(found.origins_d, found.choices, strict=True)
            ],
            "advantage_over_count": round(max(last.advantage, 0.0), 4),
            "counting_is_best": last.method == COUNT,
        }
        | _figures(found.chosen, percents),
    }


def day_words(days: float) -> str:
    """Return the day a number of days since 1970-01-01 lies in, as 2026-11-30."""
    return str(np.datetime64(int(np.floor(days)), "D"))


def _figures(scores: tuple[Score, ...], percents: Sequence[float]) -> dict[str, Any]:
    keys = [f"{percent:g}" for percent in percents]

    def by_area(name: str, digits: int) -> dict[str, float]:
        return {
            key: round(float(getattr(score, name)), digits) for key, score in zip(keys, scores, strict=True)
        }

    return {
        "hit_rate": by_area("hit_rate", 4),
        "hit_rate_interval": {
            key: [round(score.hit_rate_low, 4), round(score.hit_rate_high, 4)]
            for key, score in zip(keys, scores, strict=True)
        },
        "pai": by_area("pai", 3),
        "pei_star": by_area("pei_star", 4),
        "hits": by_area("hits", 2),
    }
