"""
Each delivered file of a run is hashed once and decoded once, whoever asks for it and how often.

This is the one place where delivered files are opened. What a file holds is a question of its bytes
alone; what becomes of its rows in one month's account is the business of ``intake`` and the readers.
"""

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.sources.store import Store, store_of_process, told, words

_SMALL = 16 << 20  # bytes of a file that is held between its hash and its reading
_HEAD = 1024  # bytes kept of every file, by which empty files and web pages are told


@dataclass(frozen=True)
class Hashed:
    """One delivered file as it was when it was hashed."""

    sha256: str
    size: int
    changed_ns: int
    head: bytes


class Once:
    """
    The files of one run.

    Parameters
    ----------
    store : Store, optional
        Where decoded files are kept; default the process's own.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("station,pm25")
    >>> once = Once()
    >>> once.hashed(path).size, once.hashed(path).head[:7]
    (12, b'station')
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store = store_of_process() if store is None else store
        self.expected: tuple[str, ...] = ()  # months that the run will ask for, "YYYY-MM"
        self._hashed: dict[str, Hashed] = {}
        self._last: tuple[str, Hashed, bytes] | None = None  # what was hashed last, if it is no large file
        self._reports: dict[str, dict[str, Any]] = {}

    def hashed(self, path: Path) -> Hashed:
        """Hash, size and first bytes of a file, read through once a run."""
        known = self._hashed.get(os.path.realpath(path))
        if known is None:
            small = os.path.getsize(path) <= _SMALL
            known, data = self._read(path, keep=small)
            self._last = (os.path.realpath(path), known, data) if small else None
        return known

    def known(self, path: Path) -> bool:
        """Whether this run has hashed a file."""
        return os.path.realpath(path) in self._hashed

    def read(self, path: Path) -> tuple[Hashed, bytes]:
        """The bytes of a file and their hash; one that was hashed already is read again, unless it was the last."""
        last, self._last = self._last, None
        if last is not None and last[0] == os.path.realpath(path):
            now = os.stat(path)
            if (now.st_size, now.st_mtime_ns) == (last[1].size, last[1].changed_ns):
                return last[1:]
        return self._read(path, keep=True)

    def again(self, path: Path) -> Hashed:
        """A file hashed anew: was it written since?"""
        return self._read(path, keep=False)[0]

    def _read(self, path: Path, *, keep: bool) -> tuple[Hashed, bytes]:
        place = os.path.realpath(path)
        opening("hashed", path)
        digest, size, parts, head = hashlib.sha256(), 0, [], b""
        with open(path, "rb") as stream:
            changed = os.fstat(stream.fileno()).st_mtime_ns
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
                head = head or block[:_HEAD]
                if keep:
                    parts.append(block)
        found = Hashed(digest.hexdigest(), size, changed, head)
        self._hashed[place] = found
        return found, b"".join(parts)

    def decoded(
        self, path: Path, about: Sequence[Any], make: Callable[[], dict[str, np.ndarray]]
    ) -> dict[str, np.ndarray]:
        """
        What a file holds, decoded if that is not kept.

        Parameters
        ----------
        about : sequence of what JSON knows
            Everything beside its bytes that the answer hangs on.
        make : callable
            Opens and decodes the file.

        Returns
        -------
        dict of arrays
        """
        key = self.store.key(self.hashed(path).sha256, *about)

        def now() -> dict[str, np.ndarray]:
            opening("decoded", path)
            return make()

        return self.store.asked(key, now)

    def report(self, path: Path, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """
        What is said of a file, as JSON knows it; an ``error`` is remembered for this run only.

        Parameters
        ----------
        key : str, from ``Store.key``
        make : callable
            Opens the file and says it.
        """
        if key not in self._reports:
            arrays = self.store.get(key)
            if arrays is None:
                opening("decoded", path)
                found = make()
                if "error" not in found:
                    self.store.put(key, {"report": words(found)})
            else:
                found = told(arrays["report"])
            self._reports[key] = found
        return self._reports[key]

    def of_layers(self, field: Any, about: Sequence[Any], make: Callable[[Any], np.ndarray]) -> np.ndarray:
        """
        What is made of each layer of a raster by itself, e.g. the means of cells: made once in a layer's life.

        Parameters
        ----------
        field : DataArray (time, y, x), from ``open_satellite``
            Of any other, or of one that was changed since, everything is made now.
        about : sequence of what JSON knows
            What the answer hangs on beside the layer: cells, limits, code.
        make : callable
            Takes a part of the field along time, at most ``_AT_ONCE`` layers, gives an array with one entry per layer.

        Returns
        -------
        array, one entry per layer
        """
        keys = [self.store.key(origin, *about) for origin in origins(field)]
        if len(keys) != field.sizes["time"]:
            return make(field)
        found = [self.store.get(key) for key in keys]
        lacking = [at for at, arrays in enumerate(found) if arrays is None]
        for start in range(0, len(lacking), _AT_ONCE):
            part = lacking[start : start + _AT_ONCE]
            for at, array in zip(part, make(field.isel(time=part)), strict=True):
                found[at] = {"layer": array}
                self.store.put(keys[at], {"layer": np.asarray(array)})
        if not found:
            return make(field)
        return np.stack([arrays["layer"] for arrays in found if arrays is not None])


_SELECTING = {"stack", "getitem", "concatenate", "transpose", "layer"}  # what leaves a layer as it is
_LAYERS: OrderedDict[str, dict[str, list[str]]] = OrderedDict()  # origins by day, by the name of a lazy array
_MOST = 1024
_AT_ONCE = 31  # layers in memory


def remember(name: str, by_day: dict[str, list[str]]) -> None:
    """Note of a lazy array of layers (by its name in the graph) which parts of files make up each day."""
    _LAYERS[name] = by_day
    while len(_LAYERS) > _MOST:
        _LAYERS.popitem(last=False)


def origins(field: Any) -> list[list[str]]:
    """
    Where each layer of a raster comes from; empty where it was changed since it was opened.

    Parameters
    ----------
    field : DataArray (time, y, x)

    Returns
    -------
    list of list of str, per layer: the parts of files it is laid together from, and its grid
    """
    names = [str(name) for name in getattr(getattr(field.data, "dask", None), "layers", ())]
    if not {name.rsplit("-", 1)[0] for name in names} <= _SELECTING:
        return []
    by_day: dict[str, list[str]] = {}
    for name in names:
        by_day |= _LAYERS.get(name, {})
    axes = hashlib.sha256(field["x"].values.tobytes() + field["y"].values.tobytes()).hexdigest()
    grid = json.dumps([axes, str(field.attrs.get("crs")), str(field.dtype)])
    days = field["time"].values.astype("datetime64[D]").astype(str)
    return [[grid, *by_day[day]] for day in days] if set(days) <= by_day.keys() else []


def opening(what: str, path: Path | str) -> None:
    """Called whenever a delivered file is ``hashed`` or ``decoded``: here openings can be counted."""
