"""
How many cells chance alone would bring to a step of escalation (D11, D12), and how sure a cell's own step is.

Where nine of 47 cells are warned each month, some are warned three times in a row though no cell is worse
than another. The number is expected, so it needs no draws: it is a sum of probabilities, worked out exactly.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hotspot.rules.calendar import month_minus


class Chance(NamedTuple):
    """Cells expected at each step if every list were drawn by lot."""

    d11: float  # within the window
    d12: float  # in the months that end now
    again: float  # warned now and the month before
    n_hot: int
    warned: float  # a month, mean of the months of the window that have a list
    lists: int = 12  # months of the window that have a list; the others count as months without a warning


def chance_of_steps(n_hot: Mapping[str, int], warned: Mapping[str, Mapping[str, int]], rule: Any, month: str) -> Chance:
    """
    Cells that chance alone would bring to each step by a month.

    Parameters
    ----------
    n_hot : dict of city -> hotspot cells
    warned : dict of month -> dict of city -> cells warned; a month without a list is not there
    rule : Escalation, of the criteria
    month : str, "YYYY-MM"
        The last of the window.

    Notes
    -----
    Each month w of a city's n cells are drawn by lot, so each cell is warned with probability w / n,
    independently of other months. The probability that a cell's record reaches D11 is followed month by month over the
    states (run, count); times n it is the expected number, exact although the cells of a month hang together.

    Examples
    --------
    The cases drawn by lot in METHODS 16 (2.9, 0.75 and 0.45 cells in 4,000 years), exactly.

    >>> from hotspot.rules.criteria import Escalation
    >>> year = [f"2020-{n:02d}" for n in range(1, 13)]
    >>> for n in (47, 96, 124):
    ...     found = chance_of_steps({"甲市": n}, {name: {"甲市": 9} for name in year}, Escalation(), "2020-12")
    ...     print(n, round(found.d11, 2), round(found.d12, 2))
    47 2.95 0.33
    96 0.74 0.08
    124 0.45 0.05
    """
    window = [month_minus(month, n) for n in range(rule.window_months - 1, -1, -1)]
    d11 = d12 = again = 0.0
    for city, n in n_hot.items():
        if n == 0:
            continue
        shares = [min(1.0, warned.get(name, {}).get(city, 0) / n) for name in window]
        d11 += n * reaching(shares, rule.consecutive, rule.cumulative)
        d12 += n * _all_of(_share(warned, month_minus(month, k), city, n) for k in range(rule.city_consecutive))
        again += n * _all_of(_share(warned, month_minus(month, k), city, n) for k in range(2))
    listed = [sum(warned[name].values()) for name in window if name in warned]
    mean = sum(listed) / len(listed) if listed else 0.0
    return Chance(d11, d12, again, sum(n_hot.values()), mean, len(listed))


def reaching(shares: Sequence[float], consecutive: int, cumulative: int) -> float:
    """
    Probability that independent months bring a cell to a step.

    Parameters
    ----------
    shares : float[month], probability of each month, oldest first
    consecutive, cumulative : int
        The step: so many in a row, or so many in all.

    Examples
    --------
    >>> reaching([0.5, 0.5, 0.5], 3, 6), reaching([1.0, 0.0, 1.0], 3, 2), reaching([], 3, 6)
    (0.125, 1.0, 0.0)
    """
    states, reached = {(0, 0): 1.0}, 0.0  # (run, count) of those that have not reached it
    for share in shares:
        after: dict[tuple[int, int], float] = {}
        for (run, count), mass in states.items():
            after[0, count] = after.get((0, count), 0.0) + mass * (1 - share)
            run, count = run + 1, count + 1
            if run >= consecutive or count >= cumulative:
                reached += mass * share
            else:
                after[run, count] = after.get((run, count), 0.0) + mass * share
        states = after
    return reached


def pooled(chances: Mapping[str, float], rule: Any, month: str) -> tuple[float, float]:
    """
    A cell's twelve months together: how likely it truly was among the worst.

    Parameters
    ----------
    chances : dict of month -> probability that the cell truly was among the worst that month, of its warned
        months; the largest ``p_top`` of its reasons
    rule : Escalation

    Returns
    -------
    (mean of its warned months, probability that the months in which it truly was among the worst reach D11); NaN
    without a warned month. A month in which it was not warned counts as not among the worst, so the second
    is rather too small.

    Examples
    --------
    >>> from hotspot.rules.criteria import Escalation
    >>> pooled({"2020-01": 0.75, "2020-02": 0.5, "2020-03": 1.0}, Escalation(), "2020-03")
    (0.75, 0.375)
    """
    window = [month_minus(month, n) for n in range(rule.window_months - 1, -1, -1)]
    known = [chances[name] for name in window if name in chances]
    if not known:
        return float("nan"), float("nan")
    step = reaching([chances.get(name, 0.0) for name in window], rule.consecutive, rule.cumulative)
    return sum(known) / len(known), step


def pooled_cells(months: Mapping[str, Mapping[str, float]], rule: Any, month: str) -> dict[str, tuple[float, float]]:
    """
    ``pooled`` of every cell of some months' lists.

    Parameters
    ----------
    months : dict of month -> dict of cell -> probability, as for ``pooled``
    rule, month : as for ``pooled``

    Examples
    --------
    >>> from hotspot.rules.criteria import Escalation
    >>> pooled_cells({"2020-01": {"A": 0.5}, "2020-02": {"A": 1.0, "B": 0.25}}, Escalation(), "2020-02")
    {'A': (0.75, 0.0), 'B': (0.25, 0.0)}
    """
    cells = sorted({cell for known in months.values() for cell in known})
    return {
        cell: pooled({name: known[cell] for name, known in months.items() if cell in known}, rule, month)
        for cell in cells
    }


def counted(history: Mapping[str, Iterable[str]], city_of: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """
    Warned cells of each month by city.

    Examples
    --------
    >>> counted({"2020-01": ["A", "B"]}, {"A": "甲市", "B": "甲市"})
    {'2020-01': {'甲市': 2}}
    """
    out: dict[str, dict[str, int]] = {}
    for month, cells in history.items():
        own = out.setdefault(month, {})
        for cell in set(cells):
            own[city_of.get(cell, "")] = own.get(city_of.get(cell, ""), 0) + 1
    return out


def chance_zh(chance: Chance, rule: Any) -> str:
    """
    The expected numbers in one sentence, for whoever reads a D11 or D12 line.

    Examples
    --------
    >>> from hotspot.rules.criteria import Escalation
    >>> chance_zh(Chance(2.91, 0.33, 1.72, 47, 9.0), Escalation())
    '若每月名单随机产生（47个热点网格，平均每月预警9.0个），12个月内预计也有2.9个网格达到D11条件，0.3个网格连续3个月被预警'
    >>> chance_zh(Chance(0.4, 0.0, 0.0, 47, 9.0, lists=4), Escalation()).split("，")[2]
    '12个月内（有名单的4个月）预计也有0.4个网格达到D11条件'
    """
    part = f"（有名单的{chance.lists}个月）" if chance.lists < rule.window_months else ""
    return (
        f"若每月名单随机产生（{chance.n_hot}个热点网格，平均每月预警{chance.warned:.1f}个），"
        f"{rule.window_months}个月内{part}预计也有{_few(chance.d11)}个网格达到D11条件，"
        f"{_few(chance.d12)}个网格连续{rule.city_consecutive}个月被预警"
    )


def chance_en(chance: Chance, rule: Any) -> str:
    """
    The same in English.

    Examples
    --------
    >>> from hotspot.rules.criteria import Escalation
    >>> chance_en(Chance(2.91, 0.03, 1.72, 47, 9.0), Escalation())
    'by chance alone (47 hotspot cells, 9.0 warned a month) 2.9 cells would reach D11 within 12 months, 0.03 be warned \
3 months in a row'
    """
    part = f", {chance.lists} of them with a list" if chance.lists < rule.window_months else ""
    return (
        f"by chance alone ({chance.n_hot} hotspot cells, {chance.warned:.1f} warned a month) {_few(chance.d11)} cells "
        f"would reach D11 within {rule.window_months} months{part}, {_few(chance.d12)} be warned "
        f"{rule.city_consecutive} months in a row"
    )


def _few(number: float) -> str:
    return f"{number:.1f}" if number >= 0.1 else "0" if number == 0 else f"{number:.2f}"


def _share(warned: Mapping[str, Mapping[str, int]], month: str, city: str, n: int) -> float:
    return min(1.0, warned.get(month, {}).get(city, 0) / n)


def _all_of(shares: Iterable[float]) -> float:
    product = 1.0
    for share in shares:
        product *= share
    return product
