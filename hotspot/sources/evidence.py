"""
What is known at a place itself (C14, A1, B4): stack records (CEMS), power meters by circuit (分表计电), dust
monitors of building sites, what cameras recognise, vehicles that pass a road-side sensor, satellites, observations.

One long table per layout; nothing is judged here (``trace.visits.evidence``).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.patterns import find_files
from hotspot.sources.aliases import plain, spellings, vocabulary
from hotspot.sources.clock import parse_times
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import our_names, refuse_twice
from hotspot.sources.missing import to_numbers
from hotspot.sources.tables import Table, read_table
from hotspot.study_registers import EvidenceFiles
from hotspot.variables import DataError

COLUMNS = ["layout", "facility", "time", "quantity", "value", "unit", "state"]
_WORDS = vocabulary("evidence")
_OURS = spellings(_WORDS)


def read_evidence(deliveries: Sequence[EvidenceFiles], root: Path, intake: Intake) -> pd.DataFrame:
    """
    Every delivered record as one long table.

    Parameters
    ----------
    deliveries : sequence of EvidenceFiles
        ``Study.evidence``

    Returns
    -------
    DataFrame with ``COLUMNS``, by facility, quantity and time: ``facility`` as it is named there (an id or a name),
    ``time`` datetime64 local, the start of the hour; ``value`` text of an observation, else a float or NaN

    Raises
    ------
    DataError
        A file cannot be read or lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> rows = "企业名称,时间,因子,数值\\n某厂,2025-12-03 10:00,颗粒物,12\\n某厂,昨天,颗粒物,12\\n"
    >>> _ = (root / "c.csv").write_text(rows, encoding="utf-8")
    >>> intake = Intake(root)
    >>> table = read_evidence([EvidenceFiles(layout="cems", files=("c.csv",))], root, intake)
    >>> table[["quantity", "value"]].values.tolist(), intake.quarantine[0].rule
    ([['pm', 12.0]], 'the time is no time; write it like 2025-12-03 10:00')
    """
    parts = [
        _read(path, one, intake) for one in deliveries for path in find_files(root, one.files, f"evidence {one.layout}")
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return table.sort_values(["facility", "quantity", "time"], kind="stable", ignore_index=True)


def _read(path: Path, delivery: EvidenceFiles, intake: Intake) -> pd.DataFrame:
    table = read_table(path, intake)
    theirs = {their: ours for ours, their in delivery.columns.items()}
    names = our_names(table.columns, _OURS, theirs)
    refuse_twice(table.columns, names, table.name, "name one in columns")
    needed = ["facility", "time", "value"] + (["quantity"] if delivery.layout != "observation" else [])
    lacking = [name for name in needed if name not in names]
    if lacking:
        raise DataError(
            f"{table.name}: column {lacking[0]!r} is missing ({_WORDS[lacking[0]]}); "
            f"the header has: {', '.join(table.columns)}."
        )
    frame = table.frame.set_axis(names, axis=1).reindex(columns=COLUMNS[1:], fill_value="").fillna("").astype(str)
    frame = frame.apply(lambda column: column.str.strip())
    quantities = vocabulary("quantity", delivery.layout)
    known = spellings(quantities)
    if delivery.layout == "observation":
        frame["quantity"] = "note"
    quantity = np.array([known.get(plain(word), "") for word in frame["quantity"]], dtype=object)
    time = parse_times(table.when(_their(table, names, "time")), name=table.name)
    table.set_aside(np.flatnonzero(frame["facility"] == ""), _their(table, names, "facility"), "no facility is named")
    table.set_aside(
        np.flatnonzero(np.isnat(time)),
        _their(table, names, "time"),
        "the time is no time; write it like 2025-12-03 10:00",
    )
    strange = f"the quantity is none of {', '.join(quantities)}"
    if delivery.layout != "observation":
        table.set_aside(np.flatnonzero(quantity == ""), _their(table, names, "quantity"), strange)
    kept = table.close()
    value = frame["value"].to_numpy(dtype=object)
    if delivery.layout != "observation":
        value = to_numbers(value, mark_numbers=False)[0].astype(object)
    out = frame.assign(layout=delivery.layout, quantity=quantity, value=value, time=time.astype("datetime64[ns]"))
    return out.loc[kept, COLUMNS]


def _their(table: Table, names: list[str], ours: str) -> str:
    return str(table.columns[names.index(ours)])
