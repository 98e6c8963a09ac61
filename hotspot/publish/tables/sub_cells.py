"""The month's 500 m values of the warned cells as plain CSV; only its header where there are no micro-stations."""

from pathlib import Path

import pandas as pd

from hotspot.contracts.list_file import write_list
from hotspot.text.table import kinds

COLUMNS = kinds("sub_cells.csv")


def write_sub_cells(path: Path | str, fine: pd.DataFrame | None, decimals: int) -> Path:
    """
    Write ``sub_cells.csv``, one row per sub-cell of a warned cell.

    Parameters
    ----------
    fine : DataFrame, from ``estimate.fine_month``, or None
    decimals : int
        Of PM2.5 and its error, ug/m3; ``study.criteria.warning.decimals``.

    Examples
    --------
    >>> import tempfile
    >>> row = ["PR1847K", "PR1847K-07", 114.3, 30.6, 61.25, 4.04, "measured", 739]
    >>> path = write_sub_cells(tempfile.mkdtemp() + "/s.csv", pd.DataFrame([row], columns=list(COLUMNS)), 1)
    >>> path.read_text(encoding="utf-8").splitlines()[1]
    'PR1847K,PR1847K-07,114.300000,30.600000,61.2,4.0,measured,739'
    >>> write_sub_cells(path, None, 1).read_text(encoding="utf-8")
    'cell,sub_cell,lon,lat,pm25,error,support,n_hours\\n'
    """
    return write_list(path, pd.DataFrame(columns=list(COLUMNS)) if fine is None else fine, COLUMNS, decimals)
