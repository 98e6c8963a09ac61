"""
Which episodes are pushed: the budget as a running controller.

The programme pushed about 1.5 alarms per instrumented cell and month and had 98 % of them
answered (C11). In every hour the threshold is the one at which what the past weeks brought would
use up what is left of the month's budget: each push raises it, each quiet day lowers it. It starts
anew with a local month and looks back over weeks, so a month alone never sets it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hotspot.rules.alarming import Alarms

MONTH_HOURS = 730.5


@dataclass
class Episode:
    """Candidate hours of one cell with pauses of at most ``merge_hours``."""

    start: int
    last: int
    pushed: float = np.nan  # the threshold it passed
    doubted: float = np.nan  # the threshold that was passed by hours of which half or more carry a reason
    runs: dict[str, list] = field(default_factory=dict)  # sub_cell -> [hour, latest z in a row, n, n with a reason]


@dataclass
class Gate:
    """
    The controller; ``step`` takes hour after hour, ``turn`` begins a month.

    rule : criteria.alarms
    first : the first hour that could be judged
    budget, pushed : of this month
    end, hours : hour after its last, and how many it has
    hour : the last hour that was taken
    past : "cell@hour of opening" -> [hour, z that min_hours hours in a row reached, nothing against them]
    open : cell -> Episode
    """

    rule: Alarms
    first: int
    budget: float = 0.0
    pushed: int = 0
    end: int = 0
    hour: int = -1
    past: dict[str, list] = field(default_factory=dict)
    open: dict[str, Episode] = field(default_factory=dict)
    hours: float = MONTH_HOURS

    def turn(self, n_cell: int, hours: float, end: int) -> None:
        """Begin a local month of so many hours that ends at ``end``, with so many instrumented cells."""
        self.budget = self.rule.budget * n_cell * hours / MONTH_HOURS
        self.pushed, self.end, self.hours = 0, end, hours

    def threshold(self, hour: int) -> float:
        """
        What a z must exceed to be pushed in an hour; ``z_min`` where all of the past may be.

        Examples
        --------
        >>> gate = Gate(Alarms(z_min=2.0), first=0, budget=2.0, end=1440)
        >>> gate.past = {f"A@{k}": [k * 72, float(k)] for k in range(10)}  # an episode each three days
        >>> gate.threshold(720)  # of ten in a month like the last the two highest
        7.0
        >>> gate.pushed = 1
        >>> gate.threshold(1080)  # one is left, and half of the month
        6.0
        """
        window = 168 * self.rule.budget_weeks
        scores = sorted((z for at, z in self.past.values() if at >= hour - window), reverse=True)
        window = min(window, max(hour - self.first, self.rule.budget_past_hours))
        left = max(self.budget - self.pushed, 0.0)
        # Weeks that were wilder than this month promise too much: what that holds back must show before it is over.
        behind = 1.0 - (self.end - hour) / self.hours - self.pushed / max(self.budget, 1e-9)
        pace = min(max(self.rule.budget_pace - self.rule.budget_feedback * behind, self.rule.budget_fastest), 1.0)
        allowed = int(left * window / max(pace * (self.end - hour), self.rule.budget_last_hours))
        return float(self.rule.z_min if allowed >= len(scores) else max(scores[allowed], self.rule.z_min))

    def step(
        self,
        hour: int,
        rows: Sequence[tuple[str, str, float, bool]],
        *,
        teach: bool = False,
    ) -> float:
        """
        Take the candidates of one hour: (cell, sub_cell, z, nothing speaks against it), in order.

        Parameters
        ----------
        teach : bool
            The hour teaches the threshold and pushes nothing.

        Returns
        -------
        float: the threshold of the hour; what was pushed is noted in ``open``
        """
        self.forget(hour)
        self.hour = hour
        limit = self.threshold(hour)
        for cell, sub_cell, z, good in rows:
            episode = self.open.get(cell)
            if episode is None or hour - episode.last > self.rule.merge_hours + 1:
                episode = self.open[cell] = Episode(hour, hour)
            episode.last = hour
            run = episode.runs.setdefault(sub_cell, [hour - 1, [], 0, 0])
            row = run[1] if run[0] == hour - 1 else []
            run[:] = [hour, [*row, z][-self.rule.min_hours :], run[2] + 1, run[3] + (not good)]
            if len(run[1]) < self.rule.min_hours:
                continue
            lasting = min(run[1])
            passes = not teach and (lasting > limit or limit <= self.rule.z_min)
            if 2 * run[3] >= run[2]:
                if passes and np.isnan(episode.doubted):
                    episode.doubted = limit
                continue
            if passes and np.isnan(episode.pushed):
                episode.pushed = limit
                self.pushed += 1
                limit = self.threshold(hour)
            mine = self.past.setdefault(f"{cell}@{episode.start}", [hour, lasting])
            mine[1] = max(mine[1], lasting)
        return limit

    def forget(self, hour: int) -> None:
        """Drop what can no longer matter, so that a year of hours takes no more room than the weeks looked at."""
        window = 168 * self.rule.budget_weeks
        for key in [key for key, (at, _) in self.past.items() if at < hour - window]:
            del self.past[key]
        pause = self.rule.merge_hours + 1
        for cell in [cell for cell, episode in self.open.items() if hour - episode.last > pause]:
            del self.open[cell]
