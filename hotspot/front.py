"""
What the public functions take: a wrong argument meets a sentence at the door, not an AttributeError five rooms later.

An argument has one meaning wherever it appears, so what fits is said once for each name. Inside the package functions
are called as they are; only whoever comes through ``hotspot`` is asked.
"""

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from numbers import Number
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from hotspot.variables import DataError


class Fit(NamedTuple):
    """What fits an argument: names of types, what they must hold, and the words for it."""

    types: tuple[str, ...]
    words: str
    dims: tuple[str, ...] = ()  # of an xarray object
    columns: tuple[str, ...] = ()  # of a table
    holds: tuple[str, ...] = ()  # variables or coordinates of an xarray object


_SET, _ARRAY = "xarray.Dataset", "xarray.DataArray"
_FRAME = "pandas.DataFrame"
_NUMBERS = ("numpy.ndarray", _ARRAY, "pandas.Series", "list", "tuple", "number")
_STATIONS = Fit((_SET,), "a Dataset (station, time) of hours, such as month.stations", ("station", "time"))
_WEATHER = Fit((_SET,), "a Dataset (time, ...), such as month.weather", ("time",))
_FIELD = Fit((_SET,), "a Dataset (cell, time) of months, from monthly_field", ("cell", "time"), holds=("pm25", "valid"))
_CELLS = Fit((_SET,), "a Dataset (cell), from Study.cells", ("cell",))
_DAILY = Fit((_SET,), "a Dataset (cell, day) or (cell, time), from monthly_field or daily_means")
_WARNED = Fit((_FRAME,), "a DataFrame, from rank_warnings", columns=("cell", "city", "reason"))
_HOT = Fit((_FRAME,), "a DataFrame, from open_hotspots or select_hotspots", columns=("cell", "city", "status"))
_TABLE = Fit((_FRAME,), "a DataFrame")
_MONTH = Fit(("str",), 'the name of a month, such as "2020-02"')
_YEAR = Fit(("number",), "a year, such as 2020")
_PATH = Fit(("str", "path"), "a path (str or Path)")
_STUDY = Fit(("hotspot.study.Study", "str", "path"), "a Study, from load_study, or the path of its file")
_CRITERIA = Fit(("hotspot.rules.criteria.Criteria",), "Criteria, such as study.criteria")
_INTAKE = Fit(("hotspot.sources.intake.Intake",), "an Intake, such as month.intake")
_TEXT = Fit(("str",), "a text")
_MONTHS = Fit(("list", "tuple", "numpy.ndarray"), 'names of months, such as ["2020-01", "2020-02"]')
_SERIES = Fit((_ARRAY, _SET, "pandas.Series"), "a series over time: DataArray (time) or Series")
_VALUES = Fit(_NUMBERS, "numbers: an array or DataArray")
_DELIVERED = Fit(("hotspot.contracts.records.Delivered",), "what was delivered, from open_month or open_year")
_NUMBER = Fit(("number",), "a number")

FITS: Mapping[str, Fit] = MappingProxyType({
    "study": _STUDY, "month": _MONTH, "year": _YEAR, "criteria": _CRITERIA, "cells": _CELLS, "stations": _STATIONS,
    "reference": _STATIONS, "micro": _STATIONS, "screened": _STATIONS, "calibrated": _STATIONS, "weather": _WEATHER,
    "field": _FIELD, "hot": _HOT, "warned": _WARNED, "traced": Fit((_FRAME,), "a DataFrame, from trace_sources"),
    "facilities": Fit((_FRAME,), "a GeoDataFrame, from load_facilities"), "standing": _WARNED, "daily": _DAILY,
    "history": _FIELD, "intake": _INTAKE, "out": _PATH, "path": _PATH, "folder": _PATH, "lake": _PATH,
    "directory": _PATH, "root": _PATH, "cell": _TEXT, "by": _TEXT, "station": _TEXT, "time_zone": _TEXT, "datum": _TEXT,
    "months": _MONTHS, "values": _VALUES, "u10": _VALUES, "v10": _VALUES, "series": _SERIES, "inventory": _TABLE,
    "annual": Fit((_SET,), "a Dataset (cell), from annual_field", ("cell",), holds=("pm25", "valid")),
    "coarse": Fit((_SET,), "a Dataset (cell, time), from aggregate or monthly_field", ("cell", "time")),
    "year_month": _DELIVERED, "utc_offset": _NUMBER, "lon": _NUMBER, "lat": _NUMBER, "resolution": _NUMBER,
    "days": Fit((_SET,), "a Dataset (station, day), from daily_means", ("day",)), "previous": _HOT, "rows": _TABLE,
    "grid": Fit(("hotspot.grid.lattice.Grid",), "a Grid, such as study.grid"),
    "decisions": _TABLE, "tracks": _TABLE, "polar": _TABLE, "rose": _TABLE, "stops": _TABLE,
    "interpolation": Fit(("hotspot.rules.criteria.Interpolation",), "study.criteria.interpolation"),
    "rule": Fit(("hotspot.rules.visiting.Visiting",), "study.criteria.visiting"),
    "fine": Fit((_SET,), "a Dataset (sub_cell, time), from downscale", ("sub_cell", "time")),
    "deliveries": Fit(("list", "tuple"), "deliveries, such as study.facilities"),
    "files": Fit(("list", "tuple"), "patterns of files, such as study.stations[0].files"),
    "period": Fit(("str", "tuple", "list"), 'a month, such as "2020-02", or two times'),
    "before": Fit(("list", "tuple", "str"), "the months before, such as (first, last)"),
    "after": Fit(("list", "tuple", "str"), "the months after, such as (first, last)"),
    "increments": _VALUES, "wind": _VALUES, "hours": _VALUES, "sources": _VALUES, "spacing": _NUMBER,
    "prior": Fit(("hotspot.trace.plumes.posterior.Prior",), "a Prior, from emission_prior"), "targets": _VALUES,
    "tracing": Fit(("hotspot.rules.tracing.Tracing",), "study.criteria.tracing"),
    "expected": _VALUES, "inspected": _VALUES,
})  # fmt: skip
_ANY_FIELD = Fit((_SET, _ARRAY), "a Dataset or DataArray of PM2.5 over cells and days, or a raster")
# Where a name means something else than elsewhere.
OWN: Mapping[str, Mapping[str, Fit]] = MappingProxyType({
    "monthly_field": {"month": _DELIVERED},
    "aggregate": {"field": Fit((_ARRAY,), "a DataArray (time, y, x), such as month.satellite", ("y", "x"))},
    "effect": {"field": _ANY_FIELD}, "normalise": {"field": _ANY_FIELD}, "emission_level": {"field": _ANY_FIELD},
    "gi_star": {"values": Fit((_SET, *_NUMBERS), "a field, or one number for each cell")},
    "revise_hotspots": {"months": Fit((_ARRAY,), "a DataArray (cell, time) of monthly means")},
    "sensitivity": {"months": Fit((_ARRAY,), "a DataArray (cell, time) of monthly means")},
    "write_study": {"months": _NUMBER},
    "verify_month": {"study": _PATH}, "verify_study": {"study": _PATH},
    "trace_sources": {"inventory": Fit((_ARRAY,), "a DataArray (lat, lon) of emissions", ("lat", "lon"))},
    "source_shares": {"stations": _VALUES},
    "compare_lists": dict.fromkeys(("before", "after"), Fit((_FRAME,), "a list", columns=("cell", "city"))),
    "what_if": {"made": Fit(tuple(f"hotspot.contracts.records.{name}" for name in ("Year", "Derived")),
                            "what was made, from derive_year or derive")},
})  # fmt: skip
# May be None though it has to be given: what was not delivered is None.
_MAY_LACK = frozenset({"weather", "facilities", "reference", "stations", "hot"})


def fit_of(function: str, name: str) -> Fit | None:
    """What fits an argument of a public function; None where anything may."""
    return OWN.get(function, {}).get(name) or FITS.get(name)


def asked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """
    A public function that looks at its arguments first; a study may be given by the path of its file.

    Parameters
    ----------
    name : str, as it stands in ``hotspot``

    Returns
    -------
    callable with the same signature and docstring

    Examples
    --------
    >>> def warn(field): return "ranked"
    >>> asked("rank_warnings", warn)({"pm25": 35})
    Traceback (most recent call last):
    TypeError: rank_warnings: field is a dict; give a Dataset (cell, time) of months, from monthly_field.
    """
    takes = signature(function)
    known = {key: fit for key in takes.parameters if (fit := fit_of(name, key)) is not None}

    @wraps(function)
    def front(*args: Any, **settings: Any) -> Any:
        try:
            given = takes.bind(*args, **settings)
        except TypeError as error:
            lacking = next((key for key in known if str(error).endswith(f"argument: {key!r}")), "")
            more = f"; {lacking} is {known[lacking].words}" if lacking and "missing" in str(error) else ""
            raise TypeError(f"{name}: {error}{more}; it takes {', '.join(takes.parameters)}.") from None
        for key, value in given.arguments.items():
            if key in known and not (value is None and (takes.parameters[key].default is None or key in _MAY_LACK)):
                refuse(name, key, value, known[key])
        if isinstance(given.arguments.get("study"), (str, Path)) and known["study"] is _STUDY:
            from hotspot.study import load_study

            given.arguments["study"] = load_study(given.arguments["study"])
        return function(*given.args, **given.kwargs)

    front.__module__, front.__qualname__ = "hotspot", name
    return front


def refuse(function: str, name: str, value: Any, fit: Fit) -> None:
    """
    Nothing, where a value fits; else the sentence.

    Raises
    ------
    TypeError
        It is of another type.
    DataError
        It is of the type, but lacks what it must hold.
    """
    if not any(_is(value, kind) for kind in fit.types):
        raise TypeError(f"{function}: {name} is {_called(value)}; give {fit.words}.")
    lacking = [dim for dim in fit.dims if dim not in getattr(value, "dims", fit.dims)]
    lacking += [column for column in fit.columns if column not in getattr(value, "columns", fit.columns)]
    lacking += [one for one in fit.holds if _is(value, _SET) and one not in value]
    if lacking:
        what = "column" if fit.columns else "dimension" if lacking[0] in fit.dims else "variable"
        raise DataError(f"{function}: {name} has no {what} {lacking[0]}; give {fit.words}.")


def _is(value: Any, kind: str) -> bool:
    """Whether a value is of a type named by its module; a type nobody loaded has no values."""
    if kind == "number":
        return isinstance(value, Number) and not isinstance(value, bool)
    if kind == "path":
        return isinstance(value, Path)
    if "." not in kind:
        return isinstance(value, {"str": str, "list": list, "tuple": tuple}[kind])
    module, _, name = kind.rpartition(".")
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def _called(value: Any) -> str:
    name = type(value).__name__
    shown = f" ({value!r})" if isinstance(value, (str, int, float)) and len(repr(value)) < 60 else ""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}{shown}"
