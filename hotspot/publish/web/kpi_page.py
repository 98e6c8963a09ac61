"""``kpi.html``: the figures of units and months as one offline page; a click opens what they are counted from."""

from collections.abc import Mapping

from hotspot.ledger.answers.issues import STATES
from hotspot.ledger.answers.watch import ALARM_STATES
from hotspot.publish.web.page import offline_page
from hotspot.publish.web.webmap import WebMap
from hotspot.rules.classes import departments, problem_types
from hotspot.text.escape import escape


def kpi_page(told: Mapping) -> WebMap:
    """
    The page: units by months, a line per unit, departments, kinds, targets; it asks the network for nothing.

    Parameters
    ----------
    told : mapping, as ``workflows.periods.kpi.write_kpi`` gathers it

    Returns
    -------
    WebMap: ``save(path)`` writes the file

    Notes
    -----
    Internal: counts and codes, no name of a person or an enterprise. The same figures give the same bytes.
    """
    kinds, desks = problem_types(), departments()
    data = {
        "title": escape(told["title"]), "asof": told["asof"][:10], "months": told["months"], "head": told["head"],
        "profile": escape(told["profile"]), "cells": told["cells"],
        "rows": [row | {"unit": escape(row["unit"]), "city": escape(row["city"])} for row in told["rows"]],
        "departments": [
            row | {"zh": desks.get(row["department"], {"zh": "未交办"})["zh"],
                   "en": desks.get(row["department"], {"en": "not handed over"})["en"],
                   "median_days": None if row["median_days"] != row["median_days"] else row["median_days"]}
            for row in told["departments"]
        ],
        "kinds": told["kinds"], "targets": [row | {"unit": escape(row["unit"])} for row in told["targets"]],
        "alarms": [
            [escape(part) if isinstance(part, str) else part for part in row] for row in told["details"]["alarms"]
        ],
        "issues": [
            [escape(row[0]), escape(row[1]), row[2], escape(row[3]), kinds[row[4]]["zh"], kinds[row[4]]["en"],
             desks.get(row[5], {"zh": "未交办"})["zh"], row[6], STATES[row[7]], row[8]]
            for row in told["details"]["issues"]
        ],
        "states": ALARM_STATES, "notes": [escape(text) for text in told["notes"]],
    }  # fmt: skip
    title = f"{data['title']}考核指标 {told['months'][-1]}"
    return WebMap(offline_page("kpi", data, title), title)
