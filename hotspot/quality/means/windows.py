"""Means over many stations or many hours: of the stations of a cell, of the last 720 hours."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hotspot.variables import VARIABLES

if TYPE_CHECKING:
    import xarray as xr


def cell_means(stations: "xr.Dataset", cell: ArrayLike, *, variable: str = "pm25") -> "xr.Dataset":
    """
    Hourly mean of the stations in each cell.

    Parameters
    ----------
    stations : Dataset (station, time)
    cell : sequence of str (station)
        The cell that each station stands in, "" for none.
    variable : str

    Returns
    -------
    Dataset (cell, time): the variable, NaN where no station of the cell reports; cells by code

    Examples
    --------
    >>> import xarray as xr
    >>> stations = xr.Dataset({"pm25": (("station", "time"), [[30.0, np.nan], [40.0, 50.0], [9.0, 9.0]])})
    >>> means = cell_means(stations, ["A", "A", ""])
    >>> means["pm25"].values.tolist(), means["cell"].values.tolist()
    ([[35.0, 50.0]], ['A'])
    """
    import xarray as xr

    from hotspot.kernels import series

    cell = np.asarray(cell, dtype=str)
    names, group = np.unique(cell[cell != ""], return_inverse=True)
    member = np.flatnonzero(cell != "")[np.argsort(group, kind="stable")]
    first = np.r_[0, np.cumsum(np.bincount(group, minlength=names.size))].astype(np.int64)
    values = stations[variable].transpose("time", "station")
    given = np.ascontiguousarray(values.values, dtype=float)
    means = series.group_means(given, first, member, np.empty((given.shape[0], names.size)))
    unit = stations[variable].attrs.get("unit", VARIABLES[variable].unit)
    coords = {"cell": names} | ({"time": stations["time"]} if "time" in stations.coords else {})
    return xr.Dataset({variable: (("time", "cell"), means, {"unit": unit})}, coords).transpose("cell", "time")


def running_means(
    stations: "xr.Dataset", *, hours: int = 720, min_hours: int = 540, variable: str = "pm25"
) -> "xr.DataArray":
    """
    Mean of the last hours up to and with each hour.

    Parameters
    ----------
    stations : Dataset (station, time), every hour present
    hours : int
        Length of the window; 720 is thirty days.
    min_hours : int
        Hours of the window that must hold a value, 1 or more.
    variable : str

    Returns
    -------
    DataArray (station, time), NaN where fewer hours were seen

    Raises
    ------
    ValueError
        The window is empty, or shorter than ``min_hours``.

    Examples
    --------
    >>> import xarray as xr
    >>> stations = xr.Dataset({"pm25": (("station", "time"), [[10.0, np.nan, 30.0, 50.0]])})
    >>> running_means(stations, hours=2, min_hours=1).values.tolist()
    [[10.0, 10.0, 30.0, 40.0]]
    """
    from hotspot.kernels import series

    if not 1 <= min_hours <= hours:
        raise ValueError(f"{min_hours} of {hours} hours cannot be; give at least 1 and at most the window.")
    values = stations[variable].transpose("time", "station")
    given = np.ascontiguousarray(values.values, dtype=float)
    means = series.rolling_means(given, int(hours), int(min_hours), np.empty_like(given))
    return values.copy(data=means).transpose("station", "time")
