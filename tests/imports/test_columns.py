"""Columns of large tables: what `read_table` reads, as arrays."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.intake.columns import Columns, Wanted, header_of, read_columns

WANTED = Wanted(numbers=("lon", "lat"), times=("time",), words=("type",))
PLAIN = "id,lon,lat,time,type\n1,119.2,30.1,2017-01-02T03:04,theft\n2,119.3,30.2,2017-01-02 05:06:07,noise\n"


def read(folder: Path, content: str | bytes, name: str = "incidents.csv") -> Columns:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_columns(path, WANTED)


def plain(columns: Columns) -> tuple[list[float], list[str], list[str]]:
    words = columns.words["type"]
    return (
        columns.numbers["lon"].tolist(),
        columns.times["time"].astype(str).tolist(),
        [words.names[code] for code in words.code],
    )


EXPECTED = ([119.2, 119.3], ["2017-01-02T03:04:00", "2017-01-02T05:06:07"], ["theft", "noise"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN, id="commas"),
        pytest.param("\ufeff" + PLAIN, id="byte order mark"),
        pytest.param(PLAIN.replace(",", ";"), id="semicolons"),
        pytest.param("\n\n" + PLAIN, id="blank lines before the header"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(gzip.compress(PLAIN.encode()), id="gzip"),
        pytest.param(PLAIN.encode("utf-16"), id="UTF-16"),
        pytest.param(PLAIN.replace("lon", " lon ", 1), id="padded names"),
    ],
)
def test_every_way_a_table_is_written_reads_the_same(tmp_path: Path, content: str | bytes) -> None:
    assert plain(read(tmp_path, content)) == EXPECTED


def test_chinese_types_are_read_in_both_encodings(tmp_path: Path) -> None:
    content = PLAIN.replace("theft", "盗窃,").replace(",\n", "\n")
    for encoding in ("utf-8", "gb18030"):
        assert read(tmp_path, content.encode(encoding)).words["type"].names[0] == "盗窃"


def test_one_bad_cell_costs_one_row_and_not_the_file(tmp_path: Path) -> None:
    content = (
        PLAIN + "3,east,30.1,2017-01-03,theft\n4,119.4,30.1,yesterday,theft\n5,119.5,30.1,2017/1/5 6:07,x\n"
    )
    columns = read(tmp_path, content)
    assert np.isnan(columns.numbers["lon"]).tolist() == [False, False, True, False, False]
    assert np.isnat(columns.times["time"]).tolist() == [False, False, False, True, False]
    assert str(columns.times["time"][4]) == "2017-01-05T06:07:00"


def test_the_clock_of_a_time_with_a_zone_stays_as_written(tmp_path: Path) -> None:
    columns = read(tmp_path, PLAIN.replace("03:04", "03:04:00+08:00"))
    assert str(columns.times["time"][0]) == "2017-01-02T03:04:00"


def test_rows_of_another_length_are_skipped_and_counted(tmp_path: Path) -> None:
    columns = read(tmp_path, PLAIN + "3,119.4\n")
    assert (len(columns), columns.skipped) == (2, 1)


def test_a_quoted_line_break_belongs_to_its_cell(tmp_path: Path) -> None:
    columns = read(tmp_path, PLAIN.replace("theft", '"theft,\nof a bicycle"'))
    assert plain(columns)[2] == ["theft,\nof a bicycle", "noise"]


def test_a_workbook_reads_like_a_table(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "incidents.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, line in enumerate(PLAIN.splitlines()):
            sheet.write_row(row, 0, line.split(","))
    assert plain(read_columns(path, WANTED)) == EXPECTED
    assert header_of(path) == ("id", "lon", "lat", "time", "type")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(PLAIN.replace("lat", "breite", 1), "column_not_found", id="no such column"),
        pytest.param("id,lon,lat,time,type\n", "table_empty", id="no rows"),
        pytest.param(PLAIN.replace("id,", "lat,", 1), "column_twice", id="a name twice"),
        pytest.param(b"%PDF-1.4", "file_type_wrong", id="a PDF"),
        pytest.param(gzip.compress(PLAIN.encode())[:-20], "file_truncated", id="cut off"),
    ],
)
def test_what_cannot_be_read_is_refused_by_code(tmp_path: Path, content: str | bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(tmp_path, content)
    assert refusal.value.code == code
