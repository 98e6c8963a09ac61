"""
Signed decisions on data: which station's days, of which pollutant, are replaced (B19), excluded or
kept, who signed, and why. Columns ``station,day,pollutant,signer,reason``; for findings of the gate also
``decision`` (``replace``, the default; ``exclude``; ``keep``), ``until`` (last day), ``hours`` (local, like
``7-9 14``) and ``finding`` (its kind); where one was taken back, ``withdrawn_by,withdrawn_reason``: nothing
is struck from the file.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Objects
from hotspot.patterns import find_files
from hotspot.sources.clock import parse_days
from hotspot.sources.intake import Intake
from hotspot.sources.places.positions import tidy_id
from hotspot.sources.stations.readings import POLLUTANTS
from hotspot.sources.tables import Table, read_table
from hotspot.study import Study

COLUMNS = ("station", "day", "pollutant", "signer", "reason")
_WITHDRAWN = ("withdrawn_by", "withdrawn_reason")
DECISIONS = ("replace", "exclude", "keep")
_MORE = ("decision", "until", "hours", "finding")


def read_decisions(study: Study, intake: Intake) -> pd.DataFrame:
    """
    The decisions of a study, one row per station, local day and pollutant.

    A decision counts only whole: a row without signer, reason, day or a known pollutant is
    quarantined, and so is one that was withdrawn without a name and a reason.

    Parameters
    ----------
    study : Study
        Its ``[[decisions]]`` name the files.
    intake : Intake

    Returns
    -------
    DataFrame: ``station day pollutant signer reason withdrawn_by withdrawn_reason decision until hours finding``,
    ``day`` and ``until`` datetime64[ns], sorted by station, day, pollutant; empty where there are none

    Raises
    ------
    DataError
        A file is missing or lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from types import SimpleNamespace
    >>> from hotspot.sources.intake import Intake
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "d.csv").write_text("station,day,pollutant,signer,reason\\nM1,2020-03-05,pm25,李某,喷淋\\n"
    ...     "M1,2020-03-06,pm25,,喷淋\\n", encoding="utf-8")
    >>> study = SimpleNamespace(decisions=[SimpleNamespace(files=("d.csv",))], root=root)
    >>> intake = Intake(root)
    >>> read_decisions(study, intake)[["station", "pollutant", "signer"]].values.tolist()
    [['M1', 'pm25', '李某']]
    >>> intake.quarantine[0].rule
    'a decision needs a signer'
    """
    parts = []
    for delivery in study.decisions:
        for path in find_files(study.root, delivery.files, "decisions"):
            parts.append(_read(path, intake))
    columns = [*COLUMNS, *_WITHDRAWN, *_MORE]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    for name in ("day", "until"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[ns]")
    # The later of two files may withdraw what an earlier one decided, whatever their order.
    what = [*COLUMNS[:3], *_MORE]
    table = table.sort_values([*what, *_WITHDRAWN], kind="stable", ascending=[True] * len(what) + [False] * 2)
    return table.drop_duplicates(what).reset_index(drop=True)[columns]


def _read(path: Path, intake: Intake) -> pd.DataFrame:
    table = read_table(path, intake, required=COLUMNS)
    texts = {name: _cells(table, name).astype(str) for name in COLUMNS}
    texts |= {
        name: _cells(table, name).astype(str) if name in table.columns else np.full(len(table.frame), "", object)
        for name in (*_WITHDRAWN, *_MORE)
    }
    texts = {name: np.array([str(cell).strip() for cell in cells], object) for name, cells in texts.items()}
    day = parse_days(texts["day"])
    pollutant = np.array([name.lower().replace(".", "") for name in texts["pollutant"]], object)
    for column, rule in (("station", "a station"), ("signer", "a signer"), ("reason", "a reason")):
        table.set_aside(np.flatnonzero(texts[column] == ""), column, f"a decision needs {rule}")
    table.set_aside(np.flatnonzero(np.isnat(day)), "day", "the day is no day; write it like 2020-03-05")
    strange = ~np.isin(pollutant.astype(str), POLLUTANTS)
    table.set_aside(np.flatnonzero(strange), "pollutant", f"the pollutant is none of {', '.join(POLLUTANTS)}")
    texts["decision"] = np.array([word.lower() or "replace" for word in texts["decision"]], object)
    texts["until"] = np.where(texts["until"] == "", texts["day"], texts["until"])
    until = parse_days(texts["until"])
    table.set_aside(
        np.flatnonzero(~np.isin(texts["decision"].astype(str), DECISIONS)),
        "decision", f"the decision is none of {', '.join(DECISIONS)}",
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        table.set_aside(
            np.flatnonzero(np.isnat(until) | (until < day)), "until", "the last day is no day, or before the first"
        )
    nameless = (texts["decision"] == "keep") & (texts["finding"] == "")
    table.set_aside(np.flatnonzero(nameless), "finding", "what is kept needs the finding's kind")
    table.set_aside(np.flatnonzero([not _are_hours(text) for text in texts["hours"]]), "hours", "hours are like 7-9 14")
    half = (texts["withdrawn_by"] == "") != (texts["withdrawn_reason"] == "")
    table.set_aside(np.flatnonzero(half), "withdrawn_by", "a withdrawal needs a name and a reason")
    days = {"day": day.astype("datetime64[ns]"), "until": until.astype("datetime64[ns]")}
    frame = pd.DataFrame(texts | {"pollutant": pollutant} | days)
    frame["station"] = [tidy_id(name) for name in frame["station"]]
    repeated = frame.duplicated().to_numpy() & (table.status == 0)
    table.duplicate(np.flatnonzero(repeated))
    return frame[table.close()]


def _cells(table: Table, name: str) -> Objects:
    return table.when(name, clock=False) if name in ("day", "until") else table.cells(name)


def _are_hours(text: str) -> bool:
    parts = [part.partition("-") for part in text.replace(",", " ").split()]
    return all(a.isdigit() and (b or a).isdigit() and int(a) <= int(b or a) <= 23 for a, _, b in parts)
