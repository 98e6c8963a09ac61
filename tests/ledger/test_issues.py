"""Problems from found to closed, their clocks, a cell's past, and the table of document D's side page."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.ledger.answers.clocks import clock
from hotspot.ledger.answers.issues import OPEN, issue_table, record_issues, record_steps
from hotspot.ledger.answers.past import past_of, past_words
from hotspot.ledger.assessment.problems import cross_table, problem_sentences
from hotspot.ledger.chain.store import open_ledger
from hotspot.rules.loop import Clocks

FOUND = {
    "origin": "自查",
    "found": "2025-12-02 10:00",
    "by": "王",
    "cell": "A",
    "problem": "裸土未苫盖",
    "text": "二亩",
}
NUMBER = "I202512-0001"


def step(name, time, by="李", **more):
    return {"issue": NUMBER, "step": name, "time": time, "by": by, **more}


WHOLE = [
    step("已交办", "2025-12-03 09:00", department="city"),
    step("rectifying", "2025-12-04T09:00"),
    step("claimed", "2025-12-10T09:00", by="孙"),
    step("accepted", "2025-12-11T09:00"),
    step("closed", "2025-12-12T09:00"),
]


@pytest.fixture
def ledger(ledger_place):
    with open_ledger(ledger_place) as opened:
        record_issues(opened, [FOUND])
        yield opened


def test_b6_found_to_closed_and_twice_is_once(ledger):
    assert record_steps(ledger, WHOLE + WHOLE)["state"].tolist() == ["recorded"] * 5 + ["repeated"] * 5
    for day, state in (("02T11:00", "found"), ("03T09:00", "assigned"), ("10T10:00", "claimed"), ("31", "closed")):
        (row,) = issue_table(ledger, f"2025-12-{day}").itertuples()
        assert row.state == state
    assert (row.due, row.done, row.overdue, row.department) == ("2026-01-02", "2025-12-11T09:00", False, "city")
    assert ledger.verify() == 6


def test_b6_a_step_out_of_order_is_set_aside_with_its_reason(ledger):
    wrong = [
        step("claimed", "2025-12-03T09:00"),
        step("assigned", "2025-12-01T09:00"),
        step("flying", "2025-12-03T09:00"),
        step("assigned", "soon"),
        step("assigned", "2025-12-03T09:00") | {"issue": "I202512-0009"},
        step("assigned", "2025-12-03T09:00", by=""),
    ]
    report = record_steps(ledger, wrong)
    assert report["state"].tolist() == ["quarantined"] * 6
    assert report["why"].tolist()[:2] == [
        "claimed before assigned", "assigned at 2025-12-01T09:00 is before found at 2025-12-02T10:00",
    ]  # fmt: skip
    record_steps(ledger, WHOLE[:3])
    own = record_steps(ledger, [step("accepted", "2025-12-11T09:00", by="孙")])
    assert own["why"].tolist() == ["孙 claimed the rectification and cannot accept it"]


def test_reopened_is_counted_and_open_again(ledger):
    record_steps(ledger, [*WHOLE, step("spot_checked", "2025-12-20T09:00"), step("reopened", "2025-12-20T10:00")])
    (row,) = issue_table(ledger, "2025-12-31").itertuples()
    assert (row.state, row.reopened, row.done) == ("reopened", 1, "")
    (row,) = issue_table(ledger, "2026-01-03T00:00").itertuples()
    assert row.overdue


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"problem": "没有这个类型"}, "problem '没有这个类型' is none of"),
        ({"origin": "风闻"}, "origin '风闻' is none of"),
        ({"found": "yesterday-ish"}, "is no local time"),
        ({"should_have": "maybe"}, "should_have 'maybe' is none of"),
        ({"text": " "}, "text is missing"),
    ],
)
def test_a_doubtful_finding_is_set_aside(ledger, change, why):
    (row,) = record_issues(ledger, [FOUND | change]).itertuples()
    assert row.state == "quarantined" and why in row.why


def test_whether_it_should_have_been_found_may_be_said_in_chinese(ledger):
    rows = [FOUND | {"text": said, "should_have": said} for said in ("是", "否", "未定", "yes")]
    assert record_issues(ledger, rows)["state"].tolist() == ["recorded"] * 4
    told = [entry.body.get("should_have") for entry in ledger.entries("issue")][-4:]
    assert told == ["yes", "no", "unknown", "yes"]


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(4)), st.integers(0, 3))
def test_counts_reconcile_whatever_the_order_and_repetition(tmp_path_factory, order, again):
    rows = [FOUND | {"text": f"第{n}处", "cell": f"C{n}"} for n in range(4)]
    with open_ledger(tmp_path_factory.mktemp("order") / "ledger.sqlite") as ledger:
        record_issues(ledger, [rows[n] for n in order] + [rows[again]])
        table = issue_table(ledger, "2025-12-31")
        assert sorted(zip(table["cell"], table["text"], strict=True)) == [(f"C{n}", f"第{n}处") for n in range(4)]
        assert table["issue"].tolist() == [f"I202512-000{n}" for n in range(1, 5)]
        assert (table["state"].isin(OPEN)).sum() + (table["done"] != "").sum() == 4


@pytest.mark.parametrize(
    ("received", "done", "hours", "state", "late"),
    [
        ("2023-05-01T10:00", "2023-05-01T11:00", 1, "in time", 0),  # B5
        ("2023-05-01T10:00", "2023-05-01T11:01", 1, "late", 1),
        ("2023-05-01T10:00", "2023-05-01T12:00", 2, "in time", 0),
        ("2023-05-01T10:00", "2023-05-01T12:01", 2, "late", 1),
        ("2023-12-31T23:30", "2024-01-01T23:30", 24, "in time", 0),  # E2
        ("2023-12-31T23:30", "2024-01-01T23:31", 24, "late", 1),
    ],
)
def test_b5_e2_clocks_are_inclusive_to_the_minute(received, done, hours, state, late):
    got = clock("2023-01-01T00:00", received, done, "2024-06-01T00:00", hours, Clocks())
    assert (got.state, got.late_minutes, got.since) == (state, late, "receipt")


def test_a_clock_without_a_receipt_runs_from_the_push_and_says_so():
    pushed = "2024-01-01T08:00"
    running = clock(pushed, None, None, "2024-01-02T08:00", 24, Clocks())
    overdue = clock(pushed, None, None, "2024-01-02T08:01", 24, Clocks())
    assert (running.state, overdue.state, overdue.late_minutes, overdue.since) == ("running", "overdue", 1, "push")
    later = clock(pushed, "2024-01-01T09:00", "2024-01-02T08:30", "2024-01-03T00:00", 24, Clocks(start="push"))
    assert (later.state, later.since) == ("late", "push")


def test_a_cells_past_in_four_lines(ledger):
    for day, name in (("05", "27"), ("11", "27"), ("20", "27"), ("21", "03")):
        body = {"alarm": f"a{day}", "cell": "A", "sub_cell": f"A-{name}", "time": f"2025-12-{day}T04:00", "hours": 3}
        ledger.append("alarm", "2025-12", body | {"state": "pushed"})
    ledger.append("alarm", "2025-12", body | {"alarm": "x", "state": "suppressed"})
    past = past_of(ledger, "A", "2025-12-31T00:00", Clocks())
    assert len(past.alarms) == 4 and past.recurring == ("A-27",)
    assert past.findings == (("2025-12-02", "bare_soil"),) and past.open == ((NUMBER, "bare_soil", ""),)
    words = [zh for zh, _ in past_words(past)]
    assert words[0].startswith("近一年报警4次，最近3次：12-11 04时（27号小格）") and len(words) == 4
    before = past_of(ledger, "A", "2025-12-06T00:00", Clocks())
    assert len(before.alarms) == 1 and before.recurring == ()
    assert past_of(ledger, "B", "2025-12-31T00:00", Clocks()).alarms == ()


# The side page of document D (D24): 41 problems by class and county, as counted there.
SIDE = {
    "vocs": "吕梁 离石1 文水1 临县1 晋中 太谷2 平遥2 临汾 尧都1 运城 芮城2 盐湖1 永济1 西安 碑林1 铜川 王益1",
    "fugitive_dust": "吕梁 孝义1 晋中 平遥1 运城 河津1",
    "open_mine": "洛阳 栾川1",
    "site_dust": "西安 蓝田1 周至1 渭南 华州1",
    "stockpile": "吕梁 文水2 临县2 孝义1 离石1 方山1 晋中 左权1 临汾 乡宁1 运城 垣曲1 "
    "洛阳 吉利1 西安 阎良2 渭南 华州1 杨凌 杨陵1",
    "other": "吕梁 方山1 洛阳 伊滨1 西安 周至2 杨凌 杨陵1",
}


def side_page():
    rows, city = [], ""
    for kind, text in SIDE.items():
        for word in text.split():
            if word[-1].isdigit():
                rows += [(kind, f"{city}市", word[:-1])] * int(word[-1])
            else:
                city = word
    return pd.DataFrame(rows, columns=["problem", "city", "county"])


def test_d24_forty_one_problems_by_kind_and_county():
    rows = side_page()
    table = cross_table(rows)
    assert table["total"].to_dict() == {
        "vocs": 14, "fugitive_dust": 3, "open_mine": 1, "site_dust": 3, "stockpile": 15, "other": 5, "total": 41,
    }  # fmt: skip
    counties = [name for name in table.columns if name.startswith("吕梁市")]
    assert table.loc[:, counties].drop("total").sum(axis=1).to_dict() == {
        "vocs": 3, "fugitive_dust": 1, "open_mine": 0, "site_dust": 0, "stockpile": 7, "other": 1,
    }  # fmt: skip
    assert table.loc["total", counties].sum() == 12
    first = problem_sentences(rows)[0]
    assert first.startswith("VOCs整治不到位问题14个。其中，吕梁市离石1家、文水1家、临县1家、晋中市太谷2家、平遥2家、")
    assert problem_sentences(rows)[2] == "露天矿山问题1个。其中，洛阳市栾川1处。"
