"""Lists and shapes as files; tables are such that spreadsheet programs open them safely."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

from core.intake.cell import harmless


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return the rows below their headings as the download `name`."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    # The mark tells spreadsheet programs that the text is UTF-8.
    return file_answer(name, "\ufeff" + sheet.getvalue(), "text/csv")


def file_answer(name: str, content: str | bytes, kind: str) -> Response:
    """Return `content` of a media type as the download `name`."""
    text = isinstance(content, str)
    response = Response(content, content_type=f"{kind}; charset=utf-8" if text else kind)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
