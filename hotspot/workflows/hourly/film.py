"""The hours of one cell as a page, from the deliveries: stations trusted, spread to 500 m, set in motion."""

from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.rules.criteria import Criteria
from hotspot.study import Study
from hotspot.variables import DataError
from hotspot.workflows.monthly.other_pollutants import only_pm25


def write_film(study: Study, cell: str, *, first: str, hours: int = 48, out: Path | str = "out") -> Path:
    """
    Write ``OUT/<study id>/films/CODE-FIRST.html``: the 36 sub-cells of a cell, hour by hour.

    Parameters
    ----------
    cell : str, a code or an official label
    first : str, first local hour, "2025-12-05T00"
    hours : int, 1 to 240

    Raises
    ------
    DataError
        The cell is none of the study's, no station reported, or the hour is none.
    """
    only_pm25(study, "the film of hours")
    from hotspot.deliveries.run import Deliveries
    from hotspot.estimate.fine.downscale import downscale
    from hotspot.publish.web.film import film
    from hotspot.quality.sensors.trust import on_hours
    from hotspot.workflows.hourly.alarms import trusted_by_role

    code = str(study.grid.code(*study.grid.parse(study.code_of(cell))))
    cells = study.cells
    if code not in cells.indexes["cell"]:
        raise DataError(f"{code} is no cell of {study.id}; `hotspot cell {code}` shows where it lies.")
    try:
        begin = pd.Timestamp(first)
    except ValueError:
        raise DataError(f"{first!r} is no local hour; write it like 2025-12-05T00.") from None
    months = sorted({f"{t:%Y-%m}" for t in (begin, begin + pd.Timedelta(hours=max(hours, 1) - 1))})
    opened = Deliveries(study, Path(out) / study.id).months(months, kinds=("reference", "stations", "weather"))
    micro, reference = (
        on_hours(part, months[0], months[-1], utc_offset=study.utc_offset)
        for part in (opened.stations, opened.reference)
    )
    roles = study.model_copy(update={"criteria": _both(study.criteria)})
    stations = trusted_by_role(micro, reference, opened.weather, study=roles, note=lambda text: None)
    if stations is None:
        raise DataError(f"{', '.join(months)}: no station of {study.id} reported; a film needs hours.")
    own = cells.isel(cell=np.flatnonzero(cells["cell"].values.astype(str) == code))
    fine = downscale(stations, own, criteria=study.criteria)
    named = {name: str(own[name].values[0]) for name in ("city", "county", "township", "label")}
    where = " ".join(filter(None, (named[name] for name in ("city", "county", "township"))))
    page = film(fine, code, first=str(begin), hours=hours, label=named["label"], where=where)
    folder = Path(out) / study.id / "films"
    folder.mkdir(parents=True, exist_ok=True)
    return page.save(folder / f"{code}-{begin:%Y%m%d%H}.html")


def _both(criteria: Criteria) -> Criteria:
    """The same criteria with every kind of station heard: a film shows what is known."""
    alarms = criteria.alarms.model_copy(update={"roles": ["micro", "reference"]})
    return criteria.model_copy(update={"alarms": alarms})
