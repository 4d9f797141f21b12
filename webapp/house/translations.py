"""Compile the message catalogues: .po files are kept in the repository, .mo files are made here."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.settings import PROJECT_DIR

CATALOGUES = PROJECT_DIR / "webapp" / "translations"


def compile_catalogues(folder: Path = CATALOGUES) -> tuple[str, ...]:
    """Write the .mo file of every catalogue below `folder` that is newer than it; return their locales.

    Fuzzy (unconfirmed) translations are left out, as gettext does.
    """
    compiled = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        locale = source.parent.parent.name
        with source.open("rb") as file:
            catalogue = read_po(file, locale=locale)
        draft = target.with_suffix(".mo.new")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(target)  # in one step: a page may be reading the old one
        compiled.append(locale)
    return tuple(compiled)
