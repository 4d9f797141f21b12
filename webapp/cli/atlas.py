"""``gridpatrol atlas``: the sheets of a grid or community as a PDF file, through the code of the job."""

from pathlib import Path

import click

from core.db import Scope, snapshot
from core.errors import Conflict
from geo.areas.queries import area_by_code
from geo.atlas.content import Shown
from geo.shapes.sheet.paper import Size
from webapp.house.translations import compile_catalogues
from webapp.i18n import LOCALES
from webapp.print.atlas import pages_of, plan
from webapp.print.jobs import atlas_title, wish_of
from webapp.print.pdf import Binder, require_press


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--area", "code", required=True, help="Code of a grid or community.")
@click.option("--size", type=click.Choice([size.value for size in Size]), default="A4", show_default=True)
@click.option("--locale", type=click.Choice(LOCALES), default="zh", show_default=True, help="Language.")
@click.option("--force", is_flag=True, help="Replace an OUT that exists.")
def atlas(out: Path, *, code: str, size: str, locale: str, force: bool) -> None:
    """Print the atlas of a grid, or of a community with all its grids, to OUT."""
    if out.exists() and not force:
        raise Conflict("output_exists", file=out.name)
    require_press()
    compile_catalogues()
    wish = wish_of(size, locale, Shown())
    binder = Binder()
    with snapshot(Scope.everything(), statement_timeout_s=600) as session:
        sheets = plan(session, area_by_code(session, code))
        for page in pages_of(session, sheets, wish):
            binder.add(page.pdf, page.title)
            click.echo(page.title, err=True)
    out.write_bytes(binder.bound(atlas_title(sheets.name, sheets.code, wish)))
