"""
Parts of a month made beside each other: by child processes where there are many, one after the other where few.

Pages and packages are Python that holds its lock, so only processes use a second core. A child learns the month from
one file that is laid for it, is told a part and lays its answer down; what comes of a part hangs on the month and the
part alone, so any number of children gives the same bytes.
"""

import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, NamedTuple, ParamSpec, TypeVar

from hotspot.contracts.records import Derived
from hotspot.foreign.child import Child, serve
from hotspot.in_order import in_order
from hotspot.registry import outsiders
from hotspot.study import Study
from hotspot.variables import DataError

MANY = 60  # warned cells: below it the start of a child takes most of what it saves
MOST = 4  # children, each of which holds libraries and the month's tables: 0.7 GB where 30 of 1,900 cells are warned of
MEMORY = 4 << 30  # bytes of address space of a child beside the month's tables; its libraries alone map 1.5
SECONDS = 3600.0  # for one part; the longest of a full month takes some seconds
_AHEAD = 4  # parts told before the first of them is asked for, per child

About = ParamSpec("About")
Came = TypeVar("Came")


class Known(NamedTuple):
    """The month that parts are made of; nothing in it may be changed."""

    study: Study
    month: str  # "YYYY-MM"
    derived: Derived
    aside: dict[str, Any]  # what a function made for one part and needs for the next


class Hands:
    """
    Whoever makes parts of a month: this process, or some children.

    Parameters
    ----------
    known : Known
    n : int
        Children; below 2 everything is made here.
    """

    def __init__(self, known: Known, n: int = 0) -> None:
        self.known, self.n = known, n
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._children: list[Child] = []
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self._told = 0

    def each(self, make: Callable[..., Came], parts: Iterable[tuple[Any, ...]]) -> list[Came]:
        """
        What comes of some parts, in their order.

        Parameters
        ----------
        make : a plain function of a module, of ``Known`` and a part
        parts : iterable of tuple, plain values

        Raises
        ------
        DataError
            A part cannot be made, as it would be told here; or a child died.
        """
        if self.n < 2 or not self._started():
            return [make(self.known, *part) for part in parts]
        jobs = ((make, part, number) for number, part in enumerate(parts, self._told))
        made = in_order(self._ask, jobs, self._threads, ahead=_AHEAD * self.n)
        self._told += len(made)
        return made

    def dismiss(self, *, now: bool = False) -> None:
        """End the children; ``now``: in the middle of what they do."""
        for child in self._children if now else ():
            child.process.kill()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            child.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._children, self._threads, self._folder = [], None, None

    def _started(self) -> bool:
        """The children, started when they are first asked; none where the month cannot be handed over."""
        if self._threads is None:
            self._folder = tempfile.TemporaryDirectory(prefix="hotspot-")
            try:
                with open(self._place("month"), "wb") as stream:
                    pickle.dump(_slim(self.known), stream, pickle.HIGHEST_PROTOCOL)
            except (pickle.PicklingError, AttributeError, TypeError):  # a table that holds something of a script's own
                self.n = 0
                return False
            self._threads = ThreadPoolExecutor(self.n)
            for _ in range(self.n):
                self._children.append(_Hand(MEMORY + 4 * self._place("month").stat().st_size, __name__))
                self._idle.put(self._children[-1])
        return True

    def _place(self, name: str) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / name

    def _ask(self, job: tuple[Callable[..., Came], tuple[Any, ...], int]) -> Came:
        make, part, number = job
        asked, told = self._place(f"{number}.asked"), self._place(f"{number}.told")
        asked.write_bytes(pickle.dumps((make, part)))
        child = self._idle.get()
        try:
            report = child.ask({"known": str(self._place("month")), "asked": str(asked), "told": str(told)}, SECONDS)
        finally:
            self._idle.put(child)
        if report:
            raise DataError(str(report.get("died") or report.get("error")))
        came, error = pickle.loads(told.read_bytes())
        for path in (asked, told):
            path.unlink()
        if error is not None:
            raise error
        return came


class _Hand(Child):
    SLOW = "a process that makes pages and packages took more than {seconds:g} s for one of them and was stopped."
    DEAD = (
        "a process that makes pages and packages died ({how}); nothing was published. Free memory if it was killed, "
        "and run the month again."
    )


@contextmanager
def hands(study: Study, month: str, derived: Derived, *, many: int = MANY) -> Iterator[Hands]:
    """
    Whoever makes the parts of a month while the block lasts: a child for each core where many cells are warned.

    Parameters
    ----------
    month : str, "YYYY-MM"
    derived : Derived
        What ``month.derive`` returned.
    many : int
        Warned cells from which children are started.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> few = SimpleNamespace(warned=pd.DataFrame({"cell": ["A", "B"]}))
    >>> with hands(None, "2020-02", few) as own:
    ...     own.each(lambda known, text: text + known.month, [("in ",), ("of ",)])
    ['in 2020-02', 'of 2020-02']
    """
    # What a script added to a table of ours is not known to a process of its own.
    here = derived.warned["cell"].nunique() < many or outsiders()
    own = Hands(Known(study, month, derived, {}), 0 if here else min(_cores(), MOST))
    try:
        yield own
    except BaseException:
        own.dismiss(now=True)
        raise
    own.dismiss()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _slim(known: Known) -> Known:
    """The month without what no page and no package is made of: rasters, micro-stations, the account of the reading."""
    delivered, once = known.derived.delivered, known.derived.delivered.intake.once
    account = SimpleNamespace(once=SimpleNamespace(store=once.store))
    return known._replace(
        aside={},
        derived=replace(known.derived, delivered=replace(delivered, satellite=None, stations=None, intake=account)),
    )


@lru_cache(1)
def _learned(path: str) -> Known:
    known: Known = pickle.loads(Path(path).read_bytes())
    return known


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    """One part, laid down beside the question: what came of it, or what was raised."""
    told: tuple[Any, Exception | None]
    try:
        make, part = pickle.loads(Path(job["asked"]).read_bytes())
        told = make(_learned(job["known"]), *part), None
    except MemoryError:
        told = None, DataError("a process that makes pages and packages needs more memory than there is; free some.")
    except Exception as error:
        told = None, error
    said = pickle.dumps(told if told[1] is None else (None, _sendable(told[1])), pickle.HIGHEST_PROTOCOL)
    Path(job["told"]).write_bytes(said)
    return {}


def _sendable(error: Exception) -> Exception:
    """An error as it can be sent; some of libraries can not be put together again."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    serve(_answer)
