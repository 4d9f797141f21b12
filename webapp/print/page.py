"""A sheet as HTML with inline SVG: the template, its words and signs in a language."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.settings import settings
from geo.shapes.sheet.roadway import MAIN
from webapp.i18n import mark, translate
from webapp.sentences.geo import PLACE_NAMES

TEMPLATES = Path(__file__).parents[1] / "templates" / "print"

#: The letter in the symbol of a key place: Chinese, and for readers of English.
SIGNS = {
    "station": ("警", "P"), "service_point": ("综", "C"), "school": ("校", "S"), "kindergarten": ("幼", "k"),
    "market": ("市", "M"), "hospital": ("医", "H"), "hotel": ("宿", "h"), "net_bar": ("网", "n"),
    "logistics": ("物", "L"), "hazardous_store": ("危", "!"), "bus_station": ("车", "B"), "bank": ("银", "b"),
    "park": ("园", "t"), "government": ("政", "G"), "factory": ("厂", "F"),
}  # fmt: skip
UNKNOWN_SIGN = ("点", "·")
POST_NAMES = {
    "captain": mark("Grid captain"),
    "worker": mark("Grid worker"),
    "police": mark("Community police"),
    "mediator": mark("Mediator"),
}
#: A sum that is rounded because one of its parts is hidden.
ABOUT = mark("about %(number)s")
WINDS = {
    "N": mark("north"),
    "NE": mark("north-east"),
    "E": mark("east"),
    "SE": mark("south-east"),
    "S": mark("south"),
    "SW": mark("south-west"),
    "W": mark("west"),
    "NW": mark("north-west"),
}
#: Groups under five are hidden in every figure of the house (S37).
SMALLEST_SHOWN = 5


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.globals["MAIN"] = MAIN
    return made


def html_of(template: str, locale: str, **context: Any) -> str:
    """Return a page of paper in the language `locale`."""
    said = partial(_say, locale)
    return (
        _environment()
        .get_template(template)
        .render(
            _=said,
            locale=locale,
            sign=partial(_sign, locale),
            place_word=lambda kind: said(PLACE_NAMES[kind]) if kind in PLACE_NAMES else kind,
            post_word=lambda kind: said(POST_NAMES[kind]),
            wind_word=lambda wind: said(WINDS[wind]),
            people_words=_people,
            total_words=partial(total_words, said),
            picture=_picture,
            demo=settings().demo,
            **context,
        )
    )


def _say(locale: str, message: str, **fields: Any) -> str:
    return translate(message, locale, **fields)


def _sign(locale: str, kind: str) -> str:
    return SIGNS.get(kind, UNKNOWN_SIGN)[0 if locale == "zh" else 1]


def _picture(svg: str) -> str:
    """Return an SVG document as the address of a picture that carries its contents itself."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def _people(count: int) -> str:
    """Return a number of households or people; fewer than five are not told apart."""
    return f"<{SMALLEST_SHOWN}" if 0 < count < SMALLEST_SHOWN else f"{count:,}"


def total_words(said: Callable[..., str], total: int, counts: Sequence[int]) -> str:
    """Return the sum of `counts`, rounded where one is hidden: an exact sum would give it away (S37)."""
    if total < SMALLEST_SHOWN or not any(0 < count < SMALLEST_SHOWN for count in counts):
        return _people(total)
    return said(ABOUT, number=f"{round(total, -1):,}")
