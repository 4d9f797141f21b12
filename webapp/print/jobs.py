"""Printing as a job: an atlas or a hotspot report is asked for, made page by page, kept as a document."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from core.db import scope_of
from core.document import Made, store_document
from core.errors import InvalidInput, NotFound
from core.jobs import RunningJob, job, request
from core.models import JobRun
from geo.areas.models import Area
from geo.areas.queries import area_by_id
from geo.atlas.content import Shown
from geo.shapes.sheet.paper import Size
from webapp.i18n import LOCALES, mark, translate
from webapp.print import findings
from webapp.print.atlas import SEEN_WITH, Wish, pages_of, plan
from webapp.print.pdf import Binder, require_press

PRINT, REPORT = "atlas.print", "hotspots.print"
KIND, REPORT_KIND = "atlas", "hotspots"
#: A page takes about a second; a slow machine may take five.
_BASE_S, _PAGE_S = 120, 10


def request_atlas(session: Session, area: Area, wish: Wish) -> JobRun:
    """Record a run that prints the atlas of a grid or community and enqueue it after the commit.

    Raises
    ------
    NotFound
        ``area_unknown``: the area lies outside the session's scope.
    InvalidInput
        ``atlas_area_unusable``, ``atlas_too_large``.
    """
    if not scope_of(session).holds(area.path):
        raise NotFound("area_unknown", area=area.code)
    sheets = plan(session, area)
    return request(
        session,
        kind=PRINT,
        # One page is waited for; a whole community must not hold up what others wait for.
        queue="interactive" if sheets.count() == 1 else "analysis",
        owner=area,
        params={
            "area": area.id, "name": area.name, "size": wish.size.value, "locale": wish.locale,
            "shown": asdict(wish.shown),
        },
        timeout_s=_BASE_S + _PAGE_S * sheets.count(),
    )  # fmt: skip


def wish_of(size: str, locale: str, shown: Shown) -> Wish:
    """Return how an atlas is wanted, from what a page or terminal sent.

    Raises
    ------
    InvalidInput
        ``parameter_unusable`` (fields `name`, `wanted`).
    """
    if size not in list(Size):
        raise InvalidInput("parameter_unusable", name="size", wanted=", ".join(Size))
    if locale not in LOCALES:
        raise InvalidInput("parameter_unusable", name="locale", wanted=", ".join(LOCALES))
    return Wish(Size(size), locale, shown)


@job(PRINT)
def run_atlas(running: RunningJob) -> None:
    """Print the run's atlas; it stops between two pages when somebody cancels it."""
    asked = running.params
    wish = wish_of(asked["size"], asked["locale"], Shown(**asked["shown"]))
    running.progress(0.0, "atlas_loading")
    require_press()
    binder = Binder()
    pages = 0
    with running.snapshot() as session:
        sheets = plan(session, area_by_id(session, int(asked["area"])))
        for page in pages_of(session, sheets, wish):
            binder.add(page.pdf, page.title)
            pages += 1
            running.progress(
                0.95 * pages / max(pages, sheets.count()), "atlas_page", page=pages, pages=sheets.count()
            )
    title = atlas_title(sheets.name, sheets.code, wish)
    made = Made(KIND, f"{title}.pdf", "application/pdf", binder.bound(title), _needs(wish.shown))
    running.progress(0.97, "atlas_storing")
    with running.transaction() as session:
        store_document(session, running, made)
        running.finish(session, _result(made, pages))


def request_report(session: Session, run: JobRun, *, answer: str, locale: str) -> JobRun:
    """Record a run that prints the report of a finished search for hotspots on A4.

    `answer` is the sentence that the leader's page says of it, in the language `locale`.
    """
    return request(
        session,
        kind=REPORT,
        queue="interactive",
        owner=area_by_id(session, run.area_id),
        params={"run": run.id, "answer": answer, "locale": locale},
        timeout_s=_BASE_S,
    )


@job(REPORT)
def run_report(running: RunningJob) -> None:
    """Print the report of the run's search; it stops between two pages when somebody cancels it."""
    asked = running.params
    locale, size = asked["locale"], Size.A4
    running.progress(0.0, "report_reading")
    require_press()
    with running.transaction() as session:
        search = session.get_one(JobRun, int(asked["run"]))
        report = findings.report_of(session, search, answer=asked["answer"], size=size, locale=locale)
    binder = Binder()
    pages = 0
    for page in findings.pages_of(report, size=size, locale=locale):
        binder.add(page.pdf, page.title)
        pages += 1
        running.progress(0.5, "report_page", page=pages)
    title = f"{translate(HOTSPOTS, locale)} {report.name} {report.began}–{report.ended}"
    made = Made(REPORT_KIND, f"{title}.pdf", "application/pdf", binder.bound(title), ["hotspot.view"])
    with running.transaction() as session:
        store_document(session, running, made)
        running.finish(session, _result(made, pages))


def atlas_title(name: str, code: str, wish: Wish) -> str:
    """Return what the document is called: place, code, paper."""
    return f"{name} {code} {translate(ATLAS, wish.locale)} {wish.size}"


ATLAS, HOTSPOTS = mark("Grid atlas"), mark("Hotspots")


def _needs(shown: Shown) -> list[str]:
    """Return the permissions that whoever gets the document must hold: those it was read with."""
    return [PRINT, *(permission for permission, what in SEEN_WITH.items() if getattr(shown, what))]


def _result(made: Made, pages: int) -> dict[str, Any]:
    return {"name": made.name, "pages": pages, "bytes": len(made.content)}
