"""
The thirteen months that end with a published one, for whoever asks what came before.

They are made from the deliveries and never from earlier products, so that a folder can be
lost and a month still be the same. The ten months that no list compares are kept beside the
lists, and made anew whenever an input, the study or the program changed.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import xarray as xr

from hotspot import contracts
from hotspot.deliveries.run import Deliveries
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.study import Study
from hotspot.workflows.monthly.kept import kept, listing_of, stamp_of

N_MONTHS = 13
_LIBRARIES = ("hotspot", "numpy", "numba", "xarray")


def history_months(month: str) -> list[str]:
    """
    The month of a year before, and every one since.

    Returns
    -------
    list of 13 str, oldest first

    Examples
    --------
    >>> names = history_months("2020-02")
    >>> names[0], names[-2:], len(names)
    ('2019-02', ['2020-01', '2020-02'], 13)
    """
    parse_month(month)
    return [month_minus(month, k) for k in range(N_MONTHS - 1, -1, -1)]


def with_history(
    field: xr.Dataset,
    study: Study,
    intake: Intake | None = None,
    folder: Path | None = None,
    deliveries: Deliveries | None = None,
) -> xr.Dataset:
    """
    A month's field, and the months between those that it compares.

    What a month's mean is depends on that month's data only, so each value is the one that was
    ranked when its own month was published, as far as the same data were there.

    Parameters
    ----------
    field : Dataset (cell, time)
        Months M-12, M-1, M, from ``monthly_field``.
    study : Study
    intake : Intake, optional
        Of the month; gets the files of the other months.
    folder : Path, optional
        ``OUT/<study id>``: the other months are kept there as ``history-YYYY-MM.parquet``.
    deliveries : Deliveries, optional
        Of the run.

    Returns
    -------
    Dataset (cell, time) of thirteen months, oldest first: ``pm25, pm25_error`` (ug/m3), ``coverage``,
    ``n_valid``, ``valid``, and ``why`` a value is missing or not valid; the cells' places as in ``field``

    Raises
    ------
    DataError
        A file of these months is refused, or implausible (``quality.plausible.gate``).

    Examples
    --------
    >>> from hotspot.estimate.field.monthly import monthly_field
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> history = with_history(monthly_field(small)[0], small.study)
    >>> history["pm25"].notnull().any("cell").values.astype(int).tolist()   # ten months were not delivered
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    """
    known, month = contracts.months_in(field), contracts.named(field)
    names = history_months(month)
    others = [name for name in names if name not in known]
    path = None if folder is None else Path(folder) / f"history-{month}.parquet"
    stamp = stamp_of(study, names[-1], _cells_digest(study), libraries=_LIBRARIES)
    listing = listing_of(study, study.satellite, study.stations, study.decisions)
    deliveries = deliveries or Deliveries(study, folder)
    record = kept(path, stamp, deliveries.intake(), lambda: other_months(deliveries, others), listing=listing)
    if intake is not None:
        for name, _ in json.loads(record.attrs["inputs"]):
            intake.register(study.root / name)
    between = record.sel(cell=field["cell"].values)
    between = between.drop_vars([name for name in between.coords if name not in ("cell", "time")])
    own = field[list(contracts.VALUES)].drop_vars("month", errors="ignore").drop_attrs()
    both = xr.concat(
        [own, between[list(contracts.VALUES)]],
        dim="time",
        data_vars="minimal",
        coords="minimal",
    )
    return contracts.checked(both.sortby("time").transpose("cell", "time").assign_attrs(field.attrs))


def other_months(deliveries: Deliveries, names: list[str]) -> xr.Dataset:
    """
    Months of a study as the deliveries give them.

    Parameters
    ----------
    names : sequence of str, "YYYY-MM", oldest first

    Returns
    -------
    Dataset (cell, time) as ``with_history`` has it; attribute ``inputs``: JSON of (path, sha256) pairs

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> other_months(Deliveries(synthetic_month(size="small").study), ["2030-01"])["why"].values[0, 0]
    'neither satellite nor stations were delivered'
    """
    from hotspot.estimate.field.dataset import empty
    from hotspot.estimate.field.monthly import months_field
    from hotspot.quality.plausible.gate import admit
    from hotspot.quality.signed.decisions import kinds_to_open

    study = deliveries.study
    cells, intake = study.cells, deliveries.intake()
    kinds = kinds_to_open(study, "satellite", "reference")
    try:
        delivered = admit(deliveries.months(names, kinds=kinds, intake=intake), names)
        field = months_field(delivered, cells, names)
    except NothingDelivered:
        field = empty(cells, names, "neither satellite nor stations were delivered")
    inputs = sorted((r.path, r.sha256) for r in intake.files.values() if not r.refused)
    plain = field[list(contracts.VALUES)].reset_coords(drop=True).drop_attrs()
    plain = plain.assign_coords(cell=field["cell"].values.astype(str), time=field["time"].values)
    return plain.assign_attrs(inputs=json.dumps(inputs, ensure_ascii=False))


def _cells_digest(study: Study) -> str:
    """The cells, as text to compare by: their codes are their places."""
    return hashlib.sha256("\n".join(np.sort(study.cells["cell"].values.astype(str))).encode()).hexdigest()
