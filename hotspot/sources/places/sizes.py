"""What a register says of the size of a plant: a number, or words such as 3×300MW; said once, or for each pollutant."""

from typing import Any

import numpy as np
import pandas as pd

from hotspot.rules.emissions import spoken_size
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers
from hotspot.sources.tables import Table

LARGEST = 1e10  # of any size in any unit: 10 Gt a year; the world makes 4 Gt of cement


def read_sizes(table: Table, described: pd.DataFrame, intake: Intake) -> None:
    """
    The column ``size`` as numbers, ``size_unit`` where the size itself says it; both are replaced.

    What is below nothing or beyond any plant is set aside and left empty, and so is what is no size.
    """
    size, unreadable = to_numbers(described["size"])
    unit = described["size_unit"].to_numpy(dtype=object).copy()
    for at in np.flatnonzero(unreadable):
        said = spoken_size(described["size"].iat[at])
        if said and str(unit[at]).strip().lower() in ("", said[1].lower()):
            size[at], unit[at] = said
            unreadable[at] = False
    with np.errstate(invalid="ignore"):
        absurd = ((size < 0) | (size > LARGEST)) & (table.status == 0)
    for at in np.flatnonzero(absurd):
        table.set_aside_value(at, described.attrs["size"], f"a size is 0 to {LARGEST:g}")
    if absurd.any():
        intake.note(f"{table.name}: {int(absurd.sum())} sizes are negative or absurd and were left empty")
    if unreadable.any():
        first = int(np.argmax(unreadable))
        intake.note(
            f"{table.name}: {int(unreadable.sum())} sizes are no numbers and were left empty; first row "
            f"{table.lines[first]}, {described['size'].iat[first]!r}: give one number and its unit"
        )
    described["size"], described["size_unit"] = np.where(absurd, np.nan, size), unit


def size_of_plant(rows: list[dict[str, Any]]) -> float:
    """
    The size of a plant from the rows that are it: units add up, rows of one pollutant each say the same size again.

    NaN where nothing is known, or where the pollutants' rows add up to different sizes.

    Examples
    --------
    >>> boilers = [{"size": 35.0, "pollutant": ""}, {"size": 75.0, "pollutant": ""}]
    >>> stack = [{"size": 600.0, "pollutant": "SO2"}, {"size": 600.0, "pollutant": "NOx"}]
    >>> size_of_plant(boilers), size_of_plant(stack), size_of_plant([*stack, {"size": 9.0, "pollutant": "PM"}])
    (110.0, 600.0, nan)
    """
    said: dict[str, list[float]] = {}
    for row in rows:
        if np.isfinite(row["size"]):  # a unit without a size must not hide the size of the others
            said.setdefault(str(row["pollutant"]), []).append(row["size"])
    sums = {float(np.sum(sizes)) for sizes in said.values()}
    return sums.pop() if len(sums) == 1 else np.nan
