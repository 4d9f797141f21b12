"""Strangers' tables: encodings, delimiters, headers, dates, coordinates, forbidden columns."""

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import xlsxwriter

from core.errors import InvalidInput
from core.intake.cell import number_of, text_of, time_of
from core.intake.coordinate import REASONS, judge_coordinates
from core.intake.forbidden import forbidden_subject, never_incident_type
from core.intake.header import find_columns, refuse_forbidden
from core.intake.report import Refusal, write_refused
from core.intake.table import read_table

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEXT = "地址,经度,纬度\n桥东街1号,119.2,30.1\n桥东街2号,119.3,30.2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_table_reads_the_same_in_every_spelling(tmp_path, encoding, delimiter, packed):
    content = TEXT.replace(",", delimiter).encode(encoding)
    path = tmp_path / "table.csv"
    path.write_bytes(gzip.compress(content) if packed else content)
    table = read_table(path)
    assert table.columns == ("地址", "经度", "纬度")
    assert table.rows == [["桥东街1号", "119.2", "30.1"], ["桥东街2号", "119.3", "30.2"]]
    assert table.lines == [2, 3]


def test_a_workbook_reads_its_first_filled_sheet(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("空")
        sheet = book.add_worksheet("户")
        sheet.write_row(1, 0, ["电话", "时间"])
        sheet.write_number(2, 0, 13800001234)
        # A workbook's time has no zone.
        naive = datetime(2017, 3, 5, 14, 22)  # noqa: DTZ001
        sheet.write_datetime(2, 1, naive, book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
    table = read_table(path)
    assert table.columns == ("电话", "时间")
    assert table.lines == [3]
    assert text_of(table.rows[0][0]) == "13800001234"
    assert time_of(table.rows[0][1], SHANGHAI) == datetime(2017, 3, 5, 6, 22, tzinfo=UTC)


def damaged(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.csv", b"", "file_empty"),
        ("blank.csv", b"\n\n  \n", "file_empty"),
        ("header.csv", b"a,b,c\n", "table_empty"),
        ("cut.csv.gz", gzip.compress(TEXT.encode() * 500, mtime=0)[:-40], "file_truncated"),
        ("bent.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:10] + b"\xff" * 30, "file_damaged"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "file_type_wrong"),
        ("paper.csv", b"%PDF-1.7\n%", "file_type_wrong"),
        ("binary.csv", bytes(range(256)) * 20, "file_type_wrong"),
        ("cut.xlsx", b"PK\x03\x04" + bytes(300), "file_damaged"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(300), "file_damaged"),
        ("neither.csv", b"a,b\n\xff\xff\xff,1\n", "encoding_unknown"),
        ("quote.csv", b'a,b\n"x,1\n', "table_broken"),
        ("twice.csv", b"a,b,a\n1,2,3\n", "column_twice"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path, name, content, code):
    with pytest.raises(InvalidInput) as refused:
        read_table(damaged(tmp_path, name, content))
    assert refused.value.code == code


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    for path, code in ((tmp_path / "no.csv", "file_missing"), (tmp_path, "file_is_folder")):
        with pytest.raises(InvalidInput) as refused:
            read_table(path)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("经度", "纬度"), {"lon": 0, "lat": 1}),
        (("Latitude", "LNG"), {"lon": 1, "lat": 0}),
        (("X坐标", "Y坐标"), {"lon": 0, "lat": 1}),
        (("经度（WGS84）", " 纬度 "), {"lon": 0, "lat": 1}),
        (("a", "b"), {}),
    ],
)
def test_headers_are_known_by_many_names(columns, expected):
    assert find_columns(columns, ("lon", "lat"), {}) == expected


def test_a_named_column_beats_the_synonyms():
    assert find_columns(("lon", "east", "lat"), ("lon", "lat"), {"lon": "east"}) == {"lon": 1, "lat": 2}
    with pytest.raises(InvalidInput, match="column_not_found"):
        find_columns(("lon", "lat"), ("lon", "lat"), {"lon": "nothing"})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2017-03-05T14:22", datetime(2017, 3, 5, 14, 22, tzinfo=SHANGHAI)),
        ("2017-03-05T14:22Z", datetime(2017, 3, 5, 14, 22, tzinfo=UTC)),
        ("2017/3/5 14:22", datetime(2017, 3, 5, 14, 22, tzinfo=SHANGHAI)),
        ("2017/3/5 9:05:07", datetime(2017, 3, 5, 9, 5, 7, tzinfo=SHANGHAI)),
        ("2017年3月5日 14时22分", datetime(2017, 3, 5, 14, 22, tzinfo=SHANGHAI)),
        ("2017年3月5日", datetime(2017, 3, 5, tzinfo=SHANGHAI)),
        ("20170305142233", datetime(2017, 3, 5, 14, 22, 33, tzinfo=SHANGHAI)),
        ("03/05/2017 02:22:00 PM", datetime(2017, 3, 5, 14, 22, tzinfo=SHANGHAI)),
        ("12/31/2017 12:05 AM", datetime(2017, 12, 31, 0, 5, tzinfo=SHANGHAI)),
        (42799.5, datetime(2017, 3, 5, 12, tzinfo=SHANGHAI)),
        ("05/03/2017 14:22", None),
        ("2017-13-05 10:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_times_are_read_in_documented_forms_only(cell, expected):
    assert time_of(cell, SHANGHAI) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("119.2", 119.2),
        ("１１９．２", 119.2),
        ("119.2°", 119.2),
        ("12,5", None),
        ("nan", None),
        (True, None),
        ("", None),
    ],
)
def test_numbers(cell, expected):
    assert number_of(cell) == expected


def test_each_bad_coordinate_has_its_own_reason():
    lon = np.array([119.2, 30.1, 0.0, np.nan, 300.0, 121.0])
    lat = np.array([30.1, 119.2, 0.0, 30.0, 95.0, 31.0])
    verdict = judge_coordinates(lon, lat, (119.1, 30.0, 119.3, 30.2))
    assert [REASONS[code] for code in verdict] == [
        "",
        "coordinate_swapped",
        "coordinate_zero",
        "coordinate_missing",
        "coordinate_impossible",
        "coordinate_outside",
    ]


@pytest.mark.parametrize(
    ("columns", "wanted", "found"),
    [
        pytest.param(("网格编码", "巡区名称", "巡区编码"), ("code", "name"), {"code": 0}, id="grids"),
        pytest.param(("FID", "巡区编码", "区划"), ("code", "name", "level"), {}, id="areas without code"),
        pytest.param(("设备编码", "巡区名称", "district name"), ("code", "name"), {"code": 0}, id="cameras"),
        pytest.param(
            ("编码", "巡区名称", "巡区编码"), ("district_code", "district_name", "code", "name"),
            {"code": 0, "district_name": 1, "district_code": 2}, id="districts",
        ),
    ],
)  # fmt: skip
def test_columns_of_patrol_districts_name_nothing_else(columns, wanted, found):
    assert find_columns(columns, wanted, {}) == found


@pytest.mark.parametrize(
    ("column", "subject"),
    [
        ("民族", "ethnicity"),
        ("Ethnic Group", "ethnicity"),
        ("宗教信仰", "religion"),
        ("是否信访人员", "petitioner"),
        ("刑满释放日期", "released"),
        ("drugUser", "drug user"),
        ("精神状况", "mental health"),
        ("户籍地", "migrant origin"),
        ("race", "ethnicity"),
        ("身份证号", "list or score of persons"),
        ("terrace", None),
        ("trace_id", None),
        ("地址", None),
        ("户主姓名", None),
        ("人数", None),
        ("surface", None),
    ],
)
def test_columns_about_what_persons_are_never_pass(column, subject):
    assert forbidden_subject(column) == subject


def test_a_forbidden_column_refuses_the_file_unless_it_is_dropped():
    with pytest.raises(InvalidInput) as refused:
        refuse_forbidden(("地址", "民族"), drop=False)
    assert refused.value.fields["columns"] == ["民族"]
    assert refuse_forbidden(("地址", "民族"), drop=True) == ["民族"]


@pytest.mark.parametrize(
    "name", ["集体上访", "非法集会", "PROTEST", "宗教活动", "religious gathering", "网络言论"]
)
def test_petition_assembly_religion_and_speech_are_no_incident_types(name):
    assert never_incident_type(name) is not None


@pytest.mark.parametrize(
    "name", ["PUBLIC PEACE VIOLATION", "入室盗窃", "BURGLARY", "噪声扰民", "INTERFERENCE WITH PUBLIC OFFICER"]
)
def test_other_types_pass(name):
    assert never_incident_type(name) is None


def test_refused_rows_come_back_with_their_reason_and_run_no_formula(tmp_path):
    rows = [
        Refusal(7, "x", {}, {"a": "=1+1", "b": "+8613812345678"}),
        Refusal(9, "y", {}, {"a": "桥", "c": 3}),
    ]
    path = tmp_path / "refused.csv"
    assert write_refused(path, rows, lambda each: f"reason {each.code}") == 2
    table = read_table(path)
    assert table.columns == ("a", "b", "c", "refused_line", "refused_reason")
    assert table.rows[0] == ["'=1+1", "+8613812345678", "", "7", "reason x"]
    assert table.rows[1] == ["桥", "", "3", "9", "reason y"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_unpacks_beyond_the_cap_is_refused(tmp_path):
    from core.intake.file import read_plain

    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 1_000_000))
    with pytest.raises(InvalidInput) as refused:
        read_plain(path, cap_bytes=10_000)
    assert refused.value.code == "file_too_large"


def test_a_stray_does_not_stretch_the_extent():
    from geo.areas.county import robust_box

    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(119.1, 119.3, 5000), rng.uniform(30.0, 30.2, 5000)
    lon[7], lat[7] = 91.0, 36.0
    west, south, east, north = robust_box(lon, lat)
    assert 119.1 <= west < east <= 119.3
    assert 30.0 <= south < north <= 30.2
    assert robust_box(np.array([119.2]), np.array([30.1])) == (119.2, 30.1, 119.2, 30.1)


def test_every_option_of_the_command_is_documented():
    from pathlib import Path

    from webapp.cli.imports import imports

    text = (Path(__file__).resolve().parents[2] / "docs" / "imports.md").read_text("utf-8")
    for command in imports.commands.values():
        assert f"gridpatrol import {command.name}" in text
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--"):
                    assert f"`{option}" in text, f"{command.name} {option}"
