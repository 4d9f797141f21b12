"""``python -m webapp.house.prepare``: make the files that are built, not kept; quick when nothing changed."""

import sys

import click

from core.errors import DomainError
from webapp.house.translations import compile_catalogues
from webapp.house.vendor import fill_vendor
from webapp.house.words import explain


def main() -> int:
    """Fill static/vendor and compile the catalogues; return the exit code."""
    try:
        fill_vendor()
        compile_catalogues()
    except DomainError as error:
        click.echo(explain(error), err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
