"""What a month of another pollutant than PM2.5 leaves out, said in its notes, on its field and in its papers."""

from typing import Any

from hotspot.rules.pollutants import Pollutant
from hotspot.study import Study
from hotspot.variables import DataError

WHOLE_LEFT_OUT = "is made for PM2.5 only"


def refused_in(of: Pollutant, intake: Any, month: str) -> dict[str, str]:
    """
    Note what is not made of a pollutant, each with its sentence.

    Parameters
    ----------
    intake : Intake, of the month

    Returns
    -------
    dict of attributes of the month's field: ``clause``, ``weather``, ``level``, and ``said_zh``, the
    sentences that its papers print

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from hotspot.rules.pollutants import pollutant
    >>> told = refused_in(pollutant("o3"), SimpleNamespace(note=print), "2025-06")
    no emission level of ozone: it is a secondary pollutant, nobody emits it
    ozone is a secondary pollutant not traced to a single plant; look for its precursors (VOCs, NOx) in the region
    not made of ozone: sub_cells.csv: no 500 m values of ozone: ...
    not made of ozone: checklists.xlsx: ozone is a secondary pollutant not traced to a single plant; ...
    >>> told["level"]
    'none: no emission level of ozone: it is a secondary pollutant, nobody emits it'
    """
    from hotspot.publish.catalogue import PRODUCTS

    said = [of.refused[what] for what in ("level", "trace") if what in of.refused]
    for _, en in said:
        intake.note(en)
    for product in PRODUCTS.values():
        if product.why_not(of):
            intake.note(f"not made of {of.en}: {product.files[0]}: {product.why_not(of)}")
    zh, state = "".join(zh for zh, _ in said), of.state(month).split(" / ")[0]
    why = f"none: {of.refused['level'][1]}" if "level" in of.refused else "none"
    return {
        "weather": why,
        "level": why,
        "clause": of.clause,
        "said_zh": "。".join([*filter(None, [of.means_zh, state and f"浓度为{state}下的数值"]), zh]),
    }


def only_pm25(study: Study, what: str) -> None:
    """
    Stop a command that is made for PM2.5 only.

    Raises
    ------
    DataError
        The study is of another pollutant.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from hotspot.rules.pollutants import pollutant
    >>> only_pm25(SimpleNamespace(pollutant=pollutant("no2"), id="a"), "the alarms of an hour")
    Traceback (most recent call last):
    hotspot.variables.DataError: a: this study is of NO2, and the alarms of an hour is made for PM2.5 only; ...
    """
    if not study.pollutant.usual:
        raise DataError(
            f"{study.id}: this study is of {study.pollutant.en}, and {what} {WHOLE_LEFT_OUT}; "
            'give a study with variable = "pm25" (or without variable).'
        )
