"""Where a file of boundaries lies: its reference system and its datum, and how sure that is.

A system the file does not name is told by the size of its numbers, then by the streets: of the systems that
lead into the county, the one in which the boundaries lie on streets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.reference import known_crs, old_datum
from geo.shapes.crs import metric_epsg, to_metric
from geo.shapes.datum import Datum, to_wgs84
from geo.shapes.datum_fit import DatumFit, Verdict

if TYPE_CHECKING:
    from typing import Protocol

    from core.intake.preview import Preview
    from core.intake.reference import CrsGuess
    from core.intake.vector import Layer

    class FitIn(Protocol):
        """How the file lies on the streets when it is read in a reference system."""

        def __call__(self, crs: str, *, northing_first: bool) -> DatumFit:
            """Return the fit."""


#: Of systems whose numbers look alike, at most this many are tried on the streets.
MOST_TRIED = 4


@dataclass(frozen=True, slots=True)
class SystemSeen:
    """The reference system taken and why.

    Attributes
    ----------
    taken : str
        Name, code or WKT; empty: a person must choose.
    name : str
        As people know it.
    why : str
        ``named`` (by the file), ``degrees``, ``only_one``, ``roads`` (the streets tell), ``chosen`` or empty.
    old_datum : str
        ``Beijing 1954`` or ``Xian 1980``.
    is_northing_first : bool
    """

    taken: str = ""
    name: str = ""
    why: str = ""
    old_datum: str = ""
    is_northing_first: bool = False


def system_seen(seen: Preview, chosen: tuple[str | None, bool], fit: FitIn) -> SystemSeen:
    """Return the reference system of a file, as chosen, as named, or as its coordinates and streets tell."""
    crs, northing_first = chosen
    if crs:
        return _system(crs, "chosen", northing_first=northing_first)
    if seen.crs:
        return _system(seen.crs, "named", northing_first=northing_first)
    degrees = next((guess for guess in seen.guesses if guess.why == "degrees"), None)
    if degrees is not None:
        return _guessed(degrees, "degrees")
    exact = [guess for guess in seen.guesses if guess.is_exact]
    if len(seen.guesses) == 1 and exact:
        return _guessed(exact[0], "only_one")
    fitting = [guess for guess in exact[:MOST_TRIED] if _lies_on_streets(guess, fit)]
    return _guessed(fitting[0], "roads") if len(fitting) == 1 else SystemSeen()


def _lies_on_streets(guess: CrsGuess, fit: FitIn) -> bool:
    try:
        return fit(f"EPSG:{guess.epsg}", northing_first=guess.is_northing_first).is_sure
    except InvalidInput:
        # Read in this system the file lies nowhere.
        return False


def _guessed(guess: CrsGuess, why: str) -> SystemSeen:
    return _system(f"EPSG:{guess.epsg}", why, northing_first=guess.is_northing_first)


def _system(crs: str, why: str, *, northing_first: bool) -> SystemSeen:
    known = known_crs(crs)
    authority = known.to_authority()
    name = f"{known.name} ({':'.join(authority)})" if authority else known.name
    return SystemSeen(crs, name[:120], why, old_datum(known), northing_first)


@dataclass(frozen=True, slots=True)
class DatumSeen:
    """The datum taken and what speaks for it.

    Attributes
    ----------
    taken : Datum, optional
        None: a person must choose.
    why : str
        ``found`` (by the fit to the streets), ``marked`` (the file says so), ``outside_china``, ``chosen`` or
        empty.
    fit : DatumFit
    marked : str
        What the file calls itself: ``gcj02``, ``bd09`` or nothing.
    apart_m : dict of Datum to float
        How far the file would lie from where `taken` (else the best, else WGS 84) puts it, if
        it were read in this datum; metres.
    """

    taken: Datum | None
    why: str
    fit: DatumFit
    marked: str
    apart_m: dict[Datum, float]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON types, best datum first."""
        return {
            "verdict": self.fit.verdict.value,
            "length_m": round(self.fit.length_m),
            "by_chance": round(self.fit.chance_share, 3),
            "offset_m": None if self.fit.offset_m is None else [round(each) for each in self.fit.offset_m],
            "ranking": [
                {
                    "datum": one.datum.value,
                    "near_share": round(one.near_share, 3),
                    "typical_m": round(one.typical_m, 1),
                    "apart_m": round(self.apart_m.get(one.datum, 0.0)),
                }
                for one in self.fit.ranking
            ],
        }


def datum_seen(layer: Layer, fit: DatumFit, chosen: Datum | None) -> DatumSeen:
    """Return the datum of a layer whose coordinates are as the file has them.

    A file that calls itself shifted is believed unless the streets contradict it; then, and where neither
    says anything, the datum is open.
    """
    marked = layer.datum_marked
    taken, why = _decided(fit, marked)
    if chosen is not None:
        taken, why = chosen, (why if chosen is taken else "chosen")
    best = taken or (fit.ranking[0].datum if fit.ranking else Datum.WGS84)
    return DatumSeen(taken, why, fit, marked, _apart_m(layer, best))


def _decided(fit: DatumFit, marked: str) -> tuple[Datum | None, str]:
    if fit.is_sure and fit.datum is not None:
        agrees = marked in {"", fit.datum.value}
        return (fit.datum, "found") if agrees else (None, "")
    if marked:
        return Datum(marked), "marked"
    if fit.verdict is Verdict.OUTSIDE_CHINA:
        # There GCJ-02 is WGS 84 by its own rule: nothing can be shifted.
        return Datum.WGS84, fit.verdict.value
    return None, ""


def _apart_m(layer: Layer, best: Datum) -> dict[Datum, float]:
    west, south, east, north = shapely.total_bounds(layer.geometries)
    if not np.isfinite([west, south, east, north]).all():
        return {}
    middle = np.array([[(west + east) / 2, (south + north) / 2]])
    epsg = metric_epsg(*middle[0])
    places = {datum: to_metric(to_wgs84(middle, datum), epsg)[0] for datum in Datum}
    return {datum: float(np.hypot(*(place - places[best]))) for datum, place in places.items()}
