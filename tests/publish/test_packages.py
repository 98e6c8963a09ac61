"""What one city gets, and its return form: there and back again (D16, D20, D24)."""

import io
import zipfile
from types import SimpleNamespace
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
from hostile import PAYLOADS
from map_page import data_of
from notice_case import codes_of, edition, notice_case
from test_notice import MONTH, docx_text, pdf_text

from hotspot.grid.datum import from_wgs84
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.office.warned.field_files import field_kmz, ovital_text
from hotspot.publish.office.warned.notices import write_notices
from hotspot.publish.office.warned.packages import _routes
from hotspot.publish.office.warned.return_form import COLUMNS, GIVEN, NONE, ROWS, return_form, returned
from hotspot.publish.tables.lists import read_warnings, write_warnings
from hotspot.publish.web.city_map import city_map
from hotspot.rules.classes import problem_types, source_classes
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import record_feedback_file

OWN = {
    "notice.docx",
    "notice.pdf",
    "warnings.csv",
    "not_ranked.csv",
    "warnings.xlsx",
    "checklists.xlsx",
    "return-form.xlsx",
    "field.kmz",
    "ovital.txt",
    "field.gpkg",
    "field.qgz",
    "form.xlsx",
    "map.html",
}
HEADS = list(COLUMNS)


@pytest.fixture(scope="module")
def case():
    return notice_case()


def duties(case, cells):
    """Departments that answer for something on the cells' checklists (C16)."""
    rows = case.checklist[case.checklist["cell"].isin(cells) & (case.checklist["zh"] != "")]
    return {source_classes()[key].department for key in rows["class_"]}


@pytest.fixture(scope="module")
def folder(case, tmp_path_factory):
    """A month's folder with sheets, reports and an inventory, announced."""
    folder = tmp_path_factory.mktemp("month")
    (folder / "sheets").mkdir()
    (folder / "reports").mkdir()
    for code in codes_of(case):
        (folder / "sheets" / f"{code}.pdf").write_bytes(code.encode())
    for code in ("410100", "410200"):
        (folder / "reports" / f"{code}.pdf").write_bytes(code.encode())
    (folder / "report.pdf").write_bytes(b"whole")
    (folder / "inventory.csv").write_text('facility,city\nF1,甲州市\nF2,乙川市\n"F,3",甲州市\n', encoding="utf-8")
    write_notices(folder, case.study, MONTH, case, edition())
    return folder


def members(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(data):
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


@pytest.mark.parametrize(("code", "city"), [("410100", "甲州市"), ("410200", "乙川市")])
def test_a_package_holds_what_is_the_citys(case, folder, code, city):
    found = members(folder / "packages" / f"{code}.zip")
    mine, theirs = codes_of(case, city), set(codes_of(case)) - set(codes_of(case, city))
    slips = {f"handover-{department}.{end}" for department in duties(case, mine) for end in ("docx", "xlsx")}
    assert set(found) == OWN | slips | {"report.pdf", "inventory.csv"} | {f"sheets/{cell}.pdf" for cell in mine}
    assert found["report.pdf"] == code.encode() and found[f"sheets/{mine[0]}.pdf"] == mine[0].encode()
    lines = {"甲州市": ["F1,甲州市", '"F,3",甲州市'], "乙川市": ["F2,乙川市"]}[city]
    assert found["inventory.csv"].decode().splitlines() == ["facility,city", *lines]
    for text in (pdf_text(found["notice.pdf"]), docx_text(found["notice.docx"]), found["warnings.csv"].decode()):
        assert all(cell in text for cell in mine) and not any(cell in text for cell in theirs)
    assert f"{city}生态环境局：" in docx_text(found["notice.docx"])
    assert set(openpyxl.load_workbook(io.BytesIO(found["checklists.xlsx"])).sheetnames).isdisjoint(theirs)


def test_the_citys_rows_are_those_of_the_list(case, folder, tmp_path):
    whole = read_warnings(write_warnings(tmp_path / "all.csv", case.warned, 1))
    for code, city in (("410100", "甲州市"), ("410200", "乙川市")):
        path = tmp_path / f"{code}.csv"
        path.write_bytes(members(folder / "packages" / f"{code}.zip")["warnings.csv"])
        expected = whole[whole["city"] == city].reset_index(drop=True)
        pd.testing.assert_frame_equal(read_warnings(path), expected)


def test_the_route_of_another_city_stays_there(case):
    cells = codes_of(case, "甲州市")
    rows = [("city", "甲州市"), ("cell", cells[0]), ("city", "乙川市"), ("cell", "XX0000X")]
    routes = pd.DataFrame(rows, columns=["scope", "of"])
    assert _routes(routes, "甲州市", set(cells))["of"].tolist() == ["甲州市", cells[0]]
    assert _routes(None, "甲州市", set(cells)) is None


def test_packages_carry_no_clock_and_no_traces(folder):
    for path in (folder / "packages").iterdir():
        with zipfile.ZipFile(path) as archive:
            assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert archive.namelist() == sorted(archive.namelist())
            assert all(name.isascii() for name in archive.namelist())
    assert not [path for path in folder.iterdir() if path.name.startswith(".")], "the temporary folder is gone"


def test_one_city_gets_the_whole_report(tmp_path):
    case = notice_case(word="独市")
    (tmp_path / "report.pdf").write_bytes(b"whole")
    write_notices(tmp_path, case.study, MONTH, case, edition())
    (path,) = (tmp_path / "packages").iterdir()
    assert members(path)["report.pdf"] == b"whole" and "inventory.csv" not in members(path)


def test_the_form_has_three_rows_a_cell_and_controlled_words(case, folder):
    data = members(folder / "packages" / "410100.zip")["return-form.xlsx"]
    rows = rows_of(data)
    assert rows[0] == HEADS
    mine = codes_of(case, "甲州市")
    assert [row[1] for row in rows[1:]] == [cell for cell in mine for _ in range(ROWS)]
    assert all(row[0] == MONTH and row[len(GIVEN) :] == [None] * (len(HEADS) - len(GIVEN)) for row in rows[1:])
    book = openpyxl.load_workbook(io.BytesIO(data))
    rules = book.worksheets[0].data_validations.dataValidation
    named = {HEADS[next(iter(rule.sqref.ranges)).min_col - 1]: rule for rule in rules}
    assert set(named) == {"问题类型", "是否完成", "检查污染源（家）", "排查时间", "整改期限"}
    assert all(next(iter(rule.sqref.ranges)).max_row > len(rows) for rule in rules), "added rows are checked too"
    sheet, cells = named["问题类型"].formula1.split("!")
    choices = [cell[0].value for cell in book[sheet][cells.replace("$", "")]]
    assert choices == [*(kind["zh"] for kind in problem_types().values()), NONE]


def filled(data, path, answers):
    """The form as an office fills it in: answers by row of the sheet."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for line, given in answers.items():
        for head, value in given.items():
            book.worksheets[0].cell(line, HEADS.index(head) + 1).value = value
    book.save(path)
    return path


def test_d20_a_filled_form_is_read_back(case, folder, tmp_path):
    study, pairs = case.study, case.warned[["cell", "reason"]].values.tolist()
    place = tmp_path / study.id
    place.mkdir()
    with open_ledger(place / "ledger.sqlite") as ledger:
        ledger.append("month", MONTH, {"warned": pairs})
    visit = {
        "签收人": "李",
        "排查时间": pd.Timestamp("2020-04-03 10:00").to_pydatetime(),
        "填报人": "王",
        "检查污染源（家）": 3,
        "问题类型": "工地扬尘",
        "检查情况和问题": "裸土未苫盖",
        "整改措施": "苫盖",
        "是否完成": "否",
        "照片编号": "1-3",
    }
    clean = {"排查时间": "2020-04-04 09:30", "填报人": "赵", "问题类型": NONE, "检查情况和问题": "正常"}
    early = visit | {"排查时间": "2020-03-30 10:00"}
    data = members(folder / "packages" / "410100.zip")["return-form.xlsx"]
    path = filled(data, tmp_path / "back.xlsx", {2: visit, 3: clean, 4: {"填报人": "孙"}, 5: early})
    answer = record_feedback_file(study, path, out=tmp_path)
    assert answer["counts"] == {"recorded": 2, "repeated": 0, "quarantined": 2}
    assert answer["sentences"][1:] == [
        "back.xlsx, row 4: time is missing; set aside",
        "back.xlsx, row 5: the visit 2020-03-30 10:00 is before the warned month was over; set aside",
    ]
    with open_ledger(place / "ledger.sqlite") as ledger:
        first, second = (entry.body for entry in ledger.entries("feedback"))
    cell = codes_of(case, "甲州市")[0]
    assert first["cell"] == second["cell"] == cell and first["month"] == MONTH and first["by"] == "王"
    assert first["time"] == "2020-04-03 10:00:00" and first["problem"] == "site_dust" and first["text"] == "裸土未苫盖"
    assert (first["sources"], first["photos"], first["done"]) == ("3", "1-3", "否") and second["problem"] == "none"
    again = record_feedback_file(study, path, out=tmp_path)
    assert again["counts"]["repeated"] == 2 and again["counts"]["recorded"] == 0


def test_a_table_with_the_ledgers_names_is_taken_as_before():
    table = pd.DataFrame({"month": ["2020-02"], "cell": ["A"], "problem": ["工地扬尘"], "text": [""]})
    assert returned(table, "t.csv", ("month", "cell")) is table
    with pytest.raises(DataError, match=r"t\.csv: column 'by' is missing"):
        returned(table, "t.csv", ("month", "by"))
    with pytest.raises(DataError, match="column 'time' is missing; the header has: 月份, 填报人"):
        returned(pd.DataFrame({"月份": [""], "填报人": [""]}), "t.csv", ("month", "time"))


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_case_101_hostile_names_in_the_form_are_text(name):
    case = notice_case(word=PAYLOADS[name])
    data = return_form(case.study, MONTH, PAYLOADS[name], case.warned)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml and "externalLink" not in "".join(members(io.BytesIO(data)))
    openpyxl.load_workbook(io.BytesIO(data))
    header = xml.split("<oddHeader>")[1].split("</oddHeader>")[0]
    assert len(header) < 256 and header.startswith("&amp;C&amp;16") and "热点网格预警排查整改回执" in header


def test_field_files_open_on_a_phone_and_name_their_datum(case, folder):
    """KML 2.2 with 36 sub-cells a cell and the sources in visiting order; Ovital's lines carry the GCJ-02 flag."""
    mine = codes_of(case, "甲州市")
    found = members(folder / "packages" / "410100.zip")
    with zipfile.ZipFile(io.BytesIO(found["field.kmz"])) as archive:
        assert archive.namelist() == ["doc.kml"]
        root = ElementTree.fromstring(archive.read("doc.kml"))
    of = {"k": "http://www.opengis.net/kml/2.2"}
    folders = root.findall(".//k:Folder", of)
    assert [part.findtext("k:name", "", of).split("/")[-1] for part in folders] == mine
    assert not root.findall(".//k:href", of), "nothing points to the network"
    lines = found["ovital.txt"].decode().splitlines()
    assert all(len(line.split(" ")) == 5 and line.startswith("g ") for line in lines)
    points = {}
    for part, cell in zip(folders, mine, strict=True):
        sources = case.traced[case.traced["cell"] == cell].sort_values("order")
        marks = part.findall("k:Placemark", of)
        assert len(marks) == 1 + len(sources) + 36
        here = [mark for mark in marks if mark.find("k:Point", of) is not None]
        assert [mark.findtext("k:name", "", of).split(".")[0] for mark in here] == [str(n) for n in sources["order"]]
        at = [tuple(map(float, mark.findtext("k:Point/k:coordinates", "", of).split(","))) for mark in here]
        assert at == [pytest.approx(place, abs=1e-6) for place in sources[["lon", "lat"]].itertuples(index=False)]
        points[cell] = at
    at = [tuple(map(float, line.split(" ")[2:4])) for line in lines]
    expected = []
    for cell in mine:
        centre = case.study.grid.unproject(*case.study.grid.centre(*case.study.grid.parse(cell)))
        expected += [tuple(map(float, from_wgs84(*place, "gcj02"))) for place in (centre, *points[cell])]
    assert at == [pytest.approx(place, abs=1e-6) for place in expected]


def test_the_map_of_a_package_holds_the_city_and_no_other(case, folder):
    """Its cells, its facilities and those its sheets name; none of the neighbour's; small, the same bytes again."""
    for code, city in (("410100", "甲州市"), ("410200", "乙川市")):
        page = members(folder / "packages" / f"{code}.zip")["map.html"].decode()
        assert page == city_map(case.study, case, city).html
        data, other = data_of(page), "乙川市" if city == "甲州市" else "甲州市"
        assert {unit[0] for unit in data["cells"]["units"]} == {city} and other not in page
        assert data["cells"]["n"] == int((case.field["city"] == city).sum())
        mine = case.warned[case.warned["cell"].isin(codes_of(case, city))]
        assert [row["k"] for row in data["warned"]] == mine["rank"].tolist()
        named = set(case.traced.loc[case.traced["cell"].isin(mine["cell"]), "facility"])
        there = set(case.inventory.loc[case.inventory["city"] == city, "facility"])
        assert {row["facility"] for row in data["facilities"]["rows"]} == named | there
        assert set(data["traced"]) <= {str(row["i"]) for row in data["warned"]}
        assert len(page.encode()) < 450_000 and f"<title>{city}热点网格与预警" in page


def test_what_is_told_beside_sources_is_cut_too(case):
    """Calm hours and places to look first are told by cell: those of the other city's cells stay there."""
    cells = codes_of(case)
    traced = case.traced.copy()
    traced.attrs["hours"] = {cell: {"calm_month": True, "calm_share": 0.42, "calm_hours": 300} for cell in cells}
    whole = SimpleNamespace(**vars(case) | {"traced": traced})
    data = data_of(city_map(case.study, whole, "乙川市").html)
    assert len(data["calm"]) == len(codes_of(case, "乙川市")) < len(cells)


def test_names_of_field_files_are_harmless():
    case = notice_case()
    for payload in PAYLOADS.values():
        traced = case.traced.assign(name=payload)
        raw = zipfile.ZipFile(io.BytesIO(field_kmz(case.study.grid, MONTH, case.warned, traced))).read("doc.kml")
        ElementTree.fromstring(raw)
        assert b"<script" not in raw.lower()
        lines = ovital_text(case.study.grid, case.warned, traced).decode().split("\r\n")[:-1]
        assert all(len(line.split(" ")) == 5 and line.isprintable() for line in lines)
