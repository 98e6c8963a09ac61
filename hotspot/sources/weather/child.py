"""
Weather grids decoded in a child process: a corrupt chunk kills the child, not the run.

The child runs ``decode`` of ``weather_netcdf`` under the limits of
``hotspot.sources.child`` and hands plain arrays over in a ``.npz`` file that is
read without unpickling anything. RELIABILITY 42, 43.
"""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.foreign.child import Child, serve
from hotspot.sources.child import MEMORY, SECONDS
from hotspot.sources.once import Once, opening
from hotspot.sources.store import told, words
from hotspot.sources.weather.netcdf import Decoded, decode, decode_series, decode_windows, reaches

_GROUPS = ("values", "fills")  # dictionaries of arrays
_WORDS = ("units", "packing", "bounds_s", "layer_height", "n_steps")  # JSON


def decode_all(
    paths: Sequence[Path],
    names: Sequence[str],
    wanted: Sequence[str],
    windows: list[tuple[np.datetime64, np.datetime64]] | None = None,
    *,
    once: Once | None = None,
    also: Sequence[tuple[np.datetime64, np.datetime64]] = (),
    series: bool = False,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> list[Decoded]:
    """
    Decode several weather files in a child process, each file in one opening and each window of it once.

    Parameters
    ----------
    names : list of str
        How messages call each file.
    wanted : sequence of str
        As for ``netcdf.decode``.
    windows : list of (datetime64, datetime64), or None
        As for ``netcdf.decode``; each is kept by itself, so that a month is decoded once.
    once : Once, optional
        The files of the run.
    also : list of (datetime64, datetime64)
        Windows that this run will ask for later: decoded while a file is open.
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
    once, child = once or Once(), None
    spans, later = (None if part is None else [[str(a), str(b)] for a, b in part] for part in (windows, also))
    with tempfile.TemporaryDirectory(prefix="hotspot-") as folder:

        def ask(path: Path, name: str, asked: list[list[str]] | None) -> list[dict[str, np.ndarray]]:
            nonlocal child
            child = child or Child(memory, "hotspot.sources.weather.child")
            opening("decoded", path)
            job = {"path": str(Path(path).resolve()), "name": name, "wanted": wanted, "to": folder}
            report = child.answer(job | {"windows": asked, "series": series}, seconds, name)
            return [_arrays(Path(folder) / f"{n}.npz") for n in range(report["n"])]

        try:
            return [
                _of_file(once, path, ["weather", list(wanted), series], spans, later, partial(ask, path, name))
                for path, name in zip(paths, names, strict=True)
            ]
        finally:
            if child:
                child.close()


def _of_file(
    once: Once,
    path: Path,
    about: list[Any],
    spans: list[list[str]] | None,
    later: list[list[str]] | None,
    ask: Callable[[list[list[str]] | None], list[dict[str, np.ndarray]]],
) -> Decoded:
    """One file as far as it is asked for."""
    store, digest = once.store, once.hashed(path).sha256

    def key(span: list[str] | str | None) -> str:
        return store.key(digest, *about, span)

    if spans is None:
        return unpacked(store.asked(key(None), lambda: ask(None)[0]))
    axes = store.get(key("axes"))
    reached = [] if axes is None else [span for span in spans if _reaches(axes, span)]
    held: list[Any] = [store.get(key(span)) for span in reached]
    if axes is None or any(arrays is None for arrays in held):
        asked = reached or [*spans, *(span for span in later or () if span not in spans)]
        axes, *made = ask(asked)
        store.put(key("axes"), axes)
        pairs = list(zip([span for span in asked if _reaches(axes, span)], made, strict=True))
        for span, arrays in pairs:
            store.put(key(span), arrays)
        held = [arrays for span, arrays in pairs if span in spans]
    return _joined(unpacked(axes), [unpacked(arrays) for arrays in held])


def _reaches(axes: dict[str, np.ndarray], span: list[str]) -> bool:
    """Whether a file's time axis reaches into a window."""
    first, last = axes["ends"]
    return reaches(first, last, [np.datetime64(day) for day in span])


def _joined(axes: Decoded, parts: list[Decoded]) -> Decoded:
    """The windows of one file as one, every step once and in the file's order."""
    if not parts:
        return axes
    step, at = np.unique(np.concatenate([part.step for part in parts]), return_index=True)

    def cut(of: Callable[..., np.ndarray]) -> np.ndarray:
        return np.concatenate([of(part) for part in parts])[at]

    groups: dict[str, Any] = {
        group: {name: cut(lambda part, g=group, n=name: getattr(part, g)[n]) for name in getattr(axes, group)}
        for group in _GROUPS
    }
    series: dict[str, Any] = {"time": cut(lambda part: part.time), "version": cut(lambda part: part.version)}
    return replace(axes, step=step, **series, **groups)


def packed(path: Path | str, decoded: Decoded) -> None:
    """Write a Decoded to a ``.npz`` file."""
    arrays = {name: getattr(decoded, name) for name in ("time", "step", "lat", "lon", "version")}
    arrays["ends"] = np.array([decoded.first, decoded.last], "datetime64[s]")
    for group in _GROUPS:
        arrays |= {f"{group}:{name}": array for name, array in getattr(decoded, group).items()}
    np.savez(path, words=words({name: getattr(decoded, name) for name in _WORDS}), **arrays)


def unpacked(arrays: dict[str, np.ndarray]) -> Decoded:
    """The Decoded that ``packed`` wrote, of its arrays."""
    plain: dict[str, Any] = {name: arrays[name] for name in ("time", "step", "lat", "lon", "version")}
    first, last = arrays["ends"]
    groups: dict[str, Any] = {
        group: {key.split(":", 1)[1]: values for key, values in arrays.items() if key.startswith(f"{group}:")}
        for group in _GROUPS
    }
    return Decoded(**plain, first=first, last=last, **groups, **told(arrays["words"]))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    path.unlink()
    return arrays


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    what = job["path"], job["name"], job["wanted"]
    found: Iterable[Decoded]
    if job["series"]:
        found = [decode_series(*what)]
    elif job["windows"] is None:
        found = [decode(*what, None)]
    else:
        found = decode_windows(*what, [(np.datetime64(a), np.datetime64(b)) for a, b in job["windows"]])
    n = 0
    for n, one in enumerate(found, 1):
        packed(Path(job["to"]) / f"{n - 1}.npz", one)
    return {"n": n}


if __name__ == "__main__":
    serve(_answer)
