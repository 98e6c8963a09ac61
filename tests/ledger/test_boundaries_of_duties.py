"""
Every threshold of what follows a warning: who is assessed, staffed, reminded, called a repeat; below, at, above.

Each row names the comparison that stands in the code; turned round one by one (``ledger/``: assess, past, people;
``publish/office/periods/period_papers.py``, ``publish/analysis/report_sections.py``), its own row fails.
"""

from types import SimpleNamespace
from unittest.mock import patch

import pandas as pd
import xarray as xr
from boundary import COUNTS, at_the_criterion, counted

from hotspot.ledger.answers.past import past_of
from hotspot.ledger.assessment.assess import Finding, after_failed_months, assess
from hotspot.ledger.chain.store import open_ledger
from hotspot.ledger.network.people import CHIEFS, SUPERVISORS, _chiefs, _supervisors
from hotspot.publish.analysis.report_sections import station_blocks
from hotspot.publish.office.periods import period_papers
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria
from hotspot.rules.network import Staffing

RULES = Criteria()


def special_inspection(n):
    return after_failed_months([month_minus("2020-12", k) for k in range(n)], "2020-12", RULES.assessment)


def recurring(n, folder):
    """Is a sub-cell that alarmed so often in the last days a recurring one."""
    alarm = {"cell": "A", "hours": 3, "state": "pushed", "sub_cell": "A-27"}
    with open_ledger(folder / f"{n}.sqlite") as ledger:
        for day in range(1, n + 1):
            told = {"alarm": f"a{day}", "time": f"2025-12-{day + 9}T04:00"}
            ledger.append("alarm", "2025-12", alarm | told)
        return past_of(ledger, "A", "2025-12-31", RULES.clocks).recurring


def staffed(judge, roles, n, **needed):
    """Has a unit with so many persons of these roles what the document asks for."""
    people = pd.DataFrame({"role": [roles[0]] * n, "person": [f"p{k}" for k in range(n)]})
    return not list(judge(people, Staffing(**needed)))


def reminded(share=100.0, rise=0.0):
    """Is a city reminded with this feedback rate and this rise of PM2.5, per cent."""
    answered = ["x"] * round(10 * share) + [""] * (1000 - round(10 * share))
    recent = pd.DataFrame({"answered": answered, "state": "in time", "site_state": "in time"})
    whole = SimpleNamespace(of=lambda city: whole, between=lambda since, end: whole, alarms=recent)
    period = SimpleNamespace(end=pd.Timestamp("2025-12-20"))
    desk = SimpleNamespace(study=SimpleNamespace(criteria=RULES), period=period, whole=whole, days=None)
    with patch.object(period_papers, "to_date", return_value=(40 * (1 + rise / 100), 40.0)):
        return period_papers.triggers(desk, "甲市")


def far(km):
    """Is the station nearest to a warned cell said to be far."""
    row = {"number": 1, "cell": "A", "township": "丙镇", "county": "", "pm25": 50.0, "station": "S", "name": "站",
           "km": km, "bearing": 0.0, "station_pm25": 48.0, "valid": True, "n_valid": 30, "difference": 2.0}  # fmt: skip
    blocks = station_blocks(pd.DataFrame([row]), "2025-12", xr.Dataset(), RULES, True)
    return "超过" in str(blocks)


ROWS = [
    ("assessment.failed_months", ">=", 1, special_inspection),
    ("cadence.feedback_rate", "<", 0.1, lambda share: reminded(share=share)),
    ("cadence.pm25_rise", ">", 0.1, lambda rise: reminded(rise=rise)),
    ("report.nearest_km", ">", 0.1, far),
]


test_at_the_criterion = at_the_criterion(ROWS)


def test_a_sub_cell_recurs_from_so_many_alarms_on(tmp_path):
    assert counted(lambda n: recurring(n, tmp_path), RULES.clocks.repeat_alarms, 1) == COUNTS[">="]


def test_staff_is_enough_at_what_the_document_says():
    assert counted(lambda n: staffed(_chiefs, CHIEFS, n, chiefs=2), 2, 1) == COUNTS[">="]
    assert counted(lambda n: staffed(_supervisors, SUPERVISORS, n, least=3), 3, 1) == COUNTS[">="]
    assert counted(lambda n: staffed(_supervisors, SUPERVISORS, n, most=3), 3, 1) == COUNTS["<="]
    assert counted(lambda n: staffed(_supervisors, SUPERVISORS, n, full_time=3), 3, 1) == COUNTS[">="]


def test_only_what_is_above_a_cap_is_taken_off():
    rule = RULES.assessment.model_copy(update={"total_cap": "100"})
    capped = [assess([Finding("bonus", "e")] * n, rule) for n in (0, 1)]
    assert [one.points for one in capped] == [100, 100]
    assert [any(entry == "total_cap" for *_, entry in one.rows) for one in capped] == [False, True]
