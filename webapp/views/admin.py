"""The administrator's room: is the house in order, what runs, who may sign in, what was done."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from cameras.jobs import SIGHT, request_sight
from cameras.queries import latest_sight
from core import audit
from core.clock import local_zone, today
from core.db import scope_of
from core.errors import InvalidInput, NotFound
from core.listing import Page
from core.queries import UNFINISHED, runs_of
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import ancestors, area_by_code, area_by_id
from geo.staff.queries import (
    AccountFilter,
    AuditFilter,
    JobFilter,
    accounts_page,
    acts_page,
    list_roles,
    runs_page,
)
from geo.staff.service import (
    confirm_account,
    create_account,
    set_active,
    set_password,
    sign_out_everywhere,
)
from incidents.queries import incident_types
from webapp import administration
from webapp.act_words import act_words, names_of
from webapp.administration import EXPORT_MOST, JOB_STATES, PAGE_SIZE
from webapp.api.jobs import as_json
from webapp.health import health_report
from webapp.i18n import in_locale, mark
from webapp.maps import Picker
from webapp.permission import require, requires
from webapp.sentences.acts import ACTS, CHECK_WORDS
from webapp.sentences.work import JOB_TITLES
from webapp.session import request_session
from webapp.sheet_file import csv_answer
from webapp.sorting import address, headings, order_asked, page_asked
from webapp.tiles.layer import LAYERS
from webapp.trust import require_contacts_open, second_person_wanted
from webapp.views.map_page import scope_map

blueprint = Blueprint("admin", __name__)

#: Address word of a tab -> (its name, the permission it needs).
VIEWS = {
    "system": (mark("System"), "system.view"),
    "jobs": (mark("Jobs"), "system.view"),
    "accounts": (mark("Accounts"), "account.manage"),
    "audit": (mark("Audit"), "audit.view"),
    "settings": (mark("Settings"), "system.view"),
}
#: Tab -> the columns its list may be sorted by, and whether each falls when first pressed (webapp.sorting).
SORTS = {
    "jobs": {"asked": True, "job": False, "state": False, "ended": True},
    "accounts": {"account": False, "role": False, "sign_in": True},
    "audit": {"when": True, "act": False, "who": False, "where": False},
}
SHOWN_LAYERS = ("areas", "dwellings", "cameras")
OFFERED_LAYERS = ("camera_views", "incidents", "hotspots", "places")
IMPORTS = (
    ("gridpatrol import roads town.osm.pbf", mark("Streets, buildings, water and key places")),
    ("gridpatrol import areas grids.geojson", mark("County, towns, communities and grids")),
    ("gridpatrol import districts districts.gpkg", mark("Patrol districts")),
    ("gridpatrol import households households.xlsx", mark("Dwellings and households")),
    ("gridpatrol import cameras cameras.csv", mark("Camera points")),
    ("gridpatrol import incidents incidents.csv", mark("What happened, when and where")),
)


@blueprint.get("/admin")
@requires("system.view")
def index() -> str:
    """Show one tab of the administration beside the map of everything."""
    view = request.args.get("view", "system")
    if view not in VIEWS:
        raise NotFound("page_unknown")
    require(VIEWS[view][1])
    session = request_session()
    return render_template(
        "admin/index.html",
        view=view,
        views={code: _(name) for code, (name, permission) in VIEWS.items() if current_user.can(permission)},
        map_parts=scope_map(session, _seen(SHOWN_LAYERS), offered=_seen(OFFERED_LAYERS), tools=(Picker(),)),
        place_name=_place_name(session),
        local=_local,
        address=address,
        **FILL[view](session),
    )


@blueprint.get("/api/admin/jobs.csv")
@requires("system.view")
def jobs_file() -> Response:
    """Answer the list of jobs as a table."""
    session = request_session()
    rows = runs_page(session, _job_filter(), _whole("jobs"))[:EXPORT_MOST]
    audit.record(session, "job.export", subject=_own_area(session), rows=len(rows))
    head = ("id", "kind", "state", "asked_by", "requested_at", "started_at", "finished_at", "error")
    return csv_answer(
        f"jobs-{today()}.csv",
        head,
        (
            (run.id, run.kind, run.state, asker, _local(run.created_at), _local(run.started_at),
             _local(run.finished_at), (run.error or {}).get("code", ""))
            for run, asker in rows
        ),
    )  # fmt: skip


@blueprint.get("/api/admin/accounts.csv")
@requires("account.manage")
def accounts_file() -> Response:
    """Answer the list of accounts as a table."""
    session = request_session()
    rows = accounts_page(session, _account_filter(), _whole("accounts"))[:EXPORT_MOST]
    audit.record(session, "account.export", subject=_own_area(session), rows=len(rows))
    return csv_answer(
        f"accounts-{today()}.csv",
        ("login", "name", "roles", "areas", "active", "last_sign_in"),
        (
            (
                row.login,
                row.name,
                " ".join(row.roles),
                " ".join(row.areas),
                row.active,
                _local(row.last_login_at),
            )
            for row in rows
        ),
    )


@blueprint.get("/api/admin/audit.csv")
@requires("audit.view")
def audit_file() -> Response:
    """Answer the acts that match the filter as a table; asking is itself an act."""
    session = request_session()
    wanted = _audit_filter()
    rows = acts_page(session, wanted, _whole("audit"))[:EXPORT_MOST]
    audit.record(session, "audit.export", subject=_own_area(session), sought=wanted.action, rows=len(rows))
    return csv_answer(
        f"audit-{today()}.csv",
        ("at", "actor", "action", "subject", "subject_id", "area", "fields"),
        (
            (_local(event.at), actor, event.action, event.subject_kind, event.subject_id or "", area,
             json.dumps(event.fields, ensure_ascii=False))
            for event, actor, area in rows
        ),
    )  # fmt: skip


@blueprint.post("/api/admin/accounts")
@requires("account.manage")
def add_account() -> tuple[Response, int]:
    """Add an account with one role within the reader's areas; its password is told this once."""
    session = request_session()
    sent = _sent()
    code = str(sent.get("area", "")).strip().partition(" ")[0]
    area = area_by_code(session, code)
    if not current_user.scope.holds(area.path):
        raise NotFound("area_unknown", area=code)
    made, password = create_account(
        session,
        login=str(sent.get("login", "")).strip(),
        name=str(sent.get("name", "")).strip(),
        role_code=str(sent.get("role", "")),
        area=area,
    )
    return jsonify(id=made.id, login=made.login, password=password, area=area.name), 201


@blueprint.post("/api/admin/accounts/<int:account_id>/password")
@requires("account.manage")
def new_password(account_id: int) -> Response:
    """Give an account a new password, told this once; its sessions end."""
    session = request_session()
    found = administration.account_to_manage(session, account_id, current_user.scope)
    return jsonify(id=found.id, login=found.login, password=set_password(session, found))


@blueprint.post("/api/admin/accounts/<int:account_id>/sign-out")
@requires("account.manage")
def end_sessions(account_id: int) -> Response:
    """End all sessions of an account."""
    session = request_session()
    found = administration.account_to_manage(session, account_id, current_user.scope)
    sign_out_everywhere(session, found)
    return jsonify(id=found.id, login=found.login)


@blueprint.post("/api/admin/accounts/<int:account_id>/confirm")
@requires("account.manage")
def confirm(account_id: int) -> Response:
    """Say as a second person that an account is who it should be: contacts open to it at once."""
    require_contacts_open("account.confirm_refused")
    session = request_session()
    found = administration.account_to_manage(session, account_id, current_user.scope)
    confirm_account(session, found)
    return jsonify(id=found.id, login=found.login)


@blueprint.put("/api/admin/accounts/<int:account_id>/active")
@requires("account.manage")
def change_active(account_id: int) -> Response:
    """Let an account sign in, or let it rest."""
    session = request_session()
    active = _sent().get("active")
    if not isinstance(active, bool):
        raise InvalidInput("parameter_unusable", name="active", wanted="true, false")
    found = administration.account_to_manage(session, account_id, current_user.scope)
    set_active(session, found, active=active)
    return jsonify(id=found.id, login=found.login, active=found.active)


@blueprint.post("/api/admin/sight-runs")
@requires("camera.analyse")
def compute_sight() -> tuple[Response, int]:
    """Start a run that computes what the cameras of the reader's own area see."""
    session = request_session()
    run = request_sight(session, area_by_id(session, current_user.grants.area_id))
    session.refresh(run)
    return jsonify(as_json(run)), 202


def _system(session: Session) -> dict[str, Any]:
    own = _own_area(session)
    working = next(iter(runs_of(session, SIGHT, states=UNFINISHED, most=1)), None)
    return {
        "checks": [(*map(_, CHECK_WORDS[name]), passed) for name, passed in health_report().items()],
        "loaded": administration.loaded(session),
        "queues": administration.queue_states(),
        "imports": [(command, _(meaning)) for command, meaning in IMPORTS],
        "may_analyse": current_user.can("camera.analyse") and own is not None,
        "sight": latest_sight(session, own) if own else None,
        "sight_working": working.id if working else None,
    }


def _jobs(session: Session) -> dict[str, Any]:
    wanted = _job_filter()
    page = page_asked(SORTS["jobs"], PAGE_SIZE)
    rows = runs_page(session, wanted, page)
    return _listed("jobs", page, [run.id for run, _asker in rows]) | {
        "runs": [as_json(run) | {"asked_by": asker} for run, asker in rows[:PAGE_SIZE]],
        "wanted": wanted,
        "states": {code: _(word) for code, word in JOB_STATES.items()},
        "kinds": {code: _(title) for code, title in JOB_TITLES.items()},
        "may_cancel": current_user.can("job.cancel"),
    }


def _accounts(session: Session) -> dict[str, Any]:
    page = page_asked(SORTS["accounts"], PAGE_SIZE)
    rows = accounts_page(session, _account_filter(), page)
    return _listed("accounts", page, [row.id for row in rows]) | {
        "accounts": rows[:PAGE_SIZE],
        "roles": {role.code: in_locale(role.name_zh, role.name_en) for role in list_roles(session)},
        "own_area": _own_area(session),
        "waits_for_second_person": second_person_wanted(session),
    }


def _audit(session: Session) -> dict[str, Any]:
    wanted = _audit_filter()
    page = page_asked(SORTS["audit"], PAGE_SIZE)
    rows = acts_page(session, wanted, page)
    return _listed("audit", page, [row[0].id for row in rows]) | {
        "events": rows[:PAGE_SIZE],
        "wanted": wanted,
        "acts": {code: _(words) for code, words in ACTS.items()},
        "note": partial(act_words, names=names_of(list_roles(session), incident_types(session))),
    }


def _settings(_session: Session) -> dict[str, Any]:
    return {"lines": administration.setting_lines(settings())}


FILL = {"system": _system, "jobs": _jobs, "accounts": _accounts, "audit": _audit, "settings": _settings}


def _listed(tab: str, page: Page, ids: Sequence[int]) -> dict[str, Any]:
    """Return what every list shows around its rows: headings, and the id the next page begins after."""
    return {
        "heads": headings(SORTS[tab], page.order),
        "next_after": ids[PAGE_SIZE - 1] if len(ids) > PAGE_SIZE else None,
    }


def _whole(tab: str) -> Page:
    return Page(order_asked(SORTS[tab]), EXPORT_MOST)


def _own_area(session: Session) -> Area | None:
    area_id = current_user.grants.area_id
    return area_by_id(session, area_id) if area_id is not None else None


def _seen(layers: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in layers if current_user.can(LAYERS[name].permission))


def _place_name(session: Session) -> str:
    paths = scope_of(session).paths
    found = ancestors(session, paths[0]) if paths and paths[0] else ()
    return " › ".join(area.name for area in found)


def _job_filter() -> JobFilter:
    state = request.args.get("state", "")
    if state and state not in JOB_STATES:
        raise InvalidInput("filter_unknown", state=state)
    return JobFilter(state=state, kind=request.args.get("kind", ""))


def _account_filter() -> AccountFilter:
    state = request.args.get("state", "")
    if state not in {"", "active", "resting"}:
        raise InvalidInput("filter_unknown", state=state)
    return AccountFilter(
        words=request.args.get("q", ""),
        role=request.args.get("role", ""),
        active=None if not state else state == "active",
    )


def _audit_filter() -> AuditFilter:
    return AuditFilter(
        action=request.args.get("action", ""),
        actor=request.args.get("actor", "").strip(),
        day_from=_day("from"),
        day_to=_day("to"),
    )


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput("parameter_unusable", name=name, wanted="2026-11-22") from error


def _local(moment: datetime | str | None) -> str:
    if not moment:
        return ""
    instant = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return instant.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M")


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}
