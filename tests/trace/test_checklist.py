"""checklists.xlsx and what stands in it: one list per cell, two views, routes, census, controlled words."""

import openpyxl
import pandas as pd
import pytest
import xarray as xr
from hostile import PAYLOADS
from paper_case import paper_case

from hotspot.publish.tables.checklist_tables import CENSUS, WORDS
from hotspot.publish.tables.checklists import INDEX, PATROL, by_cell, by_class, write_checklists
from hotspot.rules.classes import area_classes, dossier_papers, problem_types, source_classes
from hotspot.rules.criteria import Criteria
from hotspot.trace.visits.checklist import AREA_PHOTOS, BLANK_ROWS, checklist
from hotspot.trace.visits.inventory import inventory
from hotspot.trace.visits.route import routes


def full_case(**options):
    """The paper month with its inventory, its routes, and papers of the enterprises."""
    case = paper_case(**options)
    case.facilities = case.facilities.assign(eia=["yes", "no", ""] * 13 + ["yes"], permit=options.get("word", "9142A"))
    case.inventory = inventory(
        case.facilities, case.field, case.study.grid, boundaries=case.study.boundaries, hot=case.hot, warned=case.warned
    )
    for facility, city, county in (("F011", "甲州市", "河口区"), ("F016", "甲州市", "东山县")):
        case.inventory.loc[case.inventory["facility"] == facility, ["city", "county"]] = city, county
    case.checklist = checklist(
        case.warned, case.traced, case.facilities, case.field, case.study.criteria, inventory=case.inventory
    )
    case.routes = routes(case.warned, case.traced, case.study.criteria, inventory=case.inventory)
    return case


@pytest.fixture(scope="module")
def case():
    return full_case()


@pytest.fixture(scope="module")
def book(case, tmp_path_factory):
    return openpyxl.load_workbook(write(tmp_path_factory.mktemp("book") / "c.xlsx", case))


def write(path, case):
    return write_checklists(
        path, study=case.study, month=case.month, warned=case.warned, checklist=case.checklist, routes=case.routes,
        inventory=case.inventory,
    )  # fmt: skip


def texts(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def items(sheet):
    return [row for row in texts(sheet) if row[0] == "□"]


# The list of a cell


def test_every_traced_facility_stands_on_its_cells_list_once(case):
    """Nothing is lost between the tracing and the list: each enterprise with each item of its class, once."""
    rows = case.checklist
    assert not rows.duplicated(["cell", "facility", "item"]).any()
    for cell in case.warned["cell"].unique():
        own = rows[rows["cell"] == cell]
        traced = case.traced[case.traced["cell"] == cell]
        expected = {(f, i.code) for f, key in zip(traced["facility"], traced["class_"], strict=True)
                    for i in source_classes()[key].items}  # fmt: skip
        expected |= {("", item.code) for kind in area_classes() for item in kind.items}
        expected |= {("", f"blank-{n}") for n in range(1, BLANK_ROWS + 1)}
        assert set(zip(own["facility"], own["item"], strict=True)) == expected and len(own) == len(expected)
        assert own["number"].tolist() == list(range(1, len(own) + 1))
    assert set(rows["cell"]) == set(case.warned["cell"])


def test_d24_every_item_is_recorded_under_a_controlled_word(case):
    told = case.checklist[case.checklist["zh"] != ""]
    assert (
        set(told["problem"]) <= set(problem_types())
        and (case.checklist.loc[case.checklist["zh"] == "", "problem"] == "").all()
    )
    assert (told["problem_zh"] == told["problem"].map(lambda key: problem_types()[key]["zh"])).all()
    coal = told[told["item"] == "power-2"]
    assert set(coal["problem"]) == {"stockpile"}, "an item may name another type than its class"


def test_d15_the_deadline_counts_from_the_hand_over(case):
    assert set(case.checklist["deadline"]) == {"交办后5个工作日内"}
    quick = Criteria(handover={"feedback_workdays": 2})
    cells = case.field
    rows = checklist(case.warned, case.traced, case.facilities, cells, quick)
    assert set(rows["deadline"]) == {"交办后2个工作日内"} and rows["deadline_en"].str.contains("2 working days").all()


def test_c10_photo_slots_of_sources_nobody_registered(case):
    for _, own in case.checklist.groupby("cell"):
        slots = " ".join(own["photos"]).split()
        assert slots == [f"P{n:02d}" for n in range(1, len(slots) + 1)]
        assert len(slots) == AREA_PHOTOS * len(area_classes()) + BLANK_ROWS
        assert (own.loc[own["facility"] != "", "photos"] == "").all()


def test_b13_an_enterprise_is_its_own_countys_business(case):
    stands = case.inventory.set_index("facility")
    owner = {c: (a, b) for c, a, b in zip(*(case.field[n].values for n in ("cell", "city", "county")), strict=True)}
    rows = case.checklist[case.checklist["facility"] != ""].drop_duplicates(["cell", "facility"])
    modes = set()
    for _, row in rows.iterrows():
        there, here = tuple(stands.loc[row["facility"], ["city", "county"]]), owner[row["cell"]]
        expected = "own" if there == here else "joint" if there[0] == here[0] else "cross_region"
        assert (row["mode"], row["lead"]) == (expected, " ".join(there))
        modes.add(row["mode"])
    assert modes == {"own", "joint", "cross_region"}


def test_b27_the_papers_of_an_enterprise_are_cited(case):
    own = case.checklist.drop_duplicates("facility").set_index("facility")
    listed = [f for f in ("F000", "F001", "F002", "F003", "F004", "F005", "F007", "F008") if f in own.index]
    words = {"yes": "环评 有；", "no": "环评 缺；", "": "环评 未登记；"}
    eia = case.facilities.set_index("facility")["eia"]
    assert listed
    for facility in listed:
        assert own.loc[facility, "dossier_zh"].startswith("台账：" + words[eia[facility]])
        assert "排污许可 有（9142A）" in own.loc[facility, "dossier_zh"]
    plain = paper_case().checklist
    assert (plain["dossier_zh"] == "").all(), "a register without papers says nothing of them"
    assert all(paper["zh"] in own.loc[listed[0], "dossier_zh"] for paper in dossier_papers().values())


# The workbook


def test_d13_one_cell_one_list_in_two_views(case, book):
    codes = case.warned.sort_values(["city", "cell"])["cell"].drop_duplicates().tolist()
    names = [name for code in codes for name in (code, code + PATROL)]
    assert book.sheetnames == [INDEX, "路线 乙川市", "路线 甲州市", *names, CENSUS, WORDS]
    rows = texts(book[INDEX])[2:]
    assert [row[0] for row in rows] == codes
    assert [row[6] for row in rows] == [len(items(book[code])) for code in codes]
    assert [row[7] for row in rows] == [len(items(book[code + PATROL])) for code in codes]


def test_c8_every_item_of_every_enterprise_stands_once(case, book):
    for code in case.warned["cell"].unique():
        expected = case.checklist[case.checklist["cell"] == code]
        rows = items(book[code])
        assert sorted(int(row[1]) for row in rows) == expected["number"].tolist()
        by_number = expected.set_index("number")
        for row in rows:
            own = by_number.loc[int(row[1])]
            assert (row[8] or "") == own["photos"]
            if own["zh"]:
                assert row[3:5] == [own["zh"], own["problem_zh"]] and row[5].startswith(own["department"])
                assert row[2] == {"patrol": "巡查", "enforcement": "执法"}[own["grade"]]
                assert row[6] == "交办后5个工作日内"
        text = "".join(str(row[0]) for row in texts(book[code]) if row[0])
        for name in expected.loc[expected["facility"] != "", "name"].unique():
            assert f"{name}　（" in text
        assert "补充：未登记的源" in text and "网格监督员：" in text and "24小时内上报" in text


def test_b11_the_patrol_view_is_the_same_list_without_what_only_an_officer_may_see(case, book):
    for code in case.warned["cell"].unique():
        own = case.checklist[case.checklist["cell"] == code]
        rows = items(book[code + PATROL])
        assert sorted(int(row[1]) for row in rows) == own.loc[own["grade"] == "patrol", "number"].tolist()
        assert {row[2] for row in rows if row[3]} == {"巡查"}
        logged = [row[0] for row in texts(book[code + PATROL]) if str(row[0]).startswith("P")]
        assert logged == " ".join(own["photos"]).split()


def test_what_is_found_is_chosen_from_the_words(case, book):
    words = [row[0] for row in texts(book[WORDS])[3:]]
    assert words == [problem["zh"] for problem in problem_types().values()]
    code = case.warned["cell"].iloc[0]
    for name in (code, code + PATROL):
        rules = {str(rule.sqref): rule.formula1 for rule in book[name].data_validations.dataValidation}
        lines = [cell.row for cell in book[name]["A"] if cell.value == "□"]
        (types,) = (at for at, formula in rules.items() if formula == f"{WORDS}!$A$4:$A${3 + len(words)}")
        first, last = (int(text.strip("E")) for text in types.split(":"))
        assert first < lines[0] and last == lines[-1]
        assert any("√" in formula for formula in rules.values())


def test_c10_a_cell_without_enterprises_is_no_empty_sheet(case, tmp_path):
    none = case.traced.iloc[:0]
    case = full_case()
    case.checklist = checklist(case.warned, none, None, case.field, case.study.criteria)
    case.routes = routes(case.warned, none, case.study.criteria)
    book = openpyxl.load_workbook(write(tmp_path / "c.xlsx", case))
    for code in case.warned["cell"].unique():
        rows = items(book[code])
        assert len(rows) == sum(len(kind.items) for kind in area_classes()) + BLANK_ROWS
        assert any("裸土地" in str(row[0]) for row in texts(book[code]))
    assert all("面源巡查" in row[6] for row in texts(book["路线 甲州市"])[3:] if row[6])


def test_d23_the_route_stands_with_its_minutes(case, book):
    plan = case.routes[(case.routes["scope"] == "city") & (case.routes["of"] == "乙川市")]
    rows = [row for row in texts(book["路线 乙川市"])[3:] if row[6]]
    assert len(rows) == len(plan) and (plan["left"] == "other city").any()
    for row, (_, stop) in zip(rows, plan.iterrows(), strict=True):
        assert stop["name"] in row[6] and row[3] == round(stop["minutes"])
        assert (row[4] or None) == (None if stop["left"] else round(stop["leave"]))
    said = "".join(str(row[0]) for row in texts(book["路线 乙川市"]))
    assert "直线距离" in said and "不在本市的" in said


def test_d14_the_census_stands_with_its_account(case, book):
    rows = texts(book[CENSUS])
    total = next(row for row in rows if row[0] == "合计")
    assert next(number for number in total[::-1] if number is not None) == len(case.inventory)
    assert any(str(row[0]).startswith(f"对账：登记册共{len(case.facilities)}行＝") for row in rows)
    warned = next(row for row in rows if row[0] == "其中：本月预警网格内")
    assert [n for n in warned if n is not None][-1] == (case.inventory["warned"] != "").sum()


def test_a_class_stands_once_with_its_enterprises_below(case):
    code = case.traced["cell"].value_counts().index[0]
    blocks = by_class(by_cell(case.checklist)[code])
    assert len({block["class_"] for block in blocks}) == len(blocks)
    listed = [facility for block in blocks for facility, _, _ in block["places"] if facility]
    assert sorted(listed) == sorted(case.traced.loc[case.traced["cell"] == code, "facility"])


def test_lists_alone_make_a_book_too(case, tmp_path):
    path = write_checklists(
        tmp_path / "c.xlsx", study=case.study, month=case.month, warned=case.warned, checklist=case.checklist.iloc[:0]
    )
    assert set(case.warned["cell"]) <= set(openpyxl.load_workbook(path).sheetnames)


def test_the_same_month_is_the_same_bytes(case, tmp_path):
    assert write(tmp_path / "a.xlsx", case).read_bytes() == write(tmp_path / "b.xlsx", full_case()).read_bytes()


def test_hostile_names_in_checklists_are_text(tmp_path):
    case, payloads = full_case(), list(PAYLOADS.values())
    for table, names in (
        (case.checklist, ("name", "lead", "partners", "why_zh", "dossier_zh")), (case.routes, ("name", "of")),
        (case.inventory, ("name", "city", "county")), (case.warned, ("city", "county", "township")),
    ):  # fmt: skip
        for name in names:
            firm = table[name] != ""
            table.loc[firm, name] = [payloads[k % len(payloads)] for k in range(firm.sum())]
    case.study.name = payloads[0]
    sheets = openpyxl.load_workbook(write(tmp_path / "c.xlsx", case)).worksheets
    for sheet in sheets:
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    assert any("=HYPERLINK" in str(row[0]) for sheet in sheets for row in texts(sheet))


def test_no_warned_cell_is_a_book_of_words(case, tmp_path):
    nobody = case.warned.iloc[:0]
    rows = checklist(nobody, case.traced.iloc[:0], None, xr.Dataset(coords={
        "cell": ["A"], "city": ("cell", ["甲"]), "county": ("cell", ["乙"])}), Criteria())  # fmt: skip
    path = write_checklists(
        tmp_path / "c.xlsx", study=case.study, month=case.month, warned=nobody, checklist=rows,
        routes=routes(nobody, case.traced.iloc[:0], Criteria()), inventory=case.inventory,
    )  # fmt: skip
    assert openpyxl.load_workbook(path).sheetnames == [INDEX, CENSUS, WORDS]
    assert isinstance(rows, pd.DataFrame) and not len(rows)
