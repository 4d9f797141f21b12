"""One measured figure of a benchmark, and what it is measured against."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A figure; `goal` is a comparison ("<= 5") and `met` its truth, both None when nothing is asked."""

    name: str
    value: float
    unit: str
    goal: str | None = None
    met: bool | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measured(name: str, value: float, unit: str) -> Figure:
    """Return a figure nothing is asked of."""
    return Figure(name, _rounded(value), unit)


def at_most(name: str, value: float, unit: str, *, limit: float) -> Figure:
    """Return a figure that should not exceed `limit`; judged before rounding."""
    return Figure(name, _rounded(value), unit, f"<= {limit:g}", bool(value <= limit))


def at_least(name: str, value: float, unit: str, *, limit: float) -> Figure:
    """Return a figure that should not fall below `limit`; judged before rounding."""
    return Figure(name, _rounded(value), unit, f">= {limit:g}", bool(value >= limit))


def _rounded(value: float) -> float:
    # Whole numbers stay whole; more than four digits of a measurement are noise.
    return value if isinstance(value, int) else float(f"{value:.4g}")
