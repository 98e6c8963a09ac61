"""The network from its tables to sheets, packages, the public list and the ledger (B1, B12, B13, B25, C16, D17)."""

import csv
import io
import re
import zipfile

import loop_town
import openpyxl
import pytest
from pypdf import PdfReader

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.answers.past import known_past
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.manifest import read_manifest
from hotspot.study import load_study
from hotspot.variables import DataError
from hotspot.workflows.closing.loop import record_feedback_file
from hotspot.workflows.closing.network import (
    joined_cells,
    people_of_month,
    register_of,
    show_network,
    staffing_sentences,
)
from hotspot.workflows.monthly.month import run_month
from hotspot.workflows.periods.assessment import assess_month
from hotspot.workflows.proof.verify import verify_month
from hotspot.workflows.yearly.atlas import write_atlas

MONTH = "2025-12"
ALARM = {"hours": 3, "state": "pushed", "peak": 180.0, "end": "2025-12-05T07:00", "why": ""}


@pytest.fixture(scope="module")
def town(small_copy, tmp_path_factory):
    """Without weather: whose a cell is hangs on no wind, and a month, here made twice, takes half as long."""
    path = small_copy(tmp_path_factory.mktemp("town"))
    text = re.sub(r"(?ms)^\[\[weather\]\].*?(?=^\[\[)", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    return loop_town.with_network(path)


@pytest.fixture(scope="module")
def published(town, decoded_before, tmp_path_factory):
    """A month of the town, made when its ledger already knew an alarm of every cell; one of its warned cells."""
    out = tmp_path_factory.mktemp("out")
    decoded_before(out / town.id, levels=False)
    with open_ledger(out / town.id / "ledger.sqlite") as ledger:
        for cell in town.cells["cell"].values.astype(str):
            body = ALARM | {"alarm": f"a-{cell}", "cell": cell, "sub_cell": f"{cell}-27", "time": "2025-12-05T04:00"}
            ledger.append("alarm", MONTH, body)
    folder = run_month(town, MONTH, out=out)
    with open(folder / "warnings.csv", encoding="utf-8", newline="") as stream:
        return folder, next(csv.DictReader(stream))["cell"], out


def test_b1_cells_are_joined_to_the_units_of_every_tier(town):
    register, shapes = register_of(town)
    table = joined_cells(town, register, shapes, "2025-12-31")
    n_cell = town.cells.sizes["cell"]
    townships = table[table["tier"] == "township"]
    whole = dict(zip(town.cells["cell"].values.astype(str), town.cells["area_share"].values, strict=True))
    assert townships.groupby("cell")["share"].sum().to_dict() == pytest.approx(whole, abs=1e-6)
    assert townships["owner"].sum() == n_cell
    upper = table[table["tier"].isin(["county", "park"])]
    assert upper["owner"].sum() == n_cell, "county and park are one tier: one owner a cell"
    park = upper[upper["tier"] == "park"]
    assert 0 < park["owner"].sum() < len(park) and (park.loc[park["owner"], "share"] > 0.5).all()
    first = town.with_criteria(network={"overlap": "county_first"})
    other = joined_cells(first, register, shapes, "2025-12-31")
    assert not other.loc[other["tier"] == "park", "owner"].any()
    key = table[table["tier"] == "key"]
    assert len(key) > 0 and (key["how"] == "radius").all() and not key["owner"].any()
    village = table[table["tier"] == "village"]
    assert set(village["how"]) == {"parent"} and not village["owner"].any()


def test_b3_check_and_the_command_tell_what_is_lacking(town, tmp_path):
    told = staffing_sentences(town, MONTH)
    assert told == [
        "枣林乡(示例): 缺监督员1名 (1 supervisor lacking; B3)",
        "枣林乡(示例): 缺专职监督员1名 (1 full-time lacking; B3)",
    ]
    answer = show_network(town, out=tmp_path)
    assert [row["en"] for row in answer["findings"]] == ["1 supervisor lacking", "1 full-time lacking"]
    book = openpyxl.load_workbook(tmp_path / town.id / "loop" / "network.xlsx")
    assert book.sheetnames == ["网格", "人员", "配备", "网格对应"]
    notes = [str(row[0].value) for row in book["配备"].iter_rows()]
    assert any("乡镇网格员人数：3至5名" in text for text in notes), "the reading applied stands at the foot"
    first = (tmp_path / town.id / "loop" / "network.xlsx").read_bytes()
    show_network(town, out=tmp_path)
    assert (tmp_path / town.id / "loop" / "network.xlsx").read_bytes() == first


def test_b25_the_public_list_has_chiefs_and_complaint_lines_and_no_private_number(town, tmp_path):
    show_network(town, out=tmp_path)
    with open(tmp_path / town.id / "public" / "people.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert set(rows[0]) == {"单位", "层级", "网格职务", "姓名", "投诉电话"}
    assert {row["网格职务"] for row in rows} == {"网格长", "副网格长"}
    by_unit = {row["单位"]: row["投诉电话"] for row in rows}
    assert by_unit["枣林乡(示例)"] == "0994-12369" and by_unit["柳林镇(示例)"] == ""
    assert not any("0994-200" in value or "1990000" in value for row in rows for value in row.values())


def test_a_study_without_a_register_says_what_to_add(small_study, tmp_path):
    study = load_study(small_study, data=small_study.parent)
    assert people_of_month(study, MONTH) == {} and staffing_sentences(study, MONTH) == []
    with pytest.raises(DataError, match=r"add \[network\]"):
        show_network(study, out=tmp_path)


def test_d17_names_and_phones_stand_on_sheets_and_what_lies_behind_the_cell(town, published):
    folder, cell, _ = published
    chief, supervisor, _ = people_of_month(town, MONTH)[cell]
    text = PdfReader(folder / "sheets" / f"{cell}.pdf").pages[0].extract_text()
    text = "".join(text.split())
    assert chief.name in text and chief.phone in text and supervisor.name in text
    assert "近一年报警1次" in text and "27号小格" in text
    assert "近一年报警1次" in (folder / "map.html").read_text(encoding="utf-8")


def test_b3_the_atlas_prints_who_looks_after_a_cell(town, published):
    _, _, out = published
    (book, *_) = write_atlas(town, 2025, out=out)
    text = "".join(page.extract_text() for page in PdfReader(book).pages)
    text = "".join(text.split())
    names = {who[0].name for who in people_of_month(town, MONTH).values()}
    assert any(name in text for name in names) and "0994-2001001" in text


def test_the_past_of_a_published_month_is_verified_and_what_comes_later_is_none_of_it(town, published):
    folder, cell, out = published
    with open_ledger(out / town.id / "ledger.sqlite") as ledger:
        body = ALARM | {"alarm": "late", "cell": cell, "sub_cell": f"{cell}-27", "time": "2025-12-28T04:00"}
        ledger.append("alarm", MONTH, body)
        told = known_past(ledger, MONTH, [cell], town.criteria.clocks)
    assert read_manifest(folder)["past"][cell] == told[cell] and "1次" in told[cell][0][0]
    told = verify_month(folder, study=town.path, data=town.root)
    assert told["verified"], told["differences"]


def test_b13_c16_every_department_gets_its_slip(town, published):
    folder, _, _ = published
    with zipfile.ZipFile(sorted((folder / "packages").glob("*.zip"))[0]) as archive:
        names = archive.namelist()
        slips = sorted(name for name in names if name.startswith("handover-"))
        assert {"handover-ecology.docx", "handover-ecology.xlsx", "handover-housing.docx"} <= set(slips)
        n_items = 0
        for name in slips:
            if name.endswith(".xlsx"):
                sheet = openpyxl.load_workbook(io.BytesIO(archive.read(name))).active
                n_items += sum(1 for row in sheet.iter_rows(min_row=3) if isinstance(row[0].value, int))
        checks = openpyxl.load_workbook(io.BytesIO(archive.read("checklists.xlsx")))
        assert n_items > 50, checks.sheetnames
        with zipfile.ZipFile(io.BytesIO(archive.read("handover-housing.docx"))) as word:
            body = word.read("word/document.xml").decode("utf-8")
        assert "住房城乡建设部门" in body and "交办后5个工作日内" in body


def test_b12_an_interested_visit_is_set_aside_with_its_reason(town, published, tmp_path):
    _, cell, out = published
    people = town.root / "people.csv"
    kept = people.read_text(encoding="utf-8")
    try:
        lines = kept.splitlines()
        head = lines[0] + ",利害关系"
        body = [line + (",F0001" if line.startswith("p-柳林监0") else ",") for line in lines[1:]]
        people.write_text("\n".join([head, *body]) + "\n", encoding="utf-8")
        row = {
            "month": MONTH,
            "cell": cell,
            "time": "2026-01-05T10:00",
            "by": "柳林监0",
            "text": "看过",
            "facility": "F0001",
        }
        visit = loop_town.write_rows(tmp_path / "f.csv", [row, row | {"facility": "F0002"}])
        answer = record_feedback_file(town, visit, out=out)
    finally:
        people.write_text(kept, encoding="utf-8")
    assert answer["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 1}
    assert "avoidance: 柳林监0 has an interest in F0001 (B annex 1 art. 11)" in answer["sentences"][1]


def test_b12_an_enterprise_of_interest_is_known_by_its_name(town, published, tmp_path):
    """The register holds ids; whoever fills in a form writes the name on the gate."""
    _, cell, out = published
    own, other = Deliveries(town).facilities().iloc[[0, 1]].to_dict("records")
    people = town.root / "people.csv"
    kept = people.read_text(encoding="utf-8")
    try:
        lines = kept.splitlines()
        body = [line + (f",{own['facility']}" if line.startswith("p-柳林监1") else ",") for line in lines[1:]]
        people.write_text("\n".join([lines[0] + ",利害关系", *body]) + "\n", encoding="utf-8")
        row = {"month": MONTH, "cell": cell, "time": "2026-01-06T10:00", "by": "柳林监1", "text": "看过"}
        said = [own["facility"], own["name"], f" {own['name']}东门", other["name"], "路边"]
        visit = loop_town.write_rows(tmp_path / "f.csv", [row | {"facility": one} for one in said])
        answer = record_feedback_file(town, visit, out=out)
    finally:
        people.write_text(kept, encoding="utf-8")
    assert answer["counts"] == {"recorded": 2, "repeated": 0, "quarantined": 3}, answer["sentences"]
    assert all("avoidance: 柳林监1" in line for line in answer["sentences"][1:4])


def test_d21_a_month_before_the_programme_is_a_draft_only(town, tmp_path):
    early = town.with_criteria(holds={"start_month": "2026-01"})
    with pytest.raises(DataError, match=r"begin with 2026-01 \(D21\)"):
        run_month(early, MONTH, out=tmp_path)


def test_b14_items_2_and_3_of_the_assessment_are_filled_from_the_register(town, tmp_path):
    (tmp_path / town.id).mkdir()
    with open_ledger(tmp_path / town.id / "ledger.sqlite") as ledger:
        ledger.append("month", MONTH, {"warned": []})
    first = {row["unit"]: row["points"] for row in assess_month(town, MONTH, out=tmp_path)["units"]}
    assert set(first.values()) == {90}, "nothing was made public: item 3 is not met"
    show_network(town, out=tmp_path)
    answer = assess_month(town, MONTH, out=tmp_path)
    assert {row["points"] for row in answer["units"]} == {100} and len(answer["units"]) == 5
    people = town.root / "people.csv"
    kept = people.read_text(encoding="utf-8")
    try:
        people.write_text(
            "\n".join(line for line in kept.splitlines() if "柳林副" not in line) + "\n", encoding="utf-8"
        )
        rows = assess_month(town, MONTH, out=tmp_path)["rows"]
        basics = loop_town.write_rows(
            tmp_path / "b.csv", [{"month": MONTH, "unit": "城中区(示例)", "item": "2", "met": "是"}]
        )
        office = assess_month(town, MONTH, out=tmp_path, basics=basics)["rows"]
    finally:
        people.write_text(kept, encoding="utf-8")
    (row,) = rows
    assert (row["unit"], row["item"], row["points"]) == ("城中区(示例)", "2", -10)
    assert row["entry"] == "网格登记：没有副网格长包联：柳林镇(示例)"
    assert office == [], "what the office wrote wins"
