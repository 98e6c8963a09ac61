"""
The field: values of cells and months, the months by their names, checked when it is made.

A month is picked by its name here and nowhere by its place, so a field with more months, or with months in another
order, gives the same answer or a sentence; it never answers for another month.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NewType, TypeVar, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from hotspot.contracts.cf import dressed
from hotspot.rules.calendar import month_minus, month_of, month_start, parse_month
from hotspot.rules.pollutants import SLOT, Pollutant, pollutant
from hotspot.variables import DataError

# A Dataset that came through this module: for a reader of types, and for mypy.
if TYPE_CHECKING:
    Field = NewType("Field", xr.Dataset)
else:
    Field = xr.Dataset
T = TypeVar("T", xr.Dataset, xr.DataArray)
VALUES = ("pm25", "pm25_error", "coverage", "n_valid", "valid", "why")
_SOURCE = "give the Dataset of monthly_field, months_field or contracts.field"


def field(
    cells: xr.Dataset,
    months: Sequence[str],
    value: NDArray[np.float64],
    *,
    coverage: NDArray[np.float64],
    n_valid: NDArray[np.float64],
    valid: NDArray[np.bool_],
    why: NDArray[np.object_],
    error: NDArray[np.float64] | None = None,
) -> Field:
    """
    A field from plain arrays, with the cells' coordinates on it.

    Parameters
    ----------
    cells : Dataset (cell)
    months : sequence of str, "YYYY-MM"
    value, coverage, n_valid, error : float arrays (cell, month); ug/m3, 1, days, ug/m3
    valid : bool array (cell, month), may be ranked
    why : object array (cell, month) of str, why not

    Returns
    -------
    Field: Dataset (cell, time) of ``pm25, pm25_error, coverage, n_valid, valid, why``; ``time`` is the first
    instant of a month and ``month`` its name

    Raises
    ------
    DataError
        What ``checked`` refuses.

    Examples
    --------
    >>> cells = xr.Dataset(coords={"cell": ["A"]})
    >>> one = np.ones((1, 2))
    >>> why = np.full((1, 2), "", dtype=object)
    >>> made = field(cells, ["2020-01", "2020-02"], one, coverage=one, n_valid=one, valid=one > 0, why=why)
    >>> months_in(made), of_month(made, "2020-02")["pm25"].values.tolist()
    (['2020-01', '2020-02'], [1.0])
    """
    shape = (cells.sizes["cell"], len(months))
    given = {"pm25": value, "coverage": coverage, "n_valid": n_valid, "valid": valid, "why": why}
    for name, array in given.items():
        if np.shape(array) != shape:
            raise DataError(
                f"field: {name} has shape {np.shape(array)}; give one value for each of {shape[0]} cells and "
                f"{shape[1]} months."
            )
    dims = ("cell", "time")
    unknown = np.full(shape, np.nan)
    made = xr.Dataset(
        {
            "pm25": (dims, value),
            "pm25_error": (dims, unknown if error is None else error),
            "coverage": (dims, coverage),
            "n_valid": (dims, n_valid.astype(float)),
            "valid": (dims, valid.astype(bool)),
            "why": (dims, why.astype(object)),
        },
        along_cell(cells) | {"time": np.array([month_start(name) for name in months])},
        {name: cells.attrs[name] for name in ("lattice_id", "spacing", "crs") if name in cells.attrs},
    )
    return checked(made)


def checked(dataset: xr.Dataset) -> Field:
    """
    The Dataset as a field: what it must be is checked, months get their names, variables their CF attributes.

    Parameters
    ----------
    dataset : Dataset (cell, time), or (cell) for a year
        Any field; values are not changed.

    Returns
    -------
    Field, a shallow copy

    Raises
    ------
    DataError
        A variable is lacking or has other dimensions, a cell or a month stands twice, a time is no first day of a
        month, a share is outside 0 to 1, an error is negative, or a value is said to be valid and why it is not.

    Examples
    --------
    >>> checked(xr.Dataset({"pm25": ("cell", [1.0])}, {"cell": ["A"]}))
    Traceback (most recent call last):
    hotspot.variables.DataError: field: pm25_error is lacking; ...
    """
    dims = {"cell", "time"} if "time" in dataset.dims else {"cell"}
    if "cell" not in dataset.dims or "cell" not in dataset.coords:
        had = ", ".join(map(str, dataset.dims)) or "none"
        raise DataError(f"field: it has no cells (its dimensions: {had}); {_SOURCE}.")
    for name in VALUES:
        if name not in dataset:
            raise DataError(f"field: {name} is lacking; a field has {', '.join(VALUES)}.")
        if not set(dataset[name].dims) <= dims or "cell" not in dataset[name].dims:
            raise DataError(f"field: {name} lies along {dataset[name].dims}; a field lies along cell and time.")
    if not dataset.indexes["cell"].is_unique:
        twice = dataset.indexes["cell"][dataset.indexes["cell"].duplicated()][0]
        raise DataError(f"field: cell {twice} stands twice; give each cell once.")
    _refuse_values(dataset)
    if "time" in dims:
        names = months_in(dataset)
        dataset = dataset.assign_coords(month=("time", np.array(names, dtype="<U7")))
    return cast(Field, dressed(dataset))


def pollutant_of(dataset: xr.Dataset) -> Pollutant:
    """
    What a field is of: its own attribute ``variable``, PM2.5 where it has none, in the words of its ``own_words``.

    Whoever writes asks here for names, words and digits; the values stand in ``pm25`` whatever it is.

    Raises
    ------
    DataError
        There is no such pollutant, or its words are none.

    Examples
    --------
    >>> pollutant_of(xr.Dataset(attrs={"variable": "o3"})).column("pm25_error"), pollutant_of(xr.Dataset()).name
    ('o3_error', 'pm25')
    """
    return pollutant(str(dataset.attrs.get("variable", SLOT))).speaking(str(dataset.attrs.get("own_words", "")))


def months_in(dataset: xr.Dataset | xr.DataArray) -> list[str]:
    """
    The names of the months of a field, in the order in which they stand in it.

    Raises
    ------
    DataError
        There are no months, a time is no first instant of one, or a month stands twice.

    Examples
    --------
    >>> year = np.array(["2020-02", "2019-02"], dtype="datetime64[M]").astype("datetime64[ns]")
    >>> months_in(xr.Dataset(coords={"time": year}))
    ['2020-02', '2019-02']
    """
    if "time" not in dataset.coords:
        had = ", ".join(map(str, dataset.dims)) or "none"
        raise DataError(f"the field has no months (its dimensions: {had}); {_SOURCE}.")
    time = np.atleast_1d(dataset["time"].values)
    if not np.issubdtype(time.dtype, np.datetime64):
        raise DataError(f"field: its times are {time.dtype}, no dates; a month is its first day, datetime64.")
    if time.size and (np.isnat(time).any() or (time != time.astype("datetime64[M]")).any()):
        raise DataError("field: a time is not the first day of a month; average days to months first (monthly_field).")
    names = [str(month_of(one)) for one in time]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"the field holds {twice[0]} {names.count(twice[0])} times; give each month once.")
    return names


def named(dataset: xr.Dataset) -> str:
    """
    The month a field is of: the one its attribute ``month`` names, else its last.

    Raises
    ------
    DataError
        It has no months, or not the one it is named after.

    Examples
    --------
    >>> year = np.array(["2020-02", "2019-02", "2020-01"], dtype="datetime64[M]").astype("datetime64[ns]")
    >>> named(xr.Dataset(coords={"time": year})), named(xr.Dataset(coords={"time": year}, attrs={"month": "2020-01"}))
    ('2020-02', '2020-01')
    """
    names = months_in(dataset)
    if not names:
        raise DataError(f"the field has no month; {_SOURCE}.")
    said = dataset.attrs.get("month")
    if said is None:
        return max(names)
    if said not in names:
        raise DataError(f"the field is of {said}, but holds {', '.join(sorted(names))} only; give the whole field.")
    return str(said)


def compared_months(month: str, backs: Sequence[int] = (12, 1)) -> tuple[str, ...]:
    """
    The months a warning list compares, oldest first: the same month last year, last month, this month.

    Parameters
    ----------
    backs : sequence of int
        How many months back the bases lie, from ``rules.reasons.months_back``.

    Examples
    --------
    >>> compared_months("2020-02"), compared_months("2020-02", (12, 3, 1))
    (('2019-02', '2020-01', '2020-02'), ('2019-02', '2019-11', '2020-01', '2020-02'))
    """
    return (*(month_minus(month, back) for back in sorted(set(backs), reverse=True)), month)


def compared(dataset: xr.Dataset, month: str | None = None, backs: Sequence[int] = (12, 1)) -> xr.Dataset:
    """
    The months that the list of a month compares, oldest first, out of however many there are.

    Parameters
    ----------
    dataset : Dataset (cell, time)
        Months in any order.
    month : str, optional
        Default ``named(dataset)``.
    backs : as ``compared_months``

    Returns
    -------
    Dataset (cell, time) of M-12, M-1, M, named after M

    Raises
    ------
    DataError
        One of the months is lacking or stands twice.

    Examples
    --------
    >>> year = np.arange("2019-02", "2020-03", dtype="datetime64[M]").astype("datetime64[ns]")
    >>> months_in(compared(xr.Dataset(coords={"time": year[::-1]})))
    ['2019-02', '2020-01', '2020-02']
    """
    month = named(dataset) if month is None else month
    wanted = compared_months(month, backs)
    have = months_in(dataset)
    for name in wanted:
        if name not in have:
            raise DataError(
                f"the field holds {name} 0 times (it has {', '.join(have)}); a warning list of {month} compares "
                f"{', '.join(wanted)}, each once: give the field of monthly_field."
            )
    at = [have.index(name) for name in wanted]
    kept = dataset if at == list(range(len(have))) else dataset.isel(time=np.array(at))
    return kept.assign_attrs(month=month) if kept.attrs.get("month") != month else kept


def of_month(dataset: T, month: str | None = None) -> T:
    """
    One month of a field, by its name; without ``time``.

    Parameters
    ----------
    dataset : Dataset or DataArray (cell, time)
    month : str, optional
        Default ``named(dataset)``.

    Returns
    -------
    the same (cell)

    Raises
    ------
    DataError
        The month is not in it.

    Examples
    --------
    >>> year = np.array(["2020-02", "2019-02"], dtype="datetime64[M]").astype("datetime64[ns]")
    >>> one = xr.Dataset({"pm25": (("cell", "time"), [[1.0, 2.0]])}, {"cell": ["A"], "time": year})
    >>> of_month(one)["pm25"].item(), of_month(one["pm25"], "2019-02").item()
    (1.0, 2.0)
    """
    if month is None:
        month = named(dataset) if isinstance(dataset, xr.Dataset) else max(months_in(dataset))
    parse_month(month)
    have = months_in(dataset)
    if month not in have:
        raise DataError(f"the field has no {month}; it holds {', '.join(sorted(have))}.")
    return dataset.isel(time=have.index(month)) if "time" in dataset.dims else dataset


def values_of(dataset: xr.Dataset, name: str, month: str | None = None) -> NDArray[Any]:
    """
    The values of one variable in one month, an array over cells; of a variable without months, all of it.

    Parameters
    ----------
    dataset : Dataset (cell, time)
    name : str, a variable of it
    month : str, optional
        Default ``named(dataset)``.

    Returns
    -------
    array (cell)

    Examples
    --------
    >>> year = np.array(["2020-02", "2019-02"], dtype="datetime64[M]").astype("datetime64[ns]")
    >>> one = xr.Dataset({"pm25": (("cell", "time"), [[1.0, 2.0]])}, {"cell": ["A"], "time": year})
    >>> values_of(one, "pm25", "2019-02")
    array([2.])
    """
    if "time" not in dataset[name].dims:
        return np.asarray(dataset[name].values)
    month = named(dataset) if month is None else month
    return np.asarray(of_month(dataset[name], month).values)


def in_order(dataset: T) -> T:
    """
    The same with its months oldest first.

    Examples
    --------
    >>> year = np.array(["2020-02", "2019-02"], dtype="datetime64[M]").astype("datetime64[ns]")
    >>> in_order(xr.DataArray([1.0, 2.0], {"time": year}, "time")).values.tolist()
    [2.0, 1.0]
    """
    months_in(dataset)
    return dataset.sortby("time")


def along_cell(cells: xr.Dataset, dim: str = "cell") -> dict[str, Any]:
    """
    The coordinates that lie along ``cell``, or another dimension, only.

    Examples
    --------
    >>> sorted(along_cell(xr.Dataset(coords={"cell": ["A"], "x": ("cell", [0.0]), "time": [0]})))
    ['cell', 'x']
    """
    return {str(name): coord for name, coord in cells.coords.items() if coord.dims == (dim,)}


def _refuse_values(dataset: xr.Dataset) -> None:
    """Laws of a field's values: shares are shares, errors are not negative, a reason is given only where needed."""
    share, error = dataset["coverage"].values, dataset["pm25_error"].values
    with np.errstate(invalid="ignore"):
        if ((share < -1e-9) | (share > 1 + 1e-9)).any():
            raise DataError(f"field: coverage goes up to {np.nanmax(share):g}; it is a share from 0 to 1.")
        if (error < 0).any():
            raise DataError("field: an error is negative; pm25_error is one standard deviation, NaN where unknown.")
    if dataset["valid"].dtype != bool:
        raise DataError(f"field: valid is {dataset['valid'].dtype}; it says yes or no (bool) for each cell.")
    odd = dataset["valid"] & (dataset["why"] != "")
    if bool(odd.any()):
        where = dataset["cell"].values[np.flatnonzero(odd.any([d for d in odd.dims if d != "cell"]).values)[0]]
        raise DataError(f"field: cell {where} is valid and has a reason why it is not; give one of the two.")
