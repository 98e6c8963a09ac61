"""What a notice says of escalation: who is at the next step, by chance or not (D11, D12)."""

import pytest
from notice_case import codes_of, edition, notice_case
from test_notice import MONTH, made, said

from hotspot.publish.office.warned.notice import notice
from hotspot.publish.revisions import chances
from hotspot.rules.calendar import month_minus


@pytest.fixture(scope="module")
def case():
    return notice_case()


def test_d11_d12_who_is_at_the_next_step(case):
    cell, other = codes_of(case)[:2]
    city = dict(zip(case.warned["cell"], case.warned["city"], strict=True))
    text = said(made(case, edition(history={"2020-02": (cell,), "2020-01": (cell,)})), "连续")
    assert "无连续2次" not in text and f"{city[cell]}{cell}（连续3次、累计3次）" in text
    assert "由市政府约谈网格长的1个" in text and "公开通报、派驻工作组和公开约谈的1个" in text
    twice = said(made(case, edition(history={"2020-02": (cell,)})), "连续")
    assert f"{cell}（连续2次、累计2次）" in twice and "约谈" not in twice
    months = [month_minus(MONTH, n) for n in (1, 3, 5, 7, 9)]
    six = said(made(case, edition(history=dict.fromkeys(months, (other,)))), "连续")
    assert f"{other}（最长连续2次、累计6次" in six and "由市政府约谈" not in six
    # METHODS 16: beside every D11 and D12 line, how likely the months were truly among the worst
    past = {key: {cell: 0.5} for key in ("2020-01", "2020-02")}
    now = chances(case.warned)[cell]
    sure = said(made(case, edition(history={"2020-02": (cell,), "2020-01": (cell,)}, chances=past)), "连续")
    assert f"各月确属最差的概率平均{(1 + now) / 3:.2f}）" in sure
    assert f"各月确属最差的概率平均{(1 + now) / 3:.2f}、确已达到该次数的概率{now / 4:.2f}）" in sure
    # a cell that is not on this month's list is at no step of this month's notice
    assert "ZZ" not in said(made(case, edition(history={"2020-02": ("ZZ9999Z",), "2020-01": ("ZZ9999Z",)})))


def test_a_step_stands_beside_what_chance_would_bring(case):
    """By hand: every city's cells at w / n each month; three such months are D12."""
    months = ["2019-12", "2020-01", "2020-02"]
    made = notice(case.study, case.month, case, edition(history={name: tuple(codes_of(case)) for name in months}))
    (line,) = [text for part in made["sections"] for text in part["paragraphs"] if "随机产生" in text]
    hot, expected = case.hot[case.hot["status"] != "exited"], 0.0
    for city, rows in hot.groupby("city"):
        expected += len(rows) * (len(codes_of(case, city)) / len(rows)) ** 3
    assert f"{expected:.1f}个网格连续3个月被预警" in line and f"（{len(hot)}个热点网格" in line
    calm = notice(case.study, case.month, case, edition(history={months[-1]: ()}))
    assert "随机产生" not in str(calm), "said beside a step, and nowhere else"


@pytest.mark.parametrize("level", ["internal", "city", "public"])
def test_d7_a_list_that_is_only_screened_says_so(level):
    case = notice_case()
    for status, words in (("screened", "名单为初筛结果"), ("formal", "")):
        case.hot = case.hot.assign(status=status)
        assert ("初筛" in str(notice(case.study, case.month, case, edition(), level=level)["sections"])) == bool(words)
    case.hot.loc[case.hot.index[0], "status"] = "screened"
    assert "中有1个为初筛结果" in str(notice(case.study, case.month, case, edition(), level=level)["sections"])
