"""
Everything that was delivered for one month, or one year, of a study.

Only what the month needs is read: the month itself, the month before, and the
same month of the year before. A kind of data that was not delivered is ``None``,
and the reason stands in the notes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from hotspot.contracts.records import Delivered
from hotspot.deliveries import KINDS
from hotspot.foreign.answered import answered
from hotspot.patterns import find_files
from hotspot.rules.calendar import month_minus, months_told, parse_month, year_months
from hotspot.rules.reasons import months_back
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.study import Study
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd

# Degrees around the study in which facilities are kept: far beyond any ring that is searched.
_MARGIN = 1.0


def open_month(
    study: Study, month: str, *, intake: "Intake | None" = None, kinds: Collection[str] = KINDS
) -> Delivered:
    """
    Open what a month's list needs: the month, the one before, and the year before.

    Parameters
    ----------
    study : Study
    month : str, "YYYY-MM"
    intake : Intake, optional
        Record to add to; default a new one.
    kinds : collection of str
        Which of ``satellite reference stations weather facilities`` to read.

    Returns
    -------
    Month

    Raises
    ------
    DataError
        A file is refused, something is not declared, or nothing at all was
        delivered for these months.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> small = synthetic_month(size="small")
    >>> month = open_month(small.study, small.month, kinds=("reference", "facilities"))
    >>> dict(month.reference.sizes) == dict(small.reference.sizes), month.satellite is None
    (True, True)
    """
    parse_month(month)
    months = [*(month_minus(month, back) for back in months_back(study.criteria.warning.k)), month]
    return _open(study, month, months, intake, kinds)


def open_year(
    study: Study,
    year: int,
    *,
    intake: "Intake | None" = None,
    kinds: Collection[str] = ("satellite", "reference", "stations"),
) -> Delivered:
    """
    Open a calendar year, on which hotspots are selected.

    Parameters
    ----------
    study : Study
    year : int
    intake : Intake, optional
    kinds : collection of str
        As in ``open_month``; a selection needs neither weather nor facilities.

    Returns
    -------
    Month, whose ``month`` is the year

    Raises
    ------
    DataError
        As for ``open_month``.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> year = open_year(synthetic_month(size="small").study, 2024, kinds=("reference",))
    >>> year.month, year.reference.sizes["time"]
    ('2024', 8784)
    """
    return _open(study, str(int(year)), year_months(year), intake, kinds)


def open_months(
    study: Study,
    months: Sequence[str],
    *,
    intake: Intake | None = None,
    kinds: Collection[str] = ("satellite", "reference", "weather"),
) -> Delivered:
    """
    Open any months, e.g. the years from which the weather's part is learned.

    Parameters
    ----------
    months : sequence of str, "YYYY-MM", oldest first
    kinds : collection of str
        As in ``open_month``.

    Returns
    -------
    Month, whose ``month`` is the last of them

    Raises
    ------
    DataError
        As for ``open_month``.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> open_months(study, ["2024-02", "2024-03"], kinds=("weather",)).weather.sizes["time"]
    1440
    """
    for month in months:
        parse_month(month)
    return _open(study, months[-1], list(months), intake, kinds)


def _open(study: Study, name: str, months: list[str], intake: Intake | None, kinds: Collection[str]) -> Delivered:
    strange = sorted(set(kinds) - set(KINDS))
    if strange:
        raise ValueError(f"kind {strange[0]!r} is not known; give some of {', '.join(KINDS)}.")
    intake = Intake(study.root) if intake is None else intake
    satellite = _satellite(study, months, intake) if "satellite" in kinds else None
    reference = _series(study, "reference", months, intake) if "reference" in kinds else None
    # What another pollutant has no use for cannot stop it either.
    micro = _series(study, "micro", months, intake) if "stations" in kinds and study.pollutant.usual else None
    # A list rests on concentrations; weather and facilities alone make none.
    asked = {"satellite", "reference", "stations"} & set(kinds)
    if asked and satellite is None and reference is None and micro is None:
        why = "; ".join(intake.notes[-3:]) or "the study declares neither satellite nor stations"
        raise NothingDelivered(f"{name}: nothing was delivered for {months_told(months)}: {why.rstrip('.')}.")
    if not study.pollutant.usual:
        reference = _only_of(study, reference, intake)
    weather = _weather(study, months, intake) if "weather" in kinds else None
    facilities = _facilities(study, intake) if "facilities" in kinds else None
    return Delivered(study, name, satellite, reference, micro, weather, facilities, intake)


def _only_of(study: Study, reference: xr.Dataset | None, intake: Intake) -> xr.Dataset | None:
    """Reference stations with the study's own pollutant and nothing else; what else is not made of it is noted."""
    of = study.pollutant
    if reference is None:
        return None
    if of.name not in reference or not bool(reference[of.name].notnull().any()):
        had = ", ".join(map(str, reference.data_vars))
        raise NothingDelivered(f"stations: no value of {of.name} ({of.en}) in these months; they hold {had}.")
    intake.note(f"{of.name}: micro-stations and satellites are not used")
    told = reference[[of.name]]
    return told.assign_attrs(gas_state=of.state(months_of(told)[-1]) or told.attrs.get("gas_state", ""))


def months_of(stations: xr.Dataset) -> list[str]:
    """Local months of an hourly series, in order."""
    local = stations["time"].values + np.timedelta64(round(60 * float(stations.attrs["utc_offset"])), "m")
    return sorted({str(month) for month in np.unique(local.astype("datetime64[M]"))})


def _each(deliveries: Iterable[Any], read: Callable[[Any], Any], intake: Intake) -> list[Any]:
    """What each delivery holds; one that holds nothing of these months is noted."""
    found = []
    for delivery in deliveries:
        try:
            with answered(f"{type(delivery).__name__.lower()} {', '.join(delivery.files)[:200]}"):
                found.append(read(delivery))
        except NothingDelivered as error:
            intake.note(str(error))
    return found


def _satellite(study: Study, months: list[str], intake: Intake) -> xr.DataArray | None:
    from hotspot.sources.satellite.satellite import open_satellite

    fields = _each(
        study.satellite,
        lambda d: open_satellite(d, study.root, intake, utc_offset=study.utc_offset, months=months),
        intake,
    )
    if len(fields) < 2:
        return fields[0] if fields else None
    first = fields[0]
    for other in fields[1:]:
        same = first.x.equals(other.x) and first.y.equals(other.y)
        if not same or any(first.attrs.get(key) != other.attrs.get(key) for key in ("crs", "period", "product")):
            raise DataError(
                "satellite: two deliveries differ in grid, period or product; one study ranks on one product, "
                "so take one [[satellite]] entry out."
            )
    joined = xr.concat(fields, dim="time", combine_attrs="override").sortby("time")
    if not joined.indexes["time"].is_unique:
        raise DataError("satellite: two deliveries hold the same period; take one [[satellite]] entry out.")
    return joined.assign_attrs(layers=[layer for field in fields for layer in field.attrs.get("layers", ())])


def _series(study: Study, role: str, months: list[str], intake: Intake) -> xr.Dataset | None:
    from hotspot.sources.stations.stations import read_stations

    deliveries = [delivery for delivery in study.stations if delivery.role == role]
    read = _each(
        deliveries,
        lambda d: read_stations(d, study.root, intake, utc_offset=study.utc_offset, months=months),
        intake,
    )
    holding = []
    for delivery, dataset in zip(deliveries, read, strict=True):
        if any(bool(values.notnull().any()) for values in dataset.data_vars.values()):
            holding.append(dataset)
        else:
            aside = intake.told_aside(
                {intake.name(path) for path in find_files(study.root, delivery.files, "stations")}
            )
            why = "; ".join([f"no value in {months_told(months)}", *aside])
            intake.note(f"stations {', '.join(delivery.files)}: {why}")
    if not holding:
        return None
    joined = join_stations(holding, intake)
    _note_outside(study, joined, intake)
    return joined


def _note_outside(study: Study, stations: xr.Dataset, intake: Intake) -> None:
    """Name stations in no cell of the study; they still help the field at its edge (RELIABILITY C4: 84)."""
    column, row = study.grid.locate(stations["lon"].values, stations["lat"].values)
    outside = ~np.isin(np.asarray(study.grid.code(column, row)).astype(str), study.cells["cell"].values.astype(str))
    if outside.any():
        names = [str(name) for name in stations["station"].values[outside]]
        intake.note(
            f"stations in no cell of the study: {len(names)} ({', '.join(names[:5])}{' ...' if len(names) > 5 else ''})"
        )


def join_stations(datasets: Sequence[xr.Dataset], intake: Intake) -> xr.Dataset:
    """
    One Dataset of several deliveries on the same hours.

    A station that two deliveries name at the same place is one station: their
    variables are joined, and an hour for which they say different things is missing.

    Parameters
    ----------
    datasets : list of Dataset (station, time)

    Returns
    -------
    Dataset (station, time)

    Raises
    ------
    DataError
        One id stands at two places.

    Examples
    --------
    >>> import xarray as xr
    >>> def one(name, values):
    ...     at = {"station": ["A"], "name": ("station", ["A"]), "lon": ("station", [116.4]), "lat": ("station", [39.9])}
    ...     return xr.Dataset({name: (("station", "time"), [values])}, at | {"time": [0, 1]})
    >>> joined = join_stations([one("pm25", [1.0, 2.0]), one("pm25", [1.0, 3.0]), one("so2", [7.0, 8.0])], Intake("."))
    >>> joined["pm25"].values.tolist(), joined["so2"].values.tolist()
    ([[1.0, nan]], [[7.0, 8.0]])
    """
    if len(datasets) == 1:
        return datasets[0]
    stations = sorted({str(name) for dataset in datasets for name in dataset["station"].values})
    place: dict[str, tuple] = {}
    values: dict[str, np.ndarray] = {}
    attrs: dict[str, dict] = {}
    n_clash = 0
    for dataset in datasets:
        rows = np.searchsorted(stations, dataset["station"].values.astype(str))
        for at, row in enumerate(rows):
            here = dataset.isel(station=at)
            lon, lat = float(here["lon"]), float(here["lat"])
            known = place.setdefault(stations[row], (str(here["name"].values), lon, lat))
            if abs(known[1] - lon) > 0.001 or abs(known[2] - lat) > 0.001:
                raise DataError(
                    f"station {stations[row]} stands at {known[1]}, {known[2]} in one delivery and at {lon}, {lat} "
                    "in another; give one of them another id or take it out."
                )
        for name, variable in dataset.data_vars.items():
            whole = values.setdefault(str(name), np.full((len(stations), dataset.sizes["time"]), np.nan))
            attrs.setdefault(str(name), dict(variable.attrs))
            new, old = np.asarray(variable.values, np.float64), whole[rows]
            clash = np.isfinite(new) & np.isfinite(old) & (new != old)
            n_clash += int(clash.sum())
            whole[rows] = np.where(clash, np.nan, np.where(np.isfinite(old), old, new))
    if n_clash:
        intake.note(f"stations: {n_clash} hours for which two deliveries say different things were left empty")
    keys = sorted({key for dataset in datasets for key in dataset.attrs})
    merged = {}
    for key in keys:
        said = list(dict.fromkeys(dataset.attrs[key] for dataset in datasets if key in dataset.attrs))
        merged[key] = said[0] if len(said) == 1 else "; ".join(map(str, said))
    return xr.Dataset(
        {name: (("station", "time"), array, attrs[name]) for name, array in values.items()},
        coords={
            "station": ("station", np.array(stations, dtype=object)),
            "name": ("station", np.array([place[name][0] for name in stations], dtype=object)),
            "lon": ("station", np.array([place[name][1] for name in stations])),
            "lat": ("station", np.array([place[name][2] for name in stations])),
            "time": datasets[0]["time"],
        },
        attrs=merged,
    )


def _weather(study: Study, months: list[str], intake: Intake) -> xr.Dataset | None:
    from hotspot.sources.weather.weather import open_weather

    found = _each(
        study.weather,
        lambda d: open_weather(d, study.root, intake, utc_offset=study.utc_offset, months=months),
        intake,
    )
    if len(found) > 1:
        intake.note(f"weather: {len(found)} deliveries; the first of the study file is used")
    return found[0] if found else None


def _facilities(study: Study, intake: Intake) -> "gpd.GeoDataFrame":
    from hotspot.sources.places.facilities import load_facilities

    if not study.facilities:
        return load_facilities((), study.root, intake)
    return load_facilities(study.facilities, study.root, intake, bounds=around(study))


def around(study: Study) -> tuple[float, float, float, float]:
    """West, south, east and north of where sources of a study are kept, degrees."""
    west, south, east, north = study.boundaries.total_bounds
    return west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN
