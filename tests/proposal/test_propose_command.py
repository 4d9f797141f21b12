"""``gridpatrol areas propose`` as a person runs it: no server, no database, no settings."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from geo.shapes.proposal import ProposalGround
from tests.proposal.towns import lattice, square

COMMAND = Path(sys.executable).parent / "gridpatrol"


def propose(folder: Path, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GRIDPATROL_")}
    done = subprocess.run(
        [str(COMMAND), "areas", "propose", *map(str, arguments)],
        cwd=folder, env=bare, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, (done.returncode, done.stdout[-1500:], done.stderr[-1500:])
    assert "Traceback" not in done.stderr
    return done


def write_shapes(path: Path, layer: str, shapes: list[Any], **columns: list[Any]) -> None:
    pyogrio.raw.write(
        str(path), geometry=shapely.to_wkb(np.array(shapes, dtype=object)),
        field_data=[np.array(values, dtype=object) for values in columns.values()],
        fields=list(columns), geometry_type=shapes[0].geom_type, crs="EPSG:4326", layer=layer, driver="GPKG",
    )  # fmt: skip


def write_homes(path: Path, ground: ProposalGround, header: tuple[str, ...]) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for (lon, lat), count in zip(ground.households, ground.counts, strict=True):
            writer.writerow([lon, lat, count][: len(header)])


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A folder with a lattice of 8 x 4 blocks: map.gpkg, homes.csv, within.gpkg, today.gpkg."""
    ground = lattice(8, 4, homes=5)
    write_shapes(tmp_path / "map.gpkg", "roads", list(ground.roads), highway=list(ground.road_classes))
    write_shapes(
        tmp_path / "map.gpkg", "houses", list(ground.buildings), building=["yes"] * len(ground.buildings)
    )
    write_homes(tmp_path / "homes.csv", ground, ("经度", "纬度", "户数"))
    sides = [square(ground, 0, 0, 4, 4), square(ground, 4, 0, 8, 4)]
    write_shapes(tmp_path / "within.gpkg", "communities", sides, code=["330199101001", "330199101002"])
    strips = [square(ground, west, 0, west + 2, 4) for west in (0, 2, 4, 6)]
    write_shapes(tmp_path / "today.gpkg", "grids", strips, code=["g1", "g2", "g3", "g4"])
    return tmp_path


MAP = ("--roads", "map.gpkg", "--households")
FILES = (*MAP, "homes.csv")


def test_json_is_one_object_with_every_figure_and_the_file_holds_each_proposal(town: Path) -> None:
    done = propose(
        town, *FILES, "--size", 160, "--within", "within.gpkg", "--today", "today.gpkg", "--json", "out.gpkg"
    )

    told = json.loads(done.stdout)
    assert told["read"] == {
        "roads": 78, "buildings": 256, "water": 0, "households": 1280, "communities": 2, "grids_today": 4,
    }  # fmt: skip
    layers = [str(name) for name, _ in pyogrio.list_layers(town / "out.gpkg")]
    assert layers == [proposal["layer"] for proposal in told["proposals"]]
    first = told["proposals"][0]
    assert (first["grids"], first["within_tolerance"], first["buildings_cut"]) == (8, 1.0, 0)
    assert first["edge_on_street"] > 0.99
    assert first["moved"] is not None
    meta, _, wkb, fields = pyogrio.raw.read(town / "out.gpkg", layer=layers[0])
    columns = dict(zip(meta["fields"], fields, strict=True))
    assert sorted(columns["code"]) == sorted(grid["code"] for grid in first["grids_listed"])
    assert min(columns["code"]) == "330199101001001"
    assert int(columns["households"].sum()) == 1280
    assert shapely.coverage_is_valid(shapely.from_wkb(wkb))


def test_a_person_reads_balance_compactness_and_edge_on_street_in_both_languages(town: Path) -> None:
    said = propose(town, *FILES, "--size", 160, "out.gpkg").stdout

    for words in (
        "达标 within",
        "紧凑度 compactness",
        "edge on streets",
        "切断建筑 buildings cut 0",
        "out.gpkg",
    ):
        assert words in said


def test_same_seed_same_file(town: Path) -> None:
    told = [
        json.loads(propose(town, *FILES, "--size", 160, "--seed", 5, "--json", name).stdout)["proposals"]
        for name in ("a.gpkg", "b.gpkg")
    ]

    assert told[0] == told[1]


def test_rebalancing_divides_only_the_chosen_grids(town: Path) -> None:
    done = propose(
        town, *FILES, "--today", "today.gpkg", "--rebalance", "g1", "--rebalance", "g2", "--json", "out.gpkg"
    )

    told = json.loads(done.stdout)
    assert told["size"] == 320
    for proposal in told["proposals"]:
        assert [grid["households"] for grid in proposal["grids_listed"]] == [320, 320]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param((*FILES, "--size", 0), "proposal_size_unusable", id="size 0"),
        pytest.param((*FILES, "--tolerance", 3), "proposal_tolerance_unusable", id="tolerance 300 %"),
        pytest.param(("--roads", "no.gpkg", "--households", "homes.csv"), "file_missing", id="no such file"),
        pytest.param(("--roads", "cut.osm.gz", "--households", "homes.csv"), "file_truncated", id="cut file"),
        pytest.param(
            ("--roads", "houses.gpkg", "--households", "homes.csv"), "proposal_no_roads", id="no roads"
        ),
        pytest.param((*MAP, "empty.csv"), "table_empty", id="no households"),
        pytest.param((*MAP, "names.csv"), "columns_missing", id="no lon, lat"),
        pytest.param((*MAP, "words.csv"), "proposal_count_unreadable", id="count"),
        pytest.param((*FILES, "--within", "far.gpkg"), "proposal_no_households", id="households elsewhere"),
        pytest.param((*FILES, "--within", "map.gpkg"), "layer_choice", id="borders in several layers"),
        pytest.param((*FILES, "--rebalance", "g1"), "proposal_rebalance_without_today", id="no today"),
        pytest.param(
            (*FILES, "--today", "today.gpkg", "--rebalance", "g9"),
            "proposal_grids_unknown",
            id="no such grid",
        ),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(
    town: Path, arguments: tuple[object, ...], code: str
) -> None:
    house = square(lattice(1, 1), 0, 0, 1, 1)
    write_shapes(town / "houses.gpkg", "houses", [house], building=["yes"])
    write_shapes(town / "far.gpkg", "areas", [shapely.box(1, 1, 2, 2)], code=["x"])
    (town / "cut.osm.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4a\x06\x00\xc2")
    (town / "empty.csv").write_text("lon,lat\n", "utf-8")
    (town / "names.csv").write_text("a,b\n1,2\n", "utf-8")
    (town / "words.csv").write_text("lon,lat,households\n119.2,30.1,many\n", "utf-8")

    told = json.loads(propose(town, *arguments, "--json", "out.gpkg", code=2).stdout)

    assert told["error"]["code"] == code
    zh, en = told["error"]["sentence"].split("\n")
    assert zh != en
    assert not (town / "out.gpkg").exists()


def test_file_that_exists_is_kept_unless_forced(town: Path) -> None:
    (town / "out.gpkg").write_text("mine", "utf-8")

    refused = propose(town, *FILES, "--size", 160, "out.gpkg", code=2)

    assert "out.gpkg" in refused.stderr
    assert (town / "out.gpkg").read_text("utf-8") == "mine"
    propose(town, *FILES, "--size", 160, "--force", "out.gpkg")
    assert len(pyogrio.list_layers(town / "out.gpkg")) >= 1


def test_other_format_is_refused_by_name(town: Path) -> None:
    refused = propose(town, *FILES, "--json", "out.shp", code=2)

    assert json.loads(refused.stdout)["error"]["code"] == "output_type_wrong"


@pytest.mark.shared
def test_real_town_from_its_files(tmp_path: Path, shared_data: Path) -> None:
    from geo.roads.osm import read_osm
    from tests.proposal.towns import lived_in

    roads = shared_data / "osm_small_towns" / "north-bayreuth.osm.gz"
    write_homes(tmp_path / "homes.csv", lived_in(read_osm(roads), 1), ("lon", "lat", "households"))

    done = propose(
        tmp_path, "--roads", roads, "--households", "homes.csv", "--size", 300, "--json", "out.gpkg"
    )

    first = json.loads(done.stdout)["proposals"][0]
    assert (first["within_tolerance"], first["buildings_cut"], first["outside"]) == (1.0, 0, 0)
