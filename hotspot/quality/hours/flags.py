"""
The doubts an hour can carry, one bit each, and the words for them.

Bits are a file contract: a published flag never changes its place. The masks and
meanings travel with the data in the attributes that CF readers look for.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.kernels.arrays import Flags, Floats
from hotspot.rules.sensors import FLAGS
from hotspot.variables import VARIABLES


@dataclass(frozen=True)
class Flag:
    """One kind of doubt: its bit, and what to tell a person."""

    name: str
    bit: int
    words: str
    zh: str


_WORDS = {
    "impossible": ("outside what any air can be", "超出物理可能范围"),
    "negative": ("slightly below zero, instrument noise", "小负值（仪器噪声）"),
    "saturation": ("at the top of the instrument's range", "达到量程上限"),
    "spike": ("one hour far off both hours beside it, neighbours calm", "单小时尖峰，邻站平稳"),
    "rate_of_change": ("changed faster than air does", "小时变化率过大"),
    "flat_line": ("the same value for hours", "数值长时间不变"),
    "zero_run": ("zero for more than six hours", "长时间为零"),
    "repeated_day": ("a copy of an earlier day", "整日数据重复"),
    "neighbours": ("improbable beside its neighbours and its own hours", "与邻站明显不一致"),
    "drift": ("drifts away from its neighbours day by day", "相对邻站缓慢漂移"),
    "humidity": ("so humid that droplets are counted", "高湿度（雾滴干扰）"),
    "pm25_above_pm10": ("PM2.5 above PM10", "PM2.5 与 PM10 倒挂"),
    "digits_heaped": ("digits heaped on multiples of 5, or whole numbers at one station only", "尾数异常集中"),
    "interference": ("sudden fall with a sign of interference; a person must look", "疑似人为干扰，待人工核查"),
    "replaced": ("replaced by a signed decision", "按签字决定替代"),
    "excluded": ("excluded by a signed decision", "按签字决定剔除"),
}
_ALL = {name: Flag(name, 1 << at, *_WORDS[name]) for at, name in enumerate(FLAGS)}


def flag(name: str) -> Flag:
    """
    The flag of a name.

    Examples
    --------
    >>> flag("spike").bit, flag("spike").zh
    (8, '单小时尖峰，邻站平稳')
    """
    if name not in _ALL:
        raise ValueError(f"{name!r} is no flag; there are: {', '.join(FLAGS)}.")
    return _ALL[name]


def mask_of(names: list[str] | tuple[str, ...]) -> int:
    """
    The bits of several flags together.

    Examples
    --------
    >>> mask_of(["impossible", "spike"])
    9
    """
    return sum(flag(name).bit for name in dict.fromkeys(names))


def reasons(bits: int, *, language: str = "en") -> list[str]:
    """
    The doubts of one hour in words, in the order of the bits.

    Parameters
    ----------
    language : "en" or "zh"

    Examples
    --------
    >>> reasons(9)
    ['outside what any air can be', 'one hour far off both hours beside it, neighbours calm']
    >>> reasons(8, language="zh")
    ['单小时尖峰，邻站平稳']
    """
    if language not in ("en", "zh"):
        raise ValueError(f"language {language!r} is not known; give 'en' or 'zh'.")
    return [f.words if language == "en" else f.zh for f in _ALL.values() if int(bits) & f.bit]


def flagged(bits: NDArray[np.integer], *names: str) -> Flags:
    """
    Which hours carry one of the named flags; without names, any flag.

    Examples
    --------
    >>> flagged(np.array([0, 8, 9]), "impossible").tolist(), flagged(np.array([0, 8, 9])).tolist()
    ([False, False, True], [False, True, True])
    """
    bits = np.asarray(bits)
    return (bits & mask_of(names)) != 0 if names else bits != 0


def flag_attrs() -> dict[str, Any]:
    """Attributes of a flag variable, as the CF conventions name them."""
    return {
        "flag_masks": [f.bit for f in _ALL.values()],
        "flag_meanings": " ".join(_ALL),
        "words": "; ".join(f"{f.name}: {f.words}" for f in _ALL.values()),
    }


def with_values(stations: Any, pollutant: str, values: Floats, at: Flags, why: str) -> Any:
    """
    Stations with other values of a pollutant, float64[station, time], and a flag where they were changed.

    As they were delivered they stay in ``POLLUTANT_raw``.

    Examples
    --------
    >>> import xarray as xr
    >>> hours = xr.Dataset({"pm25": (("station", "time"), [[1.0, 2.0]])})
    >>> told = with_values(hours, "pm25", np.array([[1.0, 9.0]]), np.array([[False, True]]), "replaced")
    >>> told["pm25"].values.tolist(), told["pm25_raw"].values.tolist(), flagged(told["pm25_flags"].values, "replaced")
    ([[1.0, 9.0]], [[1.0, 2.0]], array([[False,  True]]))
    """
    dims = ("station", "time")
    before = np.array(stations[pollutant].transpose(*dims).values, dtype="float64")
    bits = np.zeros(before.shape, np.int32)
    if f"{pollutant}_flags" in stations:
        bits = np.array(stations[f"{pollutant}_flags"].transpose(*dims).values, np.int32)
    return stations.assign(
        {
            pollutant: (dims, values, stations[pollutant].attrs),
            f"{pollutant}_raw": stations.get(f"{pollutant}_raw", (dims, before, {"unit": VARIABLES[pollutant].unit})),
            f"{pollutant}_flags": (dims, np.where(at, bits | flag(why).bit, bits), flag_attrs()),
        }
    )
