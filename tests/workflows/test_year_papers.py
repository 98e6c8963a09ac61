"""Papers of a year, the column of the paper, member offices (A6, B25, B26): made from register, tables and ledger."""

import csv
import shutil

import loop_town
import openpyxl
import pytest
from pypdf import PdfReader

from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.workflows.closing.cases import show_registers
from hotspot.workflows.closing.loop import record_feedback_file
from hotspot.workflows.closing.network import show_network
from hotspot.workflows.periods.calendar import due_products, write_letter

MEMBERS = [
    {"成员单位": "气象局", "职能": "监测；预警", "职责": "空气质量预报会商", "联络员": "风某", "联系电话": "0994-1"},
    {"成员单位": "生态环境局", "职能": "管理、执法", "职责": "统筹协调", "联络员": "云某", "联系电话": "0994-2"},
    {"成员单位": "某局", "职能": "看天"},
]
CASE = {"case": "c1", "title": "某企业A超标排放案", "text": "某企业A夜间排放。\n经查，已整改。", "ready": "2025-12-10"}


@pytest.fixture(scope="module")
def town(small_copy, tmp_path_factory):
    """The town with member offices, a contact, and its ledger with a case and a reward of one week."""
    root = tmp_path_factory.mktemp("year")
    path = small_copy(root / "study")
    loop_town.write_tables(path.parent)
    loop_town.write_rows(path.parent / "members.csv", MEMBERS)
    opened = loop_town.with_network(path, more=loop_town.LOOP)
    text = opened.path.read_text(encoding="utf-8").replace("[network]", '[network]\nmembers = "members.csv"', 1)
    opened.path.write_text(text, encoding="utf-8")
    opened = load_study(opened.path, data=path.parent)
    loop_town.fill_ledger(opened, root / "out")
    with open_ledger(root / "out" / opened.id / "ledger.sqlite") as ledger:
        ledger.append("case", "2025-12", CASE)
        ledger.append("reward", "2025-12", {"reward": "R1", "reported": "2025-12-11", "amount": "500"})
        ledger.append("reward", "2025-12", {"reward": "R2", "reported": "2025-12-15", "amount": "900"})
    return opened, root / "out"


def text_of(files, name):
    path = next(path for path in files if path.endswith(f"{name}.pdf"))
    return "".join("".join(page.extract_text() for page in PdfReader(path).pages).split())


def test_b25_the_column_has_the_weeks_case_and_names_nobody(town, tmp_path):
    study, source = town
    out = shutil.copytree(source, tmp_path / "out")
    show_network(study, day="2025-12-01", out=out)
    text = text_of(write_letter(study, "column", "2025-W50", out=out)["files"], "column")
    assert "《某企业A超标排放案》" in text and "经查，已整改" in text
    assert "兑现举报奖励1件，500元" in text, "the reward of the next week is not told"
    assert "枣林乡(示例)：0994-12369" in text
    with open(study.root / "people.csv", encoding="utf-8") as stream:
        assert not [row["姓名"] for row in csv.DictReader(stream) if row["姓名"] in text]
    none = text_of(write_letter(study, "column", "2025-W51", out=out)["files"], "column")
    assert "没有可以公开的典型案例" in none
    due = {(row["product"], row["period"]) for row in due_products(study, "2025-12-15", out=out)["rows"]}
    assert ("column", "2025-W50") in due


def test_b26_every_county_and_park_gets_its_letter_and_once_sent_it_is_no_finding(town, tmp_path):
    study, source = town
    out = shutil.copytree(source, tmp_path / "out")
    lacking = "2025年目标责任书没有下达的记录（B26）"
    assert lacking in show_registers(study, "2025-12-31", out=out)["findings"]
    answer = write_letter(study, "responsibility", "2025", out=out, sent="2025-12-20T09:00", by="张")
    stems = sorted({path.rsplit("/", 1)[1].rsplit(".", 1)[0] for path in answer["files"]})
    codes = ["C990101", "C990102", "C990201", "C990202", "G1"]
    assert stems == [f"responsibility-{code}" for code in codes]
    text = text_of(answer["files"], "responsibility-C990202")
    assert "临沙县(示例)" in text and "临沙县县长、临沙县书记" in text and "枣林乡(示例)缺专职监督员1名" in text
    assert "1小时（B5）" in text and "每个扣1" in text and "3—5名" in text and "统筹+检查+执法" in text
    assert lacking not in show_registers(study, "2025-12-31", out=out)["findings"]
    assert lacking in show_registers(study, "2025-12-19", out=out)["findings"], "sent later has not happened yet"
    with pytest.raises(ValueError, match="responsibility is of a year"):
        write_letter(study, "responsibility", "2025-12", out=out)


def test_b26_the_plan_has_targets_rhythm_trainings_and_the_year_before(town, tmp_path):
    study, source = town
    out = shutil.copytree(source, tmp_path / "out")
    text = text_of(write_letter(study, "plan", "2026", out=out)["files"], "plan")
    assert "2025年推送报警60次，反馈率80.00%（48/60）" in text and "没有交付2026年目标值" in text
    assert "不少于1次" in text and "2025年有24个单位未达到，一季度内补训：" in text and "报纸专栏每周州本级报社" in text
    now = text_of(write_letter(study, "plan", "2025", out=out)["files"], "plan")
    assert "云岭市(示例)PM2.550" in now


def test_a6_member_offices_sign_the_consultation_that_tells_what_the_last_one_decided(town, tmp_path):
    study, source = town
    out = shutil.copytree(source, tmp_path / "out")
    answer = show_network(study, day="2025-12-01", out=out)
    assert answer["members"] == 2 and any("没有成员单位承担：指挥" in line for line in answer["sentences"])
    assert any("看天" in line and "set aside" in line for line in answer["sentences"])
    book = openpyxl.load_workbook(answer["files"][0])
    assert [row[0].value for row in book["成员单位"].iter_rows(min_row=3, max_row=4)] == ["气象局", "生态环境局"]
    rows = [
        {"会商编号": "H1", "会商日期": "2025-12-09", "会商决定": "启动橙色预警", "参加单位": "气象局；生态环境局"},
        {"会商编号": "H2", "会商日期": "2025-12-12", "会商决定": "解除", "参加单位": "气象局"},
        {"会商编号": "H3", "会商日期": "2025-12-09", "会商决定": "无", "参加单位": "外星局"},
    ]
    told = record_feedback_file(study, loop_town.write_rows(tmp_path / "c.csv", rows), out=out)
    assert told["what"] == "consultations" and told["counts"] == {"recorded": 2, "repeated": 0, "quarantined": 1}
    text = text_of(write_letter(study, "consultation", "2025-12-12", out=out)["files"], "consultation")
    assert "2025-12-09会商（2个单位参加）决定：启动橙色预警。" in text, "not the one of the day itself"
    assert "气象局监测、预警风某" in text and "签到" in text


def test_b26_a_training_is_recorded_where_the_study_names_its_people(town, tmp_path):
    study, source = town
    out = shutil.copytree(source, tmp_path / "out")
    rows = [{"培训编号": "T1", "单位": "双桥镇(示例)", "培训日期": "2025-12-09", "培训内容": "巡查", "人次": "12"}]
    finding = "双桥镇(示例)：2025年未组织培训（B26）"
    assert finding in show_registers(study, "2025-12-31", out=out)["findings"]
    told = record_feedback_file(study, loop_town.write_rows(tmp_path / "t.csv", rows), out=out)
    assert told["counts"] == {"recorded": 1, "repeated": 0, "quarantined": 0}
    assert finding not in show_registers(study, "2025-12-31", out=out)["findings"]
