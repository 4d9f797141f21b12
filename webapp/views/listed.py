"""Listed areas as pages: the list, a proposal, and one area with its plan, its steps and its evaluation."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.clock import local_zone, now, today
from core.db import scope_of
from core.errors import NotFound
from core.models import JobRun
from core.queries import UNFINISHED, runs_of
from core.settings import settings
from geo.areas.queries import area_by_id
from incidents.listed import queries, service
from incidents.listed.jobs import EVALUATE
from incidents.listed.models import ListedArea, ListedStep
from incidents.listed.plan import BUDGET_MOST, DOSE_MOST, MEASURES_MOST, OWNER_POSTS, WORDS_MOST, done_share
from incidents.listed.service import NAME_MOST, REASON_MOST
from incidents.listed.steps import FINAL, Act, State, open_steps
from incidents.queries import hotspot
from webapp.api.listed import actor
from webapp.listed_words import (
    FILTERS,
    count_words,
    due_words,
    effect_facts,
    effect_sentence,
    owner_words,
    period_words,
    states_asked,
    step_details,
    step_title,
)
from webapp.maps import Picker
from webapp.permission import requires
from webapp.sentences.geo import LEVEL_NAMES
from webapp.sentences.listed import OWNER_WORDS, STATE_WORDS
from webapp.session import request_session
from webapp.sorting import address, headings, order_asked, page_asked
from webapp.views.map_page import scope_map

blueprint = Blueprint("listed", __name__)

#: Columns of the list, and whether each falls when first pressed.
SORTS = {"proposed": True, "name": False, "state": False, "end": False}
PAGE_SIZE = 50
OFFERED = ("hotspots", "districts", "incidents", "cameras", "places")
#: The end date that a form begins with [ours]: three months are long enough to tell something.
USUAL_DAYS = 91


@blueprint.get("/leader/listed")
@requires("listed.view")
def index() -> str:
    """Show the listed areas on map and list."""
    session = request_session()
    page = page_asked(SORTS, PAGE_SIZE)
    wanted = request.args.get("state", "open")
    found = queries.listed_page(session, page, states_asked(wanted))
    rows = [row.ListedArea for row in found[:PAGE_SIZE]]
    owners = queries.owner_names(session, rows)
    counts = queries.state_counts(session)
    return render_template(
        "listed/index.html",
        map_parts=_map(session),
        place_name=area_by_id(session, current_user.grants.area_id).name,
        rows=[_line(row, found[number].area, owners) for number, row in enumerate(rows)],
        more=found[PAGE_SIZE - 1].ListedArea.id if len(found) > PAGE_SIZE else None,
        filters=_filters(counts),
        wanted=wanted,
        total=sum(counts.values()),
        overdue=sum(bool(due and due.overdue) for due in map(service.due, rows)),
        heads=headings(SORTS, order_asked(SORTS)),
        may_propose=current_user.can("listed.propose"),
        address=address,
    )


@blueprint.get("/leader/listed/propose")
@requires("listed.propose")
def proposal() -> str:
    """Show the form that proposes a hotspot (``?hotspot=ID``) or a drawing."""
    session = request_session()
    hotspot_id = request.args.get("hotspot", type=int)
    chosen = hotspot(session, hotspot_id) if hotspot_id is not None else None
    return render_template(
        "listed/propose.html",
        map_parts=_map(session, shown=("areas", "listed", "hotspots")),
        place_name=area_by_id(session, current_user.grants.area_id).name,
        hotspot=chosen,
        expired=chosen is not None and chosen.expires_at <= now(),
        limits={"reason": REASON_MOST, "name": NAME_MOST},
        account=current_user.id,
    )


@blueprint.get("/leader/listed/evaluated")
@requires("listed.view")
def evaluated() -> Response:
    """Lead from a finished evaluation (``?run=ID``) to the page of its area."""
    run = request_session().get(JobRun, request.args.get("run", 0, type=int))
    if run is None or run.kind != EVALUATE:
        raise NotFound("job_unknown", id=request.args.get("run"))
    return redirect(url_for("listed.detail", listed_id=run.params["listed_id"]))


@blueprint.get("/leader/listed/<int:listed_id>")
@requires("listed.view")
def detail(listed_id: int) -> str:
    """Show one listed area: what is to be done, its plan, its effect, and every step so far."""
    session = request_session()
    row = queries.listed_area(session, listed_id)
    owner_areas = queries.owner_areas(session, row.id)
    steps = queries.steps_of(session, row.id)
    return render_template(
        "listed/detail.html",
        map_parts=_map(session),
        place_name=area_by_id(session, row.area_id).name,
        row=row,
        open=_open(session, row),
        due=_due(row),
        owner=owner_words(row, queries.owner_names(session, [row])),
        owner_areas=[(area.id, f"{area.name} · {_(LEVEL_NAMES[area.level])}") for area in owner_areas],
        owner_posts=[(post, _(OWNER_WORDS[post])) for post in OWNER_POSTS],
        measures_done=done_share(row.measures),
        limits={
            "reason": REASON_MOST, "measures": MEASURES_MOST, "words": WORDS_MOST, "dose": DOSE_MOST,
            "budget": BUDGET_MOST,
        },
        days=_days(row),
        effect=_effect(row),
        recheck=_recheck(row),
        renewal=queries.renewal_of(session, row.id),
        working=_working(session, row),
        steps=[_step(one.ListedStep, one.who) for one in steps],
        state_words=_(STATE_WORDS[row.state]),
        over=row.state in FINAL,
    )  # fmt: skip


def _step(step: ListedStep, who: str | None) -> dict[str, Any]:
    return {
        "title": step_title(step),
        "details": step_details(step),
        "reason": step.reason,
        "who": who,
        "at": step.at.astimezone(local_zone()),
    }


def _map(session: Session, shown: tuple[str, ...] = ("areas", "listed")) -> Any:
    offered = [name for name in OFFERED if name not in shown]
    return scope_map(session, shown, offered=offered, tools=(Picker(),))


def _line(row: ListedArea, area: str, owners: dict[int, str]) -> dict[str, Any]:
    return {
        "row": row,
        "area": area,
        "state": _(STATE_WORDS[row.state]),
        "owner": owner_words(row, owners),
        "due": _due(row),
        "measures": done_share(row.measures),
    }


def _due(row: ListedArea) -> dict[str, Any] | None:
    found = service.due(row)
    return None if found is None else {"words": due_words(found), "overdue": found.overdue}


def _filters(counts: dict[State, int]) -> list[tuple[str, str, int]]:
    """Return (word, name, how many) of the filters, those without any but the first two left out."""
    names = {"open": _("open"), "all": _("all")} | {
        state.value: _(STATE_WORDS[state.value]) for state in State
    }
    tallied = [(word, names[word], sum(counts.get(state, 0) for state in FILTERS[word])) for word in FILTERS]
    return [one for one in tallied if one[2] or one[0] in {"open", "all"}]


def _open(session: Session, row: ListedArea) -> frozenset[str]:
    """Return the steps that the reader may take: he must hold the right, and its area must be his."""
    if not scope_of(session).holds(row.area_path):
        return frozenset()
    steps = open_steps(State(row.state), row.proposed_by, actor())
    if row.recheck_on is not None and today() < row.recheck_on:
        steps -= {Act.RECHECK}
    return frozenset(step.value for step in steps)


def _days(row: ListedArea) -> dict[str, str]:
    """Return the days that the forms begin with and lie between."""
    starts_on = row.starts_on or today()
    usual = min(today() + timedelta(days=USUAL_DAYS - 1), service.latest_end(starts_on))
    return {
        "earliest": (today() + timedelta(days=1)).isoformat(),
        "latest": service.latest_end(starts_on).isoformat(),
        "usual": usual.isoformat(),
        "today": today().isoformat(),
        "most": str(settings().listed_days_most),
    }


def _effect(row: ListedArea) -> dict[str, Any] | None:
    if row.evaluation is None:
        return None
    return {
        "verdict": row.evaluation["verdict"],
        "sentence": effect_sentence(row.evaluation),
        "facts": effect_facts(row.evaluation),
        "periods": {name: period_words(span) for name, span in row.evaluation["periods"].items()},
    }


def _recheck(row: ListedArea) -> dict[str, Any] | None:
    if row.recheck is None:
        return None
    return {
        "on": row.recheck["on"],
        "finding": row.recheck["finding"],
        "counts": count_words(row.recheck["counts"]),
    }


def _working(session: Session, row: ListedArea) -> str | None:
    """Return the id of the evaluation that is under way for this area, None when none is."""
    runs = runs_of(session, EVALUATE, states=UNFINISHED, most=20)
    return next((str(run.id) for run in runs if run.params.get("listed_id") == row.id), None)
