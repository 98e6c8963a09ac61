"""Whether an answer came in time (B5, E2): from its receipt, never from the machine's clock."""

import re
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from hotspot.rules.loop import Clocks


@dataclass(frozen=True)
class Clock:
    """
    One clock of one answer.

    ``state``: "in time", "late", "running" or "overdue"; ``due``: when it runs out; ``late_minutes``: by how much
    it ran out (0 in time); ``since``: what it ran from, "receipt" or "push" (where no receipt was recorded).
    """

    state: str
    due: pd.Timestamp
    late_minutes: int
    since: str


def clock(pushed: str, received: str | None, done: str | None, asof: str, hours: float, rule: Clocks) -> Clock:
    """
    How one answer stands at an instant.

    Parameters
    ----------
    pushed, received, done : str, local ISO time; None where it did not happen
        When it was sent, when its receipt was stamped, when it was answered.
    asof : str, local ISO time
        The instant that is judged; what was received or done later has not happened yet.
    hours : float
        Of the clock, inclusive to the minute.

    Raises
    ------
    ValueError
        A text is no local time.

    Examples
    --------
    >>> clock("2023-12-31T23:10", "2023-12-31T23:30", "2024-01-01T23:30", "2024-01-02T08:00", 24, Clocks()).state
    'in time'
    >>> clock("2023-12-31T23:10", "2023-12-31T23:30", "2024-01-01T23:31", "2024-01-02T08:00", 24, Clocks()).late_minutes
    1
    """
    now = local_minute(asof)
    receipt = local_minute(received) if received else None
    if receipt is not None and receipt > now:
        receipt = None
    since = "receipt" if rule.start == "receipt" and receipt is not None else "push"
    start = receipt if since == "receipt" and receipt is not None else local_minute(pushed)
    due = start + pd.Timedelta(minutes=round(60 * hours))
    answered = local_minute(done) if done else None
    if answered is not None and answered <= now:
        late = max(0, int((answered - due) / pd.Timedelta(minutes=1)))
        return Clock("late" if late else "in time", due, late, since)
    late = max(0, int((now - due) / pd.Timedelta(minutes=1)))
    return Clock("overdue" if late else "running", due, late, since)


@lru_cache(maxsize=1 << 16)
def local_minute(text: str) -> pd.Timestamp:
    """
    A local time, cut to its minute.

    Examples
    --------
    >>> str(local_minute("2024-01-01 23:30:59"))
    '2024-01-01 23:30:00'

    Nothing is guessed: not which of 5/1 is the day, and no day from the machine's clock.

    >>> local_minute("5/1/2026 10:00")
    Traceback (most recent call last):
    ValueError: '5/1/2026 10:00' is no local time; write it like 2020-03-05T10:00.
    """
    try:
        time = pd.Timestamp(text) if re.match(r"(?:19|20|21)[0-9]{2}[-/.0-9]", text) else pd.NaT
    except ValueError:
        time = pd.NaT
    if time is pd.NaT or time.tzinfo is not None:
        raise ValueError(f"{text!r} is no local time; write it like 2020-03-05T10:00.")
    return time.floor("min")
