"""Three ladders of consequences: share of missed problems (B15), last place (B16), weekly measures (B17)."""

from collections.abc import Mapping, Sequence

from hotspot.rules.calendar import month_minus
from hotspot.rules.loop import IndexLadder, ShareLadder
from hotspot.text.labels import label_of

SHARE_STEPS = ("通报批评", "约谈相关负责同志", label_of("accountability"))
INDEX_STEPS = ("通报批评", "分管负责同志公开约谈", "主要负责同志公开约谈", "问责建议、组织处理")
MEASURE_STEPS = ("通报批评", "分管领导公开约谈", "主要负责同志公开约谈")


def share_step(missed: Mapping[str, tuple[int, int]], month: str, rule: ShareLadder) -> int:
    """
    Step of one unit on the ladder of missed problems: 0 none, 1 to 3 as ``SHARE_STEPS``.

    Parameters
    ----------
    missed : mapping month -> (missed by the unit, missed by all)

    Notes
    -----
    The highest condition that holds: >= 10 % this month; two months in a row, or >= 20 % this month;
    three in a row, or >= 20 % two in a row. In whole numbers, ``100 n >= share x total``, inclusive; a
    month without any missed problem is not judged and breaks a run. With ten units the mean share is
    10 %, so the rule criticises about half of them each month.

    Examples
    --------
    >>> months = {"2023-01": (20, 200), "2023-02": (20, 200), "2023-03": (19, 200)}
    >>> [share_step(months, m, ShareLadder()) for m in months]
    [1, 2, 0]
    """

    def run(per_cent: int) -> int:
        n = 0
        while True:
            own, total = missed.get(month_minus(month, n), (0, 0))
            if total <= 0 or 100 * own < per_cent * total:
                return n
            n += 1

    low, high = run(rule.first), run(rule.second)
    if low >= 3 or high >= 2:
        return 3
    if low >= 2 or high >= 1:
        return 2
    return min(low, 1)


def index_step(last: Sequence[str], month: str, rule: IndexLadder, *, target_missed: bool = False) -> int:
    """
    Step of one unit on the ladder of last places: 0 none, 1 to 4 as ``INDEX_STEPS``.

    Parameters
    ----------
    last : months in which the unit was last
    rule : IndexLadder
        ``top``: the fourth step by a run of more than three months, or also by the third time in the
        calendar year. ``annual_gate``: a missed target alone leads there ("or"), or only together ("and").
    target_missed : bool
        The yearly target was missed; known at the end of a year.

    Notes
    -----
    A month without a published index breaks the run.

    Examples
    --------
    >>> months = ["2023-01", "2023-03", "2023-05"]
    >>> [index_step(months[: n + 1], m, IndexLadder()) for n, m in enumerate(months)]
    [1, 1, 1]
    >>> index_step(months, "2023-05", IndexLadder(top="times_ge_3"))
    4
    """
    known, run = set(last), 0
    while month_minus(month, run) in known:
        run += 1
    times = sum(name[:4] == month[:4] and name <= month for name in known)
    top = run > 3 or (rule.top == "times_ge_3" and run >= 1 and times >= 3)
    top = top or target_missed if rule.annual_gate == "or" else top and target_missed
    return 4 if top else min(run, 3)


def measures_step(weeks: Sequence[bool]) -> tuple[int, bool]:
    """
    Step of one weekly measure and whether the ladder still regulates it.

    Parameters
    ----------
    weeks : sequence of bool, in order; True where it was rectified

    Returns
    -------
    (0 to 3 as ``MEASURE_STEPS``, False where more than three weeks have passed: "未规定")

    Examples
    --------
    >>> [measures_step([False] * n) for n in (1, 2, 3, 4)], measures_step([False, True, False])
    ([(1, True), (2, True), (3, True), (3, False)], (1, True))
    """
    run = 0
    for done in weeks:
        run = 0 if done else run + 1
    return min(run, 3), run <= 3
