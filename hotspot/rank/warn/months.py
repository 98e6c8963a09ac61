"""The three months a warning list compares, found in a field by their names, never by their places."""

import numpy as np

from hotspot.rules.calendar import month_minus, month_of
from hotspot.variables import DataError


def three_months(field):
    """
    A field's last month, the month before it, and the same month of the year before.

    Parameters
    ----------
    field : Dataset (cell, time)
        Months by their first instant; more than three may be there, in any order.

    Returns
    -------
    Dataset (cell, time) of M-12, M-1, M

    Raises
    ------
    DataError
        A month is lacking or stands twice; a list is never made from another month in its place.

    Examples
    --------
    >>> import xarray as xr
    >>> year = np.arange("2019-02", "2020-03", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> three_months(xr.Dataset(coords={"time": year}))["time"].values.astype("datetime64[M]")
    array(['2019-02', '2020-01', '2020-02'], dtype='datetime64[M]')
    """
    names = [month_of(time) for time in field["time"].values]
    if not names:
        raise DataError("the field has no month; give one from monthly_field.")
    last = max(names)
    wanted = [month_minus(last, 12), month_minus(last, 1), last]
    for name in wanted:
        if names.count(name) != 1:
            raise DataError(
                f"the field holds {name} {names.count(name)} times (it has {', '.join(names)}); a warning list of "
                f"{last} compares {', '.join(wanted)}, each once: give the field of monthly_field."
            )
    at = [names.index(name) for name in wanted]
    return field if at == list(range(len(names))) else field.isel(time=np.array(at))
