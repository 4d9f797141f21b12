"""Static files: pinned by content where the address carries the file's hash, else checked each time.

Script modules import one another by plain relative addresses. Would their entry carry a hash, the
browser would hold the same module twice, each with a state of its own; so .js files of ours carry none.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory

from core.settings import PROJECT_DIR
from webapp.permission import public

STATIC = PROJECT_DIR / "static"
PINNED = "public, max-age=31536000, immutable"


@lru_cache(maxsize=4096)
def _digest(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def version_of(filename: str) -> str | None:
    """Return the hash that pins a static file, None for our script modules and missing files."""
    path = STATIC / filename
    if (filename.startswith("js/") and filename.endswith(".js")) or not path.is_file():
        return None
    return _digest(path, path.stat().st_mtime_ns)


@public
def static_file(filename: str) -> Response:
    """Send one file of static/."""
    response = send_from_directory(STATIC, filename, conditional=True, etag=True)
    sent = request.args.get("v")
    pinned = sent is not None and sent == version_of(filename)
    response.headers["Cache-Control"] = PINNED if pinned else "no-cache"
    return response


def _pin(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values and "v" not in values:
        version = version_of(values["filename"])
        if version:
            values["v"] = version


def set_up_assets(app: Flask) -> None:
    """Serve static/ under /static/ and pin the addresses `url_for` makes."""
    app.add_url_rule("/static/<path:filename>", "static", static_file)
    app.url_defaults(_pin)
