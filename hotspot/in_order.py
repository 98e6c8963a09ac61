"""Jobs handed to threads, processes or a cluster, and their results in order, few in flight at a time."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from hotspot.one_thread import one_thread_each


@contextmanager
def pool(workers: int | None, executor: Any = None) -> Iterator[Any]:
    """
    Where jobs go: the executor given, the cluster that work is handed to, a pool of our own, or None for here.

    Parameters
    ----------
    workers : int, at least 1, or None
        Processes; None is a thread for each core this process may use, for jobs that spend their time in compiled
        code: a process would cost them its start, and a script of a user's its guard.
    executor : with ``submit``, or None

    Raises
    ------
    ValueError
        ``workers`` is below 1.

    Examples
    --------
    >>> with pool(1) as here:
    ...     in_order(abs, [-1, 2], here)
    [1, 2]
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}; give at least 1.")
    executor = executor or _cluster()
    if executor is not None or workers == 1:
        yield executor
        return
    if workers is None:
        with threads() as own:
            yield own
        return

    # Not fork: the trees' library keeps threads that do not survive it.
    processes = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield processes
    finally:
        processes.shutdown(cancel_futures=True)


@contextmanager
def threads() -> Iterator[ThreadPoolExecutor]:
    """A thread for each core this process may use, BLAS held to one in each; what is begun is finished."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with one_thread_each(), ThreadPoolExecutor(cores) as own:
        try:
            yield own
        finally:
            own.shutdown(cancel_futures=True)


def _cluster() -> Any:
    """The executor of the cluster that work is handed to (``--scheduler``), or None."""
    distributed: Any = sys.modules.get("distributed")  # whoever has a client has loaded it
    try:
        return None if distributed is None else distributed.get_client().get_executor()
    except ValueError:  # no client
        return None


def in_order(function: Callable, jobs: Iterable, executor: Any, *, ahead: int = 16) -> list:
    """
    Results in the order of the jobs; at most ``ahead`` are in flight, so memory stays bounded.

    Parameters
    ----------
    function : callable of one job; a plain function where processes run it
    jobs : iterable, read as they are handed out
    executor : from ``pool``

    Examples
    --------
    >>> in_order(len, ["a", "bc"], None)
    [1, 2]
    """
    if executor is None:
        return [function(job) for job in jobs]
    in_flight: list = []
    results = []
    for job in jobs:
        in_flight.append(executor.submit(function, job))
        if len(in_flight) >= ahead:
            results.append(in_flight.pop(0).result())
    return results + [one.result() for one in in_flight]
