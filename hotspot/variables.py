"""
One name, one unit and one plausible range per quantity, and the two words
the package uses for data it cannot take: ``DataError`` and ``CoverageWarning``.

A foreign unit is converted here and nowhere else.
"""

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

Values = TypeVar("Values", float, "np.ndarray", "xr.DataArray")


class DataError(ValueError):
    """A delivered file or value that cannot be used; says where and what to do."""


class CoverageWarning(UserWarning):
    """Less was observed than the method would like; the result still stands."""


@dataclass(frozen=True)
class Variable:
    """What a quantity is called, measured in, and how far it can plausibly go."""

    name: str
    unit: str
    low: float
    high: float
    words: str
    zh: str


_ALL = (
    Variable("pm25", "ug/m3", 0.0, 2000.0, "PM2.5 mass concentration", "细颗粒物"),
    Variable("pm10", "ug/m3", 0.0, 5000.0, "PM10 mass concentration", "可吸入颗粒物"),
    Variable("so2", "ug/m3", 0.0, 3000.0, "sulphur dioxide", "二氧化硫"),
    Variable("no2", "ug/m3", 0.0, 2000.0, "nitrogen dioxide", "二氧化氮"),
    Variable("o3", "ug/m3", 0.0, 1500.0, "ozone", "臭氧"),
    Variable("hcho", "1e15 molec/cm2", -50.0, 500.0, "formaldehyde, tropospheric column", "甲醛柱浓度"),
    Variable("no2_column", "1e15 molec/cm2", -50.0, 1000.0, "nitrogen dioxide, tropospheric column", "二氧化氮柱浓度"),
    Variable("co", "mg/m3", 0.0, 100.0, "carbon monoxide", "一氧化碳"),
    Variable("blh", "m", 0.0, 8000.0, "boundary-layer height", "边界层高度"),
    Variable("t2m", "degC", -70.0, 60.0, "air temperature at 2 m", "气温"),
    Variable("d2m", "degC", -80.0, 45.0, "dew point at 2 m", "露点"),
    Variable("rh2m", "%", 0.0, 105.0, "relative humidity at 2 m", "相对湿度"),
    Variable("u10", "m/s", -80.0, 80.0, "eastward wind at 10 m", "东向风"),
    Variable("v10", "m/s", -80.0, 80.0, "northward wind at 10 m", "北向风"),
    Variable("tp", "mm", 0.0, 500.0, "precipitation in the hour or day", "降水量"),
    Variable("cape", "J/kg", 0.0, 10_000.0, "convective available potential energy", "对流有效位能"),
    Variable("cin", "J/kg", 0.0, 10_000.0, "convective inhibition, as a positive number", "对流抑制能量"),
    Variable("sp", "hPa", 400.0, 1100.0, "surface pressure", "地面气压"),
    Variable("elevation", "m", -500.0, 9000.0, "height of the ground", "高程"),
    Variable("coverage", "1", 0.0, 1.0, "share of the cell's area observed", "覆盖率"),
    Variable("n_valid", "1", 0.0, 1e6, "number of valid samples behind a mean", "有效数"),
)
VARIABLES = {variable.name: variable for variable in _ALL}

# (what a file says) -> (our unit, factor, offset): ours = factor * theirs + offset.
_UNITS = {
    "ug/m3": ("ug/m3", 1.0, 0.0),
    "μg/m3": ("ug/m3", 1.0, 0.0),
    "ug m-3": ("ug/m3", 1.0, 0.0),
    "μg m-3": ("ug/m3", 1.0, 0.0),
    "ug/m^3": ("ug/m3", 1.0, 0.0),
    "微克/立方米": ("ug/m3", 1.0, 0.0),
    "[\\mug/m^3]": ("ug/m3", 1.0, 0.0),  # ACAG writes LaTeX
    "mg/m3": ("mg/m3", 1.0, 0.0),
    "mg m-3": ("mg/m3", 1.0, 0.0),
    "毫克/立方米": ("mg/m3", 1.0, 0.0),
    "kg m-3": ("ug/m3", 1e9, 0.0),
    "kg/m3": ("ug/m3", 1e9, 0.0),
    "1e15 molec/cm2": ("1e15 molec/cm2", 1.0, 0.0),
    "10^15 molec/cm2": ("1e15 molec/cm2", 1.0, 0.0),
    "molec/cm2": ("1e15 molec/cm2", 1e-15, 0.0),
    "molecules/cm2": ("1e15 molec/cm2", 1e-15, 0.0),
    "molec cm-2": ("1e15 molec/cm2", 1e-15, 0.0),
    "mol m-2": ("1e15 molec/cm2", 6.02214076e4, 0.0),  # Avogadro over 1e4 cm2: TROPOMI states mol m-2
    "mol/m2": ("1e15 molec/cm2", 6.02214076e4, 0.0),
    "degc": ("degC", 1.0, 0.0),
    "c": ("degC", 1.0, 0.0),
    "°c": ("degC", 1.0, 0.0),
    "摄氏度": ("degC", 1.0, 0.0),
    "celsius": ("degC", 1.0, 0.0),
    "k": ("degC", 1.0, -273.15),
    "kelvin": ("degC", 1.0, -273.15),
    "%": ("%", 1.0, 0.0),
    "percent": ("%", 1.0, 0.0),
    "m/s": ("m/s", 1.0, 0.0),
    "m s-1": ("m/s", 1.0, 0.0),
    "m s**-1": ("m/s", 1.0, 0.0),
    "米/秒": ("m/s", 1.0, 0.0),
    "km/h": ("m/s", 1 / 3.6, 0.0),
    "mm": ("mm", 1.0, 0.0),
    "kg m-2": ("mm", 1.0, 0.0),
    "毫米": ("mm", 1.0, 0.0),
    "百帕": ("hPa", 1.0, 0.0),
    "hpa": ("hPa", 1.0, 0.0),
    "mbar": ("hPa", 1.0, 0.0),
    "pa": ("hPa", 0.01, 0.0),
    "m": ("m", 1.0, 0.0),
    "米": ("m", 1.0, 0.0),
    "meter": ("m", 1.0, 0.0),
    "metre": ("m", 1.0, 0.0),
    "j/kg": ("J/kg", 1.0, 0.0),
    "j kg-1": ("J/kg", 1.0, 0.0),
    "j kg**-1": ("J/kg", 1.0, 0.0),
    "1": ("1", 1.0, 0.0),
}
# A gas as a share of the air: parts in 1e9 of each word, g/mol of each gas, and litres of a mole at the state to which
# gases are referred by the amendment of GB 3095, ``standards.ACTUAL_FROM`` (298.15 K, 1013.25 hPa).
_SHARES = {"ppb": 1.0, "ppbv": 1.0, "nmol/mol": 1.0, "nmol mol-1": 1.0, "ppm": 1e3, "ppmv": 1e3, "umol/mol": 1e3}
_MOLAR, _LITRES = {"o3": 47.998, "no2": 46.006, "so2": 64.064, "co": 28.010}, 24.465
# Pairs of units that the same word may mean for one quantity only.
_SCALES = {
    ("mg/m3", "ug/m3"): 1000.0,
    ("ug/m3", "mg/m3"): 0.001,
    ("m", "mm"): 1000.0,  # ERA5 precipitation is metres of water
    ("1", "%"): 100.0,  # relative humidity as a share
}


def is_share(unit: str) -> bool:
    """Whether a unit is a share of the air, whose mass hangs on the state a gas is referred to."""
    return unit.strip().lower() in _SHARES


def to_unit(values: Values, unit: str, name: str) -> Values:
    """
    Convert values from a declared unit into the package's unit of ``name``.

    Parameters
    ----------
    values : array or number, in ``unit``
    unit : str
        As the file or the study writes it, e.g. ``"K"``, ``"kg m-3"``.
    name : str
        A key of ``VARIABLES``.

    Returns
    -------
    the same shape, in ``VARIABLES[name].unit``

    Raises
    ------
    DataError
        The unit is unknown, empty, or measures something else.

    Examples
    --------
    >>> round(to_unit(288.15, "K", "t2m"), 2)
    15.0
    >>> to_unit(0.035, "mg/m3", "pm25")
    35.0
    >>> round(to_unit(50.0, "ppb", "o3"), 1)
    98.1
    """
    target = VARIABLES[name].unit
    key = unicodedata.normalize("NFKC", str(unit)).strip()
    known = _UNITS.get(key) or _UNITS.get(key.lower())
    if is_share(key) and name in _MOLAR:
        known = ("ug/m3", _SHARES[key.lower()] * _MOLAR[name] / _LITRES, 0.0)
    if known is None:
        examples = sorted(k for k, v in _UNITS.items() if v[0] == target and k.isascii() and "\\" not in k)
        raise DataError(
            f"{name}: unit {unit!r} is not known; declare one that converts to {target} "
            f"(for example {', '.join(examples[:4])})."
        )
    base, factor, offset = known
    if base != target:
        scale = _SCALES.get((base, target))
        if scale is None:
            raise DataError(
                f"{name}: unit {unit!r} does not measure {VARIABLES[name].words}; it is another quantity: take it out, "
                f"or, if the unit is wrong, give one that converts to {target}."
            )
        factor, offset = factor * scale, offset * scale
    if factor == 1.0 and offset == 0.0:
        return values
    return values * factor + offset
