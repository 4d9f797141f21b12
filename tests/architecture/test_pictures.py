"""The pictures of the boundary studio in docs are those that tests/pictures.py makes."""

from pathlib import Path

from tests.pictures import SCENES

DOCS = Path(__file__).resolve().parents[2] / "docs"
#: Whoever clones the project fetches every version of them.
MOST_BYTES = 250 * 1024


def test_each_picture_of_the_studio_is_made_by_the_script_shown_and_light() -> None:
    made = {name for scene in SCENES for name in scene.pictures}
    kept = {path.name: path.stat().st_size for path in DOCS.glob("pictures/studio-*.png")}
    assert set(kept) == made
    words = (DOCS / "boundaries.md").read_text("utf-8")
    assert {name for name in made if f"(pictures/{name})" not in words} == set()
    assert {name: size for name, size in kept.items() if size > MOST_BYTES} == {}
