"""Words for every code of the house: (what happened, how to go on), English sources of the catalogue.

Places such as ``%(file)s`` are filled from the fields the error carries. A test reads the whole tree
and fails when a code has no words here. What only a terminal can meet has its words beside its command:
webapp/house/words.py and webapp/cli/import_words.py.
"""

from webapp.i18n import mark
from webapp.sentences.boundaries import BOUNDARIES
from webapp.sentences.files import FILE_NOTICES, FILES
from webapp.sentences.geo import GEO
from webapp.sentences.listed import LISTED
from webapp.sentences.rules import RULES
from webapp.sentences.web import HTTP_CODES, WEB
from webapp.sentences.work import PROGRESS, WORK

type Words = tuple[str, str]

UNKNOWN: Words = (
    mark("Something went wrong."),
    mark("Try again; if it happens again, tell your administrator."),
)
SENTENCES: dict[str, Words] = {**WEB, **GEO, **BOUNDARIES, **RULES, **FILES, **LISTED, **WORK, **PROGRESS}

__all__ = ["FILE_NOTICES", "HTTP_CODES", "SENTENCES", "UNKNOWN", "Words"]
