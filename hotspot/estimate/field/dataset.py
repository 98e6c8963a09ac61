"""The shape every field has: cells with their places, three companions of a mean, and where it came from."""

from typing import Any

import numpy as np
import xarray as xr

from hotspot import contracts
from hotspot.contracts.records import Month
from hotspot.kernels.arrays import Floats
from hotspot.quality.means.seen import mean_of_seen
from hotspot.rules.calendar import month_of
from hotspot.rules.pollutants import of_study
from hotspot.variables import DataError

_PASSED_ON = ("source", "product", "native_resolution_m", "gas_state", "error_share", "error_source", "correlation_km")


def period_of(satellite: xr.DataArray | None) -> str | None:
    """
    What one layer of the satellite covers.

    Parameters
    ----------
    satellite : DataArray (time, y, x) or None

    Returns
    -------
    "day", "month" or "year"; None where there are no layers

    Raises
    ------
    DataError
        The period is not declared.

    Examples
    --------
    >>> period_of(xr.DataArray([1.0], dims="time", attrs={"period": "month"}))
    'month'
    """
    if satellite is None or satellite.sizes["time"] == 0:
        return None
    period = satellite.attrs.get("period")
    if period not in ("day", "month", "year"):
        raise DataError(f"satellite: period is {period!r}; declare day, month or year in the study.")
    return period


def error_share(satellite: Any) -> float:
    """
    The product's stated relative error (1 sd), NaN where it states none.

    Examples
    --------
    >>> error_share(xr.DataArray([1.0], dims="time", attrs={"error_share": 0.2}))
    0.2
    """
    share = satellite.attrs.get("error_share")
    return float("nan") if share is None else float(share)


def empty(cells: "xr.Dataset", names: list[str], why: str) -> "xr.Dataset":
    """
    A field of nothing, with the reason in every cell.

    Examples
    --------
    >>> empty(xr.Dataset(coords={"cell": ["A"]}), ["2020-02"], "nothing came")["why"].values.tolist()
    [['nothing came']]
    """
    shape = (cells.sizes["cell"], len(names))
    nothing = np.full(shape, np.nan)
    blank = contracts.field(
        cells, names, nothing, coverage=nothing, n_valid=nothing, valid=np.zeros(shape, bool),
        why=np.full(shape, why, dtype=object),
    )  # fmt: skip
    return contracts.checked(
        blank.assign_attrs(unit="ug/m3", method="none", completeness="none", native_resolution_m=float("nan"))
    )


def described(field: xr.Dataset, delivered: Month, method: str, completeness: str) -> xr.Dataset:
    """
    The field with its origin in attributes.

    Returns
    -------
    Dataset, with ``unit method completeness native_resolution_m product source gas_state``

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> field = empty(xr.Dataset(coords={"cell": ["A"]}), ["2020-02"], "")
    >>> layer = xr.DataArray([1.0], dims="time", attrs={"period": "month", "native_resolution_m": 10000})
    >>> month = SimpleNamespace(satellite=layer, reference=None)
    >>> described(field, month, "satellite months", "monthly product").attrs["native_resolution_m"]
    10000
    """
    origin: Any = delivered.satellite if period_of(delivered.satellite) else delivered.reference
    known = {name: origin.attrs[name] for name in _PASSED_ON if origin.attrs.get(name) is not None}
    known = {"native_resolution_m": float("nan"), "product": "", "source": "", "gas_state": ""} | known
    for name in ("pm25", "pm25_error"):
        field[name].attrs["unit"] = "ug/m3"
    of = of_study(getattr(delivered, "study", None))
    own = {} if of.usual else {"variable": of.name}
    own |= {"own_words": of.own_words} if of.own_words else {}
    return field.assign_attrs(unit="ug/m3", method=method, completeness=completeness, **known, **own)


def scaled(days: xr.Dataset, means: Floats | None, field: xr.Dataset, names: list[str]) -> xr.Dataset:
    """
    Days multiplied, per cell and month, so that they average to the field.

    So the days resample the published number: confidence and mean agree.

    Parameters
    ----------
    days : Dataset (cell, day) with ``pm25``
    means : float array (cell, month) or None
        Monthly means of the days as they are; None takes the mean of those there are.
    field : Dataset (cell, time)
    names : sequence of str, months, as in ``field``

    Returns
    -------
    Dataset (cell, day); NaN in months where the field is

    Examples
    --------
    >>> day = np.array(["2020-02-01", "2020-02-02"], dtype="datetime64[ns]")
    >>> days = xr.Dataset({"pm25": (("cell", "day"), [[10.0, 30.0]])}, {"day": day})
    >>> field = xr.Dataset({"pm25": (("cell", "time"), [[40.0]])})
    >>> scaled(days, None, field, ["2020-02"])["pm25"].values.tolist()
    [[20.0, 60.0]]
    """
    out = days["pm25"].transpose("cell", "day").values.copy()
    which = month_of(days["day"].values)
    for t, name in enumerate(names):
        at = np.flatnonzero(which == name)
        if not at.size:
            continue
        own = mean_of_seen(out[:, at], -1) if means is None else means[:, t]
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = field["pm25"].values[:, t] / own
        out[:, at] *= np.where(np.isfinite(factor), factor, np.nan)[:, None]
    return days.assign(pm25=(("cell", "day"), out, {"unit": "ug/m3"}))
