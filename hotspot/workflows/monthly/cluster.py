"""A running dask cluster for lazy work, or a sentence within five seconds why there is none."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from hotspot.variables import DataError

WAIT = 2.0  # s to connect, and as many to be greeted
_GREETING = 1 << 20  # bytes; the first frame a scheduler sends is some hundreds


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """
    Hand lazy work to a running dask cluster while the block lasts.

    Parameters
    ----------
    address : str or None
        ``tcp://HOST:PORT``; None leaves the work here.

    Raises
    ------
    DataError
        No scheduler answers there.

    Examples
    --------
    >>> with cluster("nonsense"):
    ...     pass
    Traceback (most recent call last):
    hotspot.variables.DataError: --scheduler 'nonsense': is no address; give tcp://HOST:PORT of a running scheduler.
    """
    if address is None:
        yield
        return
    _greeted(address)
    from dask.distributed import Client

    try:
        client = Client(address, timeout=2 * WAIT)
    except Exception as error:  # it speaks, but not as our version of dask does
        said = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise DataError(f"--scheduler {address!r}: {said}; start a scheduler of the same dask version.") from None
    with client:
        yield


def _greeted(address: str) -> None:
    """
    See that what listens there sends a frame as a scheduler does.

    dask itself retries for long, prints its traceback, and takes the first bytes of anything that answers
    for a length to reserve.
    """
    found = re.fullmatch(r"tcp://(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):(\d{1,5})", address)
    if not found or not 0 < int(found[2]) < 65_536:
        raise DataError(f"--scheduler {address!r}: is no address; give tcp://HOST:PORT of a running scheduler.")
    try:
        with socket.create_connection((found[1].strip("[]"), int(found[2])), timeout=WAIT) as line:
            head = line.recv(8, socket.MSG_WAITALL)
    except (OSError, UnicodeError) as error:
        raise DataError(
            f"--scheduler {address!r}: nothing answers there ({error}); start the scheduler, correct the address, "
            "or leave it out."
        ) from None
    if len(head) < 8 or int.from_bytes(head, "little") > _GREETING:
        raise DataError(f"--scheduler {address!r}: what answers there is no dask scheduler; correct the address.")
