"""``gridpatrol hotspots find FILE`` and ``backtest FILE``: a table in, an answer out, no server anywhere."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from geo.shapes.crs import to_lonlat
from webapp.cli.hotspots import hotspots

ORIGIN = np.array([730_000.0, 3_330_000.0])
EPSG = 32650
SIDE_M = 6_000.0
HOT = (3_000.0, 2_000.0)


def town(*, seed: int = 1, hot: int = 60, days: int = 400, per_day: float = 15.0) -> list[str]:
    """Return rows of a town over `days`; in its last four weeks `hot` incidents more around one corner."""
    rng = np.random.default_rng(seed)
    n = int(per_day * days)
    xy = np.concatenate([rng.uniform(0, SIDE_M, (n, 2)), np.array(HOT) + rng.normal(0, 100, (hot, 2))])
    day = np.concatenate([rng.uniform(0, days, n), rng.uniform(days - 28, days, hot)])
    lonlat = to_lonlat(xy + ORIGIN, EPSG)
    start = np.datetime64("2024-01-01T00:00:00")
    times = start + (day * 86_400).astype("timedelta64[s]")
    kinds = np.array(["theft", "noise"])[rng.integers(0, 2, len(day))]
    return [
        f"{lon:.6f},{lat:.6f},{t},{kind},hotline"
        for (lon, lat), t, kind in zip(lonlat, times, kinds, strict=True)
    ]


def written(folder: Path, rows: list[str], name: str = "town.csv") -> Path:
    content = "\n".join(["lon,lat,datetime,type,source", *rows]).encode()
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def asked(*arguments: str | Path) -> Result:
    return CliRunner().invoke(hotspots, [str(argument) for argument in arguments])


def answer(*arguments: str | Path) -> dict:
    result = asked(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("town"), town(), "town.csv.gz")


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Streets every 200 m, named by their metres from the south and from the west."""
    along = np.arange(0, SIDE_M + 1, 200.0)
    ways = [(f"East {y:.0f}", [(0, y), (SIDE_M, y)]) for y in along]
    ways += [(f"North {x:.0f}", [(x, 0), (x, SIDE_M)]) for x in along]
    features = [
        {
            "type": "Feature",
            "properties": {"highway": "residential", "name": name},
            "geometry": {
                "type": "LineString",
                "coordinates": to_lonlat(np.array(ends) + ORIGIN, EPSG).tolist(),
            },
        }
        for name, ends in ways
    ]
    path = tmp_path_factory.mktemp("roads") / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("cells", ["square", "street"])
def test_places_are_named_by_the_streets_of_a_file(file: Path, roads: Path, cells: str) -> None:
    found = answer("find", file, "--cells", cells, "--roads", roads)
    assert found["cells"] == cells
    assert len(found["places"]) == 1
    (place,) = found["places"]
    assert set(place["streets"]) & {"East 2000", "North 3000"}
    assert place["name"] == " / ".join(place["streets"])
    assert place["n"] == sum(place["hours"])


def test_streets_as_cells_need_a_file_of_streets(file: Path) -> None:
    refused = asked("find", file, "--cells", "street")
    assert refused.exit_code == 2
    assert "--roads" in refused.output


@pytest.mark.parametrize("cells", ["square", "hexagon"])
def test_the_planted_place_is_found_and_told(file: Path, cells: str) -> None:
    found = answer("find", file, "--cells", cells)
    assert found["outcome"] == "found"
    assert found["against"] == "history"
    place = found["places"][0]
    assert len(found["places"]) == 1
    metres = np.array([place["lon"], place["lat"]]) - to_lonlat((np.array(HOT) + ORIGIN)[None], EPSG)[0]
    assert np.hypot(*(metres * [96_000, 111_000])) < 300
    low, high = place["ratio_interval"]
    assert 1 < low < place["ratio"] < high
    assert place["q"] <= 0.05
    assert sum(each["n"] for each in place["types"]) == place["n"] == sum(place["hours"])
    assert place["geometry"]["type"] == "MultiPolygon"
    assert place["class"] == "new"


def test_a_town_without_history_is_held_against_its_surroundings(tmp_path: Path) -> None:
    found = answer("find", written(tmp_path, town(days=28, per_day=120)))
    assert found["against"] == "surroundings"
    assert [place["rank"] for place in found["places"]] == [1]


def test_noise_shows_nothing(tmp_path: Path) -> None:
    found = answer("find", written(tmp_path, town(hot=0)))
    assert (found["outcome"], found["places"]) == ("none", [])


def test_too_few_incidents_are_said(tmp_path: Path) -> None:
    found = answer("find", written(tmp_path, town(hot=0)[:15]))
    assert found["outcome"] == "too_few"
    assert found["too_few"]["found"] < found["too_few"]["minimum"]


def test_what_patrols_found_makes_no_hotspot_unless_asked_for(tmp_path: Path) -> None:
    rows = town()
    path = written(tmp_path, [*rows[:-60], *(row.replace("hotline", "巡逻") for row in rows[-60:])])
    without = answer("find", path)
    assert without["outcome"] == "none"
    assert without["left_out"]["found_by_patrol"] == 60
    assert answer("find", path, "--with-patrol")["outcome"] == "found"


def test_types_that_are_never_analysed_stay_out(tmp_path: Path) -> None:
    rows = town()
    path = written(tmp_path, [*rows, *(row.replace("noise", "petition") for row in rows[:100])])
    assert 30 < answer("find", path)["left_out"]["incident_type_never"] < 70


def test_where_takes_the_rows_it_names(file: Path) -> None:
    every, thefts, either = (
        answer("find", file, *(part for value in values for part in ("--where", f"type={value}")))
        for values in ((), ("theft",), ("theft", "noise"))
    )
    assert 0 < thefts["selected"] < every["selected"] == either["selected"]


def test_near_repeats_are_tested_on_request(file: Path) -> None:
    told = answer("find", file, "--near-repeat")["near_repeat"]
    assert np.array(told["observed"]).shape == np.array(told["p"]).shape == (5, 4)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--lon", "x"], "column_not_found", id="no such column"),
        pytest.param(["--where", "type"], "where_unreadable", id="no value"),
        pytest.param(["--where", "type=arson"], "where_matches_nothing", id="no such type"),
        pytest.param(["--where", "ethnicity=x"], "column_forbidden", id="about persons"),
        pytest.param(["--to", "soon"], "date_unreadable", id="no date"),
        pytest.param(["--from", "2024-05-02", "--to", "2024-05-01"], "period_empty", id="backwards"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_both_languages(
    file: Path, arguments: list[str], code: str
) -> None:
    result = asked("find", file, *arguments, "--json")
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["code"] == code
    assert len(error["sentence"].splitlines()) == 2


def test_a_backtest_tells_every_method_at_every_share_of_area(file: Path) -> None:
    arguments = ("backtest", file, "--from", "2024-12-01", "--to", "2025-01-15", "--areas", "5,20")
    told = answer(*arguments)
    assert told == answer(*arguments)
    assert told["outcome"] == "scored"
    assert told["origins"] == 6
    assert {"count", "kde_200m", "prospective", "self_exciting", "boosting", "stack"} <= told[
        "methods"
    ].keys()
    for row in (*told["methods"].values(), told["chosen"]):
        for area in ("5", "20"):
            assert row["pai"][area] == pytest.approx(row["hit_rate"][area] / (int(area) / 100), abs=0.01)
            low, high = row["hit_rate_interval"][area]
            assert low <= row["hit_rate"][area] <= high
            assert 0 < row["pei_star"][area] <= 1
    assert len(told["chosen"]["by_origin"]) == 6


def test_a_backtest_of_too_little_says_so(tmp_path: Path) -> None:
    told = answer(
        "backtest", written(tmp_path, town(hot=0)[:60]), "--from", "2024-12-01", "--to", "2025-01-15"
    )
    assert told["outcome"] == "too_few"


def test_a_terminal_gets_a_table_and_a_verdict(file: Path) -> None:
    result = asked("backtest", file, "--from", "2024-12-20", "--to", "2025-01-15")
    assert result.exit_code == 0, result.output
    assert "→ chosen" in result.output
    assert result.output.strip().splitlines()[-1].startswith(("采用", "没有模型"))


def test_nothing_but_the_file_is_needed(file: Path) -> None:
    # No secret, no database, no Redis in the environment; a fresh process.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GRIDPATROL_")}
    code = "import sys; from webapp.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "hotspots", "find", str(file), "--json"]
    environment = bare | {"GRIDPATROL_VAR_DIR": str(file.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)
    assert json.loads(done.stdout)["outcome"] == "found"
