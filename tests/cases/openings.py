"""How often a run opens what was delivered, by our own counting and by Python's; and the one month all tests share."""

import json
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

WATCHED: list = []


def _audit(event, arguments):
    """Every ``open`` of this process, whoever calls it: the witness beside our own counting."""
    if event == "open" and WATCHED and isinstance(arguments[0], str) and arguments[0].startswith(WATCHED[0]):
        WATCHED[1][arguments[0]] += not arguments[0].endswith("study.toml")  # the study itself, no delivery


@cache
def _listen():
    sys.addaudithook(_audit)  # for good: Python takes none back


@contextmanager
def counted(study):
    """Counts what is ``hashed`` and ``decoded``, and every file that this process opens below the data root."""
    told = {"hashed": Counter(), "decoded": Counter(), "opened": Counter()}

    def opening(what, path):
        told[what][path.relative_to(study.root).as_posix()] += 1

    from hotspot.sources import once  # all three before any is patched: two of them take the name from the first
    from hotspot.sources.satellite import laid
    from hotspot.sources.weather import child

    _listen()
    study.boundaries  # noqa: B018  (read with the study itself)
    with ExitStack() as patched:
        for module in (once, laid, child):
            patched.enter_context(patch.object(module, "opening", opening))
        WATCHED[:] = [str(study.root), told["opened"]]
        try:
            yield told
        finally:
            WATCHED.clear()


class Published(NamedTuple):
    """A month that stands published, and what making it opened."""

    study: Path  # the study's file
    out: Path
    folder: Path
    counts: dict  # as ``counted``

    @property
    def home(self):
        return self.folder.parent


def published_once(path, out):
    """The latest month of the study of a file, published into a folder from nothing, or as it was before."""
    from hotspot.study import load_study
    from hotspot.synthetic.study import LATEST_MONTH
    from hotspot.workflows.monthly.month import run_month

    study, told = load_study(path, data=path.parent), out.with_suffix(".json")
    if not told.exists():  # the counts come last: with them the month is whole
        with counted(study) as counts:
            run_month(study, LATEST_MONTH, out=out)
        told.write_text(json.dumps(counts), encoding="utf-8")
    counts = json.loads(told.read_text(encoding="utf-8"))
    return Published(path, out, out / study.id / LATEST_MONTH, counts)
