"""Untrusted tables: RELIABILITY C1, one test a case, and the conservation law over random damage."""

import datetime
import io
import zipfile

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.foreign import workbook
from hotspot.patterns import find_files
from hotspot.sources.aliases import our_names
from hotspot.sources.clock import parse_times
from hotspot.sources.intake import Intake
from hotspot.sources.missing import MARKS, to_numbers
from hotspot.sources.records import scan
from hotspot.sources.tables import read_table
from hotspot.text.encodings import decode
from hotspot.variables import DataError


@pytest.fixture
def read(tmp_path):
    """Write bytes, read them as a table, close it and hold the law."""

    def do(data, name="a.csv", **settings):
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        intake = Intake(tmp_path)
        table = read_table(tmp_path / name, intake, **settings)
        table.close()
        intake.check()
        return table

    return do


def test_case_1_empty_file_has_no_header(read):
    with pytest.raises(DataError, match=r"a\.csv: file is empty \(0 bytes\) and has no header"):
        read(b"")
    with pytest.raises(DataError, match="only blanks"):
        read(b"\n\n  \n")


def test_case_2_header_only_is_a_warning(read):
    table = read("station,pm25\n")
    assert len(table.frame) == 0 and "a.csv: 0 rows" in table.intake.notes


def test_case_3_truncated_last_row_is_quarantined(read):
    table = read("station,hour,pm25\nA,1,35\nB,2")
    assert table.frame.to_numpy().tolist() == [["A", "1", "35"]]
    (row,) = table.intake.quarantine
    assert (row.row, row.raw) == (3, b"B,2")
    assert any("no final newline" in note for note in table.intake.notes)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_case_3_a_file_cut_inside_a_character_is_called_cut(read, mark):
    """Its even number of high bytes is sound GB18030 too: other names, and nobody would know."""
    whole = "站点,名称\n甲乙,某某路\n".encode()
    with pytest.raises(DataError, match="ends in the middle of a character, so it was cut"):
        read(mark + whole[:-2])


def test_case_4_rows_of_another_width_keep_number_and_bytes(read):
    table = read("a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert table.lines.tolist() == [2, 5]
    assert [(q.row, q.rule, q.raw) for q in table.intake.quarantine] == [
        (3, "1 fields where the header has 2", b"3"),
        (4, "3 fields where the header has 2", b"4,5,6"),
    ]
    with pytest.raises(DataError, match="so in every row"):
        read("a,b\n1,2,3\n4,5,6\n")


def test_case_5_chinese_encodings(read):
    text = "监测时间,站点,细颗粒物\n2020-01-01 00:00,东四,35\n"
    plain = read(text.encode("utf-8"))
    national = read(text.encode("gb18030"))
    assert plain.frame.equals(national.frame) and national.encoding == "gb18030"
    assert "a.csv: read as gb18030" in national.intake.notes
    with pytest.raises(DataError, match=r"byte 12: 0xff is neither UTF-8 .* nor GB18030"):
        read(b"station,pm25\xff\xff\n")
    with pytest.raises(DataError, match="valid both as UTF-8 and as GB18030; declare encoding"):
        read("имя,a\nБ,1\n".encode())
    assert read("имя,a\nБ,1\n".encode(), encoding="utf-8").columns == ["имя", "a"]


def test_case_6_marks_and_utf16_give_the_same_cells(read):
    text = "站点,pm25\n东四,35\n天坛,\n"
    expected = read(text.encode()).frame
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), b"\xfe\xff" + text.encode("utf-16-be")):
        assert read(data).frame.equals(expected)
    with pytest.raises(DataError, match="UTF-16 without a mark"):
        read(text.encode("utf-16-le"))


def test_case_7_mixed_line_ends_and_quoted_newlines_keep_true_rows(read):
    table = read(b'a,note\r\n1,"two\nlines"\r2,x\n\n3\r\n4,"say ""hi"", ok"\r\n')
    assert table.frame["note"].tolist() == ["two\nlines", "x", 'say "hi", ok']
    assert table.lines.tolist() == [2, 4, 7]
    assert [(q.row, q.raw) for q in table.intake.quarantine] == [(6, b"3")]


def test_case_7_stray_quotes_are_letters_and_open_quotes_are_errors(read):
    assert read('a,b\n5" pipe,2\n3,4\n').frame["a"].tolist() == ['5" pipe', "3"]
    with pytest.raises(DataError, match=r"a\.csv, line 2: a quote is opened here and never closed"):
        read('a,b\n"1,2\n3,4\n')
    assert [q.row for q in read('a,b\n1,2\n3,"4').intake.quarantine] == [3]


def test_case_8_control_characters_are_quarantined(read):
    table = read(b"a,b\n1,x\x00y\n2,\x1b[31m\n3,ok\n")
    assert table.frame["a"].tolist() == ["3"]
    assert [q.raw for q in table.intake.quarantine] == [b"1,x\x00y", b"2,\x1b[31m"]


def test_case_9_a_column_named_twice_names_both_positions(read):
    with pytest.raises(DataError, match="'pm25' stands twice, at positions 2 and 4"):
        read("a,pm25,b,pm25\n1,2,3,4\n")


def test_case_10_aliases_and_nearest_names():
    for name in ("PM2.5", "PM25", "pm2_5", "细颗粒物", "PM2.5(μg/m3)", "ＰＭ２.５", " pm2.5 "):
        assert our_names([name], required=("pm25",)) == {"pm25": name}
    with pytest.raises(DataError, match=r"no column is known as 'pm25'; nearest in the header: PM2\.5x"):
        our_names(["time", "PM2.5x"], required=("pm25",), name="a.csv")
    with pytest.raises(DataError, match=r"'PM2\.5' and 'PM25' both mean pm25"):
        our_names(["PM2.5", "PM25"], name="a.csv")
    assert our_names(["PM2.5", "PM25"], extra={"PM25": "pm25"})["pm25"] == "PM25"


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_case_11_semicolons_and_tabs_part_columns_and_are_told(read, mark, word):
    rows = [["站点", "PM2.5(ug/m3, 1h)"], ["A", "35"], ['"say ""a,b"""', "36"], ["B"], ["C", "35,5"]]
    table = read("\n".join(mark.join(row) for row in rows) + "\n")
    assert table.frame.to_numpy().tolist() == [["A", "35"], ['say "a,b"', "36"], ["C", "35,5"]]
    assert table.columns == rows[0] and f"a.csv: its columns are parted by {word}" in table.intake.notes
    assert [(q.row, q.rule, q.raw) for q in table.intake.quarantine] == [(4, "1 fields where the header has 2", b"B")]


def test_case_11_a_header_with_two_marks_is_told_by_its_rows_or_refused(read):
    assert read("a;b,c\n1,2\n").columns == ["a;b", "c"] and read("a;b,c\n1;2\n3;4\n").columns == ["a", "b,c"]
    for rows in ("1;2,5\n", "1\n", ""):
        with pytest.raises(DataError, match=r"a\.csv, line 1: the header holds commas and semicolons, and the rows do"):
            read("a;b,c\n" + rows)
    with pytest.raises(DataError, match="separated by bars"):
        read("a|b\n1|2\n")


def test_case_11_12_decimal_commas_and_thousands_are_unreadable():
    values, bad = to_numbers(["35,5", "1,200", "12.5"])
    assert bad.tolist() == [True, True, False] and np.isnan(values[:2]).all()


def test_case_13_a_cell_typed_as_a_date_is_one_and_a_bare_number_stays_one(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["time", "pm25"])
    book.active.append([datetime.datetime(2020, 1, 1, 5), 35])
    book.active.append([45231, 36.5])
    book.active.append(["2020-01-01 06:00", None])
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", Intake(tmp_path))
    assert table.frame["time"].tolist() == ["2020-01-01 05:00:00", "45231", "2020-01-01 06:00"]
    assert table.frame["pm25"].tolist() == ["35", "36.5", ""]


@pytest.mark.parametrize("epoch", ["CALENDAR_WINDOWS_1900", "CALENDAR_MAC_1904"])
def test_case_13_day_numbers_are_dates_where_the_column_says_when(tmp_path, epoch):
    book = openpyxl.Workbook()
    book.epoch = getattr(openpyxl.utils.datetime, epoch)
    first = (datetime.datetime(2020, 1, 1) - book.epoch).days
    book.active.append(["time", "pm25"])
    for hour in range(3):
        book.active.append([first + hour / 24, 43831])
    book.active.append([datetime.datetime(2020, 1, 1, 3), 43831])
    book.active.append([99999, 1])
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", Intake(tmp_path))
    hours = ["2020-01-01T00:00", "2020-01-01T01:00", "2020-01-01T02:00", "2020-01-01T03:00", "NaT"]
    assert parse_times(table.when("time")).astype(str).tolist() == hours
    assert table.frame["pm25"][0] == "43831"
    assert f"column time: the day numbers of a spreadsheet were read as dates ({first} as" in table.intake.notes[-1]


def test_case_14_sheets_read_and_unread_are_listed(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "数据"
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.active.merge_cells("A3:B3")
    book.create_sheet("说明").append(["x"])
    book.create_sheet("hidden").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    intake = Intake(tmp_path)
    assert read_table(tmp_path / "a.xlsx", intake).frame.to_numpy().tolist() == [["1", "2"]]
    notes = " ".join(intake.notes)
    assert "hidden sheets were not read: hidden" in notes and "not read: 说明" in notes and "1 merged" in notes


@pytest.mark.parametrize("title", ["某市小时数据\n导出时间：2026-01-03\n", "某市小时数据;;\n;;\n"])
def test_case_14_titles_above_the_header_of_a_text_are_not_read(read, title):
    table = read(title + "监测时间;站点;PM2.5\n2025-12-01 01:00;A;35\n")
    assert table.columns == ["监测时间", "站点", "PM2.5"] and table.lines.tolist() == [4]
    assert "a.csv, line 1: a title above the header; not read" in table.intake.notes
    with pytest.raises(DataError, match="so in every row"):
        read("a\n1,2\n3,4\n")


def test_case_14_names_under_titles_of_groups_are_one_header(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["某市微站小时数据"])
    book.active.append(["站点信息", None, "监测时间", "监测数据"])
    book.active.append(["站点编号", "经度", None, "PM2.5(μg/m³)"])
    book.active.append(["W1", "115.1", "2025-12-01 01:00", "３５．５"])
    book.active.append(["备注：未经审核"])
    for area in ("A1:D1", "A2:B2", "C2:C3"):
        book.active.merge_cells(area)
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", Intake(tmp_path))
    assert table.columns == ["站点编号", "经度", "监测时间", "PM2.5(μg/m³)"] and table.lines.tolist() == [4, 5]
    assert any("rows 2 and 3: one header of two lines: 站点编号, 经度" in note for note in table.intake.notes)


def test_case_14_sheets_that_go_on_under_one_header_are_refused(tmp_path):
    """A sheet for each station: the first was read, and of the others a note said so."""
    book = openpyxl.Workbook()
    for name in ("W1", "W2", "说明"):
        book.create_sheet(name).append(["时间", "PM2.5"] if name != "说明" else ["时间", "备注"])
        book[name].append(["2025-12-01 01:00", 35])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="sheets W1, W2 have one header, and a file is one sheet here"):
        read_table(tmp_path / "a.xlsx", Intake(tmp_path))


def test_case_14_formulas_without_a_value_are_counted(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["站点", "PM2.5"])
    book.active.append(["A", "=35*1"])
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", Intake(tmp_path))
    assert table.frame["PM2.5"].tolist() == [""] and "a.xlsx: 1 formulas carry no saved value" in table.intake.notes[0]


def test_case_15_macros_bombs_and_other_archives_are_refused(tmp_path):
    def archive(members):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
            for name, data in members.items():
                out.writestr(name, data)
        return buffer.getvalue()

    cases = {
        "macros": archive({"xl/workbook.xml": b"", "xl/vbaProject.bin": b"x"}),
        "unpacks to": archive({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": bytes(40 << 20)}),
        "500|501 members": archive({f"m{n}": b"" for n in range(501)}),
        "no Excel workbook": archive({"../../x": b"1"}),
        "not an Excel workbook": b"<html>",
    }
    for words, data in cases.items():
        (tmp_path / "a.xlsx").write_bytes(data)
        with pytest.raises(DataError, match=words):
            read_table(tmp_path / "a.xlsx", Intake(tmp_path))


def test_case_15_formatted_empty_rows_are_capped(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    for row in range(2, 60):
        book.active.cell(row, 1).font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "a.xlsx")
    monkeypatch.setattr("hotspot.foreign.workbook.MAX_EMPTY", 50)
    with pytest.raises(DataError, match="empty formatted rows"):
        workbook.decode({"path": tmp_path / "a.xlsx", "name": "a.xlsx", "folder": tmp_path, "sheet": None})


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"<!DOCTYPE html><html>", "HTML"),
        (b'\xef\xbb\xbf {"error": 403}', "JSON"),
        (b"PK\x03\x04...", "zip archive"),
        (b"PK\x03\x04..word/document.xml", "content is a Word document, not a text table; save its table as .xlsx"),
        (b"\x1f\x8b\x08...", "content is a gzip archive, not a text table; unpack it"),
        (b"%PDF-1.7", "PDF"),
        (b'<?xml version="1.0"?><kml xmlns="">', "content is KML, not a table; save it as GeoJSON"),
    ],
)
def test_case_16_web_pages_and_other_files_are_no_tables(read, data, word):
    with pytest.raises(DataError, match=word):
        read(data)


def test_case_20_a_file_that_changes_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    intake = Intake(tmp_path)
    intake.register(path)
    path.write_text("a\n2\n")
    with pytest.raises(DataError, match="changed while it was being read"):
        read_table(path, intake)


@pytest.mark.parametrize("pattern", ["../x.csv", "/etc/passwd", "http://x/y.csv", "/vsicurl/http://x", "a/../../b"])
def test_case_21_patterns_never_leave_the_data_folder(tmp_path, pattern):
    with pytest.raises(DataError, match="leaves the data folder"):
        find_files(tmp_path, [pattern], "stations")


def test_case_67_missing_marks():
    texts = ["", "NA", "NaN", "-", "—", "/", "null", "-999", "-99.9", "9999", "99999", "-;", " na "]
    values, bad = to_numbers(texts)
    assert np.isnan(values).all() and not bad.any() and len(MARKS) > 10
    values, bad = to_numbers(["0", "-1", "999", "１２．５", "offline", "inf", "1e400", "35²", "①"])
    assert values[:4].tolist() == [0.0, -1.0, 999.0, 12.5] and bad.tolist() == [False] * 4 + [True] * 5


def test_hostile_names_survive_as_data(read):
    names = ["=HYPERLINK(1)", "@SUM(A1)", "+cmd", "<script>alert(1)</script>", "${7*7}", "`x`", "\u202egnp", "{{7*7}}"]
    table = read("name,a\n" + "".join(f'"{name}",1\n' for name in names))
    assert table.frame["name"].tolist() == names


def test_one_file_read_twice_is_counted_once(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3\n")
    intake = Intake(tmp_path)
    for _ in range(2):
        read_table(tmp_path / "a.csv", intake).close()
    assert intake.counts["read"] == 2 and len(intake.quarantine) == 1


cell = st.text(alphabet='ab1,"\n\r 监µ.', max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_was_written_is_read(tmp_path_factory, rows, end):
    def quoted(text):
        return '"' + text.replace('"', '""') + '"'

    path = tmp_path_factory.mktemp("t") / "a.csv"
    body = end.join(["a,b,c", *(",".join(map(quoted, row)) for row in rows), ""])
    path.write_bytes(body.encode())
    table = read_table(path, Intake(path.parent), encoding="utf-8")
    assert table.frame.to_numpy(dtype=object).tolist() == rows


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_no_bytes_break_the_law(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("t") / "a.csv"
    path.write_bytes(b"a,b\n" + data)
    intake = Intake(path.parent)
    try:
        table = read_table(path, intake)
    except DataError:
        return
    table.close()
    intake.check()
    whole = path.read_bytes()
    for row in intake.quarantine:
        assert row.raw in whole


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='a,"\n\r', max_size=40))
def test_records_are_those_of_the_csv_module(text):
    import csv

    try:
        found = scan(text.encode())
    except DataError:
        return
    if found.open_quote:
        return
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    # The csv module keeps lines of blanks and of empty quotes, which are no rows here and there alike.
    assert found.n_field.tolist() == [len(row) for row in rows]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="监测站点细颗粒物东四µ°abc,1\n", min_size=1, max_size=60))
def test_decoding_gives_the_text_back(text):
    for coding in ("utf-8", "utf-16", "gb18030"):
        try:
            decoded, found = decode(text.encode(coding), "a.csv")
        except DataError as error:
            assert "both as UTF-8 and as GB18030" in str(error) or "UTF-16" in str(error)
            continue
        if found != "utf-8" or coding == "utf-8":
            assert decoded.decode() == text
