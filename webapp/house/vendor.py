"""Fill static/vendor from node_modules: the browser gets every file from us, none from a CDN."""

import json
import shutil
from pathlib import Path, PurePosixPath

from core.errors import DomainError
from core.settings import PROJECT_DIR


def fill_vendor(project: Path = PROJECT_DIR) -> tuple[str, ...]:
    """Copy what package.json lists under ``vendor`` and return the paths that changed.

    The list maps a path in node_modules (a file, or a folder taken whole) to one in static/vendor.

    Raises
    ------
    DomainError
        ``vendor_unlisted``: no such list; ``vendor_missing`` (field `path`): npm brought no such
        file, or an entry points outside the two folders.
    """
    listed = json.loads((project / "package.json").read_text("utf-8")).get("vendor")
    if not isinstance(listed, dict):
        raise DomainError("vendor_unlisted")
    changed: list[str] = []
    for source, target in listed.items():
        if any(".." in PurePosixPath(path).parts or path.startswith("/") for path in (source, target)):
            raise DomainError("vendor_missing", path=source)
        changed += _copy(project / "node_modules" / source, project / "static" / "vendor" / target)
    return tuple(changed)


def _copy(source: Path, target: Path) -> list[str]:
    if not source.exists():
        raise DomainError("vendor_missing", path=str(source))
    pairs = [(source, target)]
    if source.is_dir():
        pairs = [(file, target / file.relative_to(source)) for file in source.rglob("*") if file.is_file()]
    return [str(to) for file, to in pairs if _copy_file(file, to)]


def _copy_file(source: Path, target: Path) -> bool:
    if target.exists() and target.read_bytes() == source.read_bytes():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return True
