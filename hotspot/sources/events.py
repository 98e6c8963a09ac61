"""Events that other desks report (A4): tables and chat exports, brought to one row each; nothing is dropped unsaid."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Ints
from hotspot.rules.event_words import is_acknowledgement, problem_of
from hotspot.sources.aliases import spellings, vocabulary
from hotspot.sources.chat import is_chat, read_chat
from hotspot.sources.clock import parse_times
from hotspot.sources.intake import FileRecord, Intake
from hotspot.sources.loop_tables import our_names, refuse_twice
from hotspot.sources.missing import to_numbers
from hotspot.sources.sheet import read_csv
from hotspot.sources.tables import read_bytes, read_table, table_of
from hotspot.text.encodings import content_fault, decode
from hotspot.variables import DataError

COLUMNS = ["time", "place", "by", "channel", "type", "text", "lon", "lat", "problem", "file", "row"]
_WORDS = vocabulary("events")
_OURS = spellings(_WORDS)
_PAIR = re.compile(r"(?<!\d)(\d{2,3}\.\d{3,})\s*[,，]\s*(\d{1,2}\.\d{3,})(?!\d)")


def read_events(
    path: str | Path, intake: Intake, *, channel: str = "", columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """
    Read one file of events.

    Parameters
    ----------
    path : str or Path
        CSV, XLSX, or a chat export as text.
    intake : Intake
        Gets what is set aside: no time, nothing said, an acknowledgement.
    channel : str
        Where the file names none; default its own name.
    columns : mapping ours -> theirs, optional

    Returns
    -------
    DataFrame with ``COLUMNS``: ``time`` datetime64[ns] local, ``lon lat`` float or NaN, ``problem`` a key of the
    vocabulary, ``type`` the word as it came

    Raises
    ------
    DataError
        The file cannot be read, or a table has neither a text nor a type column.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> said = "2025-12-03 10:21 张三: 解放路工地没盖网\\n张三: 有人烧垃圾\\n"
    >>> _ = (root / "群.txt").write_text(said, encoding="utf-8")
    >>> intake = Intake(root)
    >>> read_events(root / "群.txt", intake)[["problem", "channel"]].values.tolist(), intake.quarantine[0].rule
    ([['site_dust', '群']], 'the time is missing or is no time; write it like 2025-12-03 10:21')
    """
    path = Path(path)
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb"):
        table = read_table(path, intake)
    else:
        data, record, counted = read_bytes(path, intake)
        fault = content_fault(data)
        if fault:
            raise DataError(f"{record.path}: {fault}.")
        text = decode(data, record.path)[0].decode("utf-8")
        if is_chat(text):
            frame, lines = _of_chat(text)
            return _settled(frame, lines, intake, record, len(frame) if counted else 0, channel or path.stem)
        table = table_of((read_csv(data, record.path), record, counted), intake)
    theirs = {their: ours for ours, their in (columns or {}).items()}
    names = our_names(table.columns, _OURS, theirs)
    refuse_twice(table.columns, names, table.name, "name one in columns")
    if not {"text", "type"} & set(names):
        raise DataError(
            f"{table.name}: no column tells what happened; name one 内容 or 类型 (text, type), or map it in "
            f"columns; the header has: {', '.join(table.columns)}."
        )
    frame = table.frame.set_axis(names, axis=1).reindex(columns=list(_WORDS), fill_value="").fillna("")
    if "time" in names:
        frame["time"] = table.when(table.columns[names.index("time")])
    n_read = len(frame) + table.n_bad if table.counted else 0
    return _settled(frame, table.lines, intake, table.record, n_read, channel or path.stem)


def _of_chat(text: str) -> tuple[pd.DataFrame, np.ndarray]:
    messages = read_chat(text)
    frame = pd.DataFrame(messages, columns=["line", "time", "by", "text"])
    return frame.reindex(columns=list(_WORDS), fill_value="").fillna(""), frame["line"].to_numpy()


def _settled(
    frame: pd.DataFrame, lines: Ints, intake: Intake, record: FileRecord, n_read: int, channel: str
) -> pd.DataFrame:
    """Rows with times, places and types; what cannot be an event is set aside with its reason."""
    frame = frame.astype(str).apply(lambda column: column.str.strip())
    with_channel = frame.assign(channel=frame["channel"].where(frame["channel"] != "", channel))
    time = parse_times(with_channel["time"].to_numpy(dtype=object), name=record.path)
    said = (with_channel["text"] != "") | (with_channel["type"] != "")
    empty = np.array([is_acknowledgement(t) for t in with_channel["text"]]) & (with_channel["type"] == "").to_numpy()
    rules = np.full(len(frame), "", dtype=object)
    rules[empty] = "an acknowledgement, no event"
    rules[~said.to_numpy()] = "nothing is said: neither a type nor a text"
    rules[np.isnat(time) & (rules == "")] = "the time is missing or is no time; write it like 2025-12-03 10:21"
    for at in np.flatnonzero(rules != ""):
        row = with_channel.iloc[at]
        raw = ",".join(row.astype(str)).encode("utf-8")
        column = "time" if "time" in rules[at] else "text"
        intake.set_aside(record, int(lines[at]), column, row[column], str(rules[at]), raw)
    kept = rules == ""
    out = with_channel[kept].assign(time=time[kept].astype("datetime64[ns]"), file=record.path, row=lines[kept])
    for name in ("lon", "lat"):
        out[name] = to_numbers(out[name].to_numpy(dtype=object), mark_numbers=False)[0]
    for at in np.flatnonzero(out["lon"].isna().to_numpy()):
        pair = _PAIR.search(f"{out['place'].iat[at]} {out['text'].iat[at]}")
        if pair:
            out.iloc[at, out.columns.get_loc("lon")] = float(pair[1])
            out.iloc[at, out.columns.get_loc("lat")] = float(pair[2])
    out["problem"] = [problem_of(word, text) for word, text in zip(out["type"], out["text"], strict=True)]
    record.read += n_read
    record.used += int(kept.sum()) if n_read else 0
    return out[COLUMNS].reset_index(drop=True)
