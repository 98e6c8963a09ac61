"""
A daily reanalysis series of one place without time or place inside
(layout ``era5-point``): first day, longitude, latitude and units are declared.
"""

import numpy as np

from hotspot.sources.clock import offset_of
from hotspot.sources.weather_grid import no_negative_rain, screened
from hotspot.sources.weather_netcdf import unpack
from hotspot.variables import DataError, to_unit

NAMES = {name: name for name in ("u10", "v10", "t2m", "d2m", "blh", "sp", "tp")}


def read_point(path, delivery, intake):
    """
    Read the series of one file.

    Parameters
    ----------
    path : Path
    delivery : Weather
        ``first_day``, ``time_zone`` of its days, ``lon``, ``lat`` and a unit for
        every variable the file gives none for.
    intake : Intake

    Returns
    -------
    dict: ``time`` (datetime64[m], UTC, start of each day), then arrays by our names

    Raises
    ------
    DataError
        Something of that is not declared, the file cannot be read, or its
        series differ in length.
    """
    import netCDF4

    name = intake.name(path)
    lacking = [key for key in ("first_day", "time_zone", "lon", "lat") if getattr(delivery, key) is None]
    if lacking:
        raise DataError(f"{name}: the file holds neither time nor place; declare {', '.join(lacking)} in the study.")
    try:
        first = np.datetime64(delivery.first_day, "D")
    except ValueError:
        raise DataError(f"{name}: first_day {delivery.first_day!r} is no day; write it like 2013-01-01.") from None
    try:
        with netCDF4.Dataset(path) as source:
            source.set_auto_maskandscale(False)
            mapping = {
                theirs: ours for theirs, ours in (NAMES | delivery.columns).items() if theirs in source.variables
            }
            raw = {
                theirs: (
                    np.asarray(source[theirs][:]),
                    {key: source[theirs].getncattr(key) for key in source[theirs].ncattrs()},
                )
                for theirs in mapping
            }
    except (OSError, RuntimeError) as error:
        raise DataError(f"{name}: not readable as NetCDF ({error}); cut short or damaged, ask for it again.") from None
    lengths = {theirs: values.shape for theirs, (values, _) in raw.items()}
    if not lengths or len(set(lengths.values())) != 1 or len(next(iter(lengths.values()))) != 1:
        told = ", ".join(f"{theirs} {shape}" for theirs, shape in lengths.items())
        raise DataError(f"{name}: wanted are series of one length, found {told or 'none of ' + ', '.join(NAMES)}.")
    record = intake.register(path)
    counted = record.read == 0
    (n,) = next(iter(lengths.values()))
    found = {"time": (first + np.arange(n)).astype("datetime64[m]") - round(offset_of(delivery.time_zone) * 60)}
    for theirs, ours in mapping.items():
        packed, attrs = raw[theirs]
        unit = delivery.units.get(ours) or str(attrs.get("units", ""))
        if unit in ("", "1"):
            raise DataError(
                f"{name}, variable {theirs}: it has no unit; declare units = {{ {ours} = ... }} in the study."
            )
        values, fills, step = unpack(packed, attrs)
        values = to_unit(values, unit, ours)
        for position in np.flatnonzero(fills):
            rule = "a fill value the file does not declare"
            intake.set_aside_value(
                record, int(position) + 1, theirs, f"{packed[position]:g}", rule, packed[position].tobytes()
            )
        if ours == "tp":
            values = no_negative_rain(values, max(step, 1e-3), record, intake)
        found[ours] = screened(values, ours, np.arange(n), record, theirs, intake).astype(float)
    if counted:
        record.read = record.used = n
    return found
