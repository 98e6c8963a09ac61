"""
What was decoded from a delivered file, kept on disk under the hash of everything it hangs on.

A kept file that is not whole, or is not what its name says, is thrown away and made again.
Nothing is unpickled, and what was kept by other code is never read.
"""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, cast

import numpy as np

LIMIT = 4 << 30  # bytes that a folder may hold, and bytes of decoded rasters that a run may lay beside it
_DAY = 86_400  # s; how exactly it is known when something was asked for last
_ROOMS = ("foreign", "kernels", "sources", "text", "text/headers.toml", "variables.py")
_LIBRARIES = ("numpy", "pandas", "pyarrow", "pyproj", "rasterio", "netCDF4", "xarray", "openpyxl")


class Store:
    """
    A folder of arrays by key.

    Parameters
    ----------
    folder : Path, optional
        Default: a folder of this process, removed when it ends.
    limit : int
        Bytes beyond which ``tidy`` drops what was longest not asked for.

    Examples
    --------
    >>> store = Store()
    >>> key = store.key("the values of a file", "its hash")
    >>> store.put(key, {"pm25": np.array([35.5])})
    >>> store.get(key)["pm25"].tolist(), store.get(store.key("another"))
    ([35.5], None)
    """

    def __init__(self, folder: Path | None = None, *, limit: int = LIMIT) -> None:
        self.folder = _temporary() if folder is None else Path(folder)
        self.limit = limit
        self._scratch: Path | None = None

    def key(self, *parts: Any) -> str:
        """The name of an answer: a hash of what was asked, of the readers' code and of the libraries."""
        return hashlib.sha256(json.dumps([reader_version(), *parts], sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays of a key, or None; a file that is broken is removed."""
        path = self._path(key)
        try:
            with np.load(path, allow_pickle=False) as held:
                arrays = {name: held[name] for name in held.files}
            whole = all(isinstance(array, np.ndarray) for array in arrays.values())  # numpy hands out what is no array
            if not whole or str(arrays.pop("key")) != key:
                raise ValueError("not what its name says")
        except FileNotFoundError:
            return None
        except Exception:  # whatever a library says of a broken archive, it is no answer
            _gone(path)
            return None
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)  # asked for: it stays longest
        return arrays

    def put(self, key: str, arrays: dict[str, np.ndarray]) -> None:
        """Keep arrays, whole or not at all; where nothing can be written nothing is kept."""
        path = self._path(key)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(partial, "wb") as stream:
                np.savez(stream, **cast(Any, {"key": np.array(key)} | arrays))
            partial.replace(path)
        except OSError:
            _gone(partial)

    def asked(self, key: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The arrays of a key, made now if they are not kept."""
        arrays = self.get(key)
        if arrays is None:
            arrays = make()
            self.put(key, arrays)
        return arrays

    def scratch(self, name: str) -> Path:
        """A file that lives as long as this process: where a decoded raster is laid for its first use."""
        if self._scratch is None:
            self._scratch = _temporary()
        return self._scratch / name

    def tidy(self) -> None:
        """Drop what other code kept, half-written files, and beyond the limit what was longest not asked for."""
        if not self.folder.is_dir():
            return
        for other in self.folder.iterdir():
            if other.is_dir() and len(other.name) == 16 and other.name != reader_version()[:16]:
                shutil.rmtree(other, ignore_errors=True)
        found = []
        for path in self.folder.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file():
                    found.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.limit and path.suffix != ".partial":
                continue
            _gone(path)
            total -= size

    def _path(self, key: str) -> Path:
        return self.folder / reader_version()[:16] / key[:2] / f"{key}.npz"


@cache
def store_of_process() -> Store:
    """The store of whoever names none: content under its hash, so that all of a process may share it."""
    return Store()


@cache
def reader_version() -> str:
    """A hash of the code that decodes and of the libraries it decodes with: nobody has to remember a number."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in _ROOMS:
        place = package / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            digest.update(f"{name} {metadata.version(name)}".encode())
    return digest.hexdigest()


@cache
def code_of(*modules: str) -> str:
    """A hash of the code of some modules, or rooms, for what is made of decoded files and kept beside them."""
    files = [Path(str(import_module(name).__file__)) for name in modules]
    every = [
        one for file in files for one in (sorted(file.parent.rglob("*.py")) if file.stem == "__init__" else [file])
    ]
    return hashlib.sha256(b"".join(one.read_bytes() for one in every)).hexdigest()


def given(*arrays: np.ndarray) -> list[list[Any]]:
    """
    Arrays as parts of a key.

    Examples
    --------
    >>> given(np.zeros(2)) == given(np.zeros(2)), given(np.zeros(2)) == given(np.zeros((1, 2)))
    (True, False)
    """
    return [[a.dtype.str, a.shape, hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()] for a in arrays]


def words(value: Any) -> np.ndarray:
    """
    What JSON knows as an array of bytes, and back by ``told``.

    Examples
    --------
    >>> told(words({"unit": "ug/m3", "times": [1, 2]}))
    {'unit': 'ug/m3', 'times': [1, 2]}
    """
    return np.frombuffer(json.dumps(value, ensure_ascii=True).encode(), np.uint8)


def told(array: np.ndarray) -> Any:
    """What ``words`` made an array of."""
    return json.loads(array.tobytes())


def _gone(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _temporary() -> Path:
    folder, owner = tempfile.mkdtemp(prefix="hotspot-"), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a fork's end is not ours
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return Path(folder)
