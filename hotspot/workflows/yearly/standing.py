"""How far a yearly list can be trusted: what was ranked, and how much of it redrawn errors leave (METHODS 13)."""

from pathlib import Path
from typing import Any

from hotspot.rules.criteria import Criteria
from hotspot.variables import DataError


def refuse_without_skill(annual: Any, year: int) -> None:
    """
    Stop a selection of cells from a field that cannot tell cells apart and has no satellite.

    Raises
    ------
    DataError
        With what the left-out stations say.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> told = {"ranks": "stations", "ranks_why": "skill -0.20 (r -0.30) at 8 left-out stations"}
    >>> refuse_without_skill(SimpleNamespace(attrs=told), 2025)
    Traceback (most recent call last):
    hotspot.variables.DataError: 2025: no cell can be selected: the field of its year does not tell cells apart ...
    """
    if annual.attrs.get("ranks") == "stations":
        raise DataError(
            f"{year}: no cell can be selected: the field of its year does not tell cells apart "
            f"({annual.attrs['ranks_why']}); deliver satellite months, or more stations."
        )


def jaccard_of(told: Any) -> float:
    """
    Mean Jaccard overlap of the list with lists under redrawn errors; NaN where no error is stated.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import pandas as pd
    >>> jaccard_of(SimpleNamespace(variants=pd.DataFrame({"kind": ["error"], "jaccard": [0.62]})))
    0.62
    """
    rows = told.variants[told.variants["kind"] == "error"]
    return float(rows["jaccard"].iloc[0]) if len(rows) else float("nan")


def marked(hot: Any, jaccard: float, criteria: Criteria) -> Any:
    """
    The list with "provisional" in every reason where redrawn errors leave too little of it.

    Examples
    --------
    >>> import pandas as pd
    >>> hot = pd.DataFrame({"cell": ["A"], "reason": ["rank 1 of 9 by annual mean"]})
    >>> marked(hot, 0.62, Criteria())["reason"].tolist()
    ['rank 1 of 9 by annual mean; provisional, Jaccard 0.62 under redrawn errors']
    >>> marked(hot, 0.9, Criteria()) is hot
    True
    """
    if not jaccard < criteria.stability.provisional:
        return hot
    return hot.assign(reason=hot["reason"] + f"; provisional, Jaccard {jaccard:.2f} under redrawn errors")


def sentences(annual: Any, jaccard: float, year: int, criteria: Criteria) -> list[str]:
    """
    What `select` says beside the path of its list.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> told = {"ranks": "cells", "ranks_why": "skill +0.76 (r +0.87) at 33 left-out stations"}
    >>> for line in sentences(SimpleNamespace(attrs=told), 0.62, 2025, Criteria()):
    ...     print(line)
    2025: the field tells cells apart within the year (skill +0.76 (r +0.87) at 33 left-out stations).
    2025: redrawn errors leave 0.62 of the list (Jaccard); below 0.70 it is provisional.
    """
    from hotspot.estimate.field.skill import ranks_sentence

    lines = [ranks_sentence(annual.attrs, str(year)).replace("within the month", "within the year")]
    if jaccard == jaccard:
        least = criteria.stability.provisional
        word = f"below {least:.2f} it is provisional" if jaccard < least else f"from {least:.2f} on it is firm"
        lines.append(f"{year}: redrawn errors leave {jaccard:.2f} of the list (Jaccard); {word}.")
    else:
        lines.append(f"{year}: stability not assessed, no error of measurement is stated.")
    return [line for line in lines if line]


def about_path(folder: Path, year: int) -> Path:
    """
    Where the sentences of a list lie.

    Examples
    --------
    >>> about_path(Path("out"), 2025).name
    'hotspots-2025-about.txt'
    """
    return Path(folder) / f"hotspots-{year}-about.txt"
