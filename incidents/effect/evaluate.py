"""The front door of the evaluation: whether a place changed otherwise than places like it."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from incidents.effect.baseline import COUNTED, Counted, Level, level_of
from incidents.effect.contrast import Beside, Treated, change, clumps_of
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
from incidents.hotspots.values import DAY_S, Incidents, Ints, Period

#: Repeats of a burglary come within about two weeks (Johnson and others 2007): those are a clump.
BLOCK_S = 14 * DAY_S
#: Earlier times from which to learn what bad months lead to. [ours]
PASTS = 8

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
    questions = _questions(incidents, params)
    look = _Look(incidents, questions[-1].before.start_s, params.after.end_s)
    naive = _naive(look, treated, params)
    lacking = partial(TooFew, params, seed, naive=naive)
    if naive.counts.before < params.min_before:
        return lacking(what=Lacking.BEFORE, found=naive.counts.before, minimum=params.min_before)
    rng = np.random.default_rng(seed)
    copies = copies_of(treated, study_area, kept_free(treated, params), rng)
    if len(copies) < params.min_controls:
        return lacking(what=Lacking.CONTROLS, found=len(copies), minimum=params.min_controls)
    copies, level = _learnt(look, copies, questions)
    held = look.held(copies)
    here = look.series(look.of_shape(treated), params, level)
    chosen = nearest(look.series(held, params, level), here, copies, params)
    if len(chosen) < params.min_controls:
        return lacking(what=Lacking.CONTROLS, found=len(chosen), minimum=params.min_controls)
    beside = look.counted(held, params).only(chosen)
    if beside.before.sum() < params.min_control_before or not beside.after.any():
        found = int(beside.before.sum())
        return lacking(what=Lacking.CONTROL_BEFORE, found=found, minimum=params.min_control_before)
    clumps = clumps_of(look.blocks(held, params))[chosen]
    doubt = level.doubt(naive.counts.before, naive.counts.selection)
    clump = float(clumps_of(look.blocks(look.of_shape(treated), params))[0])
    place = Treated(float(here.level[0]), naive.counts.after, doubt, clump)
    levels = level.of(beside.before, beside.selection)
    told = change(place, Beside(levels, beside.after, clumps), params)
    flows = (Flow(place.level, place.after), Flow(float(levels.sum()), float(beside.after.sum())))
    rings = [look.counted(look.of_shape(ring), params).of(0) for ring in rings_around(treated, params)]
    return Effect(
        params,
        seed,
        told,
        naive,
        controls=_controls(copies.only(chosen), beside),
        candidates=len(copies),
        displacement=displacement(flows, rings, told, params=params, rng=rng),
        dose=_told(dose or Dose(), params),
    )


def _learnt(look: "_Look", copies: Copies, questions: list[EffectParams]) -> tuple[Copies, Level]:
    """Return the copies that may serve, and what counts before them mean.

    With a selection window only copies drawn where their own was worst: so was the place.
    """
    if questions[0].selection is None:
        return copies, COUNTED
    held = look.held(copies)
    counts = [look.counted(held, question) for question in questions]
    worst = [_worst(copies, counted) for counted in counts]
    lessons = [counted.only(drawn) for counted, drawn in zip(counts, worst, strict=True)]
    return copies.only(worst[0]), level_of(lessons)


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
    """Incidents from a moment to another, and their counts by place and span."""

    def __init__(self, incidents: Incidents, start_s: int, end_s: int) -> None:
        used = np.flatnonzero((incidents.t_s >= start_s) & (incidents.t_s < end_s))
        self.x_m, self.y_m, self.t_s = incidents.x_m[used], incidents.y_m[used], incidents.t_s[used]

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

    def counted(self, held: _Held, params: EffectParams) -> Counted:
        selected = self.within(params.selection)
        return Counted(
            before=self._tally(held, self.within(params.before) & ~selected),
            after=self._tally(held, self.within(params.after)),
            selection=self._tally(held, selected),
        )

    def series(self, held: _Held, params: EffectParams, level: Level) -> Series:
        counted, unselected = self.counted(held, params), ~self.within(params.selection)
        before = params.before
        late = Period((before.start_s + before.end_s) // 2, before.end_s)
        return Series(
            before=counted.before,
            late=self._tally(held, self.within(late) & unselected),
            season=self._tally(held, self.within(aligned(params)) & unselected),
            selection=counted.selection,
            level=level.of(counted.before, counted.selection),
        )

    def blocks(self, held: _Held, params: EffectParams) -> Ints:
        """Return incidents in spans of `BLOCK_S` before the measures, shape (places, blocks)."""
        start_s = params.before.start_s
        end_s = max(span.end_s for span in (params.before, params.selection) if span is not None)
        count = max((end_s - start_s) // BLOCK_S, 1)
        block = (self.t_s[held.incident] - start_s) // BLOCK_S
        used = (block >= 0) & (block < count)
        place = held.place[used] * count + block[used]
        return np.bincount(place, minlength=held.places * count).reshape(held.places, count)

    def _tally(self, held: _Held, used: Mask) -> Ints:
        return np.bincount(held.place[used[held.incident]], minlength=held.places).astype(np.int64)


def _worst(copies: Copies, counted: Counted) -> npt.NDArray[np.intp]:
    """Return copies that share no ground, drawn where the window was worst."""
    return np.sort(copies.apart(np.argsort(-counted.selection, kind="stable")))


def _questions(incidents: Incidents, params: EffectParams) -> list[EffectParams]:
    """Return the question now and, with a selection window, as often before as the register reaches back.

    It is moved back as long as the period after lasts, so that it ends before the measures, then by windows.
    """
    if params.selection is None:
        return [params]
    length_s = params.after.end_s - params.after.start_s
    step_s = max(params.selection.end_s - params.selection.start_s, length_s // 4)
    earlier = [moved(params, length_s + number * step_s) for number in range(PASTS)]
    first_s = int(incidents.t_s.min(initial=params.before.start_s))
    return [params, *(question for question in earlier if question.before.start_s >= first_s)]


def moved(params: EffectParams, back_s: int) -> EffectParams:
    """Return the same question so many seconds earlier."""

    def earlier(span: Period) -> Period:
        return Period(span.start_s - back_s, span.end_s - back_s)

    selection = None if params.selection is None else earlier(params.selection)
    return replace(params, before=earlier(params.before), after=earlier(params.after), selection=selection)


def _naive(look: _Look, treated: MultiPolygon, params: EffectParams) -> Naive:
    held = look.of_shape(treated)
    counts = look.counted(held, params).of(0)
    lengths = [span.end_s - span.start_s for span in (params.before, params.after)]
    rate_ratio = counts.after / lengths[1] / (counts.before / lengths[0]) if counts.before else None
    span = aligned(params)
    if span is None:
        return Naive(counts, rate_ratio, None, None)
    year_ago = Counts(int(look.within(span)[held.incident].sum()), counts.after)
    return Naive(counts, rate_ratio, year_ago, year_ago.after / year_ago.before if year_ago.before else None)


def _controls(places: Copies, counted: Counted) -> tuple[Control, ...]:
    dx_m, dy_m = places.offsets_m
    return tuple(
        Control(float(dx_m[place]), float(dy_m[place]), counted.of(place)) for place in range(len(places))
    )


def _told(dose: Dose, params: EffectParams) -> DoseTold:
    weeks = (params.after.end_s - params.after.start_s) / WEEK_S
    planned, delivered = (
        None if minutes is None else minutes / weeks for minutes in (dose.planned_min, dose.delivered_min)
    )
    share = delivered / planned if delivered is not None and planned else None
    return DoseTold(weeks, planned, delivered, share)
