"""
Two lists beside each other: of two months, or of one under other criteria.
"""

from typing import TYPE_CHECKING, Any

from hotspot.contracts.records import Derived, Year
from hotspot.study import Study
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

# What can be changed without reading a delivery again.
OF_A_YEAR, OF_A_MONTH = ("selection",), ("warning", "confidence")


def compare_lists(before: "pd.DataFrame", after: "pd.DataFrame") -> "pd.DataFrame":
    """
    Who stays, enters and leaves between two lists of warnings or of hotspot cells.

    Parameters
    ----------
    before, after : DataFrame
        From ``rank_warnings``, ``read_warnings``, ``select_hotspots`` or ``read_hotspots``; rows of status "exited"
        are on no list.

    Returns
    -------
    DataFrame
        ``city cell`` (and ``reason`` of warnings), ``what`` ("stays", "enters", "leaves"), and of both lists
        ``rank`` and ``pm25`` (ug/m3) with ``_before`` and ``_after``, as far as they have them; those that enter or
        leave first. ``attrs``: ``kept entered left`` and ``jaccard``, the rows in both over the rows in either.

    Raises
    ------
    DataError
        A list of warnings is compared with one of hotspot cells, or names a row twice.

    Examples
    --------
    >>> import pandas as pd
    >>> was = pd.DataFrame({"city": "x", "cell": ["A", "B"], "rank": [1, 2]})
    >>> now = pd.DataFrame({"city": "x", "cell": ["B", "C"], "rank": [1, 2]})
    >>> told = compare_lists(was, now)
    >>> told[["cell", "what", "rank_before", "rank_after"]].values.tolist()
    [['C', 'enters', nan, 2.0], ['A', 'leaves', 1.0, nan], ['B', 'stays', 2.0, 1.0]]
    >>> round(told.attrs["jaccard"], 2)
    0.33
    """
    import pandas as pd

    # Only warnings have a month; a cell may be warned of for several reasons, and is a hotspot cell once.
    if ("month" in before) != ("month" in after):
        raise DataError("compare_lists: one list warns of a month and one does not; give two of a kind.")
    key = ["cell", "reason"] if "month" in before else ["cell"]
    sides = []
    for name, rows in (("before", before), ("after", after)):
        rows = rows[rows["status"] != "exited"] if "status" in rows else rows
        twice = rows[rows.duplicated(key)]
        if len(twice):
            raise DataError(
                f"compare_lists: {name} has {twice[key].iloc[0].tolist()} twice; give one list, not several."
            )
        sides.append(rows[["city", *key, *(column for column in ("rank", "pm25") if column in rows)]])
    told = sides[0].merge(
        sides[1], on=["city", *key], how="outer", suffixes=("_before", "_after"), indicator="what"
    )  # fmt: skip
    what = told["what"].map({"both": "stays", "left_only": "leaves", "right_only": "enters"}).astype(str)
    order = pd.Categorical(what, ["enters", "leaves", "stays"], ordered=True)
    told = told.assign(what=what, order=order).sort_values(["order", "city", *key], kind="stable")
    numbers = [name for name in told if name.startswith(("rank", "pm25"))]
    told = told[["city", *key, "what", *numbers]].reset_index(drop=True)
    kept, entered, left = (int((what == kind).sum()) for kind in ("stays", "enters", "leaves"))
    told.attrs = {"kept": kept, "entered": entered, "left": left, "jaccard": kept / len(told) if len(told) else 1.0}
    return told


def what_if(study: Study, made: Year | Derived, **sections: dict[str, Any]) -> "pd.DataFrame":
    """
    The list again under other criteria, beside the list as it is.

    Parameters
    ----------
    study : Study
        The one that ``made`` was made of.
    made : Year or Derived
        From ``derive_year`` (the yearly list) or ``derive`` (the month's warnings).
    **sections : dict
        Criteria as below ``[criteria]`` of a study file: ``selection`` of a year; ``warning`` or ``confidence``
        of a month.

    Returns
    -------
    DataFrame, as from ``compare_lists``; ``attrs["jaccard"]`` is how much of the list stays

    Raises
    ------
    DataError
        Nothing is changed, a criterion is wrong, or it acts before the list is ranked (completeness, the field):
        then the month has to be derived again.

    Examples
    --------
    Of a list by the mean alone, which is selected at once; a level would be learned first.

    >>> import hotspot as hs
    >>> study = hs.synthetic_month(size="small").study.with_criteria(selection={"second_criterion": "none"})
    >>> told = what_if(study, hs.derive_year(study, 2025), selection={"quota_share": 0.05})
    >>> told.attrs["entered"], told.attrs["left"] > 0, 0 < told.attrs["jaccard"] < 1
    (0, True, True)
    """
    from hotspot.rank.select.hotspots import select_hotspots
    from hotspot.rank.warn.warnings import rank_warnings

    may = OF_A_YEAR if isinstance(made, Year) else OF_A_MONTH
    if not sections:
        raise DataError(f"what_if: name a criterion to change, such as {may[0]}={{...}}.")
    for name in sections:
        if name not in may:
            again = "derive_year" if isinstance(made, Year) else "derive"
            raise DataError(
                f"what_if: {name} acts before this list is ranked; {', '.join(may)} can be changed on what was made. "
                f"Use {again}(study.with_criteria({name}=...), ...)."
            )
    other = study.with_criteria(**sections)
    if isinstance(made, Year):
        # Both lists anew, without the hysteresis of the year before; the year is a label here.
        year = int(made.hot["year"].max()) if len(made.hot) else 0
        now = select_hotspots(made.annual, study, year, level=made.level)
        then = select_hotspots(made.annual, other, year, level=made.level)
    else:
        now = made.warned
        then = rank_warnings(made.field, made.hot, other.criteria)
    return compare_lists(now, then)
