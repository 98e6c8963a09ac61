"""What a cell has behind it: alarms, findings, open problems, consequences (C3, C10; LOOP 2)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from hotspot.ledger.answers.alarms import alarm_bodies
from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.answers.feedback import NONE, effective_feedback
from hotspot.ledger.answers.issues import OPEN, issue_rows
from hotspot.ledger.answers.rhythm import period_of, regular_times
from hotspot.ledger.chain.store import Entry, Ledger
from hotspot.rules.calendar import month_minus
from hotspot.rules.classes import problem_types
from hotspot.rules.loop import Clocks


@dataclass(frozen=True)
class CellPast:
    """
    The past of one cell up to an instant.

    ``alarms``: (time, sub-cell, hours) of the year's pushed alarms; ``recurring``: sub-cells that alarmed again
    and again; ``findings``: (day, problem) of the year; ``open``: (number, problem, due) of what is not accepted;
    ``warned``: months on the published lists; ``photos``: their numbers; ``regular``: (zh, en) of an hour or weekday
    at which its alarms gather; ``period``: days between alarms that keep one distance, 0 where they do not.
    """

    cell: str
    alarms: tuple[tuple[str, str, int], ...]
    recurring: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]
    open: tuple[tuple[str, str, str], ...]
    warned: tuple[str, ...]
    photos: tuple[str, ...]
    regular: tuple[tuple[str, str], ...] = ()
    period: int = 0


def past_of(ledger: Ledger, cell: str, asof: str, rule: Clocks) -> CellPast:
    """
    Look up what a cell has behind it.

    Parameters
    ----------
    asof : str, local ISO time; the year before it is told, later entries have not happened
    rule : Clocks, what makes alarms repeated, regular, periodic

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> alarm = {"cell": "A", "hours": 3, "state": "pushed", "sub_cell": "A-27"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     for day in ("05", "11", "20"):
    ...         _ = ledger.append("alarm", "2025-12", alarm | {"alarm": f"a{day}", "time": f"2025-12-{day}T04:00"})
    ...     past_of(ledger, "A", "2025-12-31", Clocks()).recurring
    ('A-27',)
    """
    return pasts_of(ledger, [cell], asof, rule)[cell]


def pasts_of(ledger: Ledger, cells: Iterable[str], asof: str, rule: Clocks) -> dict[str, CellPast]:
    """
    Look up what many cells have behind them; the ledger is read once.

    Parameters
    ----------
    asof, rule : as ``past_of``

    Returns
    -------
    dict cell -> CellPast
    """
    now = local_minute(asof)
    year, recent = now - pd.DateOffset(years=1), now - pd.Timedelta(days=rule.repeat_days)

    def within(text: str) -> bool:
        return year < local_minute(text) <= now

    alarms: dict[str, list] = {}
    for body in alarm_bodies(ledger).values():
        if body["state"] in ("pushed", "persistent") and within(body["time"]):
            alarms.setdefault(body["cell"], []).append((body["time"], body["sub_cell"], int(body["hours"])))
    issues: dict[str, list] = {}
    for row in issue_rows(ledger, asof):
        issues.setdefault(row["cell"], []).append(row)
    answers = effective_feedback(ledger)
    answers = answers[answers["effective"] & ~answers["problem"].isin(["", NONE])]
    found: dict[str, set] = {}
    for row in answers.itertuples():
        if within(row.time):
            found.setdefault(row.cell, set()).add((str(row.time)[:10], row.problem))
    photos: dict[str, set] = {}
    for entry in (*ledger.entries("feedback"), *ledger.entries("issue")):
        if entry.body.get("photos"):
            names = entry.body["photos"].replace("，", ",").replace("、", ",").split(",")
            photos.setdefault(entry.body.get("cell", ""), set()).update(name.strip() for name in names)
    warned: dict[str, list] = {}
    for (kind, month), entry in ledger.heads().items():
        if kind == "month" and within(f"{month}-01"):
            for name in sorted({name for name, *_ in entry.body["warned"]}):
                warned.setdefault(name, []).append(month)
    pasts = {}
    times = {cell: [time for time, *_ in own] for cell, own in alarms.items()}
    for cell in dict.fromkeys(cells):
        others = [time for other, own in times.items() if other != cell for time in own]
        own, rows = sorted(alarms.get(cell, ())), issues.get(cell, [])
        often = Counter(sub for time, sub, _ in own if local_minute(time) > recent)
        findings = found.get(cell, set()) | {
            (row["found"][:10], row["problem"]) for row in rows if within(row["found"])
        }
        pasts[cell] = CellPast(
            cell,
            tuple(own),
            tuple(sorted(sub for sub, n in often.items() if n >= rule.repeat_alarms)),
            tuple(sorted(findings)),
            tuple((row["issue"], row["problem"], row["due"]) for row in rows if row["state"] in OPEN),
            tuple(warned.get(cell, ())),
            tuple(sorted(filter(None, photos.get(cell, ())))),
            tuple(regular_times(times.get(cell, ()), others, rule)),
            period_of(times.get(cell, ()), rule),
        )
    return pasts


def known_past(ledger: Ledger, month: str, cells: Iterable[str], rule: Clocks) -> dict[str, list[list[str]]]:
    """
    What a month's sheets and map tell of its cells: the past up to the month's end, as known at its first publication.

    What came into the ledger after the month was first published changes nothing on it, so that a month published
    again without new data keeps its bytes.

    Returns
    -------
    dict cell -> lines ``[zh, en]``, of the cells that have something behind them

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> alarm = {"cell": "A", "hours": 3, "state": "pushed", "sub_cell": "A-27", "time": "2025-12-05T04:00"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("alarm", "2025-12", alarm | {"alarm": "a"})
    ...     _ = ledger.append("month", "2025-12", {"warned": [["A", "highest"]]})
    ...     _ = ledger.append("alarm", "2025-12", alarm | {"alarm": "b", "time": "2025-12-06T04:00"})
    ...     known_past(ledger, "2025-12", ["A", "B"], Clocks())
    {'A': [['近一年报警1次：12-05 04时（27号小格）', '1 alarm within a year: 12-05 04 h (27)']]}
    """
    own = ledger.entries("month", month)
    known = _Until(ledger, own[0].seq if own else None)
    end = pd.Timestamp(f"{month_minus(month, -1)}-01") - pd.Timedelta(minutes=1)
    told = {}
    for cell, past in pasts_of(known, cells, end.isoformat(timespec="minutes"), rule).items():  # type: ignore[arg-type]
        if past.alarms or past.findings or past.open:
            told[cell] = [list(pair) for pair in past_words(past)]
    return told


class _Until:
    """The entries of a ledger before one of them; all of them where none is named."""

    def __init__(self, ledger: Ledger, seq: int | None) -> None:
        self._ledger, self._seq = ledger, seq

    def entries(self, kind: str | None = None, month: str | None = None) -> list[Entry]:
        found = self._ledger.entries(kind, month)
        return found if self._seq is None else [entry for entry in found if entry.seq < self._seq]

    def heads(self) -> dict[tuple[str, str], Entry]:
        return dict(sorted({(entry.kind, entry.month): entry for entry in self.entries()}.items()))


def past_words(past: CellPast) -> list[tuple[str, str]]:
    """
    A cell's past as at most four lines, Chinese and English.

    Examples
    --------
    >>> past = CellPast("A", (("2025-12-05T04:00", "A-27", 3),), (), (("2025-12-06", "bare_soil"),), (), (), ())
    >>> [zh for zh, _ in past_words(past)]
    ['近一年报警1次：12-05 04时（27号小格）', '曾发现：裸土未苫盖（2025-12-06）']
    >>> past_words(CellPast("A", (), (), (), (), (), ()))[0][1]
    'no alarm and no problem within a year'
    """
    kinds = problem_types()
    lines = []
    if past.alarms:
        last = past.alarms[-3:]
        zh = "，".join(f"{t[5:10]} {t[11:13]}时（{sub[-2:]}号小格）" for t, sub, _ in last)
        en = ", ".join(f"{t[5:10]} {t[11:13]} h ({sub[-2:]})" for t, sub, _ in last)
        n = len(past.alarms)
        more_zh, more_en = ("，最近3次", ", the last three") if n > 3 else ("", "")
        lines.append((f"近一年报警{n}次{more_zh}：{zh}", f"{n} alarm{'s'[: n != 1]} within a year{more_en}: {en}"))
    kind = _kinds_of_alarms(past)
    if kind:
        lines.append(("；".join(zh for zh, _ in kind), "; ".join(en for _, en in kind)))
    if past.findings:
        last_found = past.findings[-3:]
        zh = "，".join(f"{kinds[problem]['zh']}（{day}）" for day, problem in last_found)
        en = ", ".join(f"{kinds[problem]['en']} ({day})" for day, problem in last_found)
        lines.append((f"曾发现：{zh}", f"found before: {en}"))
    if past.open:
        zh = "，".join(
            f"{name} {kinds[problem]['zh']}{f'（{due}前）' if due else ''}" for name, problem, due in past.open
        )
        en = ", ".join(
            f"{name} {kinds[problem]['en']}{f' (due {due})' if due else ''}" for name, problem, due in past.open
        )
        lines.append((f"未销号：{zh}", f"open: {en}"))
    return lines or [("近一年没有报警，没有发现过问题", "no alarm and no problem within a year")]


def _kinds_of_alarms(past: CellPast) -> list[tuple[str, str]]:
    """Repeated, regular, periodic, as operators call them."""
    told = []
    if past.recurring:
        subs = "、".join(sub[-2:] for sub in past.recurring)
        told.append((f"重复性报警：{subs}号小格", f"alarms again and again: {subs}"))
    told += [(f"规律性报警：{zh}", f"regular alarms: {en}") for zh, en in past.regular]
    if past.period:
        told.append((f"周期性报警：约每{past.period}天", f"periodic alarms: every {past.period} days or so"))
    return told
