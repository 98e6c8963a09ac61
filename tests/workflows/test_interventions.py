"""What a measure did to the air (C9), with the weather taken out: of a plant whose truth is known."""

import csv
import json

import pytest
from shell import run

from hotspot.ledger.chain.store import open_ledger
from hotspot.study import load_study
from hotspot.workflows.periods.interventions import effect_sentences

PLANT, QUIET = "NP7223C", "NP77280"  # the steel works go from half to full work on 2025-12-01; there nothing happens


@pytest.fixture(scope="module")
def file(small_study):
    return small_study


def test_c9_effects_of_measures_after_thirty_days(file, tmp_path):
    study = load_study(file, data=file.parent)
    (tmp_path / study.id).mkdir()
    with open_ledger(tmp_path / study.id / "ledger.sqlite") as ledger:
        ledger.append("month", "2025-12", {"warned": []})
    rows = [["measure", "unit", "text", "week", "state", "cell", "began"]]
    rows += [["M1", "甲县", "复产", "2025-W50", "done", PLANT, "2025-12-01"]]
    rows += [["M2", "甲县", "苫盖", "2025-W50", "done", QUIET, "2025-10-01"]]
    rows += [["M3", "甲县", "新措施", "2025-W52", "done", QUIET, "2025-12-03"]]  # in force for 29 days
    rows += [
        ["M4", "甲县", "界外", "2025-W50", "done", "XX", "2025-11-01"],
        ["M5", "甲县", "无地点", "2025-W50", "done", "", ""],
    ]
    with open(tmp_path / "m.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    assert "5 recorded" in run("feedback", tmp_path / "m.csv", "--study", file, "--out", tmp_path)
    words = ("measures", "--study", file, "--out", tmp_path, "--asof", "2025-12-31", "--effects", "--json")
    found = {row["measure"]: row for row in json.loads(run(*words))["effects"]}
    assert set(found) == {"M1", "M2", "M4"}
    plant, quiet = found["M1"], found["M2"]
    assert plant["low_pct"] > 0 and plant["change_pct"] < plant["raw_pct"] and "上升" in plant["zh"]
    assert quiet["low_pct"] < 0 < quiet["high_pct"] and "变化不明显" in quiet["zh"]
    assert found["M4"]["change_pct"] is None and "不是" not in found["M4"]["zh"] and "不能判断" in found["M4"]["zh"]
    assert (
        effect_sentences(study, "2025-10-29", out=tmp_path)
        == []
        == effect_sentences(study, "2025-12-31", out="nowhere")
    )
