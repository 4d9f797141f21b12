"""Printing the atlas of the demo town's largest community: data to bound PDF, page by page.

``quick`` prints six of its grids only.
"""

import resource
import time

from core.clock import now
from core.db import Scope, snapshot, transaction
from geo.areas.queries import area_by_id, divided_ground
from geo.atlas.content import Shown
from tests.benchmarks.figure import Figure, measured
from tests.benchmarks.scratch import scratch_database
from webapp.demo.load import load_town
from webapp.demo.town import make_town
from webapp.house.translations import compile_catalogues
from webapp.print.atlas import Sheets, pages_of, plan
from webapp.print.jobs import wish_of
from webapp.print.pdf import Binder, require_press

HOUSEHOLDS = 12_000
FEW = 6


def run(quick: bool, seed: int) -> list[Figure]:
    """Return how fast sheets are printed, how large they are, and what the process keeps of them."""
    require_press()
    compile_catalogues()
    with scratch_database():
        with transaction(Scope.everything(), statement_timeout_s=600) as session:
            load_town(session, make_town(seed, HOUSEHOLDS, now().replace(microsecond=0)))
        return [figure for size in ("A4", "A3") for figure in _printed(size, quick=quick)]


def _printed(size: str, *, quick: bool) -> list[Figure]:
    sheets = _sheets(quick=quick)
    wish = wish_of(size, "zh", Shown())
    binder, pages = Binder(), 0
    started, worked = time.perf_counter(), time.process_time()
    with snapshot(Scope.everything(), statement_timeout_s=600) as session:
        for page in pages_of(session, sheets, wish):
            binder.add(page.pdf, page.title)
            pages += 1
    bound = binder.bound("atlas")
    spent, processor = time.perf_counter() - started, time.process_time() - worked
    return [
        measured(f"{size}: pages", pages, "pages"),
        measured(f"{size}: pages a second, by the clock", pages / spent, "1/s"),
        measured(f"{size}: processor time of a page", processor / pages, "s"),
        measured(f"{size}: bytes of a page", len(bound) / pages / 1024, "KB"),
        measured(
            f"{size}: largest memory until then",
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "MB",
        ),
    ]


def _sheets(*, quick: bool) -> Sheets:
    with transaction(Scope.everything(), statement_timeout_s=600) as session:
        largest = max(divided_ground(session), key=lambda row: (row.grid_count, row.code))
        found = plan(session, area_by_id(session, largest.id))
    few = found.grids[:FEW]
    return Sheets(found.area_id, found.name, found.code, overview=True, grids=few) if quick else found
