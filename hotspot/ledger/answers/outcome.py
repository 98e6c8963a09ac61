"""
What the visits came to: of the cells and alarms that were visited, how many had problems.

The visits to cells nobody had warned of are the yardstick: a list that finds no more than they do
points at nothing.
"""

from collections.abc import Iterable
from statistics import NormalDist
from typing import Any, NamedTuple

import pandas as pd

from hotspot.ledger.answers.feedback import NONE
from hotspot.ledger.chain.store import Ledger

ROUTINE = "routine"  # the occasion of a visit to a cell that was not warned
COLUMNS = ("group", "value", "visited", "problems", "unclear", "share", "low", "high")
PLACES = ((1, 3, "1-3"), (4, 10, "4-10"))  # of the first matching item of a cell's checklist
_WORDS_OF_NOTHING = ("未发现", "无问题", "没有问题", "no problem", "nothing found")


class Published(NamedTuple):
    """Shares the field has published, to be read beside ours."""

    share: float
    zh: str
    en: str


# Zhuo 2022, 10.12153/j.issn.1674-991X.20220377: problems found by visits, Chinese cities with hotspot cells.
PUBLISHED = (
    Published(0.653, "推送区域排查发现问题率65.3%", "65.3 % of visits in pushed areas found problems"),
    Published(0.438, "全部排查发现问题率43.8%", "43.8 % of all visits found problems"),
)
SOURCE = "Zhuo 2022, 10.12153/j.issn.1674-991X.20220377"


def wilson(n_hit: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """
    Wilson's score interval of a share.

    Parameters
    ----------
    n : int
        Of how many; 0 gives the whole range.

    Returns
    -------
    (low, high), each 0 to 1

    Notes
    -----
    With p = n_hit / n and z the normal quantile (Wilson 1927, 10.1080/01621459.1927.10502953)::

        (p + z**2 / 2n -+ z sqrt(p (1 - p) / n + z**2 / 4n**2)) / (1 + z**2 / n)

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(8, 10)]
    [0.49, 0.943]
    """
    if not 0 <= n_hit <= n:
        raise ValueError(f"{n_hit} of {n}; give a count between 0 and n.")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p = n_hit / n
    middle, reach = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    whole = 1 + z * z / n
    low, high = (middle - reach) / whole, (middle + reach) / whole
    return (0.0 if n_hit == 0 else low), (1.0 if n_hit == n else high)


def visits(ledger: Ledger) -> pd.DataFrame:
    """
    Every visit of the ledger once, with what it came to.

    Rows of one cell, month and alarm are one visit: a problem in any of them is a problem of the visit.

    Returns
    -------
    DataFrame ``month, cell, alarm``, ``occasion`` (warned, alarm, routine), ``reasons`` (of the standing
    list, joined by blanks), ``found`` (True, False, or None where the rows do not say), ``problems`` and
    ``numbers`` (sorted tuples: problem types, and the places on the checklist that the rows name)

    Notes
    -----
    A problem type decides. A row without one found nothing where its text says so; otherwise it
    is not guessed: ``found`` is None. A visit whose cell is no longer on the standing list (a
    revision took it off) is counted as routine.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     len(visits(ledger))
    0
    """
    reasons = {
        (month, cell): " ".join(sorted({row[1] for row in entry.body["warned"] if row[0] == cell}))
        for (kind, month), entry in ledger.heads().items()
        if kind == "month"
        for cell in {row[0] for row in entry.body["warned"]}
    }
    groups: dict[tuple[str, str, str], list[dict]] = {}
    for entry in ledger.entries("feedback"):
        body = entry.body
        groups.setdefault((body["month"], body["cell"], body.get("alarm", "")), []).append(body)
    rows = []
    for (month, cell, alarm), bodies in sorted(groups.items()):
        answers = [_found(body) for body in bodies]
        found = True if True in answers else (None if None in answers else False)
        warned = reasons.get((month, cell), "")
        kinds = {body.get("problem", "") for body in bodies} - {"", NONE}
        numbers = {int(body["number"]) for body in bodies if body.get("number", "").isdecimal()}
        occasion = "alarm" if alarm else ("warned" if warned else ROUTINE)
        rows.append((month, cell, alarm, occasion, warned, found, tuple(sorted(kinds)), tuple(sorted(numbers))))
    names = ["month", "cell", "alarm", "occasion", "reasons", "found", "problems", "numbers"]
    return pd.DataFrame(rows, columns=names).astype({"found": object})


def outcome(seen: pd.DataFrame, listed: pd.DataFrame | None = None, level: float = 0.95) -> pd.DataFrame:
    """
    Shares of visits that found problems, with Wilson intervals.

    Parameters
    ----------
    seen : DataFrame, from ``visits``; with ``place`` (of the first item of the checklist that
        matches what was found, -1 none, NaN no checklist), the places on the checklist are told too
    listed : DataFrame ``month, cell, reason, distinguishable``, optional
        The published lists; gives the group ``distinguishable``: "yes" where any reason of the cell is.

    Returns
    -------
    DataFrame ``group, value, visited, problems, unclear, share, low, high``. Groups: ``all``,
    ``occasion``, ``reason`` and ``distinguishable`` (of warned cells), ``place``: of the visits to warned
    cells that found something or nothing, those whose first matching item stands there. ``visited`` counts
    the visits that say what they came to, ``unclear`` the others; shares are of ``visited``.

    Examples
    --------
    >>> seen = pd.DataFrame({"month": "2020-02", "cell": list("ABC"), "occasion": ["warned", "warned", "routine"],
    ...     "reasons": ["highest", "highest", ""], "found": [True, False, None]})
    >>> outcome(seen)[["group", "value", "visited", "problems", "unclear"]].values.tolist()[:3]
    [['all', '', 2, 1, 1], ['occasion', 'warned', 2, 1, 0], ['occasion', 'alarm', 0, 0, 0]]
    """
    rows = [_row("all", "", seen, level)]
    rows += [_row("occasion", name, seen[seen["occasion"] == name], level) for name in ("warned", "alarm", ROUTINE)]
    warned = seen[seen["occasion"] == "warned"]
    kinds = sorted({name for text in warned["reasons"] for name in text.split()})
    for name in kinds:
        rows.append(_row("reason", name, chosen(warned, [name in text.split() for text in warned["reasons"]]), level))
    if listed is not None and len(warned):
        flags = listed.groupby(["month", "cell"])["distinguishable"].agg(_flag).to_dict()
        told = [flags.get(pair, "unknown") for pair in zip(warned["month"], warned["cell"], strict=True)]
        for name in ("yes", "no", "unknown"):
            rows.append(_row("distinguishable", name, chosen(warned, [flag == name for flag in told]), level))
    if "place" in warned and warned["place"].notna().any():
        rows += _places(warned[warned["place"].notna()], level)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def first_place(problems: tuple[str, ...], numbers: tuple[int, ...], items: pd.DataFrame) -> int:
    """
    Place on a cell's checklist of the first item that matches what a visit found.

    Parameters
    ----------
    problems : tuple of str
        Problem types found.
    numbers : tuple of int
        Items the rows name themselves; these decide where there are any.
    items : DataFrame ``number, problem``
        The cell's checklist.

    Returns
    -------
    int; -1 where nothing matches

    Examples
    --------
    >>> items = pd.DataFrame({"number": [1, 2, 3], "problem": ["stack", "site_dust", "site_dust"]})
    >>> first_place(("site_dust",), (), items), first_place(("vocs",), (), items), first_place((), (3,), items)
    (2, -1, 3)
    """
    if numbers:
        return min(numbers)
    matching = items.loc[items["problem"].isin(problems), "number"]
    return int(matching.min()) if len(matching) else -1


def chosen(table: pd.DataFrame, flags: list[bool]) -> pd.DataFrame:
    """
    The rows whose flag is set; of an empty table none, with its columns.

    Examples
    --------
    >>> chosen(pd.DataFrame({"a": []}), []).columns.tolist()
    ['a']
    """
    return table.loc[pd.Series(flags, index=table.index, dtype=bool)]


def _found(body: dict[str, Any]) -> bool | None:
    """Whether one row tells of a problem; None where it does not say."""
    problem = body.get("problem", "").strip()
    if problem:
        return problem != NONE
    text = body["text"].strip().lower()
    return False if text.startswith(_WORDS_OF_NOTHING) else None


def _flag(values: Iterable[Any]) -> str:
    """Of one cell's reasons: yes where any is told apart, no where none is, unknown where nothing is known."""
    known = [str(value) for value in values if value is not None and value == value and str(value) != ""]
    return "unknown" if not known else ("yes" if any(value in ("True", "true", "1") for value in known) else "no")


def _row(group: str, value: str, part: pd.DataFrame, level: float) -> tuple[Any, ...]:
    """One line of the table: visits of a part that found problems."""
    answers = list(part["found"])
    hits = sum(bool(answer) for answer in answers if answer is not None)
    n = sum(answer is not None for answer in answers)
    return _line(group, value, n, hits, len(answers) - n, level)


def _line(group: str, value: str, n: int, hits: int, unclear: int, level: float) -> tuple[Any, ...]:
    low, high = wilson(hits, n, level)
    return (group, value, n, hits, unclear, hits / n if n else float("nan"), low, high)


def _places(warned: pd.DataFrame, level: float) -> list[tuple[Any, ...]]:
    """Of the judged visits with a checklist, where the first matching item stood."""
    judged = chosen(warned, [answer is not None for answer in warned["found"]])
    found = chosen(judged, [bool(answer) for answer in judged["found"]])["place"].astype(int)
    last = PLACES[-1][1]
    counts = {name: int(found.between(low, high).sum()) for low, high, name in PLACES}
    counts |= {f"{last + 1}-": int((found > last).sum()), "not on it": int((found < 0).sum())}
    return [_line("place", name, len(judged), n, len(warned) - len(judged), level) for name, n in counts.items()]
