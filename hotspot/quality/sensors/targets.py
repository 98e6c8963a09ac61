"""
How well a sensor agrees with a reference, and whether that meets the EPA's targets.

The targets (slope 1 +- 0.35, intercept +-5 ug/m3, R2 0.70, RMSE 7 ug/m3 or NRMSE 30 %) were set
for daily means; hourly figures stand beside them. A target is no certificate: a calibrated
micro-station serves trends and alarms, never the judgement of attainment.
"""

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Times
from hotspot.rules.sensors import Calibration


def agreement(sensor: ArrayLike, reference: ArrayLike) -> dict[str, float]:
    """
    Slope and intercept of the sensor on the reference, R2, RMSE and NRMSE.

    Parameters
    ----------
    sensor, reference : float arrays of one shape; pairs with a NaN are left out

    Returns
    -------
    dict: ``n slope intercept r2 rmse nrmse bias``; NaN with fewer than three pairs, or without variance

    Notes
    -----
    Least squares with the reference as the independent variable, as the EPA prescribes;
    ``nrmse`` is the RMSE over the mean of the reference.

    Examples
    --------
    >>> found = agreement([12.0, 22.0, 32.0], [10.0, 20.0, 30.0])
    >>> {name: round(value, 3) for name, value in found.items()}
    {'n': 3, 'slope': 1.0, 'intercept': 2.0, 'r2': 1.0, 'rmse': 2.0, 'nrmse': 0.1, 'bias': 2.0}
    """
    x, y = np.asarray(reference, float).ravel(), np.asarray(sensor, float).ravel()
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    n = int(x.size)
    if n < 3 or x.std() == 0 or y.std() == 0:
        return {"n": n} | dict.fromkeys(("slope", "intercept", "r2", "rmse", "nrmse", "bias"), float("nan"))
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    rmse = float(np.sqrt(((y - x) ** 2).mean()))
    return {
        "n": n,
        "slope": slope,
        "intercept": float(y.mean() - slope * x.mean()),
        "r2": float(np.corrcoef(x, y)[0, 1] ** 2),
        "rmse": rmse,
        "nrmse": rmse / float(x.mean()) if x.mean() else float("nan"),
        "bias": float((y - x).mean()),
    }


def meets_targets(found: dict[str, float], criteria: Calibration) -> dict[str, bool]:
    """
    Which of the EPA's targets an agreement meets.

    Parameters
    ----------
    found : dict, from ``agreement``

    Returns
    -------
    dict: ``slope intercept r2 error`` and ``all``, bool

    Examples
    --------
    >>> from hotspot.rules.sensors import Calibration
    >>> meets_targets(agreement([12.0, 22.0, 32.0], [10.0, 20.0, 30.0]), Calibration())["all"]
    True
    """
    dust = 1e-9  # 1.35 - 1 is a little more than 0.35 in binary
    passed = {
        "slope": abs(found["slope"] - 1) <= criteria.slope + dust,
        "intercept": abs(found["intercept"]) <= criteria.intercept + dust,
        "r2": found["r2"] >= criteria.r2,
        "error": found["rmse"] <= criteria.rmse or found["nrmse"] <= criteria.nrmse,
    }
    return passed | {"all": all(passed.values())}


def local_daily(values: Floats, local: Times, *, n_least: int) -> tuple[Times, Floats]:
    """
    Means of local days with enough hours.

    Parameters
    ----------
    values : float64[..., n_hour]
    local : datetime64[n_hour], local start of each hour; a wrong time zone moves hours to another day

    Returns
    -------
    (datetime64[D][n_day], float64[..., n_day])

    Examples
    --------
    >>> local = np.datetime64("2019-08-01T20", "h") + np.arange(8)
    >>> days, mean = local_daily(np.arange(8.0), local, n_least=4)
    >>> days.astype(str).tolist(), mean.tolist()
    (['2019-08-01', '2019-08-02'], [1.5, 5.5])
    """
    values = np.asarray(values, float)
    days, where = np.unique(np.asarray(local).astype("datetime64[D]"), return_inverse=True)
    mean = np.full((*values.shape[:-1], days.size), np.nan)
    for at in range(days.size):
        part = values[..., where == at]
        n = np.isfinite(part).sum(axis=-1)
        total = np.nansum(part, axis=-1)
        mean[..., at] = np.where(n >= n_least, total / np.maximum(n, 1), np.nan)
    return days, mean
