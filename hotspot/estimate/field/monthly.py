"""
The one field of a month: from satellite days, satellite months, or stations alone,
each with its error and the reason where a cell may not be ranked.

What a month's mean is depends on that month's data only, so the base of a
change is the very number that was published for it.
"""

from typing import cast

import numpy as np
import xarray as xr

from hotspot import contracts
from hotspot.contracts.records import Month
from hotspot.estimate.field.aggregate import aggregate
from hotspot.estimate.field.dataset import described, empty, error_share, period_of, scaled
from hotspot.estimate.field.from_stations import from_stations, station_means, year_of_stations
from hotspot.estimate.field.fuse import fuse
from hotspot.estimate.field.like import with_like
from hotspot.estimate.field.skill import of_the_year, with_skill
from hotspot.estimate.unseen.filled_days import filled_days
from hotspot.kernels.arrays import Floats
from hotspot.quality.means.completeness import LABELS, product_months, satellite_days
from hotspot.quality.means.seen import mean_of_seen
from hotspot.rules.calendar import month_of, month_start, year_months
from hotspot.rules.criteria import Validity
from hotspot.rules.reasons import months_back
from hotspot.rules.validity import year_of_products_is_valid


def monthly_field(month: Month, cells: "xr.Dataset | None" = None) -> "tuple[contracts.Field, xr.Dataset | None]":
    """
    The field that is ranked: this month, last month, and the month a year ago.

    Parameters
    ----------
    month : Month, from ``open_month``
    cells : Dataset (cell), optional
        Default: the study's.

    Returns
    -------
    (field, daily)
        ``field``: Dataset (cell, time) with three months, oldest first: ``pm25``
        and ``pm25_error`` (1 sd), ug/m3; ``coverage``, NaN for a field from stations;
        ``n_valid`` days, NaN for a monthly product; ``valid``, may be ranked; ``why`` not;
        ``pm25_base``, what a change is taken from (``with_like``).
        ``daily``: Dataset (cell, day) of the same months, or None where no days
        were delivered; its days are scaled to average to ``field``, and ``seen`` tells which were seen.

    Raises
    ------
    DataError
        A station has no coordinates, or the satellite no CRS.

    Notes
    -----
    - Satellite days: unseen days filled (``filling``), the mean over all days or over those seen
      (``criteria.warning.mean``; both stand in ``pm25_seen, pm25_filled``); valid by ``satellite_month_days`` seen.
    - Satellite months: the product's own mean, valid by its coverage.
    - Either is corrected by reference stations where there are any (``fuse``).
    - A base month that was corrected while this one could not be, or the other way
      round, is not valid: the change would be that of the correction.
    - No satellite: ordinary kriging of the valid stations' monthly means; ``n_valid`` is the
      nearest valid station's, and cells beyond ``max_station_km`` are not ranked.

    Attributes tell which: ``method``, ``completeness``, ``n_stations``,
    ``loo_rmse, loo_bias, loo_r`` (left-out stations of all months), ``raw_*`` (the satellite itself), ``skill`` of each
    month, ``ranks`` (what may be ranked by the last month: ``skill.what_is_ranked``), ``bounded`` (stations held).

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> field, daily = monthly_field(month)
    >>> field.sizes["time"], bool(contracts.of_month(field)["valid"].any())
    (3, True)
    """
    names = list(contracts.compared_months(month.month, months_back(month.study.criteria.warning.k)))
    cells = month.study.cells if cells is None else cells
    field, daily = _field(month, cells, names, with_days=True)
    field = with_like(_comparable(field, names), month, cells, names).assign_attrs(month=month.month)
    for name in ("mean_ranks", "mean_ranks_why"):
        field.attrs.pop(name, None)
    return contracts.checked(field), daily


def daily_field(delivered: Month, cells: "xr.Dataset", names: list[str]) -> "tuple[xr.Dataset, xr.Dataset | None]":
    """
    The days of any months, with the monthly field they average to.

    Parameters
    ----------
    delivered : Month, from ``open_months``
    cells : Dataset (cell)
    names : sequence of str, months, oldest first

    Returns
    -------
    (field, daily)
        As ``monthly_field``, of these months. Where the satellite is monthly the days are those
        of the reference stations, scaled to the month of each cell; ``daily`` is None where there
        are no stations either.

    Examples
    --------
    >>> from hotspot.deliveries.opening import open_months
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> names = ["2024-02", "2024-03"]
    >>> field, daily = daily_field(open_months(study, names), study.cells, names)
    >>> field.sizes["time"], daily.sizes["day"]
    (2, 60)
    """
    field, daily = _field(delivered, cells, names, with_days=True)
    if daily is None and delivered.reference is not None:
        _, days = from_stations(delivered, cells, names, True)
        daily = None if days is None else scaled(days, None, field, names)
    return contracts.checked(field), daily


def months_field(delivered: Month, cells: "xr.Dataset", names: list[str]) -> "xr.Dataset":
    """
    The field of any months, without their days.

    Parameters
    ----------
    delivered : Month, from ``open_months``
    cells : Dataset (cell)
    names : sequence of str, months, oldest first

    Returns
    -------
    Dataset (cell, time) as ``monthly_field``, of these months; each one's value is its own data's only

    Examples
    --------
    >>> from hotspot.deliveries.opening import open_months
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> months_field(open_months(study, ["2024-02"]), study.cells, ["2024-02"]).sizes["time"]
    1
    """
    return contracts.checked(_field(delivered, cells, names, with_days=False)[0])


def annual_field(year_month: Month, cells: "xr.Dataset | None" = None) -> "xr.Dataset":
    """
    The mean of a calendar year, on which hotspots are selected.

    Parameters
    ----------
    year_month : Month, from ``open_year``
    cells : Dataset (cell), optional
        Default: the study's.

    Returns
    -------
    Dataset (cell): ``pm25, pm25_error, coverage, n_valid, valid, why``

    Raises
    ------
    DataError
        As for ``monthly_field``.

    Notes
    -----
    Satellite: mean of the valid months, each with weight one so that cloudy
    seasons count as much as clear ones; valid with ``product_year_months`` of
    them. A yearly product stands as it is. Stations alone: kriging of the annual
    means of stations valid by GB 3095 table 4 (324 days, every month valid).
    Errors of months are taken as fully dependent: the mean of the months' errors.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.deliveries.opening import open_year
    >>> study = synthetic_month(size="small").study
    >>> sorted(annual_field(open_year(study, 2024)).data_vars)
    ['coverage', 'n_valid', 'pm25', 'pm25_error', 'valid', 'why']
    """
    return year_fields(year_month, cells, with_months=False)[0]


def year_fields(
    year_month: Month, cells: "xr.Dataset | None" = None, *, with_months: bool = True
) -> "tuple[contracts.Field, contracts.Field | None]":
    """
    The mean of a calendar year as ``annual_field``, and its months.

    Parameters
    ----------
    year_month : Month, from ``open_year``
    cells : Dataset (cell), optional
    with_months : bool
        Without it months are made only where the year is made of them.

    Returns
    -------
    (annual, months)
        ``months`` is a Dataset (cell, time) as ``monthly_field``, or None for a yearly product.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.deliveries.opening import open_year
    >>> study = synthetic_month(size="small").study
    >>> year_fields(open_year(study, 2024))[1].sizes["time"]
    12
    """
    study = year_month.study
    year = str(year_month.month)[:4]
    names = year_months(year)
    cells = study.cells if cells is None else cells
    period, months = period_of(year_month.satellite), None
    if period == "year":
        field = _from_product(year_month, cells, [f"{year}-01"], "year").squeeze("time", drop=True)
    elif period is None:
        field = of_the_year(year_of_stations(year_month, cells, year))
        if with_months:
            months, _ = _field(year_month, cells, names, with_days=False)
    else:
        months, _ = _field(year_month, cells, names, with_days=False)
        field = of_the_year(_mean_of_months(months, study.criteria.validity, days=period == "day"))
    return contracts.checked(field.assign_attrs(year=year)), None if months is None else contracts.checked(months)


def _field(
    delivered: Month, cells: "xr.Dataset", names: list[str], *, with_days: bool
) -> "tuple[xr.Dataset, xr.Dataset | None]":
    """Field of any list of months and, on demand, its days."""
    period = period_of(delivered.satellite)
    if period == "day":
        return _from_days(delivered, cells, names, with_days)
    if period == "month":
        return _from_product(delivered, cells, names, "month"), None
    if delivered.reference is not None:
        return from_stations(delivered, cells, names, with_days)
    why = "only yearly satellite layers were delivered" if period else "neither satellite nor stations were delivered"
    return empty(cells, names, why), None


def _from_days(
    delivered: Month, cells: "xr.Dataset", names: list[str], with_days: bool
) -> "tuple[xr.Dataset, xr.Dataset | None]":
    """Satellite days, the unseen ones filled: means over all days and over those seen, corrected by stations."""
    satellite, criteria = cast("xr.DataArray", delivered.satellite), delivered.study.criteria
    validity = criteria.validity
    wanted = np.isin(month_of(satellite["time"].values), names)
    once = delivered.intake.once
    days = aggregate(satellite.isel(time=wanted), cells, min_coverage=validity.min_coverage, once=once)
    days = days.rename({"time": "day", satellite.name or "pm25": "pm25"})
    means = satellite_days(days, names, validity=validity)
    delivered_months = set(month_of(satellite["time"].values[wanted]))
    for t, name in enumerate(names):
        if name not in delivered_months:
            means["why"][:, t] = f"no satellite layer was delivered for {name}"
    complete, filled, relative = filled_days(delivered, days, cells, names)
    del days  # as large as what was made of it
    ranked = filled if criteria.warning.mean == "filled" else means["pm25"].values
    coarse = contracts.field(
        cells, names, ranked, coverage=means["coverage"].values, n_valid=means["n_valid"].values,
        valid=means["valid"].values, why=means["why"].values,
    )  # fmt: skip
    field = _corrected(coarse, delivered, names, "satellite days", LABELS["day"], relative)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = field["pm25"].values / ranked
    for name, values in (("pm25_seen", means["pm25"].values), ("pm25_filled", filled)):
        field[name] = (("cell", "time"), values * factor, {"unit": "ug/m3"})
    field = field.assign_attrs(mean=criteria.warning.mean)
    return field, scaled(complete, filled, field, names) if with_days else None


def _from_product(delivered: Month, cells: "xr.Dataset", names: list[str], period: str) -> "xr.Dataset":
    """Satellite months (or years) as the product states them, corrected by stations where they are months."""
    satellite, validity = cast("xr.DataArray", delivered.satellite), delivered.study.criteria.validity
    starts = np.array([month_start(name) for name in names])
    layers = satellite.isel(time=np.isin(satellite["time"].values.astype("datetime64[ns]"), starts))
    if layers.sizes["time"] == 0:
        return empty(cells, names, f"no satellite layer was delivered for {', '.join(names)}")
    once = delivered.intake.once
    means = aggregate(layers, cells, min_coverage=validity.min_coverage, once=once).reindex(time=starts)
    values, coverage = means[satellite.name or "pm25"].values, means["coverage"].values
    valid, why = product_months(values, coverage, validity=validity)
    for t in np.flatnonzero(~np.isin(starts, layers["time"].values.astype("datetime64[ns]"))):
        why[:, t] = f"no satellite layer was delivered for {names[t]}"
    coarse = contracts.field(
        cells, names, values, coverage=coverage, n_valid=np.full(values.shape, np.nan), valid=valid, why=why
    )
    if period == "year":
        coarse["pm25_error"] = coarse["pm25"] * error_share(satellite)
        field = described(coarse, delivered, "satellite years", LABELS["year"])
        return with_skill(field, names, [], satellite=True, least=1)
    return _corrected(coarse, delivered, names, "satellite months", LABELS["month"])


def _corrected(
    coarse: "xr.Dataset",
    delivered: Month,
    names: list[str],
    method: str,
    completeness: str,
    share: Floats | None = None,
) -> "xr.Dataset":
    """A satellite field with its relative error, fused with reference stations where there are any."""
    share = error_share(delivered.satellite) if share is None else share
    least = delivered.study.criteria.interpolation.min_stations
    field = coarse.copy()
    # Too few days are no mean: what may not be ranked does not correct anything either.
    field["pm25"] = coarse["pm25"].where(coarse["valid"])
    if delivered.reference is None:
        field["pm25_error"] = field["pm25"] * share
        field = described(field, delivered, method, completeness).assign_attrs(n_stations=0)
        return with_skill(field, names, [], satellite=True, least=least)
    _, means = station_means(delivered, names)
    # One share for the fusion: of filled months, the mean over cells.
    shares = np.asarray(share, float)
    one = float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")
    fused = fuse(field, means, interpolation=delivered.study.criteria.interpolation, error_share=one)
    field["pm25_plain"] = field["pm25"]  # the satellite alone, for a change like with like
    field["pm25"], field["pm25_error"] = fused["pm25"], fused["pm25_error"]
    told = fused.attrs.pop("skills")
    field.attrs |= fused.attrs | {"bounded": _who(names, fused.attrs["bounded"])}
    how = ", ".join(f"{name} {word}" for name, word in zip(names, fused.attrs["correction"], strict=True))
    field = described(field, delivered, f"{method}, corrected by stations", completeness)
    field = with_skill(field, names, told, satellite=True, least=least)
    return field.assign_attrs(correction=how, station_source=delivered.reference.attrs.get("source", ""))


def _who(names: list[str], held: list[str]) -> str:
    """The stations of each month that were held to what the others allow, in one text."""
    return "; ".join(f"{name} {stations}" for name, stations in zip(names, held, strict=True) if stations)


def _comparable(field: "xr.Dataset", names: list[str]) -> "xr.Dataset":
    """Base months that were corrected by stations only if this month was."""
    words = dict(part.split() for part in field.attrs.get("correction", "").split(", ") if part)
    corrected = {name: word != "none" for name, word in words.items()}
    now = corrected.get(names[-1])
    for t, name in enumerate(names[:-1]):
        if corrected.get(name) == now:
            continue
        valid = field["valid"].values[:, t]
        first, second = (name, names[-1]) if now else (names[-1], name)
        field["why"].values[valid, t] = f"{first} had too few valid stations to be corrected, {second} was corrected"
        field["valid"].values[valid, t] = False
    return field


def _mean_of_months(months: "xr.Dataset", validity: Validity, *, days: bool) -> "xr.Dataset":
    """A year from its valid months."""
    valid = months["valid"].values
    masked = months.where(months["valid"])
    n = valid.sum(axis=1)
    enough = year_of_products_is_valid(n, validity)
    field = xr.Dataset(coords=contracts.along_cell(months))
    for name in ("pm25", "pm25_error", "coverage"):
        field[name] = ("cell", mean_of_seen(masked[name].transpose("cell", "time").values, -1), months[name].attrs)
    total = np.nansum(masked["n_valid"].transpose("cell", "time").values, axis=1) if days else np.nan
    field["n_valid"] = ("cell", np.broadcast_to(total, n.shape).astype(float), {"unit": "1"})
    field["valid"] = ("cell", enough)
    names = contracts.months_in(months)
    why = np.full(n.shape, "", dtype=object)
    for cell in np.flatnonzero(~enough):
        lacking = ", ".join(name for name, there in zip(names, valid[cell], strict=True) if not there)
        why[cell] = f"{n[cell]} valid months (not {lacking}), at least {validity.product_year_months} are needed"
    field["why"] = ("cell", why)
    field["pm25"] = field["pm25"].where(field["valid"])
    return field.assign_attrs(months.attrs)
