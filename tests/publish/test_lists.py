"""The published CSV lists: columns, rounding, escaping, and the way back."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile import PAYLOADS
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_case import paper_case

from hotspot.publish.tables.lists import (
    NOT_RANKED_COLUMNS,
    WARNING_COLUMNS,
    published,
    read_not_ranked,
    read_warnings,
    write_not_ranked,
    write_warnings,
)
from hotspot.text.csv_rows import escape_text, unescape_text
from hotspot.text.door import shown
from hotspot.text.table import rows_of
from hotspot.variables import DataError

DESIGN_4 = (
    "month,city,reason,rank,cell,label,county,township,lon,lat,pm25,previous,change,change_pct,"
    "n_valid,coverage,p_worst,p_top,rank_low,rank_high,distinguishable"
)
TEXTS = [name for name, kind in WARNING_COLUMNS.items() if kind == "text"]


@pytest.fixture(scope="module")
def case():
    return paper_case()


def test_the_header_is_the_contract(case, tmp_path):
    raw = write_warnings(tmp_path / "w.csv", case.warned, 1).read_bytes()
    assert raw.split(b"\n")[0].decode() == DESIGN_4
    assert b"\r" not in raw and raw.endswith(b"\n") and not raw.startswith(b"\xef\xbb\xbf")


def test_reading_and_writing_again_gives_the_same_bytes(case, tmp_path):
    first = write_warnings(tmp_path / "a.csv", case.warned, 1)
    again = write_warnings(tmp_path / "b.csv", read_warnings(first), 1)
    assert first.read_bytes() == again.read_bytes()


def test_a_list_saved_by_a_chinese_spreadsheet_is_the_same_list(case, tmp_path):
    warned = case.warned.assign(county="朝阳区")
    first = write_warnings(tmp_path / "a.csv", warned, 1)
    saved = tmp_path / "saved.csv"
    saved.write_bytes(first.read_text(encoding="utf-8").encode("gb18030"))
    assert read_warnings(saved).equals(read_warnings(first)) and "朝阳区" in saved.read_text(encoding="gb18030")


def test_what_is_read_equals_what_was_published(case, tmp_path):
    expected = published(case.warned, 1)
    found = read_warnings(write_warnings(tmp_path / "w.csv", case.warned, 1))
    assert list(found.columns) == list(expected.columns) and len(found) == len(expected)
    for name, kind in WARNING_COLUMNS.items():
        if kind == "text":
            assert found[name].tolist() == expected[name].astype(str).tolist(), name
        else:
            numbers = found[name].astype("float64"), expected[name].astype("float64")
            assert np.array_equal(*numbers, equal_nan=True), name


def test_unknown_is_empty_and_a_falling_value_stays_a_number(case, tmp_path):
    table = case.warned.copy()
    table.loc[0, ["pm25", "previous"]] = [60.0, 63.2]
    table["distinguishable"] = table["distinguishable"].astype(object)
    table.loc[0, ["p_worst", "distinguishable"]] = [np.nan, None]
    with open(write_warnings(tmp_path / "w.csv", table, 1), encoding="utf-8", newline="") as stream:
        row = next(csv.DictReader(stream))
    assert row["change"] == "-3.2" and row["change_pct"] == "-5.1"
    assert row["p_worst"] == "" and row["distinguishable"] == ""


@pytest.mark.parametrize(
    ("now", "before", "decimals", "expected"),
    [
        (28.1, 28.2, 1, ("28.1", "28.2", "-0.1", "-0.4")),  # STANDARDS 4.5: national, April 2025
        (28.1, 28.2, 0, ("28", "28", "0", "0.0")),  # the integer era printed no change
        (16.4, 27.6, 0, ("16", "28", "-12", "-42.9")),  # Jinxian 16/28, -42.9 %
        (0.225, 0.25, 2, ("0.22", "0.25", "-0.03", "-12.0")),  # half to even, not 0.23
        (5.0, 0.0, 1, ("5.0", "0.0", "5.0", "")),  # RELIABILITY 96: no rate on nothing
    ],
)
def test_changes_come_from_the_printed_values(now, before, decimals, expected, tmp_path):
    row = dict.fromkeys(WARNING_COLUMNS, "") | {"pm25": now, "previous": before}
    with open(
        write_warnings(tmp_path / "w.csv", pd.DataFrame([row]), decimals), encoding="utf-8", newline=""
    ) as stream:
        found = next(csv.DictReader(stream))
    assert tuple(found[name] for name in ("pm25", "previous", "change", "change_pct")) == expected


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("column", TEXTS)
def test_g5_hostile_texts_are_inert_and_come_back_with_nothing_hidden(case, tmp_path, payload, column):
    text = PAYLOADS[payload]
    path = write_warnings(tmp_path / "w.csv", case.warned.assign(**{column: text}), 1)
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(case.warned)
    assert all(row[column][:1] not in ("=", "+", "-", "@", "\t", "\0") for row in rows)
    assert read_warnings(path)[column].tolist() == [shown(text)] * len(rows)
    assert not set(path.read_text(encoding="utf-8")) & set("\x1b\u202e\t\x00\r")


@given(st.text(st.characters(codec="utf-8"), max_size=30))
@settings(max_examples=300, deadline=None)
def test_escaping_loses_nothing_that_shows_and_leaves_no_formula(text):
    escaped = escape_text(text)
    assert unescape_text(escaped) == shown(text)
    assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))


@given(st.text(st.sampled_from("'=+-@\tab"), max_size=6))
def test_escaping_is_one_to_one_on_its_own_marks(text):
    assert unescape_text(escape_text(text)) == shown(text)


def test_not_ranked_comes_back(case, tmp_path):
    rows = case.not_ranked.assign(why="=why, or why not")
    found = read_not_ranked(write_not_ranked(tmp_path / "n.csv", rows))
    assert list(found.columns) == list(NOT_RANKED_COLUMNS)
    assert found.to_numpy().tolist() == rows.to_numpy().tolist()


def test_the_callers_table_is_left_alone(case):
    before = case.warned.copy(deep=True)
    published(case.warned, 1)
    pd.testing.assert_frame_equal(case.warned, before)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a,b", "row 1: the columns are a,b"),
        (DESIGN_4 + "\n1,2", "row 2: 2 values for 21 columns"),
        (DESIGN_4 + "\n" + "x," * 10 + "many" + "," * 10, "row 2, column rank: 'x' is no number"),
        (DESIGN_4 + "\n" + "," * 20 + "perhaps", "column distinguishable: 'perhaps' is neither"),
    ],
)
def test_a_changed_list_is_refused_with_its_place(tmp_path, line, words):
    path = tmp_path / "w.csv"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_warnings(path)


def test_a_list_without_a_column_is_refused(case, tmp_path):
    with pytest.raises(DataError, match="column county is missing"):
        write_warnings(tmp_path / "w.csv", case.warned.drop(columns="county"), 1)


def test_same_bytes_in_any_zone_locale_and_hash_seed(tmp_path):
    """All tables and one sheet, written in two foreign surroundings."""
    script = "import sys; sys.path.insert(0, sys.argv[2]); from paper_case import write_all; write_all(sys.argv[1])"
    found = []
    for name, settings_ in (
        ("a", {"TZ": "Asia/Urumqi", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
        ("b", {"TZ": "America/New_York", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "77"}),
    ):
        folder = tmp_path / name
        command = [sys.executable, "-c", script, str(folder), str(Path(__file__).resolve().parents[1] / "cases")]
        subprocess.run(command, check=True, env=os.environ | settings_, capture_output=True)
        found.append(
            {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        )
    assert found[0].keys() == found[1].keys() and len(found[0]) >= 9
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


def test_rows_of_a_table_are_what_pandas_makes_of_them():
    table = pd.DataFrame(
        {
            "cell": ["A", None, "C"],
            "share": [0.5, np.nan, 1.0],
            "n": np.array([1, 2, 3], "int32"),
            "told": [True, False, True],
            "any": pd.Series([np.int64(4), "x", None], dtype=object),
            "day": pd.to_datetime(["2025-12-01", None, "2025-12-03"]),
        }
    )
    ours, theirs = rows_of(table), table.to_dict("records")
    assert repr(ours) == repr(theirs)
    assert [list(map(type, row.values())) for row in ours] == [list(map(type, row.values())) for row in theirs]
    assert rows_of(table.iloc[:0]) == []
