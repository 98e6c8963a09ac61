"""
The ledger laid over a published map: the page as it is, and the state of each warning with it.

A published page is the same bytes for ever; how its warnings stand changes by the day. So the states go into a copy,
and nothing else of the page is touched.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from hotspot.text.escape import escape, script_json
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

_DATA = re.compile(r'(<script type="application/json" id="hotspot-data">)(.*?)(</script>)', re.DOTALL)


def with_ledger(html: str, states: "pd.DataFrame", asof: str, what: str = "map.html") -> str:
    """
    A map page with the state of its warnings.

    Parameters
    ----------
    html : str
        A page of ``web_map`` or of a city's package.
    states : DataFrame, from ``ledger.answers.warning_states``; cells that are not on the page are left out
    asof : str, the instant they speak of
    what : str
        The page's name, for a message.

    Returns
    -------
    str, the same for the same input

    Raises
    ------
    DataError
        It is no map page, one of an older program, or the page for everybody, which tells nothing of the ledger.

    Examples
    --------
    >>> with_ledger("<html></html>", None, "2026-01-05")
    Traceback (most recent call last):
    hotspot.variables.DataError: map.html: is no map page of this program; ...
    """
    found = _DATA.search(html)
    data = json.loads(found[2]) if found else {}
    if found is None or "ledger" not in data:
        raise DataError(f"{what}: is no map page of this program; run `hotspot month` again, it makes one.")
    if data["public"]:
        raise DataError(f"{what}: is the page for everybody, which tells nothing of the ledger; give the month's own.")
    place = {code: i for i, code in enumerate(_codes(data["cells"]["codes"]))}
    rows = {str(place[row["cell"]]): _told(row) for row in states.to_dict("records") if row["cell"] in place}
    data["ledger"] = {"asof": escape(asof), "cells": rows}
    return html[: found.start(2)] + script_json(data) + html[found.end(2) :]


def _told(row: dict[Any, Any]) -> dict[str, Any]:
    zh, en = [], []
    if row["visited"]:
        zh.append(f"最近排查 {row['visited']}")
        en.append(f"last visit {row['visited']}")
    if row["problems"]:
        zh.append(f"问题 {row['problems']} 个，未办结 {row['open']} 个")
        en.append(f"problems {row['problems']}, open {row['open']}")
    return {"state": row["state"], "due": escape(row["due"]), "said": [escape("；".join(zh)), escape("; ".join(en))]}


def _codes(packed: str) -> list[str]:
    """Codes as ``webmap_data`` wrote them: each led by the number of characters it shares with the one before."""
    codes, before = [], ""
    for part in packed.split(" "):
        before = before[: int(part[0])] + part[1:]
        codes.append(before)
    return codes
