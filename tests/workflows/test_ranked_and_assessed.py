"""Through the shell: falsified days in the ranking (B19), weekly measures (B17), failed months and years (B14, B24)."""

import json

import pytest
from loop_home import loop_home
from shell import run, write
from typer.testing import CliRunner

from hotspot.cli import app
from hotspot.ledger.chain.store import open_ledger

SIX = {"so2": 6, "no2": 13, "pm10": 33, "pm25": 22, "co": 0.8, "o3": 108}


@pytest.fixture(scope="module")
def file(small_study):
    return small_study


@pytest.fixture
def out(file, tmp_path):
    return loop_home(file, tmp_path, "2023-04")


def days_of(path, values, month="2023-04"):
    """Two units: the vector's point, and a clean one; and both a year before."""
    heads = ["unit", "point", "day", *SIX]
    rows = []
    for name in (month, f"{int(month[:4]) - 1}{month[4:]}"):
        for n, value in enumerate(values if name == month else [40.0] * 30, 1):
            rows.append(["甲县", "p", f"{name}-{n:02d}", *(SIX | {"pm25": value}).values()])
            rows.append(["乙县", "q", f"{name}-{n:02d}", *SIX.values()])
    return write(path, heads, *rows)


def test_b19_both_indices_stand_in_the_ranking_and_a_withdrawn_decision_gives_the_old_bytes(file, out, tmp_path):
    days = days_of(tmp_path / "days.csv", [90.0] + [40.0] * 28 + [10.0])  # 40.67 as measured, 43.33 substituted
    index = write(
        tmp_path / "i.csv", ["month", "unit", "index"],
        ["2023-04", "甲县", "3.00"], ["2023-04", "乙县", "2.40"],
        ["2022-04", "甲县", "2.95"], ["2022-04", "乙县", "2.40"],
    )  # fmt: skip
    words = ["ranking", "2023-04", "--study", file, "--out", out, "--index", index, "--days", days]
    heads = ["point", "day", "signer", "reason", "withdrawn_by"]
    run(*words)
    folder = next(out.glob("*/loop"))
    products = [folder / f"ranking-2023-04{ending}" for ending in (".xlsx", ".docx", ".pdf")]
    old = [path.read_bytes() for path in products]
    signed = write(tmp_path / "d.csv", heads, ["p", "2023-04-30", "李某", "喷淋", ""])
    text = run(*words, "--decisions", signed)
    assert "甲县  3.00  -1.7 %  计算 2.94，替代后 3.00" in text  # 1.17 -> 1.23 of PM2.5, no difference said
    assert "p 2023-04-30 数据无效，六项污染物以该点位当月最高日值替代后参与排名（李某：喷淋；B19）" in text
    (row,) = (r for r in json.loads(run(*words, "--decisions", signed, "--json"))["units"] if r["unit"] == "甲县")
    assert (row["computed"], row["substituted"], row["main"]) == (2.94, 3.0, "pm25")
    assert [path.read_bytes() for path in products] != old
    write(signed, heads, ["p", "2023-04-30", "李某", "喷淋", "王某"])
    run(*words, "--decisions", signed)
    assert [path.read_bytes() for path in products] == old
    write(signed, heads, ["p", "2023-04-30", "", "喷淋", ""])
    bad = CliRunner().invoke(app, [str(w) for w in (*words, "--decisions", signed)])
    assert bad.exit_code == 1 and "no signer" in str(bad.exception)


def test_b18_the_computed_index_can_decide(file, out, tmp_path):
    own = file.with_name("computed.toml")
    own.write_text(file.read_text(encoding="utf-8") + '\n[criteria.ranking]\nbasis = "computed"\n', encoding="utf-8")
    days = days_of(tmp_path / "days.csv", [40.0] * 30)
    text = run("ranking", "2023-04", "--study", own, "--out", out, "--days", days)
    assert "1  乙县  2.40  +0.0 %" in text and "2  甲县  2.91  +0.0 %" in text
    lacking = CliRunner().invoke(app, ["ranking", "2023-04", "--study", str(own), "--out", str(out)])
    assert lacking.exit_code == 1 and "--days" in str(lacking.exception)


def test_a_unit_in_class_two_is_not_last_where_the_rule_exempts_it(file, out, tmp_path):
    own = file.with_name("exempt.toml")
    rule = '\n[criteria.ranking]\nbasis = "computed"\nexempt_class2 = true\n'
    own.write_text(file.read_text(encoding="utf-8") + rule, encoding="utf-8")
    days = days_of(tmp_path / "days.csv", [40.0] * 30)
    words = ["ranking", "2023-04", "--study", own, "--out", out, "--days", days, "--json"]
    units = {row["unit"]: row for row in json.loads(run(*words))["units"]}
    assert units["乙县"]["why"] == "六项均达二级标准，不列入改善末位" and units["乙县"]["rank_improvement"] == -1
    assert units["甲县"]["why"] == "" and units["甲县"]["rank_improvement"] == 1, "PM2.5 of 40 is above class II"


def test_b18_hours_make_days(file, out, tmp_path):
    heads = ["unit", "point", "time", *SIX]
    hours = [
        ["甲县", "p", f"{y}-04-{d:02d}T{h:02d}:00", *SIX.values()]
        for y in (2022, 2023)
        for d in range(1, 31)
        for h in range(24)
    ]
    table = write(tmp_path / "h.csv", heads, *hours)
    own = file.with_name("computed.toml")
    own.write_text(file.read_text(encoding="utf-8") + '\n[criteria.ranking]\nbasis = "computed"\n', encoding="utf-8")
    assert "甲县  2.40" in run("ranking", "2023-04", "--study", own, "--out", out, "--days", table)


def test_b17_weekly_measures_are_recorded_and_climb_their_ladder(file, out, tmp_path):
    heads = ["措施编号", "单位", "text", "周", "完成情况"]
    rows = [["M1", "甲县", "停用燃煤锅炉", f"2023-W{n}", "未完成"] for n in (10, 11, 12, 13)]
    rows += [["M2", "乙县", "苫盖裸土", "2023-W10", "未完成"], ["M2", "乙县", "苫盖裸土", "2023-W11", "已完成"]]
    rows += [["M3", "乙县", "清运垃圾", "2023-W10", "未完成"], ["M3", "乙县", "清运垃圾", "2023-W12", "未完成"]]
    table = write(tmp_path / "m.csv", heads, *rows, ["M4", "甲县", "x", "2023-W10", "也许"])
    said = run("feedback", table, "--study", file, "--out", out)
    assert "9 rows = 8 recorded + 0 repeated + 1 quarantined" in said and "row 10: state '也许' is none of" in said
    assert "8 repeated" in run("feedback", table, "--study", file, "--out", out)
    text = run("measures", "--study", file, "--out", out, "--asof", "2023-04-30", "--to", tmp_path / "m.xlsx")
    assert "M1  停用燃煤锅炉  连续4周未完成  主要负责同志公开约谈（连续超过3周的处理方式方案未规定）" in text
    assert "M2  苫盖裸土  已完成" in text
    assert "M3  清运垃圾  连续1周未完成  通报批评（2023-W11 无报告，连续计数中断）" in text
    assert "连续2周未完成  分管领导公开约谈" in run("measures", "--study", file, "--out", out, "--asof", "2023-03-19")


def test_b24_three_failed_months_and_the_year(file, out, tmp_path):
    findings = [["month", "unit", "item", "verified"]]
    findings += [[m, "甲县", "media_national", "yes"] for m in ("2023-11", "2023-12", "2024-01")]
    findings += [[f"2023-{m:02d}", "乙县", "bonus", "yes"] for m in range(1, 13)]
    table = write(tmp_path / "f.csv", *findings)
    words = ("--study", file, "--out", out, "--findings", table)
    assert "专项督查" not in run("assess", "2023-12", *words)
    text = run("assess", "2024-01", *words)
    assert "甲县  100  不合格  专项督查、问责建议" in text
    for month in range(1, 13):
        run("assess", f"2023-{month:02d}", *words, "--by", "赵")
    run("assess", "2023-12", *words, "--by", "赵")  # settling twice is one entry
    with open_ledger(next(out.glob("*/ledger.sqlite"))) as ledger:
        assert len(ledger.entries("assessment")) == 12 and ledger.verify()
    text = run("assess", "2023", *words[:4])
    assert "乙县  102.00  优秀" in text and "甲县  100.00  优秀  只有2个月已定，不作年度结论" in text
    with open_ledger(next(out.glob("*/ledger.sqlite"))) as ledger:
        for n in range(12):
            ledger.append(
                "assessment", f"2024-{n + 1:02d}", {"units": [["丙县", 59 if n else 60, "failed"]], "by": "赵"}
            )
    assert "丙县  59.08  不合格  问责建议" in run("assess", "2024", *words[:4])
