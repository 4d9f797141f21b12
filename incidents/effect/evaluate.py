"""The front door of the evaluation: whether a place changed otherwise than places like it."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from incidents.effect.contrast import change
from incidents.effect.copies import Copies, copies_of
from incidents.effect.displacement import displacement
from incidents.effect.matching import Series, aligned, nearest
from incidents.effect.values import (
    WEEK_S,
    Control,
    Counts,
    Dose,
    DoseTold,
    Effect,
    EffectParams,
    EffectResult,
    Lacking,
    Naive,
    TooFew,
)
from incidents.hotspots.lattice import refuse_area
from incidents.hotspots.values import Incidents, Ints, Period

type Mask = npt.NDArray[np.bool_]


def evaluate(
    incidents: Incidents,
    treated: MultiPolygon,
    study_area: BaseGeometry,
    params: EffectParams,
    *,
    seed: int,
    dose: Dose | None = None,
) -> EffectResult:
    """Return how a place changed beside control places that were like it before.

    Parameters
    ----------
    incidents : Incidents
        Coordinates in the CRS of `study_area`; those of other times are ignored, their order does not matter.
    treated : MultiPolygon
        The place, in a metric CRS.
    study_area : Polygon or MultiPolygon
        Where control places may lie, same CRS.
    params : EffectParams
        The question.
    seed : int
        Of the simulated intervals, and of the choice among very many copies. Equal input and seed give equal
        output.
    dose : Dose, optional
        Minutes of patrol, told and not judged by.

    Returns
    -------
    Effect or TooFew
        `TooFew` below the minima of `params`.

    Raises
    ------
    ValueError
        When the place or the study area has no surface or is not valid.
    """
    refuse_area(study_area)
    refuse_area(treated)
    look = _Look(incidents, params)
    here = look.series(look.of_shape(treated))
    naive = _naive(look, treated)
    too_few = partial(TooFew, params, seed, naive=naive)
    if naive.counts.before < params.min_before:
        return too_few(what=Lacking.BEFORE, found=naive.counts.before, minimum=params.min_before)
    rng = np.random.default_rng(seed)
    copies = copies_of(treated, study_area, kept_free(treated, params), rng)
    if len(copies) < params.min_controls:
        return too_few(what=Lacking.CONTROLS, found=len(copies), minimum=params.min_controls)
    held = look.held(copies)
    chosen = nearest(look.series(held), here, copies, params)
    if len(chosen) < params.min_controls:
        return too_few(what=Lacking.CONTROLS, found=len(chosen), minimum=params.min_controls)
    before, after = look.before(held)[chosen], look.after(held)[chosen]
    if before.sum() < params.min_control_before or not after.any():
        return too_few(
            what=Lacking.CONTROL_BEFORE, found=int(before.sum()), minimum=params.min_control_before
        )
    found = change(naive.counts, before, after, params)
    rings = [look.counts(look.of_shape(ring)) for ring in rings_around(treated, params)]
    return Effect(
        params,
        seed,
        found,
        naive,
        controls=_controls(copies, chosen, before, after),
        candidates=len(copies),
        displacement=displacement((naive.counts, rings), (before, after), found, params=params, rng=rng),
        dose=_told(dose or Dose(), params),
    )


def kept_free(treated: MultiPolygon, params: EffectParams) -> BaseGeometry:
    """Return the ground no control place may touch: the place with its rings, and other listed areas."""
    return shapely.union_all([shapely.buffer(treated, params.rings_m[-1]), *params.others])


def rings_around(treated: MultiPolygon, params: EffectParams) -> list[BaseGeometry]:
    """Return the buffer rings, innermost first, without other listed areas; metric CRS."""
    others = shapely.union_all(list(params.others))
    discs = [treated, *(shapely.buffer(treated, radius_m) for radius_m in params.rings_m)]
    return [shapely.difference(shapely.difference(outer, inner), others) for inner, outer in pairwise(discs)]


@dataclass(frozen=True)
class _Held:
    """Pairs of a place and an incident that lies in it."""

    places: int
    place: Ints
    incident: Ints


class _Look:
    """The incidents of the question, and their counts by place and span."""

    def __init__(self, incidents: Incidents, params: EffectParams) -> None:
        self.params = params
        spans = (params.before, params.after)
        used = np.flatnonzero(
            (incidents.t_s >= min(span.start_s for span in spans)) & (incidents.t_s < params.after.end_s)
        )
        self.x_m, self.y_m, self.t_s = incidents.x_m[used], incidents.y_m[used], incidents.t_s[used]
        self.selected = self.within(params.selection)

    def within(self, span: Period | None) -> Mask:
        if span is None:
            return np.zeros(len(self.t_s), dtype=bool)
        return np.asarray((self.t_s >= span.start_s) & (self.t_s < span.end_s))

    def of_shape(self, shape: BaseGeometry) -> _Held:
        shapely.prepare(shape)
        inside = np.flatnonzero(shapely.contains_xy(shape, self.x_m, self.y_m))
        return _Held(1, np.zeros(len(inside), dtype=np.int64), inside)

    def held(self, copies: Copies) -> _Held:
        place, incident = copies.holding(self.x_m, self.y_m)
        return _Held(len(copies), place, incident)

    def before(self, held: _Held) -> Ints:
        return self._tally(held, self.within(self.params.before) & ~self.selected)

    def after(self, held: _Held) -> Ints:
        return self._tally(held, self.within(self.params.after))

    def counts(self, held: _Held) -> Counts:
        return Counts(int(self.before(held)[0]), int(self.after(held)[0]))

    def series(self, held: _Held) -> Series:
        before = self.params.before
        late = Period((before.start_s + before.end_s) // 2, before.end_s)
        return Series(
            before=self.before(held),
            late=self._tally(held, self.within(late) & ~self.selected),
            season=self._tally(held, self.within(aligned(self.params)) & ~self.selected),
            selection=self._tally(held, self.selected),
        )

    def _tally(self, held: _Held, counted: Mask) -> Ints:
        return np.bincount(held.place[counted[held.incident]], minlength=held.places).astype(np.int64)


def _naive(look: _Look, treated: MultiPolygon) -> Naive:
    held, params = look.of_shape(treated), look.params
    counts = look.counts(held)
    lengths = [span.end_s - span.start_s for span in (params.before, params.after)]
    rate_ratio = counts.after / lengths[1] / (counts.before / lengths[0]) if counts.before else None
    span = aligned(params)
    if span is None:
        return Naive(counts, rate_ratio, None, None)
    year_ago = Counts(int(look.within(span)[held.incident].sum()), counts.after)
    return Naive(counts, rate_ratio, year_ago, year_ago.after / year_ago.before if year_ago.before else None)


def _controls(copies: Copies, chosen: npt.NDArray[np.intp], before: Ints, after: Ints) -> tuple[Control, ...]:
    dx_m, dy_m = (axis[chosen].tolist() for axis in copies.offsets_m)
    rows = zip(dx_m, dy_m, before.tolist(), after.tolist(), strict=True)
    return tuple(Control(x, y, Counts(b, a)) for x, y, b, a in rows)


def _told(dose: Dose, params: EffectParams) -> DoseTold:
    weeks = (params.after.end_s - params.after.start_s) / WEEK_S
    planned, delivered = (
        None if minutes is None else minutes / weeks for minutes in (dose.planned_min, dose.delivered_min)
    )
    share = delivered / planned if delivered is not None and planned else None
    return DoseTold(weeks, planned, delivered, share)
