"""
The UCI Beijing multi-site files (PRSA): one station, hourly, 2013-03 to 2017-02.

Columns ``No,year,month,day,hour,PM2.5,...,CO,...,station``; missing is ``NA``. CO
is in ug/m3 here, unlike in the networks' own files, so its unit must be declared.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hotspot.sources.intake import Intake
from hotspot.sources.stations.long_table import read_long
from hotspot.sources.stations.readings import Part
from hotspot.study import Stations
from hotspot.variables import DataError

if TYPE_CHECKING:
    from hotspot.kernels.arrays import Ints

# The twelve stations under the names the city's own lists use.
CHINESE = {
    "Aotizhongxin": "奥体中心",
    "Changping": "昌平",
    "Dingling": "定陵",
    "Dongsi": "东四",
    "Guanyuan": "官园",
    "Gucheng": "古城",
    "Huairou": "怀柔",
    "Nongzhanguan": "农展馆",
    "Shunyi": "顺义",
    "Tiantan": "天坛",
    "Wanliu": "万柳",
    "Wanshouxigong": "万寿西宫",
}


def read_prsa(paths: Iterable[Path], intake: Intake, delivery: Stations, hours: "Ints | None") -> list[Part]:
    """
    Read PRSA files; the arguments are those of ``read_long``.

    Raises
    ------
    DataError
        A file has not the columns of this layout.
    """
    parts = read_long(paths, intake, delivery, hours)
    for part in parts:
        lacking = [
            name
            for name in ("No", "year", "month", "day", "hour", "PM2.5", "station")
            if name not in part.table.columns
        ]
        if lacking:
            raise DataError(f"{part.table.name}: column {lacking[0]!r} is missing; this is not the PRSA layout.")
    return parts
