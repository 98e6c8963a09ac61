"""
Every threshold of a plant's records, of alarms that come again, of measures and cases: below, at, above the criterion.

Each row names the comparison that stands in the code; turned round one by one (``trace/visits/evidence.py``,
``ledger/``: events, rhythm; ``rank/select/never_warned.py``, ``publish/office/periods/case.py``,
``workflows/periods/interventions.py``), its own row fails.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted, decided

from hotspot.ledger.answers.rhythm import period_of, regular_times
from hotspot.ledger.network.events import gather
from hotspot.publish.office.periods.case import Case, case_faults, redact
from hotspot.rank.select.never_warned import never_warned
from hotspot.rules.criteria import Criteria
from hotspot.trace.visits.evidence import told_of_window
from hotspot.variables import DataError
from hotspot.workflows.periods import interventions

RULES = Criteria()
START, END = pd.Timestamp("2025-12-03 04:00"), pd.Timestamp("2025-12-03 06:00")


def records(layout, quantity, past, now, *, hours=99):
    """What a plant recorded at the alarm's hours of so many past days and in its two hours, and what is told of it."""
    days = pd.date_range("2025-11-20", "2025-12-02", freq="D")
    before = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in days for hour in (4, 5)])[-hours:]
    time = before.append(pd.DatetimeIndex([START, START + pd.Timedelta(hours=1)]))
    values = [past + n % 2 / 1000 for n in range(len(before))] if layout == "cems" else [past] * len(before)
    return pd.DataFrame(
        {"layout": layout, "facility": "F", "time": time, "quantity": quantity, "unit": "", "state": "",
         "value": [*values, now, now if layout != "cems" else now * 1.0000001]},
    )  # fmt: skip


def told(test, *parts):
    return [one for one in told_of_window(pd.concat(parts), "F", START, END, RULES.evidence) if one.test == test]


def emitted(ratio, hours=99):
    return told("emission", records("dust", "tsp", 10.0, 10.0 * ratio, hours=hours))


def treated(*, production=1.0, treatment=0.1, hours=99):
    power = records("power", "kwh_process", 100.0, 100.0 * production, hours=hours)
    return told("treatment", power, records("power", "kwh_treatment", 50.0, 50.0 * production * treatment, hours=hours))


def stuck(n):
    """Is a record told that held one value in so many hours, the last of them the alarm's."""
    time = pd.date_range(END - pd.Timedelta(hours=12), periods=12, freq="h")
    values = np.where(np.arange(12) < 12 - n, np.arange(12.0), 50.0)
    return told("record", pd.DataFrame({"layout": "cems", "facility": "F", "time": time, "quantity": "pm", "unit": "",
                                        "state": "", "value": values}))  # fmt: skip


def vehicles(*, passed=100, ratio=9.0, hours=99):
    """Is the share of vehicles beyond the limit told, of so many, against 1 % in the past."""
    seen = records("vehicles", "passed", 100, passed / 2, hours=hours)
    return told("vehicle", seen, records("vehicles", "exceeded", 1, passed / 200 * ratio, hours=hours))


def hot(kelvin):
    return told("satellite", records("satellite", "thermal", 0.0, kelvin))


def one_event(hours):
    """Are two reports of one place so many hours apart one event."""
    time = pd.Timestamp("2025-12-03 10:00") + pd.to_timedelta([0.0, hours], "h")
    rows = pd.DataFrame({"time": time, "problem": "burning", "channel": ["微信", "钉钉"], "by": "王", "text": "烧",
                         "x": 0.0, "y": 0.0, "where": ""})  # fmt: skip
    return gather(rows, RULES.events)["event"].nunique() == 1


def at_an_hour(rule):
    times = [f"2025-12-{day:02d}T04:00" for day in (1, 3, 9, 11, 19)]
    return any("时前后" in zh for zh, _ in regular_times(times, (), rule))


def on_a_weekday(rule):
    times = [f"2025-12-{day:02d}T{hour:02d}:00" for day, hour in ((1, 0), (8, 7), (15, 13), (22, 19))]
    return any("周" in zh or "星期" in zh for zh, _ in regular_times(times, (), rule))


def periodic(*gaps):
    days = np.datetime64("2025-11-03") + np.cumsum([0, *gaps])
    return period_of([f"{day}T04:00" for day in days], RULES.clocks)


def faults(*, reviews=9, proofs=9):
    people = {
        "reviews": "、".join(f"甲{n}" for n in range(reviews)),
        "proofs": "、".join(f"乙{n}" for n in range(proofs)),
    }
    head = {"kind": "超标排放", "decided": "2025-03-01", "review_ended": "2025-09-02"}
    return case_faults(Case(head | people, ""), "2025-10-01", RULES.cases)


def long_enough(n):
    """Is a text that counts so many characters a case."""
    case = Case({"facility": "某某水泥厂", "kind": "超标排放"}, "改" * n)
    try:
        redact(case, {}, rule=RULES.cases)
    except DataError:
        return False
    return True


def quiet(*, sources=9, months=12, ranked=1.0, coverage=1.0):
    """The verdict on a cell with so many sources that was never warned; None where it is no cluster."""
    hot_cells = pd.DataFrame({"cell": ["A"], "city": "c", "county": "d", "status": "formal"})
    inventory = pd.DataFrame({"facility": range(sources), "class": "cement", "cell": "A"})
    names = [f"m{n}" for n in range(months)]
    valid = np.arange(months) < round(ranked * months)
    seen = pd.DataFrame({"month": names, "cell": "A", "valid": valid, "coverage": coverage})
    found = never_warned(hot_cells, inventory, {name: set() for name in names}, seen, RULES.interventions)
    return found["verdict"].iloc[0] if len(found) else None


def compared(km):
    """Is a cell so far from a measure's cell a control of its effect."""
    places = {"x": ("cell", [0.0, 1000 * km]), "y": ("cell", [0.0, 0.0]), "city": ("cell", ["c", "c"])}
    study = SimpleNamespace(cells=xr.Dataset(coords={"cell": ["A", "B"]} | places), criteria=RULES)
    days = (np.datetime64("2020-01-01") + np.arange(600)).astype("datetime64[ns]")
    air = 50 * np.exp(0.3 * np.sin(np.arange(600.0)))
    daily = xr.Dataset({"pm25": (("cell", "day"), [air, air * 1.1])}, {"cell": ["A", "B"], "day": days})
    row = {"cell": "A", "began": "2021-02-01"}
    try:
        interventions._effect(study, daily, None, row, "2021-06-01")
    except DataError:
        return False
    return True


ROWS = [
    ("evidence.above", ">=", 0.1, emitted),
    ("evidence.fewest_hours", ">=", 1, lambda n: emitted(9.0, hours=n)),
    ("evidence.running", ">=", 0.1, lambda share: treated(production=share)),
    ("evidence.idle", "<", 0.1, lambda share: treated(treatment=share)),
    ("evidence.fewest_hours", ">=", 1, lambda n: treated(hours=n)),
    ("evidence.equal_hours", ">=", 1, stuck),
    ("evidence.vehicles", ">=", 1, lambda n: vehicles(passed=n)),
    ("evidence.fewest_hours", ">=", 1, lambda n: vehicles(hours=n)),
    ("evidence.above", ">=", 0.1, lambda ratio: vehicles(ratio=ratio)),
    ("evidence.hot_k", ">=", 1, hot),
    ("events.within_hours", "<=", 0.5, one_event),
    ("clocks.period_alarms", ">=", 1, lambda n: periodic(*[7] * (n - 1))),
    ("clocks.period_apart_days", "<=", 1, lambda days: periodic(7, 7, 7 + days)),
    ("cases.reviews", ">=", 1, lambda n: not faults(reviews=n)),
    ("cases.proofs", ">=", 1, lambda n: not faults(proofs=n)),
    ("cases.shortest", ">=", 1, long_enough),
    ("cases.longest", "<=", 1, long_enough),
    ("interventions.rich_sources", ">=", 1, lambda n: quiet(sources=n)),
    ("interventions.window_months", ">=", 1, lambda n: quiet(months=n) != "short"),
    ("interventions.seen_share", ">=", 0.1, lambda share: quiet(ranked=share) == "quiet"),
    ("interventions.seen_share", ">=", 0.1, lambda share: quiet(coverage=share) == "quiet"),
    ("interventions.apart_km", ">", 0.5, compared),
]


test_at_the_criterion = at_the_criterion(ROWS)


@pytest.mark.parametrize("probe", [at_an_hour, on_a_weekday])
def test_what_is_regular_is_no_more_likely_than_the_criterion(probe):
    assert decided(probe, RULES.clocks, "regular_chance", min) == COUNTS["<="]


def test_alarms_on_days_nearer_than_a_period_are_one_episode():
    assert counted(lambda days: periodic(*[days] * 3), RULES.clocks.period_apart_days + 1, 1) == COUNTS[">"]
