"""Stations by their month, under their own name, where a field cannot tell cells apart (METHODS 13)."""

from pathlib import Path
from typing import Any

from hotspot.rules.pollutants import of_study
from hotspot.rules.rounding import plain_text
from hotspot.text.csv_rows import write_csv
from hotspot.text.table import columns

COLUMNS = tuple(columns("stations.csv"))


def write_stations(path: Path | str, stations: Any, study: Any, month: str) -> Any:
    """
    Write ``stations.csv``: the valid monthly means of the reference stations, the highest first.

    Parameters
    ----------
    stations : Dataset (station, time), hourly
    study : Study

    Returns
    -------
    Path

    Notes
    -----
    Means by GB 3095; ranks on the printed value, equal values share one (1, 1, 3).

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> path = write_stations(tempfile.mkdtemp() + "/stations.csv", small.reference, small.study, small.month)
    >>> len(path.read_text(encoding="utf-8").splitlines())
    9
    """
    from hotspot.quality.means.period_values import days_of, months_of

    decimals = study.criteria.warning.decimals
    means = months_of(days_of(stations, study), [month], study).squeeze("time")
    names = stations["name"].values.astype(str) if "name" in stations.coords else means["station"].values.astype(str)
    rows = [
        (float(plain_text(float(means["pm25"][at]), decimals)), str(means["station"].values[at]), at)
        for at in range(means.sizes["station"])
        if bool(means["valid"][at])
    ]
    rows.sort(key=lambda row: (-row[0], row[1]))
    out = []
    for value, station, at in rows:
        rank = 1 + sum(other[0] > value for other in rows)
        place = [plain_text(float(stations[axis].values[at]), 6) for axis in ("lon", "lat")]
        out.append([month, rank, station, names[at], *place, plain_text(value, decimals), int(means["n_valid"][at])])
    return write_csv(path, [of_study(study).column(name) for name in COLUMNS], out)
