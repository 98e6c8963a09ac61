"""
Hotspot cells full of sources that were never warned (C9): a success, or a place that is not seen well?

「污染源聚集的6个网格也未被预警过」: the list gives both readings their evidence and decides nothing.
"""

from collections.abc import Mapping, Set

import pandas as pd

from hotspot.rules.loop import Interventions

COLUMNS = [
    "cell", "city", "county", "n_sources", "classes", "months", "ranked", "coverage", "verdict",
]  # fmt: skip
_RULE = Interventions()
VERDICTS = {"quiet": "一年未预警，数据充分", "blind": "可能是盲区：数据不足", "short": "发布不足12个月"}


def never_warned(
    hot: pd.DataFrame,
    inventory: pd.DataFrame,
    warned: Mapping[str, Set[str]],
    seen: pd.DataFrame,
    rule: Interventions = _RULE,
) -> pd.DataFrame:
    """
    Source-rich hotspot cells without a warning in the months given.

    Parameters
    ----------
    hot : DataFrame ``cell, city, county, status``, the year's list
    inventory : DataFrame ``facility, class, cell``, as ``inventory.csv``
    warned : mapping month -> warned cells, the published months of the window
    seen : DataFrame ``month, cell, valid`` (bool), ``coverage`` (share), of the same months
    rule : Interventions
        ``rich_sources`` of a cluster, ``window_months`` of a full window, ``seen_share`` below which it is blind.

    Returns
    -------
    DataFrame with ``COLUMNS``, most sources first: ``months`` published, ``ranked`` of them with a valid mean,
    ``coverage`` their mean; ``verdict`` a key of ``VERDICTS``

    Examples
    --------
    >>> hot = pd.DataFrame({"cell": ["A", "B"], "city": "c", "county": "d", "status": "formal"})
    >>> inventory = pd.DataFrame({"facility": list("123456"), "class": "cement", "cell": ["A"] * 3 + ["B"] * 3})
    >>> seen = pd.DataFrame({"month": ["m"] * 2, "cell": ["A", "B"], "valid": [True, False], "coverage": [0.9, 0.1]})
    >>> rule = Interventions(window_months=1)
    >>> never_warned(hot, inventory, {"m": set()}, seen, rule)[["cell", "verdict"]].values.tolist()
    [['A', 'quiet'], ['B', 'blind']]
    """
    listed = set().union(*warned.values()) if warned else set()
    standing = hot[(hot["status"] != "exited") & ~hot["cell"].isin(listed)]
    rows = []
    for row in standing.itertuples():
        own = inventory[inventory["cell"] == row.cell]
        if len(own) < rule.rich_sources:
            continue
        of_cell = seen[seen["cell"] == row.cell]
        ranked, coverage = int(of_cell["valid"].sum()), float(of_cell["coverage"].mean())
        if len(warned) < rule.window_months:
            verdict = "short"
        else:
            few = ranked < rule.seen_share * len(warned)
            verdict = "blind" if few or not coverage >= rule.seen_share else "quiet"
        classes = own["class"].value_counts()
        said = "、".join(f"{kind} {n}" for kind, n in sorted(classes.items(), key=lambda item: (-item[1], item[0])))
        rows.append((row.cell, row.city, row.county, len(own), said, len(warned), ranked, coverage, verdict))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["n_sources", "cell"], ascending=[False, True], ignore_index=True)
