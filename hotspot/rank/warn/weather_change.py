"""
What the weather did to a month, beside the official change (D9, METHODS 6).

Nothing here ranks: the official change stays the one that lists a cell. The change in
average weather stands beside it, so that a reader sees what is left without the weather.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot import contracts
from hotspot.kernels.arrays import Floats, Ints
from hotspot.rules.calendar import month_minus
from hotspot.rules.reasons import REASONS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

COLUMNS = (
    "change_normalised", "change_normalised_pct", "normalised_low_pct", "normalised_high_pct", "weather",
)  # fmt: skip


def weather_change(field: "xr.Dataset", rows: "pd.DataFrame") -> "pd.DataFrame":
    """
    The weather-normalised change of listed cells, and what the weather did.

    Parameters
    ----------
    field : Dataset (cell, time) of M-12, M-1, M
        With ``pm25_normalised``, ``_low`` and ``_high`` as ``level.with_weather`` adds them, and
        perhaps ``pm25_normalised_change``, ``_low`` and ``_high``.
    rows : DataFrame with ``cell`` and ``reason``
        As the list of warnings; a reason without a base (``highest``) has no change.

    Returns
    -------
    DataFrame with the index of ``rows``; NaN where there is none:
        ``change_normalised`` ug/m3 and ``change_normalised_pct`` %, from the base month of the
        reason to this month, both in average weather; ``normalised_low_pct, normalised_high_pct``
        their interval; ``weather`` ug/m3: by how much the weather raised the official change
        above it (for ``highest``: this month's mean above that in average weather)

    Notes
    -----
    With N the value in average weather and h half the width of the interval of ln N::

        change % = 100 (N(M) / N(base) - 1),  ln interval = ln(N(M) / N(base)) -+ sqrt(h(M)^2 + h(base)^2)
        weather = [C(M) - C(base)] - [N(M) - N(base)]

    So for the month before: its season is another, and what all cells share of it stays in the change. From the
    same month of last year it cancels: there h is that of ``pm25_normalised_change``, told from the data; without it,
    as above. The normalised values hang on the model of
    METHODS 6, the official ones do not.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> def of(*values): return (("cell", "time"), [list(values)])
    >>> field = xr.Dataset({"pm25": of(50.0, 45.0, 60.0), "pm25_normalised": of(50.0, 50.0, 48.0),
    ...     "pm25_normalised_low": of(47.0, 47.0, 45.0), "pm25_normalised_high": of(53.0, 53.0, 51.0)},
    ...     {"cell": ["A"], "time": np.array(["2024-12", "2025-11", "2025-12"], "datetime64[ns]")})
    >>> told = weather_change(field, pd.DataFrame({"cell": ["A", "A"], "reason": ["year_on_year", "highest"]}))
    >>> told["change_normalised"].tolist(), told["weather"].tolist(), told["change_normalised_pct"].round(1).tolist()
    ([-2.0, nan], [12.0, 12.0], [-4.0, nan])
    """
    import pandas as pd

    if "pm25_normalised" not in field or not len(rows):
        return pd.DataFrame(np.nan, index=rows.index, columns=list(COLUMNS))
    at = pd.Index(field["cell"].values.astype(str)).get_indexer(rows["cell"].astype(str))
    month = contracts.named(field)
    back = np.array([REASONS[reason].months_back if reason in REASONS else 0 for reason in rows["reason"]])
    has = back > 0
    names = ("pm25", "pm25_normalised", "pm25_normalised_low", "pm25_normalised_high")
    pm25, normal, low, high = (contracts.values_of(field, name, month)[at].astype("float64") for name in names)
    pm25_then, normal_then, low_then, high_then = (_before(field, name, month, at, back) for name in names)
    with np.errstate(invalid="ignore", divide="ignore"):
        half, half_then = (np.log(high) - np.log(low)) / 2, (np.log(high_then) - np.log(low_then)) / 2
        ratio = np.log(normal / normal_then)
        reach = np.sqrt(half**2 + half_then**2)
        if "pm25_normalised_change" in field:
            ends = (contracts.values_of(field, f"pm25_normalised_change{end}", month) for end in ("_low", "_high"))
            own = np.subtract(*(np.log1p(end[at].astype("float64")) for end in ends)) / -2
            reach = np.where((back == 12) & np.isfinite(own), own, reach)
        change = normal - normal_then
    official = np.where(has, pm25 - pm25_then, pm25)
    table = {
        "change_normalised": np.where(has, change, np.nan),
        "change_normalised_pct": np.where(has, np.expm1(ratio) * 100, np.nan),
        "normalised_low_pct": np.where(has, np.expm1(ratio - reach) * 100, np.nan),
        "normalised_high_pct": np.where(has, np.expm1(ratio + reach) * 100, np.nan),
        "weather": official - np.where(has, change, normal),
    }
    return pd.DataFrame(table, index=rows.index)


def _before(field: "xr.Dataset", name: str, month: str, at: Ints, back: np.ndarray) -> Floats:
    """A variable so many months before, row by row; NaN where the row has no base."""
    values = np.full(back.size, np.nan)
    for n in sorted(set(back[back > 0].tolist())):
        rows = np.flatnonzero(back == n)
        values[rows] = contracts.values_of(field, name, month_minus(month, n))[at[rows]].astype("float64")
    return values
