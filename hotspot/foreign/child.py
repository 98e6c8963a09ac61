"""
Decoding in a child process: a broken file may kill the child, never us.

A corrupt chunk can crash a library, a small file can unpack to terabytes, a view can
be endless: RELIABILITY 42, F20, F21. A module that ends in ``serve(answer)`` is a
child when it is run; ``ask`` keeps one for vectors, workbooks and documents.
"""

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from hotspot.foreign import limits
from hotspot.variables import DataError

_QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "GDAL_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
# The libraries' own switches; ``limits.without_network`` is the kernel's.
_SAFE = {
    "GDAL_SKIP": "VRT,WMS,WCS,HTTP,MEM",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "GDAL_HTTP_TIMEOUT": "1",
    "PROJ_NETWORK": "OFF",
    "MALLOC_ARENA_MAX": "1",
}


class Child:
    """
    One running child that answers a line per file.

    Parameters
    ----------
    memory : int
        Bytes of address space it may have.
    module : str
        What it runs: a module that ends in ``serve``.
    """

    # What is said of one that did not answer; a child that reads nothing foreign says it otherwise.
    SLOW = "reading took more than {seconds:g} s and was stopped; the file is broken or hostile."
    DEAD = "reading it killed the child process ({how}); it is corrupt, fetch it again."

    def __init__(self, memory: int, module: str) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the child)
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=os.environ | _QUIET | _SAFE | {"HOTSPOT_CHILD_MEMORY": str(memory)},
            cwd=Path(__file__).resolve().parents[2],
        )
        self.jobs = cast(Any, self.process.stdin)
        self.answers = cast(Any, self.process.stdout)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.answers, selectors.EVENT_READ)

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, job: dict[str, Any], seconds: float, name: str) -> dict[str, Any]:
        """As ``ask``, but a child that died and a file that was refused are a DataError that says ``name``."""
        report = self.ask(job, seconds)
        why = report.get("error") or report.get("died")
        if why:
            # What the child raised of a job that has a name holds it already.
            raise DataError(why if "error" in report and "name" in job else f"{name}: {why}")
        return report

    def ask(self, job: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send one job (plain as JSON) and wait for its report; ``{"died": how}`` if the child did."""
        try:
            self.jobs.write(json.dumps(job).encode() + b"\n")
            self.jobs.flush()
        except BrokenPipeError:
            return {"died": self._death()}
        until, line = time.monotonic() + seconds, bytearray()
        while not line.endswith(b"\n"):
            if not self.selector.select(timeout=max(until - time.monotonic(), 0.0)):
                self.process.kill()
                self.process.wait()
                return {"died": self.SLOW.format(seconds=seconds)}
            part = os.read(self.answers.fileno(), 1 << 20)
            if not part:
                return {"died": self._death()}
            line += part
        return json.loads(line)

    def _death(self) -> str:
        code = self.process.wait()
        self.log.seek(0)
        words = self.log.read()[-300:].decode("utf-8", "replace").strip().replace("\n", " ")
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return self.DEAD.format(how=f"{how}; {words or 'no message'}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.jobs.close()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.selector.close()
        self.answers.close()
        with contextlib.suppress(BrokenPipeError):
            self.jobs.close()
        self.log.close()


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]], *, network: bool = False) -> None:
    """
    Be the child: one JSON job per line in, one JSON report per line out, until the input ends.

    Parameters
    ----------
    answer : callable
        Takes a job (dict) and returns its report (dict). What it raises becomes
        ``{"error": why}``, led by the job's ``name`` where it has one, but a ``DataError``
        is taken as it stands.
    network : bool
        Whether it may open sockets: for the one that fetches, and no other.
    """
    limits.limit(int(os.environ["HOTSPOT_CHILD_MEMORY"]), network=network)
    # Libraries print to stdout when they please; our lines go to a private copy of it.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        job = json.loads(line)
        whose = f"{job['name']}: " if "name" in job else ""
        try:
            report = answer(job)
        except DataError as error:
            report = {"error": str(error)}
        except MemoryError:
            why = "it needs more memory than a delivered file may; the file is broken or hostile."
            report = {"error": whose + why}
        except Exception as error:
            why = f"it cannot be read ({type(error).__name__}: {error}); fetch it again."
            report = {"error": whose + why}
        out.write(json.dumps(report) + "\n")
        out.flush()


_TURN = threading.Lock()  # the desk asks from several threads; the child answers one at a time
_KEPT: dict[int, Child] = {}  # the child of this process (by its id: a fork keeps none of its parent's)


def ask(kind: str, path: Path | str, name: str, **more: Any) -> dict[str, Any]:
    """
    Have the kept child of ``hotspot.foreign.readers`` decode one file.

    Parameters
    ----------
    kind : str
        A key of ``readers.KINDS``.
    name : str
        What messages call the file.
    **more
        What that reader asks beside, as JSON knows it.

    Returns
    -------
    dict, as that reader returns it

    Raises
    ------
    DataError
        The file is refused; or reading it killed the child, took too long or needed too much memory.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.xlsx"
    >>> _ = path.write_bytes(b"PK")
    >>> ask("workbook", path, "a.xlsx")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.xlsx: not an Excel workbook (.xlsx); save it as .xlsx or .csv.
    """
    mine = os.getpid()
    with _TURN, tempfile.TemporaryDirectory(prefix="hotspot-") as folder:
        if mine not in _KEPT:
            _KEPT.clear()
            _KEPT[mine] = Child(limits.memory(), "hotspot.foreign.readers")
            atexit.register(_end)
        child = _KEPT[mine]
        job = {"kind": kind, "path": str(Path(path).resolve()), "name": name, "folder": folder} | more
        try:
            report = child.answer(job, limits.seconds(), name)
        finally:
            if child.process.poll() is not None:
                _end()
        return report["answer"] | {key: (Path(folder) / held).read_bytes() for key, held in report["files"].items()}


def _end() -> None:
    child = _KEPT.pop(os.getpid(), None)
    if child:
        child.close()
