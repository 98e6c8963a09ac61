"""
The value of a day, a month and a year at a station, as the pollutant of a study has them.

A mean of valid days for particles and NO2; for ozone the 90th percentile of the days' largest 8 h means
(``quality.means.eight_hours``). Whatever it is stands in ``pm25``, the place of the ranked quantity.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hotspot.quality.means.completeness import daily_means, monthly_means
from hotspot.quality.means.eight_hours import daily_maxima, monthly_percentiles, percentiles
from hotspot.rules.pollutants import SLOT, Pollutant, of_study

if TYPE_CHECKING:
    import xarray as xr

    from hotspot.study import Study


def days_of(stations: "xr.Dataset", study: "Study") -> "xr.Dataset":
    """
    Days of hourly stations.

    Parameters
    ----------
    stations : Dataset (station, time) with the study's pollutant, hourly UTC

    Returns
    -------
    Dataset (station, day) as ``completeness.daily_means``; the values in ``pm25``

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> days_of(small.reference, small.study)["pm25"].dims
    ('station', 'day')
    """
    name, validity = of_study(study).name, study.criteria.validity
    if of_study(study).statistic == "mean":
        days = daily_means(stations, utc_offset=study.utc_offset, validity=validity, variable=name)
    else:
        days = daily_maxima(stations, utc_offset=study.utc_offset, variable=name)
    return days if name == SLOT else days.rename({name: SLOT})


def months_of(days: "xr.Dataset", months: Sequence[str], study: "Study") -> "xr.Dataset":
    """
    Months of such days.

    Parameters
    ----------
    days : Dataset (station, day), from ``days_of``

    Returns
    -------
    Dataset (station, time): ``pm25 n_valid valid why`` at least

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> months_of(days_of(small.reference, small.study), ["2025-12"], small.study).sizes["time"]
    1
    """
    make = monthly_means if of_study(study).statistic == "mean" else monthly_percentiles
    return make(days, list(months), validity=study.criteria.validity, variable=SLOT)


def year_value(days: "xr.DataArray", of: Pollutant) -> "xr.DataArray":
    """
    The value of a year's valid days, one per station.

    Parameters
    ----------
    days : DataArray (station, day)

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.pollutants import pollutant
    >>> days = xr.DataArray([[10.0, 20.0]], dims=("station", "day"))
    >>> year_value(days, pollutant("no2")).values.tolist(), year_value(days, pollutant("o3")).values.tolist()
    ([15.0], [19.0])
    """
    if of.statistic == "mean":
        return days.mean("day")
    return days.isel(day=0, drop=True).copy(data=percentiles(days.transpose("station", "day").values))
