"""
What each warning class ranks: the level of a month, or its change, and why a cell is not ranked (D9).

A level is ranked unrounded; a change is computed from both means at the product's decimals, each rounded once from its
stored full value, and is itself not rounded before it is ranked (``rules.ranking``).
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hotspot import contracts
from hotspot.kernels.arrays import Flags, Floats, Ints, Objects
from hotspot.rank.select.hotlist import in_force
from hotspot.rules.calendar import month_minus
from hotspot.rules.criteria import Criteria
from hotspot.rules.ranking import change, level_for_rank, ranks
from hotspot.rules.reasons import Reason, in_use, months_back
from hotspot.rules.rounding import plain_text
from hotspot.rules.standards import standard_change, state_change
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Class(NamedTuple):
    """One warning class over all hotspot cells of the list, in its order."""

    of: Reason
    value: np.ndarray  # what is ranked, larger is worse
    ranked: np.ndarray  # bool
    why: np.ndarray  # object, "" where ranked
    previous: np.ndarray
    change: np.ndarray
    change_pct: np.ndarray

    @property
    def reason(self) -> str:
        """Its id, as the lists name it."""
        return self.of.id


def other_choices(field: "xr.Dataset", hot: "pd.DataFrame", criteria: Criteria) -> dict[str, int]:
    """
    How many rows of the list another measure of change would change.

    Parameters
    ----------
    field, hot, criteria : as for ``rank_warnings``

    Returns
    -------
    dict: each other measure of ``warning.change`` -> rows of the changes that would not be listed by it; and
    ``rows``, how many there are

    Examples
    --------
    >>> import xarray as xr, pandas as pd
    >>> from hotspot.rules.criteria import Criteria, Warning_
    >>> data = {"pm25": [[30.0, 10.0, 20.0], [30.0, 60.0, 80.0]], "valid": [[True] * 3] * 2, "why": [[""] * 3] * 2}
    >>> field = xr.Dataset({k: (("cell", "time"), v) for k, v in data.items()},
    ...     {"cell": ["A", "B"], "time": np.array(["2019-02", "2020-01", "2020-02"], "datetime64[ns]")})
    >>> hot = pd.DataFrame({"cell": ["A", "B"], "city": "x", "status": "formal"})
    >>> one = Criteria(warning=Warning_(k={"highest": 1, "year_on_year": 0, "month_on_month": 1}))
    >>> other_choices(field, hot, one)                # A doubled, B rose by more, and neither changed its place
    {'rows': 1, 'absolute': 1, 'rank': 0}
    """
    field = contracts.compared(field, backs=months_back(criteria.warning.k))
    listed, at = listed_cells(field, hot)
    chosen, k = criteria.warning.change, criteria.warning.k

    def rows(change: str) -> set[tuple[str, int]]:
        rule = criteria.model_copy(update={"warning": criteria.warning.model_copy(update={"change": change})})
        found = set()
        for kind in classes_of(field, at, rule, [], listed["city"].values):
            if not kind.of.months_back or not k.get(kind.reason, 0):
                continue
            for city in set(listed["city"]):
                own = np.flatnonzero((listed["city"].values == city) & kind.ranked)
                inside = own[ranks(kind.value[own]) <= k[kind.reason]]
                found |= {(kind.reason, int(i)) for i in inside}
        return found

    ours = rows(chosen)
    return {"rows": len(ours)} | {
        name: len(ours - rows(name)) for name in ("percent", "absolute", "rank") if name != chosen
    }


def listed_cells(field: "xr.Dataset", hot: "pd.DataFrame") -> "tuple[pd.DataFrame, Ints]":
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


def classes_of(field: "xr.Dataset", at: Ints, criteria: Criteria, notes: list[str], cities: Any) -> Iterator[Class]:
    """What is ranked in each class, and why a cell is not; adds to ``notes``."""
    rule = criteria.warning
    month = contracts.named(field)
    value, valid, given = _month(field, at, month)
    now_why = _why(given, valid, value, month)
    nothing = np.full(at.size, np.nan)
    for of in in_use(rule.k):
        reason = of.id
        if not of.months_back:
            yield Class(of, level_for_rank(value), valid, now_why, nothing, nothing, nothing)
            continue
        base = month_minus(month, of.months_back)
        _, base_valid, base_given = _month(field, at, base)
        # Like with like: the base as this month's network would have seen it (METHODS 15).
        bases = field["pm25_base"] if "pm25_base" in field else field["pm25"]
        previous = contracts.of_month(bases, base).values[at].astype("float64")
        _told_networks(bases.attrs.get("networks", "[]"), base, reason, notes)
        difference, per_cent = change(value, previous, rule.decimals)
        why = np.where(valid, _why(base_given, base_valid, previous, base), now_why).astype(object)
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
        ranked = why == ""
        if rule.change == "rank":
            worse = _places_lost(value, previous, ranked, cities)
        else:
            worse = per_cent if rule.change == "percent" else difference
        yield Class(of, np.where(ranked, worse, np.nan), ranked, why, previous, difference, per_cent)


def _month(field: "xr.Dataset", at: Ints, month: str) -> tuple[Floats, Flags, np.ndarray]:
    """Mean, validity and reason of the listed cells in one month."""
    value = contracts.values_of(field, "pm25", month)[at].astype("float64")
    valid = contracts.values_of(field, "valid", month)[at].astype(bool) & np.isfinite(value)
    return value, valid, contracts.values_of(field, "why", month)[at]


def _told_networks(networks: str, base: str, reason: str, notes: list[str]) -> None:
    """Which stations a change was made from, and what it would be with all of them."""
    for name, then, now, both, raw, like in json.loads(networks):
        if name == base and not then == now == both:
            notes.append(
                f"{reason}: {then} stations were valid in {base} and {now} this month; the change is made from the "
                f"{both} valid in both: {like:+.1f} % over all cells, with all stations it would be {raw:+.1f} %"
            )


def _places_lost(now: Floats, base: Floats, ranked: Flags, cities: Any) -> Floats:
    """By how many places a cell stands nearer to the worst of its city than in the base month."""
    lost = np.full(now.size, np.nan)
    for city in sorted(set(cities)):
        own = np.flatnonzero(ranked & (cities == city))
        lost[own] = ranks(level_for_rank(base[own])) - ranks(level_for_rank(now[own]))
    return lost


def _why(given: np.ndarray, valid: Flags, value: Floats, month: str) -> Objects:
    """The field's own reason with the month before it, "" where the value is valid."""
    return np.array(
        [
            "" if ok else f"{month}: {text or ('not valid' if np.isfinite(v) else 'no value')}"
            for text, ok, v in zip(given.tolist(), valid.tolist(), value.tolist(), strict=True)
        ],
        dtype=object,
    )


def _straddles(field: "xr.Dataset", base: str, month: str, reason: str, notes: list[str]) -> str:
    """A refusal, or "", for a pair of months on two sides of a change of rules; adds a note where it stands."""
    standard = standard_change(base, month)
    if standard is not None:
        notes.append(
            f"{reason}: {base} and {month} lie on two sides of {standard.first} ({standard.names[0]}); "
            "concentrations compare, indices and attainment do not"
        )
    day = state_change(base, month)
    if not day:
        return ""
    state = field.attrs.get("gas_state") or ""
    if state not in ("actual", "standard"):
        return (
            f"{base} and {month} lie on two sides of {day}, when the reference state changed, and the data do "
            "not declare theirs; declare gas_state in the study"
        )
    notes.append(f"{reason}: {base} and {month} lie on two sides of {day}; both are at {state} conditions")
    return ""
