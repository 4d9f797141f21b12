"""Forecasts of the next days per cell, and the backtest that decides which forecast deserves trust.

`backtest` walks through the past and scores every candidate where it could not know the outcome; `outlook`
takes the walk one origin further, to a forecast. docs/hotspots.md has the formulae and the measured tables.
"""

from incidents.hotspots.forecast.backtest import (
    Backtest,
    BacktestParams,
    Forecast,
    OnOrigin,
    Outlook,
    TooShort,
    backtest,
    outlook,
    past_of,
)
from incidents.hotspots.forecast.bands import band_cells, outline
from incidents.hotspots.forecast.candidates import SIMPLE
from incidents.hotspots.forecast.ground import Ground, ground_of_boundary, ground_of_incidents
from incidents.hotspots.forecast.score import Score
from incidents.hotspots.forecast.walk import Past, Rhythm

#: Maps a planner could draw by hand: what every other map is compared with.
SIMPLE_NAMES = frozenset(name for name, _, _ in SIMPLE)

__all__ = [
    "SIMPLE_NAMES",
    "Backtest",
    "BacktestParams",
    "Forecast",
    "Ground",
    "OnOrigin",
    "Outlook",
    "Past",
    "Rhythm",
    "Score",
    "TooShort",
    "backtest",
    "band_cells",
    "ground_of_boundary",
    "ground_of_incidents",
    "outline",
    "outlook",
    "past_of",
]
