"""
The monthly warning list: three classes of cells per city, and how sure each rank is (D9, C5).

The rank is official arithmetic and the confidence stands beside it, never in its place.
A level is ranked unrounded; a change is computed from both means at the product's decimals,
each rounded once from its stored full value, and is itself not rounded before it is ranked
(``rules.ranking``). Equal values share a rank, and everybody tied at the last published rank
is in.
"""

from typing import NamedTuple

import numpy as np

from hotspot.rank.select.hotlist import in_force
from hotspot.rank.warn.confidence import joint_freedom, month_draws, near_pairs, rank_sets
from hotspot.rank.warn.months import three_months
from hotspot.rules.calendar import local_days, month_minus, month_of
from hotspot.rules.criteria import REASONS
from hotspot.rules.ranking import change, level_for_rank, ranks
from hotspot.rules.rounding import plain_text
from hotspot.variables import DataError

COLUMNS = (
    "month", "city", "reason", "rank", "cell", "label", "county", "township", "lon", "lat",
    "pm25", "previous", "change", "change_pct", "n_valid", "coverage",
    "p_worst", "p_top", "rank_low", "rank_high", "distinguishable",
)  # fmt: skip
NOT_RANKED_COLUMNS = ("month", "city", "cell", "reason", "why")
# Months back to the base of each class; none for the level itself. The field's order is M-12, M-1, M.
_BASE = {"highest": None, "year_on_year": 12, "month_on_month": 1}
_COLUMN = {12: 0, 1: 1, 0: 2}
# From this month on gases and particles are reported at other conditions (GB 3095-2012, amendment).
_STATE_CHANGE = "2018-09"
# From this month on GB 3095-2026 holds: concentrations compare across it, indices do not.
_STANDARD_CHANGE = "2026-03"


class _Class(NamedTuple):
    """One warning class over all hotspot cells of the list, in its order."""

    reason: str
    value: np.ndarray  # what is ranked, larger is worse
    ranked: np.ndarray  # bool
    why: np.ndarray  # object, "" where ranked
    previous: np.ndarray
    change: np.ndarray
    change_pct: np.ndarray


def rank_warnings(field, hot, criteria, *, daily=None, standing=None):
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
    differ by interpolation alone). Pairs closer than that are never told apart in the sets either.
    Where the error is not known, the confidence columns are empty and ``distinguishable`` is False.

    Parameters
    ----------
    field : Dataset (cell, time)
        From ``monthly_field``: ``pm25 coverage n_valid pm25_error valid why`` for M-12, M-1, M, which are
        found by name: M is its last month.
    hot : DataFrame
        The hotspot list; rows of status "exited" are left out.
    criteria : Criteria
        ``warning`` and ``confidence`` are used.
    daily : Dataset (cell, day), optional
        Daily ``pm25`` of the three months, for the block bootstrap of days.
    standing : DataFrame, optional
        From ``rank_standing`` of the same, where it is known already.

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
        standing = rank_standing(field, hot, criteria, daily=daily)
    warned = standing[standing["listed"].astype(bool)].drop(columns="listed").reset_index(drop=True)
    warned.attrs["notes"] = standing.attrs["notes"]
    return warned


def rank_standing(field, hot, criteria, *, daily=None):
    """
    Every hotspot cell that could be ranked, with its rank and its confidence, listed or not.

    Parameters
    ----------
    field, hot, criteria, daily : as for ``rank_warnings``

    Returns
    -------
    DataFrame of ``COLUMNS`` and ``listed`` (bool), in the order city, reason, rank, cell; notes as there

    Raises
    ------
    DataError
        The list names a cell that the field does not have.
    """
    import pandas as pd

    field = three_months(field)
    listed, at = _listed(field, hot)
    month = month_of(field["time"].values[2])
    notes: list[str] = []
    months = _months(field, at, daily)
    tables = []
    for kind in _classes(field, at, criteria, notes):
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
            sets = _confidence(kind, own, months, order, criteria)
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
                        "pm25": field["pm25"].values[at[own], 2],
                        "previous": kind.previous[own],
                        "change": kind.change[own],
                        "change_pct": kind.change_pct[own],
                        "n_valid": field["n_valid"].values[at[own], 2].astype("float64"),
                        "coverage": field["coverage"].values[at[own], 2].astype("float64"),
                        **sets,
                        **_identity(field, at[own]),
                    }
                )
            )
    names = [*COLUMNS, "listed"]
    ranked = pd.concat(tables, ignore_index=True)[names] if tables else pd.DataFrame(columns=names)
    position = ranked["reason"].map({name: i for i, name in enumerate(REASONS)})
    ranked = ranked.assign(_reason=position).sort_values(["city", "_reason", "rank", "cell"], kind="stable")
    ranked = ranked.drop(columns="_reason").reset_index(drop=True)
    ranked.attrs["notes"] = notes
    return ranked


def not_ranked(field, hot, criteria):
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

    field = three_months(field)
    listed, at = _listed(field, hot)
    month = month_of(field["time"].values[2])
    rows = []
    for position, kind in enumerate(_classes(field, at, criteria, [])):
        for i in np.flatnonzero(~kind.ranked).tolist():
            rows.append((month, listed["city"][i], listed["cell"][i], kind.reason, kind.why[i], position))
    table = pd.DataFrame(rows, columns=[*NOT_RANKED_COLUMNS, "_reason"])
    table = table.sort_values(["city", "_reason", "cell"], kind="stable").drop(columns="_reason")
    return table.reset_index(drop=True)


def _listed(field, hot):
    """The list in force, in the order city, cell, and the position of each of its cells in the field."""
    listed = in_force(hot).sort_values(["city", "cell"], kind="stable").reset_index(drop=True)
    place = {code: i for i, code in enumerate(field["cell"].values.tolist())}
    strangers = sorted(set(listed["cell"]) - place.keys())
    if strangers:
        raise DataError(
            f"hotspot list, column cell: {', '.join(strangers[:5])} ({len(strangers)} in all) are no cells of the "
            "month's field; the list belongs to another study or lattice, select again."
        )
    return listed, np.array([place[code] for code in listed["cell"]], dtype="int64")


def _classes(field, at, criteria, notes):
    """What is ranked in each class, and why a cell is not; adds to ``notes``."""
    rule = criteria.warning
    month = month_of(field["time"].values[2])
    value = field["pm25"].values[at].astype("float64")
    valid = field["valid"].values[at].astype(bool) & np.isfinite(value)
    given = field["why"].values[at]
    now_why = _why(given[:, 2], valid[:, 2], value[:, 2], month)
    nothing = np.full(at.size, np.nan)
    for reason in REASONS:
        back = _BASE[reason]
        if back is None:
            yield _Class(reason, level_for_rank(value[:, 2]), valid[:, 2], now_why, nothing, nothing, nothing)
            continue
        base, column = month_minus(month, back), _COLUMN[back]
        previous = value[:, column]
        difference, per_cent = change(value[:, 2], previous, rule.decimals)
        why = np.where(valid[:, 2], _why(given[:, column], valid[:, column], previous, base), now_why).astype(object)
        refusal = _straddles(field, base, month, reason, notes)
        if refusal:
            why = np.where(why == "", refusal, why).astype(object)
        if rule.change == "percent":
            small = (why == "") & ~(np.isfinite(per_cent) & (previous >= rule.min_base))
            for i in np.flatnonzero(small).tolist():
                why[i] = (
                    f"base of {plain_text(previous[i], rule.decimals)} ug/m3 is below {rule.min_base:g}, the rate is "
                    f"unstable; the change is {plain_text(difference[i], rule.decimals)} ug/m3"
                )
        worse = per_cent if rule.change == "percent" else difference
        ranked = why == ""
        yield _Class(reason, np.where(ranked, worse, np.nan), ranked, why, previous, difference, per_cent)


def _why(given, valid, value, month):
    """The field's own reason with the month before it, "" where the value is valid."""
    return np.array(
        [
            "" if ok else f"{month}: {text or ('not valid' if np.isfinite(v) else 'no value')}"
            for text, ok, v in zip(given.tolist(), valid.tolist(), value.tolist(), strict=True)
        ],
        dtype=object,
    )


def _straddles(field, base, month, reason, notes):
    """A refusal, or "", for a pair of months on two sides of a change of rules; adds a note where it stands."""
    if base < _STANDARD_CHANGE <= month:
        notes.append(
            f"{reason}: {base} and {month} lie on two sides of 2026-03-01 (GB 3095-2026); "
            "concentrations compare, indices and attainment do not"
        )
    if not base < _STATE_CHANGE <= month:
        return ""
    state = field.attrs.get("gas_state") or ""
    if state not in ("actual", "standard"):
        return (
            f"{base} and {month} lie on two sides of 2018-09-01, when the reference state changed, and the data do "
            "not declare theirs; declare gas_state in the study"
        )
    notes.append(f"{reason}: {base} and {month} lie on two sides of 2018-09-01; both are at {state} conditions")
    return ""


class _Months(NamedTuple):
    """What the confidence of every class is drawn from: the three months over the whole list."""

    place: np.ndarray  # float64[n_cell, 2], m
    resolution: float  # native resolution of the product, m, or NaN
    level: list  # of float64[n_cell], one a month
    error: list
    days: list  # of float64[n_cell, n_day] or None
    name: list  # of str


def _months(field, at, daily):
    names = [month_of(time) for time in field["time"].values]
    place = np.stack([field["x"].values[at], field["y"].values[at]], axis=1).astype("float64")
    return _Months(
        place,
        float(field.attrs.get("native_resolution_m") or np.nan),
        [field["pm25"].values[at, i].astype("float64") for i in range(3)],
        [field["pm25_error"].values[at, i].astype("float64") for i in range(3)],
        [_days(daily, field["cell"].values[at], name) for name in names],
        names,
    )


def _days(daily, cells, month):
    """float64[n_cell, n_day] of the whole month, or None where it has fewer than two days with data."""
    if daily is None:
        return None
    wanted = local_days(month).astype("datetime64[ns]")
    part = daily["pm25"].transpose("cell", "day").sel(cell=cells).reindex(day=wanted)
    values = part.values.astype("float64")
    return values if np.isfinite(values).any(axis=0).sum() >= 2 else None


def _confidence(kind, own, months, order, criteria):
    """Confidence columns of the ranked cells of one city and class."""
    rule, back = criteria.confidence, _BASE[kind.reason]
    used = [2] if back is None else [2, _COLUMN[back]]
    parts = [
        month_draws(
            months.level[i][own], months.error[i][own], months.place[own], months.name[i], rule,
            native_resolution=months.resolution, days=_seen(months.days[i], own),
        )
        for i in used
    ]  # fmt: skip
    k = criteria.warning.k[kind.reason]
    near = near_pairs(months.place[own], months.resolution)
    if any(part is None for part in parts):
        unknown = np.full(own.size, np.nan)
        names = ("p_worst", "p_top", "rank_low", "rank_high", "all_low", "all_high")
        return dict.fromkeys(names, unknown) | {"distinguishable": np.zeros(own.size, dtype=bool)}
    levels = [np.maximum(months.level[i][own], 1e-3) for i in used]
    # Logarithms: errors multiply, and the order of the rates is the order of the ratios.
    if back is not None and criteria.warning.change == "absolute":
        estimate, draws = levels[0] - levels[1], parts[0].values - parts[1].values
    elif back is not None:
        estimate, draws = np.log(levels[0] / levels[1]), np.log(parts[0].values / parts[1].values)
    else:
        estimate, draws = np.log(levels[0]), np.log(parts[0].values)
    sets = rank_sets(estimate, draws, k=k, level=rule.level, freedom=joint_freedom(parts), apart=~near)
    # The official rank is of rounded changes; where that moves it, the set is stretched to hold it.
    sets["rank_low"] = np.minimum(sets["rank_low"], order)
    sets["rank_high"] = np.maximum(sets["rank_high"], order)
    listed = order <= k
    rival = (near & ~listed[None, :]).any(axis=1)
    return sets | {"distinguishable": (sets["rank_high"] <= max(k, int(listed.sum()))) & ~rival}


def _seen(days, own):
    """Days of the cells of one class, or None where one of them has none: errors then stand alone."""
    return days[own] if days is not None and np.isfinite(days[own]).any(axis=1).all() else None


def _identity(field, at):
    """Columns that say which cell it is and where."""
    columns = {"cell": field["cell"].values[at].astype(str)}
    for name in ("label", "county", "township"):
        columns[name] = field[name].values[at].astype(str)
    return columns | {name: field[name].values[at].astype("float64") for name in ("lon", "lat")}
