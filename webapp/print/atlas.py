"""The pages of an atlas in their order: overview, index, a sheet a grid; each made when it is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy.orm import Session

from cameras.queries import cameras_on
from core.clock import today
from core.errors import InvalidInput
from core.settings import settings
from geo.areas.models import Area
from geo.areas.queries import area_by_id, children
from geo.atlas.content import GridSheet, Overview, Shown, grid_sheet, overview_sheet
from geo.shapes.sheet.ground import Mark
from geo.shapes.sheet.paper import Size, layout
from geo.shapes.sheet.roadway import MAIN, PATHS
from webapp.print.page import html_of
from webapp.print.panel import (
    FACT_ROWS,
    MEASURES,
    Block,
    grid_columns,
    overview_columns,
    room_for_index,
)
from webapp.print.pdf import page_pdf
from webapp.print.qr import form_address, qr_code

#: Permission -> what it lets its holder see on a sheet.
SEEN_WITH = {"place.view": "places", "camera.view": "cameras", "dwelling.map": "numbers"}
#: Rows of an index page: two tables side by side.
INDEX_PAGE_ROWS = 2 * 33


@dataclass(frozen=True, slots=True)
class Wish:
    """How an atlas is wanted: the paper, the language, and what its reader may see."""

    size: Size
    locale: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Page:
    """A finished page: its title in the outline, and the PDF."""

    title: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of an atlas: the area asked for, and its grids by code; an overview only for a community."""

    area_id: int
    name: str
    code: str
    overview: bool
    grids: tuple[int, ...]

    def count(self) -> int:
        """Return the number of sheets; pages of an index come on top."""
        return len(self.grids) + self.overview


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: its number, how many there are, and the number before the first grid's."""

    number: int
    count: int
    before: int


def plan(session: Session, area: Area) -> Sheets:
    """Return the sheets of an area's atlas.

    Raises
    ------
    InvalidInput
        ``atlas_area_unusable`` (field `area`): neither a grid nor a community; ``atlas_too_large`` (`pages`,
        `limit`): more sheets than the setting ``atlas_pages`` allows in one job.
    """
    if area.level == "grid":
        return Sheets(area.id, area.name, area.code, overview=False, grids=(area.id,))
    if area.level != "community":
        raise InvalidInput("atlas_area_unusable", area=area.name)
    grids = tuple(grid.id for grid in children(session, area) if grid.level == "grid")
    found = Sheets(area.id, area.name, area.code, overview=True, grids=grids)
    if found.count() > settings().atlas_pages:
        raise InvalidInput("atlas_too_large", pages=found.count(), limit=settings().atlas_pages)
    return found


def pages_of(session: Session, sheets: Sheets, wish: Wish) -> Iterator[Page]:
    """Yield the pages one after the other.

    `session` sees one moment (`core.db.snapshot`), that of which `sheets` were planned: between two pages a
    publication may end a grid, and the sheets of one atlas would not fit each other.
    """
    before = 0
    if sheets.overview:
        first = list(_front_pages(session, sheets, wish))
        before = len(first)
        yield from first
    count = before + len(sheets.grids)
    for k, grid_id in enumerate(sheets.grids):
        marks = _cameras(session, [grid_id], wish)
        sheet = grid_sheet(session, area_by_id(session, grid_id), wish.size, marks=marks, shown=wish.shown)
        yield _grid_page(sheet, wish, Place(before + k + 1, count, before))


def _front_pages(session: Session, sheets: Sheets, wish: Wish) -> Iterator[Page]:
    sheet = overview_sheet(session, area_by_id(session, sheets.area_id), wish.size, shown=wish.shown)
    room = room_for_index(sheet.drawing.layout, _legend_rows(sheet, wish))
    rows = sheet.rows
    beside = sum(room) >= len(rows)
    chunks = [] if beside else [rows[k : k + INDEX_PAGE_ROWS] for k in range(0, len(rows), INDEX_PAGE_ROWS)]
    before = 1 + len(chunks)
    count = before + len(rows)
    common = _common(sheet, wish, Place(1, count, before))
    share = ceil(len(rows) / len(room))
    parts = [rows[k * share : (k + 1) * share] for k in range(len(room))] if beside else []
    html = html_of(
        "overview.html", wish.locale, columns=overview_columns(common["layout"]), parts=parts, **common
    )
    yield Page(f"{sheet.name} {sheet.code}", page_pdf(html))
    for k, chunk in enumerate(chunks):
        common = _common(sheet, wish, Place(k + 2, count, before)) | {
            "layout": layout(wish.size, landscape=True)
        }
        half = ceil(len(chunk) / 2)
        html = html_of("index.html", wish.locale, tables=[chunk[:half], chunk[half:]], **common)
        yield Page(f"{sheet.name} {k + 2}", page_pdf(html))


def _grid_page(sheet: GridSheet, wish: Wish, place: Place) -> Page:
    address = form_address(sheet.code)
    common = _common(sheet, wish, place)
    measures = MEASURES[wish.size]
    code_mm = measures.head + measures.qr if address else 0.0
    streets = len([street for street in sheet.streets if street.name])
    blocks = [
        Block("facts", FACT_ROWS, FACT_ROWS),
        Block("legend", _legend_rows(sheet, wish), 99),
        Block("holders", max(1, len(sheet.holders) + (sheet.others_on_posts > 0)), 2),
        Block("bounds", max(1, len(sheet.bounds)), 4),
        # In two columns, and one row for those without a name.
        Block("streets", max(1, ceil(streets / 2) + (streets < len(sheet.streets))), 3),
    ]
    columns, got = grid_columns(blocks, common["layout"], code_mm=code_mm)
    code = qr_code(address) if address else None
    html = html_of("grid.html", wish.locale, columns=columns, got=got, qr=code, **common)
    return Page(f"{sheet.name} {sheet.code}", page_pdf(html))


def _cameras(session: Session, areas: Sequence[int], wish: Wish) -> list[Mark]:
    if not wish.shown.cameras:
        return []
    return [
        Mark(
            "camera", row.name, row.lon, row.lat,
            bearing_deg=row.bearing_deg, view_deg=row.view_angle_deg, working=row.status == "working",
        )
        for row in cameras_on(session, areas)
        if row.status != "planned"
    ]  # fmt: skip


def _common(sheet: GridSheet | Overview, wish: Wish, place: Place) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "drawing": sheet.drawing,
        "layout": sheet.drawing.layout,
        "measures": MEASURES[wish.size],
        "legend": _legend(sheet),
        "legend_columns": _legend_columns(wish),
        "place": place,
        "day": today().isoformat(),
    }


def _legend(sheet: GridSheet | Overview) -> list[str]:
    """Return what the legend explains: only what the map shows."""
    drawing = sheet.drawing
    classes = {stroke.road_class for stroke in drawing.roads}
    shown = {
        "boundary": True,
        "border": bool(drawing.borders),
        "community": bool(drawing.community_borders),
        "main_road": bool(classes & set(MAIN)),
        "street": bool(classes - set(MAIN) - set(PATHS)),
        "path": bool(classes & set(PATHS)),
        "building": bool(drawing.buildings),
        "water": bool(drawing.water),
        "green": bool(drawing.green),
        "farmland": bool(drawing.farmland),
    }
    return [name for name, seen in shown.items() if seen] + list(sheet.kinds)


def _legend_columns(wish: Wish) -> int:
    return 3 if wish.locale == "zh" else 2


def _legend_rows(sheet: GridSheet | Overview, wish: Wish) -> int:
    return ceil(len(_legend(sheet)) / _legend_columns(wish))
