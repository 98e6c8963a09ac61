"""What a city's files are called: letters, packages, reports, atlases and reminders of one city share one name."""

import re
from collections import Counter

import xarray as xr

_PLAIN = re.compile(r"[0-9A-Za-z]{1,12}")


def city_files(cells: xr.Dataset) -> dict[str, str]:
    """
    City -> the name of its files: its code where it has a plain one of its own, else its number among all cities.

    Parameters
    ----------
    cells : Dataset (cell) with ``city``, ``city_code``
        All cells of a study, so that a city keeps its name whoever is on a list.

    Returns
    -------
    dict, in the order of codes, then names

    Examples
    --------
    >>> def named(*codes):
    ...     coords = {"city": ("cell", ["乙市", "甲市"]), "city_code": ("cell", list(codes))}
    ...     return city_files(xr.Dataset(coords=coords))
    >>> named("990200", "990100")
    {'甲市': '990100', '乙市': '990200'}
    >>> named("", "")  # a table of boundaries that gives no codes
    {'乙市': 'city01', '甲市': 'city02'}
    """
    names, codes = (cells[name].values.astype(str).tolist() for name in ("city", "city_code"))
    order = sorted((code, name) for name, code in dict(zip(names, codes, strict=True)).items())
    shared = Counter(code for code, _ in order)
    return {
        name: code if _PLAIN.fullmatch(code) and shared[code] == 1 else f"city{number:02d}"
        for number, (code, name) in enumerate(order, 1)
    }
