"""
Signed decisions on falsified data (B19): which station's day, of which pollutant, is
replaced, who signed, and why. Columns ``station,day,pollutant,signer,reason`` and, where one
was taken back, ``withdrawn_by,withdrawn_reason``: nothing is struck from the file.
"""

import numpy as np
import pandas as pd

from hotspot.deliveries import find_files
from hotspot.sources.clock import parse_days
from hotspot.sources.places.positions import tidy_id
from hotspot.sources.stations.readings import POLLUTANTS
from hotspot.sources.tables import read_table

COLUMNS = ("station", "day", "pollutant", "signer", "reason")
_WITHDRAWN = ("withdrawn_by", "withdrawn_reason")


def read_decisions(study, intake):
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
    DataFrame: ``station day pollutant signer reason withdrawn_by withdrawn_reason``, ``day`` datetime64[ns],
    sorted by station, day, pollutant; empty where there are none

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
    columns = [*COLUMNS, *_WITHDRAWN]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table["day"] = pd.to_datetime(table["day"]).astype("datetime64[ns]")
    # The later of two files may withdraw what an earlier one decided, whatever their order.
    table = table.sort_values([*COLUMNS[:3], *_WITHDRAWN], kind="stable", ascending=[True] * 3 + [False] * 2)
    return table.drop_duplicates(list(COLUMNS[:3])).reset_index(drop=True)[columns]


def _read(path, intake):
    table = read_table(path, intake, required=COLUMNS)
    texts = {name: table.cells(name).astype(str) for name in COLUMNS}
    texts |= {
        name: table.cells(name).astype(str) if name in table.columns else np.full(len(table.frame), "", object)
        for name in _WITHDRAWN
    }
    texts = {name: np.array([str(cell).strip() for cell in cells], object) for name, cells in texts.items()}
    day = parse_days(texts["day"])
    pollutant = np.array([name.lower().replace(".", "") for name in texts["pollutant"]], object)
    for column, rule in (("station", "a station"), ("signer", "a signer"), ("reason", "a reason")):
        table.set_aside(np.flatnonzero(texts[column] == ""), column, f"a decision needs {rule}")
    table.set_aside(np.flatnonzero(np.isnat(day)), "day", "the day is no day; write it like 2020-03-05")
    strange = ~np.isin(pollutant.astype(str), POLLUTANTS)
    table.set_aside(np.flatnonzero(strange), "pollutant", f"the pollutant is none of {', '.join(POLLUTANTS)}")
    half = (texts["withdrawn_by"] == "") != (texts["withdrawn_reason"] == "")
    table.set_aside(np.flatnonzero(half), "withdrawn_by", "a withdrawal needs a name and a reason")
    frame = pd.DataFrame(texts | {"pollutant": pollutant, "day": day.astype("datetime64[ns]")})
    frame["station"] = [tidy_id(name) for name in frame["station"]]
    repeated = frame.duplicated().to_numpy() & (table.status == 0)
    table.duplicate(np.flatnonzero(repeated))
    table.close()
    return frame[table.status == 0]
