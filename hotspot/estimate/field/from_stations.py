"""Fields from stations alone: kriging of their valid monthly, annual and daily means."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import xarray as xr

from hotspot import contracts
from hotspot.contracts.records import Month
from hotspot.estimate.field.bounded import bounded
from hotspot.estimate.field.dataset import described, empty, scaled
from hotspot.estimate.field.fuse import agreement, locate_stations, station_variogram
from hotspot.estimate.field.krige import krige, nearest
from hotspot.estimate.field.left_out import as_stated, leave_one_out, own_errors
from hotspot.estimate.field.skill import skills, with_skill
from hotspot.kernels.arrays import Flags, Floats
from hotspot.quality.means.period_values import days_of, months_of, year_value
from hotspot.rules.calendar import month_of, year_months
from hotspot.rules.criteria import Criteria, Interpolation
from hotspot.rules.pollutants import of_study
from hotspot.rules.validity import month_days_needed, year_is_valid


def from_stations(
    delivered: Month, cells: xr.Dataset, names: list[str], with_days: bool
) -> tuple[xr.Dataset, xr.Dataset | None]:
    """
    Kriging of the valid stations' monthly means, where there is no satellite.

    Parameters
    ----------
    delivered : Month with ``reference`` stations
    cells : Dataset (cell)
    names : sequence of str, months

    Returns
    -------
    (field, daily): as ``monthly_field``; ``daily`` is None without ``with_days``
    """
    days, means = station_means(delivered, names)
    criteria = delivered.study.criteria
    why = [_no_station(means, t, name, criteria) for t, name in enumerate(names)]
    field = _kriged(means, cells, names, criteria.interpolation, why)
    field = described(field, delivered, "ordinary kriging of stations", means.attrs["completeness"])
    if not with_days or of_study(delivered.study).statistic != "mean":  # days average to a mean, not to a percentile
        return field, None
    daily = _kriged_days(days, cells, names, criteria.interpolation)
    return field, scaled(daily, None, field, names)


def year_of_stations(delivered: Month, cells: xr.Dataset, year: str) -> xr.Dataset:
    """
    Kriging of the annual means of stations that are valid by the standard.

    Parameters
    ----------
    delivered : Month of the whole year, from ``open_year``
    cells : Dataset (cell)

    Returns
    -------
    Dataset (cell), as ``annual_field``
    """
    if delivered.reference is None:
        return empty(cells, [f"{year}-01"], "neither satellite nor stations were delivered").squeeze("time", drop=True)
    criteria = delivered.study.criteria
    days, months = station_means(delivered, year_months(year))
    n_days = months["n_valid"].transpose("time", "station").values
    valid = year_is_valid(n_days, criteria.validity)
    of_year = days["pm25"].sel(day=days["day"].dt.year == int(year))
    mean = year_value(of_year, of_study(delivered.study)).where(xr.DataArray(valid, dims="station")).values
    means = months.sel(time=[np.datetime64(f"{year}-01", "ns")]).copy()
    means["pm25"] = (("station", "time"), mean[:, None])
    means["n_valid"] = (("station", "time"), n_days.sum(axis=0)[:, None])
    means["valid"] = (("station", "time"), valid[:, None])
    n, needed = int(valid.sum()), criteria.interpolation.min_stations
    why = "" if n >= needed else f"{n} stations have a valid year; a field needs {needed}"
    if not n and n_days.size:
        best = int(n_days.sum(axis=0).max())
        why = (
            f"no station has a valid year ({criteria.validity.year_days} days, every month valid); best has {best} days"
        )
    field = _kriged(means, cells, [f"{year}-01"], criteria.interpolation, [why])
    field = described(field, delivered, "ordinary kriging of stations", months.attrs["completeness"])
    field.attrs["skill"] = field.attrs["skill"].replace(f"{year}-01", year)
    return field.squeeze("time", drop=True)


def station_means(delivered: Month, names: list[str]) -> tuple[xr.Dataset, xr.Dataset]:
    """
    Daily and monthly values of the reference stations, as the study's pollutant has them
    (``quality.means.period_values``).

    Parameters
    ----------
    names : sequence of str, months

    Returns
    -------
    (Dataset (station, day), Dataset (station, time)); ``pm25`` is NaN where not valid
    """
    study, reference = delivered.study, cast(xr.Dataset, delivered.reference)  # whoever asks has stations
    # In order of place: the order of a file must not reach a sum.
    keys = [np.asarray(reference[name]) for name in ("station", "lat", "lon")]
    reference = reference.isel(station=np.lexsort((keys[0].astype(str), *keys[1:])))
    days = days_of(reference, study)
    means = months_of(days, names, study)
    means["pm25"] = means["pm25"].where(means["valid"])
    return days, means.transpose("station", "time", ...)


def _no_station(means: xr.Dataset, t: int, name: str, criteria: Criteria) -> str:
    """Why a month has no field from stations, or an empty text."""
    n = int(means["valid"].values[:, t].sum())
    needed = month_days_needed(name, criteria.validity)
    if n == 0:
        return f"no station has {needed} valid days; best has {int(means['n_valid'].values[:, t].max(initial=0))}"
    if n < criteria.interpolation.min_stations:
        return f"only {n} stations have {needed} valid days; a field needs {criteria.interpolation.min_stations}"
    return ""


def _kriged(
    means: xr.Dataset, cells: xr.Dataset, names: list[str], interpolation: Interpolation, why_not: Sequence[str]
) -> xr.Dataset:
    """Field of stations' means; a column with a reason in ``why_not`` stays empty."""
    _, x, y = locate_stations(means, cells)
    target = np.asarray(cells["x"], float), np.asarray(cells["y"], float)
    station, days = means["pm25"].values, means["n_valid"].values
    shape = (cells.sizes["cell"], len(names))
    value, error, n_valid = (np.full(shape, np.nan) for _ in range(3))
    valid, why = np.zeros(shape, bool), np.full(shape, "", dtype=object)
    left_out = np.full(station.shape, np.nan)
    used, held, doubted = np.zeros(station.shape[0], bool), [], []
    for t in range(len(names)):
        why[:, t] = why_not[t]
        if why_not[t]:
            held.append("")
            doubted.append("")
            continue
        seen = ~np.isnan(station[:, t])
        used |= seen
        at, allowed = (x[seen], y[seen]), station[seen, t]
        allowed, one = _held(*at, allowed, interpolation)
        ids = means["station"].values.astype(str)[seen]
        held.append(", ".join(ids[one]))
        variogram = station_variogram(*at, allowed, interpolation)
        near_by = {"neighbours": interpolation.neighbours}
        plain = leave_one_out(*at, allowed, variogram, **near_by)
        noise = own_errors(*at, allowed, variogram, limit=interpolation.station_doubt, **near_by)
        doubted.append(", ".join(f"{name} +-{e:.0f}" for name, e in zip(ids, np.sqrt(noise), strict=True) if e > 0))
        value[:, t], variance = krige(*at, allowed, *target, variogram, noise=noise, **near_by)
        # Kriging weights may be negative, a concentration may not.
        value[:, t] = np.maximum(value[:, t], 0.0)
        # Never smaller than what left-out stations show.
        error[:, t] = np.sqrt(variance * as_stated(allowed, *plain))
        left_out[seen, t], _ = leave_one_out(*at, allowed, variogram, noise=noise, **near_by)
        distance, closest = nearest(x[seen], y[seen], *target)
        n_valid[:, t] = days[seen, t][closest]
        near = distance <= interpolation.max_station_km * 1000
        valid[:, t] = near
        why[~near, t] = f"no valid station within {interpolation.max_station_km:g} km"
    field = contracts.field(
        cells, names, value, coverage=np.full(shape, np.nan), n_valid=n_valid, valid=valid, why=why, error=error
    )
    scores = agreement(left_out, station)
    loo = {f"loo_{name}": scores[name] for name in ("rmse", "bias", "r")}
    # What stations cannot tell changes from one to the next: errors of cells are shared over half their spacing.
    km = nearest_other(x[used], y[used]) / 2000 or None
    who, doubt = (
        "; ".join(f"{name} {stations}" for name, stations in zip(names, which, strict=True) if stations)
        for which in (held, doubted)
    )
    field = field.assign_attrs(n_stations=int(used.sum()), bounded=who, doubted=doubt, correlation_km=km, **loo)
    return with_skill(field, names, skills(left_out, station), satellite=False, least=interpolation.min_stations)


def _held(x: Floats, y: Floats, values: Floats, interpolation: Interpolation) -> tuple[Floats, Flags]:
    """Stations' means within what the others allow, in logarithms, and which were held."""
    logs = np.log(np.maximum(values, 0.1))

    def told(held: Floats) -> Floats:
        # The proposed shape, not a fitted one: a fault must not choose its own variogram.
        shape = station_variogram(x, y, held, interpolation.model_copy(update={"fit_stations": x.size + 1}))
        return leave_one_out(x, y, held, shape, neighbours=interpolation.neighbours)[0]

    held, one = bounded(logs, told, limit=interpolation.station_limit, floor=interpolation.station_floor)
    return np.where(one, np.exp(held), values), one


def nearest_other(x: Floats, y: Floats) -> float:
    """
    Median distance of a station to the nearest other one; 0 for fewer than two.

    Examples
    --------
    >>> nearest_other(np.array([0.0, 3.0, 8.0]), np.zeros(3))
    3.0
    """
    if x.size < 2:
        return 0.0
    apart = np.hypot(x[:, None] - x[None], y[:, None] - y[None])
    np.fill_diagonal(apart, np.inf)
    return float(np.median(apart.min(axis=1)))


def _kriged_days(days: xr.Dataset, cells: xr.Dataset, names: list[str], interpolation: Interpolation) -> xr.Dataset:
    """Each day kriged from the stations that day; one variogram shape a month, pooled over its days."""
    _, x, y = locate_stations(days, cells)
    target = np.asarray(cells["x"], float), np.asarray(cells["y"], float)
    inside = np.isin(month_of(days["day"].values), names)
    days = days.isel(day=inside)
    values = days["pm25"].transpose("station", "day").values
    out = np.full((cells.sizes["cell"], values.shape[1]), np.nan)
    enough = (~np.isnan(values)).sum(axis=0) >= interpolation.min_stations
    for name in names:
        at = np.flatnonzero((month_of(days["day"].values) == name) & enough)
        if not at.size:
            continue
        # Days differ in level, hardly in shape: each is scaled by its own spread before pooling.
        spread = np.nanstd(values[:, at], axis=0)
        scaled = values[:, at] / np.where(spread > 0, spread, 1.0)
        variogram = station_variogram(x, y, scaled, interpolation)
        estimate, _ = krige(x, y, values[:, at], *target, variogram, neighbours=interpolation.neighbours)
        out[:, at] = np.maximum(estimate, 0.0)
    return xr.Dataset(
        {"pm25": (("cell", "day"), out, {"unit": "ug/m3"})}, contracts.along_cell(cells) | {"day": days["day"].values}
    )
