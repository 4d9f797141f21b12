"""Lists as files that spreadsheet programs open safely."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

#: First characters that make a spreadsheet program take a text for a formula (CWE-1236).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return the rows below their headings as the download `name`."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    # The mark tells spreadsheet programs that the text is UTF-8.
    response = Response("\ufeff" + sheet.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _harmless(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell
