"""
What is dear to make is kept beside the lists, and read again only while nothing changed.

A kept record names the files it was made from with their hashes, and carries a stamp of
everything else it hangs on. Whatever does not fit, or is no whole file, is made anew.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotspot.patterns import match_files
from hotspot.sources.intake import Intake
from hotspot.study import Decisions, Delivery, Study

if TYPE_CHECKING:
    import xarray as xr

_LOG = logging.getLogger(__name__)


def kept(
    path: Path | None,
    stamp: str | None,
    intake: Intake,
    make: "Callable[[], xr.Dataset]",
    *,
    listing: str = "",
    inputs: Callable[[], str] | None = None,
    content: Callable[[], str] | None = None,
) -> "xr.Dataset":
    """
    A record from its file while nothing it came from has changed; else made, and kept.

    Parameters
    ----------
    path : Path or None
        Where the record is kept; None makes it without keeping it.
    stamp : str, from ``stamp_of``
    intake : Intake
        Of the data root, below which ``attrs["inputs"]`` are named.
    make : callable
        Gives the Dataset (cell, time); its attribute ``inputs`` is the JSON of (path, sha256) pairs.
    listing : str, from ``listing_of``
        What lies there to be read: with a file more, the record may have to be made of more.
    inputs : callable, optional
        Gives the attribute ``inputs`` of a record made now, without making it; asked when the listing
        has changed. Without it such a record is made anew.
    content : callable, optional
        Gives the attribute ``content`` of a record made now, asked when ``inputs`` has changed: where it is the same,
        the other files say nothing of what the record was made from.

    Returns
    -------
    Dataset (cell, time), with the attributes ``stamp`` and ``listing`` where it is kept
    """
    if path is None:
        return make()
    record = read_record(path) if path.exists() else None
    if record is not None and record.attrs.get("stamp") == stamp and _same_inputs(intake, record):
        if record.attrs.get("listing") == listing:
            _LOG.info("%s: used again, nothing it came from has changed", path.name)
            return record
        now = None if inputs is None else inputs()
        if now != record.attrs["inputs"] and (content is None or content() != record.attrs.get("content")):
            record = None
        else:
            record = record.assign_attrs(inputs=now)
    else:
        record = None
    _LOG.info("%s: %s", path.name, "made" if record is None else "used again, other files came")
    record = (make() if record is None else record).assign_attrs(stamp=stamp, listing=listing)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    write_record(partial, record)
    partial.replace(path)
    return record


def stamp_of(study: Study, *more: str, libraries: tuple[str, ...]) -> str:
    """
    What else a record hangs on: the study file, the criteria, the versions, and whatever ``more`` names.

    Parameters
    ----------
    more : values JSON knows
    libraries : sequence of str
        Installed distributions whose version may move a digit.

    Returns
    -------
    str, hexadecimal
    """
    versions = {name: metadata.version(name) for name in libraries}
    criteria = study.criteria.model_dump(mode="json")
    more = (*more, *filter(None, [study.pollutant.own_words]))  # a field that is kept says them
    text = json.dumps([*more, criteria, versions], sort_keys=True).encode() + study.path.read_bytes()
    return hashlib.sha256(text).hexdigest()


def listing_of(study: Study, *parts: Iterable[Delivery | Decisions]) -> str:
    """
    The names of all files that the patterns of deliveries find, as one hash.

    Parameters
    ----------
    parts : sequences of Delivery, such as ``study.satellite``

    Returns
    -------
    str, hexadecimal
    """
    root = Path(study.root)
    patterns = sorted({pattern for part in parts for delivery in part for pattern in delivery.files})
    names = sorted({path.relative_to(root).as_posix() for pattern in patterns for path in match_files(root, pattern)})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def digest_of(dataset: "xr.Dataset | None") -> str:
    """
    Everything a Dataset says, as one hash.

    Examples
    --------
    >>> import xarray as xr
    >>> one = xr.Dataset({"pm25": ("time", [35.0])}, {"time": [0]}, {"role": "reference"})
    >>> digest_of(one) == digest_of(one.copy(deep=True)) != digest_of(one + 1)
    True
    """
    digest = hashlib.sha256()
    for name, variable in sorted(dataset.variables.items(), key=str) if dataset is not None else ():
        values = variable.values.astype(str) if variable.dtype == object else variable.values
        digest.update(
            f"{name} {variable.dims} {values.dtype.str} {values.shape} {sorted(variable.attrs.items())}".encode()
        )
        digest.update(np.ascontiguousarray(values).tobytes())
    digest.update(str(None if dataset is None else sorted(dataset.attrs.items())).encode())
    return digest.hexdigest()


def write_record(path: Path, record: "xr.Dataset") -> None:
    """
    Write a record as parquet: a row per cell and month, attributes in its metadata; no clock, same bytes.

    Parameters
    ----------
    record : Dataset (cell, time) of numbers, booleans and texts; attributes that JSON knows

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from pathlib import Path
    >>> month = np.array(["2020-02"], "datetime64[ns]")
    >>> one = xr.Dataset({"pm25": (("cell", "time"), [[35.5]])}, {"cell": ["A"], "time": month}, {"inputs": "[]"})
    >>> path = Path(tempfile.mkdtemp()) / "one.parquet"
    >>> write_record(path, one)
    >>> read_record(path).identical(one)
    True
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells, times = record["cell"].values.astype(str), record["time"].values
    months = np.datetime_as_string(times, unit="M").astype(str)
    columns = {"cell": pa.array(np.repeat(cells, months.size).tolist(), pa.string())}
    columns["month"] = pa.array(np.tile(months, cells.size).tolist(), pa.string())
    for name in record.data_vars:
        values = record[name].transpose("cell", "time").values.ravel()
        kind = {"b": pa.bool_(), "O": pa.string(), "U": pa.string()}.get(values.dtype.kind, pa.float64())
        columns[str(name)] = pa.array(values.tolist() if kind == pa.string() else values, kind)
    about = json.dumps(record.attrs, sort_keys=True, ensure_ascii=False)
    table = pa.table(columns).replace_schema_metadata({"hotspot": about})
    pq.write_table(table, path, compression="zstd", compression_level=3, write_page_checksum=True)


def read_record(path: Path) -> "xr.Dataset | None":
    """A kept record, or None where the file is not one."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import xarray as xr

    try:
        table = pq.read_table(path, page_checksum_verification=True)
        attrs = json.loads(table.schema.metadata[b"hotspot"])
        cell = np.array(table["cell"].to_pylist(), dtype=str)
        month = np.array(table["month"].to_pylist(), dtype="datetime64[M]")
        n_month = int((cell == cell[0]).sum())
        shape = (cell.size // n_month, n_month)
        values = {
            name: (("cell", "time"), table[name].to_numpy().reshape(shape))
            for name in table.column_names
            if name not in ("cell", "month")
        }
    except (OSError, KeyError, IndexError, TypeError, ValueError, pa.ArrowException):
        return None
    coords = {"cell": cell[::n_month], "time": month[:n_month].astype("datetime64[ns]")}
    return xr.Dataset(values, coords, attrs)


def _same_inputs(intake: Intake, record: "xr.Dataset") -> bool:
    """Are the files a record was made from still there, byte for byte?"""
    root, stated = Path(intake.root), json.loads(record.attrs["inputs"])
    return all((root / p).exists() and intake.register(root / p).sha256 == sha for p, sha in stated)
