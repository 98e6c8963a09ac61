"""
Weather grids decoded in a child process: a corrupt chunk kills the child, not the run.

The child runs ``decode`` of ``weather_netcdf`` under the limits of
``hotspot.sources.child`` and hands plain arrays over in a ``.npz`` file that is
read without unpickling anything. RELIABILITY 42, 43.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.foreign.child import Child, serve
from hotspot.sources.child import MEMORY, SECONDS
from hotspot.sources.weather.netcdf import Decoded, decode, decode_series
from hotspot.variables import DataError

_GROUPS = ("values", "fills")  # dictionaries of arrays
_WORDS = ("units", "packing", "bounds_s", "layer_height", "n_steps")  # JSON


def decode_all(paths, names, wanted, windows=None, *, series=False, seconds=SECONDS, memory=MEMORY):
    """
    Decode several weather files in a child process.

    Parameters
    ----------
    paths : list of Path
    names : list of str
        How messages call each file.
    wanted, windows
        As for ``weather_netcdf.decode``.
    series : bool
        Whether the files hold plain series, as for ``decode_series``.
    seconds, memory : float, int
        Limits for one file (s) and for the child (bytes).

    Returns
    -------
    list of Decoded, in the order of ``paths``

    Raises
    ------
    DataError
        A file is refused, or reading it killed the child, took too long or
        needed too much memory; the message names the file.
    """
    found = []
    times = None if windows is None else [[str(start), str(end)] for start, end in windows]
    with tempfile.TemporaryDirectory(prefix="hotspot-") as folder:
        child = Child(memory, "hotspot.sources.weather.child")
        try:
            for number, (path, name) in enumerate(zip(paths, names, strict=True)):
                target = Path(folder) / f"{number}.npz"
                job = {"path": str(Path(path).resolve()), "name": name, "wanted": wanted, "to": str(target)}
                job |= {"windows": times, "series": series}
                report = child.ask(json.dumps(job), seconds)
                if "error" in report:
                    raise DataError(report["error"])
                if "died" in report:
                    raise DataError(f"{name}: {report['died']}")
                found.append(unpacked(target, report))
                target.unlink()
        finally:
            child.close()
    return found


def packed(path, decoded):
    """Write the arrays of a Decoded to a ``.npz`` file; returns the rest as a dict for JSON."""
    arrays = {name: getattr(decoded, name) for name in ("time", "step", "lat", "lon", "version")}
    arrays["ends"] = np.array([decoded.first, decoded.last], "datetime64[s]")
    for group in _GROUPS:
        arrays |= {f"{group}:{name}": array for name, array in getattr(decoded, group).items()}
    np.savez(path, **arrays)
    return {name: getattr(decoded, name) for name in _WORDS}


def unpacked(path, words):
    """The Decoded that ``packed`` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        plain = {name: arrays[name] for name in ("time", "step", "lat", "lon", "version")}
        first, last = arrays["ends"]
        groups: dict[str, Any] = {
            group: {key.split(":", 1)[1]: arrays[key] for key in arrays.files if key.startswith(f"{group}:")}
            for group in _GROUPS
        }
    return Decoded(**plain, first=first, last=last, **groups, **{name: words[name] for name in _WORDS})


def _answer(job):
    what = job["path"], job["name"], job["wanted"]
    if job["series"]:
        return packed(job["to"], decode_series(*what))
    windows = job["windows"]
    if windows is not None:
        windows = [(np.datetime64(start), np.datetime64(end)) for start, end in windows]
    return packed(job["to"], decode(*what, windows))


if __name__ == "__main__":
    serve(_answer)
