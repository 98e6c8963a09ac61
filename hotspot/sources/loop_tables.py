"""The tables of the loop under our names: one vocabulary of their headers, Chinese and English."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from hotspot.patterns import below
from hotspot.sources.aliases import plain, spellings, vocabulary
from hotspot.sources.intake import Intake
from hotspot.sources.missing import half_width
from hotspot.sources.tables import Table, read_table
from hotspot.text.escape import plain as one_line
from hotspot.variables import DataError

WORDS = vocabulary("loop")
_OURS = spellings(WORDS)
# Columns that say when: local days, and local times.
_DAYS = ("day", "from", "until", "due", "published_on", "began", "reported", "held", "consulted")
_TIMES = ("time", "found", "received", "arrived", "result_time", "pushed")


def read_loop_table(path: str | Path, required: tuple[str, ...], intake: Intake) -> Table:
    """
    Read a table of the loop; its columns stand under our names, unknown ones as they are.

    Parameters
    ----------
    path : str or Path
        CSV or XLSX.
    required : tuple of str
        Our names that must be there.
    intake : Intake
        Gets the malformed rows.

    Raises
    ------
    DataError
        The file cannot be read, a required column is missing, or two headers mean the same.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "f.csv").write_text("月份,单位,考核项\\n2025-12,甲县,5\\n", encoding="utf-8")
    >>> read_loop_table(root / "f.csv", ("month", "unit"), Intake(root)).frame.to_dict("records")
    [{'month': '2025-12', 'unit': '甲县', 'item': '5'}]
    """
    return renamed(read_table(Path(path), intake), required)


def renamed(table: Table, required: tuple[str, ...]) -> Table:
    """A table that was read, with its columns under our names; raises as ``read_loop_table``."""
    theirs = list(table.frame.columns)
    names = our_names(theirs)
    refuse_twice(theirs, names, table.name, "take one out")
    lacking = [name for name in required if name not in names]
    if lacking:
        raise DataError(
            f"{table.name}: column {lacking[0]!r} ({WORDS[lacking[0]].split()[-1]}) is missing; "
            f"the header has: {', '.join(theirs)}."
        )
    table.frame.columns = names
    for name in sorted({*_DAYS, *_TIMES} & {*names}):
        table.frame[name] = table.when(name, clock=name in _TIMES)
    if "month" in names:
        table.frame["month"] = [_month(text) for text in table.cells("month")]
    return table


def _month(text: str) -> str:
    """
    A month as 2025-12, where a spreadsheet made its first day of it or it is spoken; any other text as it is.

    Examples
    --------
    >>> [_month(text) for text in ("2025-12-01 00:00:00", "2025年3月", "2025/12", "202512", "2025-12-05", "12")]
    ['2025-12', '2025-03', '2025-12', '2025-12', '2025-12-05', '12']
    """
    found = re.fullmatch(r"(\d{4})(?:[-/](\d\d?)(?:-01 00:00:00)?|年(\d\d?)月|(\d\d))", half_width(text).strip())
    if not found:
        return text
    return f"{found[1]}-{int(found[2] or found[3] or found[4]):02}"


def refuse_twice(theirs: Sequence[str], names: Sequence[str], name: str, mend: str) -> None:
    """A DataError where two columns of a table mean the same."""
    for one in names:
        if names.count(one) > 1:
            both = [old for old, new in zip(theirs, names, strict=True) if new == one]
            raise DataError(f"{name}: columns {both[0]!r} and {both[1]!r} both mean {one}; {mend}.")


def our_names(
    headers: Iterable[str], known: Mapping[str, str] = _OURS, declared: Mapping[str, str] | None = None
) -> list[str]:
    """
    Our names of headers, by ``spellings`` (default the loop's) and what a study declared; one that is not known stays.

    What a study declared goes before: another column that would mean the same stays as it is.

    Examples
    --------
    >>> our_names(["问题编号", "环节", "备注"])
    ['issue', 'step', '备注']
    >>> our_names(["企业名称", "企业编号"], spellings({"facility": "企业名称 企业编号"}), {"企业编号": "facility"})
    ['企业名称', 'facility']
    """
    headers, declared = list(headers), declared or {}
    told = {name: known.get(plain(name), name) for name in headers if name not in declared}
    return [declared.get(name) or (name if told[name] in declared.values() else told[name]) for name in headers]


def open_register(root: Path, name: str, what: str, required: tuple[str, ...], intake: Intake) -> Table:
    """Read a table that a study names under the key ``what``; raises as ``read_loop_table``, and without a file."""
    path = below(root, name, what)
    if not path.is_file():
        raise DataError(f"{what}: there is no file {name}; give a table below the data folder.")
    return read_loop_table(path, required, intake)


def whole(table: Table, columns: Sequence[str], longest: int = 200) -> pd.DataFrame:
    """The columns of a table as tidy text of at most so many letters; one that is not there is empty."""
    frame = pd.DataFrame({name: table.frame.get(name, "") for name in columns}, index=table.frame.index, dtype=object)
    return frame.map(lambda text: one_line(str(text)).strip()[:longest])


def aside(table: Table, name: str, wrong: pd.Series, rule: str) -> None:
    """Set rows aside with their value; ``%r`` in the rule is filled with it."""
    for at in wrong.to_numpy(dtype=bool).nonzero()[0]:
        value = table.cells(name)[at] if name in table.columns else ""
        table.set_aside(at, name, rule % (value,) if "%r" in rule else f"{name} {value!r} {rule}")


def kept_rows(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that nothing set aside; the table is settled."""
    return frame[table.close()].reset_index(drop=True)


def once_each(frame: pd.DataFrame, names: Sequence[str], name: str, mend: str) -> pd.DataFrame:
    """The rows of a table, no two alike in some columns; else a DataError says which, and to ``mend`` it."""
    twice = frame[frame.duplicated(list(names))]
    if len(twice):
        said = " ".join(str(value) for value in twice.iloc[0][list(names)])
        raise DataError(f"{name}: {said} stands twice; {mend}.")
    return frame


def is_day(text: str) -> bool:
    """
    Whether a text is a day.

    Examples
    --------
    >>> is_day("2025-12-05"), is_day("2025-02-30"), is_day("")
    (True, False, False)
    """
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and pd.Timestamp(text) is not pd.NaT
    except ValueError:
        return False
