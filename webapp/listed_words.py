"""Listed areas in the reader's words: what is due, what each step said, and whether the measures worked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from core.clock import local_zone
from core.errors import InvalidInput
from incidents.listed.due import Due
from incidents.listed.models import ListedArea, ListedStep
from incidents.listed.steps import FINAL, State
from webapp.sentences.listed import OWNER_WORDS, STEP_WORDS, TASK_WORDS

#: Filter of the list -> the states it shows.
FILTERS: dict[str, tuple[State, ...]] = {
    "open": tuple(state for state in State if state not in FINAL),
    "all": tuple(State),
    **{state.value: (state,) for state in State},
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure with its name, and what it means in a sentence."""

    name: str
    value: str
    meaning: str


def states_asked(word: str) -> tuple[State, ...]:
    """Return the states that a filter of the list shows.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``: there is no such filter.
    """
    if word not in FILTERS:
        raise InvalidInput("parameter_unusable", name="state", wanted=", ".join(FILTERS))
    return FILTERS[word]


def due_words(found: Due | None) -> str:
    """Return what is due and when; empty where nothing is."""
    if found is None:
        return ""
    return str(_(TASK_WORDS[found.task.value], day=found.on.isoformat()))


def owner_words(row: ListedArea, areas: Mapping[int, str]) -> str:
    """Return who answers for a listed area: area and post; empty without a plan."""
    if row.owner_area_id is None or row.owner_post is None:
        return ""
    return f"{areas.get(row.owner_area_id, '')} · {_(OWNER_WORDS[row.owner_post])}"


def step_title(step: ListedStep) -> str:
    """Return what a step did."""
    return str(_(STEP_WORDS[step.act]))


def step_details(step: ListedStep) -> list[str]:
    """Return the particulars of a step in short sentences."""
    make = _DETAILS.get(step.act)
    return make(step.fields) if make else []


def _proposed(fields: Mapping[str, Any]) -> list[str]:
    if "observed" not in fields:
        return []
    return [
        str(
            ngettext(
                "Hotspot: %(num)s incident instead of %(expected)s.",
                "Hotspot: %(num)s incidents instead of %(expected)s.",
                fields["observed"],
                expected=fields["expected"],
            )
        )
    ]


def _until(fields: Mapping[str, Any]) -> list[str]:
    return [str(_("Last day: %(day)s.", day=fields["ends_on"]))]


def _moved(fields: Mapping[str, Any]) -> list[str]:
    return [
        str(
            _(
                "Last day: %(day)s instead of %(before)s.",
                day=fields["ends_on"],
                before=fields["ended_on_before"],
            )
        )
    ]


def _planned(fields: Mapping[str, Any]) -> list[str]:
    return [
        str(
            ngettext(
                "%(num)s measure, %(minutes)s patrol minutes a week, %(yuan)s yuan.",
                "%(num)s measures, %(minutes)s patrol minutes a week, %(yuan)s yuan.",
                len(fields["measures"]),
                minutes=fields["dose_minutes_week"],
                yuan=f"{fields['budget_yuan']:,}",
            )
        )
    ]


def _evaluated(fields: Mapping[str, Any]) -> list[str]:
    return [effect_sentence(fields), str(_("Re-check on %(day)s.", day=fields["recheck_on"]))]


def _rechecked(fields: Mapping[str, Any]) -> list[str]:
    return [count_words(fields)]


_DETAILS = {
    "propose": _proposed,
    "confirm": _until,
    "end": _until,
    "move_end": _moved,
    "plan": _planned,
    "evaluate": _evaluated,
    "recheck": _rechecked,
}


def count_words(counts: Mapping[str, Any]) -> str:
    """Return incidents per four weeks before, during and since a listing, in one sentence."""
    before, during, since = (_per_month(counts[f"n_{part}"], counts[f"days_{part}"]) for part in _PARTS)
    return str(
        _(
            "Incidents in four weeks: %(before)s before, %(during)s while it was listed, %(since)s since "
            "(%(n)s in %(days)s days).",
            before=before, during=during, since=since, n=counts["n_since"],
            days=f"{counts['days_since']:.0f}",
        )
    )  # fmt: skip


_PARTS = ("before", "during", "since")


def _per_month(n: int, days: float) -> str:
    return f"{n / days * 28:.1f}" if days else "–"


def effect_sentence(told: Mapping[str, Any]) -> str:
    """Return the answer of an evaluation in one or two sentences."""
    verdict = told["verdict"]
    if verdict == "too_few":
        return _too_few(told["lacks"])
    if verdict == "no_detectable_change":
        return f"{_no_change(told)} {_detectable(told)}"
    low, high = (_percent(told[name]) for name in ("ratio_low", "ratio_high"))
    if verdict == "fell":
        return str(
            _(
                "There were about %(percent)s %% fewer incidents than similar places let expect (very "
                "likely between %(least)s and %(most)s %% fewer).",
                percent=_percent(told["ratio"]), least=high, most=low,
            )
        )  # fmt: skip
    return str(
        _(
            "There were about %(percent)s %% more incidents than similar places let expect (very likely "
            "at least %(least)s %% more).",
            percent=_percent(told["ratio"]), least=low,
        )
    )  # fmt: skip


def _no_change(told: Mapping[str, Any]) -> str:
    return str(
        ngettext(
            "No change can be told from chance: %(num)s incident, where similar places let expect "
            "%(expected)s.",
            "No change can be told from chance: %(num)s incidents, where similar places let expect "
            "%(expected)s.",
            told["n_after"],
            expected=f"{told['expected']:.1f}",
        )
    )


def _detectable(told: Mapping[str, Any]) -> str:
    fall = told["detectable_fall"]
    if fall is None:
        return str(_("With so few incidents not even a fall to nothing would have been noticed."))
    return str(
        _(
            "That is not “no effect”: only a fall of about %(percent)s %% or more would have been noticed.",
            percent=round(100 * fall),
        )
    )


def _too_few(lacks: Mapping[str, Any]) -> str:
    found, minimum = lacks["found"], lacks["minimum"]
    if lacks["what"] == "before":
        return str(
            _(
                "Too few incidents to tell anything: %(found)s in the year before, %(minimum)s are "
                "needed.",
                found=found, minimum=minimum,
            )
        )  # fmt: skip
    if lacks["what"] == "controls":
        return str(
            _(
                "Too few similar places to compare with: %(found)s, %(minimum)s are needed.",
                found=found, minimum=minimum,
            )
        )  # fmt: skip
    return str(
        _(
            "Too few incidents in the similar places: %(found)s in the year before, %(minimum)s are "
            "needed.",
            found=found, minimum=minimum,
        )
    )  # fmt: skip


def _percent(ratio: float | None) -> str:
    return "∞" if ratio is None else str(round(abs(100 * (1 - ratio))))


def effect_facts(told: Mapping[str, Any]) -> list[Fact]:
    """Return the figures behind an evaluation, each with its meaning."""
    facts = [_counted(told), _plain(told)]
    if told["n_year_ago"] is not None:
        facts.append(_year_ago(told))
    if told["verdict"] == "too_few":
        return [*facts, _question(told)]
    rings = (_ring(ring) for ring in told["rings"])
    return [*_judged(told), *facts, *rings, _dose(told["dose"]), _question(told)]


def _judged(told: Mapping[str, Any]) -> list[Fact]:
    return [_against(told), _level(told), _chance(told), _noticeable(told), _control_places(told)]


def _against(told: Mapping[str, Any]) -> Fact:
    high = "∞" if told["ratio_high"] is None else f"{told['ratio_high']:.2f}"
    return Fact(
        _("Against similar places"),
        _(
            "%(ratio)s (%(low)s to %(high)s)",
            ratio=f"{told['ratio']:.2f}",
            low=f"{told['ratio_low']:.2f}",
            high=high,
        ),
        _(
            "During over before in this place, divided by the same in the control places together. "
            "Below 1: fewer than without the measures. In brackets what 95 of 100 such intervals hold.",
        ),
    )


def _level(told: Mapping[str, Any]) -> Fact:
    return Fact(
        _("Level before"),
        _(
            "%(level)s, hence %(expected)s expected during",
            level=f"{told['level']:.1f}",
            expected=f"{told['expected']:.1f}",
        ),
        _(
            "What the counts of the year before and of the period that was looked at meant in other "
            "places and earlier years: a bad month is partly chance. Expected: that level, changed "
            "as the control places changed.",
        ),
    )


def _chance(told: Mapping[str, Any]) -> Fact:
    return Fact(
        _("Chance"),
        _("p = %(p)s; by places %(placebo)s", p=f"{told['p']:.3f}", placebo=f"{told['p_placebo']:.3f}"),
        _(
            "How often such a difference would come by chance alone; by places: the share of control "
            "places that changed as much although nothing was done there.",
        ),
    )


def _noticeable(told: Mapping[str, Any]) -> Fact:
    fall = told["detectable_fall"]
    return Fact(
        _("Noticeable fall"),
        _("none") if fall is None else f"{round(100 * fall)} %",
        _("The smallest fall that would have been noticed in eight of ten cases."),
    )


def _control_places(told: Mapping[str, Any]) -> Fact:
    return Fact(
        _("Control places"),
        _(
            "%(count)s of %(all)s: %(before)s before, %(after)s during",
            count=told["controls"],
            all=told["candidates"],
            before=told["controls_before"],
            after=told["controls_after"],
        ),
        _(
            "Copies of the shape elsewhere that were most like it before; none touches the "
            "surroundings or another listed area.",
        ),
    )


def _counted(told: Mapping[str, Any]) -> Fact:
    return Fact(
        _("Counted"),
        _(
            "%(before)s before, %(selection)s in the period looked at, %(after)s during",
            before=told["n_before"],
            selection=told["n_selection"],
            after=told["n_after"],
        ),
        _(
            "Before: the year up to what was looked at when the place was proposed. That period counts "
            "apart: a place chosen for a bad month has a better one next whatever is done. Incidents "
            "that patrols found are left out.",
        ),
    )


def _plain(told: Mapping[str, Any]) -> Fact:
    ratio = told["rate_ratio"]
    return Fact(
        _("Plain before and after"),
        "–" if ratio is None else f"{ratio:.2f}",
        _(
            "During over before per day, as many would compare. Nothing is judged by it: seasons and "
            "trends are in it."
        ),
    )


def _year_ago(told: Mapping[str, Any]) -> Fact:
    ratio = told["year_ratio"]
    return Fact(
        _("Same period a year ago"),
        _("%(n)s, ratio %(ratio)s", n=told["n_year_ago"], ratio="–" if ratio is None else f"{ratio:.2f}"),
        _("The same days one year before. Nothing is judged by it either: one year is one draw."),
    )


def _ring(ring: Mapping[str, Any]) -> Fact:
    counted = _("%(before)s before, %(after)s during", before=ring["n_before"], after=ring["n_after"])
    return Fact(
        _(
            "Next door, %(inner)s to %(outer)s m",
            inner=f"{ring['inner_m']:.0f}",
            outer=f"{ring['outer_m']:.0f}",
        ),
        f"{counted} · {_moved_words(ring)}",
        _(
            "Weighted displacement quotient (Bowers and Johnson 2003): below 0 incidents moved next "
            "door, below -1 more than were saved; above 0 the neighbours gained too.",
        ),
    )


def _moved_words(ring: Mapping[str, Any]) -> str:
    if ring["why_not"] in {"no_fall", "fall_not_detected"}:
        return str(_("No fall was found, so nothing can have moved."))
    if ring["why_not"] == "ring_too_few" or ring["quotient"] is None:
        return str(_("Too few to tell whether incidents moved."))
    figures = {
        "quotient": f"{ring['quotient']:.2f}",
        "low": "–" if ring["low"] is None else f"{ring['low']:.2f}",
        "high": "–" if ring["high"] is None else f"{ring['high']:.2f}",
    }
    return str(_("Quotient %(quotient)s (%(low)s to %(high)s).", **figures))


def _dose(dose: Mapping[str, Any]) -> Fact:
    planned, delivered = dose["planned"], dose["delivered"]
    return Fact(
        _("Patrol minutes a week"),
        _(
            "planned: %(planned)s · delivered: %(delivered)s",
            planned="–" if planned is None else f"{planned:.0f}",
            delivered=_("not recorded") if delivered is None else f"{delivered:.0f}",
        ),
        _(
            "Delivered: minutes of published patrol plans at stops and on the way inside the place. What "
            "worked is not told apart: lamps, patrols and everything else act together.",
        ),
    )


def _question(told: Mapping[str, Any]) -> Fact:
    return Fact(
        _("The question"),
        _(
            "%(count)s incidents of %(types)s types in %(study)s · %(mark)s",
            count=f"{told['n_study']:,}",
            types=len(told["types"]),
            study=told["study"],
            mark=told["fingerprint"][:8],
        ),
        _(
            "What was compared, from two years before the measures on. The sign at the end stands for "
            "ground, periods and register: while it is the same, so is the answer."
        ),
    )


def period_words(span: Sequence[str] | None) -> str:
    """Return a period of an evaluation as its first and last day; "–" for none."""
    if span is None:
        return "–"
    first, end = (datetime.fromisoformat(moment).astimezone(local_zone()) for moment in span)
    last = end - timedelta(seconds=1)  # a span ends with the first moment that is outside
    return f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"
