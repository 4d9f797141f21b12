"""Words."""

from webapp.i18n import mark

WORK: dict[str, tuple[str, str]] = {
    "x": (mark("x"), ""),
}
