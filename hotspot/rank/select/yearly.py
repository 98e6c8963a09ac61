"""
Next year's list: who leaves because it improved significantly, who enters (D8).

A cell leaves only if both hold: its monthly values fell significantly, and it would
not be listed even with a somewhat larger quota. A cell enters if it would be listed
with a somewhat smaller quota, or while the quota has room. Between the two quotas the
list stays as it is, so that nobody goes in and out with the weather of one year.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot import contracts
from hotspot.contracts.records import Standing
from hotspot.kernels.arrays import Flags, Floats, Ints, Texts
from hotspot.rank.select.hotlist import in_force
from hotspot.rank.select.hotspots import list_rows, rank_cells
from hotspot.rank.select.quota import fill_quota, passes
from hotspot.rank.warn.clusters import false_discovery
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria, Revision, Selection
from hotspot.study import Study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DIFF_COLUMNS: dict[str, int | str] = {
    "year": 0, "city": "text", "cell": "text", "county": "text", "township": "text", "change": "text",
    "pm25": 3, "pm25_before": 3, "level": 3, "level_before": 3, "slope": 3, "low_pct": 2, "high_pct": 2,
    "p_value": 4, "n_months": 0, "tested_on": "text", "why": "text",
}  # fmt: skip


def improvement(months: "xr.DataArray", rule: Revision) -> "pd.DataFrame":
    """
    Did the monthly values of each cell fall significantly?

    Parameters
    ----------
    months : DataArray (cell, time)
        Monthly values, ug/m3, oldest first; weather-normalised where there is a normalised
        value. The last ``rule.months`` of them are used.
    rule : Revision, from ``Criteria.revision``

    Returns
    -------
    DataFrame, index cell: ``slope`` (Theil-Sen, ug/m3 per year), ``low_pct, high_pct`` (interval of
    the last twelve months' change against the twelve before, %), ``p_value`` (one-sided, for a fall),
    ``n_months``, ``tested`` (enough months), ``improved`` (after control of the false discovery rate)

    Notes
    -----
    ``trend``: slopes and Kendall's score are taken over pairs of the same calendar month, so the
    season cancels (seasonal Kendall test, Hirsch, Slack and Smith 1982). With S the rises less the
    falls of all pairs and Var S = sum of [n(n-1)(2n+5) - ties] / 18 over calendar months,
    ``z = (S + 1) / sqrt(Var S)`` and p = P(Z <= z) for S < 0, else at least one half. Months are
    taken as independent.

    ``interval``: the mean logarithm of the ratio of each month to the same month a year before,
    resampled over the pairs and widened by sqrt(n / (n - 1)); p is the share of draws at or above zero.

    ``improved`` holds the false discovery rate over the tested cells at ``rule.alpha``
    (Benjamini and Hochberg 1995): with hundreds of cells one in twenty would leave by chance.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Revision
    >>> time = np.arange("2018-01", "2020-01", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> season = 50 + 20 * np.cos(np.arange(24) / 12 * 2 * np.pi)
    >>> values = np.stack([season, season - 5 * (np.arange(24) >= 12)])
    >>> told = improvement(xr.DataArray(values, {"cell": ["A", "B"], "time": time}, ("cell", "time")), Revision())
    >>> told["slope"].tolist(), told["improved"].tolist()
    ([0.0, -5.0], [False, True])
    """
    import pandas as pd
    from scipy import stats

    from hotspot.kernels import trend

    months = contracts.in_order(months).transpose("cell", "time")
    first = month_minus(max(contracts.months_in(months)), rule.months - 1)
    months = months.sel(time=slice(first, None))
    values = np.ascontiguousarray(months.values, dtype="float64")
    number = months["time"].values.astype("datetime64[M]").astype("int64")
    slope, score, variance, seen = trend.pair_trend(values, number / 12.0, number % 12)
    low, high, p_interval = _intervals(values, number, rule)
    if rule.test == "trend":
        z = np.divide(np.minimum(score + 1, 0), np.sqrt(variance), out=np.zeros_like(score), where=variance > 0)
        p = np.where(score < 0, stats.norm.cdf(z), 1.0)
    else:
        p = p_interval
    tested = (seen >= rule.min_months) & np.isfinite(p)
    improved = np.zeros(seen.size, dtype=bool)
    improved[tested] = false_discovery(p[tested], rule.alpha)
    table = {
        "slope": slope,
        "low_pct": low,
        "high_pct": high,
        "p_value": np.where(tested, p, np.nan),
        "n_months": seen.astype("int64"),
        "tested": tested,
        "improved": improved,
    }
    return pd.DataFrame(table, index=pd.Index(months["cell"].values.astype(str), name="cell"))


def _intervals(values: Floats, number: Ints, rule: Revision) -> tuple[Floats, Floats, Floats]:
    """Interval of the last year's change, per cent, at two-sided 1 - 2 alpha, and P(no fall)."""
    n_cell = len(values)
    low, high, p = np.full(n_cell, np.nan), np.full(n_cell, np.nan), np.full(n_cell, np.nan)
    last, before = (np.flatnonzero(number > number[-1] - k) for k in (12, 24))
    before = before[number[before] <= number[-1] - 12]
    partner = [(i, j) for j in last for i in before if number[i] == number[j] - 12]
    if len(partner) < 12:
        return low, high, p
    old, new = np.array(partner).T
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.log(values[:, new]) - np.log(values[:, old])
    whole = np.isfinite(change).all(axis=1)
    n = change.shape[1]
    taken = np.random.default_rng(rule.seed).integers(0, n, size=(rule.n_draws, n))
    weight = np.zeros((rule.n_draws, n))
    np.add.at(weight, (np.arange(rule.n_draws)[:, None], taken), 1.0 / n)
    mean = change[whole].mean(axis=1, keepdims=True)
    draws = mean + ((change[whole] - mean) @ weight.T) * np.sqrt(n / (n - 1))
    low[whole], high[whole] = np.expm1(np.quantile(draws, [rule.alpha, 1 - rule.alpha], axis=1)) * 100
    p[whole] = (1 + (draws >= 0).sum(axis=1)) / (rule.n_draws + 1)
    return low, high, p


def revise_hotspots(
    annual: "xr.Dataset",
    study: Study,
    year: int,
    previous: "pd.DataFrame",
    *,
    level: "xr.Dataset | None" = None,
    months: "xr.DataArray | None" = None,
    tested_on: str = "measured",
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """
    The list of a year that follows a list: who is kept, who leaves, who enters.

    Parameters
    ----------
    annual, study, year, level
        As for ``select_hotspots``.
    previous : DataFrame
        Last year's list; its exited cells do not count.
    months : DataArray (cell, time), optional
        Monthly values of the years up to the basis of this list, see ``improvement``.
        Without them nobody can be shown to have improved, and nobody leaves.
    tested_on : str
        What ``months`` are: "normalised" or "measured", for the record.

    Returns
    -------
    (hot, diff)
        ``hot`` as from ``select_hotspots``; cells that stay keep ``since`` and are screened anew.
        ``diff``: DataFrame with the columns of ``DIFF_COLUMNS``, one row per cell of either list,
        ``change`` entered, kept or exited, in the order city, cell.

    Raises
    ------
    DataError
        As for ``select_hotspots``.

    Notes
    -----
    With quota q and ``h = criteria.revision.hysteresis`` three lists are filled in the order of
    ``rank_cells``: inner (1 - h) q, the quota itself, outer (1 + h) q. A listed cell leaves if it
    improved significantly and is not in the outer list. A cell enters if it is in the inner list,
    or is in the quota's list and the area kept and entered so far leaves room. Cells that did not improve may
    so hold the list above the quota; the diff shows them.
    """
    import pandas as pd

    criteria = study.criteria
    standing = rank_cells(annual, study, year, level=level)
    codes = study.cells["cell"].values.astype(str)
    inner, exact, outer = _zones(standing, criteria)
    old = np.isin(codes, in_force(previous)["cell"].values.astype(str))
    told = _told(months, codes, old, criteria.revision)
    leaving = old & told["improved"].values & ~outer & standing.eligible
    chosen = (old & ~leaving) | inner
    _take_while_room(chosen, standing, exact, criteria.selection)
    hot = list_rows(standing, annual, study, year, chosen)
    since = dict(zip(previous["cell"], previous["since"], strict=True))
    old_codes = set(codes[old].tolist())
    hot["since"] = [int(since[cell]) if cell in old_codes else int(year) for cell in hot["cell"]]

    before = previous.drop_duplicates("cell").set_index("cell").reindex(codes)
    at = np.flatnonzero(old | chosen)
    diff = pd.DataFrame(
        {
            "year": int(year),
            "city": standing.city[at],
            "cell": codes[at],
            "county": study.cells["county"].values.astype(str)[at],
            "township": study.cells["township"].values.astype(str)[at],
            "change": np.where(leaving, "exited", np.where(old, "kept", "entered"))[at],
            "pm25": standing.pm25[at],
            "pm25_before": np.where(old, before["pm25"].values.astype("float64"), np.nan)[at],
            "level": np.nan if standing.level is None else standing.level[at],
            "level_before": np.where(old, before["level"].values.astype("float64"), np.nan)[at],
            **{name: told[name].values[at] for name in ("slope", "low_pct", "high_pct", "p_value", "n_months")},
            "tested_on": np.where(told["tested"].values, tested_on, "")[at],
            "why": [
                _why(int(i), standing, told.iloc[i], old, leaving, inner, exact, outer, criteria.revision) for i in at
            ],
        }
    )
    return hot, diff.sort_values(["city", "cell"], kind="stable").reset_index(drop=True)


def _zones(standing: Standing, criteria: Criteria) -> tuple[Flags, Flags, Flags]:
    """The lists of the smaller quota, the quota and the larger one; each holds the one before."""
    rule, band = criteria.selection, criteria.revision.hysteresis
    zones = []
    for factor in (1 - band, 1.0, 1 + band):
        shares = {name: min(getattr(rule, name) * factor, 1.0) for name in ("quota_share", "floor_share", "cap_share")}
        scaled = rule.model_copy(update=shares)
        zones.append(fill_quota(standing.order, standing.city, standing.area, standing.city_area, scaled))
    inner, exact, outer = zones
    return inner & exact, exact, outer | exact


def _told(months: "xr.DataArray | None", codes: Texts, old: Flags, rule: Revision) -> "pd.DataFrame":
    """The test of every listed cell, on all cells; nothing tested where there are no months."""
    import pandas as pd

    blank = {"slope": np.nan, "low_pct": np.nan, "high_pct": np.nan, "p_value": np.nan, "n_months": 0,
             "tested": False, "improved": False}  # fmt: skip
    table = pd.DataFrame(blank, index=pd.Index(codes, name="cell"))
    if months is None or not old.any():
        return table
    # Only listed cells are tested, so that the false discovery rate is that of the list.
    tested = improvement(months.sel(cell=codes[old]), rule)
    table.loc[tested.index, list(blank)] = tested[list(blank)]
    return table.astype({"tested": bool, "improved": bool, "n_months": "int64"})


def _take_while_room(chosen: Flags, standing: Standing, exact: Flags, rule: Selection) -> None:
    """Cells of the quota's list, heaviest first, while their city (or the region) has room."""
    per_city = rule.quota_mode == "per_city"
    scope = standing.city if per_city else np.full(standing.city.size, "")
    whole = standing.city_area if per_city else {"": sum(standing.city_area.values())}
    used = {name: float(standing.area[chosen & (scope == name)].sum()) for name in whole}
    for i in standing.order.tolist():
        name = str(scope[i])
        if exact[i] and not chosen[i] and not passes(used[name] + standing.area[i], rule.quota_share * whole[name]):
            chosen[i] = True
            used[name] += standing.area[i]


def _why(
    i: int,
    standing: Standing,
    told: "pd.Series",
    old: Flags,
    leaving: Flags,
    inner: Flags,
    exact: Flags,
    outer: Flags,
    rule: Revision,
) -> str:
    """The decision on one cell in words, with the numbers that made it."""
    if not told["tested"]:
        trend = f"not tested, {told['n_months']:.0f} months of at least {rule.min_months}"
    else:
        trend = f"{told['slope']:+.2f} ug/m3 a year, p {told['p_value']:.4f}"
    wide = f"{rule.hysteresis:.0%}"
    if leaving[i]:
        return f"improved significantly ({trend}) and not listed even with a quota {wide} larger"
    if not old[i]:
        return f"heavy enough for a quota {wide} smaller" if inner[i] else "heavy enough for the quota, which has room"
    if not standing.eligible[i]:
        return "no valid annual mean to judge it by, so it stays"
    zone = "inside the quota" if exact[i] else f"inside a quota {wide} larger" if outer[i] else "outside the quota"
    verdict = "improved significantly" if told["improved"] else "no significant improvement"
    return f"{zone}; {verdict} ({trend})"
