"""
Problems that were found, from found to closed (B6, B23, B28, C13): every step an entry, every view computed.

``found -> assigned -> rectifying -> claimed -> accepted -> closed``; a spot check may follow acceptance,
and one that fails reopens the problem. A step that does not follow the one before it is set aside.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import pandas as pd

from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.chain.store import Ledger
from hotspot.ledger.chain.taking import key_of, lacking, text_of
from hotspot.ledger.network.people import Register
from hotspot.rules.classes import departments, problem_types

ORIGINS = MappingProxyType(
    {
        "self": "自查", "platform": "平台", "mobile_enforcement": "机动执法", "campaign": "专项行动",
        "inspection": "督察检查", "petition": "信访", "media": "媒体", "opinion": "舆情", "instruction": "批示",
    }
)  # fmt: skip
SHOULD_HAVE = MappingProxyType({"yes": "是", "no": "否", "unknown": "未定"})
STATES = MappingProxyType(
    {
        "found": "已发现", "assigned": "已交办", "rectifying": "整改中", "claimed": "报完成", "accepted": "已验收",
        "closed": "已销号", "spot_checked": "已抽查", "reopened": "退回整改", "handed_up": "上报移交",
    }
)  # fmt: skip
FOLLOWS = MappingProxyType(
    {
        "found": ("assigned", "handed_up"),
        "handed_up": ("assigned",),
        "assigned": ("rectifying", "claimed", "handed_up"),
        "rectifying": ("claimed", "handed_up"),
        "claimed": ("accepted", "reopened"),
        "accepted": ("closed", "spot_checked", "reopened"),
        "spot_checked": ("closed", "reopened"),
        "closed": ("spot_checked", "reopened"),
        "reopened": ("rectifying", "claimed", "handed_up"),
    }
)
OPEN = frozenset({"found", "assigned", "rectifying", "claimed", "reopened", "handed_up"})
REQUIRED = ("origin", "found", "by", "cell", "problem", "text")
COLUMNS = [
    "issue", "state", "month", "cell", "sub_cell", "county", "problem", "text", "origin", "should_have", "found",
    "by", "unit", "department", "due", "done", "reopened", "overdue", "steps",
]  # fmt: skip


def record_issues(ledger: Ledger, rows: Iterable[dict], *, register: Register | None = None) -> pd.DataFrame:
    """
    Append problems that were found.

    Parameters
    ----------
    rows : iterable of dict of text
        ``origin`` (a key of ``ORIGINS`` or its Chinese), ``found`` (local time), ``by``, ``cell``,
        ``problem`` (a key of the vocabulary or its Chinese), ``text``; ``issue`` blank or a number of ours;
        further columns (``ref received arrived unit sub_cell county lon lat facility department measures
        due should_have persons sources photos``) are kept as they are.
    register : Register, optional
        Of the network: what the unit found itself is then written by somebody whose duty it is (B2).

    Returns
    -------
    DataFrame, a row per row given: ``row, issue, state`` recorded | repeated | quarantined, ``why, seq``

    Notes
    -----
    A number is given in order of writing, ``I<yyyymm>-<nnnn>``. The same row again is a repetition;
    order and repetition of rows change what is numbered first and nothing else.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"origin": "自查", "found": "2025-12-02T10:00", "by": "王", "cell": "A", "problem": "裸土未苫盖"}
    >>> row["text"] = "2 亩"
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     record_issues(ledger, [row, row])[["issue", "state"]].values.tolist()
    [['I202512-0001', 'recorded'], ['I202512-0001', 'repeated']]
    """
    standing = {entry.body["issue"]: entry for entry in ledger.entries("issue")}
    same = {_without_number(entry.body): entry for entry in standing.values()}
    out = []
    for number, row in enumerate(rows, 1):
        body = text_of(row)
        why = _settle(body)
        if not why and register is not None and body["origin"] == "self":
            why = register.why_not(body["by"], "found", body["found"])
        name, seq, state = body.get("issue", ""), 0, "quarantined"
        if not why:
            known = same.get(_without_number(body))
            if known is not None:
                name, seq, state = known.body["issue"], known.seq, "repeated"
            elif name in standing:
                why = f"problem {name} is recorded with another text; an entry is not changed, add a step"
            else:
                month = body["found"][:7]
                given = sum(entry.month == month for entry in standing.values())
                name = body["issue"] = name or f"I{month.replace('-', '')}-{given + 1:04d}"
                entry = ledger.append("issue", month, body)
                standing[name], same[_without_number(body)] = entry, entry
                seq, state = entry.seq, "recorded"
        out.append((number, name, state, why, seq))
    return pd.DataFrame(out, columns=["row", "issue", "state", "why", "seq"])


def record_steps(ledger: Ledger, rows: Iterable[dict], *, register: Register | None = None) -> pd.DataFrame:
    """
    Append steps of problems; one that does not follow the step before it is set aside.

    Parameters
    ----------
    rows : iterable of dict of text
        ``issue, step`` (a state or its Chinese), ``time`` (local), ``by``; ``unit department due text``
        and others are kept.
    register : Register, optional
        Of the network: a step that is none of the writer's duties is set aside with the duty's words (B2), an
        acceptance by somebody with an interest in the enterprise as avoidance (B12).

    Returns
    -------
    DataFrame ``row, issue, state, why, seq``, as ``record_issues``

    Notes
    -----
    Whoever claims a rectification does not accept it (proposal).

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"origin": "self", "found": "2025-12-02T10:00", "by": "王", "cell": "A", "problem": "bare_soil"}
    >>> row["text"] = "2 亩"
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = record_issues(ledger, [row])
    ...     early = {"issue": "I202512-0001", "step": "claimed", "time": "2025-12-03T10:00", "by": "李"}
    ...     record_steps(ledger, [early])["why"].tolist()
    ['claimed before assigned']
    """
    past = _past(ledger)
    known = {key_of(entry.body): entry.seq for entry in ledger.entries("step")}
    words = {zh: key for key, zh in STATES.items()}
    out = []
    for number, row in enumerate(rows, 1):
        body = text_of(row)
        body["step"] = words.get(body.get("step", ""), body.get("step", ""))
        seq, state = 0, "quarantined"
        why = _settle_step(body, past)
        if not why and register is not None:
            facility = body.get("facility") or past[body["issue"]][0].get("facility", "")
            why = register.why_not(body["by"], body["step"], body["time"], facility)
        if not why and key_of(body) in known:
            seq, state = known[key_of(body)], "repeated"
        elif not why:
            why = _out_of_order(body, past[body["issue"]])
        if not seq and not why:
            month = local_minute(body["time"]).strftime("%Y-%m")
            seq, state = ledger.append("step", month, body).seq, "recorded"
            known[key_of(body)] = seq
            past[body["issue"]].append(body)
        out.append((number, body.get("issue", ""), state, why, seq))
    return pd.DataFrame(out, columns=["row", "issue", "state", "why", "seq"])


def issue_table(ledger: Ledger, asof: str, *, rectify_days: int = 30) -> pd.DataFrame:
    """
    How every problem stands at an instant.

    Parameters
    ----------
    asof : str, local ISO time; later entries have not happened yet
    rectify_days : int
        From the hand-over, where neither the problem nor a step names a date (``handover.rectify_days``).

    Returns
    -------
    DataFrame with ``COLUMNS``, in order of number: ``reopened`` counts, ``overdue`` is True where a problem is
    open after its date, ``due`` is a date ("" before anybody was assigned), ``done`` when it was accepted

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     len(issue_table(ledger, "2026-01-01T00:00"))
    0
    """
    rows = issue_rows(ledger, asof, rectify_days=rectify_days)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"overdue": bool, "reopened": "int64"})


def issue_rows(ledger: Ledger, asof: str, *, rectify_days: int = 30) -> list[dict[str, Any]]:
    """The rows of ``issue_table``, for whoever needs no frame."""
    now = local_minute(asof)
    rows = []
    for name, events in sorted(_past(ledger).items()):
        events = [event for event in events if local_minute(event["time"]) <= now]
        if not events:
            continue
        first, state = events[0], events[-1]["step"]
        named = [event["due"] for event in events if event.get("due")]
        assigned = [event["time"] for event in events if event["step"] == "assigned"]
        due = named[-1] if named else ""
        if not due and assigned:
            due = str((local_minute(assigned[-1]) + pd.Timedelta(days=rectify_days)).date())
        accepted = [event["time"] for event in events if event["step"] == "accepted"]
        is_open = state in OPEN
        latest = {key: value for event in events for key, value in event.items() if value}
        rows.append(
            {
                **{column: first.get(column, "") for column in COLUMNS},
                "issue": name,
                "state": state,
                "month": first["time"][:7],
                "found": first["time"],
                "unit": latest.get("unit", ""),
                "department": latest.get("department", ""),
                "due": due,
                "done": "" if is_open or not accepted else accepted[-1],
                "reopened": sum(event["step"] == "reopened" for event in events),
                "overdue": bool(is_open and due and now >= local_minute(due) + pd.Timedelta(days=1)),
                "steps": "；".join(f"{event['time'][:16]} {STATES[event['step']]}" for event in events),
            }
        )
    return rows


def _past(ledger: Ledger) -> dict[str, list[dict[str, str]]]:
    """Every problem's events in order: the finding itself as step ``found``, then its steps."""
    past = {
        entry.body["issue"]: [entry.body | {"step": "found", "time": entry.body["found"]}]
        for entry in ledger.entries("issue")
    }
    for entry in ledger.entries("step"):
        past[entry.body["issue"]].append(entry.body)
    return past


def _without_number(body: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return key_of({name: value for name, value in body.items() if name != "issue"})


def _settle(body: dict[str, str]) -> str:
    """Put a finding's words into the ledger's; why it cannot be taken, or ""."""
    why = lacking(body, REQUIRED)
    if why:
        return why
    for name, words in (
        ("origin", ORIGINS),
        ("problem", {key: kind["zh"] for key, kind in problem_types().items()}),
        ("department", {key: kind["zh"] for key, kind in departments().items()}),
    ):
        if name in body:
            said = body[name]
            body[name] = {zh: key for key, zh in words.items()}.get(said, said)
            if body[name] not in words:
                return f"{name} {said!r} is none of {', '.join(words)}"
    if "should_have" in body:
        said = body["should_have"]
        body["should_have"] = {zh: key for key, zh in SHOULD_HAVE.items()}.get(said, said)
        if body["should_have"] not in SHOULD_HAVE:
            return f"should_have {said!r} is none of {', '.join(SHOULD_HAVE)}"
    return _settle_times(body, "found")


def _settle_step(body: dict[str, str], past: dict[str, list[dict[str, str]]]) -> str:
    """Put a step's times into one form; why it cannot be taken, or ""."""
    why = lacking(body, ("issue", "step", "time", "by"))
    if why:
        return why
    if body["issue"] not in past:
        return f"problem {body['issue']} was never recorded"
    if body["step"] not in STATES or body["step"] == "found":
        return f"step {body['step']!r} is none of {', '.join(s for s in STATES if s != 'found')}"
    return _settle_times(body, "time")


def _settle_times(body: dict[str, str], name: str) -> str:
    """Put an instant, and the day that something is due, into one form; why it cannot be done, or ""."""
    try:
        body[name] = local_minute(body[name]).isoformat(timespec="minutes")
        if "due" in body:
            body["due"] = str(local_minute(body["due"]).date())
    except ValueError as error:
        return str(error)
    return ""


def _out_of_order(body: dict[str, str], events: list[dict[str, str]]) -> str:
    """Why a step does not follow what was done before it, or ""."""
    standing = events[-1]["step"]
    if body["step"] not in FOLLOWS[standing]:
        needed = [state for state, then in FOLLOWS.items() if body["step"] in then]
        lacking = next((state for state in ("assigned", "claimed", "accepted") if state in needed), needed[0])
        return f"{body['step']} before {lacking}" if standing != body["step"] else f"{standing} twice"
    if local_minute(body["time"]) < local_minute(events[-1]["time"]):
        return f"{body['step']} at {body['time']} is before {standing} at {events[-1]['time']}"
    claimed = [event["by"] for event in events if event["step"] == "claimed"]
    if body["step"] == "accepted" and claimed and claimed[-1] == body["by"]:
        return f"{body['by']} claimed the rectification and cannot accept it"
    return ""
