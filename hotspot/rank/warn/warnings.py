"""
The monthly warning list: three classes of cells per city, and how sure each rank is (D9, C5).

The rank is official arithmetic and the confidence stands beside it, never in its place.
A level is ranked unrounded; a change is computed from both means at the product's decimals,
each rounded once from its stored full value, and is itself not rounded before it is ranked
(``rules.ranking``). Equal values share a rank, and everybody tied at the last published rank
is in.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot import contracts
from hotspot.kernels.arrays import Ints, Texts
from hotspot.rank.warn.claims import Months, again, this_month
from hotspot.rank.warn.classes import Class, classes_of, listed_cells
from hotspot.rank.warn.pixels import near_pairs
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria
from hotspot.rules.ranking import ranks
from hotspot.rules.reasons import REASONS, months_back

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

COLUMNS = (
    "month", "city", "reason", "rank", "cell", "label", "county", "township", "lon", "lat",
    "pm25", "previous", "change", "change_pct", "n_valid", "coverage",
    "p_worst", "p_top", "rank_low", "rank_high", "distinguishable",
)  # fmt: skip
# What stands beside the list, never in warnings.csv: the other claim, and who may be among the k worst.
BESIDE = ("p_again", "all_low", "all_high", "may_top", "may")
NOT_RANKED_COLUMNS = ("month", "city", "cell", "reason", "why")


def rank_warnings(
    field: "xr.Dataset",
    hot: "pd.DataFrame",
    criteria: Criteria,
    *,
    daily: "xr.Dataset | None" = None,
    standing: "pd.DataFrame | None" = None,
    known: Months | None = None,
) -> "pd.DataFrame":
    """
    Rank the hotspot cells of each city in three classes and publish the worst of each.

    ``highest`` monthly mean, worst ``year_on_year`` and worst ``month_on_month`` change. Worst is
    the largest increase: where all cells improved, the one that improved least is the worst.
    The first ``k`` of a class are published and whoever is tied with the last of them; a cell in
    several classes has a row in each.

    ``rank_low, rank_high`` are the cell's own (marginal) confidence set.
    ``distinguishable`` is True when both hold: the cell's worst rank in that set is
    still within the published list, and no cell ranked in the same city and
    class but left off the list lies closer than the product's native resolution (such neighbours
    differ by interpolation alone). The draws of a product coarser
    than the cells hold what it cannot see within a pixel.
    Where the error is not known, the confidence columns are empty and ``distinguishable`` is False.

    Parameters
    ----------
    field : Dataset (cell, time)
        From ``monthly_field``: ``pm25 coverage n_valid pm25_error valid why`` for M-12, M-1, M, which are
        found by name among however many there are: M is the month the field is named after, else its last.
    hot : DataFrame
        The hotspot list; rows of status "exited" are left out.
    criteria : Criteria
        ``warning`` and ``confidence`` are used.
    daily : Dataset (cell, day), optional
        Daily ``pm25`` of the three months, for the block bootstrap of days.
    standing : DataFrame, optional
        From ``rank_standing`` of the same, where it is known already.
    known : Months, optional
        From ``months_of``, where the same months are ranked more than once: their errors are worked out once.

    Returns
    -------
    DataFrame of ``COLUMNS``, in the order city, reason, rank, cell; values unrounded, NaN where
    unknown; ``attrs["notes"]`` says what a reader of the list must know

    Raises
    ------
    DataError
        The list names a cell that the field does not have, or the field lacks one of the three months.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> code, n = [f"C{i}" for i in range(5)], 5
    >>> data = {"pm25": [[50.0, 60.0, 40.0 + 4 * i] for i in range(n)], "pm25_error": [[0.5] * 3] * n,
    ...         "coverage": [[1.0] * 3] * n, "n_valid": [[np.nan] * 3] * n, "valid": [[True] * 3] * n,
    ...         "why": [[""] * 3] * n}
    >>> text = {name: ("cell", ["x"] * n) for name in ("county", "township", "label")}
    >>> field = xr.Dataset({k: (("cell", "time"), v) for k, v in data.items()},
    ...     {"cell": code, "time": np.array(["2019-02", "2020-01", "2020-02"], "datetime64[ns]"),
    ...      "x": ("cell", np.arange(n) * 3e3), "y": ("cell", np.zeros(n)), "lon": ("cell", np.zeros(n)),
    ...      "lat": ("cell", np.zeros(n)), **text}, {"gas_state": "actual"})
    >>> hot = pd.DataFrame({"cell": code, "city": "x", "status": "formal"})
    >>> warned = rank_warnings(field, hot, Criteria())
    >>> warned[["reason", "rank", "cell", "rank_high", "distinguishable"]].values.tolist()[:3]
    [['highest', 1, 'C4', 1, True], ['highest', 2, 'C3', 2, True], ['highest', 3, 'C2', 3, True]]
    >>> warned["change"].dropna().tolist()
    [6.0, 2.0, -2.0, -4.0, -8.0, -12.0]
    """
    if standing is None:
        standing = rank_standing(field, hot, criteria, daily=daily, known=known)
    warned = standing[standing["listed"].astype(bool)].drop(columns=["listed", *BESIDE])
    warned = warned.reset_index(drop=True)
    warned.attrs["notes"] = standing.attrs["notes"]
    return warned


def months_of(field: "xr.Dataset", criteria: Criteria, *, daily: "xr.Dataset | None" = None) -> Months:
    """
    What is known of the months that a list compares, for several lists of them that differ in their length alone.

    Parameters
    ----------
    field, criteria, daily : as for ``rank_warnings``
    """
    return Months(contracts.compared(field, backs=months_back(criteria.warning.k)), daily, criteria)


def rank_standing(
    field: "xr.Dataset",
    hot: "pd.DataFrame",
    criteria: Criteria,
    *,
    daily: "xr.Dataset | None" = None,
    known: Months | None = None,
) -> "pd.DataFrame":
    """
    Every hotspot cell that could be ranked, with its rank and its confidence, listed or not.

    Parameters
    ----------
    field, hot, criteria, daily, known : as for ``rank_warnings``

    Returns
    -------
    DataFrame of ``COLUMNS``, ``listed`` (bool), ``p_again`` (probability that it would be the worst in a month like
    this) and ``may_top`` (it is one of the cells that hold all of the k worst), ``all_low, all_high`` (sets of
    all cells at once), ``may`` (codes of all cells of the city and class that ``may_top``, by their chance, joined by
    ";"), in the order city, reason, rank, cell; notes as there

    Raises
    ------
    DataError
        The list names a cell that the field does not have.
    """
    import pandas as pd

    field = contracts.compared(field, backs=months_back(criteria.warning.k))
    listed, at = listed_cells(field, hot)
    month = contracts.named(field)
    notes: list[str] = []
    months = known or months_of(field, criteria, daily=daily)
    tables = []
    for kind in classes_of(field, at, criteria, notes, listed["city"].values):
        k = criteria.warning.k.get(kind.reason, 0)
        if k > 0 and not kind.ranked.any():
            notes.append(f"{kind.reason}: no cell could be ranked in any city")
            continue
        for city in sorted(set(listed["city"])):
            own = np.flatnonzero((listed["city"].values == city) & kind.ranked)
            if k > 0 and own.size < k:
                notes.append(f"{city}, {kind.reason}: {own.size} cells could be ranked, fewer than k = {k}")
            if k < 1 or own.size == 0:
                continue
            order = ranks(kind.value[own])
            whole = np.flatnonzero(listed["city"].values == city)
            sets = _confidence(kind, at, (whole, own), months, order, criteria)
            inside = order <= k
            if (sets["all_high"][inside] <= inside.sum()).all():
                notes.append(f"{city}, {kind.reason}: the whole list is sure at once (simultaneous rank sets)")
            tables.append(
                pd.DataFrame(
                    {
                        "month": month,
                        "city": city,
                        "reason": kind.reason,
                        "rank": order,
                        "listed": inside,
                        "pm25": contracts.values_of(field, "pm25")[at[own]],
                        "previous": kind.previous[own],
                        "change": kind.change[own],
                        "change_pct": kind.change_pct[own],
                        "n_valid": contracts.values_of(field, "n_valid")[at[own]].astype("float64"),
                        "coverage": contracts.values_of(field, "coverage")[at[own]].astype("float64"),
                        **sets,
                        "may": _may(sets, field["cell"].values[at[own]].astype(str)),
                        **_identity(field, at[own]),
                    }
                )
            )
    names = [*COLUMNS, "listed", *BESIDE]
    ranked = pd.concat(tables, ignore_index=True)[names] if tables else pd.DataFrame(columns=names)
    position = ranked["reason"].map({name: i for i, name in enumerate(REASONS)})
    ranked = ranked.assign(_reason=position).sort_values(["city", "_reason", "rank", "cell"], kind="stable")
    ranked = ranked.drop(columns="_reason").reset_index(drop=True)
    ranked.attrs["notes"] = notes
    return ranked


def not_ranked(field: "xr.Dataset", hot: "pd.DataFrame", criteria: Criteria) -> "pd.DataFrame":
    """
    Every hotspot cell left out of a class, with the reason.

    Parameters
    ----------
    field, hot, criteria : as for ``rank_warnings``

    Returns
    -------
    DataFrame ``month city cell reason why``, in the order city, reason, cell

    Raises
    ------
    DataError
        The list names a cell that the field does not have.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> data = {"pm25": [[np.nan, 60.0, 40.0]], "valid": [[False, True, True]], "why": [["no layer", "", ""]]}
    >>> field = xr.Dataset({k: (("cell", "time"), v) for k, v in data.items()},
    ...     {"cell": ["C0"], "time": np.array(["2019-02", "2020-01", "2020-02"], "datetime64[ns]")})
    >>> hot = pd.DataFrame({"cell": ["C0"], "city": "x", "status": "formal"})
    >>> not_ranked(field, hot, Criteria()).values.tolist()
    [['2020-02', 'x', 'C0', 'year_on_year', '2019-02: no layer']]
    """
    import pandas as pd

    field = contracts.compared(field, backs=months_back(criteria.warning.k))
    listed, at = listed_cells(field, hot)
    month = contracts.named(field)
    rows = []
    for position, kind in enumerate(classes_of(field, at, criteria, [], listed["city"].values)):
        for i in np.flatnonzero(~kind.ranked).tolist():
            rows.append((month, listed["city"][i], listed["cell"][i], kind.reason, kind.why[i], position))
    table = pd.DataFrame(rows, columns=[*NOT_RANKED_COLUMNS, "_reason"])
    table = table.sort_values(["city", "_reason", "cell"], kind="stable").drop(columns="_reason")
    return table.reset_index(drop=True)


def _may(sets: dict[str, np.ndarray], cells: Texts) -> str:
    """The set of cells that may be among the k worst, likeliest first; empty where unknown."""
    may = np.asarray(sets["may_top"])
    if may.dtype != bool:
        return ""
    order = np.lexsort((cells, -sets["p_top"]))
    return ";".join(cells[i] for i in order if may[i])


def beside(warned: "pd.DataFrame", standing: "pd.DataFrame") -> "pd.DataFrame":
    """
    The list with what stands beside it, for words and internal sheets; never for ``warnings.csv``.

    Parameters
    ----------
    standing : DataFrame, from ``rank_standing`` of the same

    Returns
    -------
    DataFrame: ``warned`` with ``p_again`` and ``may``
    """
    keys = ["city", "reason", "cell"]
    joined = warned.merge(standing[[*keys, "p_again", "may"]], on=keys, how="left", sort=False, validate="1:1")
    joined.attrs = warned.attrs
    return joined


def _confidence(
    kind: Class, at: Ints, chosen: tuple[Ints, Ints], months: Months, order: Ints, criteria: Criteria
) -> dict[str, np.ndarray]:
    """Confidence columns of the ranked cells of one city and class; ``chosen``: all of the city, and these."""
    back, k = kind.of.months_back, criteria.warning.k[kind.reason]
    names = [months.month, month_minus(months.month, back)] if back else [months.month]
    whole, own = chosen
    # The joint errors of a city serve all classes: they are taken once, of all its cells that have a value.
    known = whole[np.isfinite(np.stack([months.level(name, at[whole]) for name in names])).all(axis=0)]
    sets = this_month(months, names, (at[known], np.searchsorted(known, own)), k)
    sets["p_again"] = again(months, names, at[own])
    if np.isnan(sets["rank_low"]).any():
        return sets | {"distinguishable": np.zeros(own.size, dtype=bool)}
    # The official rank is of rounded changes; where that moves it, the set is stretched to hold it.
    sets["rank_low"] = np.minimum(sets["rank_low"], order)
    sets["rank_high"] = np.maximum(sets["rank_high"], order)
    listed = order <= k
    near = near_pairs(months.place[at[own]], months.resolution)
    rival = (near & ~listed[None, :]).any(axis=1)
    return sets | {"distinguishable": (sets["rank_high"] <= max(k, int(listed.sum()))) & ~rival}


def _identity(field: "xr.Dataset", at: Ints) -> dict[str, np.ndarray]:
    """Columns that say which cell it is and where."""
    columns = {"cell": field["cell"].values[at].astype(str)}
    for name in ("label", "county", "township"):
        columns[name] = field[name].values[at].astype(str)
    return columns | {name: field[name].values[at].astype("float64") for name in ("lon", "lat")}
