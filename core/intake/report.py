"""What an import did: counts of loaded, unchanged and refused records, and why they were refused."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.intake.cell import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from core.intake.bulk import Loaded

EXAMPLES_PER_REASON = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """One record that was not loaded: where it stood, the stable reason and the record itself."""

    line: int
    code: str
    fields: Mapping[str, object] = field(default_factory=dict)
    row: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader must know about the whole import, such as a provisional boundary."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class ImportReport:
    """The account of one import, filled while it runs.

    Counts are kept per table or record kind (``{"road_section": 2054}``); ``kept`` counts records already
    present with other values, which an import never overwrites. `origin` is the provenance of imported
    shapes (`core.intake.provenance.Provenance.as_json`), empty for tables.
    """

    kind: str
    source: str
    loaded: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    origin: dict[str, object] = field(default_factory=dict)

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Add refused records."""
        self.refusals.extend(refusals)

    def notice(self, code: str, /, **fields: object) -> None:
        """Add a notice."""
        self.notices.append(Notice(code, fields))

    def count(self, kind: str, loaded: Loaded) -> None:
        """Add what became of records of one kind."""
        self.loaded[kind] += loaded.new
        self.unchanged[kind] += loaded.unchanged
        self.kept[kind] += loaded.kept

    @property
    def refused(self) -> Counter[str]:
        """Number of refused records per reason code, most frequent first when iterated by most_common."""
        return Counter(refusal.code for refusal in self.refusals)

    def examples(self) -> dict[str, list[Refusal]]:
        """First refusals of every reason, in file order."""
        found: dict[str, list[Refusal]] = {}
        for refusal in self.refusals:
            shown = found.setdefault(refusal.code, [])
            if len(shown) < EXAMPLES_PER_REASON:
                shown.append(refusal)
        return found

    def why_nothing(self) -> dict[str, object]:
        """Return the fields of ``nothing_usable``: file, reasons with counts, the first case of each."""
        first = {code: _plain(shown[0].fields) for code, shown in self.examples().items()}
        return {"file": self.source, "refused": dict(self.refused.most_common()), "first": first}

    def as_json(self) -> dict[str, object]:
        """Return the whole report as JSON types; refused rows themselves stay out (they may hold names)."""
        return {
            "kind": self.kind,
            "source": self.source,
            "origin": self.origin,
            "loaded": dict(self.loaded),
            "unchanged": dict(self.unchanged),
            "kept": dict(self.kept),
            "skipped": dict(self.skipped),
            "refused": dict(self.refused.most_common()),
            "refusals": [
                {"line": each.line, "code": each.code, "fields": _plain(each.fields)}
                for each in self.refusals
            ],
            "notices": [{"code": each.code, "fields": _plain(each.fields)} for each in self.notices],
        }


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    return {key: _plain_value(value) for key, value in fields.items()}


def _plain_value(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_value(each) for each in value]
    return str(value)


def write_refused(path: Path, refusals: list[Refusal], reason_of: Callable[[Refusal], str]) -> int:
    """Write the refused rows with a line and a reason column, ready to be mended and imported again.

    Written as UTF-8 with a byte-order mark, which is what spreadsheet programs need to show Chinese.
    `reason_of` puts a refusal into the reader's words. The file is the reader's own alone (mode 0600): the
    rows may hold names.

    Returns
    -------
    int
        Number of rows written.
    """
    columns: dict[str, None] = {}
    for refusal in refusals:
        columns.update(dict.fromkeys(refusal.row))
    names = [*columns, "refused_line", "refused_reason"]
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([harmless(name) for name in names])
        for refusal in refusals:
            cells = [harmless(refusal.row.get(name, "")) for name in columns]
            writer.writerow([*cells, refusal.line, reason_of(refusal)])
    return len(refusals)
