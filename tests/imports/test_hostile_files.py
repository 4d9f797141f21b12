"""Files that would make the server read other files or ask an address are refused unread."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.settings import PROJECT_DIR

READ = """
import sys
from pathlib import Path
from core.errors import InvalidInput
from core.intake.vector import read_layer
try:
    layer = read_layer(Path(sys.argv[1]), crs="EPSG:4326")
    print("READ", list(layer.rows()))
except InvalidInput as error:
    print("REFUSED", error.code)
"""


def read(path: Path) -> str:
    """Return what a process of its own says of a file: GDAL's readers are chosen when it is loaded."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=PROJECT_DIR, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr[-500:]


def feature(name: str, **more: object) -> str:
    ring = [[119, 30], [119.01, 30], [119.01, 30.01], [119, 30]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    one = {"type": "Feature", "properties": {"name": name}, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", "features": [one], **more})


def test_only_plain_vector_readers_are_there() -> None:
    code = (
        "from core.intake.gdal import READERS, pyogrio\nprint(sorted(set(pyogrio.list_drivers()) - READERS))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nobody_loads_gdal_by_another_door() -> None:
    floors = ("core", "geo", "incidents", "cameras", "patrols", "webapp")
    found = [
        str(path.relative_to(PROJECT_DIR))
        for floor in floors
        for path in (PROJECT_DIR / floor).rglob("*.py")
        if "import pyogrio" in path.read_text("utf-8") and path.name != "gdal.py"
        and "from core.intake.gdal import pyogrio" not in path.read_text("utf-8")
    ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("ending", [".vrt", ".geojson", ".gpkg"])
def test_a_file_that_names_another_file_is_refused(tmp_path: Path, ending: str) -> None:
    (tmp_path / "secret.geojson").write_text(feature("SECRET"), "utf-8")
    sent = tmp_path / f"sent{ending}"
    sent.write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource relativeToVRT="0">'
        f"{tmp_path / 'secret.geojson'}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        "utf-8",
    )
    said = read(sent)
    assert said.startswith("REFUSED"), said
    assert "SECRET" not in said


def test_a_streamed_algorithm_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET\n", "utf-8")
    sent = tmp_path / "sent.geojson"
    line = f"gdal vector pipeline ! read --if CSV --oo HEADERS=NO {tmp_path / 'secret.txt'}"
    sent.write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": line}), "utf-8")
    said = read(sent)
    assert said.startswith("REFUSED"), said
    assert "SECRET" not in said


def test_a_linked_reference_system_is_not_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        link = {
            "type": "link",
            "properties": {"href": f"http://127.0.0.1:{server.server_port}/x", "type": "proj4"},
        }
        sent = tmp_path / "sent.geojson"
        sent.write_text(feature("n", crs=link), "utf-8")
        read(sent)
        server.shutdown()
    assert asked == []
