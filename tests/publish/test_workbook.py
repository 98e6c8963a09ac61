"""warnings.xlsx: opened again and read."""

import re
import time
import zipfile

import openpyxl
import pytest
from hostile import PAYLOADS
from hypothesis import given
from hypothesis import strategies as st
from paper_case import paper_case

from hotspot.publish.tables.lists import WARNING_COLUMNS, published
from hotspot.publish.tables.workbook import INTERNAL, NOTES, PUBLIC, sheet_name, write_workbook


@pytest.fixture(scope="module")
def case():
    return paper_case()


@pytest.fixture(scope="module")
def book(case, tmp_path_factory):
    return openpyxl.load_workbook(_write(tmp_path_factory.mktemp("book") / "w.xlsx", case))


def _write(path, case):
    return write_workbook(
        path, study=case.study, month=case.month, field=case.field, warned=case.warned, not_ranked=case.not_ranked,
        hot=case.hot,
    )  # fmt: skip


def _texts(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_d10_the_public_columns_are_exactly_these(book):
    assert PUBLIC == ("预警网格编号", "所属县（区、市）", "位置坐标", "预警原因")
    for name in ("甲州市", "乙川市"):
        assert tuple(_texts(book[name])[1]) == PUBLIC


def test_a_sheet_per_city_then_the_internal_ones(book, case):
    assert book.sheetnames == [*dict.fromkeys(case.warned["city"]), INTERNAL, NOTES]


def test_a_cell_stands_once_with_all_its_reasons(book, case):
    top = case.warned.groupby("cell").size().idxmax()
    city = case.warned.set_index("cell").loc[top, "city"].iloc[0]
    rows = [row for row in _texts(book[city]) if row[0] == top]
    assert len(rows) == 1 and rows[0][3] == "PM2.5月均浓度最高；同比去年改善最差；环比上月改善最差"
    assert re.fullmatch(r"东经\d+\.\d{4}°，北纬\d+\.\d{4}°", rows[0][2])


def test_the_statistics_are_numbers_as_published(book, case):
    rows = _texts(book[INTERNAL])
    assert rows[1] == [*WARNING_COLUMNS, "change_normalised", "change_normalised_pct", "weather"]
    assert rows[0][10] == "PM2.5月均 μg/m³"
    for found, (_, expected) in zip(rows[2:], published(case.warned, 1).iterrows(), strict=True):
        assert found[-3:] == [None] * 3, "this case has no weather"
        for value, (name, kind) in zip(found, WARNING_COLUMNS.items(), strict=False):
            if kind not in ("text", "flag"):
                assert value == (None if expected[name] != expected[name] else pytest.approx(expected[name], abs=0)), (
                    name
                )
    assert {row[20] for row in rows[2:]} == {"可区分", "不可区分"}


def test_the_notes_say_what_cannot_be_told_apart(book):
    notes = dict(row[:2] for row in _texts(book[NOTES]))
    assert "不能断定" in notes["不可区分"] and "GB/T 8170" in notes["修约"] and "环办环监函" in notes["依据"]
    assert notes["未参评"].startswith("同比去年改善最差1个")


def test_it_prints_on_a4_with_its_head_on_every_page(book):
    for sheet in book.worksheets:
        assert sheet.page_setup.paperSize in (9, "9"), sheet.title
    assert book["甲州市"].freeze_panes == "B3" and book["甲州市"].print_title_rows == "$1:$2"


def test_two_seconds_later_the_same_bytes(case, tmp_path):
    first = _write(tmp_path / "a.xlsx", case).read_bytes()
    time.sleep(2.1)
    assert _write(tmp_path / "b.xlsx", case).read_bytes() == first


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_are_cells_of_text(payload, tmp_path):
    path = _write(tmp_path / "w.xlsx", paper_case(word=PAYLOADS[payload]))
    for sheet in openpyxl.load_workbook(path).worksheets:
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            assert b"<f>" not in package.read(name) and b"hyperlink" not in package.read(name), name


def test_the_full_name_stands_in_the_statistics(tmp_path):
    path = _write(tmp_path / "w.xlsx", paper_case(word=PAYLOADS["long"]))
    county = list(WARNING_COLUMNS).index("county")
    assert _texts(openpyxl.load_workbook(path)[INTERNAL])[2][county] == PAYLOADS["long"]


@given(st.lists(st.text(max_size=40), max_size=12))
def test_sheet_names_are_what_a_spreadsheet_takes(texts):
    taken: set[str] = set()
    names = [sheet_name(text, taken) for text in texts]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\") and not name.startswith("'") and not name.endswith("'")
        assert name.casefold() != "history"
