"""Words."""

from webapp.i18n import mark

INTAKE: dict[str, tuple[str, str]] = {
    "x": (mark("x"), ""),
}
