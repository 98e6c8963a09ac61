"""
Rasters read through in a child process: a broken file may kill the child, never us.

Run as ``python -m hotspot.sources.child`` it is the child; see ``hotspot.foreign.child``.
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.foreign.child import Child, serve
from hotspot.sources.once import Once
from hotspot.sources.satellite.laid import Laying, room
from hotspot.sources.satellite.rasters import Meaning, kind_of
from hotspot.variables import DataError

SECONDS = 300.0  # for one file
MEMORY = 8 << 30  # bytes of address space; libraries alone map about 2 GB
_AXES: dict[bytes, np.ndarray] = {}  # coordinates of the grids seen


def inspect(
    paths: list[Path],
    meanings: list[Meaning],
    once: Once | None = None,
    *,
    tables: bool = False,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> Iterator[dict[str, Any]]:
    """
    Read rasters through in a child process and report what they hold.

    Parameters
    ----------
    meanings : list of Meaning, one per path
    once : Once, optional
        The files of the run; one that was read before with the same meaning is not read again.
    tables : bool
        They are TAP tables, which are read here.
    seconds, memory : float, int
        Limits for one file (s) and for the child (bytes).

    Yields
    ------
    dict per path, in order: the report of ``geotiff.describe`` or ``netcdf.describe`` with ``key`` (what the report
    hangs on) and ``laid`` (where the values are, or would be, laid), or ``{"error": why}``; a crash, a hang and too
    much memory are errors of that file.

    Examples
    --------
    >>> list(inspect([], []))
    []
    """
    once = Once() if once is None else once
    child = None

    def ask(path: Path, meaning: Meaning, laid: Path) -> dict[str, Any]:
        nonlocal child
        if tables:
            return _table(path, meaning, laid)
        child = child or Child(memory, "hotspot.sources.child")
        job = {"path": str(Path(path).resolve()), "meaning": meaning.as_dict(), "to": str(laid)}
        report = child.ask(job | {"room": room(laid.parent)}, seconds)
        if "died" in report:
            child.close()
            child, report = None, {"error": report["died"]}
        return report

    try:
        for path, meaning in zip(paths, meanings, strict=True):
            about = ["raster", meaning.as_dict(), *(_of_table(path, once) if tables else ())]
            key = once.store.key(once.hashed(path).sha256, *about)
            laid = once.store.scratch(f"{key}.npy")
            report = once.report(path, key, partial(ask, path, meaning, laid))
            yield report if "error" in report else _lean(report) | {"key": key, "laid": str(laid)}
    finally:
        if child:
            child.close()


def decoded(child: Child, path: Path, name: str, **job: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a child reports of one file, whose arrays it saves at the job's ``to``; a DataError names the file."""
    with tempfile.TemporaryDirectory(prefix="hotspot-") as folder:
        target = Path(folder) / "arrays.npz"
        report = child.answer({"path": str(path.resolve()), "to": str(target)} | job, SECONDS, name)
        with np.load(target, allow_pickle=False) as arrays:
            return report, dict(arrays)


def _of_table(path: Path, once: Once) -> tuple[str, str]:
    """What a TAP table's report hangs on beside its bytes: its name, and the places beside it."""
    from hotspot.sources.satellite.tap import beside

    places = beside(path)
    return path.name, "" if places is None else once.hashed(places).sha256


def _table(path: Path, meaning: Meaning, laid: Path) -> dict[str, Any]:
    """A TAP table, whose places may stand in another file beside it."""
    from hotspot.sources.satellite import tap

    lay = Laying(laid, room(laid.parent))
    try:
        report = tap.describe(path, meaning.period, meaning.nodata, lay)
    except DataError as error:
        return {"error": str(error)}
    lay.done()
    return report


def _lean(report: dict[str, Any]) -> dict[str, Any]:
    """The report with its axes as arrays, shared by all files of one grid."""
    for axis in ("x", "y"):
        if axis in report:
            centres = np.array(report[axis])
            report[axis] = _AXES.setdefault(centres.tobytes(), centres)
    return report


def describe(path: str, meaning: Meaning, lay: Callable[[int, np.ndarray], None] | None = None) -> dict[str, Any]:
    """
    Read one raster through and say what it holds; see ``geotiff.describe``.

    Raises
    ------
    DataError
        The file is refused; the message says why, without the file's name.
    """
    from hotspot.sources.satellite import geotiff, netcdf

    return {"geotiff": geotiff, "netcdf": netcdf}[kind_of(path)].describe(Path(path), meaning, lay)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    said = job["meaning"]
    lay = Laying(Path(job["to"]), job["room"])
    report = describe(job["path"], Meaning(**{**said, "variables": tuple(said["variables"])}), lay)
    lay.done()
    return report


if __name__ == "__main__":
    serve(_answer)
