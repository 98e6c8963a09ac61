"""
The weather taken out: what a cell's concentration would have been in average
weather, and what it is in stagnant weather with transport, rain, terrain and
boundary layer removed (D3) - the level that selects hotspots.
"""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hotspot.estimate.fine.blocks import make_blocks
from hotspot.estimate.level.background import regional_background
from hotspot.estimate.weather.block_level import Block, Setting, level_of_block
from hotspot.estimate.weather.level_dataset import level_dataset, to_years
from hotspot.estimate.weather.model import calendar_columns, folds_of
from hotspot.estimate.weather.rows import WeatherTable, weather_steps, weather_table
from hotspot.estimate.weather.stagnation import stagnant_rows
from hotspot.estimate.weather.terrain_factor import terrain_factor, terrain_signal
from hotspot.in_order import in_order, pool
from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.rules.calendar import offset_hours
from hotspot.rules.criteria import Criteria, Normalisation
from hotspot.variables import CoverageWarning, DataError

if TYPE_CHECKING:
    import xarray as xr

REMOVABLE = ("transport", "precipitation", "terrain", "boundary_layer")
_AVERAGES = ("all", "season")
_EVERY = ("month", "year", "step")


def normalise(
    field: "xr.Dataset", weather: "xr.Dataset", *, utc_offset: float, terrain: "xr.Dataset | None" = None,
    background: "xr.DataArray | None" = None, criteria: Criteria | None = None, remove: tuple[str, ...] = REMOVABLE,
    average: str = "all", every: str = "month", variable: str = "pm25", stagnant: bool = True,
    workers: int | None = None, executor: Any = None,
) -> "xr.Dataset":  # fmt: skip
    """
    Take the weather out of daily cells, or of daily or hourly stations.

    Parameters
    ----------
    field : Dataset (cell, day), (station, day) or (station, time)
        ``variable`` by local day, or by UTC hour (``time``). Cells carry ``col row lon lat``,
        stations ``lon lat`` (unless the weather is that of one point).
    weather : Dataset, from ``open_weather``; may cover more years than the field
    utc_offset : float
        Hours that local time is ahead of UTC.
    terrain : Dataset (cell), optional
        Height, relief and the like, from ``terrain_index``; without it terrain is not removed.
    background : DataArray with the dims of the field, optional
        Regional baseline; default for cells ``regional_background``. Stations have none by
        default: transport is removed only as far as wind tells of it, and ``background`` and
        ``increment`` are not given.
    criteria : Criteria, optional
        Its sections ``normalisation`` and ``stagnation``.
    remove : collection of str
        Any of "transport", "precipitation", "terrain", "boundary_layer". A factor that is not
        removed stays as it was on each day. Temperature, humidity and pressure are always removed.
    average : str
        Weather rows averaged over: "all" of the climatology, or "season", the same four weeks of
        all years (Vu 2019).
    every : str
        "month" (with intervals), "year" (mean of its months, with intervals) or "step": single
        days or hours, without intervals.
    variable : str
    stagnant : bool
        False leaves out what only a level needs, more than a third of the work: values in stagnant weather,
        ``background``, ``increment``, ``moved`` and the terrain's factor. The rest is the same to the bit.
    workers : int, optional
        Processes, started afresh: a script calls this under ``if __name__ == "__main__"``. Any
        number gives the same bytes; by default a thread for each core.
    executor : concurrent.futures.Executor, optional
        Instead of own processes, e.g. ``client.get_executor()`` of a dask cluster.

    Returns
    -------
    Dataset (cell or station, time): ``pm25_normalised`` (average weather), ``pm25_stagnant`` (average
    stagnant weather, everything in ``remove`` removed), ``background``, ``increment``, each with
    ``_low`` and ``_high``; ``n_valid`` steps; by month ``pm25_normalised_change``, the share by which the month
    differs from the same one a year before, with its own ``_low`` and ``_high``; ``moved`` (cell, factor),
    share by which the removal of a factor moves the concentration of a mean day; ``terrain_factor``,
    ``cv_r2``, ``cv_rmse`` (cell).
    Attrs: the settings, ``cv_r2`` and ``cv_rmse`` (log units, months left out), ``moved_FACTOR``.

    Raises
    ------
    DataError
        Too few days with data and weather, monthly data, or a coordinate is missing.

    Warns
    -----
    CoverageWarning
        Something asked to be removed could not be.

    Notes
    -----
    Trees of log concentration on calendar, weather, its history and its regional mean, one model
    per block of cells (``blocks``) or per station; weather averaged out exactly (METHODS 6.4),
    never the season (Wu 2022). Values stay residual-adjusted: what the model does not explain is
    kept, so a source that stops shows fully. The mean of a cell over the whole field is conserved.

    Interval: value -+ t x standard error, the variance that of a bootstrap of ``block_days``-day
    blocks (in closed form) plus the jackknife of the refits; multiplicative where values are
    positive by nature. A month's normalised value also carries the seasonal part that all cells may
    share (``shared.seasonal_spread``, attribute ``seasonal_spread``); a same-month change does not, and its
    interval has the size that the data show (``shared.same_month_change``, attribute
    ``change_error_ratio``). Measurement error is in neither.

    Examples
    --------
    A station under one weather: windy days are clean, and the second year emits half.

    >>> import xarray as xr
    >>> day = np.arange("2023-01-01", "2025-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> wind = 2 + np.abs(np.random.default_rng(0).normal(0, 2, day.size))
    >>> weather = xr.Dataset({"u10": ("time", wind), "v10": ("time", 0 * wind)}, {"time": day})
    >>> pm25 = 200 / wind * np.where(np.arange(day.size) < 365, 1.0, 0.5)
    >>> field = xr.Dataset({"pm25": (("station", "day"), pm25[None])}, {"station": ["a"], "day": day})
    >>> from hotspot.rules.criteria import Criteria, Stagnation
    >>> criteria = Criteria(stagnation=Stagnation(definition="surface_wind"))
    >>> level = normalise(field, weather, utc_offset=8, remove=("transport",), every="year", criteria=criteria)
    >>> level["pm25_normalised"].values.round(-1).tolist()
    [[60.0, 30.0]]
    """
    criteria = Criteria() if criteria is None else criteria
    rules = criteria.normalisation
    if variable in field and field[variable].attrs.get("unit") == "mg/m3":
        rules = rules.model_copy(update={"floor": rules.floor / 1000.0})
    _check(remove, average, every)
    place, values, time, hourly = _series(field, variable, utc_offset)
    per_day = 24 if hourly else 1
    steps = weather_steps(
        weather, utc_offset=utc_offset, step="hour" if hourly else "day", stagnation=criteria.stagnation
    )
    groups = _groups_of_cells(field, place, rules)
    lon, lat = _centres(field, place, groups, steps)
    table = weather_table(steps, lon, lat, per_day=per_day)
    setting, stamps = _setting(time, table, rules, remove, average, every, hourly)
    setting = setting._replace(levels=stagnant)
    at = _positions(table.time, time)
    _require_common_days(variable, values, time, table, at, rules.min_days * per_day)
    calm, said = stagnant_rows(table.steps, criteria.stagnation, per_day=per_day)
    given, factor, flat, behind = background is not None, None, None, None
    transport = "wind and regional background" if given or place == "cell" else "wind only"
    if not stagnant:
        background, calm = None, np.zeros_like(calm)
    else:
        if not given and place == "cell":
            background = regional_background(field, criteria, steps=steps, variable=variable)
        behind = None if background is None else background.transpose(place, ...).values
        factor, flat = _terrain(field, terrain, place, values, behind, given, remove, criteria, steps, variable)

    def blocks() -> Iterator[Block]:
        for number, members in enumerate(groups):
            yield _block(number, members, values, (behind, flat), factor, table, at, calm)

    each = partial(level_of_block, setting=setting, by_step=every == "step")
    with pool(workers, executor) as runs:
        results = in_order(each, blocks(), runs, ahead=4 * max(workers or 0, 4))
    found = _gather(results, groups, len(values))
    if factor is not None:
        found |= {"terrain_factor": factor, "moved_terrain": np.abs(1 - 1 / factor)}
    if background is not None:
        with np.errstate(invalid="ignore"):  # a cell of which nothing was seen has no mean
            behind_mean, mean = (
                np.nansum(x, axis=1) / np.isfinite(x).sum(axis=1) for x in (found["background"], values)
            )
            found["moved_background"] = behind_mean / mean
    if every == "year":
        found, stamps = to_years(found, stamps)
    if every == "step" and hourly:
        stamps = stamps - offset_hours(utc_offset)
    level = level_dataset(found, field, place, variable, stamps, rules.level, monthly=every == "month")
    removed = sorted(_removed(remove, table.factor, terrain))
    return level.assign_attrs(
        unit=level[f"{variable}_normalised"].attrs["unit"], average=average, removed=", ".join(removed),
        transport=transport,
        stagnation=said["words"], stagnation_substitutes="; ".join(said["substitutes"]),
        stagnant_share=said["share"], every=every, interval=rules.level, seed=rules.seed, n_models=len(groups),
        cv_r2=float(np.nanmedian(found["r2"])), cv_rmse=float(np.nanmedian(found["rmse"])),
        **{f"moved_{name}": float(level["moved"].sel(factor=name).median()) for name in level["factor"].values},
    )  # fmt: skip


def _require_common_days(
    variable: str, values: Floats, time: Times, table: WeatherTable, at: Ints, needed: int
) -> None:
    """Refuse a field that has too few steps on which it and the weather both hold something."""
    seen, weathered = np.isfinite(values).any(axis=0), at >= 0
    weathered &= np.isfinite(table.values).all(axis=2).any(axis=0)[at]
    if (seen & weathered).sum() >= needed:
        return

    def span(times: Times) -> str:
        return f"{str(times.min())[:10]} to {str(times.max())[:10]}" if times.size else "no day"

    raise DataError(
        f"{variable}: {int((seen & weathered).sum())} steps have both a value ({span(time[seen])}) and weather "
        f"({span(table.time)}), at least {needed} are needed; deliver weather for the whole field, or a longer field."
    )


def _removed(remove: tuple[str, ...], factors: tuple[str, ...], terrain: "xr.Dataset | None") -> set[str]:
    """Factors that really were removed; the others are said aloud."""
    there = {"precipitation": "precipitation" in factors, "boundary_layer": "boundary_layer" in factors}
    there |= {"terrain": terrain is not None, "transport": True}
    done = {name for name in remove if there[name]}
    lacking = sorted(set(remove) - done)
    if lacking:
        warnings.warn(
            f"not removed, because nothing was delivered for it: {', '.join(lacking)}", CoverageWarning, stacklevel=3
        )
    return done


def _check(remove: tuple[str, ...], average: str, every: str) -> None:
    wrong = sorted(set(remove) - set(REMOVABLE))
    if wrong:
        raise ValueError(f"remove has {wrong[0]!r}; give any of {', '.join(REMOVABLE)}.")
    if average not in _AVERAGES:
        raise ValueError(f"average is {average!r}; give one of {', '.join(_AVERAGES)}.")
    if every not in _EVERY:
        raise ValueError(f"every is {every!r}; give one of month, year, step.")


def _series(field: "xr.Dataset", variable: str, utc_offset: float) -> tuple[str, Floats, Times, bool]:
    """Dimension of the places, float array (place, time), local times, and whether they are hours."""
    if variable not in field:
        raise DataError(f"{variable} is not in the field; it has {', '.join(map(str, field.data_vars))}.")
    data = field[variable]
    place = next((name for name in ("cell", "station") if name in data.dims), None)
    other = [name for name in data.dims if name != place]
    if place is None or len(other) != 1 or other[0] not in ("day", "time"):
        raise DataError(f"{variable} has the dims {data.dims}; give (cell, day), (station, day) or (station, time).")
    time: Times = data[other[0]].values.astype("datetime64[ns]")
    if time.size < 2 or (np.diff(time) <= np.timedelta64(0)).any():
        raise DataError(f"{variable}: fewer than two times, or not in order; sort them first.")
    spacing = np.median(np.diff(time)) / np.timedelta64(1, "h")
    if spacing > 24:
        raise DataError(f"{variable}: steps of {spacing / 24:.0f} days; weather acts by the day, give days or hours.")
    hourly = bool(spacing < 24)
    local = time + offset_hours(utc_offset) if hourly else time.astype("datetime64[D]").astype("datetime64[ns]")
    return place, data.transpose(place, other[0]).values, local, hourly


def _groups_of_cells(field: "xr.Dataset", place: str, rules: Normalisation) -> list[Ints]:
    """Positions that share one model: blocks of cells, or each station alone."""
    if place == "station":
        return [np.array([n]) for n in range(field.sizes["station"])]
    for name in ("col", "row"):
        if name not in field.coords:
            raise DataError(f"the cells carry no {name}; give a field made from Study.cells.")
    return make_blocks(field["col"].values, field["row"].values, rules.block_cells)


def _centres(field: "xr.Dataset", place: str, groups: list[Ints], steps: "xr.Dataset") -> tuple[Floats, Floats]:
    """Longitude and latitude of each group, for the weather there."""
    if steps["u10"].ndim == 1:
        return np.zeros(1), np.zeros(1)
    for name in ("lon", "lat"):
        if name not in field.coords:
            raise DataError(f"the {place}s carry no {name}, which gridded weather needs; give the field with places.")
    lon, lat = (np.array([field[name].values[members].mean() for members in groups]) for name in ("lon", "lat"))
    return lon, lat


def _setting(
    time: Times,
    table: WeatherTable,
    rules: Normalisation,
    remove: tuple[str, ...],
    average: str,
    every: str,
    hourly: bool,
) -> tuple[Setting, Times]:
    """What all blocks share, and the first instants of the periods."""
    first = min(time[0], table.time[0])
    month = time.astype("datetime64[M]")
    start = time if every == "step" else np.unique(month)
    period = np.arange(len(time)) if every == "step" else np.searchsorted(start, month)
    day = (time.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    # The last days of a month join its last block.
    chunk = np.minimum(day // rules.block_days, max(30 // rules.block_days - 1, 0))
    _, chunk = np.unique(np.column_stack([month.astype(np.int64), chunk]), axis=0, return_inverse=True)
    weather = frozenset(remove) - {"terrain"} | {"air_mass"}
    _, month_number = np.unique(month, return_inverse=True)
    setting = Setting(
        calendar_columns(time, first, hourly=hourly), folds_of(time, rules.folds), month_number, period, chunk.ravel(),
        table.factor, weather, rules.season_days if average == "season" else None, _day_of_year(time), rules, hourly,
    )  # fmt: skip
    return setting, start.astype("datetime64[ns]")


def _day_of_year(time: Times) -> Ints:
    """Day of the year of local times, from 0."""
    return (time.astype("datetime64[D]") - time.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)


def _positions(have: Times, want: Times) -> Ints:
    """Position in ``have`` of each of ``want``, -1 where it is not."""
    at = np.minimum(np.searchsorted(have, want), len(have) - 1)
    return np.where(have[at] == want, at, -1)


def _terrain(
    field: "xr.Dataset",
    terrain: "xr.Dataset | None",
    place: str,
    values: Floats,
    background: Floats | None,
    given: bool,
    remove: tuple[str, ...],
    criteria: Criteria,
    steps: "xr.Dataset",
    variable: str,
) -> tuple[Floats | None, Floats | None]:
    """Factor of every cell's terrain and the background of the region laid flat; None where it is not removed."""
    if terrain is None or "terrain" not in remove or place != "cell":
        return None, background
    terrain = terrain.reindex(cell=field["cell"].values)
    rules = criteria.normalisation
    signal = terrain_signal(values, cast(Floats, background), share=rules.terrain_days)
    factor = terrain_factor(signal, terrain, field["x"].values, field["y"].values, quantile=rules.terrain_cells)
    if given:
        return factor, background
    flat = field.assign({variable: field[variable].transpose("cell", ...) / factor[:, None]})
    return factor, regional_background(flat, criteria, steps=steps, variable=variable).values


def _block(
    number: int,
    members: Ints,
    values: Floats,
    backgrounds: tuple[Floats | None, Floats | None],
    factor: Floats | None,
    table: WeatherTable,
    at: Ints,
    calm: Flags,
) -> Block:
    """The data of one block, cut out of the whole."""
    here = number if len(table.values) > 1 else 0
    weather = np.where((at >= 0)[:, None], table.values[here][at], np.nan)
    whole = np.isfinite(table.values[here]).all(axis=1)
    background, flat = (None if one is None else one[members].astype(float) for one in backgrounds)
    terrain = np.ones(len(members)) if factor is None else factor[members]
    calm = calm[here]
    rows, days = table.values[here][whole], _day_of_year(table.time[whole])
    own = values[members].astype(float)
    return Block(own, background, flat, terrain, weather, rows, days, calm[whole], (at >= 0) & calm[at])


def _gather(results: list[dict[str, Any]], groups: list[Ints], n_place: int) -> dict[str, Floats]:
    """Block results put back in the order of the places."""
    found: dict[str, np.ndarray] = {}
    for members, one in zip(groups, results, strict=True):
        for name, values in one.items():
            if name == "moved":
                for factor, share in values.items():
                    found.setdefault(f"moved_{factor}", np.full(n_place, np.nan))[members] = share
                continue
            values = np.broadcast_to(values, (len(members), *np.shape(values)[1:]))
            found.setdefault(name, np.full((n_place, *values.shape[1:]), np.nan))[members] = values
    return found
