"""The hours in which fireworks explain a sudden rise: dated data, not a guess (METHODS 10)."""

import tomllib
from functools import lru_cache
from importlib import resources

import numpy as np

from hotspot.kernels.arrays import Ints, Times


@lru_cache(maxsize=1)
def windows() -> tuple[tuple[np.datetime64, np.datetime64, str, str], ...]:
    """
    All windows of the calendar that ships with the package.

    Returns
    -------
    tuple of (first, last, name, name_en): local datetime64[h], half-open, in order

    Examples
    --------
    >>> [(str(a), str(b), en) for a, b, _, en in windows() if str(a) > "2026" and str(a) < "2026-02-18"]
    [('2026-02-16T17', '2026-02-17T12', 'Spring Festival eve')]
    """
    source = resources.files("hotspot.rules") / "fireworks.toml"
    raw = tomllib.loads(source.read_text(encoding="utf-8"))
    feasts = [np.datetime64(day.isoformat(), "D") for day in raw["spring_festival"]]
    years = sorted({int(str(day)[:4]) for day in feasts})
    found = []
    for window in raw["window"]:
        if "date" in window:
            days = [np.datetime64(f"{year}-{window['date']}", "D") for year in years]
        else:
            days = [feast + window["day"] for feast in feasts]
        for day in days:
            first = day.astype("datetime64[h]") + window["hour"]
            found.append((first, first + window["hours"], window["name"], window["name_en"]))
    return tuple(sorted(found, key=lambda entry: entry[0]))


def fireworks_of(hours: Times) -> Ints:
    """
    Which window each local hour lies in.

    Parameters
    ----------
    hours : datetime64 array (n), local, start of the hour

    Returns
    -------
    int64[n]: position in ``windows()``, -1 outside all of them

    Examples
    --------
    >>> fireworks_of(np.array(["2020-01-24T16", "2020-01-24T17", "2020-01-25T12"], "datetime64[h]")) >= 0
    array([False,  True, False])
    """
    hours = np.asarray(hours, "datetime64[h]")
    place = np.full(hours.shape, -1, np.int64)
    for number, (first, last, _, _) in enumerate(windows()):
        place[(hours >= first) & (hours < last)] = number
    return place
