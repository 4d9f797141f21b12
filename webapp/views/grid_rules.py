"""The rules for grids as a page: set, tried on today's grids before they hold, with codes and history."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from core import audit
from core.clock import local_zone, today
from core.db import scope_of
from core.errors import DomainError, InvalidInput, NotFound
from core.listing import Order
from geo.areas.code_scheme import PARTS, numbered
from geo.areas.models import Area
from geo.areas.queries import area_by_code, area_by_id, counties
from geo.boundaries.code_queries import codes_ended, present_codes
from geo.boundaries.rule_queries import Divided, divided_now, rule_sets
from geo.boundaries.rule_set import CHOICES, CHOSEN, LIMITS, SHIPPED, GridRules, changes, read_rules
from geo.boundaries.ruling import Breaking, InForce, broken_today, rules_in_force, store_rules
from webapp.api.parameter import sent, text_of, words
from webapp.permission import requires
from webapp.problem import problem
from webapp.rule_words import change_words
from webapp.sentences.rules import (
    GRAVITY_WORDS,
    KIND_WORDS,
    LIMIT_WORDS,
    PART_WORDS,
    SWEEP_WORDS,
)
from webapp.session import request_session
from webapp.sheet_file import csv_answer
from webapp.sorting import address, headings, order_asked

blueprint = Blueprint("grid_rules", __name__)

#: Columns of the list of grids that break a rule, and whether each falls when first pressed.
SORTS = {"rule": False, "grid": False, "community": False, "size": True}
SHOWN = 200
#: Rules that hold whatever is chosen.
ALWAYS = ("gap", "overlap", "unmatched", "outside_parent")


@blueprint.get("/boundaries/rules")
@requires("area.view")
def page() -> str:
    """Show the rules in force, or those the address asks for, and which of today's grids break them."""
    session = request_session()
    county = _county(session)
    in_force = rules_in_force(session, county.id)
    rules, refusal = _tried(in_force)
    divided = divided_now(session, county.id)
    found = broken_today(session, county.id, rules, divided)
    listed = _listed(found)
    return render_template(
        "boundaries/rules.html",
        county=county,
        in_force=in_force,
        rules=rules,
        refusal=refusal,
        value=_value(rules),
        tried=_asked() is not None,
        limits={limit.name: limit for limit in LIMITS},
        shipped=SHIPPED,
        may_change=current_user.can("area.rules") and scope_of(session).holds(county.path),
        words=_words(),
        grids=_grids(divided),
        counts=_counts(found),
        counts_total=len({one.grid.id for one in found}),
        broken=listed[:SHOWN],
        more=max(0, len(listed) - SHOWN),
        heads=headings(SORTS, order_asked(SORTS)),
        size_words=size_words,
        communities=[one.community for one in divided],
        codes=_codes(session, divided, rules),
        versions=_versions(session, county),
        address=address,
        local=_local,
    )


@blueprint.get("/api/grid-rules")
@requires("area.view")
def shown() -> Response:
    """Answer the rules in force: since when, by whom, each value; and whether the reader may change them."""
    session = request_session()
    county = _county(session)
    in_force = rules_in_force(session, county.id)
    return jsonify(
        number=in_force.number,
        since=None if in_force.since is None else in_force.since.isoformat(),
        by=in_force.by,
        rules=in_force.rules.as_json(),
        shipped=SHIPPED.as_json(),
        may_change=current_user.can("area.rules") and scope_of(session).holds(county.path),
        sweep=_(SWEEP_WORDS[in_force.rules.scheme.sweep.value]),
    )


@blueprint.get("/api/grid-rules/broken")
@requires("area.view")
def tried() -> Response:
    """Answer how many of today's grids would break the rules that the address asks for; nothing is stored."""
    session = request_session()
    county = _county(session)
    asked = _asked()
    rules = rules_in_force(session, county.id).rules if asked is None else read_rules(asked)
    divided = divided_now(session, county.id)
    found = broken_today(session, county.id, rules, divided)
    return jsonify(grids=_grids(divided), broken=len({one.grid.id for one in found}), kinds=_counts(found))


@blueprint.get("/api/grid-rules/consequence")
@requires("area.rules")
def consequence() -> Response:
    """Answer what the rules in the address would change, and what of today breaks them; nothing is stored.

    Every grid of the county is judged, by the rules in force and by the new ones.
    """
    session = request_session()
    county = _county(session)
    old, new = rules_in_force(session, county.id), read_rules(_asked() or {})
    changed = changes(old.rules, new)
    if not changed:
        raise InvalidInput("nothing_changes")
    divided = divided_now(session, county.id)
    found = broken_today(session, county.id, new, divided)
    return jsonify(
        changes=[change_words(*change) for change in changed.items()],
        grids=_grids(divided),
        broken=len({one.grid.id for one in found}),
        communities=len({one.community.id for one in found}),
        now=len({one.grid.id for one in broken_today(session, county.id, old.rules, divided)}),
    )


@blueprint.get("/api/grid-rules/broken.csv")
@requires("area.view")
def broken_file() -> Response:
    """Answer the grids that break a rule as a table."""
    session = request_session()
    county = _county(session)
    rules, _refusal = _tried(rules_in_force(session, county.id))
    rows = _listed(broken_today(session, county.id, rules, divided_now(session, county.id)))
    audit.record(session, "grid_rules.export", subject=county, rows=len(rows))
    head = [
        _("Rule"),
        _("When it is broken"),
        _("Grid code"),
        _("Grid"),
        _("Community"),
        _("Figure"),
        _("Limit"),
    ]
    return csv_answer(
        f"grid-rules-{today()}.csv",
        head,
        (_line(one) for one in rows),
    )


@blueprint.put("/api/grid-rules")
@requires("area.rules")
def changed() -> Response:
    """Put new rules in force; the old ones stay on record with their days."""
    session, given = request_session(), sent()
    rules, seen = given.get("rules"), given.get("seen")
    if not isinstance(rules, dict) or isinstance(seen, bool) or not isinstance(seen, int):
        raise InvalidInput("parameter_unusable", name="rules, seen", wanted="{…}, 0…")
    row = store_rules(session, _county(session), rules, seen=seen, reason=text_of(given, "reason"))
    return jsonify(number=row.number, since=row.made_at.isoformat(), rules=row.rules)


def _county(session: Session) -> Area:
    """Return the county whose rules are meant: the one asked for, else the reader's own."""
    code = words("county")
    if code:
        asked = area_by_code(session, code)
        if asked.level != "county":
            raise NotFound("area_unknown", area=code)
        return asked
    own = current_user.grants.area_id
    if own is not None:
        return area_by_id(session, area_by_id(session, own).county_id)
    known = counties(session)
    if not known:
        raise NotFound("area_unknown", area="")
    return known[0]


def _grids(divided: Sequence[Divided]) -> int:
    return sum(len(one.grids) for one in divided)


def _asked() -> dict[str, Any] | None:
    """Return the rules in the address as a form sends them, None where it names none."""
    given: dict[str, Any] = {}
    for limit in LIMITS:
        if limit.name in request.args:
            given[limit.name] = request.args[limit.name].strip()
    for group, names in (("severity", [kind.value for kind in CHOSEN]), ("codes", [*PARTS, "sweep"])):
        found = {name: request.args[f"{group}.{name}"] for name in names if f"{group}.{name}" in request.args}
        if found:
            given[group] = found
    return given or None


def _tried(in_force: InForce) -> tuple[GridRules, dict[str, Any] | None]:
    """Return the rules to show; those in force, with the refusal, where what is asked for cannot be meant."""
    asked = _asked()
    if asked is None:
        return in_force.rules, None
    try:
        return read_rules(asked), None
    except DomainError as error:
        return in_force.rules, problem(error)


def _value(rules: GridRules) -> dict[str, str]:
    """Return what stands in each field: what was typed, whether it can be used or not, else the rules."""
    told = rules.as_json()
    severity, codes = told.pop("severity"), told.pop("codes")
    stored = {name: "" if value is None else f"{value:.12g}" for name, value in told.items()}
    stored |= {f"severity.{name}": value for name, value in severity.items()}
    stored |= {f"codes.{name}": str(value) for name, value in codes.items()}
    return {name: request.args.get(name, value) for name, value in stored.items()}


def _words() -> dict[str, Any]:
    return {
        "kind": {code: _(word) for code, word in KIND_WORDS.items()},
        "always": [_(KIND_WORDS[code]) for code in ALWAYS],
        "limit": {code: _(word) for code, word in LIMIT_WORDS.items()},
        "gravity": [(code, _(GRAVITY_WORDS[code])) for code in CHOICES],
        "part": {code: _(word) for code, word in PART_WORDS.items()},
        "sweep": [(code, _(word)) for code, word in SWEEP_WORDS.items()],
    }


def _counts(found: Sequence[Breaking]) -> list[dict[str, Any]]:
    """Return how many grids break each rule, in the order in which the rules are told."""
    count = Counter({(one.kind, one.severity): 0 for one in found})
    for kind, severity, _grid in {(one.kind, one.severity, one.grid.id) for one in found}:
        count[kind, severity] += 1
    return [
        {
            "kind": kind.value,
            "name": _(KIND_WORDS[kind.value]),
            "gravity": _(GRAVITY_WORDS[severity.value]),
            "refuses": severity.value == "refuse",
            "count": number,
        }
        for (kind, severity), number in sorted(
            count.items(), key=lambda item: list(KIND_WORDS).index(item[0][0].value)
        )
    ]


def _listed(found: Sequence[Breaking]) -> list[Breaking]:
    """Return the grids that the address asks for, in its order."""
    kind, sought = request.args.get("kind", ""), words()
    if kind and kind not in KIND_WORDS:
        raise InvalidInput("filter_unknown", state=kind)
    rows = [
        one
        for one in found
        if (not kind or one.kind.value == kind)
        and (not sought or sought in f"{one.grid.name} {one.grid.code} {one.community.name}")
    ]
    return sorted(rows, key=_sort_key(order_asked(SORTS)), reverse=order_asked(SORTS).falling)


def _line(one: Breaking) -> Sequence[Any]:
    return (
        _(KIND_WORDS[one.kind.value]),
        _(GRAVITY_WORDS[one.severity.value]),
        one.grid.code,
        one.grid.name,
        one.community.name,
        round(one.size, 1),
        "" if one.limit is None else one.limit,
    )


def _sort_key(order: Order) -> Any:
    kinds = list(KIND_WORDS)
    return {
        "rule": lambda one: (kinds.index(one.kind.value), one.grid.code),
        "grid": lambda one: (one.grid.code, kinds.index(one.kind.value)),
        "community": lambda one: (one.community.code, one.grid.code),
        "size": lambda one: (one.size, one.grid.code),
    }[order.column]


def size_words(kind: str, size: float) -> str:
    """Return a figure with its unit, as the kind of rule counts."""
    if kind in {"households_few", "households_many"}:
        return str(_("%(count)s households", count=f"{size:,.0f}"))
    if kind == "disconnected":
        return str(_("%(count)s parts", count=f"{size:.0f}"))
    if kind == "building_cut":
        return str(_("%(count)s buildings", count=f"{size:.0f}"))
    if kind == "narrow":
        return f"{size:.1f} m"
    return f"{size / 1e6:,.2f} km²" if size >= 1e6 else f"{size:,.0f} m²"


def _codes(session: Session, divided: Sequence[Divided], rules: GridRules) -> dict[str, Any] | None:
    """Return the codes that the grids of the community in the address would get, by their new code."""
    chosen = request.args.get("community", type=int)
    one = next((one for one in divided if one.community.id == chosen), None)
    if one is None:
        return None
    community = one.community
    taken = codes_ended(session, community.id) | present_codes(
        session, community.county_id, beyond=community.id
    )
    codes = numbered(one.parts, community.code, rules.scheme, taken)
    return {
        "community": community,
        "rows": None if codes is None else sorted((code, one.grids[key]) for key, code in codes.items()),
        "fits": len(community.code) == rules.scheme.length("community"),
        "wanted": rules.scheme.length("community"),
    }


def _versions(session: Session, county: Area) -> list[dict[str, Any]]:
    """Return the rules of each day, newest first, with what changed against those before."""
    rows = rule_sets(session, county.id)
    older = [read_rules(row.rules) for row, _author in rows[1:]] + [SHIPPED]
    return [
        {
            "number": row.number,
            "at": row.made_at,
            "by": author,
            "reason": row.reason,
            "changes": [change_words(*change) for change in changes(old, read_rules(row.rules)).items()],
        }
        # Before the oldest there were those that ship; without any, one is left over.
        for (row, author), old in zip(rows, older, strict=False)
    ]


def _local(moment: Any) -> str:
    return "" if moment is None else str(moment.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M"))
