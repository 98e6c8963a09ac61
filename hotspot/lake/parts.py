"""Parts of a lake: Parquet files written whole or not at all, with equal bytes for equal rows."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.text.whole import write_whole
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd


def write_part(path: Path | str, columns: dict[str, Any]) -> str:
    """
    Write columns as Parquet; equal columns give equal bytes.

    Parameters
    ----------
    columns : dict of name -> array or list, of one length

    Returns
    -------
    str, SHA-256 of the file

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "month=2020-03" / "a.parquet"
    >>> one = write_part(path, {"station": ["a"], "hour": np.array([5]), "pm25": np.array([35.0])})
    >>> two = write_part(path, {"station": ["a"], "hour": np.array([5]), "pm25": np.array([35.0])})
    >>> one == two, read_part(path, one)["pm25"].tolist()
    (True, [35.0])
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = ("station", "name")
    arrays = {name: pa.array(list(c), pa.string()) if name in texts else pa.array(c) for name, c in columns.items()}
    sink = pa.BufferOutputStream()
    # One thread's order, no clock, no path: nothing of the run is in the file.
    pq.write_table(pa.table(arrays), sink, compression="zstd", version="2.6", store_schema=False)
    data = sink.getvalue().to_pybytes()
    write_whole(path, data)
    return hashlib.sha256(data).hexdigest()


def read_part(path: Path | str, digest: str | None, variables: list[str] | None = None) -> "pd.DataFrame":
    """
    Read a part and check that it is what its receipt says.

    Parameters
    ----------
    digest : str or None
        SHA-256 that the file must have.
    variables : list of str, optional
        Columns wanted beside ``station`` and ``hour``.

    Returns
    -------
    DataFrame; ``station`` is categorical where there are hours

    Raises
    ------
    DataError
        The file is missing or not the one that was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: this part of the lake is missing; restore it from a copy.") from None
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise DataError(f"{path}: this part of the lake is not what its receipt says; restore it from a copy.")
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=["station"])
    names = file.schema_arrow.names
    wanted = None if variables is None else [n for n in names if n in ("station", "hour") or n in variables]
    table = file.read(wanted, use_threads=False)
    if "hour" not in names:
        table = table.set_column(0, "station", table["station"].cast(pa.string()))
    return table.to_pandas()


def latest(parts: "list[pd.DataFrame]") -> "pd.DataFrame | None":
    """
    What is known after some parts: of each station-hour and variable the value said last.

    Parameters
    ----------
    parts : list of DataFrame ``station, hour`` and variables, in order of delivery

    Returns
    -------
    DataFrame, sorted by station and hour; None without parts

    Examples
    --------
    >>> import pandas as pd
    >>> early = pd.DataFrame({"station": ["a", "a"], "hour": [1, 2], "pm25": [30.0, 40.0], "pm10": [50.0, 60.0]})
    >>> late = pd.DataFrame({"station": ["a"], "hour": [2], "pm25": [41.0], "pm10": [np.nan]})
    >>> latest([early, late]).to_numpy().tolist()
    [['a', 1, 30.0, 50.0], ['a', 2, 41.0, 60.0]]
    """
    import pandas as pd

    if not parts:
        return None
    rows = pd.concat([part.astype({"station": str}) for part in parts], ignore_index=True)
    # ``last`` passes over NaN: silence does not take a value back.
    return rows.groupby(["station", "hour"], sort=True, as_index=False).last()


def differences(before: "pd.DataFrame", after: "pd.DataFrame") -> "pd.DataFrame":
    """
    Values of a part that differ from what was known of the same station-hours.

    Parameters
    ----------
    before, after : DataFrame ``station, hour`` and variables

    Returns
    -------
    DataFrame ``station, time, variable, before, after``, sorted

    Examples
    --------
    >>> import pandas as pd
    >>> early = pd.DataFrame({"station": ["a", "a"], "hour": [1, 2], "pm25": [30.0, 40.0]})
    >>> late = pd.DataFrame({"station": ["a", "b"], "hour": [2, 2], "pm25": [41.0, 5.0]})
    >>> differences(early, late)[["station", "before", "after"]].to_numpy().tolist()
    [['a', 40.0, 41.0]]
    """
    import pandas as pd

    keys, found = ["station", "hour"], []
    both = after.astype({"station": str}).merge(before.astype({"station": str}), on=keys, suffixes=("", "_was"))
    for name in [n for n in after.columns if n not in keys]:
        was = both[f"{name}_was"] if f"{name}_was" in both else pd.Series(np.nan, both.index)
        other = both[name].notna() & (both[name] != was)
        rows = pd.DataFrame({"station": both["station"], "hour": both["hour"], "before": was, "after": both[name]})
        found.append(rows[other].assign(variable=name))
    out = pd.concat(found, ignore_index=True).sort_values(["station", "hour", "variable"], ignore_index=True)
    out["time"] = out["hour"].to_numpy().astype("datetime64[h]").astype("datetime64[ns]")
    return out[["station", "time", "variable", "before", "after"]]
