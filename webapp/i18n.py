"""The reader's language: Chinese first, English complete.

Message ids are English source strings; webapp/translations holds the Chinese. Words that stand in a
table before anybody reads them are marked with `mark` and translated where they are shown.
Scripts have a catalogue of their own in static/i18n.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from babel.support import NullTranslations, Translations
from flask import g, has_request_context, request
from flask_login import current_user

from core.settings import settings

LOCALES = ("zh", "en")
LOCALE_COOKIE = "gridpatrol_locale"
CATALOGUES = Path(__file__).parent / "translations"


def mark(message: str) -> str:
    """Return `message` unchanged; the catalogue's extraction finds it by this name."""
    return message


class Counted(str):
    """A marked message whose English depends on a count: itself the form for many, `one` that for one."""

    one: str
    by: str

    def __new__(cls, one: str, many: str, by: str) -> Self:
        """Return the message `many`; the field `by` tells how many."""
        made = super().__new__(cls, many)
        made.one, made.by = one, by
        return made


def mark_n(one: str, many: str, by: str) -> Counted:
    """Mark a message with a form for one; the catalogue's extraction finds both by this name."""
    return Counted(one, many, by)


def choose_locale() -> str:
    """Return the locale of this request.

    It is the account's, else the one chosen on the sign-in page (cookie), else the best of
    Accept-Language, else the deployment's.
    """
    if not has_request_context():
        return settings().default_locale
    if "locale" not in g:
        g.locale = _account_locale() or _guest_locale()
    chosen: str = g.locale
    return chosen


def _account_locale() -> str | None:
    if g.get("without_account") or not current_user.is_authenticated:
        return None
    wanted = current_user.locale
    return wanted if wanted in LOCALES else None


def _guest_locale() -> str:
    kept = request.cookies.get(LOCALE_COOKIE)
    if kept in LOCALES:
        return kept
    return request.accept_languages.best_match(LOCALES) or settings().default_locale


@lru_cache(maxsize=len(LOCALES))
def translations(locale: str) -> NullTranslations:
    """Return the compiled catalogue of `locale`; message ids pass through where there is none."""
    return Translations.load(CATALOGUES, [locale])


def translate(message: str, locale: str, **fields: Any) -> str:
    """Return `message` in `locale` with its ``%(field)s`` places filled; needs no request.

    A place whose field is missing stays visible, because half a sentence is better than none.
    """
    sentence = _looked_up(message, translations(locale), fields)
    return sentence % _Fields(fields) if fields or "%(" in sentence else sentence


def _looked_up(message: str, catalogue: NullTranslations, fields: dict[str, Any]) -> str:
    if not isinstance(message, Counted):
        return catalogue.ugettext(message)
    return catalogue.ungettext(message.one, str(message), 1 if fields.get(message.by) == 1 else 2)


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"…{key}…"


def in_locale(chinese: str, english: str) -> str:
    """Return the name in the reader's language: for rows that carry both."""
    return chinese if choose_locale() == "zh" else english
