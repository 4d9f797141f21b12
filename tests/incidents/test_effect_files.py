"""``gridpatrol hotspots effect FILE`` and ``placebo FILE``: a table in, an answer out, no server anywhere."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from geo.shapes.crs import to_lonlat
from tests.incidents.lively_town import START_S, lively_town
from webapp.cli.hotspots import hotspots

ORIGIN = np.array([730_000.0, 3_330_000.0])
EPSG = 32650
START = np.datetime64(START_S, "s").astype("datetime64[D]")
DAY = np.timedelta64(1, "D")
BEFORE = (str(START + 365 * DAY), str(START + 729 * DAY))
AFTER = (str(START + 730 * DAY), str(START + 1094 * DAY))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `town.csv`, and `place.geojson` where half was prevented in the third year."""
    made = tmp_path_factory.mktemp("effect")
    town = lively_town(3, days=4 * 365, repeats=0.1)
    corner = _busiest(town.x_m, town.y_m)
    x0, y0 = corner
    inside = (town.x_m >= x0) & (town.x_m < x0 + 800) & (town.y_m >= y0) & (town.y_m < y0 + 800)
    prevented = inside & (town.t_s >= START_S + 730 * 86_400)
    prevented &= np.random.default_rng(1).random(len(town)) < 0.6
    lonlat = to_lonlat(np.column_stack([town.x_m, town.y_m])[~prevented] + ORIGIN, EPSG)
    times = town.t_s[~prevented].astype("datetime64[s]")
    rows = [f"{lon:.6f},{lat:.6f},{t},theft" for (lon, lat), t in zip(lonlat, times, strict=True)]
    (made / "town.csv").write_text("\n".join(["lon,lat,datetime,type", *rows]), "utf-8")
    _write_square(made / "place.geojson", corner, 800.0)
    _write_square(made / "tiny.geojson", (9_000.0, 9_000.0), 1.0)
    _write_square(made / "half.geojson", (0.0, 0.0), 7_000.0)
    return made


def _busiest(x_m: np.ndarray, y_m: np.ndarray) -> tuple[float, float]:
    counts, _, _ = np.histogram2d(x_m, y_m, bins=12, range=[[200, 9_800], [200, 9_800]])
    column, row = np.unravel_index(counts.argmax(), counts.shape)
    return 200.0 + 800.0 * column, 200.0 + 800.0 * row


def _write_square(path: Path, corner: tuple[float, float], side_m: float) -> None:
    steps = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * side_m
    ring = to_lonlat(steps + np.array(corner) + ORIGIN, EPSG).tolist()
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")


def asked(*arguments: str | Path) -> Result:
    return CliRunner().invoke(hotspots, [str(argument) for argument in arguments])


def effect(folder: Path, *more: str | Path, place: str = "place.geojson") -> Result:
    spans = ("--before", *BEFORE, "--after", *AFTER)
    return asked("effect", folder / "town.csv", "--area", folder / place, *spans, *more)


def answer(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_fall_is_told_with_its_control_places_rings_and_dose(folder: Path) -> None:
    told = answer(effect(folder, "--planned-min", "7300", "--patrol-min", "3650", "--json"))

    assert (told["outcome"], told["verdict"]) == ("evaluated", "fell")
    assert told["ratio_interval"][0] < 0.4 < told["ratio_interval"][1] < 1
    assert told["before"] == {"from": BEFORE[0], "to": BEFORE[1]}
    assert told["naive"]["rate_ratio"] == pytest.approx(
        told["naive"]["after"] / told["naive"]["before"], rel=1e-3
    )
    assert len(told["controls"]) >= 10
    assert [ring["outer_m"] for ring in told["displacement"]] == [200, 400]
    assert told["dose"]["delivered_min_per_week"] == pytest.approx(70, abs=0.1)
    assert told["dose"]["delivered_share"] == 0.5


def test_equal_questions_have_equal_answers(folder: Path) -> None:
    assert effect(folder, "--json").stdout == effect(folder, "--json").stdout


def test_a_terminal_gets_the_verdict_in_both_languages(folder: Path) -> None:
    told = effect(folder)

    assert told.exit_code == 0
    assert "比对照下降 fell" in told.stdout
    assert "仅看前后 plain" in told.stdout


def test_too_few_incidents_and_too_large_a_place_are_answers(folder: Path) -> None:
    tiny = answer(effect(folder, "--json", place="tiny.geojson"))
    half = answer(effect(folder, "--json", place="half.geojson"))

    assert (tiny["outcome"], tiny["too_few"]["what"]) == ("too_few", "before")
    assert (half["outcome"], half["too_few"]["what"]) == ("too_few", "controls")
    assert "数据不足 not enough data" in effect(folder, place="tiny.geojson").stdout


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--before", "2014-13-01", "2015-01-01"), "date_unreadable"),
        (("--before", "2015-05-01", "2015-01-01"), "period_empty"),
        (("--before", BEFORE[0], AFTER[1]), "periods_overlap"),
        (("--selected", BEFORE[0], AFTER[0]), "periods_overlap"),
        (("--rings-m", "400,200"), "numbers_unreadable"),
        (("--rings-m", "0,200"), "numbers_unreadable"),
        (("--area", "nowhere.geojson"), "file_missing"),
        (("--lon", "east"), "column_not_found"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_answered_is_refused_in_both_languages(
    folder: Path, more: tuple[str, ...], code: str
) -> None:
    told = json.loads(effect(folder, *more, "--json").stdout)["error"]
    spoken = effect(folder, *more)

    assert told["code"] == code
    assert spoken.exit_code == 2
    chinese, english = spoken.stderr.strip().split("\n")
    assert any("一" <= letter <= "鿿" for letter in chinese)
    assert english.isascii() or "…" in english


def test_placebo_tells_the_rejected_share_of_both_kinds(folder: Path) -> None:
    arguments = ("placebo", folder / "town.csv", "--count", "8", "--seed", "2")
    told = answer(asked(*arguments, "--history-days", "365", "--sizes-m", "800", "--json"))

    assert set(told["kinds"]) == {"random", "proposed"}
    random = told["kinds"]["random"]
    assert random["evaluated"] == 8
    low, high = random["rejected_interval"]
    assert 0 <= low <= random["rejected_share"] == random["rejected"] / 8 <= high <= 1
    assert random["nominal"] == 0.05


def test_placebo_of_a_short_file_says_how_long_it_must_be(folder: Path) -> None:
    told = asked("placebo", folder / "town.csv", "--before-days", "1400", "--after-days", "365")

    assert told.exit_code == 2
    assert "至少需要 1765 天" in told.stderr
