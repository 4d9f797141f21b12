"""``python -m webapp.house.prepare``: make the files that are built, not kept; quick when nothing changed."""

from webapp.house.translations import compile_catalogues
from webapp.house.vendor import fill_vendor
from webapp.house.words import in_a_sentence


@in_a_sentence
def main() -> None:
    """Fill static/vendor and compile the catalogues."""
    fill_vendor()
    compile_catalogues()


if __name__ == "__main__":
    main()
