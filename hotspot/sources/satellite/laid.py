"""
Decoded rasters laid out on disk for as long as a process lives, so that a file is opened once.

The child that reads a raster through lays its layers down while it is at it. Where there is no
room, or the report came from an earlier run, a raster is opened when one of its values is wanted.
"""

import os
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from hotspot.sources.once import opening
from hotspot.sources.store import LIMIT

_LOCK = Lock()


class Laying:
    """
    Takes the layers of one raster, one after the other, and lays them into one ``.npy`` file.

    Parameters
    ----------
    path : Path
    room : int
        Bytes it may take; a raster that needs more is not laid.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.npy"
    >>> lay = Laying(path, 1000)
    >>> for value in (1.0, 2.0):
    ...     lay(2, np.full((3, 4), value))
    >>> lay.done()
    >>> np.load(path)[:, 0, 0].tolist()
    [1.0, 2.0]
    """

    def __init__(self, path: Path, room: int) -> None:
        self.path, self.room = Path(path), room
        self.partial = self.path.with_suffix(".partial")
        self.values: Any = None
        self.taken = 0

    def __call__(self, n_layer: int, layer: np.ndarray) -> None:
        if n_layer * layer.nbytes > self.room:
            return
        if self.values is None:
            shape = (n_layer, *layer.shape)
            self.values = np.lib.format.open_memmap(self.partial, "w+", layer.dtype, shape)
        self.values[self.taken] = layer
        self.taken += 1

    def done(self) -> None:
        """All layers were read and found sound: the file takes its name."""
        if self.values is not None and self.taken == len(self.values):
            self.values.flush()
            self.values = None
            self.partial.replace(self.path)


def room(folder: Path) -> int:
    """Bytes that may still be laid into a folder."""
    return max(0, LIMIT - sum(entry.stat().st_size for entry in os.scandir(folder)))


def layer_of(path: Path, report: dict[str, Any], at: Path, layer: int) -> np.ndarray:
    """
    One layer of a raster, ug/m3, in the file's own order.

    Parameters
    ----------
    report : dict, from ``child.inspect``
    at : Path
        Where its values are, or may be, laid.
    layer : int, from 0

    Returns
    -------
    float[n_row, n_col], NaN where missing
    """
    from hotspot.sources.satellite import geotiff, netcdf, tap

    reader: Any = {"geotiff": geotiff, "netcdf": netcdf, "tap": tap}[report["kind"]]
    with _LOCK:
        n_layer = len(report["layers"])
        need = n_layer * len(report["x"]) * len(report["y"]) * 8
        if not at.exists() and at.parent.is_dir() and need <= room(at.parent):
            opening("decoded", path)
            whole = Laying(at, need)
            for one in reader.read(path, report, range(n_layer)):
                whole(n_layer, one)
            whole.done()
    if at.exists():
        return np.load(at, mmap_mode="r", allow_pickle=False)[layer]
    opening("decoded", path)
    return next(iter(reader.read(path, report, [layer])))
