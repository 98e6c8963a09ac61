"""
Rasters read through in a child process: a broken file may kill the child, never us.

Run as ``python -m hotspot.sources.child`` it is the child; see ``hotspot.foreign.child``.
"""

import json
from collections import OrderedDict
from pathlib import Path

import numpy as np

from hotspot.foreign.child import Child, serve
from hotspot.sources.satellite.rasters import Meaning, kind_of

SECONDS = 300.0  # for one file
MEMORY = 8 << 30  # bytes of address space; libraries alone map about 2 GB
_SEEN: OrderedDict[str, dict] = OrderedDict()  # reports by content and meaning
_AXES: dict[bytes, np.ndarray] = {}  # coordinates of the grids seen
_KEEP = 4096


def inspect(paths, meanings, keys, *, seconds=SECONDS, memory=MEMORY):
    """
    Read rasters through in a child process and report what they hold.

    Parameters
    ----------
    paths : list of Path
    meanings : list of Meaning, one per path
    keys : list of str
        SHA-256 of each file; a file seen before with the same meaning is not read again.
    seconds, memory : float, int
        Limits for one file (s) and for the child (bytes).

    Yields
    ------
    dict per path, in order: the report of ``geotiff.describe`` or ``netcdf.describe``,
    or ``{"error": why}``; a crash, a hang and too much memory are errors of that file.

    Examples
    --------
    >>> list(inspect([], [], []))
    []
    """
    names = [json.dumps([key, meaning.as_dict()], sort_keys=True) for key, meaning in zip(keys, meanings, strict=True)]
    jobs = [
        json.dumps({"path": str(Path(p).resolve()), "meaning": m.as_dict()})
        for p, m in zip(paths, meanings, strict=True)
    ]
    child = None
    try:
        for name, job in zip(names, jobs, strict=True):
            if name not in _SEEN:
                child = child or Child(memory, "hotspot.sources.child")
                report = child.ask(job, seconds)
                if "died" in report:
                    child.close()
                    child, report = None, {"error": report["died"]}
                _SEEN[name] = _lean(report)
                while len(_SEEN) > _KEEP:
                    _SEEN.popitem(last=False)
            yield _SEEN[name]
    finally:
        if child:
            child.close()


def _lean(report):
    """The report with its axes as arrays, shared by all files of one grid."""
    for axis in ("x", "y"):
        if axis in report:
            centres = np.array(report[axis])
            report[axis] = _AXES.setdefault(centres.tobytes(), centres)
    return report


def describe(path, meaning):
    """
    Read one raster through and say what it holds; see ``geotiff.describe``.

    Raises
    ------
    DataError
        The file is refused; the message says why, without the file's name.
    """
    from hotspot.sources.satellite import geotiff, netcdf

    return {"geotiff": geotiff, "netcdf": netcdf}[kind_of(path)].describe(Path(path), meaning)


def _answer(job):
    said = job["meaning"]
    return describe(job["path"], Meaning(**{**said, "variables": tuple(said["variables"])}))


if __name__ == "__main__":
    serve(_answer)
