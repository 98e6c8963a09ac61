"""
The hours of one cell as a page that plays: its 36 sub-cells hour by hour, in one offline file (C2, D18).
"""

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.kernels.arrays import Floats
from hotspot.publish.palette import palette, sequential_breaks
from hotspot.publish.web.page import offline_page
from hotspot.publish.web.webmap import WebMap
from hotspot.rules.calendar import local_times
from hotspot.text.escape import plain
from hotspot.variables import DataError

LONGEST = 240  # hours; more are a series, not a film


def film(
    fine: xr.Dataset, cell: str, *, first: str | None = None, hours: int = 48, label: str = "", where: str = ""
) -> WebMap:
    """
    The hourly 500 m field of one cell as a page.

    Parameters
    ----------
    fine : Dataset (sub_cell, time), from ``downscale``
        ``pm25`` (µg/m³) and ``support``; UTC hours, ``utc_offset`` among its attributes.
    cell : str
        Code of the coarse cell.
    first : str, optional
        First local hour, "2025-12-05T00:00"; default the first of the field.
    hours : int, 1 to 240
    label, where : str
        Official label, and the place in words; printed beside the code.

    Returns
    -------
    WebMap: ``save(path)`` writes one file that asks the network for nothing; a notebook shows it

    Raises
    ------
    DataError
        The field has no such cell, or no hour in the window.
    ValueError
        ``hours`` is no number of hours a film can have.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.datetime64("2025-12-04T16", "ns") + np.arange(3) * np.timedelta64(1, "h")
    >>> dims, names = ("sub_cell", "time"), [f"PQ1848E-{n:02d}" for n in range(1, 37)]
    >>> values = {"pm25": (dims, np.full((36, 3), 50.0)), "support": (dims, np.zeros((36, 3), "i1"))}
    >>> at = {"time": time, "cell": ("sub_cell", ["PQ1848E"] * 36), "sub_cell": names}
    >>> film(xr.Dataset(values, at, {"utc_offset": 8.0}), "PQ1848E").title
    'PQ1848E 2025-12-05 00 — 2025-12-05 02'
    """
    if not 1 <= hours <= LONGEST:
        raise ValueError(f"hours is {hours}; give 1 to {LONGEST}.")
    own = np.flatnonzero(fine["cell"].values.astype(str) == cell)
    if not own.size:
        known = sorted(set(fine["cell"].values.astype(str)))
        raise DataError(f"{cell} is no cell of this field; it has {', '.join(known[:5])}{' ...' if known[5:] else ''}.")
    local = local_times(fine)
    begin = local[0] if first is None else np.datetime64(pd.Timestamp(first))
    at = np.flatnonzero((local >= begin) & (local < begin + np.timedelta64(hours, "h")))
    if not at.size:
        raise DataError(f"{cell}: no hour of the field lies in {hours} hours from {begin}.")
    part = fine.isel(sub_cell=own, time=at)
    values = part["pm25"].transpose("time", "sub_cell").values.astype("float64")
    names = [str(name).rsplit("-", 1)[-1] for name in part["sub_cell"].values]
    side = round(len(names) ** 0.5)
    ramp = palette()["sequential"]["concentration"]
    breaks = sequential_breaks(values, len(ramp))
    measured = np.where(part["support"].values == 2, part["pm25"].values, np.nan)
    loudest = int(np.argmax(np.nan_to_num(np.nanmax(np.where(np.isnan(measured), -1.0, measured), axis=1), nan=-1.0)))
    times = [str(np.datetime_as_string(t, unit="m")) for t in local[at]]
    data = {
        "cell": cell + (f"（{plain(label)}）" if label and label != cell else ""),
        "where": plain(where),
        "names": names,
        "x": [(int(n) - 1) % side for n in names],
        "y": [(int(n) - 1) // side for n in names],
        "side": side,
        "times": times,
        "values": [[None if np.isnan(v) else round(float(v)) for v in row] for row in values],
        "mean": [None if np.isnan(row).all() else round(float(np.nanmean(row)), 1) for row in values],
        "support": part["support"].transpose("time", "sub_cell").values.astype(int).tolist(),
        "colours": ramp[: len(breaks) + 1] if len(breaks) < len(ramp) else ramp,
        "breaks": breaks,
        "top": _top(values),
        "every": max(1, len(times) // 12),
        "pick": loudest,
    }
    title = f"{cell} {times[0][:13].replace('T', ' ')} — {times[-1][:13].replace('T', ' ')}"
    return WebMap(offline_page("film", data, title), title)


def _top(values: Floats) -> float:
    """End of the axis: a round number above the largest value."""
    largest = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    step = 10.0 ** np.floor(np.log10(max(largest, 1.0)))
    return float(next(k * step for k in (1, 2, 4, 6, 8, 10) if k * step >= largest))
