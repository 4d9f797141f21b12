"""A change of the rules for grids in the reader's words: in the list of versions and in the audit trail."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from webapp.sentences.rules import GRAVITY_WORDS, KIND_WORDS, LIMIT_WORDS, PART_WORDS, SWEEP_WORDS


def change_words(name: str, pair: Sequence[Any]) -> str:
    """Return what changed from the first of `pair` to the second; `name` as `rule_set.changes` gives it."""
    group, _dot, rest = name.rpartition(".")
    if group == "severity":
        old, new = (_(GRAVITY_WORDS[str(word)]) for word in pair)
        return f"{_(KIND_WORDS[rest])}: {old} → {new}"
    if rest == "sweep":
        old, new = (_(SWEEP_WORDS[str(word)]) for word in pair)
        return f"{_('Order')}: {old} → {new}"
    label = _(PART_WORDS[rest]) if group == "codes" else _(LIMIT_WORDS[name])
    old, new = (_figure(value) for value in pair)
    return f"{label}: {old} → {new}"


def _figure(value: float | None) -> str:
    if value is None:
        return str(_("no limit"))
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"
