"""The ten highest cells and the ten largest rises of each city, as the analysis report prints them (C6)."""

from typing import TYPE_CHECKING

from hotspot.rank.warn.warnings import rank_warnings
from hotspot.rules.criteria import Criteria
from hotspot.rules.reasons import in_use

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from hotspot.rank.warn.claims import Months


def rank_leaders(
    field: "xr.Dataset",
    hot: "pd.DataFrame",
    criteria: Criteria,
    *,
    daily: "xr.Dataset | None" = None,
    known: "Months | None" = None,
) -> "pd.DataFrame":
    """
    The first ``criteria.report.leaders`` hotspot cells of each city in each class.

    Ranks, ties and rank intervals are those of the warning list. What hangs on the length of
    the list is of this longer one: ``p_top`` is the share of draws in which a cell is among its
    first ten, ``distinguishable`` tells whether it surely belongs to them.

    Parameters
    ----------
    field, hot, criteria, daily, known : as for ``rank_warnings``

    Returns
    -------
    DataFrame with the columns and the order of ``rank_warnings``, unrounded

    Raises
    ------
    DataError
        The list names a cell that the field does not have.

    Examples
    --------
    >>> import numpy as np, pandas as pd, xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> n = 12
    >>> data = {"pm25": [[np.nan, 40.0, 40.0 + i] for i in range(n)], "pm25_error": [[0.5] * 3] * n,
    ...         "coverage": [[1.0] * 3] * n, "n_valid": [[np.nan] * 3] * n, "valid": [[False, True, True]] * n,
    ...         "why": [["no layer", "", ""]] * n}
    >>> text = {name: ("cell", ["x"] * n) for name in ("county", "township", "label")}
    >>> field = xr.Dataset({k: (("cell", "time"), v) for k, v in data.items()},
    ...     {"cell": [f"C{i:02d}" for i in range(n)],
    ...      "time": np.array(["2019-02", "2020-01", "2020-02"], "datetime64[ns]"),
    ...      "x": ("cell", np.arange(n) * 3e3), "y": ("cell", np.zeros(n)), "lon": ("cell", np.zeros(n)),
    ...      "lat": ("cell", np.zeros(n)), **text}, {"gas_state": "actual"})
    >>> hot = pd.DataFrame({"cell": field["cell"].values, "city": "x", "status": "formal"})
    >>> rank_leaders(field, hot, Criteria()).groupby("reason")["rank"].max().to_dict()
    {'highest': 10, 'month_on_month': 10}
    """
    names = [reason.id for reason in in_use(criteria.warning.k)]
    longer = criteria.warning.model_copy(update={"k": dict.fromkeys(names, criteria.report.leaders)})
    return rank_warnings(field, hot, criteria.model_copy(update={"warning": longer}), daily=daily, known=known)
