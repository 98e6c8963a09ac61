"""What the gate says of a network that is followed hour by hour, and what somebody signed about it."""

from typing import Any

import numpy as np

from hotspot.quality.plausible import level, places, scale
from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.gate import of_month
from hotspot.quality.plausible.series import lately
from hotspot.quality.signed.judged import exclude, keeping
from hotspot.sources.intake import Intake
from hotspot.sources.once import Once

# Hours that are looked at: a month as `month` sees it; of micro-stations, of which only units and indices stop
# anything (``gate.findings``), as many as tell those.
WINDOW = {"reference": 744, "micro": 240}


def standing(hours: Any, study: Any, *, file: str, once: Once | None = None) -> list[Finding]:
    """
    The findings that would stop a month, of the last weeks of a network.

    The same rules as ``gate.findings``, on the hours that are there instead of a calendar month.

    Parameters
    ----------
    hours : Dataset (station, time), hourly, UTC
        Attributes ``utc_offset`` and ``role``; what a decision excludes is missing.
    study : Study
    file : str, what the findings name
    once : Once, optional
        The files of the run.

    Returns
    -------
    list of Finding, those that stop; one that a signed decision keeps is not among them

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][2, -240:] /= 1000
    >>> [(one.place, one.kind) for one in standing(month.reference, month.study, file="live")]
    [('S03', 'scale')]
    """
    rules = study.criteria.plausible
    series = lately(hours.isel(time=slice(-WINDOW[hours.attrs["role"]], None)), file=file, rules=rules)
    if series.micro:
        found = scale.thousandfold(series) + scale.index(series)
    else:
        found = of_month(series, study.criteria.screening) + level.levels([series])
        found += places.strangers(series, study.cells, max_km=study.criteria.interpolation.max_station_km)
    return [one for one in keeping(found, study, once) if one.changes]


def as_signed(hours: Any, study: Any, once: Once | None = None) -> tuple[Any, list[str]]:
    """
    Hours without those that a signed decision excludes or replaces: neither was in the air as it stands there.

    Parameters
    ----------
    hours : Dataset (station, time), hourly, UTC
    study : Study
    once : Once, optional
        The files of the run.

    Returns
    -------
    (Dataset, list of str): one line per decision that concerns these hours

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> as_signed(month.reference, month.study) == (month.reference, [])
    True
    """
    from hotspot.sources.decisions import read_decisions

    if not study.decisions:
        return hours, []
    rows = read_decisions(study, Intake(study.root, once=once or Once()))
    rows = rows[rows["pollutant"] == "pm25"]
    rows["decision"] = rows["decision"].replace("replace", "exclude")
    return exclude(hours, rows, elsewhere=set(rows["station"]) - set(np.asarray(hours["station"], dtype=str)))
