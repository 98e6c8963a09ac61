"""What the weather did to a listed cell, in words; Chinese first."""

from typing import TYPE_CHECKING, Any

from hotspot.publish.words import BASES, BASES_EN, SAME, change_zh, known, signed
from hotspot.rules.rounding import plain_text

if TYPE_CHECKING:
    import pandas as pd


def weather_zh(row: "dict[str, Any] | pd.Series", decimals: int) -> str:
    """
    One row of ``rank.weather_change`` in words; empty where nothing is known.

    Parameters
    ----------
    row : mapping with ``reason`` and the columns of ``weather_change``

    Examples
    --------
    >>> row = {"reason": "year_on_year", "change_normalised": -2.0, "change_normalised_pct": -4.0,
    ...        "normalised_low_pct": -11.2, "normalised_high_pct": 3.8, "weather": 12.04}
    >>> weather_zh(row, 1)
    '扣除气象后同比下降2.0 μg/m³（-4.0%），区间-11%至+4%，与持平不可区分；气象使其上升12.0 μg/m³'
    >>> weather_zh(row | {"reason": "highest", "change_normalised": float("nan")}, 1)
    '本月气象使浓度偏高12.0 μg/m³'
    """
    if not known(row["weather"]):
        return ""
    size, up = plain_text(abs(row["weather"]), decimals), row["weather"] > 0
    if not known(row["change_normalised"]):
        return f"本月气象使浓度偏{'高' if up else '低'}{size} μg/m³"
    change = change_zh(row["change_normalised"], row["change_normalised_pct"], decimals)
    low, high = row["normalised_low_pct"], row["normalised_high_pct"]
    sure = f"，区间{signed(low, 0)}%至{signed(high, 0)}%" if known(low) and known(high) else ""
    sure += f"，{SAME}" if sure and low <= 0 <= high else ""
    return f"扣除气象后{BASES[row['reason']]}{change}{sure}；气象使其{'上升' if up else '下降'}{size} μg/m³"


def weather_en(row: dict[str, Any], decimals: int) -> str:
    """
    The same in English.

    Examples
    --------
    >>> row = {"reason": "year_on_year", "change_normalised": -2.0, "change_normalised_pct": -4.0,
    ...        "normalised_low_pct": -11.2, "normalised_high_pct": 3.8, "weather": 12.04}
    >>> weather_en(row, 1)
    'without the weather -2.0 ug/m3 (-4.0 %) year on year, interval -11 to +4 %, no change cannot be ruled out; \
the weather raised it by 12.0 ug/m3'
    """
    if not known(row["weather"]):
        return ""
    size, up = plain_text(abs(row["weather"]), decimals), row["weather"] > 0
    if not known(row["change_normalised"]):
        return f"this month's weather made it {size} ug/m3 {'higher' if up else 'lower'} than average weather would"
    low, high = row["normalised_low_pct"], row["normalised_high_pct"]
    sure = f", interval {signed(low, 0)} to {signed(high, 0)} %" if known(low) and known(high) else ""
    sure += ", no change cannot be ruled out" if sure and low <= 0 <= high else ""
    change, since = signed(row["change_normalised"], decimals), BASES_EN[row["reason"]]
    return (
        f"without the weather {change} ug/m3 ({signed(row['change_normalised_pct'], 1)} %) {since}{sure}; "
        f"the weather {'raised' if up else 'lowered'} it by {size} ug/m3"
    )
