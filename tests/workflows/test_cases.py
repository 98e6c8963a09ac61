"""Typical cases (B20), rewards (B25) and trainings (B26): the gate, the count to the character, no name left."""

import csv

import docx
import pytest
from loop_home import loop_home
from shell import run
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger
from hotspot.publish.office.periods.case import KINDS, Case, case_faults, length_of, read_case, redact
from hotspot.sources.intake import Intake
from hotspot.sources.places.facilities import load_facilities
from hotspot.study import load_study
from hotspot.variables import DataError

HEAD = {
    "title": "一起超标排放案", "facility": "F1", "decision_no": "昌环罚〔2025〕3号", "decided": "2025-03-01",
    "review_ended": "2025-09-02", "kind": "超标排放", "reviews": "甲、乙、丙", "proofs": "甲、乙、甲",
}  # fmt: skip


def of(body, **head):
    return Case(HEAD | head, body)


def fill(n):
    return "改" * n


@pytest.mark.parametrize(("n", "fits"), [(999, False), (1000, True), (1500, True), (1501, False)])
def test_b20_the_count_to_the_character(n, fits):
    if fits:
        assert redact(of(fill(n)), {}).count == n
    else:
        with pytest.raises(DataError, match=f"counts {n}; a case has 1000 to 1500"):
            redact(of(fill(n)), {})


def test_b20_what_counts_one():
    assert length_of("甲乙，丙。") == 5 and length_of("2025年") == 2 and length_of("PM2.5超标12.5%") == 6
    assert length_of("甲 乙\n\t丙") == 3


def test_b20_the_gate():
    assert case_faults(of(""), "2025-10-01") == []
    assert [bool(case_faults(of("", kind=kind), "2025-10-01")) for kind in (*KINDS, "别的")] == [False] * 8 + [True]
    assert "诉讼" in case_faults(of(""), "2025-09-01")[0]
    assert "早于" in case_faults(of("", review_ended="2025-02-01"), "2025-10-01")[0]
    assert "三审" in case_faults(of("", reviews="甲、乙、乙"), "2025-10-01")[0]
    assert "三校" in case_faults(of("", proofs="甲、乙"), "2025-10-01")[0]
    assert "不是日期" in case_faults(of("", decided="去年"), "2025-10-01")[0]
    with pytest.raises(DataError, match="has no reviews"):
        read_case("---\n" + "\n".join(f"{k}: {v}" for k, v in HEAD.items() if k != "reviews") + "\n---\n正文")


NAMES = {
    "facility": ["甲市宏远化工有限公司", "宏远化工二厂"], "person": ["王强", "王强国"], "code": ["T85711", "NP7413Z"],
}  # fmt: skip


def test_b20_nobody_is_named():
    said = "甲市宏远化工有限公司（下称宏远）与宏远化工二厂，在T85711网格，法人王强、王强国。"
    found = redact(of(said + fill(1000), hide="天山脚下"), NAMES)
    for name in (*NAMES["facility"], *NAMES["person"], "宏远", "T85711", "王强"):
        assert name not in found.body and name not in found.title
    assert found.body.startswith("某企业A（下称某企业A）与某企业B，在某编号A网格，法人某人A、某人B。")
    assert dict(found.replaced) == {"某企业": 3, "某人": 2, "某编号": 1}
    assert "某方A" in redact(of("天山脚下" + fill(1000), hide="天山脚下"), {}).body


@pytest.mark.parametrize(
    "told", ["13812345678", "652301198001011234", "新B12345", "解放路12号", "87.3012, 43.9", "91652300MA77ABCD1X"]
)
def test_b20_what_no_register_knows_is_refused(told):
    with pytest.raises(DataError, match="still tells who it is"):
        redact(of(told + "，" + fill(1000)), {})


@pytest.fixture(scope="module")
def file(small_study):
    return small_study


@pytest.fixture
def out(file, tmp_path):
    return loop_home(file, tmp_path, "2025-12")


def test_a_case_through_the_shell(file, out, tmp_path):
    study = load_study(file, data=file.parent)
    plant = str(load_facilities(study.facilities, study.root, Intake(study.root))["name"].iloc[0])
    case = tmp_path / "case-1.md"
    head = "\n".join(f"{k}: {v}" for k, v in HEAD.items())
    case.write_text(f"---\n{head}\n---\n# 案情\n\n{plant}被查。\n\n{fill(1000)}\n", encoding="utf-8")
    words = ("case", case, "--study", file, "--out", out, "--asof", "2025-12-31")
    assert "某企业1处" in run(*words)
    path = next(out.glob("*/loop/cases/case-1.docx"))
    text = "\n".join(p.text for p in docx.Document(path).paragraphs)
    assert "某企业A被查" in text and plant not in text and "三审：甲、乙、丙" in text
    before = path.read_bytes()
    run(*words)
    assert path.read_bytes() == before
    with open_ledger(next(out.glob("*/ledger.sqlite"))) as ledger:
        assert len(ledger.entries("case")) == 1
    early = CliRunner().invoke(app, [str(w) for w in (*words[:-1], "2025-08-01")])
    assert early.exit_code == 1 and "诉讼" in str(early.exception)
    text = run("registers", "--study", file, "--out", out, "--asof", "2025-12-31")
    assert "典型案例1件" in text and "2025Q3 未编发典型案例" in text and "2025Q4" not in text


def test_b25_b26_rewards_and_trainings(file, out, tmp_path):
    study = load_study(file, data=file.parent)
    counties = sorted({str(name) for name in study.cells["county"].values})
    rewards = [["奖励编号", "举报日期", "奖励金额", "举报人"], ["R1", "2025-12-03", "500", ""]]
    trainings = [["培训编号", "单位", "培训日期", "培训内容", "人次"], ["T1", counties[0], "2025-03-01", "巡查", "40"]]
    for name, rows in {"r.csv": [*rewards, ["R2", "2025-12-04", "9", "王某"]], "t.csv": trainings}.items():
        with open(tmp_path / name, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
        said = run("feedback", tmp_path / name, "--study", file, "--out", out)
        assert "1 recorded" in said and ("reporter's name" in said) == (name == "r.csv")
    text = run("registers", "--study", file, "--out", out, "--asof", "2025-12-31")
    assert "举报奖励1件，500元" in text and "培训1次，40人次" in text
    assert [f"{unit}：2025年未组织培训" in text for unit in counties] == [False] + [True] * (len(counties) - 1)
