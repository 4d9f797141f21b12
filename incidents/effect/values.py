"""What the evaluation of measures takes in and gives back: frozen values, checked."""

from dataclasses import dataclass
from enum import StrEnum

from shapely import MultiPolygon

from incidents.hotspots.values import DAY_S, Period

WEEK_S = 7 * DAY_S


@dataclass(frozen=True)
class Dose:
    """Minutes of patrol in the place in the period after; None where nobody recorded them."""

    planned_min: float | None = None
    delivered_min: float | None = None

    def __post_init__(self) -> None:
        if any(minutes is not None and minutes < 0 for minutes in (self.planned_min, self.delivered_min)):
            raise ValueError("minutes of patrol are not below 0")


@dataclass(frozen=True)
class EffectParams:
    """One question: did the place change otherwise than places like it? Defaults are [ours].

    Attributes
    ----------
    before, after : Period
        Half-open spans, seconds since 1970-01-01 UTC; `before` ends where `after` begins or earlier. They may
        differ in length: the control places share it.
    selection : Period, optional
        The window whose incidents made somebody propose the place. Its incidents do not count in `before`, as
        a place chosen for a bad month has a better one next without any measure (regression to the mean);
        they make the place's level what such windows meant elsewhere.
    rings_m : tuple of float
        Outer distances of the buffer rings around the place, ascending; the first ring begins at the place.
    controls : int
        Control places wanted; fewer serve when not enough are alike, down to `min_controls`.
    confidence : float
        Level of the intervals; the test is at 1 - confidence.
    others : tuple of MultiPolygon
        Other listed areas, in the metric CRS of the call: no control place touches them, no ring has them.
    min_before, min_controls, min_control_before : int
        Below any of these the answer is `TooFew`: incidents of the place before, control places, and
        incidents of all control places before.
    power : float
        Chance with which the minimum detectable fall is detected.
    """

    before: Period
    after: Period
    selection: Period | None = None
    rings_m: tuple[float, ...] = (200.0, 400.0)
    controls: int = 60
    confidence: float = 0.95
    others: tuple[MultiPolygon, ...] = ()
    min_before: int = 10
    min_controls: int = 10
    min_control_before: int = 100
    power: float = 0.8

    def __post_init__(self) -> None:
        spans = [self.before, self.after, *([self.selection] if self.selection else [])]
        checks = {
            "before, after, selection": all(span.start_s < span.end_s for span in spans),
            "after": self.before.end_s <= self.after.start_s,
            "selection": self.selection is None or self.selection.end_s <= self.after.start_s,
            "rings_m": bool(self.rings_m)
            and self.rings_m[0] > 0
            and list(self.rings_m) == sorted(set(self.rings_m)),
            "controls": self.controls >= self.min_controls,
            "confidence": 0 < self.confidence < 1,
            "min_before": self.min_before >= 1,
            # The spread between control places is estimated from them.
            "min_controls": self.min_controls >= 3,
            "min_control_before": self.min_control_before >= 1,
            "power": 0 < self.power < 1,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong:
            msg = f"out of range: {', '.join(wrong)}"
            raise ValueError(msg)

    @property
    def alpha(self) -> float:
        """Level of the two-sided test."""
        return 1.0 - self.confidence


class Verdict(StrEnum):
    """What the test says; "no detectable change" is not "no change"."""

    FELL = "fell"
    ROSE = "rose"
    NO_DETECTABLE_CHANGE = "no_detectable_change"


@dataclass(frozen=True)
class Counts:
    """Incidents before and after; those of the selection window stand apart."""

    before: int
    after: int
    selection: int = 0


@dataclass(frozen=True)
class Control:
    """One control place: the treated shape moved by (dx_m, dy_m) metres, and its incidents."""

    dx_m: float
    dy_m: float
    counts: Counts


@dataclass(frozen=True)
class Change:
    """How the place changed beside its control places.

    Attributes
    ----------
    ratio : float
        (after / level before) of the place over that of its control places together: 0.7 is "three tenths
        fewer than without the measures".
    ratio_low, ratio_high : float
        Interval at `params.confidence`; `ratio_high` may be infinite.
    level : float
        Incidents before that the place is held to have had (`baseline.Level`): those counted, or with a
        selection window what such counts and such a window meant elsewhere.
    expected : float
        Incidents the control places make expect after, in proportion to their levels.
    p : float
        Two-sided, under "as the control places".
    p_placebo : float
        Share of places (this one among them) whose own change is as extreme: randomisation inference.
    dispersion : float
        phi: the count after varies by expected + phi expected^2 where nothing is done.
    detectable_fall : float or None
        The smallest fall (0.3 is 30 %) that would be detected with the chance `params.power`; None when even
        a fall to nothing would not.
    """

    ratio: float
    ratio_low: float
    ratio_high: float
    level: float
    expected: float
    p: float
    p_placebo: float
    dispersion: float
    detectable_fall: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Naive:
    """The plain comparison that many would make, shown beside and never judged by.

    Attributes
    ----------
    counts : Counts
        As counted.
    rate_ratio : float or None
        After over before per unit of time; None without incidents before.
    aligned : Counts or None
        The period after and the same one a whole number of years earlier, the nearest that ends before the
        measures; None when it is not within `before`.
    aligned_ratio : float or None
    """

    counts: Counts
    rate_ratio: float | None
    aligned: Counts | None
    aligned_ratio: float | None


class Uninterpretable(StrEnum):
    """Why a displacement quotient says nothing."""

    NO_FALL = "no_fall"
    FALL_NOT_DETECTED = "fall_not_detected"
    RING_TOO_FEW = "ring_too_few"


@dataclass(frozen=True)
class Displacement:
    """Whether incidents moved to the ring around the place (Bowers and Johnson 2003).

    Attributes
    ----------
    inner_m, outer_m : float
        Distances from the place between which the ring lies.
    counts : Counts
        Incidents in the ring.
    quotient : float or None
        Weighted displacement quotient: below 0 displacement (below -1 more than was gained), above 0 the
        ring gained too (above 1 more than the place). None without a fall.
    low, high : float or None
        Interval by simulation; None without interpretation.
    why_not : Uninterpretable or None
        None: it may be interpreted.
    """

    inner_m: float
    outer_m: float
    counts: Counts
    quotient: float | None
    low: float | None
    high: float | None
    why_not: Uninterpretable | None


@dataclass(frozen=True)
class DoseTold:
    """Minutes of patrol per week of the period after, and delivered / planned; no cause is claimed."""

    weeks: float
    planned_min_per_week: float | None
    delivered_min_per_week: float | None
    delivered_share: float | None


@dataclass(frozen=True)
class Effect:
    """The answer: the change beside the control places, the plain numbers, the rings and the dose.

    `candidates` is the number of places in the study area that could have served as control places.
    """

    params: EffectParams
    seed: int
    change: Change
    naive: Naive
    controls: tuple[Control, ...]
    candidates: int
    displacement: tuple[Displacement, ...]
    dose: DoseTold


class Lacking(StrEnum):
    """What there was too little of."""

    BEFORE = "before"
    CONTROLS = "controls"
    CONTROL_BEFORE = "control_before"


@dataclass(frozen=True)
class TooFew:
    """The answer when nothing can be told: what was lacking, and the plain numbers all the same."""

    params: EffectParams
    seed: int
    what: Lacking
    found: int
    minimum: int
    naive: Naive


type EffectResult = Effect | TooFew
