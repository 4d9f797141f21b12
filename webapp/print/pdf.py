"""HTML to PDF, a page at a time, and pages bound into one document.

Each page is laid out and written by itself and only its finished bytes are kept: memory does not grow
with what WeasyPrint holds of a page. Its authors advise against writing pages of several documents as one
(fonts and metadata belong to a document), so the finished pages are bound by pypdf.
"""

import io
import logging
import shutil
import subprocess
from typing import Any

from core.errors import Unavailable

logger = logging.getLogger(__name__)
#: Without one of these Chinese is printed as empty boxes.
CHINESE_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC")


def require_press() -> None:
    """Refuse to print where the machine lacks what printing needs.

    Raises
    ------
    Unavailable
        ``press_missing``: Pango cannot be loaded; ``chinese_font_missing``.
    """
    try:
        import weasyprint  # noqa: F401, PLC0415 - loads Pango and HarfBuzz, which only printing needs
    except OSError as error:
        raise Unavailable("press_missing") from error
    if not _has_chinese_font():
        raise Unavailable("chinese_font_missing")


def _has_chinese_font() -> bool:
    program = shutil.which("fc-list")
    if program is None:
        return False
    listed = subprocess.run(  # noqa: S603 - no part of the call comes from outside
        [program, ":lang=zh-cn", "family"], capture_output=True, text=True, timeout=30, check=False
    ).stdout
    return any(name in listed for name in CHINESE_FONTS)


def page_pdf(html: str) -> bytes:
    """Return the PDF of an HTML page that carries all it needs; nothing is fetched from elsewhere."""
    from weasyprint import HTML  # noqa: PLC0415 - see require_press
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    made = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",))).write_pdf()
    return bytes(made or b"")


class Binder:
    """Binds pages into one PDF, with an outline that names them."""

    def __init__(self) -> None:
        from pypdf import PdfWriter  # noqa: PLC0415 - only printing needs it

        self._writer: Any = PdfWriter()

    def add(self, page: bytes, title: str) -> None:
        """Append a PDF under a title of the outline."""
        self._writer.append(io.BytesIO(page), outline_item=title, import_outline=False)

    def bound(self, title: str) -> bytes:
        """Return the whole document."""
        self._writer.add_metadata(
            {"/Title": title, "/Creator": "GridPatrol", "/Producer": "WeasyPrint, pypdf"}
        )
        whole = io.BytesIO()
        self._writer.write(whole)
        return whole.getvalue()
