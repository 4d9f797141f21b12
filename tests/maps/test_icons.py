"""Every icon that a template, a script or a room names is drawn in the sprite."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPRITE = (ROOT / "static" / "img" / "icons.svg").read_text("utf-8")


def named_icons() -> dict[str, str]:
    """Return icon names and one file that names each."""
    found: dict[str, str] = {}
    for folder, pattern in (("webapp/templates", "*.html"), ("static/js", "*.js")):
        for path in (ROOT / folder).rglob(pattern):
            for name in re.findall(r"""\bicon\(\s*["']([\w-]+)["']""", path.read_text("utf-8")):
                found[name] = str(path.relative_to(ROOT))
    for name in re.findall(
        r'Room\(\s*"\w+",\s*"[\w.]+",\s*"([\w-]+)"', (ROOT / "webapp" / "rooms.py").read_text("utf-8")
    ):
        found[name] = "webapp/rooms.py"
    return found


def test_every_named_icon_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', SPRITE))
    named = named_icons()
    assert len(named) > 25
    assert {name: where for name, where in named.items() if name not in drawn} == {}


def test_icons_take_their_colours_from_the_page() -> None:
    assert re.findall(r'(?:fill|stroke)="(?!none|currentColor)[^"]*"', SPRITE) == []
