"""What tracing found, in short phrases for checklists, sheets and answers: Chinese first, English beside it."""

from collections.abc import Callable
from typing import Any

import numpy as np

UNREGISTERED = "未登记的源："
_MOST_LOOKED, _ALL, _HELD = 6, 36, 0.8


def agreement_words(found: dict[str, Any]) -> tuple[str, str]:
    """
    How many stations point to a facility.

    Parameters
    ----------
    found : mapping, a row of ``trace_sources``; without ``n_stations`` nothing is said

    Returns
    -------
    (zh, en); both empty where no station could tell

    Examples
    --------
    >>> agreement_words({"agreement": 2, "n_stations": 3})
    ('能判断的3个站点中2个指向该处', '2 of 3 stations that can tell point to it')
    >>> agreement_words({"agreement": 0, "n_stations": 1})
    ('能判断的1个站点不指向该处', '0 of 1 stations that can tell point to it')
    >>> agreement_words({"word": "weak"})
    ('', '')
    """
    n = _count(found.get("n_stations"))
    if not n:
        return "", ""
    pointing = _count(found.get("agreement"))
    english = f"{pointing} of {n} stations that can tell point to it"
    if n == 1:
        return f"能判断的1个站点{'' if pointing else '不'}指向该处", english
    said = f"中{pointing}个指向该处" if 0 < pointing < n else f"{'都' if pointing else '均不'}指向该处"
    return f"能判断的{n}个站点{said}", english


def calm_words(about: dict[str, Any]) -> tuple[str, str]:
    """
    What a month of much calm means for who looks for sources.

    Parameters
    ----------
    about : mapping, of a cell, from ``attrs["hours"]`` of ``trace_sources``

    Returns
    -------
    (zh, en); both empty unless calm prevails

    Examples
    --------
    >>> calm_words({"calm_month": True, "calm_share": 0.42, "calm_hours": 300})[0]
    '当月静风300小时（占42%），风向难以指明来源，先查格内和近处的源'
    >>> calm_words({"calm_month": False})
    ('', '')
    """
    if not about.get("calm_month"):
        return "", ""
    hours, share = about["calm_hours"], about["calm_share"]
    return (
        f"当月静风{hours}小时（占{share:.0%}），风向难以指明来源，先查格内和近处的源",
        f"calm in {hours} hours ({share:.0%}): the wind hardly tells a source, look in the cell and close by first",
    )


def _count(number: int | None) -> int:
    """A whole number, 0 where it is missing."""
    return int(number) if number is not None and number == number else 0


def findings(hidden: Any) -> dict[str, Any]:
    """
    Where to look for what is in no register, and where nothing could have been seen.

    Parameters
    ----------
    hidden : Unregistered of a cell and its ring, from ``attrs["unregistered"]`` of ``trace_sources``, or None

    Returns
    -------
    dict: ``look``, list of (cells to the east, cells to the north, number of the sub-cell), likeliest first, at most
    six: of the sources that the stations tell, those that hold four fifths of their chance; ``unseen``, the numbers
    of the cell's own sub-cells in which a source of the stated size could not have been told; ``chance``

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> chance, seen = np.zeros(324), np.zeros(324, bool)
    >>> chance[6 * 18 + 6] = 0.9
    >>> seen[6 * 18 + 6] = True
    >>> found = findings(SimpleNamespace(chance=chance, observable=seen, told=seen, chance_any=0.9))
    >>> found["look"], found["unseen"][:3], len(found["unseen"])
    ([(0, 0, 1)], [2, 3, 4], 35)
    """
    sub = 6  # sub-cells along the side of a cell
    if hidden is None:
        return {"look": [], "unseen": list(range(1, sub * sub + 1)), "chance": float("nan")}
    side = 3 * sub

    def named(place: int) -> tuple[int, int, int]:
        row, column = divmod(int(place), side)
        return column // sub - 1, 1 - row // sub, row % sub * sub + column % sub + 1

    look: list[tuple[int, int, int]] = []
    held, whole = 0.0, float(hidden.chance[hidden.told].sum())
    told = [int(place) for place in np.flatnonzero(hidden.told)]
    order = sorted(told, key=lambda place: (-round(float(hidden.chance[place]), 9), place))
    for place in order:
        if held >= _HELD * whole or len(look) == _MOST_LOOKED:
            break
        held += float(hidden.chance[place])
        look.append(named(place))
    unseen = [named(place)[2] for place in range(side * side)
              if named(place)[:2] == (0, 0) and not hidden.observable[place]]  # fmt: skip
    return {"look": look, "unseen": unseen, "chance": float(hidden.chance_any)}


def findings_words(found: dict[str, Any], neighbour: Callable[[int, int], str]) -> tuple[str, str]:
    """
    The same in a sentence.

    Parameters
    ----------
    found : dict, from ``findings``
    neighbour : callable (cells to the east, to the north) -> code of that cell

    Returns
    -------
    (zh, en)

    Examples
    --------
    >>> look = {"look": [(0, 0, 14), (0, 0, 20), (1, 0, 19)], "unseen": [31, 32, 33, 36], "chance": 0.8}
    >>> findings_words(look, lambda east, north: "PR1848J")[0]
    '未登记的源：先查本格14、20号、PR1848J-19；31—33、36号看不出'
    >>> findings_words({"look": [], "unseen": list(range(1, 37)), "chance": 0.3}, None)[0]
    '未登记的源：当月站点看不出本格任何子网格，须全格查找'
    >>> findings_words({"look": [], "unseen": [], "chance": 0.1}, None)[0]
    '未登记的源：站点未见迹象'
    """
    unseen = _runs(found["unseen"])
    if len(found["unseen"]) == _ALL and not found["look"]:
        return (
            f"{UNREGISTERED}当月站点看不出本格任何子网格，须全格查找",
            "unregistered: no station could have told, look everywhere",
        )
    own = [f"{number}" for east, north, number in found["look"] if not (east or north)]
    ring = [f"{neighbour(east, north)}-{number:02d}" for east, north, number in found["look"] if east or north]
    zh, en = UNREGISTERED, "unregistered: "
    if own or ring:
        zh += "先查" + "、".join(([f"本格{'、'.join(own)}号"] if own else []) + ring)
        en += "look first in " + ", ".join(own + ring)
    else:
        zh, en = zh + "站点未见迹象", en + "no sign of any"
    if unseen:
        zh, en = f"{zh}；{'、'.join(unseen)}号看不出", f"{en}; cannot be told for {', '.join(unseen)}"
    return zh, en


def share_words(row: dict[str, Any]) -> tuple[str, str]:
    """
    A facility's share of the cell's increment.

    Examples
    --------
    >>> share_words({"share": 0.42, "share_low": 0.2, "share_high": 0.63})
    ('约42%（20—63%）', 'about 42% (20-63%)')
    >>> share_words({"share": 0.004, "share_low": 0.0, "share_high": 0.01})[0], share_words({})
    ('不足1%', ('', ''))
    """
    share = row.get("share")
    if share is None or share != share:
        return "", ""
    if share < 0.01:
        return "不足1%", "less than 1%"
    low, high = row.get("share_low", 0.0), row.get("share_high", 1.0)
    if high - low >= 1:
        return f"约{share:.0%}", f"about {share:.0%}"
    return f"约{share:.0%}（{low * 100:.0f}—{high:.0%}）", f"about {share:.0%} ({low * 100:.0f}-{high:.0%})"


def rest_words(about: dict[str, Any]) -> tuple[str, str]:
    """
    What a cell's listed facilities leave to others, and on what the shares rest.

    Parameters
    ----------
    about : mapping, of a cell, from ``attrs["hours"]`` of ``trace_sources``

    Returns
    -------
    (zh, en); both empty where nothing was worked out

    Examples
    --------
    >>> shares = {"listed_share": 0.7, "unregistered_share": 0.1, "outside_share": 0.2, "informed": True}
    >>> rest_words(shares)[0]
    '增量中所列源约占70%，未登记的源约10%，弥散和外来约20%'
    >>> rest_words({"listed_share": 1.0, "unregistered_share": float("nan"), "informed": False})[1]
    'no hourly wind this month: shares by class, size and distance alone'
    """
    if "listed_share" not in about:
        return "", ""
    # An answer in JSON has None for what is not known.
    shares = (about.get(name) for name in ("unregistered_share", "outside_share"))
    hidden, outside = (float("nan") if share is None else share for share in shares)
    if hidden != hidden:
        return (
            "当月没有逐时风：份额只按类别、规模和距离估计",
            "no hourly wind this month: shares by class, size and distance alone",
        )
    listed = about["listed_share"]
    zh = f"增量中所列源约占{listed:.0%}，未登记的源约{hidden:.0%}"
    en = f"of the increment: listed sources about {listed:.0%}, unregistered ones {hidden:.0%}"
    if outside == outside:
        zh, en = f"{zh}，弥散和外来约{outside:.0%}", f"{en}, diffuse or from outside {outside:.0%}"
    if not about["informed"]:
        zh += "；当月附近没有逐时站点，只按规模和风估计"
        en += "; no hourly station near: by size and wind alone"
    return zh, en


def _runs(numbers: list[int]) -> list[str]:
    """1, 2, 3, 6 as "1—3", "6"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [f"{run[0]}" if len(run) == 1 else f"{run[0]}—{run[-1]}" for run in runs]
