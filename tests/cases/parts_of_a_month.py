"""Parts that children of ``publish.hands`` are asked for, and a month that is not much more than its warned cells."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from hotspot.publish.hands import Hands, Known
from hotspot.variables import DataError


@dataclass(frozen=True)
class Delivered:
    intake: Any
    satellite: Any = None
    stations: Any = None


@dataclass(frozen=True)
class Derived:
    warned: pd.DataFrame
    delivered: Delivered


class Two(Exception):
    """Two arguments in, one out: it can be sent and not be put together again."""

    def __init__(self, one, other):
        super().__init__(f"{one}, {other}")


def month_of(n):
    """A month with ``n`` warned cells, whose rasters and account nobody could send."""
    unsendable = lambda: None  # noqa: E731
    intake = SimpleNamespace(once=SimpleNamespace(store=None), account=unsendable)
    delivered = Delivered(intake, satellite=unsendable, stations=unsendable)
    return Derived(pd.DataFrame({"cell": [f"C{k}" for k in range(n)]}), delivered)


def two_hands(study="a study"):
    return Hands(Known(study, "2020-03", month_of(3), {}), 2)


def said(known, text):
    known.aside.setdefault("first", text)
    return f"{known.study} {known.month} {len(known.derived.warned)} {text}", os.getpid(), known.aside["first"]


def refused(known, text):
    raise DataError(text)


def broken(known):
    raise Two("one", "other")


def hungry(known):
    return len(bytes(1 << 40))


def killed(known):
    os.kill(os.getpid(), signal.SIGKILL)


def slow(known, place):
    (Path(place) / f"{os.getpid()}.pid").touch()
    time.sleep(60)
