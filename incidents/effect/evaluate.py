"""The front door of the evaluation: whether a place changed otherwise than places like it."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from incidents.effect.baseline import Level, level_of
from incidents.effect.contrast import Treated, change
from incidents.effect.copies import Copies, copies_of
from incidents.effect.displacement import Flow, displacement
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
    naive = _naive(look, treated)
    too_few = partial(TooFew, params, seed, naive=naive)
    if naive.counts.before < params.min_before:
        return too_few(what=Lacking.BEFORE, found=naive.counts.before, minimum=params.min_before)
    rng = np.random.default_rng(seed)
    copies = copies_of(treated, study_area, kept_free(treated, params), rng)
    if len(copies) < params.min_controls:
        return too_few(what=Lacking.CONTROLS, found=len(copies), minimum=params.min_controls)
    held = look.held(copies)
    if params.selection is not None:
        # Whoever proposed the place drew it where the window was worst; so are the copies.
        worst = np.argsort(-look.counted(held).selection, kind="stable")
        copies = copies.only(np.sort(copies.apart(worst)))
        held = look.held(copies)
    everywhere = look.counted(held)
    level = level_of(everywhere.before, everywhere.selection, everywhere.after)
    here = look.series(look.of_shape(treated), level)
    chosen = nearest(look.series(held, level), here, copies, params)
    if len(chosen) < params.min_controls:
        return too_few(what=Lacking.CONTROLS, found=len(chosen), minimum=params.min_controls)
    controls = _controls(copies, chosen, everywhere)
    before = sum(control.counts.before for control in controls)
    if before < params.min_control_before or not any(control.counts.after for control in controls):
        return too_few(what=Lacking.CONTROL_BEFORE, found=before, minimum=params.min_control_before)
    here_level = float(here.level[0])
    doubt = level.doubt(naive.counts.before, naive.counts.selection)
    levels = level.of(everywhere.before, everywhere.selection)[chosen]
    after = everywhere.after[chosen]
    found = change(Treated(here_level, naive.counts.after, doubt), levels, after, params)
    rings = [look.counts(look.of_shape(ring)) for ring in rings_around(treated, params)]
    beside = (Flow(here_level, naive.counts.after), Flow(float(levels.sum()), int(after.sum())))
    return Effect(
        params,
        seed,
        found,
        naive,
        controls=controls,
        candidates=len(copies),
        displacement=displacement(beside, rings, found, params=params, rng=rng),
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


@dataclass(frozen=True)
class _Counted:
    """Counts of places, each int64 of shape (places,)."""

    before: Ints
    after: Ints
    selection: Ints

    def of(self, place: int) -> Counts:
        return Counts(int(self.before[place]), int(self.after[place]), int(self.selection[place]))


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

    def counted(self, held: _Held) -> _Counted:
        return _Counted(
            before=self._tally(held, self.within(self.params.before) & ~self.selected),
            after=self._tally(held, self.within(self.params.after)),
            selection=self._tally(held, self.selected),
        )

    def counts(self, held: _Held) -> Counts:
        return self.counted(held).of(0)

    def series(self, held: _Held, level: Level) -> Series:
        counted = self.counted(held)
        before = self.params.before
        late = Period((before.start_s + before.end_s) // 2, before.end_s)
        return Series(
            before=counted.before,
            late=self._tally(held, self.within(late) & ~self.selected),
            season=self._tally(held, self.within(aligned(self.params)) & ~self.selected),
            selection=counted.selection,
            level=level.of(counted.before, counted.selection),
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


def _controls(copies: Copies, chosen: npt.NDArray[np.intp], counted: _Counted) -> tuple[Control, ...]:
    dx_m, dy_m = copies.offsets_m
    return tuple(
        Control(float(dx_m[place]), float(dy_m[place]), counted.of(place)) for place in chosen.tolist()
    )


def _told(dose: Dose, params: EffectParams) -> DoseTold:
    weeks = (params.after.end_s - params.after.start_s) / WEEK_S
    planned, delivered = (
        None if minutes is None else minutes / weeks for minutes in (dose.planned_min, dose.delivered_min)
    )
    share = delivered / planned if delivered is not None and planned else None
    return DoseTold(weeks, planned, delivered, share)
