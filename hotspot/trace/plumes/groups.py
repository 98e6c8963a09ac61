"""Plants that stand in one direction and cannot be told apart make one statement, not three."""

from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Ints
from hotspot.rules.tracing import Tracing

if TYPE_CHECKING:
    from hotspot.trace.plumes.whose import Answer


def groups(found: dict[str, np.ndarray], answer: "Answer | None", tracing: Tracing) -> Ints:
    """
    Number the groups of a cell's facilities.

    Parameters
    ----------
    found : mapping of arrays (facility): ``place bearing_deg share inside``
    answer : Answer of the cell, or None

    Returns
    -------
    int64[facility]: 0 outside any group; 1, 2 ... by their joint share. A group spans at most ``group_deg``
    as seen from the cell's centre; of no two of its members is it known (``group_sure``) which adds more.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> found = {"place": np.array([3, 5, 9]), "bearing_deg": np.array([355.0, 10.0, 180.0]),
    ...     "share": np.array([0.3, 0.2, 0.2]), "inside": np.zeros(3, bool)}
    >>> above = np.array([[0, 0.6, 0.6], [0.4, 0, 0.5], [0.4, 0.5, 0]])
    >>> groups(found, SimpleNamespace(place=np.array([3, 5, 9]), alike=above), Tracing()).tolist()
    [1, 1, 0]
    """
    n = len(found["place"])
    number = np.zeros(n, dtype=np.int64)
    if answer is None or n < 2:
        return number
    free = list(np.flatnonzero((found["share"] >= tracing.group_share) & ~found["inside"]))
    free.sort(key=lambda i: (-round(float(found["share"][i]), 6), found["place"][i]))
    sets = []
    while free:
        own = [free.pop(0)]
        for other in list(free):
            if all(_alike(found, answer, one, other, tracing) for one in own):
                own.append(other)
                free.remove(other)
        if len(own) > 1:
            sets.append(own)
    sets.sort(key=lambda own: (-round(float(found["share"][own].sum()), 6), found["place"][own[0]]))
    for rank, own in enumerate(sets, 1):
        number[own] = rank
    return number


def _alike(found: dict[str, np.ndarray], answer: "Answer", one: Any, other: Any, tracing: Tracing) -> bool:
    """Whether two facilities stand in one direction and neither surely adds more."""
    apart = abs((found["bearing_deg"][one] - found["bearing_deg"][other] + 180.0) % 360.0 - 180.0)
    first, second = np.searchsorted(answer.place, [found["place"][one], found["place"][other]])
    surer = max(answer.alike[first, second], answer.alike[second, first])
    return bool(apart <= tracing.group_deg and surer < tracing.group_sure)


def group_words(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """
    One statement for each group of a cell.

    Parameters
    ----------
    rows : sequence of mapping, a cell's rows of ``trace_sources`` in visiting order

    Returns
    -------
    list of (zh, en)

    Examples
    --------
    >>> rows = [{"group": 1, "bearing_deg": 130.0, "share": 0.4}, {"group": 1, "bearing_deg": 150.0, "share": 0.2},
    ...     {"group": 0, "bearing_deg": 10.0, "share": 0.1}]
    >>> [words] = group_words(rows)
    >>> words[0], words[1]
    ('第1、2号同在140°方向，无法区分，合计约占60%', 'no. 1, 2: one direction (140), not told apart, about 60% together')
    """
    said = []
    for group in sorted({int(row.get("group") or 0) for row in rows} - {0}):
        of = [(at, row) for at, row in enumerate(rows, 1) if int(row.get("group") or 0) == group]
        angle = np.radians([float(row["bearing_deg"]) for _, row in of])
        middle = round(float(np.degrees(np.arctan2(np.sin(angle).mean(), np.cos(angle).mean()))) % 360) % 360
        share = sum(float(row["share"]) for _, row in of)
        numbers = [str(at) for at, _ in of]
        said.append((
            f"第{'、'.join(numbers)}号同在{middle}°方向，无法区分，合计约占{share:.0%}",
            f"no. {', '.join(numbers)}: one direction ({middle}), not told apart, about {share:.0%} together",
        ))  # fmt: skip
    return said
