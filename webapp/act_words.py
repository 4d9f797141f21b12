"""An act of the audit trail in the reader's words: what it was done to, and its particulars."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from core.audit import AuditEvent
from geo.staff.models import Role
from webapp.i18n import in_locale
from webapp.rule_words import change_words
from webapp.sentences.acts import SUBJECTS
from webapp.sentences.particulars import CODES, FIELDS, ROWS

type Names = Mapping[str, Mapping[str, str]]
"""Field -> names of its codes that stand in the database, in the reader's language."""


def names_of(roles: Sequence[Role], types: Sequence[Any]) -> Names:
    """Return the names of roles and of types of incidents, by the fields that carry their codes."""
    return {
        "role": {role.code: in_locale(role.name_zh, role.name_en) for role in roles},
        "types": {row.code: in_locale(row.name_zh, row.name_en) for row in types},
    }


def act_words(event: AuditEvent, names: Names) -> str:
    """Return what an act was done to and its particulars, in one line."""
    subject = SUBJECTS.get(event.subject_kind)
    told = [f"{_(subject)} {event.subject_id}"] if subject and event.subject_id else []
    told += [
        _(
            "%(name)s: %(value)s",
            name=_(FIELDS[name]) if name in FIELDS else name,
            value=_value(name, value, names),
        )
        for name, value in event.fields.items()
        if value not in (None, "", [], {})
    ]
    return " · ".join(told)


def _value(name: str, value: Any, names: Names) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if name == "changed" and isinstance(value, dict):
        return _list(change_words(rule, pair) for rule, pair in value.items())
    if isinstance(value, dict):
        return _list(
            f"{_(ROWS[table]) if table in ROWS else table} {count}" for table, count in value.items()
        )
    if name == "teams" and isinstance(value, list):
        return str(len(value))
    if isinstance(value, list):
        return _list(_value(name, one, names) for one in value)
    return _code(name, str(value), names)


def _code(name: str, value: str, names: Names) -> str:
    if name in names:
        return names[name].get(value, value)
    words = CODES.get(name, {}).get(value)
    return str(_(words)) if words else value


def _list(parts: Iterable[str]) -> str:
    return str(_(", ")).join(parts)
