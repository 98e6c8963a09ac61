"""
Several gridded weather files to one Dataset: same grid, one time axis, our units.

The same hour delivered twice with the same numbers counts once; with different
numbers the run stops, unless one of them is ERA5's preliminary version.
"""

from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints, Singles, Times
from hotspot.sources.intake import FileRecord, Intake
from hotspot.sources.weather.netcdf import Decoded
from hotspot.variables import VARIABLES, DataError, to_unit

if TYPE_CHECKING:
    import xarray as xr

_KEPT = 50  # quarantine entries per file and variable; beyond it only the count grows


def assemble(
    files: list[Decoded], records: list[FileRecord], mapping: dict[str, str], *, units: dict[str, str], intake: Intake
) -> "xr.Dataset":
    """
    Put decoded files together.

    Parameters
    ----------
    records : list of FileRecord, one per file
    mapping : dict
        Their variable name -> our name.
    units : dict
        Our name -> unit that the study declares, over the file's own.
    intake : Intake
        Gets the counts: a row of a grid file is one time step.

    Returns
    -------
    Dataset (time, lat, lon), float32; attrs ``preliminary_share``

    Raises
    ------
    DataError
        Grids differ, an hour has two values, a unit is missing, or a variable
        lies where it cannot be.
    """
    import xarray as xr

    lat, lon = _one_grid(files, records)
    series: dict[str, list] = {}  # our name -> [(file, times, values)]
    for number, (file, record) in enumerate(zip(files, records, strict=True)):
        for theirs in file.values:
            values = _converted(file, record, theirs, mapping[theirs], units, intake)
            series.setdefault(mapping[theirs], []).append((number, values))
    if not series:
        raise DataError(f"{records[0].path}: none of the variables {', '.join(mapping)} is in it; declare columns.")
    times = np.unique(np.concatenate([file.time for file in files]))
    fresh = [np.zeros(len(file.time), bool) for file in files]
    preliminary = np.zeros(len(times), bool)
    data = {}
    for name in sorted(series):
        parts = series.pop(name)  # let go once it is put together: years of hours would be held twice
        field = np.full((len(times), len(lat), len(lon)), np.nan, np.float32)
        version = np.zeros(len(times), np.int64)
        for number, values in parts:
            _put(field, version, times, files[number], values, fresh[number], name, records[number])
        preliminary |= version > 1
        data[name] = (("time", "lat", "lon"), field)
    for file, record, new in zip(files, records, fresh, strict=True):
        if record.read == 0:  # the first time this run reads the file
            record.read = file.n_steps
            record.duplicates = int((~new).sum())
            record.used = record.read - record.duplicates
    share = float(preliminary.mean()) if len(times) else 0.0
    if share:
        intake.note(f"weather: {share:.1%} of the hours are preliminary (ERA5T, expver 5)")
    dataset = xr.Dataset(data, {"time": times.astype("datetime64[ns]"), "lat": lat, "lon": lon})
    return dataset.assign_attrs(preliminary_share=share)


def _one_grid(files: list[Decoded], records: list[FileRecord]) -> tuple[Floats, Floats]:
    lat, lon = files[0].lat, files[0].lon
    for file, record in zip(files, records, strict=True):
        same = len(file.lat) == len(lat) and len(file.lon) == len(lon)
        if not same or np.abs(file.lat - lat).max() > 1e-4 or np.abs(file.lon - lon).max() > 1e-4:
            raise DataError(f"{record.path}: its grid is not that of {records[0].path}; deliver one grid per delivery.")
        for axis, values in (("lat", lat), ("lon", lon)):
            if (np.diff(values) <= 0).any():
                raise DataError(f"{record.path}: {axis} stands twice in its axis; mend the file.")
    return lat, lon


def _converted(
    file: Decoded, record: FileRecord, theirs: str, ours: str, units: dict[str, str], intake: Intake
) -> Singles:
    """Values of one variable in our unit; holes that the file did not declare are quarantined."""
    unit = units.get(ours) or file.units[theirs]
    if unit in ("", "1", "-"):
        raise DataError(
            f"{record.path}, variable {theirs}: unit {unit!r} says nothing; "
            f"declare units = {{ {ours} = ... }} in the study."
        )
    scale = 1.0
    if unit in ("kg m-2 s-1", "kg m**-2 s**-1"):  # a mean rate: millimetres in the time it stands for
        unit, scale = "kg m-2", rate_seconds(file)
    try:
        values = to_unit(file.values[theirs] * scale, unit, ours)
    except DataError as error:
        raise DataError(f"{record.path}, variable {theirs}: {error}") from None
    _report(file, record, theirs, file.fills[theirs], "a fill value the file does not declare", intake)
    if ours == "tp":
        step = max(float(to_unit(file.packing[theirs] * scale, unit, "tp")), 1e-3)
        values = no_negative_rain(values, step, record, intake)
    return screened(values, ours, file.step, record, theirs, intake)


def rate_seconds(file: Decoded) -> float:
    """Seconds that a mean rate stands for: an hour, or the span of the bounds plus one hourly step."""
    if not file.bounds_s:
        return 3600.0
    # Bounds made from hourly means name the middles of the first and last hour: 23 h for a day.
    return file.bounds_s + 3600.0 if round(file.bounds_s) % 86400 == 82800 else file.bounds_s


def no_negative_rain(values: Floats, step: float, record: FileRecord, intake: Intake) -> Floats:
    """Rain a packing step below zero becomes zero and is counted; lower values stay and are set aside later."""
    tiny = (values < 0) & (values >= -step)
    if tiny.any():
        intake.note(
            f"{record.path}: {int(tiny.sum())} rain values between -{step:g} and 0 mm are packing noise, set to 0"
        )
    return np.where(tiny, 0.0, values)


def screened(values: Floats, name: str, step: Ints, record: FileRecord, theirs: str, intake: Intake) -> Singles:
    """
    Values outside the plausible range of ``name`` become NaN and are quarantined.

    Parameters
    ----------
    values : float array, time first, our unit
    step : int64[n], position of each time step in the file
    theirs : str
        The variable's name in the file.

    Returns
    -------
    float32 array of the same shape

    Raises
    ------
    DataError
        The median lies outside: the unit is wrong, not the values.
    """
    variable = VARIABLES[name]
    with np.errstate(invalid="ignore"):
        wrong = (values < variable.low) | (values > variable.high)
    seen = np.isfinite(values)
    # Where most values are inside so is the median: it is sought only where it may not be.
    if 2 * np.count_nonzero(wrong & seen) >= np.count_nonzero(seen) > 0 and not (
        variable.low <= np.median(values[seen]) <= variable.high
    ):
        raise DataError(
            f"{record.path}, variable {theirs}: the median of {variable.words} is {np.median(values[seen]):.4g} "
            f"{variable.unit}, which is outside {variable.low:g} to {variable.high:g}; "
            "the declared unit is probably wrong."
        )
    if name == "blh":
        with np.errstate(invalid="ignore"):
            wrong |= values <= 0
    if wrong.any():
        rule = f"{name} outside {variable.low:g} to {variable.high:g} {variable.unit}"
        by_step = wrong.reshape(len(wrong), -1)
        for position in np.flatnonzero(by_step.any(1))[:_KEPT]:
            value = values.reshape(len(values), -1)[position][by_step[position]][0]
            intake.set_aside_value(record, int(step[position]) + 1, theirs, f"{value:g}", rule, f"{value!r}".encode())
    return np.where(wrong, np.nan, values).astype(np.float32)


def _report(file: Decoded, record: FileRecord, theirs: str, holes: Flags, rule: str, intake: Intake) -> None:
    by_step = holes.reshape(len(holes), -1)
    for position in np.flatnonzero(by_step.any(1))[:_KEPT]:
        n = int(by_step[position].sum())
        intake.set_aside_value(record, int(file.step[position]) + 1, theirs, f"fill at {n} places", rule, b"-32767")


def _put(
    field: Singles,
    version: Ints,
    times: Times,
    file: Decoded,
    values: Singles,
    fresh: Flags,
    name: str,
    record: FileRecord,
) -> None:
    """Write one file's steps into the common axis; a lower version wins, an equal one must say the same."""
    place = np.searchsorted(times, file.time)
    for position in np.argsort(file.time, kind="stable"):
        at, new = place[position], max(int(file.version[position]), 1)
        if version[at] == 0 or new < version[at]:
            field[at], version[at] = values[position], new
            fresh[position] = True
        elif version[at] == new and not np.array_equal(field[at], values[position], equal_nan=True):
            raise DataError(
                f"{record.path}, variable {name}: {file.time[position]}Z was delivered twice with different values; "
                "keep the right one."
            )
