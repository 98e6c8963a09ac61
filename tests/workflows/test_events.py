"""Events of other desks (A4) and their statistics (A2): one event in three channels, words, places, the account."""

import json
from decimal import Decimal
from itertools import permutations

import openpyxl
import pandas as pd
import pytest
from shell import run, write

from hotspot.ledger.network.events import cross_events, gather, type_shares
from hotspot.rules.event_words import problem_of
from hotspot.sources.chat import read_chat
from hotspot.study import load_study


@pytest.fixture(scope="module")
def file(small_study):
    return small_study


@pytest.fixture(scope="module")
def study(file):
    return load_study(file, data=file.parent)


def test_a2_the_table_always_has_the_row_that_others_leave_out():
    counts = {"site_dust": 1082, "road_dust": 482, "traffic": 154, "burning": 112}
    table = type_shares(counts | {"other": 3127 - sum(counts.values())})
    assert table["n"].tolist() == [1082, 482, 154, 112, 1297]
    assert [str(share) for share in table["share"]] == ["34.60", "15.41", "4.92", "3.58", "41.48"]
    assert "99.99%" in table.attrs["said"]
    assert sum(table["share"][:4]) == Decimal("58.51")  # what adding the printed rates gives ...
    assert str(type_shares({"x": sum(counts.values()), "other": 1297})["share"].iloc[0]) == "58.52"  # the counts
    assert type_shares({"other": 3}).to_dict("records")[-1]["n"] == 3


def test_a4_words_of_other_desks():
    said = ["工地扬尘", "施工扬尘", "渣土", "秸秆焚烧", "裸土未苫盖", "VOCs 收集治理不到位", "怪事"]
    assert [problem_of(word) for word in said] == ["site_dust"] * 3 + ["burning", "bare_soil", "vocs", "other"]
    assert problem_of("", "解放路工地没盖网") == "site_dust" and problem_of("", "有股怪味") == "other"
    assert problem_of("事件", "西关村烧垃圾") == "burning"


CHAT = """2025-12-03 10:21:33 张三: 收到
2025-12-03 10:25 张三: 解放路工地没盖网
地点：西关村东
李四(10001) 2025-12-03 11:00
有股怪味

2025/12/3 11:05:09 王五(10002)
[图片]
张三: 还在烧
"""


def test_a4_a_chat_is_read_in_three_forms():
    messages = read_chat(CHAT)
    assert [(m["time"][11:], m["by"], m["text"]) for m in messages] == [
        ("10:21", "张三", "收到"), ("10:25", "张三", "解放路工地没盖网 地点：西关村东"),
        ("11:00", "李四(10001)", "有股怪味"), ("11:05", "王五", "[图片]"), ("", "张三", "还在烧"),
    ]  # fmt: skip


def reports(*rows):
    table = pd.DataFrame(rows, columns=["time", "problem", "channel", "by", "text", "x", "y", "where"])
    return table.assign(time=pd.to_datetime(table["time"]))


ONE = [
    ("2025-12-03 10:00", "burning", "微信", "王", "烧垃圾", 0.0, 0.0, ""),
    ("2025-12-03 10:40", "burning", "钉钉", "李", "有人烧", 300.0, 0.0, ""),
    ("2025-12-03 11:59", "burning", "平台", "赵", "焚烧", 0.0, 499.0, ""),
]


def test_a4_one_event_in_three_channels_whatever_the_order():
    for order in permutations(ONE):
        table = gather(reports(*order))
        assert table["event"].tolist() == [1, 1, 1] and table["first"].sum() == 1 and len(table) == 3
    apart = [
        (*ONE[1][:2], "微信", *ONE[1][3:]), ("2025-12-03 12:01", *ONE[1][1:]), (*ONE[1][:5], 501.0, 0.0, ""),
        ("2025-12-03 10:40", "dumping", *ONE[1][2:]),
    ]  # fmt: skip
    for other in apart:  # the same channel, too late, too far, another kind
        assert gather(reports(ONE[0], other))["event"].tolist() == [1, 2], other
    named = [(*row[:5], float("nan"), float("nan"), "西关村") for row in ONE[:2]]
    assert gather(reports(*named))["event"].tolist() == [1, 1]
    nowhere = [(*row[:5], float("nan"), float("nan"), "") for row in ONE[:2]]
    assert gather(reports(*nowhere))["event"].tolist() == [1, 2]
    assert gather(reports(ONE[0], ONE[0]))["again"].tolist() == [False, True]


def test_a2_kind_by_hour_and_month():
    events = pd.DataFrame(
        {"problem": ["burning", "burning", "other"], "county": ["甲", "", "甲"],
         "time": pd.to_datetime(["2025-11-03 10:00", "2025-12-03 10:30", "2025-12-04 02:00"])}
    )  # fmt: skip
    assert cross_events(events, "hour").loc["露天焚烧", "10"] == 2
    assert cross_events(events, "month").loc["合计"].tolist() == [1, 2, 3]
    assert cross_events(events, "county").loc["露天焚烧", "无地点"] == 1


def test_events_through_the_shell(file, study, tmp_path):
    facility = json.loads(run("events", write_places(study, tmp_path), "--study", file, "--out", tmp_path, "--json"))
    assert facility["account"] == {"read": 6, "used": 3, "duplicates": 2, "quarantined": 1}
    assert facility["n_reports"] == 5  # both kept beside the first; the doubled row adds none
    placed = {event["where"]: event for event in facility["events"]}
    township = str(study.cells["township"].values[0]) or str(study.cells["county"].values[0])
    assert placed[township]["problem"] == "site_dust" and placed["no place"]["problem"] == "other"
    assert any(
        event["cell"] == str(study.cells["cell"].values[5]) and event["n_reports"] == 3 for event in facility["events"]
    )
    assert "row 7: the time is missing" in facility["quarantined"][0]
    book = openpyxl.load_workbook(next(path for path in facility["files"] if path.endswith(".xlsx")))
    assert book.sheetnames == ["类型", "事件", "类型×时段", "类型×月份", "类型×县"]
    chat = tmp_path / "微信群.txt"
    chat.write_bytes(CHAT.encode("gb18030"))
    text = run("events", chat, "--study", file, "--out", tmp_path / "chat")
    assert "5 rows = 2 events + 0 duplicates + 3 quarantined" in text and "an acknowledgement, no event" in text
    again = [path.read_bytes() for path in sorted((tmp_path / "chat").rglob("*.*"))]
    run("events", chat, "--study", file, "--out", tmp_path / "chat")
    assert [path.read_bytes() for path in sorted((tmp_path / "chat").rglob("*.*"))] == again


def write_places(study, tmp_path):
    at = study.cells.isel(cell=5)
    lon, lat = float(at["lon"]), float(at["lat"])
    township = str(study.cells["township"].values[0]) or str(study.cells["county"].values[0])
    return write(
        tmp_path / "事件.csv", ["时间", "地点", "类型", "内容", "渠道", "经度", "纬度"],
        ["2025-12-03 10:00", "", "秸秆焚烧", "有人烧", "微信", lon, lat],
        ["2025-12-03 10:30", "", "焚烧", "冒烟", "钉钉", lon + 0.001, lat],
        ["2025-12-03 11:00", "", "露天焚烧", "火点", "平台", lon, lat + 0.001],
        ["2025-12-03 12:00", f"{township}东头", "", "解放路工地没盖网", "微信", "", ""],
        ["2025-12-03 13:00", "某处", "", "有股怪味", "微信", "", ""],
        ["", "某处", "", "有股怪味", "微信", "", ""],
    )  # fmt: skip


def test_a_study_says_what_its_columns_mean(file, tmp_path):
    write(file.parent / "desk.csv", ["甲", "乙"], ["2025-12-03 10:00", "渣土车抛洒"])
    own = file.with_name("events.toml")
    said = '\n[[events]]\nfiles = ["desk.csv"]\nchannel = "调度平台"\ncolumns = { time = "甲", text = "乙" }\n'
    own.write_text(file.read_text(encoding="utf-8") + said, encoding="utf-8")
    answer = json.loads(run("events", "--study", own, "--data", file.parent, "--out", tmp_path, "--json"))
    assert [(e["channels"], e["problem"]) for e in answer["events"]] == [("调度平台", "site_dust")]
