"""D11 and D12: months are counted, not reasons; windows and year ends."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hotspot.ledger.assessment.escalation import escalation, warned_history
from hotspot.ledger.chain.store import open_ledger
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria

CRITERIA = Criteria()


def row(months, month, criteria=CRITERIA, cell="A"):
    """The escalation of one cell with these warned months."""
    table = escalation(pd.DataFrame({"month": months, "cell": [cell] * len(months)}), criteria, month)
    return table.iloc[0] if len(table) else None


def test_d11_three_in_a_row_is_escalated():
    found = row(["2020-01", "2020-02", "2020-03"], "2020-03")
    assert found["d11"] and found["d11_since"] == "2020-03" and found["d12"]
    assert "公开通报" in found["next_zh"] and "约谈网格长" in found["next_zh"]
    assert "named publicly" in found["next_en"]


def test_d11_two_in_a_row_is_not_yet():
    found = row(["2020-02", "2020-03"], "2020-03")
    assert not found["d11"] and not found["d12"] and found["run"] == 2
    assert "再连续预警1个月或累计再预警4个月" in found["next_zh"]


def test_d11_six_in_all_is_escalated():
    six = ["2019-05", "2019-07", "2019-09", "2019-11", "2020-01", "2020-03"]
    found = row(six, "2020-03")
    assert found["d11"] and found["count"] == 6 and found["longest_run"] == 1 and not found["d12"]
    assert not row(six[:5], "2020-01")["d11"]


def test_d11_stands_while_it_is_in_the_window_and_then_falls_away():
    three = ["2019-04", "2019-05", "2019-06"]
    found = row(three, "2020-03")  # the window begins in 2019-04
    assert found["d11"] and found["d11_since"] == "2019-06" and found["run"] == 0 and not found["warned"]
    assert not row(three, "2020-04")["d11"]
    assert row(three, "2020-07") is None


def test_107_three_months_over_a_year_end():
    """Rolling by default; the calendar year is printed beside it and says no."""
    found = row(["2019-11", "2019-12", "2020-01"], "2020-01")
    assert found["d11"] and not found["d11_calendar"] and found["d12"]
    assert (found["count"], found["count_calendar"], found["longest_run_calendar"]) == (3, 1, 1)


def test_99_reasons_are_not_months():
    """One month for three reasons counts once."""
    assert row(["2020-03"] * 3, "2020-03")["count"] == 1
    assert not row(["2020-02"] * 3 + ["2020-03"] * 3, "2020-03")["d11"]


def test_a_month_between_breaks_a_run():
    found = row(["2019-12", "2020-01", "2020-03"], "2020-03")
    assert found["run"] == 1 and found["longest_run"] == 2 and not found["d11"]


def test_d12_is_configured_apart():
    found = row(["2020-02", "2020-03"], "2020-03", Criteria(escalation={"city_consecutive": 2}))
    assert found["d12"] and not found["d11"]


def test_months_to_come_are_not_counted():
    assert row(["2020-01", "2020-02", "2020-03", "2020-04"], "2020-02")["count"] == 2


def test_cells_are_sorted_and_apart():
    history = pd.DataFrame({"month": ["2020-03", "2020-02", "2020-03"], "cell": ["B", "A", "A"]})
    table = escalation(history, CRITERIA, "2020-03")
    assert table["cell"].tolist() == ["A", "B"] and table["count"].tolist() == [2, 1]
    assert table["history"].tolist() == ["2020-02 2020-03", "2020-03"]
    assert len(escalation(history.iloc[:0], CRITERIA, "2020-03")) == 0


@settings(max_examples=60, deadline=None)
@given(some.sets(some.integers(0, 20), min_size=1))
def test_ladder_is_the_plain_count(back):
    """Against a string of 0 and 1, oldest first; more warnings never take an escalation away."""
    months = [month_minus("2020-03", n) for n in sorted(back)]
    found = row(months, "2020-03")
    marks = "".join("1" if n in back else "0" for n in range(11, -1, -1))
    if found is None:
        assert "1" not in marks
        return
    longest = max(len(part) for part in marks.split("0"))
    assert (found["count"], found["longest_run"]) == (marks.count("1"), longest)
    assert found["d11"] == (longest >= 3 or marks.count("1") >= 6)
    more = row([*months, "2019-10"], "2020-03")
    assert more["d11"] >= found["d11"]


@pytest.mark.parametrize("reasons", [["highest"], ["highest", "month_on_month"]])
def test_history_is_what_stands_in_the_ledger(tmp_path, reasons):
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        for month in ("2020-01", "2020-02", "2020-03"):
            ledger.append("month", month, {"warned": [["A", reason] for reason in reasons]})
        assert escalation(warned_history(ledger), CRITERIA, "2020-03")["d11"].tolist() == [True]
        ledger.append("month", "2020-02", {"warned": []})  # late data: February is published again without it
        assert escalation(warned_history(ledger), CRITERIA, "2020-03")["d11"].tolist() == [False]
