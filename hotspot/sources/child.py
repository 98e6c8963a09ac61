"""
Heavy decoding in a child process: a broken file may kill the child, never us.

A corrupt chunk can crash the netCDF library and a small file can unpack to
terabytes, so every file is read through once where that does no harm:
RELIABILITY 42, F20, F21. Run as ``python -m hotspot.sources.child`` it is the child.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, cast

import numpy as np

from hotspot.sources.satellite.rasters import Meaning, kind_of
from hotspot.variables import DataError

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
                child = child or Child(memory)
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

    def __init__(self, memory, module="hotspot.sources.child"):
        quiet = {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "GDAL_NUM_THREADS": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        safe = {"GDAL_SKIP": "VRT,WMS,WCS,HTTP,MEM", "GDAL_HTTP_MAX_RETRY": "0", "HOTSPOT_CHILD_MEMORY": str(memory)}
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the child)
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=os.environ | quiet | safe,
            cwd=Path(__file__).resolve().parents[2],
        )
        self.jobs = cast(Any, self.process.stdin)
        self.answers = cast(Any, self.process.stdout)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.answers, selectors.EVENT_READ)

    def ask(self, job, seconds):
        """Send one job (JSON) and wait for its report, a dict; ``{"died": how}`` if the child did."""
        try:
            self.jobs.write(job.encode() + b"\n")
            self.jobs.flush()
        except BrokenPipeError:
            return {"died": self._death()}
        if not self.selector.select(timeout=seconds):
            self.process.kill()
            self.process.wait()
            return {"died": f"reading took more than {seconds:g} s and was stopped; the file is broken or hostile."}
        line = self.answers.readline()
        return json.loads(line) if line.endswith(b"\n") else {"died": self._death()}

    def _death(self):
        code = self.process.wait()
        self.log.seek(0)
        words = self.log.read()[-300:].decode("utf-8", "replace").strip().replace("\n", " ")
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"reading it killed the child process ({how}; {words or 'no message'}); it is corrupt, fetch it again."

    def close(self):
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


def serve(answer):
    """
    Be the child: one JSON job per line in, one JSON report per line out, until the input ends.

    Parameters
    ----------
    answer : callable
        Takes a job (dict) and returns its report (dict). What it raises becomes
        ``{"error": why}``, led by the job's ``name`` where it has one, but a ``DataError``
        is taken as it stands.
    """
    _limit(int(os.environ["HOTSPOT_CHILD_MEMORY"]))
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


def _limit(memory):
    """Cap this process before anything foreign is opened."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(job):
    said = job["meaning"]
    return describe(job["path"], Meaning(**{**said, "variables": tuple(said["variables"])}))


if __name__ == "__main__":
    serve(_answer)
