"""Words."""

from webapp.i18n import mark

GEO: dict[str, tuple[str, str]] = {
    "x": (mark("x"), ""),
}
