"""Problems by kind and county (D24): the table, its sums, and the sentence the ministry's page prints of it."""

import pandas as pd

from hotspot.rules.classes import problem_types

# How the programme's page counts: firms for VOCs, places for all else.
_MEASURE = {"vocs": "家"}
_SAID = {"vocs": "VOCs整治不到位"}


def cross_table(rows: pd.DataFrame) -> pd.DataFrame:
    """
    Count problems by kind (rows) and county (columns), with sums.

    Parameters
    ----------
    rows : DataFrame ``problem, city, county``, a row per problem

    Returns
    -------
    DataFrame of int: kinds in the vocabulary's order, counties in order of appearance; last row and column ``total``

    Examples
    --------
    >>> rows = pd.DataFrame({"problem": ["vocs", "vocs", "other"], "city": ["甲"] * 3, "county": ["a", "b", "a"]})
    >>> cross_table(rows).loc["vocs"].to_dict()
    {'甲a': 1, '甲b': 1, 'total': 2}
    """
    place = rows["city"].astype(str) + rows["county"].astype(str)
    kinds = [kind for kind in problem_types() if kind in set(rows["problem"])]
    table = pd.DataFrame(0, index=kinds, columns=list(dict.fromkeys(place)), dtype="int64")
    for kind, where in zip(rows["problem"], place, strict=True):
        table.loc[kind, where] += 1
    table["total"] = table.sum(axis=1)
    table.loc["total"] = table.sum(axis=0)
    return table


def problem_sentences(rows: pd.DataFrame) -> list[str]:
    """
    The sentence of each kind that occurs: how many, and where; a city is named before its first county.

    Parameters
    ----------
    rows : DataFrame ``problem, city, county``

    Examples
    --------
    >>> rows = pd.DataFrame({"problem": ["vocs"] * 3, "city": ["吕梁市"] * 3, "county": ["离石区", "文水县", "文水县"]})
    >>> problem_sentences(rows)
    ['VOCs整治不到位问题3个。其中，吕梁市离石区1家、文水县2家。']
    """
    vocabulary = problem_types()
    out = []
    for kind in [k for k in vocabulary if k in set(rows["problem"])]:
        of_kind = rows[rows["problem"] == kind]
        counts = of_kind.groupby(["city", "county"], sort=False).size()
        parts, before = [], None
        for (city, county), n in counts.items():
            parts.append(f"{'' if city == before else city}{county}{n}{_MEASURE.get(kind, '处')}")
            before = city
        name = _SAID.get(kind, vocabulary[kind]["zh"])
        out.append(f"{name}问题{len(of_kind)}个。其中，{'、'.join(parts)}。")
    return out
