"""
Micro-stations as they may be used: on one unbroken axis of hours, screened, and set on the
scale of the reference stations where there are any. The one order of these steps.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hotspot.rules.calendar import local_bounds
from hotspot.rules.criteria import Criteria

if TYPE_CHECKING:
    import xarray as xr


def on_hours(series: "xr.Dataset | None", first: str, last: str, *, utc_offset: float) -> "xr.Dataset | None":
    """
    A network on every hour from one local month to another, missing where nothing was delivered.

    Parameters
    ----------
    series : Dataset (station, time), UTC hours, or None
    first, last : str, "YYYY-MM"
    utc_offset : float
        Hours that local time is ahead of UTC; kept as an attribute where the network has none.

    Returns
    -------
    Dataset (station, time), or None as it came

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.array(["2020-02-29T16:00", "2020-03-01T02:00"], "datetime64[ns]")
    >>> series = xr.Dataset({"pm25": (("station", "time"), [[30.0, 31.0]])}, {"station": ["A"], "time": time})
    >>> whole = on_hours(series, "2020-03", "2020-03", utc_offset=8.0)
    >>> whole.sizes["time"], int(whole["pm25"].notnull().sum()), whole.attrs
    (744, 2, {'utc_offset': 8.0})
    """
    if series is None:
        return None
    start, end = local_bounds(first, utc_offset)[0], local_bounds(last, utc_offset)[1]
    whole = series.reindex(time=np.arange(start, end, np.timedelta64(1, "h")))
    whole.attrs.setdefault("utc_offset", utc_offset)
    return whole


def trusted(
    stations: "xr.Dataset",
    reference: "xr.Dataset | None",
    weather: "xr.Dataset | None",
    *,
    criteria: Criteria,
    note: Callable[[str], None],
) -> "xr.Dataset":
    """
    Micro-stations screened, and calibrated where references reported.

    Parameters
    ----------
    stations : Dataset (station, time), from ``on_hours``
    reference : Dataset (station, time) on the same hours, or None
    note : callable
        Told, as a sentence, what could not be done.

    Returns
    -------
    Dataset (station, time), as ``screen`` and ``calibrate`` return it
    """
    from hotspot.quality.hours.screen import screen
    from hotspot.quality.sensors.calibrate import calibrate

    stations = screen(stations, reference=reference, weather=weather, criteria=criteria)
    if reference is None:
        note("no reference station reported: micro-stations were screened, not calibrated")
        return stations
    stations = calibrate(stations, reference, criteria=criteria)
    if stations.attrs["calibration_refused"]:
        note(stations.attrs["calibration_refused"])
    return stations
