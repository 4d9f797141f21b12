"""Files of boundaries kept aside while their sender looks at them. Flushes, never commits."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.clock import now
from core.db import actor_of
from core.errors import InvalidInput, NotFound
from core.text import visible
from geo.boundaries import queries
from geo.boundaries.models import UploadedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from geo.areas.models import ChangeSet

#: Over a weekend [ours]: what was sent on Friday is there on Monday.
KEPT_FOR = timedelta(days=3)
#: Files that one person has waiting [ours]; with a further one the oldest goes.
MOST_WAITING = 5
#: A folder holds names of 255 bytes: 60 Chinese signs, and an ending.
_NAME_BYTES, _ENDING_BYTES = 180, 12


def keep(session: Session, row: ChangeSet, sent: Sequence[tuple[str, bytes]]) -> UploadedFile:
    """Keep what a person sent, for a look at it; parts sent together (a Shapefile) become one archive.

    Parameters
    ----------
    session : Session
    row : ChangeSet
    sent : sequence of (name, content)

    Raises
    ------
    InvalidInput
        ``file_missing_in_form``, ``file_empty`` (field `file`), ``actor_missing``.
    """
    author_id = actor_of(session)
    if author_id is None:
        raise InvalidInput("actor_missing")
    if not sent:
        raise InvalidInput("file_missing_in_form")
    name, content = _as_one([(plain_name(name), content) for name, content in sent])
    if not content:
        raise InvalidInput("file_empty", file=name)
    moment = now()
    kept = UploadedFile(
        change_set_id=row.id,
        author_id=author_id,
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        content=content,
        at=moment,
        expires_at=moment + KEPT_FOR,
        county_id=row.county_id,
        area_id=row.area_id,
        area_path=row.area_path,
    )
    session.add(kept)
    session.flush()
    queries.delete_older_uploads(session, author_id, most=MOST_WAITING)
    return kept


def _as_one(sent: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    if len(sent) == 1:
        return sent[0]
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sent:
            archive.writestr(name, content)
    main = next((name for name, _ in sent if name.lower().endswith(".shp")), sent[0][0])
    return f"{PurePosixPath(main).stem}.zip", whole.getvalue()


def plain_name(sent: str) -> str:
    r"""Return a file's own name as it can stand in a folder and in a list: no path, no control signs, short.

    >>> plain_name("C:\\网格\\桥东 2026.ZIP"), plain_name("../../x"), plain_name("  "), plain_name(".cpg")
    ('桥东 2026.zip', 'x', 'file', 'file.cpg')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    plain = visible(last)
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    return f"{_cut(stem.strip('. '), _NAME_BYTES) or 'file'}{dot}{_cut(ending.lower(), _ENDING_BYTES)}"


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")


def waiting(session: Session, set_id: int) -> Sequence[UploadedFile]:
    """Return the acting person's files that wait for a change set, newest first; without their content."""
    return queries.uploads_of(session, set_id, author_id=actor_of(session) or 0, at=now())


def waiting_file(session: Session, set_id: int, file_id: int) -> UploadedFile:
    """Return one of the acting person's waiting files.

    Raises
    ------
    NotFound
        ``upload_gone`` (field `id`): read in, put away, expired or somebody else's.
    """
    found = session.get(UploadedFile, file_id)
    own = found is not None and (found.change_set_id, found.author_id) == (set_id, actor_of(session))
    if found is None or not own or found.expires_at <= now():
        raise NotFound("upload_gone", id=file_id)
    return found


@contextmanager
def as_file(kept: UploadedFile) -> Iterator[Path]:
    """Give a waiting file as a file of its own name in a folder that is gone afterwards."""
    with TemporaryDirectory(prefix="gridpatrol-upload-") as folder:
        path = Path(folder) / kept.name
        path.write_bytes(kept.content)
        yield path


def put_away(session: Session, kept: UploadedFile) -> None:
    """Delete a waiting file."""
    session.delete(kept)
    session.flush()


def sweep_uploads(session: Session) -> int:
    """Delete the files whose time has passed and return how many."""
    return queries.delete_expired_uploads(session, at=now())
